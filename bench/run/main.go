//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// settings are what the flags set.
type settings struct {
	dir        string
	loads      []workload
	chosen     []tool
	rounds     int
	quick      bool
	install    bool
	output     string // file of the page; "" for none
	check      bool
	update     bool
	making     string
	onlyDigest bool
	timeout    time.Duration
	maxMemory  int64 // octets
}

// page is where the page belongs.
const page = "docs/performance.md"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0, 1 for trouble or, with -check, for more
// instructions than are allowed, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	b := &bench{out: stdout}
	switch err := b.parse(args, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "run:", err)
		return 2
	}
	var err error
	switch {
	case b.making != "":
		err = b.makeOnly(b.making, stdout, stderr)
	case b.check || b.update:
		err = b.checkInstructions()
	default:
		keepSmall()
		err = b.all()
	}
	if err != nil {
		fmt.Fprintln(stderr, "run:", err)
		return 1
	}
	return 0
}

// keepSmall has this program need little memory, as no other can be seen to
// have needed less (see the package's comment).
func keepSmall() {
	debug.SetGCPercent(10)
	debug.SetMemoryLimit(8 << 20)
}

func (b *bench) parse(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	f.SetOutput(stderr)
	var loads, names, without, output string
	var gb float64
	f.StringVar(&b.dir, "dir", filepath.Join(os.TempDir(), "lastack-bench"), "keep the loads in this `FOLDER`")
	f.StringVar(&loads, "loads", "", "only these loads, with commas between")
	f.StringVar(&names, "tools", "", "only these tools, with commas between")
	f.StringVar(&without, "without", "", "not these tools")
	f.IntVar(&b.rounds, "rounds", 5, "so many rounds")
	f.BoolVar(&b.quick, "quick", false, "a twentieth of each load, to see whether it works")
	f.BoolVar(&b.install, "install", os.Geteuid() == 0, "install tools that are missing (Debian)")
	f.StringVar(&output, "o", "", "write the page to `FILE` (default "+page+" after all loads in full)")
	f.BoolVar(&b.check, "check", false, "only count instructions, and fail if there are more than noted")
	f.BoolVar(&b.update, "update", false, "only count instructions, and note how many there are")
	f.StringVar(&b.making, "make", "", "only make this `LOAD`, to standard output")
	f.BoolVar(&b.onlyDigest, "digest", false, "... or only what tells whether it has changed")
	f.DurationVar(&b.timeout, "timeout", 3*time.Minute, "end a tool that takes longer for a load")
	f.Float64Var(&gb, "max-memory", 12, "end a tool that needs more, in `GB`")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || b.rounds < 1 {
		return fmt.Errorf("wrong arguments: %v, %d rounds", f.Args(), b.rounds)
	}
	b.maxMemory = int64(gb * 1e9)
	b.lastack = filepath.Join(b.dir, "lastack")
	if b.quick {
		b.dir = filepath.Join(b.dir, "quick")
	}
	return b.choose(split(loads), split(names), split(without), output)
}

// choose picks loads and tools by their names.
func (b *bench) choose(loads, names, without []string, output string) (err error) {
	if b.loads, err = pick(workloads, loads, func(w *workload) string { return w.name }); err != nil {
		return err
	}
	if b.chosen, err = pick(tools, names, func(t *tool) string { return t.name }); err != nil {
		return err
	}
	if len(without) > 0 {
		if _, err = pick(tools, without, func(t *tool) string { return t.name }); err != nil {
			return err
		}
		b.chosen = slices.DeleteFunc(slices.Clone(b.chosen), func(t tool) bool { return slices.Contains(without, t.name) })
	}
	if len(b.chosen) == 0 {
		return errors.New("no tool is left")
	}
	b.output = output
	if output == "" && len(b.loads) == len(workloads) && len(b.chosen) == len(tools) && !b.quick {
		b.output = page
	}
	return nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// all measures everything and writes the page.
func (b *bench) all() error {
	start := time.Now()
	if err := os.MkdirAll(b.dir, 0o777); err != nil {
		return err
	}
	if err := errors.Join(b.provide(b.chosen), b.build()); err != nil {
		return err
	}
	r := &results{Rounds: b.rounds, Scale: b.scale()}
	for i := range b.loads {
		l, err := b.measure(&b.loads[i])
		if err != nil {
			return err
		}
		r.Loads = append(r.Loads, l)
	}
	if err := b.examine(r); err != nil {
		return err
	}
	r.judge()
	if err := render(b.out, summaryText, r); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "all in %v\n", since(start))
	if b.output == "" {
		return nil
	}
	return r.save(b.output)
}
