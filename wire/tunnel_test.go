package wire_test

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// serialize makes a frame of gopacket's layers around inner.
func serialize(t testing.TB, inner []byte, outer ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	all := append(outer, gopacket.Payload(inner))
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, all...); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(b.Bytes())
}

// Outer headers.
func eth(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: kind}
}

func ip4(proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 9, Protocol: proto, SrcIP: net.IP{203, 0, 113, 1}, DstIP: net.IP{203, 0, 113, 2}}
}

func ip6(next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 9, NextHeader: next, SrcIP: net.ParseIP("2001:db8:f::1"), DstIP: net.ParseIP("2001:db8:f::2")}
}

func udp(port layers.UDPPort) *layers.UDP { return &layers.UDP{SrcPort: 50000, DstPort: port} }

type octets = gopacket.Payload // a header by hand, where gopacket cannot write it

func TestTunnels(t *testing.T) {
	raw4, raw6 := packet.Raw, packet.Raw // readable names below
	p4, p6 := segment(), onIPv6(segment())
	tagged := segment()
	tagged.VLAN = []uint16{77}
	inner := func(p packet.TCP, link uint32) []byte { return p.Append(nil, link) }
	type outer = []gopacket.SerializableLayer

	for _, c := range []struct {
		name  string
		link  uint32
		outer outer
		inner []byte
		path  string
	}{
		{"PPP", 9, outer{&layers.PPP{PPPType: layers.PPPTypeIPv4, HasPPTPHeader: true}}, inner(p4, raw4), "[]"},
		{"PPP, compressed protocol", 9, outer{octets{0x21}}, inner(p4, raw4), "[]"},
		{"PPP with HDLC framing", 50, outer{&layers.PPP{PPPType: layers.PPPTypeIPv6, HasPPTPHeader: true}}, inner(p6, raw6), "[]"},
		{"PPPoE", 1, outer{eth(0x8864), &layers.PPPoE{Version: 1, Type: 1, SessionId: 7}, &layers.PPP{PPPType: layers.PPPTypeIPv4}}, inner(p4, raw4), "[pppoe:7]"},
		{"PPPoE, IPv6", 1, outer{eth(0x8864), &layers.PPPoE{Version: 1, Type: 1, SessionId: 7}, &layers.PPP{PPPType: layers.PPPTypeIPv6}}, inner(p6, raw6), "[pppoe:7]"},
		{"PPPoE link type", 51, outer{&layers.PPPoE{Version: 1, Type: 1, SessionId: 7}, &layers.PPP{PPPType: layers.PPPTypeIPv4}}, inner(p4, raw4), "[pppoe:7]"},
		{"FDDI", 10, outer{octets(unhex("50 020000000001 020000000002 aaaa03 000000 0800"))}, inner(p4, raw4), "[]"},
		{"PF log", 117, outer{octets(append(unhex("3d 02 00 00"), make([]byte, 60)...))}, inner(p4, raw4), "[]"},
		{"802.11", 105, outer{octets(unhex("0801 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000 0800"))}, inner(p4, raw4), "[]"},
		{"Prism, 802.11", 119, outer{octets(append(unhex("44000000 90000000"), make([]byte, 136)...)), octets(unhex("0801 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000 0800"))}, inner(p4, raw4), "[]"},
		{"radiotap with padding, QoS", 127, outer{octets(unhex("0000 0900 02000000 20 8801 0000 020000000001 020000000002 020000000003 0000 0000 ffff aaaa03 000000 0800"))}, inner(p4, raw4), "[]"},
		{"radiotap, 802.11", 127, outer{octets(unhex("0000 0800 00000000 0801 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000 0800"))}, inner(p4, raw4), "[]"},
		{"MPLS", 1, outer{eth(0x8847), &layers.MPLS{Label: 100, StackBottom: true}}, inner(p4, raw4), "[]"},
		{"MPLS, two labels, IPv6", 1, outer{eth(0x8847), &layers.MPLS{Label: 100}, &layers.MPLS{Label: 3, StackBottom: true}}, inner(p6, raw6), "[]"},
		{"MPLS in IP", 1, outer{eth(0x800), ip4(137), &layers.MPLS{Label: 100, StackBottom: true}}, inner(p4, raw4), "[]"},
		{"MPLS in UDP", 1, outer{eth(0x800), ip4(17), udp(6635), &layers.MPLS{Label: 100, StackBottom: true}}, inner(p4, raw4), "[]"},
		{"IP in IP", 1, outer{eth(0x800), ip4(4)}, inner(p4, raw4), "[ipip]"},
		{"6in4", 1, outer{eth(0x800), ip4(41)}, inner(p6, raw6), "[6in4]"},
		{"4in6", 1, outer{eth(0x86dd), ip6(4)}, inner(p4, raw4), "[4in6]"},
		{"6in6", 1, outer{eth(0x86dd), ip6(41)}, inner(p6, raw6), "[6in6]"},
		{"GRE", 1, outer{eth(0x800), ip4(47), &layers.GRE{Protocol: 0x800}}, inner(p4, raw4), "[gre]"},
		{"GRE over IPv6", 1, outer{eth(0x86dd), ip6(47), &layers.GRE{Protocol: 0x86dd}}, inner(p6, raw6), "[gre]"},
		{"GRE with everything", 1, outer{eth(0x800), ip4(47), &layers.GRE{Protocol: 0x800, KeyPresent: true, Key: 1 << 31, SeqPresent: true, Seq: 9, ChecksumPresent: true}}, inner(p4, raw4), "[gre:2147483648]"},
		{"GRE with an Ethernet frame", 1, outer{eth(0x800), ip4(47), &layers.GRE{Protocol: 0x6558, KeyPresent: true, Key: 5}}, inner(p4, packet.Ethernet), "[gre:5]"},
		{"PPTP", 1, outer{eth(0x800), ip4(47), &layers.GRE{Version: 1, Protocol: 0x880b, KeyPresent: true, Key: 0x00500001, SeqPresent: true, AckPresent: true}, &layers.PPP{PPPType: layers.PPPTypeIPv4, HasPPTPHeader: true}}, inner(p4, raw4), "[gre]"},
		{"ERSPAN II", 1, outer{eth(0x800), ip4(47), &layers.GRE{Protocol: 0x88be, SeqPresent: true}, &layers.ERSPANII{Version: 1, SessionID: 3}}, inner(p4, packet.Ethernet), "[gre erspan:3]"},
		{"EtherIP", 1, outer{eth(0x800), ip4(97), octets{0x30, 0}}, inner(p4, packet.Ethernet), "[etherip]"},
		{"VXLAN", 1, outer{eth(0x800), ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true, VNI: 42}}, inner(p4, packet.Ethernet), "[vxlan:42]"},
		{"VXLAN on Linux's port", 1, outer{eth(0x86dd), ip6(17), udp(8472), &layers.VXLAN{ValidIDFlag: true, VNI: 1<<24 - 1}}, inner(p6, packet.Ethernet), "[vxlan:16777215]"},
		{"VXLAN, VLAN inside", 1, outer{eth(0x800), ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true, VNI: 42}}, inner(tagged, packet.Ethernet), "[vxlan:42 vlan:77]"},
		{"VXLAN, 9100 tag inside", 1, outer{eth(0x800), ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true, VNI: 42}}, slices.Concat(unhex("020000000001 020000000002 9100 004d 0800"), inner(p4, raw4)), "[vxlan:42 vlan:77]"},
		{"Geneve", 1, outer{eth(0x800), ip4(17), udp(6081), octets(unhex("0000 6558 00002a 00"))}, inner(p4, packet.Ethernet), "[geneve:42]"},
		{"Geneve with options, IPv6", 1, outer{eth(0x800), ip4(17), udp(6081), octets(unhex("02c0 86dd 00002a 00 0102 80 01 00010002"))}, inner(p6, raw6), "[geneve:42]"},
		{"GTP-U", 1, outer{eth(0x800), ip4(17), udp(2152), octets(unhex("30ff 002d 00000001"))}, inner(p4, raw4), "[gtp]"},
		{"GTP-U with a sequence number", 1, outer{eth(0x800), ip4(17), udp(2152), octets(unhex("32ff 0031 00000001 0001 00 00"))}, inner(p4, raw4), "[gtp]"},
		{"GTP-U with an N-PDU number", 1, outer{eth(0x800), ip4(17), udp(2152), octets(unhex("31ff 0031 00000001 0000 07 00"))}, inner(p4, raw4), "[gtp]"},
		{"GTP-U without extensions, type to be ignored", 1, outer{eth(0x800), ip4(17), udp(2152), octets(unhex("33ff 0031 00000001 0001 07 85"))}, inner(p4, raw4), "[gtp]"},
		{"GTP-U with no extension", 1, outer{eth(0x800), ip4(17), udp(2152), octets(unhex("34ff 0031 00000001 0000 00 00"))}, inner(p4, raw4), "[gtp]"},
		{"GTP-U with two extensions", 1, outer{eth(0x800), ip4(17), udp(2152), octets(unhex("34ff 0051 00000001 0000 00 85 01 0000 c0 02 000000000000 00"))}, inner(p6, raw6), "[gtp]"},
		{"VXLAN in GRE in QinQ", 1, outer{eth(0x88a8), &layers.Dot1Q{VLANIdentifier: 7, Type: 0x8100}, &layers.Dot1Q{VLANIdentifier: 8, Type: 0x800}, ip4(47), &layers.GRE{Protocol: 0x800}, ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true, VNI: 42}}, inner(p4, packet.Ethernet), "[gre vxlan:42]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			innerLink := packet.Raw
			if c.inner[0]>>4 != 4 && c.inner[0]>>4 != 6 {
				innerLink = packet.Ethernet
			}
			want, _ := whole(innerLink, c.inner).decode()
			data := serialize(t, c.inner, c.outer...)
			if c.link == 105 || c.link == 119 || c.link == 127 {
				data = append(data, 0, 0, 0, 0) // the frame check sequence
			}
			tcp := len(data) - len(want.TCP)
			for n := tcp + 14; n <= len(data); n++ {
				checkTunnel(t, frame{c.link, data[:n], uint32(len(data))}, want, c.path)
			}
			for n := range tcp {
				var d wire.Decoder
				var s wire.Segment
				if out := d.Decode(c.link, data[:n], uint32(len(data)), &s); out == wire.OutcomeTCP {
					t.Fatalf("cut to %d octets: decoded as %+v", n, s)
				}
			}
		})
	}
}

