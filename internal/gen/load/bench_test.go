package load_test

import (
	"io"
	"testing"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
)

// big is a load of the kind that the full benchmark runs, cut to n packets.
func big(n int) func(*load.Config) {
	return func(cfg *load.Config) {
		cfg.Packets, cfg.Connections, cfg.Concurrent, cfg.Rate, cfg.Snaplen = n, n/55, min(n/200, 50_000), 150, 96
	}
}

// BenchmarkNext is one packet made and not written.
func BenchmarkNext(b *testing.B) {
	var p capture.Packet
	g := generator(b, big(max(b.N, 1000)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := g.Next(&p); err == io.EOF {
			g = generator(b, big(max(b.N, 1000)))
		}
	}
}

// BenchmarkSave is one packet made and written.
func BenchmarkSave(b *testing.B) {
	for _, format := range []string{"pcap", "pcapng"} {
		b.Run(format, func(b *testing.B) {
			g := generator(b, big(max(b.N, 1000)))
			b.ReportAllocs()
			b.ResetTimer()
			if err := g.Save(io.Discard, format); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(g.Truth().Packets), "ns/packet")
		})
	}
}
