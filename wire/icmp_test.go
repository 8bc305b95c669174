package wire_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var (
	router4 = netip.MustParseAddr("203.0.113.1")
	router6 = netip.MustParseAddr("2001:db8:ffff::1")
)

func icmp4(kind, code uint8, quote []byte) packet.ICMP {
	return packet.ICMP{Src: router4, Dst: client4.Addr(), Type: kind, Code: code, Quote: quote}
}

func icmp6(kind, code uint8, quote []byte) packet.ICMP {
	return packet.ICMP{Src: router6, Dst: client6.Addr(), Type: kind, Code: code, Quote: quote}
}

func TestICMPErrors(t *testing.T) {
	q4, q6 := whatDrewIt(segment()), whatDrewIt(onIPv6(segment()))
	withOptions := segment()
	withOptions.IPOptions = packet.NOP(nil, 4)
	extended := onIPv6(segment())
	extended.Extensions = []packet.Extension{{Proto: packet.ProtoDestination, Data: unhex("0000 0104 00000000")}}
	reverse := segment()
	reverse.Src, reverse.Dst = server4, client4
	mangled := whatDrewIt(segment())
	mangled[2], mangled[3] = mangled[3], mangled[2] // as some routers do

	for _, c := range []struct {
		name     string
		icmp     packet.ICMP
		src, dst netip.AddrPort // of the quoted segment
	}{
		{"unreachable", icmp4(3, 1, q4), client4, server4},
		{"source quench", icmp4(4, 0, q4), client4, server4},
		{"time exceeded", icmp4(11, 0, q4), client4, server4},
		{"parameter problem", icmp4(12, 2, q4), client4, server4},
		{"as little as RFC 792 asks for", icmp4(3, 3, q4[:28]), client4, server4},
		{"IP options in the quote", icmp4(3, 3, whatDrewIt(withOptions)), client4, server4},
		{"sent by the other end", icmp4(3, 3, whatDrewIt(reverse)), server4, client4},
		{"a mangled length in the quote", icmp4(3, 3, mangled), client4, server4},
		{"v6 unreachable", icmp6(1, 4, q6), client6, server6},
		{"v6 too big", icmp6(2, 0, q6), client6, server6},
		{"v6 time exceeded", icmp6(3, 0, q6), client6, server6},
		{"v6 parameter problem", icmp6(4, 1, q6[:48]), client6, server6},
		{"v6 extension in the quote", icmp6(1, 0, whatDrewIt(extended)), client6, server6},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.icmp.VLAN = []uint16{7}
			tuple, dir := wire.NewTuple(c.src, c.dst)
			tuple.VLAN[0] = 7
			want := wire.ICMPError{Tuple: tuple, Dir: dir, Seq: 1000, V6: tuple.V6, Type: c.icmp.Type, Code: c.icmp.Code}

			d := wire.Decoder{ICMP: wire.ICMPError{Packet: 1, Ref: 1, Time: 1}}
			s := leftovers()
			data := c.icmp.Append(nil, packet.Ethernet)
			if out := d.Decode(packet.Ethernet, data, uint32(len(data)), &s); out != wire.OutcomeICMP {
				t.Fatalf("outcome %d", out)
			}
			if d := cmp.Diff(want, d.ICMP); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if d := diff(untouched(), s); d != "" {
				t.Errorf("the segment:\n%s", d)
			}
		})
	}
}

func TestICMPThatIsNoError(t *testing.T) {
	q4, q6 := whatDrewIt(segment()), whatDrewIt(onIPv6(segment()))
	set := func(b []byte, i int, v byte) []byte {
		b = append([]byte(nil), b...)
		b[i] = v
		return b
	}
	for name, m := range map[string]packet.ICMP{
		"echo reply":                icmp4(0, 0, q4),
		"redirect":                  icmp4(5, 1, q4),
		"echo":                      icmp4(8, 0, q4),
		"v6 echo":                   icmp6(128, 0, q6),
		"v6 reserved":               icmp6(0, 0, q6),
		"v6 neighbor solicitation":  icmp6(135, 0, q6),
		"quotes UDP":                icmp4(3, 3, set(q4, 9, 17)),
		"quotes a later fragment":   icmp4(3, 3, set(q4, 7, 1)),
		"quotes IPv6":               icmp4(3, 3, q6),
		"quotes a bad header":       icmp4(3, 3, set(q4, 0, 0x44)),
		"quotes options cut off":    icmp4(3, 3, set(q4[:28], 0, 0x4f)),
		"quotes too little":         icmp4(3, 3, q4[:27]),
		"quotes part of a header":   icmp4(3, 3, q4[:19]),
		"quotes nothing":            icmp4(3, 3, nil),
		"v6 quotes IPv4":            icmp6(1, 0, q4),
		"v6 quotes UDP":             icmp6(1, 0, set(q6, 6, 17)),
		"v6 quotes too little":      icmp6(1, 0, q6[:47]),
		"v6 quotes part of a one":   icmp6(1, 0, q6[:39]),
		"v6 quotes a cut extension": icmp6(1, 0, set(q6[:44], 6, 60)),
	} {
		if _, out := whole(packet.Raw, m.Append(nil, packet.Raw)).decode(); out != wire.OutcomeNotTCP {
			t.Errorf("%s: outcome %d", name, out)
		}
	}
	m := icmp4(3, 3, q4)
	data := m.Append(nil, packet.Raw)
	for n := 20; n < 20+8+28; n++ {
		if _, out := (frame{packet.Raw, data[:n], uint32(len(data))}).decode(); out != wire.OutcomeNotTCP {
			t.Errorf("cut to %d octets: outcome %d", n, out)
		}
	}
	data[9] = packet.ProtoICMPv6 // in IPv4 it means nothing
	if _, out := whole(packet.Raw, data).decode(); out != wire.OutcomeNotTCP {
		t.Errorf("ICMPv6 in IPv4: outcome %d", out)
	}
}