// checkTunnel decodes a frame whose inner segment, captured whole, is want.
func checkTunnel(t *testing.T, f frame, want wire.Segment, path string) {
	t.Helper()
	var d wire.Decoder
	s := leftovers()
	out := d.Decode(f.link, f.data, f.orig, &s)
	if out != wire.OutcomeTCP {
		t.Fatalf("cut to %d of %d octets: outcome %d", len(f.data), f.orig, out)
	}
	if got := fmt.Sprint(d.TunnelPath(s.Tuple.Tunnel)); got != path {
		t.Fatalf("path %s, want %s", got, path)
	}
	if s.Tuple.VLAN[0] != 0 { // the outer tags of the last case
		want.Tuple.VLAN = [2]uint16{7, 8}
	} else if want.Tuple.VLAN[0] != 0 { // the inner tag belongs to the path
		want.Tuple.VLAN[0] = 0
	}
	want.Tuple.Tunnel = s.Tuple.Tunnel
	whole := len(s.TCP) == len(want.TCP)
	if whole {
		if d := diff(want, s); d != "" {
			t.Fatalf("(-inner alone +in the tunnel)\n%s", d)
		}
		return
	}
	if s.Tuple != want.Tuple || s.Flags != want.Flags || s.Len != want.Len || s.Seq != want.Seq || s.Dir != want.Dir {
		t.Fatalf("cut to %d octets: %+v", len(f.data), s)
	}
}

