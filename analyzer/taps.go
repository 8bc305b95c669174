package analyzer

import (
	"slices"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/wire"
)

// taps says, of a connection that is seen at a second tap, what is known of both:
// for each end how many of its segments came again, and the smallest and largest
// delay between the taps.
type taps struct {
	copies   [2]uint32
	min, max [2]int64
	ttl      [2]int // difference of the hop limits, of the last copy
	ref      [2]wire.FrameRef
	// near and far are the files (the lower bits of their index) in which an end's
	// segments come first, and again; mixed says that they did not keep to that.
	near, far [2]uint8
	mixed     bool
	heard     [2]moment // an end's last segment in far
	missed    [2]bool   // far has segments of an end that near has not
	acks      []twice   // of the ACKs that may have completed the handshake
	// came are the segments near their sender that came to the other tap, of those that
	// may have changed a state; all says that there was no room for more.
	came []wire.FrameRef
	all  bool
}

// twice is a segment in the file near its sender, and in the one near its receiver.
type twice struct{ near, far moment }

// follow notes that a segment of x came first in one file, and again in another.
func (t *taps) follow(x uint8, first, again uint8) {
	if t.copies[x] == 0 {
		t.near[x], t.far[x] = first, again
	}
	t.mixed = t.mixed || t.near[x] != first || t.far[x] != again
}

// bothEnds returns what is known of the taps if there is one near each end, in a file
// of its own, and the clocks agree well enough to tell: what an end sends comes in the
// one first, what it receives in the other (D5). Else nil.
func (c *connection) bothEnds() *taps {
	if c.flags&tappedTwice == 0 {
		return nil
	}
	t := c.x.taps
	if t.mixed || t.copies[0] == 0 || t.copies[1] == 0 || t.near[0] == t.far[0] || t.near[0] != t.far[1] || t.near[1] != t.far[0] {
		return nil
	}
	return t
}

// atReceiver reports whether a frame with a segment of x lies in the file of the tap near
// its receiver. Of a segment that is no copy that means: it came there, and the tap near x
// has not shown it.
func (c *connection) atReceiver(x uint8, ref wire.FrameRef) bool {
	t := c.bothEnds()
	return t != nil && t.far[x] == uint8(ref.File())
}

// hear notes s, perhaps a copy, as what came to the tap near its receiver.
func (c *connection) hear(s *wire.Segment, kind copyKind) {
	if !c.atReceiver(s.Dir, s.Ref) {
		return
	}
	t := c.x.taps
	t.heard[s.Dir] = moment{s.Ref, s.Time}
	if kind != original {
		c.breaksSilence(s, c.look(c.peer(s.Dir)).unansweredAt.Less(s.Ack))
		return
	}
	c.arrived(s) // or it is a copy that is too late to be known as one
	t.missed[s.Dir] = t.missed[s.Dir] || s.Flags&wire.RST == 0
}

// mayBeLost reports whether s is in the capture near its sender, so that the one near its
// receiver will tell whether it came.
func (c *connection) mayBeLost(s *wire.Segment) bool {
	t := c.bothEnds()
	return t != nil && t.near[s.Dir] == uint8(s.Ref.File())
}

// lastBefore is when the last segment of y passed the tap that has s, a segment of the
// other end: what answers what is timed there, for between the taps lies the path.
func (c *connection) lastBefore(y uint8, s *wire.Segment) int64 {
	t := c.bothEnds()
	if t != nil && t.far[y] == uint8(s.Ref.File()) && t.heard[y].ref != 0 {
		return t.heard[y].t
	}
	return c.ep[y].lastTime
}

// onlyCame reports whether s, a RST, is in the capture near its receiver, and neither it nor
// one that is alike in the one near its sender, which has missed nothing else.
func (c *connection) onlyCame(s *wire.Segment) bool {
	return c.atReceiver(s.Dir, s.Ref) && !c.x.taps.missed[s.Dir] && !slices.ContainsFunc(c.x.resets, func(r reset) bool {
		return r.side == s.Dir && r.seq == s.Seq && r.ack == s.Ack && r.ref != s.Ref && !c.atReceiver(r.side, r.ref)
	})
}

