package ladder

import (
	"sort"

	"github.com/lastack/lastack/report"
)

// change is a state that a margin shows.
type change struct {
	state   string
	assumed bool
	proof   bool // entered before, proved here
}

// silentChange is a change that no drawn segment shows: it stands on a line
// of its own before a row.
type silentChange struct {
	before     int
	transition *report.Transition
}

// margin has one side's changes by row, in order, and its silent ones.
type margin struct {
	rows   map[int][]change
	silent []silentChange
}

// frameKey names a frame of one of several files.
type frameKey struct {
	file  int
	frame uint64
}

func key(frame *uint64, file *int) frameKey {
	k := frameKey{frame: *frame}
	if file != nil {
		k.file = *file
	}
	return k
}

// rowsByFrame finds a segment's row by its frame.
func rowsByFrame(segments []report.Segment) map[frameKey]int {
	rows := make(map[frameKey]int, len(segments))
	for i := range segments {
		k := frameKey{segments[i].File, segments[i].Frame}
		if _, twice := rows[k]; !twice {
			rows[k] = i
		}
	}
	return rows
}

// readMargins places the transitions of both ends at the segments. The list
// is in the order in which the states were, so a transition whose frame is
// earlier than that of the one before it (a receipt that a later segment
// proved to have been put off) goes to the row of the one before.
func readMargins(l *report.Ladder) [2]margin {
	p := placing{Ladder: l, rows: rowsByFrame(l.Segments)}
	return [2]margin{p.margin(report.Client), p.margin(report.Server)}
}

type placing struct {
	*report.Ladder
	rows map[frameKey]int
}

// placed is a transition with its place: at a row or, silent, before it.
type placed struct {
	*report.Transition
	row    int
	silent bool
}

func (p *placing) margin(side report.Side) margin {
	m := margin{rows: map[int][]change{}}
	list := p.place(side)
	p.initial(&m, side, list)
	for i, t := range list {
		if t.silent {
			m.silent = append(m.silent, silentChange{t.row, t.Transition})
			continue
		}
		proved := t.proofRow(p.rows)
		doubt := t.Basis == "assumed" || t.Basis == "confirmed" && proved > t.row
		m.rows[t.row] = append(m.rows[t.row], change{state: t.To, assumed: doubt})
		if doubt && proved > t.row && (i+1 == len(list) || proved < list[i+1].row) {
			m.rows[proved] = append(m.rows[proved], change{state: t.To, proof: true})
		}
	}
	return m
}

// place finds the rows, none before that of the transition before it.
func (p *placing) place(side report.Side) (list []placed) {
	row, before := 0, 0 // the least that the next may have
	for i := range p.Connection.Transitions {
		t := &p.Connection.Transitions[i]
		if t.Side != side || t.Momentary {
			continue
		}
		if t.Frame != nil {
			if at, ok := p.rows[key(t.Frame, t.File)]; ok {
				row = max(row, at)
				before = row + 1
				list = append(list, placed{t, row, false})
				continue
			}
		}
		row = max(before, p.rowAt(t))
		before = row
		list = append(list, placed{t, row, true})
	}
	return list
}

// rowAt is the first row after the moment of a silent transition or, where
// that is not known, after the last moment that it can have had.
func (p *placing) rowAt(t *report.Transition) int {
	at := t.T
	if at == nil {
		at = t.NotAfter
	}
	if at == nil {
		return len(p.Segments)
	}
	return sort.Search(len(p.Segments), func(i int) bool {
		if t.T == nil {
			return !p.Segments[i].Time.Before(*at) // it ended what then came
		}
		return p.Segments[i].Time.After(*at)
	})
}

// proofRow is the row of the segment that proves a transition, -1 for none.
func (t *placed) proofRow(rows map[frameKey]int) int {
	if t.ConfirmedFrame == nil {
		return -1
	}
	if row, ok := rows[key(t.ConfirmedFrame, t.ConfirmedFile)]; ok {
		return row
	}
	return -1
}

// initial shows a state from the start where the first segments change
// nothing: one that was there before the capture.
func (p *placing) initial(m *margin, side report.Side, list []placed) {
	c := p.Connection
	if c.Client == c.Server && side == report.Server || len(p.Segments) == 0 {
		return // a connection with itself has one end
	}
	state := c.Endpoint(side).State
	if len(list) > 0 {
		state = list[0].From
		if t := p.first(side); t != nil {
			state = t.From
		}
		if state == "CLOSED" || state == "LISTEN" || list[0].row == 0 && state == list[0].From {
			return
		}
	}
	m.rows[0] = append(m.rows[0], change{state: state})
}

// first is the first transition of a side, momentary ones included.
func (p *placing) first(side report.Side) *report.Transition {
	for i := range p.Connection.Transitions {
		if t := &p.Connection.Transitions[i]; t.Side == side {
			return t
		}
	}
	return nil
}

// states lists the states that a margin shows.
func (m *margin) states() (list []string) {
	for _, changes := range m.rows {
		for _, c := range changes {
			list = append(list, c.state)
		}
	}
	for _, s := range m.silent {
		list = append(list, s.transition.To)
	}
	return list
}

// turns reports whether a row enters a state, more than proving one.
func (m *margin) turns(row int) bool {
	for _, c := range m.rows[row] {
		if !c.proof {
			return true
		}
	}
	return false
}
