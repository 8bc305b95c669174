package analyzer

import (
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// An end that has called close() is in FIN-WAIT-1 although its FIN waits behind
// data that it cannot send yet (C8), and no packet tells. A FIN of the peer
// that arrives meanwhile takes it to CLOSING, not to CLOSE-WAIT.

// firstFlight is how many segments a sender may have under way before anything
// else than the window holds it back (RFC 6928); after a loss it is one.
const firstFlight = 10

// busy reports whether an end that has octets more under way than was captured
// may have data to send that wait: for a window to open, or for ACKs, because a
// whole flight is under way, or some of it, after a loss. Otherwise a FIN
// leaves at once.
func (c *connection) busy(side uint8, octets uint32) bool {
	sp := &c.ep[side].sp
	if !sp.Has(reassembly.KnownUna | reassembly.KnownNext) {
		return false
	}
	segment := max(uint32(c.ep[c.peer(side)].mss), 536)
	flight := uint32(max(sp.Next.Diff(sp.Una), 0)) + octets
	// What a sender waits for (RFC 1122 section 4.2.3.4): room for a segment, or
	// half of the largest window.
	room := uint32(1)
	if sp.Has(reassembly.KnownRight) {
		room = max(min(segment, sp.Widest()/2), 1)
	}
	return sp.Wnd < flight+room || flight > (firstFlight-1)*segment || flight > 0 && c.look(side).retransmits > 0
}

// backlog notes, before s is recorded, what it says of data that wait: those of
// Y when X sends its FIN; those of X that cross a FIN of Y, and those that never
// reached the tap.
func (c *connection) backlog(s *wire.Segment, p *reassembly.Placement) {
	x, y := s.Dir, c.peer(s.Dir)
	own, peer := &c.ep[x], &c.ep[y]
	lost := peer.has(repeating) // the ACKs that were captured of its data
	if s.Flags.Has(wire.FIN) && !peer.sp.Has(reassembly.KnownFIN) && (c.busy(y, 0) || lost) {
		peer.flags |= mayHaveClosed
	}
	if own.sp.Has(reassembly.KnownFIN) {
		return
	}
	crosses := p.NewOctets > 0 && !peer.sp.FINAcked(s.Ack) && c.busy(x, s.Len)
	missed := own.sp.Has(reassembly.KnownNext) && own.sp.Next.Less(s.Seq)
	switch {
	case peer.sp.Has(reassembly.KnownFIN) && (crosses || missed):
		own.flags |= mayHaveClosed
	case own.has(mayHaveClosed) && c.idle(x, s.Time):
		own.flags &^= mayHaveClosed
	}
}

// idle reports whether an end that had closed would have sent its FIN by t:
// nothing is left that could wait, and it has had time to hear so.
func (c *connection) idle(side uint8, t int64) bool {
	return !c.ep[side].sp.Outstanding() && !c.busy(side, 0) && t-c.ep[c.peer(side)].lastTime > c.guard(side)
}

// closedUnseen reports whether an end that seems to have been in CLOSE-WAIT may
// have closed before, as far as is known at t.
func (c *connection) closedUnseen(side uint8, t int64) bool {
	ep := &c.ep[side]
	return ep.has(finMayBeMissed) || ep.has(mayHaveClosed) && (ep.sp.Has(reassembly.KnownFIN) || !c.idle(side, t))
}

// unsure reports whether a transition that is proved may have led elsewhere:
// past a close that no packet shows, or, in FIN-WAIT-1, by a FIN that came so
// late that the ACK captured after it may have overtaken it.
func (tr *transition) unsure(closedUnseen bool) bool {
	return closedUnseen && tr.to.Intersects(afterFIN) || tr.slow && tr.to.Is(fsm.Closing)
}

// afterFIN are the states of an end whose peer closed first.
var afterFIN = fsm.Of(fsm.CloseWait, fsm.LastAck)
