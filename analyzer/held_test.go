package analyzer_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
	"github.com/lastack/lastack/report"
)

// TestHeld: packets whose octets are left where they were read tell the same as copies,
// with one worker too, for whom a heap comes back while a batch is dealt out.
func TestHeld(t *testing.T) {
	cfg := load.Default()
	cfg.Packets, cfg.Connections, cfg.Concurrent, cfg.Rate = 100_000, 3000, 800, 15
	g, err := load.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := g.Save(&file, "pcap"); err != nil {
		t.Fatal(err)
	}
	want := told(t, file.Bytes(), 1, false)
	for _, workers := range []int{1, 2, 8} {
		if got := told(t, file.Bytes(), workers, true); !bytes.Equal(got, want) {
			t.Errorf("%d workers: %d octets of records, not the same %d", workers, len(got), len(want))
		}
	}
}

// small yields little at a time, as a pipe does: the memory of what is not held is used again
// at once.
type small struct{ io.Reader }

func (r small) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), 5000)]) }

// told is what a Pool says of a capture.
func told(t *testing.T, file []byte, workers int, held bool) (out []byte) {
	t.Helper()
	src, err := capture.OpenReader("load", small{bytes.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	p := analyzer.NewPool(analyzer.Options{Encode: report.NewAppender, OnEncoded: func(b []byte) { out = append(out, b...) }}, workers)
	batch := make([]capture.Packet, analyzer.BatchSize)
	for {
		n, err := src.NextBatch(batch)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if held {
			p.AddHeld(batch[:n], src.Hold())
		} else {
			p.AddPackets(batch[:n])
		}
	}
	p.Close()
	return out
}
