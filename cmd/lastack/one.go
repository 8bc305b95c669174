package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lastack/lastack/report"
)

// oneConnection is the sink for --conn: it watches for one connection's
// records, and at the end it has the ladder drawn.
type oneConnection struct {
	id    uint64
	next  report.Sink // where the records go; nil: nowhere
	alone bool        // next gets no other connection's
	// draw and last, if not nil, draw the ladder that segments returns, before
	// and after next is closed.
	draw, last func(*report.Ladder) error
	segments   func() *report.Ladder

	capture  *report.Capture
	findings []*report.Finding
	seen     bool
	others   []uint64 // the first ids, to say what there is
}

// maxOthers is how many ids the error names when there is no such connection.
const maxOthers = 8

// Add takes one record.
func (o *oneConnection) Add(rec report.Record) error {
	if concerns := o.concerns(rec); o.next == nil || o.alone && !concerns {
		return nil
	}
	return o.next.Add(rec)
}

// concerns reports whether rec is about the connection, and keeps what the
// ladder needs of it.
func (o *oneConnection) concerns(rec report.Record) bool {
	switch r := rec.(type) {
	case *report.Capture:
		o.capture = r
	case *report.Connection:
		o.seen = o.seen || r.ID == o.id
		if len(o.others) < maxOthers {
			o.others = append(o.others, r.ID)
		}
		return r.ID == o.id
	case *report.Finding:
		if !slices.Contains(r.Connections, o.id) {
			return false
		}
		f := *r // r is only lent
		o.findings = append(o.findings, &f)
	}
	return true
}

// Close draws the ladder and closes what is below. That there is no such
// connection is an error.
func (o *oneConnection) Close() error {
	var err error
	if !o.seen {
		err = o.unknown()
	}
	err = firstOf(err, o.ladder(o.draw))
	if o.next != nil {
		err = firstOf(err, o.next.Close())
	}
	return firstOf(err, o.ladder(o.last))
}

// ladder has the ladder drawn, if it is asked for and there is one.
func (o *oneConnection) ladder(draw func(*report.Ladder) error) error {
	if draw == nil {
		return nil
	}
	l := o.segments()
	if l == nil {
		return nil
	}
	o.complete(l)
	return draw(l)
}

// complete adds to a ladder what the analyzer does not know.
func (o *oneConnection) complete(l *report.Ladder) {
	l.Findings = o.findings
	if o.capture == nil {
		return
	}
	l.Assumptions = &o.capture.Assumptions
	for _, f := range o.capture.Files {
		l.Files = append(l.Files, f.Name)
	}
}

func (o *oneConnection) unknown() error {
	if len(o.others) == 0 {
		return fmt.Errorf("there is no connection %d: there are none", o.id)
	}
	list := make([]string, len(o.others))
	for i, id := range slices.Sorted(slices.Values(o.others)) {
		list[i] = strconv.FormatUint(id, 10)
	}
	text := strings.Join(list, ", ")
	if len(list) == maxOthers {
		text += ", ..."
	}
	return fmt.Errorf("there is no connection %d; there are %s", o.id, text)
}
