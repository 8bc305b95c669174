package wire_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// Every SYN, FIN and RST survives a snaplen of 64, as far as its control bits
// lie within it, whatever is around it and behind it.
func TestSnaplen64(t *testing.T) {
	broken := unhex("0204 05b4 0300 0402 080a 00000001")
	for _, flags := range []wire.Flags{wire.SYN, wire.SYN | wire.ACK, wire.FIN | wire.ACK, wire.RST, wire.RST | wire.ACK} {
		for name, c := range map[string]struct {
			vlan    []uint16
			options []byte
		}{
			"plain":          {nil, packet.TimestampOptions(nil, 1, 2)},
			"broken options": {nil, broken},
			"VLAN":           {[]uint16{7}, packet.SYNOptions(nil, 1, 2)},
			"QinQ":           {[]uint16{7, 8}, broken},
			"full options":   {nil, packet.SACK(nil, make([]wire.SACKBlock, 4)...)},
		} {
			p := segment()
			p.Flags, p.VLAN, p.Options = flags, c.vlan, c.options
			data := p.Append(nil, packet.Ethernet)
			s, out := frame{packet.Ethernet, data[:min(len(data), 64)], uint32(len(data))}.decode()
			if out != wire.OutcomeTCP || s.Flags != flags || s.Len != 5 || s.Seq != 1000 || s.Ack != 2000 {
				t.Errorf("%s, %v: outcome %d, %v, %d octets, seq %d", name, flags, out, s.Flags, s.Len, s.Seq)
			}
		}
	}
}

// A frame cut anywhere gives the same numbers as long as the control bits are
// there, and is malformed before that: never anything else.
func TestCutAnywhere(t *testing.T) {
	for _, link := range packet.Links {
		for _, p := range []packet.TCP{segment(), onIPv6(segment())} {
			if p.Src.Addr().Is4() && link == packet.IPv6 || p.Src.Addr().Is6() && link == packet.IPv4 {
				continue
			}
			p.Options, p.IPOptions = packet.SYNOptions(nil, 1, 2), packet.NOP(nil, 8)
			if p.Src.Addr().Is6() {
				p.Extensions = []packet.Extension{
					{Proto: packet.ProtoHopByHop, Data: unhex("0001 010c 000000000000000000000000")},
					{Proto: packet.ProtoRouting, Data: unhex("0000 0000 00000000")},
					{Proto: packet.ProtoFragment, Data: unhex("0000 0000 00000000")},
				}
			}
			p.Extensions = append(p.Extensions, ah)
			data := p.Append(nil, link)
			full, _ := whole(link, data).decode()
			flagsEnd := len(data) - len(full.TCP) + 14
			for n := range data {
				s, out := frame{link, data[:n], uint32(len(data))}.decode()
				if n < flagsEnd {
					if (out != wire.OutcomeMalformed && out != wire.OutcomeNotIP) || diff(untouched(), s) != "" {
						t.Fatalf("link %d, %d octets: outcome %d, %+v", link, n, out, s)
					}
					continue
				}
				if out != wire.OutcomeTCP || s.Tuple != full.Tuple || s.Seq != full.Seq || s.Flags != full.Flags || s.Len != full.Len || s.Dir != full.Dir {
					t.Fatalf("link %d, %d octets: outcome %d, %+v", link, n, out, s)
				}
			}
		}
	}
}

// ah is an authentication header with 12 octets of authentication.
var ah = packet.Extension{Proto: packet.ProtoAH, Data: unhex("00 04 0000 00000001 00000002 000000000000000000000000")}

// untouched is what a Segment full of leftovers becomes if it is not filled.
func untouched() wire.Segment { return wire.Segment{} }

func TestPacketRefTimeAreTheCallers(t *testing.T) {
	p := segment()
	data := p.Append(nil, packet.Ethernet)
	for _, f := range []frame{whole(packet.Ethernet, data), whole(packet.Ethernet, data[:20])} {
		var d wire.Decoder
		s := wire.Segment{Packet: 1, Ref: 2, Time: 3}
		d.Decode(f.link, f.data, f.orig, &s)
		if s.Packet != 1 || s.Ref != 2 || s.Time != 3 {
			t.Errorf("%d, %d, %d", s.Packet, s.Ref, s.Time)
		}
	}
}

