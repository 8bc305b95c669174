package oracle

import (
	"fmt"

	"github.com/lastack/lastack/wire"
)

// acceptable is the first step of 3.10.7.4, table 6, with RCV.NXT anywhere in
// its range and the right edge where it was furthest. What straddles the left
// edge is trimmed, and ACKs and RSTs get the "special allowance" at a window
// of zero.
func (e *endpoint) acceptable(s *wire.Segment, o *outcome) bool {
	lo, ok := e.rcvLow()
	if !ok {
		o.unsure = "RCV.NXT is not known"
		return true
	}
	if e.crossedSynAck(s) {
		return true
	}
	last := s.Seq
	if n := s.SegLen(); n > 0 {
		last = s.Seq.Add(n - 1)
	}
	return lo.LessEq(last) && (!e.hasEdge || s.Seq.Less(e.edge) || s.Seq.LessEq(e.rcvNext()))
}

// window tells the numbers of a failed test, relative to RCV.NXT.
func (e *endpoint) window(s *wire.Segment) string {
	lo, _ := e.rcvLow()
	text := fmt.Sprintf("SEG.SEQ %+d, SEG.LEN %d of RCV.NXT", s.Seq.Diff(lo), s.SegLen())
	if e.hasEdge {
		text += fmt.Sprintf(", right edge %+d", e.edge.Diff(lo))
	}
	return text
}

// near reports whether a number can be of the same connection as another: at
// most a large window away.
func near(a, b wire.Seq) bool {
	d := a.Diff(b)
	return -1<<28 < d && d < 1<<28
}

// follows reports whether a number can be of the connection that began with
// an initial sequence number.
func follows(seq, isn wire.Seq) bool { return isn.LessEq(seq) && near(seq, isn) }
