package packet_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

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

// Every captured frame, taken apart and put together again, is the same.
func TestRebuildsCaptures(t *testing.T) {
	paths, _ := filepath.Glob("../../testdata/pcaps/*/*.pcap")
	n := 0
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		le := binary.LittleEndian
		link := le.Uint32(b[20:])
		for b = b[24:]; len(b) > 0; n++ {
			frame := b[16 : 16+le.Uint32(b[8:])]
			b = b[16+len(frame):]
			if got := rebuild(t, link, frame); !bytes.HasSuffix(frame, got) {
				t.Fatalf("%s: %x became %x", path, frame, got)
			}
		}
	}
	if n < 100 {
		t.Fatalf("only %d frames in %d captures", n, len(paths))
	}
}

// rebuild returns the IP packet of a frame from its decoded fields.
func rebuild(t *testing.T, link uint32, frame []byte) []byte {
	var d wire.Decoder
	var s wire.Segment
	if d.Decode(link, frame, uint32(len(frame)), &s) != wire.OutcomeTCP {
		t.Fatalf("not TCP: %x", frame)
	}
	ip := frame[len(frame)-len(s.TCP)-20:]
	p := packet.TCP{
		Src: s.Tuple.AddrPort(int(s.Dir)), Dst: s.Tuple.AddrPort(int(1 - s.Dir)),
		Seq: s.Seq, Ack: s.Ack, Flags: s.Flags, Window: s.Window,
		Options: s.TCP[20 : len(s.TCP)-len(s.Payload)], Payload: s.Payload,
	}
	p.TTL, p.IPID, p.IPFlags = s.TTL, s.IPID, binary.BigEndian.Uint16(ip[6:])
	return p.Append(nil, packet.Raw)
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
	m6 := packet.ICMP{Src: server6.Addr(), Dst: client6.Addr(), Type: 2, Rest: 1280, Quote: quote}
	data = m6.Append(nil, packet.Raw)
	pkt := gopacket.NewPacket(data, layers.LayerTypeIPv6, gopacket.Default)
	icmp, ok := pkt.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6)
	if !ok || icmp.TypeCode.Type() != 2 {
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
