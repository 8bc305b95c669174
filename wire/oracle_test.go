package wire_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
	"pgregory.net/rapid"
)

// The oracle decodes whole frames with gopacket's layers and nothing of ours.

// oracle returns the segment in a frame as gopacket decodes it. It reports
// false for what gopacket cannot decode or we do not want it to: tunnels,
// headers cut short, an IPv6 length of 0.
func oracle(f frame) (wire.Segment, bool) {
	link, data := f.link, f.data
	if link == packet.SLL2 && len(data) >= 20 { // which gopacket does not know
		link, data = packet.SLL, sllOf(data)
	}
	first := oracleLink(link)
	if first == nil {
		return wire.Segment{}, false
	}
	o := oracleState{orig: int(f.orig) - len(f.data), frame: data}
	for _, l := range gopacket.NewPacket(data, first, gopacket.NoCopy).Layers() {
		if !o.take(l) {
			break
		}
	}
	return o.s, o.done
}

// sllOf rewrites an SLL2 header as SLL.
func sllOf(d []byte) []byte {
	h := []byte{0, d[10], d[8], d[9], 0, 6}
	h = append(append(h, d[12:20]...), d[0:2]...)
	return append(h, d[20:]...)
}

func oracleLink(link uint32) gopacket.Decoder {
	switch link {
	case packet.IPv4:
		return layers.LayerTypeIPv4
	case packet.IPv6:
		return layers.LayerTypeIPv6
	case packet.Null, packet.Ethernet, packet.Raw, packet.Loop, packet.SLL:
		return layers.LinkType(link)
	}
	return nil
}

type oracleState struct {
	s        wire.Segment
	frame    []byte
	orig     int // octets not captured
	ip       bool
	vlans    int
	src, dst netip.Addr
	n        int // octets behind the headers so far, by the IP length
	done     bool
}

// take takes the next layer and reports whether to go on.
func (o *oracleState) take(l gopacket.Layer) bool {
	switch l := l.(type) {
	case *layers.Ethernet, *layers.Loopback, *layers.LLC, *layers.SNAP:
		return true
	case *layers.LinuxSLL:
		o.s.Arrow = map[layers.LinuxSLLPacketType]wire.Direction{
			layers.LinuxSLLPacketTypeHost: wire.Inbound, layers.LinuxSLLPacketTypeOutgoing: wire.Outbound}[l.PacketType]
		return true
	case *layers.Dot1Q:
		if id := l.VLANIdentifier; id != 0 && o.vlans < 2 {
			o.s.Tuple.VLAN[o.vlans] = id
			o.vlans++
		} else if id != 0 {
			return false
		}
		return true
	case *layers.IPv4:
		return o.ipv4(l)
	case *layers.IPv6:
		return o.ipv6(l)
	case *layers.IPv6Routing:
		if n := len(l.SourceRoutingIPs); n > 0 && l.SegmentsLeft > 0 {
			o.dst, _ = netip.AddrFromSlice(l.SourceRoutingIPs[n-1])
		}
		o.n -= len(l.Contents)
		return true
	case *layers.IPv6HopByHop, *layers.IPv6Destination, *layers.IPSecAH:
		o.n -= len(l.LayerContents())
		return true
	case *layers.IPv6Fragment:
		o.s.HasIPID, o.s.IPID, o.s.Fragment = true, uint16(l.Identification), l.MoreFragments
		o.n -= len(l.Contents)
		if l.FragmentOffset == 0 && l.NextHeader == layers.IPProtocolTCP {
			o.bareTCP(l.Payload)
		}
	case *layers.TCP:
		o.tcp(l)
	}
	return false
}

func (o *oracleState) ipv4(l *layers.IPv4) bool {
	if o.ip || l.Version != 4 {
		return false
	}
	total := int(binary.BigEndian.Uint16(l.Contents[2:])) // gopacket overwrites a 0
	o.s.Offload = total == 0
	if o.s.Offload {
		total = len(l.Contents) + len(l.Payload) + o.orig
	}
	o.addresses(l.SrcIP, l.DstIP)
	o.s.TTL, o.s.IPID, o.s.HasIPID = l.TTL, l.Id, true
	o.n = total - len(l.Contents)
	if o.s.Fragment = l.Flags&layers.IPv4MoreFragments != 0; o.s.Fragment && l.FragOffset == 0 && l.Protocol == layers.IPProtocolTCP {
		o.bareTCP(l.Payload)
	}
	return true
}

func (o *oracleState) ipv6(l *layers.IPv6) bool {
	if o.ip || l.Version != 6 || l.Length == 0 {
		return false
	}
	o.s.Tuple.V6 = true
	o.addresses(l.SrcIP, l.DstIP)
	o.s.TTL, o.n = l.HopLimit, int(l.Length)
	return true
}

func (o *oracleState) addresses(src, dst net.IP) {
	o.ip = true
	o.src, _ = netip.AddrFromSlice(src)
	o.dst, _ = netip.AddrFromSlice(dst)
}

// bareTCP decodes the TCP header in a fragment, where gopacket stops.
func (o *oracleState) bareTCP(p []byte) {
	if o.s.Fragment { // all but the last are in units of 8 octets: what is beyond them says nothing
		o.n &^= 7
	}
	l := &layers.TCP{}
	if l.DecodeFromBytes(p, gopacket.NilDecodeFeedback) == nil {
		o.tcp(l)
	}
}