func TestOutcomes(t *testing.T) {
	tcp := segment()
	tcp6 := onIPv6(tcp)
	// with returns tcp as an IPv4 packet with some octets set.
	with := func(p packet.TCP, octets map[int]byte) []byte {
		b := p.Append(nil, packet.Raw)
		for i, v := range octets {
			b[i] = v
		}
		return b
	}
	fragment := func(flags uint16) []byte {
		p := tcp
		p.IPFlags = flags
		return p.Append(nil, packet.Raw)
	}
	extended := func(proto uint8, data string) []byte {
		p := tcp6
		p.Extensions = []packet.Extension{{Proto: proto, Data: unhex(data)}}
		return p.Append(nil, packet.Raw)
	}
	tagged := func(n int) []byte {
		p := tcp
		p.VLAN = make([]uint16, n)
		return p.Append(nil, packet.Ethernet)
	}
	// bare is an IPv6 packet of one extension header, and of n octets.
	bare := func(n byte, data string) []byte {
		b := append(with(tcp6, map[int]byte{5: n, 6: packet.ProtoDestination})[:40], unhex(data)...)
		return b
	}
	shifted := tcp
	shifted.Ack = 0x50000000 // a data offset, if TCP began in the IP header
	for _, c := range []struct {
		name string
		link uint32
		data []byte
		want wire.Outcome
	}{
		{"IPv4", packet.Raw, with(tcp, nil), wire.OutcomeTCP},
		{"IPv6", packet.Raw, with(tcp6, nil), wire.OutcomeTCP},
		{"DLT_RAW of BSD", 12, with(tcp, nil), wire.OutcomeTCP},
		{"DLT_RAW of OpenBSD", 14, with(tcp6, nil), wire.OutcomeTCP},
		{"Cisco HDLC", 104, append(unhex("0f00 0800"), with(tcp, nil)...), wire.OutcomeTCP},
		{"NULL, big-endian", packet.Null, append(unhex("00000002"), with(tcp, nil)...), wire.OutcomeTCP},
		{"LOOP, little-endian", packet.Loop, append(unhex("02000000"), with(tcp, nil)...), wire.OutcomeTCP},
		{"NULL, AF_INET6 of Linux", packet.Null, append(unhex("0a000000"), with(tcp6, nil)...), wire.OutcomeTCP},
		{"NULL, AF_INET6 of OpenBSD", packet.Null, append(unhex("18000000"), with(tcp6, nil)...), wire.OutcomeTCP},
		{"NULL, AF_INET6 of FreeBSD", packet.Null, append(unhex("1c000000"), with(tcp6, nil)...), wire.OutcomeTCP},
		{"LOOP, AF_INET6 of macOS", packet.Loop, append(unhex("0000001e"), with(tcp6, nil)...), wire.OutcomeTCP},
		{"NULL, another family", packet.Null, append(unhex("07000000"), with(tcp, nil)...), wire.OutcomeNotIP},
		{"NULL, family and version differ", packet.Null, append(unhex("02000000"), with(tcp6, nil)...), wire.OutcomeMalformed},
		{"IEEE 802.3 with SNAP", packet.Ethernet, append(unhex("020000000001 020000000002 0035 aaaa03 000000 0800"), with(tcp, nil)...), wire.OutcomeTCP},
		{"LLC in SLL", packet.SLL, append(unhex("0000 0001 0006 020000000001 0000 0004 aaaa03 000000 0800"), with(tcp, nil)...), wire.OutcomeTCP},
		{"LLC of a token ring in SLL", packet.SLL, append(unhex("0000 0001 0006 020000000001 0000 0011 aaaa03 000000 0800"), with(tcp, nil)...), wire.OutcomeTCP},
		{"spanning tree", packet.Ethernet, unhex("0180c2000000 020000000002 0026 424203 0000 00 00 00 8000"), wire.OutcomeNotIP},
		{"ARP", packet.Ethernet, append(unhex("ffffffffffff 020000000002 0806"), make([]byte, 46)...), wire.OutcomeNotIP},
		{"a priority tag", packet.Ethernet, append(unhex("020000000001 020000000002 8100 e000 0800"), with(tcp, nil)...), wire.OutcomeTCP},
		{"9100 tags", packet.Ethernet, append(unhex("020000000001 020000000002 9100 0007 9200 0008 0800"), with(tcp, nil)...), wire.OutcomeTCP},
		{"upstream MPLS", packet.Ethernet, append(unhex("020000000001 020000000002 8848 00064140"), with(tcp, nil)...), wire.OutcomeTCP},
		{"PPP in Ethernet", packet.Ethernet, append(unhex("020000000001 020000000002 880b ff03 0021"), with(tcp, nil)...), wire.OutcomeTCP},
		{"8 tags", packet.Ethernet, tagged(8), wire.OutcomeTCP},
		{"9 tags", packet.Ethernet, tagged(9), wire.OutcomeTooDeep},
		{"10,000 tags", packet.Ethernet, tagged(10_000), wire.OutcomeTooDeep},
		{"IEEE 802.3 and nothing", packet.Ethernet, unhex("0180c2000000 020000000002 0026"), wire.OutcomeNotIP},
		{"ARP and nothing", packet.Ethernet, unhex("ffffffffffff 020000000002 0806"), wire.OutcomeNotIP},
		{"a tag, ARP and nothing", packet.Ethernet, unhex("ffffffffffff 020000000002 8100 0007 0806"), wire.OutcomeNotIP},
		{"NULL and nothing", packet.Null, unhex("07000000"), wire.OutcomeNotIP},
		{"one octet of IPv4", packet.Raw, unhex("45"), wire.OutcomeMalformed},
		{"a cut tag", packet.Ethernet, unhex("020000000001 020000000002 8100 00"), wire.OutcomeMalformed},
		{"a version that is neither", packet.Raw, with(tcp, map[int]byte{0: 0x55}), wire.OutcomeNotIP},
		{"nothing", packet.Raw, nil, wire.OutcomeNotIP},
		{"IPv4 under IPv6's EtherType", packet.IPv6, with(tcp, nil), wire.OutcomeMalformed},
		{"IPv6 under IPv4's EtherType", packet.IPv4, with(tcp6, nil), wire.OutcomeMalformed},
		{"IPv4 header too short", packet.Raw, with(shifted, map[int]byte{0: 0x44}), wire.OutcomeMalformed},
		{"IPv4 header and nothing", packet.Raw, with(tcp, map[int]byte{3: 20, 9: 17})[:20], wire.OutcomeNotTCP},
		{"IPv6 header and nothing", packet.Raw, with(tcp6, map[int]byte{5: 0, 6: 59})[:40], wire.OutcomeNotTCP},
		{"reserved bits", packet.Raw, with(tcp, map[int]byte{32: 0x5e}), wire.OutcomeTCP},
		{"IPv4 header beyond the packet", packet.Raw, with(tcp, map[int]byte{0: 0x4f, 3: 56}), wire.OutcomeMalformed},
		{"IPv4 length less than its header", packet.Raw, with(tcp, map[int]byte{3: 19}), wire.OutcomeMalformed},
		{"IPv4 length less than TCP's header", packet.Raw, with(tcp, map[int]byte{3: 39}), wire.OutcomeMalformed},
		{"IPv4 length of a bare header", packet.Raw, with(tcp, map[int]byte{3: 40}), wire.OutcomeTCP},
		{"IPv4 length beyond the frame", packet.Raw, with(tcp, map[int]byte{2: 0xff}), wire.OutcomeTCP},
		{"data offset 4", packet.Raw, with(tcp, map[int]byte{32: 0x40}), wire.OutcomeMalformed},
		{"data offset beyond the packet", packet.Raw, with(tcp, map[int]byte{32: 0x70}), wire.OutcomeMalformed},
		{"data offset at the packet's end", packet.Raw, with(tcp, map[int]byte{32: 0x60}), wire.OutcomeTCP},
		{"UDP", packet.Raw, with(tcp, map[int]byte{9: 17}), wire.OutcomeNotTCP},
		{"SCTP", packet.Raw, with(tcp, map[int]byte{9: 132}), wire.OutcomeNotTCP},
		{"UDP in IPv6", packet.Raw, with(tcp6, map[int]byte{6: 17}), wire.OutcomeNotTCP},
		{"no next header", packet.Raw, with(tcp6, map[int]byte{6: 59}), wire.OutcomeNotTCP},
		{"ESP", packet.Raw, with(tcp6, map[int]byte{6: 50}), wire.OutcomeNotTCP},
		{"first fragment", packet.Raw, fragment(0x2000), wire.OutcomeTCP},
		{"later fragment", packet.Raw, fragment(0x2001), wire.OutcomeFragment},
		{"last fragment", packet.Raw, fragment(0x0001), wire.OutcomeFragment},
		{"fragment at the largest offset", packet.Raw, fragment(0x1fff), wire.OutcomeFragment},
		{"the reserved flag", packet.Raw, fragment(0x8000), wire.OutcomeTCP},
		{"IPv6, first fragment", packet.Raw, extended(packet.ProtoFragment, "0000 0001 00000007"), wire.OutcomeTCP},
		{"IPv6, atomic fragment", packet.Raw, extended(packet.ProtoFragment, "0000 0000 00000007"), wire.OutcomeTCP},
		{"IPv6, later fragment", packet.Raw, extended(packet.ProtoFragment, "0000 0009 00000007"), wire.OutcomeFragment},
		{"IPv6, last fragment", packet.Raw, extended(packet.ProtoFragment, "0000 0008 00000007"), wire.OutcomeFragment},
		{"IPv6, reserved bits of the fragment header", packet.Raw, extended(packet.ProtoFragment, "00ff 0006 00000007"), wire.OutcomeTCP},
		{"IPv6, mobility header", packet.Raw, extended(135, "0000 0000 00000000"), wire.OutcomeTCP},
		{"IPv6, an extension and nothing", packet.Raw, bare(8, "3b00 0104 00000000"), wire.OutcomeNotTCP},
		{"IPv6, an extension beyond the IP length", packet.Raw, bare(7, "3b00 0104 00000000"), wire.OutcomeMalformed},
		{"IPv6, HIP", packet.Raw, extended(139, "0000 0000 00000000"), wire.OutcomeTCP},
		{"IPv6, Shim6", packet.Raw, extended(140, "0000 0000 00000000"), wire.OutcomeTCP},
		{"IPv6, extension longer than the packet", packet.Raw, extended(packet.ProtoDestination, "00ff 0104 00000000"), wire.OutcomeMalformed},
		{"IPv6, routing header longer than the packet", packet.Raw, extended(packet.ProtoRouting, "00ff 0001 00000000"), wire.OutcomeMalformed},
		{"IPv6, AH longer than the packet", packet.Raw, extended(packet.ProtoAH, "00ff 0000 00000000"), wire.OutcomeMalformed},
		{"a link type without a decoder", 189, with(tcp, nil), wire.OutcomeLink},
		{"a link type beyond all tables", 1 << 31, with(tcp, nil), wire.OutcomeLink},
		{"SLL2's number modulo 256", 276 - 256, with(tcp, nil), wire.OutcomeLink},
		{"Ethernet's number plus 256", 257, with(tcp, nil), wire.OutcomeLink},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, out := whole(c.link, c.data).decode()
			if out != c.want {
				t.Fatalf("outcome %d, want %d", out, c.want)
			}
			if out != wire.OutcomeTCP {
				if d := diff(untouched(), s); d != "" {
					t.Errorf("leftovers:\n%s", d)
				}
				return
			}
			if s.Flags != tcp.Flags || s.Seq != tcp.Seq || s.Ack != tcp.Ack {
				t.Errorf("flags %v, seq %d, ack %d", s.Flags, s.Seq, s.Ack)
			}
		})
	}
}