// An IP length of 0 is filled in from the frame behind gopacket's layers, too, with
// what was cut off.
func TestOffloadInGenericPath(t *testing.T) {
	p := segment()
	p.Offload, p.Payload = true, make([]byte, 1000)
	raw := p.Append(nil, packet.Raw)
	ppp := append(unhex("ff03 0021"), raw...)
	s, out := frame{9, ppp[:100], uint32(len(ppp))}.decode()
	if out != wire.OutcomeTCP || !s.Offload || s.Len != 1000 {
		t.Errorf("PPP: outcome %d, %d octets", out, s.Len)
	}
}

// What only looks like a tunnel, or is one with something else in it.
func TestNotTunnels(t *testing.T) {
	p4 := segment()
	raw := p4.Append(nil, packet.Raw)
	type outer = []gopacket.SerializableLayer
	nested := func(n int) outer { return append(outer{eth(0x800)}, slices.Repeat(outer{ip4(4)}, n)...) }
	for _, c := range []struct {
		name  string
		outer outer
		want  wire.Outcome
	}{
		{"UDP to another port", outer{eth(0x800), ip4(17), udp(53)}, wire.OutcomeNotTCP},
		{"VXLAN without a valid id", outer{eth(0x800), ip4(17), udp(4789), &layers.VXLAN{VNI: 42}, eth(0x800)}, wire.OutcomeNotTCP},
		{"VXLAN with ARP", outer{eth(0x800), ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true}, eth(0x806)}, wire.OutcomeNotTCP},
		{"Geneve of version 2", outer{eth(0x800), ip4(17), udp(6081), octets(unhex("8000 0800 00002a 00"))}, wire.OutcomeNotTCP},
		{"GTP-U echo", outer{eth(0x800), ip4(17), udp(2152), octets(unhex("3001 0040 00000001"))}, wire.OutcomeNotTCP},
		{"GTP'", outer{eth(0x800), ip4(17), udp(2152), octets(unhex("20ff 0040 00000001"))}, wire.OutcomeNotTCP},
		{"GTP-U, extension of length 0", outer{eth(0x800), ip4(17), udp(2152), octets(unhex("34ff 0040 00000001 0000 00 85 00 0000 00"))}, wire.OutcomeNotTCP},
		{"GTP-U, extension beyond the packet", outer{eth(0x800), ip4(17), udp(2152), octets(unhex("34ff 0040 00000001 0000 00 85 ff 0000 00"))}, wire.OutcomeNotTCP},
		{"PPPoE discovery", outer{eth(0x8863), &layers.PPPoE{Version: 1, Type: 1, Code: 9}}, wire.OutcomeNotIP},
		{"PPPoE, other code", outer{eth(0x8864), &layers.PPPoE{Version: 1, Type: 1, Code: 9}, &layers.PPP{PPPType: layers.PPPTypeIPv4}}, wire.OutcomeNotIP},
		{"PPPoE, other version", outer{eth(0x8864), &layers.PPPoE{Version: 2, Type: 1}, &layers.PPP{PPPType: layers.PPPTypeIPv4}}, wire.OutcomeNotIP},
		{"PPPoE with LCP", outer{eth(0x8864), &layers.PPPoE{Version: 1, Type: 1}, &layers.PPP{PPPType: 0xc021}}, wire.OutcomeNotIP},
		{"MPLS with a pseudowire of something else", outer{eth(0x8847), &layers.MPLS{StackBottom: true}, octets{0, 0, 0, 0}, eth(0x806)}, wire.OutcomeNotIP},
		{"VXLAN with an IP packet that is longer than the frame", outer{eth(0x800), ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true}, eth(0x800), octets(unhex("4500 0800 0000 0000 40 06 0000 c0000201 c6336401"))}, wire.OutcomeNotTCP},
		{"Teredo that is none", outer{eth(0x800), ip4(17), udp(3544)}, wire.OutcomeNotTCP},
		{"L2TP with a packet that is longer than the frame", outer{eth(0x800), ip4(17), udp(1701), octets(unhex("0002 0001 0002 0021 4500 0800 0000 0000 40 06 0000 c0000201 c6336401"))}, wire.OutcomeNotTCP},
		{"L2TP control", outer{eth(0x800), ip4(17), udp(1701), octets(unhex("c802 0014 0001 0000 0000 0000"))}, wire.OutcomeNotTCP},
		{"GRE with an unknown protocol", outer{eth(0x800), ip4(47), &layers.GRE{Protocol: 0x1234}}, wire.OutcomeNotTCP},
		{"8 packets around another", nested(8), wire.OutcomeTCP},
		{"9 packets around another", nested(9), wire.OutcomeTooDeep},
		{"40 packets around another", nested(40), wire.OutcomeTooDeep},
		{"SNAP with another protocol", outer{octets(unhex("020000000001 020000000002 0040 aaaa03 00000c 2000"))}, wire.OutcomeNotIP},
	} {
		data := serialize(t, raw, c.outer...)
		s, out := whole(packet.Ethernet, data).decode()
		if out != c.want || out != wire.OutcomeTCP && diff(untouched(), s) != "" {
			t.Errorf("%s: outcome %d, want %d", c.name, out, c.want)
		}
	}
}

