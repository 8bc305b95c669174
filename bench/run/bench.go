//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// bench is one call of the program.
type bench struct {
	settings
	out     io.Writer // what happens is said here
	lastack string    // path of the program
}

// loaded is a load and what was found of it.
type loaded struct {
	stock
	work  *workload
	path  string
	Tools []*taken
}

// taken is what a tool took for a load.
type taken struct {
	*tool
	Rounds []cost
	Beyond string // the limit that it exceeded; then it is not run again
}

// build makes the program that is measured, as it is released.
func (b *bench) build() error {
	cmd := exec.Command("go", "build", "-o", b.lastack, "./cmd/lastack")
	cmd.Env = append(environment(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
}

// measure runs all rounds of one load.
func (b *bench) measure(w *workload) (*loaded, error) {
	l := &loaded{work: w}
	var err error
	if l.path, l.stock, err = b.obtain(w); err != nil {
		return nil, err
	}
	for _, name := range w.tools {
		if i := slices.IndexFunc(b.chosen, func(t tool) bool { return t.name == name }); i >= 0 {
			l.Tools = append(l.Tools, &taken{tool: &b.chosen[i]})
		}
	}
	if err := b.warm(l); err != nil {
		return nil, err
	}
	for round := range b.rounds {
		for _, t := range l.Tools {
			if err := b.round(l, t, round+1); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

// warm has every tool read the load once, and say how many packets it saw.
// argus may lose the last packets on their way between its threads, and tshark
// leaves out what is not TCP or ends within the TCP options.
func (b *bench) warm(l *loaded) error {
	const share = 0.995
	for _, t := range l.Tools {
		n, c, err := b.ask(t.tool, l)
		switch {
		case err != nil:
			return err
		case c.Beyond != "":
			t.Beyond = c.Beyond
			fmt.Fprintf(b.out, "%-12s warm     %-15s %s: ended\n", l.work.name, t.name, c.Beyond)
		case float64(n) < share*float64(l.Packets):
			return fmt.Errorf("%s: %s saw %d of %d packets", l.work.name, t.line(), n, l.Packets)
		default:
			fmt.Fprintf(b.out, "%-12s warm     %-15s saw %d packets\n", l.work.name, t.name, n)
		}
	}
	return nil
}

// round runs t once.
func (b *bench) round(l *loaded, t *taken, round int) error {
	if t.Beyond != "" {
		return nil
	}
	c, err := b.run(t.tool, l)
	if err != nil {
		return err
	}
	t.Rounds, t.Beyond = append(t.Rounds, c), c.Beyond
	fmt.Fprintf(b.out, "%-12s round %d  %-15s %8.3f s  cpu %8.3f s  %6.0f MB  %6.2f M packets/s %s\n",
		l.work.name, round, t.name, c.Wall.Seconds(), c.CPU.Seconds(), float64(c.Memory)/1e6, float64(l.Packets)/1e6/c.Wall.Seconds(), c.Beyond)
	return nil
}

// tool returns what the tool of that name took; nil if it was not run, or not
// to its end.
func (l *loaded) tool(name string) *taken {
	for _, t := range l.Tools {
		if t.name == name && t.Beyond == "" && len(t.Rounds) > 0 {
			return t
		}
	}
	return nil
}

// each returns of of every round.
func (t *taken) each(of func(cost) float64) []float64 {
	values := make([]float64, len(t.Rounds))
	for i, c := range t.Rounds {
		values[i] = of(c)
	}
	return values
}

func wall(c cost) float64   { return c.Wall.Seconds() }
func cpu(c cost) float64    { return c.CPU.Seconds() }
func memory(c cost) float64 { return float64(c.Memory) / 1e6 }

// median is the middle one, or the mean of both.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

// ratio is the median of how many times longer a took than b, round by round.
func ratio(a, b *taken) float64 {
	var ratios []float64
	for i := range min(len(a.Rounds), len(b.Rounds)) {
		ratios = append(ratios, wall(a.Rounds[i])/wall(b.Rounds[i]))
	}
	return median(ratios)
}

// pick returns the rows of the table that have these names, in the table's
// order; all of them for no names.
func pick[T any](table []T, names []string, name func(*T) string) (rows []T, err error) {
	var known []string
	for i := range table {
		known = append(known, name(&table[i]))
		if len(names) == 0 || slices.Contains(names, known[i]) {
			rows = append(rows, table[i])
		}
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("%q is none of %s", n, strings.Join(known, ", "))
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("nothing is left")
	}
	return rows, nil
}

// since is for messages.
func since(start time.Time) time.Duration { return time.Since(start).Round(time.Second) }
