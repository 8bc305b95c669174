package load_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
	"github.com/lastack/lastack/wire"
)

func flood() load.FloodConfig {
	return load.FloodConfig{Seed: 1, SYNs: 100_000, Rate: 1e6, Answered: 0.25, Snaplen: 96}
}

// Every SYN has a source of its own, that share is answered which was asked
// for, and the frames are those of the slow builder.
func TestFlood(t *testing.T) {
	f, err := load.NewFlood(flood())
	if err != nil {
		t.Fatal(err)
	}
	var d wire.Decoder
	var s wire.Segment
	var want []byte
	sources, answered, last := map[wire.FourTuple]wire.Seq{}, 0, int64(0)
	each(t, f, func(p *capture.Packet) {
		if d.Decode(uint32(p.Link), p.Data, p.OrigLen, &s) != wire.OutcomeTCP || p.Time <= last {
			t.Fatalf("frame %d at %d after %d: %x", p.Number, p.Time, last, p.Data)
		}
		if want = rebuild(want[:0], p.Data); !bytes.Equal(p.Data, want) {
			t.Fatalf("frame %d:\n%x, the builder makes\n%x", p.Number, p.Data, want)
		}
		last = p.Time
		seq, old := sources[s.Tuple]
		if s.Flags.Has(wire.ACK) {
			answered++
			if !old || s.Ack != seq+1 {
				t.Errorf("frame %d answers no SYN", p.Number)
			}
			return
		}
		if old {
			t.Errorf("frame %d: %v again", p.Number, s.Tuple)
		}
		sources[s.Tuple] = s.Seq
	})
	if len(sources) != 100_000 || math.Abs(float64(answered)-25_000) > 1000 {
		t.Errorf("%d sources, %d answered", len(sources), answered)
	}
}

func TestFloodIsDeterministic(t *testing.T) {
	save := func() []byte {
		f, err := load.NewFlood(flood())
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := load.Save(&b, load.First(1000, f), "pcap", 96); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if one := save(); !bytes.Equal(one, save()) || len(one) < 60_000 {
		t.Errorf("two floods differ, or %d octets are too few", len(one))
	}
}

func TestWrongFlood(t *testing.T) {
	for i, edit := range []func(*load.FloodConfig){
		func(cfg *load.FloodConfig) { cfg.SYNs = 0 },
		func(cfg *load.FloodConfig) { cfg.SYNs = math.MaxInt },
		func(cfg *load.FloodConfig) { cfg.Rate = math.NaN() },
		func(cfg *load.FloodConfig) { cfg.Answered = 2 },
		func(cfg *load.FloodConfig) { cfg.Snaplen = 63 },
	} {
		cfg := flood()
		edit(&cfg)
		if _, err := load.NewFlood(cfg); err == nil {
			t.Errorf("no error for case %d: %+v", i, cfg)
		}
	}
}

// First is over after as many packets, or when the source is.
func TestFirst(t *testing.T) {
	for _, n := range []uint64{0, 1, 500, 1 << 40} {
		few := func(cfg *load.Config) { cfg.Packets, cfg.Connections = 2000, 100 }
		whole, got := uint64(0), uint64(0)
		each(t, generator(t, few), func(*capture.Packet) { whole++ })
		each(t, load.First(n, generator(t, few)), func(*capture.Packet) { got++ })
		if got != min(n, whole) {
			t.Errorf("the first %d of %d packets are %d", n, whole, got)
		}
	}
}

// An orderly load has no connection that does not close.
func TestOrderly(t *testing.T) {
	g := generator(t, func(cfg *load.Config) { cfg.Orderly = true })
	each(t, g, func(*capture.Packet) {})
	truth := g.Truth()
	for _, kind := range []string{"none", "reset", "timeout", "half-closed", "superseded"} {
		if truth.ByClose[kind] > 0 {
			t.Errorf("%d connections end so: %s", truth.ByClose[kind], kind)
		}
	}
	if truth.ByFinalACK["seen"]+truth.ByFinalACK["lost"] != truth.Connections {
		t.Errorf("%+v", truth)
	}
}

// One connection can have as many packets as one likes.
func TestElephant(t *testing.T) {
	g := generator(t, func(cfg *load.Config) {
		cfg.Connections, cfg.Concurrent, cfg.Rate, cfg.Packets = 1, 1, 0.01, 100_000
		cfg.Even, cfg.Orderly, cfg.Payload = true, true, 1<<20
	})
	each(t, g, func(*capture.Packet) {})
	if truth := g.Truth(); truth.Connections != 1 || math.Abs(float64(truth.Packets)-100_000) > 5000 {
		t.Errorf("%+v", truth)
	}
}

func BenchmarkFlood(b *testing.B) {
	cfg := flood()
	cfg.SYNs, cfg.Answered = b.N, 0
	f, err := load.NewFlood(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var p capture.Packet
	for range b.N {
		f.Next(&p)
	}
}