// SEG.LEN is the IP header's, whatever the frame looks like.
func TestLength(t *testing.T) {
	long := segment()
	long.Payload = make([]byte, 1000)
	data := long.Append(nil, packet.Ethernet)
	short := segment()
	short.Payload = []byte("x")
	padded := append(short.Append(nil, packet.Ethernet), 1, 2, 3, 4, 5)
	snap := func(length int, ip []byte) []byte { // a frame of IEEE 802.3 with that length
		return append(append(unhex("020000000001 020000000002"), byte(length>>8), byte(length), 0xaa, 0xaa, 3, 0, 0, 0, 8, 0), ip...)
	}

	for _, c := range []struct {
		name          string
		frame         frame
		len, captured int
	}{
		{"whole", whole(1, data), 1000, 1000},
		{"cut by the snaplen", frame{1, data[:154], 1054}, 1000, 100},
		{"original length cut by the tool", frame{1, data[:154], 154}, 1000, 100},
		{"original length 0", frame{1, data[:154], 0}, 1000, 100},
		{"original length wrong", frame{1, data, 1 << 30}, 1000, 1000},
		{"Ethernet padding", whole(1, padded), 1, 1},
		{"802.3 padding", whole(1, append(snap(8+1040, data[14:]), 1, 2, 3)), 1000, 1000},
		{"an 802.3 length less than IP's", whole(1, snap(8+1039, data[14:])), 1000, 999},
		{"an 802.3 length of the headers", whole(1, snap(8+40, data[14:])), 1000, 0},
		{"cut before the payload", frame{1, data[:54], 1054}, 1000, 0},
		{"cut in the header", frame{1, data[:50], 1054}, 1000, 0},
	} {
		s, out := c.frame.decode()
		if out != wire.OutcomeTCP || s.Offload || int(s.Len) != c.len || len(s.Payload()) != c.captured {
			t.Errorf("%s: outcome %d, offload %v, %d octets, %d captured", c.name, out, s.Offload, s.Len, len(s.Payload()))
		}
	}
}

