package packet_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var (
	client4 = netip.MustParseAddrPort("192.0.2.1:40000")
	server4 = netip.MustParseAddrPort("198.51.100.1:5000")
	client6 = netip.MustParseAddrPort("[2001:db8::1]:40000")
	server6 = netip.MustParseAddrPort("[2001:db8::2]:5000")
)

// Every captured frame of TCP, taken apart and put together again, is the same.
func TestRebuildsCaptures(t *testing.T) {
	const ethernet, protocol, icmp = 14, 9, 1
	paths, _ := filepath.Glob("../../testdata/pcaps/*/*.pcap")
	n := 0
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		le := binary.LittleEndian
		for b = b[24:]; len(b) > 0; n++ {
			frame := b[16 : 16+le.Uint32(b[8:])]
			const fragment = 6
			if b = b[16+len(frame):]; frame[ethernet+protocol] == icmp || frame[ethernet+fragment]&0x3f|frame[ethernet+fragment+1] != 0 {
				continue
			}
			if s, ok := packet.Parse(frame[ethernet:]); !ok || !bytes.Equal(s.Append(nil, packet.Raw), frame[ethernet:]) {
				t.Fatalf("%s: %x became %v, %+v", path, frame, ok, s)
			}
		}
	}
	if n < 100 {
		t.Fatalf("only %d frames in %d captures", n, len(paths))
	}
}

// sample is a segment with something in every field that Parse reads.
func sample(src, dst netip.AddrPort) packet.TCP {
	p := packet.TCP{Src: src, Dst: dst, Seq: 7, Ack: 9, Flags: wire.ACK | wire.AE, Window: 5, Urgent: 3,
		Options: packet.SACK(packet.NOP(nil, 2), wire.SACKBlock{Left: 1 << 31, Right: 1<<31 + 5}), Payload: []byte("odd")}
	p.Class, p.TTL = 0xb9, 7
	return p
}

func TestParse(t *testing.T) {
	p4, p6 := sample(client4, server4), sample(client6, server6)
	p4.IPID, p4.IPFlags, p4.IPOptions, p6.FlowLabel = 99, packet.DontFragment, []byte{1, 1, 1, 0}, 0xabcde
	for _, want := range []packet.TCP{p4, p6} {
		raw := want.Append(nil, packet.Raw)
		got, ok := packet.Parse(append(raw, "padding"...))
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.AddrPort{})); d != "" || !ok {
			t.Error(ok, d)
		}
		for n := range raw {
			if _, ok := packet.Parse(raw[:n]); ok {
				t.Errorf("%d of %d octets are a segment", n, len(raw))
			}
		}
		m := packet.Unreachable(want.Dst.Addr(), want.Src.Addr(), 1, raw)
		if _, ok := packet.Parse(m.Append(nil, packet.Raw)); ok {
			t.Error("an ICMP error is a segment")
		}
	}
	for _, fragment := range []uint16{packet.MoreFragments, 1} {
		p4.IPFlags = fragment
		if _, ok := packet.Parse(p4.Append(nil, packet.Raw)); ok {
			t.Errorf("fragment %#x is a segment", fragment)
		}
	}
}