// An error inside a tunnel belongs to the connection inside it.
func TestICMPInTunnel(t *testing.T) {
	m := icmp4(3, 3, whatDrewIt(segment()))
	data := serialize(t, m.Append(nil, packet.Raw), eth(0x800), ip4(4))
	tcp := segment()
	var d wire.Decoder
	var s wire.Segment
	inner := serialize(t, tcp.Append(nil, packet.Raw), eth(0x800), ip4(4))
	d.Decode(packet.Ethernet, inner, uint32(len(inner)), &s)
	if out := d.Decode(packet.Ethernet, data, uint32(len(data)), &wire.Segment{}); out != wire.OutcomeICMP || d.ICMP.Tuple != s.Tuple {
		t.Errorf("outcome %d, %+v, want %+v", out, d.ICMP.Tuple, s.Tuple)
	}
}

// A path's number depends on nothing but the path.
func TestTunnelNumbers(t *testing.T) {
	vxlan := func(vni uint32) frame {
		p := segment()
		return whole(packet.Ethernet, serialize(t, p.Append(nil, packet.Ethernet), eth(0x800), ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true, VNI: vni}))
	}
	number := func(d *wire.Decoder, f frame) uint32 {
		var s wire.Segment
		d.Decode(f.link, f.data, f.orig, &s)
		return s.Tuple.Tunnel
	}
	var a, b wire.Decoder
	one, two := number(&a, vxlan(1)), number(&a, vxlan(2))
	if one == 0 || two == 0 || one == two || number(&b, vxlan(2)) != two || number(&b, vxlan(1)) != one {
		t.Errorf("numbers %d, %d", one, two)
	}
	var empty wire.Decoder
	if got := empty.TunnelPath(one); len(got) != 1 || got[0] != fmt.Sprintf("#%x", one) {
		t.Errorf("unknown path: %q", got)
	}
	if empty.TunnelPath(0) != nil {
		t.Error("no tunnel has a path")
	}
}

