package analyzer_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/report"
)

// asleep analyses captures by a Pool that lets connections sleep as soon as they can,
// or never. It returns what is reported, and how often one was woken.
func asleep(t *testing.T, soon bool, opt analyzer.Options, files ...string) (out []byte, woken int) {
	t.Helper()
	opt.Files, opt.OnRecord = len(files), func(r report.Record) { out = append(report.Append(out, r), '\n') }
	p := analyzer.NewPool(opt, 1)
	p.SleepSoon(soon)
	eachBatch(t, 32, p.AddPackets, files...)
	p.Close()
	woken, connections, octets := p.Held()
	if connections != 0 || octets != 0 {
		t.Errorf("%v: in the end %d connections, %d octets are held", files, connections, octets)
	}
	return append(report.Append(out, p.Summary()), '\n'), woken
}

// TestSleep: connections that sleep between any two of their segments come to the
// same as those that never do.
func TestSleep(t *testing.T) {
	dir := t.TempDir()
	if err := judge.Unpack("testdata/kernel/captures.tar.zst", dir); err != nil {
		t.Fatal(err)
	}
	lists := [][]string{{analyzer.SmallLoad(t, 40_000)}}
	for _, pattern := range []string{filepath.Join(dir, "*", "*.pcap"), "../testdata/pcaps/*/*.pcap"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, f := range files {
			lists = append(lists, []string{f})
		}
		lists = append(lists, files)
	}
	woken := 0
	for _, files := range lists {
		want, _ := asleep(t, false, analyzer.Options{}, files...)
		got, n := asleep(t, true, analyzer.Options{}, files...)
		if woken += n; !bytes.Equal(got, want) {
			t.Errorf("%v: %s", files, firstDifference(got, want))
		}
		asleep(t, true, analyzer.Options{MaxMemory: 100_000}, files...)
	}
	if woken < 10_000 {
		t.Errorf("connections were woken %d times", woken)
	}
}
