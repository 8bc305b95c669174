package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
)

// verdict is what became of the mutants.
type verdict struct {
	list     []mutant
	outcomes []outcome
	listed   survivors
	partial  bool // not all were run
}

// tally counts the outcomes of a package.
type tally struct{ all, dead, byTime int }

// share is how many per cent were killed.
func (t *tally) share() float64 { return 100 * float64(t.dead) / float64(t.all) }

func (v *verdict) tally(of *subject) (t tally) {
	for i := range v.list {
		if v.list[i].of != of {
			continue
		}
		t.all++
		switch v.outcomes[i] {
		case killedByTime:
			t.byTime++
			t.dead++
		case killed:
			t.dead++
		}
	}
	return t
}

// write writes the table.
func (v *verdict) write(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "package\tmutants\tkilled\tby time\tper cent\tat least\t")
	for i := range subjects {
		if t := v.tally(&subjects[i]); t.all > 0 {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.1f\t%.1f\t\n", subjects[i].dir, t.all, t.dead, t.byTime, t.share(), subjects[i].least)
		}
	}
	w.Flush()
}

// faults says what must not be: every is all mutants that there are.
func (v *verdict) faults(every []mutant) error {
	var errs []error
	exists := map[string]bool{}
	for i := range every {
		exists[every[i].name] = true
	}
	for name := range v.listed {
		if !exists[name] {
			errs = append(errs, fmt.Errorf("listed, and there is no such rule: %s", name))
		}
	}
	for i := range v.list {
		m := &v.list[i]
		_, listed := v.listed[m.name]
		switch lives := v.outcomes[i] == survived; {
		case lives && !listed:
			errs = append(errs, fmt.Errorf("%s: survives: %s", m.where, m.name))
		case !lives && listed:
			errs = append(errs, fmt.Errorf("%s: listed, and killed: %s", m.where, m.name))
		}
	}
	return errors.Join(append(errs, v.shares()...)...)
}

// shares says where too few were killed.
func (v *verdict) shares() (errs []error) {
	for i := range subjects {
		s := &subjects[i]
		if t := v.tally(s); !v.partial && !(t.share() >= s.least) { // no mutants at all are no share
			errs = append(errs, fmt.Errorf("%s: %.1f per cent are killed, want %.1f", s.dir, t.share(), s.least))
		}
	}
	return errs
}
