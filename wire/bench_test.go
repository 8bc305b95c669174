package wire_test

import (
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// BenchmarkDecode decodes frames whose direction a branch predictor cannot
// learn.
func BenchmarkDecode(b *testing.B) {
	ts := packet.TimestampOptions(nil, 1, 2)
	for _, bench := range []struct {
		name string
		link uint32
		tcp  packet.TCP
	}{
		{"v4", packet.Ethernet, packet.TCP{Src: client4, Dst: server4, Flags: wire.ACK, Options: ts}},
		{"v4-no-options", packet.Ethernet, packet.TCP{Src: client4, Dst: server4, Flags: wire.ACK}},
		{"v4-data", packet.Ethernet, packet.TCP{Src: client4, Dst: server4, Flags: wire.ACK, Options: ts, Payload: make([]byte, 1448)}},
		{"v4-syn", packet.Ethernet, packet.TCP{Src: client4, Dst: server4, Flags: wire.SYN, Options: packet.SYNOptions(nil, 1, 2)}},
		{"v4-sack", packet.Ethernet, packet.TCP{Src: client4, Dst: server4, Flags: wire.ACK, Options: packet.SACK(packet.NOP(ts, 2), wire.SACKBlock{Left: 1, Right: 2})}},
		{"v6", packet.Ethernet, packet.TCP{Src: client6, Dst: server6, Flags: wire.ACK, Options: ts}},
		{"vlan", packet.Ethernet, packet.TCP{Src: client4, Dst: server4, Flags: wire.ACK, Options: ts, Envelope: packet.Envelope{VLAN: []uint16{7}}}},
		{"sll", packet.SLL, packet.TCP{Src: client4, Dst: server4, Flags: wire.ACK, Options: ts}},
		{"raw", packet.Raw, packet.TCP{Src: client4, Dst: server4, Flags: wire.ACK, Options: ts}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			frames := make([][]byte, 1024)
			for i, x := 0, uint32(1); i < len(frames); i++ {
				if x = x*1664525 + 1013904223; x>>31 != 0 {
					bench.tcp.Src, bench.tcp.Dst = bench.tcp.Dst, bench.tcp.Src
				}
				frames[i] = bench.tcp.Append(nil, bench.link)
			}
			var d wire.Decoder
			var s wire.Segment
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f := frames[i%len(frames)]
				if d.Decode(bench.link, f, uint32(len(f)), &s) != wire.OutcomeTCP {
					b.Fatal("not decoded")
				}
			}
		})
	}
}
