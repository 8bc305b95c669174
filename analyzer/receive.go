package analyzer

import (
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// received gives Y the symbols of s, as far as it may process it, in the order
// of RFC 9293 section 3.10.7.4: RST, SYN, ACK, FIN. They are receipts: assumed
// until Y's later segments prove them.
func (c *connection) received(y uint8, s *wire.Segment) {
	if c.ep[s.Dir].sp.Has(reassembly.KnownFIN) {
		c.finWhole(s)
	}
	ep := &c.ep[y]
	if ep.shown.Is(fsm.TimeWait) && s.Flags&(wire.ACK|wire.RST) == wire.ACK {
		c.twFrom[y] = s.Time // Linux restarts 2MSL on every segment with ACK
	}
	if s.Flags.Has(wire.RST) {
		c.receivedRST(y, s)
		return
	}
	if ep.proved.Is(fsm.Closed) {
		return
	}
	if c.ep[s.Dir].sp.Repeats >= deadAfter {
		if c.mayProcess(y, s) {
			c.receivedACK(y, s)
		}
		return
	}
	if !c.mayProcess(y, s) {
		return
	}
	was := ep.shown
	if s.Flags.Has(wire.SYN | wire.ACK) {
		if ep.shown.Intersects(fsm.Of(fsm.SynSent, fsm.SynReceived)) || ep.open.has(fsm.RcvSYNACK) {
			c.receive(y, fsm.RcvSYNACK, s)
		}
	} else if !s.Flags.Has(wire.SYN) {
		c.receivedACK(y, s)
		c.receivedFIN(y, s)
	}
	if ep.shown.Is(fsm.TimeWait) && !was.Is(fsm.TimeWait) {
		c.twFrom[y] = s.Time
	}
}

// mayProcess reports whether Y may process s (inference.md section 2): R1 to
// R3, and R10 in SYN-SENT.
func (c *connection) mayProcess(y uint8, s *wire.Segment) bool {
	own, rev := &c.ep[s.Dir].sp, &c.ep[y].sp
	if !s.Flags.Has(wire.ACK) {
		return s.Flags.Has(wire.SYN) // R1
	}
	if c.ep[y].shown.Is(fsm.SynSent) {
		return s.Flags.Has(wire.SYN) && rev.ISS.Less(s.Ack) && s.Ack.LessEq(rev.Next)
	}
	if own.Has(reassembly.KnownUna) && s.End().Less(own.Una) {
		return false // R2: nothing of it is new
	}
	if own.Has(reassembly.KnownRight|reassembly.KnownUna) && own.Right.Less(s.Seq) {
		return false // R2: beyond the window
	}
	if rev.Has(reassembly.KnownNext) && rev.Next.Less(s.Ack) {
		return false // R3: acknowledges what was never sent
	}
	return !c.oldTimestamp(own, s)
}

// oldTimestamp is PAWS: a TSval older than the one taken at the left edge
// (RFC 7323 section 5.3).
func (c *connection) oldTimestamp(own *reassembly.Space, s *wire.Segment) bool {
	return s.Options.Has&wire.OptTimestamps != 0 && own.Has(reassembly.KnownTS) &&
		int32(s.Options.TSVal-own.TSRecent) < 0
}

// receivedACK: the ACK of Y's SYN,ACK and that of its FIN.
func (c *connection) receivedACK(y uint8, s *wire.Segment) {
	rev := &c.ep[y].sp
	if c.awaitsHandshake(y) && rev.Has(reassembly.KnownISS) && rev.ISS.Less(s.Ack) && s.Ack.LessEq(rev.Next) {
		c.receive(y, fsm.RcvACKOfSYN, s)
	}
	if rev.FINAcked(s.Ack) && c.kinds[y].has(fsm.SndFIN) {
		c.receive(y, fsm.RcvACKOfFIN, s)
	}
}

// awaitsHandshake reports whether Y answered a SYN and nothing has proved yet
// that its SYN,ACK was acknowledged.
func (c *connection) awaitsHandshake(y uint8) bool {
	ep := &c.ep[y]
	return ep.shown.Is(fsm.SynReceived) || ep.open.has(fsm.RcvACKOfSYN)
}

// finWhole notes the segment with which everything up to X's FIN, which is known, has been
// captured: the one that completes it for Y (R5).
func (c *connection) finWhole(s *wire.Segment) {
	ep := &c.ep[s.Dir]
	if own := &ep.sp; ep.fin.ref == 0 || ep.has(finWhole) || !own.Whole(own.FIN.Add(1)) {
		return
	}
	ep.flags |= finWhole
	if ep.fin.ref != s.Ref {
		c.more(s.Dir).finDone = moment{s.Ref, s.Time}
	}
}

// receivedFIN: X's FIN takes effect at Y when every octet before it is there
// (R5): with the FIN itself, or with the segment that fills the last hole.
func (c *connection) receivedFIN(y uint8, s *wire.Segment) {
	own := &c.ep[s.Dir].sp
	if !own.Has(reassembly.KnownFIN) || !c.ep[s.Dir].has(finWhole) {
		return
	}
	carries := s.Flags.Has(wire.FIN) && s.FINSeq() == own.FIN
	if !carries && c.look(s.Dir).finDone.ref != s.Ref {
		return
	}
	if carries && own.Has(reassembly.KnownRight|reassembly.KnownUna) && s.Len > 0 && own.Right.Less(s.End()) {
		return // the window's edge trims it
	}
	c.receive(y, fsm.RcvFIN, s)
	if !c.closedBefore(s.Dir) {
		return
	}
	if i := c.findRef(y, fsm.RcvFIN, s.Ref); i >= 0 {
		c.events[i].also = fsm.Of(fsm.Closing, fsm.TimeWait)
		c.refold(y)
	}
}
