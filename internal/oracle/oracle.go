package oracle

import (
	"fmt"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// Violation is one thing in a record that cannot be so.
type Violation struct {
	Side       report.Side // whose; empty when it concerns the connection
	Transition int         // index in the record's transitions, -1 for none
	Frame      uint64      // frame in its file, 0 for none
	Rule       string      // section of RFC 9293, or of records.md or inference.md
	Text       string
}

// String writes the violation on one line.
func (v Violation) String() string {
	s := string(v.Side)
	if v.Transition >= 0 {
		s += fmt.Sprintf(" transition %d", v.Transition)
	}
	if v.Frame != 0 {
		s += fmt.Sprintf(" frame %d", v.Frame)
	}
	return fmt.Sprintf("%s [%s] %s", s, v.Rule, v.Text)
}

// Result is what an examination found: what is wrong, and what had to be let
// pass because the segments do not tell.
type Result struct {
	Violations []Violation
	Unverified []Violation
}

// Checker holds what a record does not tell of the analysis. Its zero value
// fits an analyzer with default options.
type Checker struct {
	// TwoMSL is how long TIME-WAIT lasts; 0 is Linux's 60 s.
	TwoMSL time.Duration
}

// linuxTwoMSL is TCP_TIMEWAIT_LEN.
const linuxTwoMSL = 60 * time.Second

// Check validates a record against the segments of its four-tuple, in the
// order of the capture, with a zero Checker.
func Check(conn *report.Connection, segs []wire.Segment) []Violation {
	return Checker{}.Examine(conn, segs).Violations
}

// Examine validates a record against the segments of its four-tuple, in the
// order of the capture: those from the record's first frame to its last, and
// beyond it those that transitions cite. Segments of other incarnations may be
// among them.
func (k Checker) Examine(conn *report.Connection, segs []wire.Segment) Result {
	if k.TwoMSL == 0 {
		k.TwoMSL = linuxTwoMSL
	}
	c := newExam(conn, segs, k.TwoMSL)
	c.continuity()
	c.bases()
	for side := range c.sides {
		c.replay(side)
	}
	c.closing()
	c.lists()
	c.counters()
	return c.result
}