// Names are kept for a bounded number of paths; those beyond it still differ.
func TestTunnelNamesAreBounded(t *testing.T) {
	p := segment()
	data := serialize(t, p.Append(nil, packet.Raw), ip4(47), &layers.GRE{Protocol: 0x800, KeyPresent: true})
	var d wire.Decoder
	var s wire.Segment
	seen := map[uint32]bool{}
	for key := range 1<<16 + 10 {
		data[24], data[25], data[26], data[27] = byte(key>>24), byte(key>>16), byte(key>>8), byte(key)
		d.Decode(packet.Raw, data, uint32(len(data)), &s)
		seen[s.Tuple.Tunnel] = true
	}
	if got, want := d.TunnelPath(s.Tuple.Tunnel)[0], fmt.Sprintf("#%x", s.Tuple.Tunnel); got != want {
		t.Errorf("path beyond the bound: %q, want %q", got, want)
	}
	if len(seen) < 1<<16 { // a few of 2^32 numbers may coincide
		t.Errorf("only %d numbers", len(seen))
	}
}

func BenchmarkDecodeTunnel(b *testing.B) {
	p := segment()
	for name, data := range map[string][]byte{
		"ipip":  serialize(b, p.Append(nil, packet.Raw), eth(0x800), ip4(4)),
		"vxlan": serialize(b, p.Append(nil, packet.Ethernet), eth(0x800), ip4(17), udp(4789), &layers.VXLAN{ValidIDFlag: true, VNI: 42}),
	} {
		b.Run(name, func(b *testing.B) {
			var d wire.Decoder
			var s wire.Segment
			b.ReportAllocs()
			for b.Loop() {
				if d.Decode(packet.Ethernet, data, uint32(len(data)), &s) != wire.OutcomeTCP {
					b.Fatal("not decoded")
				}
			}
		})
	}
}

// TestTunnelNumbersCollide: paths whose hashes are alike, which can be made on purpose, are
// different tunnels all the same.
func TestTunnelNumbersCollide(t *testing.T) {
	const one, other, third, fourth = 0xc1429f8e, 0xa5235fd6, 0x3932d839, 0x4e40bebd
	var d wire.Decoder
	numbers := map[uint32]string{}
	for _, keys := range [][2]uint32{{one, other}, {third, fourth}} {
		p := segment()
		data := p.Append(nil, packet.Raw)
		for i := len(keys) - 1; i >= 0; i-- {
			gre := &layers.GRE{KeyPresent: true, Key: keys[i], Protocol: layers.EthernetTypeIPv4}
			data = serialize(t, data, ip4(47), gre)
		}
		var s wire.Segment
		if out := d.Decode(packet.Raw, data, uint32(len(data)), &s); out != wire.OutcomeTCP {
			t.Fatal(out)
		}
		numbers[s.Tuple.Tunnel] = fmt.Sprint(d.TunnelPath(s.Tuple.Tunnel))
	}
	if len(numbers) != 2 {
		t.Errorf("%v", numbers)
	}
}
