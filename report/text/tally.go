package text

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

const (
	maxTally = 12 // rows of a table of counts
	maxName  = 24 // columns of a name in it
)

// tally prints how connections opened and closed, who closed first, and the
// states at the end, side by side as far as the width goes. One connection
// speaks for itself.
func (t *Text) tally() {
	s := t.Summary
	if s == nil || s.Connections < 2 {
		return
	}
	pieces := []piece{
		t.counts("opened", s.ByOpen, func(k string) cell { return plainCell(t.opt.Clean(words.Opened(k))) }),
		t.counts("closed", s.ByClose, func(k string) cell { return plainCell(t.opt.Clean(words.Closed(k))) }),
		t.counts("first closer", s.ByFirstCloser, func(k string) cell { return plainCell(t.opt.Clean(k)) }),
		t.counts("states at the end", s.StatesAtEnd, func(k string) cell {
			return cell{t.opt.StateName(k, false), t.opt.State(k, false)}
		}),
	}
	if len(s.ByResetCause) > 0 {
		pieces = append(pieces, t.counts("why reset", s.ByResetCause, func(k string) cell { return plainCell(t.opt.Clean(k)) }))
	}
	for len(pieces) > 0 {
		n := 1
		for n < len(pieces) && width(beside(pieces[:n+1])) <= t.opt.Columns() {
			n++
		}
		t.beside(pieces[:n])
		pieces = pieces[n:]
	}
}

// piece is a table of counts: names and numbers.
type piece struct {
	columns []column
	rows    [][]cell
}

func (t *Text) counts(head string, m map[string]int, name func(string) cell) piece {
	var p piece
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
	})
	rest, number := 0, 0
	for _, k := range keys {
		number = max(number, term.Width(words.Count(m[k])))
	}
	most := min(maxName, t.opt.Columns()-margin-gap-number)
	p.columns = []column{{head: term.Fit(head, most)}, {right: true}}
	for i, k := range keys {
		if i >= maxTally && len(keys) > maxTally+1 {
			rest += m[k]
			continue
		}
		p.rows = append(p.rows, []cell{fitCell(name(k), most), plainCell(words.Count(m[k]))})
	}
	if rest > 0 {
		p.rows = append(p.rows, []cell{plainCell("others"), plainCell(words.Count(rest))})
	}
	if len(p.rows) == 0 {
		p.rows = [][]cell{{plainCell("none"), plainCell("")}}
	}
	for _, r := range p.rows {
		widen(p.columns, r)
	}
	return p
}

func beside(pieces []piece) (columns []column) {
	for i, p := range pieces {
		columns = append(columns, p.columns...)
		if i < len(pieces)-1 {
			columns = append(columns, column{}) // some more space
		}
	}
	return columns
}

func (t *Text) beside(pieces []piece) {
	height := 0
	for _, p := range pieces {
		height = max(height, len(p.rows))
	}
	rows := make([][]cell, height)
	for i := range rows {
		for j, p := range pieces {
			if i < len(p.rows) {
				rows[i] = append(rows[i], p.rows[i]...)
			} else {
				rows[i] = append(rows[i], cell{}, cell{})
			}
			if j < len(pieces)-1 {
				rows[i] = append(rows[i], cell{})
			}
		}
	}
	for _, l := range t.lines(beside(pieces), rows) {
		t.line(l)
	}
	t.line("")
}

// fitCell bounds a name, which comes from the records.
func fitCell(c cell, most int) cell {
	if term.Width(c.text) <= most {
		return c
	}
	return plainCell(term.Fit(c.text, most))
}
