package analyzer_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/report"
)

// pooled are the records of captures as a Pool gives them.
func pooled(t *testing.T, opt analyzer.Options, workers, batch int, encoded bool, files ...string) []byte {
	t.Helper()
	var out []byte
	line := func(b []byte, r report.Record) []byte { return append(report.Append(b, r), '\n') }
	if encoded {
		opt.Encode = func() func([]byte, report.Record) []byte { return line }
		opt.OnEncoded = func(b []byte) { out = append(out, b...) }
	} else {
		opt.OnRecord = func(r report.Record) { out = line(out, r) }
	}
	opt.Files = len(files)
	p := analyzer.NewPool(opt, workers)
	eachBatch(t, batch, p.AddPackets, files...)
	p.Close()
	return line(out, p.Summary())
}

func eachBatch(t *testing.T, size int, add func([]capture.Packet), files ...string) {
	t.Helper()
	set, err := capture.Open(files, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	batch := make([]capture.Packet, size)
	for {
		n, err := set.NextBatch(batch)
		var damage *capture.Error
		switch {
		case err == io.EOF:
			return
		case errors.As(err, &damage):
		case err != nil:
			t.Fatal(err)
		default:
			add(batch[:n])
		}
	}
}

// TestPool: a Pool gives the records that an Analyzer gives, in its order,
// whatever the number of workers.
func TestPool(t *testing.T) {
	dir := t.TempDir()
	if err := judge.Unpack("testdata/kernel/captures.tar.zst", dir); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*.pcap"))
	for _, all := range [][]string{files[:40], files} {
		var want []byte
		a := analyzer.New(analyzer.Options{Files: len(all), OnRecord: func(r report.Record) { want = append(report.Append(want, r), '\n') }})
		eachBatch(t, 32, a.AddPackets, all...)
		a.Close()
		want = append(report.Append(want, a.Summary()), '\n')
		for _, workers := range []int{1, 2, 3, 40} {
			for _, encoded := range []bool{false, true} {
				if got := pooled(t, analyzer.Options{}, workers, 7+workers, encoded, all...); !bytes.Equal(got, want) {
					t.Errorf("%d files, %d workers, encoded %v: %s", len(all), workers, encoded, firstDifference(got, want))
				}
			}
		}
	}
}

// TestPoolBounds: what is given up at a limit does not depend on the workers.
func TestPoolBounds(t *testing.T) {
	files, _ := filepath.Glob("../testdata/pcaps/*/A.pcap")
	for _, most := range []int{1, 2, 5} {
		opt := analyzer.Options{MaxConnections: most}
		want := pooled(t, opt, 1, 32, true, files...)
		if !bytes.Contains(want, []byte(`"evicted"`)) {
			t.Errorf("%d: nothing was given up", most)
		}
		if got := pooled(t, opt, 2, 5, true, files...); !bytes.Equal(got, want) {
			t.Errorf("%d: %s", most, firstDifference(got, want))
		}
	}
}

// TestPoolClockBack is TestPool for captures whose time goes back: by an hour in the
// middle, for every third packet, and for a long time at the end.
func TestPoolClockBack(t *testing.T) {
	file := analyzer.SmallLoad(t, 20_000)
	const hour = int64(time.Hour)
	for name, back := range map[string]func(p *capture.Packet) int64{
		"middle": func(p *capture.Packet) int64 { return int64(p.Number/10_000) * hour },
		"third":  func(p *capture.Packet) int64 { return int64(p.Number%3/2) * hour },
		"twice":  func(p *capture.Packet) int64 { return int64(p.Number/5000%2) * hour },
	} {
		shift := func(list []capture.Packet) []capture.Packet {
			for i := range list {
				list[i].Time -= back(&list[i])
			}
			return list
		}
		line := func(b []byte, r report.Record) []byte { return append(report.Append(b, r), '\n') }
		var want []byte
		a := analyzer.New(analyzer.Options{OnRecord: func(r report.Record) { want = line(want, r) }})
		eachBatch(t, 32, func(list []capture.Packet) { a.AddPackets(shift(list)) }, file)
		a.Close()
		for _, workers := range []int{1, 2} {
			var got []byte
			p := analyzer.NewPool(analyzer.Options{OnRecord: func(r report.Record) { got = line(got, r) }}, workers)
			eachBatch(t, 32, func(list []capture.Packet) { p.AddPackets(shift(list)) }, file)
			p.Close()
			if !bytes.Equal(got, want) {
				t.Errorf("%s, %d workers: %s", name, workers, firstDifference(got, want))
			}
		}
	}
}
