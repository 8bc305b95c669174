package analyzer

import (
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
	acks      []twice   // of the ACKs that may have completed the handshake
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
func (c *connection) hear(s *wire.Segment) {
	if c.atReceiver(s.Dir, s.Ref) {
		c.x.taps.heard[s.Dir] = moment{s.Ref, s.Time}
	}
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

// ackCame notes that s, the copy of what old is, came to its receiver's tap, if it is
// pending as what completed the handshake.
func (c *connection) ackCame(old *recent, s *wire.Segment) {
	const several = 8
	t, y := c.x.taps, c.peer(s.Dir)
	if !c.ep[y].open.has(fsm.RcvACKOfSYN) || len(t.acks) >= several {
		return
	}
	for i := range c.events {
		e := &c.events[i]
		if e.side == y && e.sym == fsm.RcvACKOfSYN && uint32(e.t/1000) == old.t && uint8(e.ref.File()) == old.file {
			t.acks = append(t.acks, twice{moment{e.ref, e.t}, moment{s.Ref, s.Time}})
		}
	}
}
