package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/internal/lab/story"
	"github.com/lastack/lastack/report"
)

// The seeds of TestRandom: a mix that fails is added here with what mends it.
// They cover IPv4 and IPv6, numbers that wrap around, no timestamps, no SACK.
var fixedSeeds = []uint64{7, 12, 15, 28, 505, 1795191649977172100, 18446744073709551615}

// TestRandom plays mixes of fixed seeds and a fresh one, and judges every
// endpoint by its kernel's states: none of any mix may be contradicted, and enough
// of all together are exact. It tries nothing twice.
func TestRandom(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and trace events")
	}
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	var mu sync.Mutex
	var all lab
	t.Run("seed", func(t *testing.T) {
		for _, seed := range append(fixedSeeds, uint64(time.Now().UnixNano())) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				played := start(story.Random(220, seed), t.TempDir())
				t.Parallel() // mixes mostly sleep: all are played at a time
				m := <-played
				t.Log(m.text.String())
				if m.err != nil {
					t.Error(m.err)
				}
				mu.Lock()
				defer mu.Unlock()
				all.rows = append(all.rows, m.rows...)
			})
		}
	})
	var sum strings.Builder
	all.out = &sum
	if err := all.verdict(); err != nil {
		t.Error(err)
	}
	if err := all.enough(); err != nil {
		t.Error(err)
	}
	t.Log("all mixes:\n" + sum.String())
}

// TestHealthy plays mixes of healthy programs over a good network, and looks at what is
// found at both taps: nothing that is worse than a notice.
func TestHealthy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and trace events")
	}
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	for _, seed := range []uint64{3, 8, uint64(time.Now().UnixNano())} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir := t.TempDir()
			s := story.Healthy(150, seed)
			played := start(s, dir)
			t.Parallel()
			if m := <-played; m.err != nil {
				t.Error(m.text.String(), m.err)
			}
			for _, tap := range []string{"A", "B"} {
				opt := analyzer.Options{OnRecord: func(r report.Record) {
					if f, ok := r.(*report.Finding); ok && report.SeverityRank(f.Severity) > 1 {
						t.Errorf("tap %s: %s, %s: %s\n%s", tap, f.ID, f.Severity, f.Title, f.Explanation)
					}
				}}
				if _, err := judge.Records(opt, filepath.Join(dir, s.Name, tap+".pcap")); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// mix is a random mix that was played.
type mix struct {
	lab
	text strings.Builder
	err  error
}

// start plays a story, and sends what came of it.
func start(s story.Story, dir string) <-chan *mix {
	over := make(chan *mix)
	go func() {
		m := &mix{}
		m.lab = lab{out: &m.text, dir: dir, parallel: 1}
		if m.err = m.play([]story.Story{s}); m.err == nil {
			m.err = m.verdict()
		}
		over <- m
	}()
	return over
}
