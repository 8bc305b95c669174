package analyzer

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/lastack/lastack/internal/gen/load"
)

// SmallLoad makes a capture with loss, disorder and windows that close, of a fiftieth as
// many connections as packets, a quarter of them at a time.
func SmallLoad(t *testing.T, packets int) (file string) {
	t.Helper()
	cfg := load.Default()
	cfg.Packets, cfg.Connections, cfg.Concurrent, cfg.Rate, cfg.Snaplen = packets, packets/50, packets/200, 15, 96
	g, err := load.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "load.pcap")
	if err := g.SaveFile(file, "pcap"); err != nil {
		t.Fatal(err)
	}
	return file
}

// SleepSoon lets connections sleep as soon as they can, or never.
func (p *Pool) SleepSoon(soon bool) {
	for _, a := range p.parts {
		a.dorm.drowsiness = drowsiness{awake: math.MaxInt}
		if soon {
			a.dorm.drowsiness = drowsiness{idle: math.MinInt64 / 2, looks: slabSize}
		}
	}
}

// Held returns how often a connection was woken, and how much is held.
func (p *Pool) Held() (woken, connections int, octets int64) {
	for _, a := range p.parts {
		woken += a.dorm.woken
		connections += a.live + a.slab.taken()
		for i := range int32(a.dorm.places()) {
			if a.dorm.at(i).held {
				connections++
			}
		}
		octets += a.octets
	}
	return woken, connections, octets
}
