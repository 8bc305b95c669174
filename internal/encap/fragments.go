package encap

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// Cut cuts an IPv4 packet into fragments: each of them from one offset of what IP carries
// to another one, multiples of eight but for the end.
func Cut(ip []byte, parts ...[2]int) (list [][]byte) {
	const header = 20
	body := ip[header:]
	for _, x := range parts {
		from, to := x[0], min(x[1], len(body))
		f := slices.Concat(ip[:header], body[from:to])
		be.PutUint16(f[2:], uint16(header+to-from))
		more := uint16(0)
		if to < len(body) {
			more = packet.MoreFragments
		}
		be.PutUint16(f[6:], uint16(from/8)|more)
		sum4(f)
		list = append(list, f)
	}
	return list
}

// sum4 fills in the checksum of an IPv4 header without options.
func sum4(h []byte) {
	be.PutUint16(h[10:], 0)
	be.PutUint16(h[10:], ^packet.Fold16(packet.Add16(h[:20])))
}

// Attacks is a connection whose request comes in fragments, and beside it fragments that no
// sender makes, from another host: two packets whose fragments overlap, and one with a TCP
// header in two. The frames are Ethernet's.
func Attacks() (times []time.Time, frames [][]byte) {
	attacker := netip.MustParseAddrPort("192.0.2.66:4444")
	add := func(t time.Time, back bool, ip ...[]byte) {
		for i, p := range ip {
			times = append(times, t.Add(time.Duration(i)*time.Microsecond))
			frames = append(frames, ethernet(0)(p, back))
		}
	}
	list := Conversation(false)
	for i, p := range list {
		ip := [][]byte{p.IP}
		if i == 3 { // the request
			ip = Cut(p.IP, [2]int{0, 24}, [2]int{24, 32}, [2]int{32, 100})
		}
		add(p.Time, p.Back, ip...)
		if i != 5 {
			continue
		}
		for k := range 3 {
			evil := packet.TCP{Src: attacker, Dst: netip.MustParseAddrPort("198.51.100.1:443"), Seq: 1, Flags: wire.SYN, Window: 1024, Payload: bytes.Repeat([]byte("evil"), 20)}
			evil.IPID = uint16(900 + k)
			parts := [][2]int{{0, 40}, {32, 64}, {64, 100}}
			if k == 2 {
				parts = [][2]int{{0, 8}, {8, 100}}
			}
			add(p.Time.Add(time.Duration(k+1)*time.Millisecond), false, Cut(evil.Append(nil, packet.Raw), parts...)...)
		}
	}
	return times, frames
}
