package ladder

import (
	"sort"
	"strings"
	"time"

	"github.com/lastack/lastack/report"
)

// itemKind says what an item of the ladder is.
type itemKind uint8

const (
	segment itemKind = iota // one segment, an arrow
	folded                  // several in one line
	idle                    // nothing for a while
	silent                  // a change of state that no segment shows
)

// item is what takes a line or more. from and to are rows; to is the one
// after the last.
type item struct {
	kind       itemKind
	from, to   int
	pause      time.Duration
	side       int
	transition *report.Transition
}

const (
	shownPause = 200 * time.Millisecond // idle time worth a line
	splitPause = time.Second            // idle time that folding leaves visible
	minFold    = 3                      // fewer are drawn
	maxPauses  = 3                      // more in one stretch are folded as well
	maxOdd     = 12                     // odd segments in a row that are all drawn
	oddHead    = 3                      // of more than those: the first
	oddTail    = 2                      // and the last are drawn
)

// items arranges the ladder.
func (d *drawing) items() (list []item) {
	quiet := d.silents()
	var until time.Time
	for _, it := range d.folds() {
		for len(quiet) > 0 && quiet[0].from <= it.from {
			list, quiet = append(list, quiet[0]), quiet[1:]
		}
		first := d.Segments[it.from].Time
		if pause := first.Sub(until); !until.IsZero() && pause >= shownPause {
			list = append(list, item{kind: idle, from: it.from, to: it.from, pause: pause})
		}
		until = d.Segments[it.to-1].Time
		list = append(list, it)
	}
	return append(list, quiet...)
}

// silents are both sides' silent changes by row, then by time.
func (d *drawing) silents() (list []item) {
	for side := range d.margins {
		for _, s := range d.margins[side].silent {
			list = append(list, item{kind: silent, from: s.before, to: s.before, side: side, transition: s.transition})
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].from != list[j].from {
			return list[i].from < list[j].from
		}
		return moment(list[i].transition).Before(moment(list[j].transition))
	})
	return list
}

// moment is when a transition was, or the last moment that it can have had.
func moment(t *report.Transition) time.Time {
	switch {
	case t.T != nil:
		return *t.T
	case t.NotAfter != nil:
		return *t.NotAfter
	}
	return time.Time{}
}

// class says how a row may be folded.
type class uint8

const (
	fixed  class = iota // never
	bulk                // data and the ACKs of it
	probes              // keepalive probes and their answers
	odd                 // retransmissions and the like: many of them may be
)

// again is the kind of a RST that comes after the one that counted.
const again = "repeated RST"

// softKinds are the kinds of segment that many of are no news.
var softKinds = map[string]class{
	"":                        odd,
	"keepalive probe":         probes,
	"keepalive reply":         probes,
	"retransmission":          odd,
	"spurious retransmission": odd,
	"partial retransmission":  odd,
	"out of order":            odd,
	"gap before it":           odd,
	"duplicate ACK":           odd,
	"old ACK":                 odd,
	"window probe":            odd,
	"outside every window":    odd,
	"copy by the network":     odd,
	again:                     odd,
	"capture duplicate":       odd,
	"second tap":              odd,
}

func (d *drawing) class(row int) class {
	s := &d.Segments[row]
	if d.opt.Full || d.margins[client].turns(row) || d.margins[server].turns(row) || s.Lost || s.Note != "" ||
		len(d.notes[row]) > 0 || strings.ContainsAny(s.Flags, "SFR") && s.Kind != again {
		return fixed
	}
	if s.Plain && s.Kind == "" && d.windows[row] == "" {
		return bulk
	}
	return softKinds[s.Kind]
}

// turnWindows finds the segments that close their sender's window, or open it
// again: they are plain ACKs otherwise, and tell why data stops and goes on.
func (d *drawing) turnWindows() {
	d.windows = map[int]string{}
	closed := map[report.Side]bool{}
	for row := range d.Segments {
		s := &d.Segments[row]
		if !s.HasAck || s.WindowCut || strings.ContainsAny(s.Flags, "SR") || (s.Window == 0) == closed[s.From] {
			continue
		}
		closed[s.From] = s.Window == 0
		d.windows[row] = "window 0"
		if s.Window > 0 {
			d.windows[row] = "window opens"
		}
	}
}

// folds cuts the segments into those to draw and those to fold.
func (d *drawing) folds() (list []item) {
	for from := 0; from < len(d.Segments); {
		if d.class(from) == fixed || d.interrupted(from) && from+1 == len(d.Segments) {
			list = append(list, item{from: from, to: from + 1})
			from++
			continue
		}
		to := from + 1
		for to < len(d.Segments) && d.class(to) != fixed && !d.interrupted(to) {
			to++
		}
		list = append(list, d.stretch(from, to)...)
		from = to
	}
	return list
}

// interrupted reports whether a silent change stands before the row.
func (d *drawing) interrupted(row int) bool {
	for _, m := range d.margins {
		for _, s := range m.silent {
			if s.before == row {
				return true
			}
		}
	}
	return false
}

// stretch arranges rows that may all be folded.
func (d *drawing) stretch(from, to int) (list []item) {
	for from < to {
		c := d.class(from)
		end := from + 1
		for end < to && (d.class(end) == probes) == (c == probes) {
			end++
		}
		if c == probes {
			silence := d.silence(from, end)
			list = append(append(list, d.fold(from, silence)...), d.fold(silence, end)...)
		} else {
			list = append(list, d.mixed(from, end)...)
		}
		from = end
	}
	return list
}

// silence is where, in a row of probes, those begin that nothing answers any
// more.
func (d *drawing) silence(from, to int) int {
	last := d.Segments[to-1].From
	for to > from && d.Segments[to-1].From == last && d.Segments[to-1].Kind == "keepalive probe" {
		to--
	}
	return to
}

// mixed arranges data and what went wrong with it: a few odd segments are
// drawn, with the plain ones between them folded; of many, only the first
// and the last.
func (d *drawing) mixed(from, to int) (list []item) {
	var odds []int
	for row := from; row < to; row++ {
		if d.class(row) == odd {
			odds = append(odds, row)
		}
	}
	if len(odds) > maxOdd {
		head, tail := odds[oddHead], odds[len(odds)-oddTail]
		return append(append(d.mixed(from, head), item{kind: folded, from: head, to: tail}), d.mixed(tail, to)...)
	}
	for _, row := range append(odds, to) {
		list = append(list, d.plain(from, row)...)
		if row < to {
			list = append(list, item{from: row, to: row + 1})
		}
		from = row + 1
	}
	return list
}

// plain folds data between two pauses; where there are many pauses, over
// them.
func (d *drawing) plain(from, to int) (list []item) {
	cuts := []int{from}
	for row := from + 1; row < to; row++ {
		if d.Segments[row].Time.Sub(d.Segments[row-1].Time) >= splitPause {
			cuts = append(cuts, row)
		}
	}
	if len(cuts)-1 > maxPauses {
		return d.fold(from, to)
	}
	for i, cut := range cuts {
		end := to
		if i+1 < len(cuts) {
			end = cuts[i+1]
		}
		list = append(list, d.fold(cut, end)...)
	}
	return list
}

// fold makes one item of enough rows.
func (d *drawing) fold(from, to int) (list []item) {
	if to-from >= minFold {
		return []item{{kind: folded, from: from, to: to}}
	}
	for row := from; row < to; row++ {
		list = append(list, item{from: row, to: row + 1})
	}
	return list
}
