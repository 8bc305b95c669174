package encap

import (
	"net/netip"
	"time"

	"github.com/lastack/lastack/internal/packet"
)

// Translated is the conversation as it was captured on both sides of a NAT, which takes a
// fifth of a millisecond. The frames are Ethernet's.
func Translated() (times []time.Time, frames [][]byte) {
	outside := netip.MustParseAddrPort("198.51.100.200:61000")
	for _, p := range Conversation(false) {
		t, ok := packet.Parse(p.IP)
		if !ok {
			panic("the conversation does not parse")
		}
		if p.Back {
			t.Dst = outside
		} else {
			t.Src = outside
		}
		t.TTL = 63
		other := t.Append(nil, packet.Raw)
		list := [][]byte{p.IP, other}
		if p.Back { // it comes from outside
			t, _ := packet.Parse(p.IP)
			t.TTL = 63
			full, _ := packet.Parse(other)
			full.TTL = 64
			list = [][]byte{full.Append(nil, packet.Raw), t.Append(nil, packet.Raw)}
		}
		for i, ip := range list {
			times = append(times, p.Time.Add(time.Duration(i)*200*time.Microsecond))
			frames = append(frames, ethernet(0)(ip, p.Back))
		}
	}
	return times, frames
}