func (o *oracleState) tcp(l *layers.TCP) {
	header := int(l.DataOffset) * 4
	if o.done || header < 20 || len(l.Contents) != header || header > o.n {
		return
	}
	s := &o.s
	o.key(uint16(l.SrcPort), uint16(l.DstPort))
	s.Seq, s.Ack, s.Window, s.Sum = wire.Seq(l.Seq), wire.Seq(l.Ack), l.Window, l.Checksum
	for i, set := range []bool{l.FIN, l.SYN, l.RST, l.PSH, l.ACK, l.URG, l.ECE, l.CWR, l.NS} {
		if set {
			s.Flags |= 1 << i
		}
	}
	if s.Fragment && l.FIN { // it comes after what the other fragments hold
		s.Flags, s.LaterFIN = s.Flags&^wire.FIN, true
	}
	s.Len = uint32(o.n - header)
	s.TCP = append(slices.Clone(l.Contents), l.Payload...)
	if len(s.TCP) > o.n { // gopacket leaves padding behind a hop-by-hop header
		s.TCP = s.TCP[:o.n]
	}
	at := 20
	for _, opt := range l.Options {
		oracleOption(&s.Options, opt, at+2)
		at += max(1, int(opt.OptionLength))
	}
	o.done = true
}

// key orders the ends by address, then port.
func (o *oracleState) key(sport, dport uint16) {
	ends := [2]netip.AddrPort{netip.AddrPortFrom(o.src, sport), netip.AddrPortFrom(o.dst, dport)}
	if ends[0].Compare(ends[1]) > 0 {
		ends[0], ends[1] = ends[1], ends[0]
		o.s.Dir = 1
	}
	for i, end := range ends {
		copy(o.s.Tuple.Addr[i][:], end.Addr().AsSlice())
		o.s.Tuple.Port[i] = end.Port()
	}
}

// oracleOption reads an option; gopacket has checked that it lies within the
// header, or left its length 0 or its data empty. Its data would begin at that octet of it.
func oracleOption(o *wire.Options, opt layers.TCPOption, at int) {
	v := opt.OptionData
	u16 := func() uint16 { return binary.BigEndian.Uint16(v) }
	switch k := opt.OptionType; {
	case k <= 1:
	case int(opt.OptionLength) != len(v)+2:
		o.Has |= wire.OptIncomplete
	case k == 2 && len(v) == 2:
		o.Has, o.MSS = o.Has|wire.OptMSS, u16()
	case k == 3 && len(v) == 1:
		o.Has, o.WindowScale = o.Has|wire.OptWindowScale, v[0]
	case k == 4 && len(v) == 0:
		o.Has |= wire.OptSACKPermitted
	case k == 5 && len(v) > 0 && len(v)%8 == 0:
		o.Has, o.NSACK, o.SACKAt = o.Has|wire.OptSACK, uint8(len(v)/8), uint8(at)
	case k == 8 && len(v) == 8:
		o.Has |= linuxOrder(o)
		o.Has, o.TSVal, o.TSEcr = o.Has|wire.OptTimestamps, binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])
	case k == 19 && len(v) == 16, k == 29 && len(v) >= 2:
		o.Has |= wire.OptMD5
	case k == 30 && len(v) > 0:
		if o.Has&wire.OptMPTCP == 0 {
			o.Has, o.MPTCP = o.Has|wire.OptMPTCP, v[0]>>4
		}
	case k == 34:
		oracleFastOpen(o, v)
	case k == 254:
		if len(v) >= 2 && u16() == 0xf989 {
			oracleFastOpen(o, v[2:])
		}
	case k == 2, k == 3, k == 4, k == 5, k == 8, k == 19, k == 29, k == 30:
		o.Has |= wire.OptIncomplete
	}
}

func oracleFastOpen(o *wire.Options, cookie []byte) {
	switch n := len(cookie); {
	case n == 0:
		o.Has = o.Has&^wire.OptFastOpenCookie | wire.OptFastOpen
	case n >= 4 && n <= 16 && n%2 == 0:
		o.Has |= wire.OptFastOpen | wire.OptFastOpenCookie
	default:
		o.Has |= wire.OptIncomplete
	}
}

func TestCapturesAgainstGopacket(t *testing.T) {
	for i, f := range capturedFrames(t) {
		want, ok := oracle(f)
		if !ok {
			t.Fatalf("frame %d: gopacket does not decode %x", i, f.data)
		}
		got, out := f.decode()
		if d := f.shortCut(out, got); d != "" {
			t.Fatalf("frame %d: %s", i, d)
		}
		if d := diff(want, got); out != wire.OutcomeTCP || d != "" {
			t.Fatalf("frame %d: outcome %d (-gopacket +wire)\n%s", i, out, d)
		}
	}
}

func TestSamplesAgainstGopacket(t *testing.T) {
	samples, compared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := anySample.Draw(t, "sample")
		samples++
		want, ok := oracle(c.frame)
		if !ok {
			return
		}
		compared++
		got, out := c.decode()
		if d := diff(want, got); out != wire.OutcomeTCP || d != "" {
			t.Fatalf("outcome %d of %x (-gopacket +wire)\n%s", out, c.data, d)
		}
	})
	if t.Logf("compared %d of %d", compared, samples); compared*10 < samples {
		t.Errorf("gopacket decoded only %d of %d samples", compared, samples)
	}
}