// What was parsed is made again, and shifting back undoes shifting.
func FuzzParse(f *testing.F) {
	for _, p := range []packet.TCP{sample(client4, server4), sample(client6, server6)} {
		f.Add(p.Append(nil, packet.Raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, ok := packet.Parse(raw)
		if !ok {
			return
		}
		before := p.Append(nil, packet.Raw)
		q, ok := packet.Parse(before)
		q.Shift(1, 2)
		q.Shift(^uint32(0), ^uint32(1))
		if after := q.Append(nil, packet.Raw); !ok || !bytes.Equal(before, after) && q.Seq != 0 { // 0 may have become a refusal's
			t.Errorf("%x became %x", before, after)
		}
	})
}

func TestShift(t *testing.T) {
	for _, x := range []struct {
		name     string
		flags    wire.Flags
		seq, ack wire.Seq
		wantSeq  wire.Seq // shifted by 100 and 1000
		wantAck  wire.Seq
	}{
		{"SYN", wire.SYN, 0xfffffff0, 0, 84, 0},
		{"data", wire.ACK | wire.PSH, 7, 9, 107, 1009},
		{"bare RST", wire.RST, 4, 0, 104, 0},
		{"refusal", wire.RST | wire.ACK, 0, 4, 0, 1004},
	} {
		options := packet.SACK(packet.TimestampOptions(nil, 5, 6), wire.SACKBlock{Left: 3, Right: 9})
		p := packet.TCP{Flags: x.flags, Seq: x.seq, Ack: x.ack, Options: options}
		p.Shift(100, 1000)
		want := packet.SACK(packet.TimestampOptions(nil, 5, 6), wire.SACKBlock{Left: 1003, Right: 1009})
		if p.Seq != x.wantSeq || p.Ack != x.wantAck || !bytes.Equal(p.Options, want) {
			t.Errorf("%s: seq %d ack %d options %v", x.name, p.Seq, p.Ack, p.Options)
		}
		if options[len(options)-1] != 9 {
			t.Errorf("%s: the options that were given changed", x.name)
		}
	}
}

// gopacket finds in a frame what was put into it, and its checksums good.
func TestGopacketAgrees(t *testing.T) {
	for _, link := range []uint32{packet.Null, packet.Ethernet, packet.Raw, packet.Loop, packet.SLL} {
		for _, ends := range [][2]netip.AddrPort{{client4, server4}, {client6, server6}} {
			for n := range 9 {
				p := packet.TCP{
					Src: ends[0], Dst: ends[1], Seq: 1 << 31, Ack: 7, Flags: wire.SYN | wire.ECE, Window: 9, Urgent: 5,
					Options: packet.SYNOptions(nil, 3, 4)[:20-n%2], Payload: bytes.Repeat([]byte{0xfe}, n),
				}
				p.TTL, p.VLAN, p.IPID, p.IPOptions = 3, []uint16{7, 8}, 99, packet.NOP(nil, n)
				checkGopacket(t, link, &p)
			}
		}
	}
}

func checkGopacket(t *testing.T, link uint32, p *packet.TCP) {
	t.Helper()
	data := p.Append([]byte("before"), link)
	if !bytes.HasPrefix(data, []byte("before")) {
		t.Fatal("what was in the buffer is gone")
	}
	pkt := gopacket.NewPacket(data[6:], layers.LinkType(link), gopacket.NoCopy)
	tcp, ok := pkt.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok {
		t.Fatalf("link %d: no TCP in %v", link, pkt)
	}
	tcp.SetNetworkLayerForChecksum(pkt.NetworkLayer())
	if sum, err := tcp.ComputeChecksum(); err != nil || sum != 0 {
		t.Errorf("link %d: checksum off by %#x, %v", link, sum, err)
	}
	if ip, ok := pkt.NetworkLayer().(*layers.IPv4); ok {
		if ip.TTL != 3 || ip.Id != 99 || sum16(ip.Contents) != 0xffff {
			t.Errorf("link %d: IPv4 %+v", link, ip)
		}
	} else if ip := pkt.NetworkLayer().(*layers.IPv6); ip.HopLimit != 3 {
		t.Errorf("link %d: IPv6 %+v", link, ip)
	}
	if netip.AddrPortFrom(addr(pkt.NetworkLayer().NetworkFlow().Src()), uint16(tcp.SrcPort)) != p.Src ||
		netip.AddrPortFrom(addr(pkt.NetworkLayer().NetworkFlow().Dst()), uint16(tcp.DstPort)) != p.Dst {
		t.Errorf("link %d: ends %v", link, pkt.NetworkLayer().NetworkFlow())
	}
	if tcp.Seq != uint32(p.Seq) || tcp.Ack != uint32(p.Ack) || !tcp.SYN || !tcp.ECE || tcp.ACK || tcp.Window != 9 || tcp.Urgent != 5 || !bytes.Equal(tcp.Payload, p.Payload) {
		t.Errorf("link %d: TCP %+v", link, tcp)
	}
	if tags := pkt.Layers(); link == packet.Ethernet || link == packet.SLL {
		a, b := tags[1].(*layers.Dot1Q), tags[2].(*layers.Dot1Q)
		if a.VLANIdentifier != 7 || b.VLANIdentifier != 8 {
			t.Errorf("link %d: VLANs %d, %d", link, a.VLANIdentifier, b.VLANIdentifier)
		}
	}
}

func addr(e gopacket.Endpoint) netip.Addr {
	a, _ := netip.AddrFromSlice(e.Raw())
	return a
}

// sum16 adds up 16-bit numbers as RFC 1071 says it first, slowly.
func sum16(p []byte) uint16 {
	var s uint32
	for i := 0; i < len(p); i += 2 {
		s += uint32(p[i])<<8 | uint32(p[i+1])
	}
	return uint16(s>>16 + s&0xffff)
}

func TestICMPChecksums(t *testing.T) {
	quote := (&packet.TCP{Src: client4, Dst: server4}).Append(nil, packet.Raw)
	m4 := packet.ICMP{Src: server4.Addr(), Dst: client4.Addr(), Type: 3, Code: 4, Rest: 1400, Quote: quote}
	data := m4.Append(nil, packet.Raw)
	if sum16(data[:20]) != 0xffff || sum16(data[20:]) != 0xffff || data[9] != packet.ProtoICMP || data[27] != 1400&0xff {
		t.Errorf("ICMP: %x", data)
	}
	m6 := packet.Unreachable(server6.Addr(), client6.Addr(), 3, quote)
	data = m6.Append(nil, packet.Raw)
	pkt := gopacket.NewPacket(data, layers.LayerTypeIPv6, gopacket.Default)
	icmp, ok := pkt.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6)
	if !ok || icmp.TypeCode != layers.CreateICMPv6TypeCode(1, 3) {
		t.Fatalf("no ICMPv6 in %v", pkt)
	}
	pseudo := append(append([]byte{}, data[8:40]...), 0, 0, 0, byte(len(data)-40), 0, 0, 0, packet.ProtoICMPv6)
	if sum16(append(pseudo, data[40:]...)) != 0xffff {
		t.Errorf("ICMPv6: %x", data)
	}
}