// An IP length of 0 is filled in from the frame.
func TestOffload(t *testing.T) {
	for _, p := range []packet.TCP{segment(), onIPv6(segment())} {
		p.Payload, p.Offload = make([]byte, 70_000), true
		data := p.Append(nil, packet.Ethernet)
		header := len(data) - len(p.Payload)
		for _, c := range []struct {
			frame         frame
			len, captured int
		}{
			{whole(1, data), 70_000, 70_000},
			{frame{1, data[:header+10], uint32(len(data))}, 70_000, 10},
			{frame{1, data[:header+10], 0}, 10, 10}, // all that is known
			{frame{1, data[:header-4], 0}, 0, 0},
		} {
			s, out := c.frame.decode()
			if out != wire.OutcomeTCP || !s.Offload || int(s.Len) != c.len || len(s.Payload()) != c.captured {
				t.Errorf("%d of %d octets: outcome %d, offload %v, %d octets, %d captured",
					len(c.frame.data), c.frame.orig, out, s.Offload, s.Len, len(s.Payload()))
			}
		}
		// A segment as long as the largest window, and one octet more.
		const largest = 1 << 30
		ip := uint32(header - 20)
		if s, out := (frame{1, data, ip + largest}).decode(); out != wire.OutcomeTCP || s.Len != largest-20 {
			t.Errorf("outcome %d, %d octets", out, s.Len)
		}
		for _, orig := range []uint32{ip + largest + 1, 1<<32 - 1} {
			if _, out := (frame{1, data, orig}).decode(); out != wire.OutcomeMalformed {
				t.Errorf("%d octets in one segment: outcome %d", orig, out)
			}
		}
	}
}

