package bench_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/lastack/lastack/bench"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/text"
)

// small is a twentieth of the full load.
func small() load.Config {
	cfg := load.Default()
	cfg.Packets, cfg.Connections, cfg.Concurrent, cfg.Rate, cfg.Snaplen = 500_000, 9000, 2500, 15, 96
	return cfg
}

// file is the small load as a file of the given format, made once.
var file = struct {
	dir  string
	made map[string]func() error
}{made: map[string]func() error{}}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lastack-bench-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	file.dir = dir
	for format, pack := range packers {
		file.made[format] = sync.OnceValue(func() error { return save(filepath.Join(dir, format), format, pack) })
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// packers are the formats, with how each is compressed.
var packers = map[string]func(io.Writer) (io.WriteCloser, error){
	"pcap":   func(w io.Writer) (io.WriteCloser, error) { return plain{w}, nil },
	"pcapng": func(w io.Writer) (io.WriteCloser, error) { return plain{w}, nil },
	"gz":     func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"zst":    func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// save makes the small load; what is compressed is pcap.
func save(name, format string, packer func(io.Writer) (io.WriteCloser, error)) error {
	g, err := load.New(small())
	if err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := packer(f)
	if err != nil {
		return err
	}
	if format != "pcapng" {
		format = "pcap"
	}
	return errors.Join(g.Save(w, format), w.Close())
}

// open opens the small load.
func open(t testing.TB, format string) *capture.Set {
	t.Helper()
	if err := file.made[format](); err != nil {
		t.Fatal(err)
	}
	set, err := capture.Open([]string{filepath.Join(file.dir, format)}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// layers are what is measured, each with all that is below it.
var layers = []struct {
	name   string
	format string
	run    func(capture.Source) (uint64, error)
}{
	{"read", "pcap", bench.Read},
	{"read-pcapng", "pcapng", bench.Read},
	{"read-gz", "gz", bench.Read},
	{"read-zst", "zst", bench.Read},
	{"decode", "pcap", bench.Decode},
	{"look-up", "pcap", bench.LookUp},
	{"analyze-silently", "pcap", func(src capture.Source) (uint64, error) { return bench.Analyze(src, silent{}) }},
	{"analyze-text", "pcap", func(src capture.Source) (uint64, error) {
		return bench.Analyze(src, text.New(io.Discard, text.Options{}))
	}},
	{"analyze", "pcap", func(src capture.Source) (uint64, error) { return bench.Analyze(src, report.NewEncoder(io.Discard)) }},
}

// silent is a sink that drops all records.
type silent struct{}

func (silent) Add(report.Record) error { return nil }
func (silent) Close() error            { return nil }

// Benchmark runs each layer over the small load.
func Benchmark(b *testing.B) {
	for _, layer := range layers {
		b.Run(layer.name, func(b *testing.B) {
			open(b, layer.format)
			var packets uint64
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				n, err := layer.run(open(b, layer.format))
				if err != nil {
					b.Fatal(err)
				}
				packets += n
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(packets), "allocs/packet")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(packets), "B/packet")
		})
	}
}

// TestAllocations holds what a packet may allocate, on average over a load.
func TestAllocations(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 4,500,000 packets")
	}
	limits := map[string]float64{
		"read": 0.001, "read-pcapng": 0.001, "read-gz": 0.001, "read-zst": 0.001, "decode": 0.001, "look-up": 0.001,
		"analyze-silently": 0.5, "analyze-text": 0.5, "analyze": 0.5,
	}
	for _, layer := range layers {
		limit, ok := limits[layer.name]
		if !ok {
			continue
		}
		src := open(t, layer.format)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := layer.run(src)
		runtime.ReadMemStats(&after)
		if err != nil || n < 400_000 {
			t.Fatalf("%s: %d packets, %v", layer.name, n, err)
		}
		if each := float64(after.Mallocs-before.Mallocs) / float64(n); each > limit {
			t.Errorf("%s: %.3f allocations a packet, at most %g are allowed", layer.name, each, limit)
		} else {
			t.Logf("%s: %.4f allocations a packet", layer.name, each)
		}
	}
}