// arrived notes that s, a copy, came to its receiver's tap, if what it is a copy of brought
// something that is pending, or was struck. Which of several that are alike it was does
// not matter: they say the same.
func (c *connection) arrived(s *wire.Segment) {
	const several = 32
	if c.ep[c.peer(s.Dir)].open == 0 && len(c.x.refuted) == 0 {
		return
	}
	is := func(e *event) bool {
		return e.side == c.peer(s.Dir) && receipts.has(e.sym) && (e.sym == fsm.RcvRST) == s.Flags.Has(wire.RST) &&
			e.t <= s.Time && e.ack == s.Ack && e.tsval == s.Options.TSVal
	}
	t := c.x.taps
	note := func(e *event) {
		switch {
		case slices.Contains(t.came, e.ref):
			return
		case len(t.came) >= several:
			t.all = true
			return
		}
		t.came = append(t.came, e.ref)
		if e.sym == fsm.RcvACKOfSYN && e.basis == assumed {
			t.acks = append(t.acks, twice{moment{e.ref, e.t}, moment{s.Ref, s.Time}})
		}
	}
	for i := range c.events {
		if is(&c.events[i]) {
			note(&c.events[i])
		}
	}
	for i := range c.x.refuted {
		if is(&c.x.refuted[i].event) {
			note(&c.x.refuted[i].event)
		}
	}
}

// alive is the last time at which the tap near x is known to have captured, perhaps by
// what it has of other connections: ends has the last of each file, if the input has ended.
func (c *connection) alive(x uint8, ends []int64) int64 {
	t, y := c.x.taps, c.peer(x)
	last := t.heard[y].t
	if ep := &c.ep[x]; uint8(ep.lastRef.File()) == t.near[x] {
		last = max(last, ep.lastTime)
	}
	if n := int(t.near[x]); n < len(ends) && len(ends) <= 256 {
		last = max(last, ends[n])
	}
	return last
}

// unrepeated are receipts of which only the taps tell that they were none. Of an ACK of a FIN
// the FIN tells, which comes again, and a capture loses frames, too.
var unrepeated = setOf(fsm.RcvSYNACK, fsm.RcvACKOfSYN, fsm.RcvFIN, fsm.RcvRST)

// compareTaps strikes, before c becomes final, what an end is only assumed to have
// received, or to have sent, if its own tap does not have it and has captured on (D5).
func (c *connection) compareTaps(ends []int64) {
	if c.bothEnds() == nil || c.flags&supersededFlag != 0 {
		return // what took its place says how it ended
	}
	for i := 0; i < len(c.events); {
		e := &c.events[i]
		x := e.side
		lost := e.basis == assumed && unrepeated.has(e.sym) && c.neverCame(e, c.alive(x, ends)) && c.idleSince(i)
		unsent := e.basis == assumed && e.sym == fsm.SndRST && c.neverSent(c.resetOf(e.ref), ends)
		if lost || unsent {
			c.remove(i)
			continue
		}
		i++
	}
	for i := range c.x.resets {
		if r := &c.x.resets[i]; c.neverSent(r, ends) {
			r.foreign = true
		}
	}
}

// idleSince reports whether nothing is known of an end after event i but what it may have
// received: what it did was judged by the state in which it seemed to be.
func (c *connection) idleSince(i int) bool {
	return !slices.ContainsFunc(c.events[i+1:], func(o event) bool { return o.side == c.events[i].side && o.basis != assumed })
}

// neverCame reports whether e, an assumed receipt, is of a segment that the tap near its
// sender has and the one near its receiver not, although that has captured until alive.
func (c *connection) neverCame(e *event, alive int64) bool {
	t, x := c.x.taps, c.peer(e.side)
	slowest := max(t.max[x], -t.min[x])
	return uint8(e.ref.File()) == t.near[x] && !t.all && !slices.Contains(t.came, e.ref) && alive > e.t+2*slowest+lanGap
}

// neverSent reports whether r, a RST that only the tap near its receiver has, would be in
// the capture near its sender, which has captured on and missed nothing else.
func (c *connection) neverSent(r *reset, ends []int64) bool {
	return r != nil && r.signs&detect.SignNotSent != 0 && c.alive(r.side, ends) > r.t
}

// fileEnds is the time of the last packet of each input.
type fileEnds []int64

// see takes a packet, of whatever outcome, if there are several inputs.
func (l *fileEnds) see(s *wire.Segment, files int) {
	if files < 2 {
		return
	}
	n := s.Ref.File()
	for len(*l) <= n {
		*l = append(*l, 0)
	}
	(*l)[n] = max((*l)[n], s.Time)
}