func TestJumbogram(t *testing.T) {
	jumbo := func(length uint32, before string) frame {
		option := fmt.Sprintf("%s c204 %08x", before, length)
		data := append([]byte{0, 0}, unhex(option)...)
		data = append(data, make([]byte, (8-len(data)%8)%8)...)
		data[1] = uint8(len(data)/8 - 1)
		p := onIPv6(segment())
		p.Payload, p.Offload = make([]byte, 70_000), true
		p.Extensions = []packet.Extension{{Proto: packet.ProtoHopByHop, Data: data}}
		return whole(packet.Raw, p.Append(nil, packet.Raw))
	}
	const length = 8 + 20 + 70_000
	for _, c := range []struct {
		name    string
		frame   frame
		want    wire.Outcome
		len     uint32
		offload bool
	}{
		{"as RFC 2675 has it", jumbo(length, ""), wire.OutcomeTCP, 70_000, false},
		{"after Pad1", jumbo(length+8, "00"), wire.OutcomeTCP, 70_000, false},
		{"after an option of four octets", jumbo(length+8, "1e04 00020000"), wire.OutcomeTCP, 70_000, false},
		{"after one of another length", jumbo(length+8, "c203 000000"), wire.OutcomeTCP, 70_000, false},
		{"65,536", jumbo(65_536, ""), wire.OutcomeTCP, 65_536 - 28, false},
		{"after Pad1 and PadN", jumbo(length+8, "00 0103 000000 00"), wire.OutcomeTCP, 70_000, false},
		{"after an unknown option", jumbo(length+8, "1e02 0000"), wire.OutcomeTCP, 70_000, false},
		{"shorter than the frame: padding", jumbo(length-1000, ""), wire.OutcomeTCP, 69_000, false},
		{"less than 65,536", jumbo(65_535, ""), wire.OutcomeMalformed, 0, false},
		{"4 GB", jumbo(1<<32-1, ""), wire.OutcomeMalformed, 0, false},
		{"no jumbo option, length 0", jumbo(length, "01ff"), wire.OutcomeTCP, 70_000, true},
	} {
		s, out := c.frame.decode()
		if out != c.want || s.Len != c.len || s.Offload != c.offload {
			t.Errorf("%s: outcome %d, %d octets, offload %v", c.name, out, s.Len, s.Offload)
		}
	}

	// What looks like the option behind the header is none: here a port.
	p := onIPv6(segment())
	p.Src, p.Dst, p.Offload = ap("[2001:db8::1]:49668"), ap("[2001:db8::2]:1"), true // 49668 is c204
	p.Extensions = []packet.Extension{{Proto: packet.ProtoHopByHop, Data: unhex("0000 0104 00000000")}}
	if s, out := whole(packet.Raw, p.Append(nil, packet.Raw)).decode(); out != wire.OutcomeTCP || !s.Offload || s.Len != 5 {
		t.Errorf("a port: outcome %d, %d octets, offload %v", out, s.Len, s.Offload)
	}
}