// A buffer that is used again must not show what was in it.
func TestAppendOverwritesGarbage(t *testing.T) {
	garbage := bytes.Repeat([]byte{0xaa}, 300)
	for _, link := range packet.Links {
		for _, ends := range [][2]netip.AddrPort{{client4, server4}, {client6, server6}} {
			p := packet.TCP{Src: ends[0], Dst: ends[1], Options: []byte{3, 3, 7}, Payload: []byte("x")}
			p.VLAN, p.IPOptions = []uint16{7}, []byte{1}
			p.Extensions = nil
			if clean, dirty := p.Append(nil, link), p.Append(garbage[:0], link); !bytes.Equal(clean, dirty) {
				t.Errorf("link %d: %x, %x", link, clean, dirty)
			}
			m := packet.ICMP{Src: ends[0].Addr(), Dst: ends[1].Addr(), Quote: []byte("x")}
			if clean, dirty := m.Append(nil, link), m.Append(bytes.Repeat([]byte{0xaa}, 300)[:0], link); !bytes.Equal(clean, dirty) {
				t.Errorf("link %d, ICMP: %x, %x", link, clean, dirty)
			}
			copy(garbage[:cap(garbage)], bytes.Repeat([]byte{0xaa}, 300))
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	p := packet.TCP{Src: client6, Dst: server6, Options: packet.TimestampOptions(nil, 1, 2), Payload: make([]byte, 100)}
	p.VLAN = []uint16{7}
	buf := make([]byte, 0, 300)
	if n := testing.AllocsPerRun(100, func() {
		for _, link := range packet.Links {
			buf = p.Append(buf[:0], link)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	ts := packet.TimestampOptions(nil, 1, 2)
	for name, p := range map[string]packet.TCP{
		"ack4":  {Src: client4, Dst: server4, Flags: wire.ACK, Options: ts},
		"ack6":  {Src: client6, Dst: server6, Flags: wire.ACK, Options: ts},
		"data4": {Src: client4, Dst: server4, Flags: wire.ACK, Options: ts, Payload: make([]byte, 1448)},
	} {
		b.Run(name, func(b *testing.B) {
			buf := make([]byte, 0, 2000)
			b.ReportAllocs()
			for b.Loop() {
				p.Seq++
				buf = p.Append(buf[:0], packet.Ethernet)
			}
		})
	}
}
