//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/lastack/lastack/bench"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
	"github.com/lastack/lastack/report"
)

// Limits of the whole analysis.
const (
	maxTime   = 300 // ns a packet
	maxMemory = 500 // MB
)

// options are what the flags set.
type options struct {
	load.Config
	path, out        string
	cpuProfile, heap string
	check            bool
	makeOnly         bool
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0, 1 for trouble or, with -check, for a limit
// that is exceeded, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	within, err := o.run(stdout)
	if err != nil {
		fmt.Fprintln(stderr, "full:", err)
		return 1
	}
	if o.check && !within {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{Config: load.Default()}
	f := flag.NewFlagSet("full", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.Packets, "packets", 10_000_000, "about so many packets")
	f.IntVar(&o.Connections, "connections", 180_000, "connections in all")
	f.IntVar(&o.Concurrent, "concurrent", 50_000, "about so many connections at a time")
	f.Float64Var(&o.Rate, "rate", 150, "new connections a second of the capture's clock")
	f.IntVar(&o.Snaplen, "snaplen", 96, "octets of a frame at most")
	f.StringVar(&o.path, "load", "", "make the load in this `FILE`, or use it if it is there")
	f.StringVar(&o.out, "o", os.DevNull, "write the records to `FILE`")
	f.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile to `FILE`")
	f.StringVar(&o.heap, "memprofile", "", "write an allocation profile to `FILE`")
	f.BoolVar(&o.check, "check", false, "fail when a limit is exceeded")
	f.BoolVar(&o.makeOnly, "make", false, "only make the load")
	return o, f.Parse(args)
}

func (o *options) run(stdout io.Writer) (within bool, err error) {
	if o.makeOnly {
		return true, o.make()
	}
	if o.path == "" {
		dir, err := os.MkdirTemp("", "lastack-full-")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(dir)
		o.path = filepath.Join(dir, "load.pcap")
	}
	if _, err := os.Stat(o.path); errors.Is(err, os.ErrNotExist) {
		if err := o.makeElsewhere(); err != nil {
			return false, err
		}
	}
	return o.measure(stdout)
}

// make makes the load.
func (o *options) make() error {
	g, err := load.New(o.Config)
	if err != nil {
		return err
	}
	return g.SaveFile(o.path, "pcap")
}

// makeElsewhere makes the load in another process.
func (o *options) makeElsewhere() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	arg := func(name string, value any) string { return fmt.Sprintf("-%s=%v", name, value) }
	out, err := exec.Command(self, "-make", arg("load", o.path), arg("packets", o.Packets), arg("connections", o.Connections),
		arg("concurrent", o.Concurrent), arg("rate", o.Rate), arg("snaplen", o.Snaplen)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("making the load: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// cost is what a run took.
type cost struct {
	wall, cpu time.Duration
	mallocs   uint64
	bytes     uint64
}

// spent is what the process has spent so far.
func spent(start time.Time) (c cost, err error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var u syscall.Rusage
	err = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	c.wall, c.mallocs, c.bytes = time.Since(start), m.Mallocs, m.TotalAlloc
	c.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	return c, err
}

// measure runs the analysis and prints what it cost.
func (o *options) measure(stdout io.Writer) (within bool, err error) {
	runtime.GOMAXPROCS(1)
	stop, err := o.profile()
	if err != nil {
		return false, err
	}
	start := time.Now()
	before, err := spent(start)
	if err != nil {
		return false, err
	}
	packets, size, err := o.analyze()
	if err != nil {
		return false, err
	}
	after, err := spent(start)
	if err == nil {
		err = stop()
	}
	if err != nil {
		return false, err
	}
	peak, err := peakMemory()
	if err != nil {
		return false, err
	}
	n := float64(packets)
	each := float64((after.cpu - before.cpu).Nanoseconds()) / n
	fmt.Fprintf(stdout, "%d packets in %v (%v of CPU), %d octets of records\n", packets,
		after.wall.Round(time.Millisecond), (after.cpu - before.cpu).Round(time.Millisecond), size)
	fmt.Fprintf(stdout, "%6.1f ns of CPU a packet (at most %d), %.1f ns by the clock\n", each, maxTime, float64(after.wall.Nanoseconds())/n)
	fmt.Fprintf(stdout, "%6.3f allocations a packet, %.0f octets\n", float64(after.mallocs-before.mallocs)/n, float64(after.bytes-before.bytes)/n)
	fmt.Fprintf(stdout, "%6.0f MB at most (at most %d)\n", peak, maxMemory)
	return each <= maxTime && peak <= maxMemory, nil
}

// analyze runs the whole analysis. It returns the number of packets and the
// size of the records.
func (o *options) analyze() (packets uint64, size int64, err error) {
	set, err := capture.Open([]string{o.path}, capture.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer set.Close()
	f, err := os.Create(o.out)
	if err != nil {
		return 0, 0, err
	}
	w := &counter{w: f}
	packets, err = bench.Analyze(set, report.NewEncoder(w))
	return packets, w.n, errors.Join(err, f.Close())
}

// counter counts what passes.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// profile begins the profiles that were asked for; stop ends them.
func (o *options) profile() (stop func() error, err error) {
	var cpu *os.File
	if o.cpuProfile != "" {
		if cpu, err = os.Create(o.cpuProfile); err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return nil, err
		}
	}
	return func() error {
		if cpu != nil {
			pprof.StopCPUProfile()
			if err := cpu.Close(); err != nil {
				return err
			}
		}
		return o.saveHeap()
	}, nil
}

func (o *options) saveHeap() error {
	if o.heap == "" {
		return nil
	}
	f, err := os.Create(o.heap)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// peakMemory is the most that the process had in memory, in MB (VmHWM).
func peakMemory() (mb float64, err error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kb float64
		if n, _ := fmt.Sscanf(lines.Text(), "VmHWM: %f kB", &kb); n == 1 {
			return kb * 1024 / 1e6, nil
		}
	}
	return 0, errors.New("/proc/self/status has no VmHWM")
}