// The connection is the final destination's, before and after the hops of a
// routing header.
func TestRoutingHeader(t *testing.T) {
	final := server6.Addr().As16()
	hop := client6.Addr().Next().Next().As16()
	for _, c := range []struct {
		name   string
		header []byte
		final  bool
	}{
		{"type 0, on its way", append(unhex("0002 0001 00000000"), final[:]...), true},
		{"type 0, two to go", append(append(unhex("0004 0002 00000000"), hop[:]...), final[:]...), true},
		{"type 2, on its way", append(unhex("0002 0201 00000000"), final[:]...), true},
		{"type 4, on its way", append(append(unhex("0004 0401 01000000"), final[:]...), hop[:]...), true},
		{"type 4, arrived", append(unhex("0002 0400 00000000"), hop[:]...), false},
		{"type 3, compressed", append(unhex("0002 0301 00000000"), final[:]...), false},
		{"type 0, empty", unhex("0000 0001 00000000"), false},
	} {
		p := onIPv6(segment())
		p.Dst = server6
		if c.final {
			p.Dst = ap("[2001:db8::99]:5000")
		}
		p.Extensions = []packet.Extension{{Proto: packet.ProtoRouting, Data: c.header}}
		s, out := whole(packet.Raw, p.Append(nil, packet.Raw)).decode()
		if want, dir := wire.NewTuple(client6, server6); out != wire.OutcomeTCP || s.Tuple != want || s.Dir != dir {
			t.Errorf("%s: outcome %d, %v to %v", c.name, out, s.Tuple.AddrPort(0), s.Tuple.AddrPort(1))
		}
	}
}

func TestFragmentsAndIDs(t *testing.T) {
	p := segment()
	p.IPID, p.IPFlags = 0x1234, 0x2000
	s, _ := whole(packet.Raw, p.Append(nil, packet.Raw)).decode()
	if !s.Fragment || !s.HasIPID || s.IPID != 0x1234 {
		t.Errorf("IPv4: fragment %v, id %#x", s.Fragment, s.IPID)
	}
	p = onIPv6(segment())
	p.Extensions = []packet.Extension{{Proto: packet.ProtoFragment, Data: unhex("0000 0001 11112222")}}
	s, _ = whole(packet.Raw, p.Append(nil, packet.Raw)).decode()
	if !s.Fragment || !s.HasIPID || s.IPID != 0x2222 {
		t.Errorf("IPv6: fragment %v, id %#x", s.Fragment, s.IPID)
	}
}

