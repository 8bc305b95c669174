package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// compared is what became of one capture.
type compared struct {
	name        string
	frames      int    // of tshark's
	segments    int    // of TCP, to lastack
	streams     int    // connections, to lastack
	broken      string // to both
	differences []difference
}

// compareViews makes a compared of two views.
func compareViews(name string, ours, theirs *view) *compared {
	c := &compared{name: name, frames: len(theirs.frames), streams: len(ours.streams), differences: compare(name, ours, theirs)}
	for i := range ours.frames {
		if ours.frames[i].marks&isTCP != 0 {
			c.segments++
		}
	}
	if ours.broken != "" && theirs.broken != "" {
		c.broken = ours.broken
	}
	return c
}

// verdict is what became of all captures.
type verdict struct {
	all    []*compared
	listed list // nil: every difference is shown
	// whole says that these are all captures of the list.
	whole bool
}

// write shows the differences, or, with a list, only how many there are.
func (v *verdict) write(out io.Writer) {
	for _, c := range v.all {
		if c.broken != "" {
			fmt.Fprintf(out, "%s: broken to both: %q\n", c.name, c.broken)
		}
		for i := range c.differences {
			if v.listed == nil {
				fmt.Fprintln(out, &c.differences[i])
			}
		}
	}
	v.writeTally(out)
}

// writeTally writes how much was compared, and how many differences there are of each kind.
func (v *verdict) writeTally(out io.Writer) {
	frames, segments, streams, of := 0, 0, 0, map[string]int{}
	for _, c := range v.all {
		frames, segments, streams = frames+c.frames, segments+c.segments, streams+c.streams
		for i := range c.differences {
			of[c.differences[i].kind]++
		}
	}
	fmt.Fprintf(out, "%d captures, %d frames, %d segments, %d connections; differences:\n", len(v.all), frames, segments, streams)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i := range kinds {
		fmt.Fprintf(w, "%s\t%d\n", kinds[i].name, of[kinds[i].name])
	}
	w.Flush()
}

// faults says what must not be: a difference that is not listed, an entry that does not
// occur.
func (v *verdict) faults() error {
	var errs []error
	met := map[string]bool{}
	for _, c := range v.all {
		for i := range c.differences {
			entry := v.listed.entryOf(&c.differences[i])
			met[entry] = true
			if entry == "" {
				errs = append(errs, fmt.Errorf("not listed: %s", &c.differences[i]))
			}
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(v.listed)) {
		if !met[entry] && v.concerns(entry) {
			errs = append(errs, fmt.Errorf("listed, and does not occur: %s", entry))
		}
	}
	return errors.Join(errs...)
}

// concerns reports whether an entry would have been met, if it occurred.
func (v *verdict) concerns(entry string) bool {
	return v.whole || slices.ContainsFunc(v.all, func(c *compared) bool { return strings.HasPrefix(entry, c.name+" ") })
}