func TestVLAN(t *testing.T) {
	for _, c := range []struct {
		tags   []uint16
		vlan   [2]uint16
		tunnel []string
	}{
		{nil, [2]uint16{}, nil},
		{[]uint16{7}, [2]uint16{7, 0}, nil},
		{[]uint16{0xe007}, [2]uint16{7, 0}, nil},
		{[]uint16{7, 8}, [2]uint16{7, 8}, nil},
		{[]uint16{0, 8}, [2]uint16{8, 0}, nil},
		{[]uint16{0x2000}, [2]uint16{}, nil},
		{[]uint16{4095, 1}, [2]uint16{4095, 1}, nil},
		{[]uint16{7, 8, 9}, [2]uint16{7, 8}, []string{"vlan:9"}},
		{[]uint16{7, 8, 9, 0, 10}, [2]uint16{7, 8}, []string{"vlan:9", "vlan:10"}},
	} {
		for _, link := range []uint32{packet.Ethernet, packet.SLL, packet.SLL2} {
			p := segment()
			p.VLAN = c.tags
			var d wire.Decoder
			s := leftovers()
			data := p.Append(nil, link)
			out := d.Decode(link, data, uint32(len(data)), &s)
			if path := d.TunnelPath(s.Tuple.Tunnel); out != wire.OutcomeTCP || s.Tuple.VLAN != c.vlan || fmt.Sprint(path) != fmt.Sprint(c.tunnel) {
				t.Errorf("link %d, tags %v: outcome %d, %v, %q", link, c.tags, out, s.Tuple.VLAN, path)
			}
			blind := wire.Decoder{IgnoreIDs: true}
			if out := blind.Decode(link, data, uint32(len(data)), &s); out != wire.OutcomeTCP || s.Tuple.VLAN != [2]uint16{} || s.Tuple.Tunnel != 0 {
				t.Errorf("link %d, tags %v ignored: outcome %d, %v, %d", link, c.tags, out, s.Tuple.VLAN, s.Tuple.Tunnel)
			}
		}
	}
}

// Linux's packet types: only those to and from this host say anything.
func TestDirection(t *testing.T) {
	want := map[byte]wire.Direction{0: wire.Inbound, 4: wire.Outbound}
	p := segment()
	for kind := range byte(8) {
		sll, sll2 := p.Append(nil, packet.SLL), p.Append(nil, packet.SLL2)
		sll[1], sll2[10] = kind, kind
		a, _ := whole(packet.SLL, sll).decode()
		b, _ := whole(packet.SLL2, sll2).decode()
		if a.Arrow != want[kind] || b.Arrow != want[kind] {
			t.Errorf("packet type %d: %d, %d", kind, a.Arrow, b.Arrow)
		}
		sll[0] = 1 // SLL's has 16 bits
		if a, _ = whole(packet.SLL, sll).decode(); a.Arrow != wire.DirectionUnknown {
			t.Errorf("packet type %#x: %d", 0x100+uint16(kind), a.Arrow)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	ts := packet.TimestampOptions(nil, 1, 2)
	icmp := packet.ICMP{Src: client4.Addr(), Dst: server4.Addr(), Type: 3, Quote: whatDrewIt(segment())}
	frames := []frame{whole(packet.Ethernet, icmp.Append(nil, packet.Ethernet))}
	for _, link := range packet.Links {
		for _, p := range []packet.TCP{segment(), onIPv6(segment())} {
			p.Options, p.VLAN = ts, []uint16{7, 8, 9}
			p.Extensions = nil
			frames = append(frames, whole(link, p.Append(nil, link)))
		}
	}
	var d wire.Decoder
	var s wire.Segment
	all := func() {
		for _, f := range frames {
			d.Decode(f.link, f.data, f.orig, &s)
		}
	}
	if n := testing.AllocsPerRun(100, all); n != 0 {
		t.Errorf("%v allocations for %d frames", n, len(frames))
	}
}

// whatDrewIt is a segment as an ICMP error quotes it: from the IP header on.
func whatDrewIt(p packet.TCP) []byte { return p.Append(nil, packet.Raw) }

// TestUndecoded counts link types without a decoder by their number: those of files, those
// that a header inside the frame names, and 64 at most.
func TestUndecoded(t *testing.T) {
	var d wire.Decoder
	var s wire.Segment
	ppi := func(link uint32) []byte {
		return binary.LittleEndian.AppendUint32([]byte{0, 0, 8, 0}, link)
	}
	if d.Decode(packet.Ethernet, nil, 0, &s); d.Undecoded() != nil {
		t.Error("Ethernet is counted")
	}
	for range 3 {
		d.Decode(189, nil, 0, &s)
	}
	d.Decode(192, ppi(147), 8, &s)
	if got := d.Undecoded(); len(got) != 2 || got[189] != 3 || got[147] != 1 {
		t.Errorf("%v", got)
	}
	for link := range uint32(1000) {
		d.Decode(192, ppi(1000+link), 8, &s)
	}
	if d.Decode(189, nil, 0, &s); len(d.Undecoded()) != 64 || d.Undecoded()[189] != 4 {
		t.Errorf("%d link types, %d of the first", len(d.Undecoded()), d.Undecoded()[189])
	}
}
