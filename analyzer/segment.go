package analyzer

import (
	"math"
	"slices"
	"time"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// add runs one segment through the connection it belongs to: X is its sender,
// Y the other end. The order is that of docs/inference.md: what it says of X's
// past, what X did, whether Y may process it, what Y then received.
func (c *connection) add(s *wire.Segment) reassembly.Placement {
	x, y := s.Dir, c.peer(s.Dir)
	own, peer := &c.ep[x], &c.ep[y]
	bad := s.Flags&(wire.SYN|wire.FIN|wire.RST) != 0 && c.badChecksum(s)
	c.compat(s, bad)
	if silence := s.Time - own.lastTime; silence >= shortPause && !s.Flags.Has(wire.RST) {
		own.spokeAfter(silence)
	}
	p := c.placed(s)
	switch {
	case bad:
		c.note(detect.BadChecksum, x, s, 0)
		p.NewOctets = 0
		c.count(s, &p)
		return p // its receiver dropped it
	case c.strange(s):
		c.note(detect.Strange, x, s, 0)
		p.NewOctets = 0
		c.count(s, &p)
		c.received(y, s)
		return p
	}
	c.count(s, &p)
	var behind []event
	if !c.stale(s, &p) {
		if c.x != nil || own.sp.Has(reassembly.KnownFIN) {
			c.wake(s)
			c.disproveUnseen(s, &p)
		}
		behind = c.life(s)
	}
	if p.Kind > reassembly.New {
		c.repeated(s, &p)
	}
	if !s.Flags.Has(wire.RST) { // whose numbers answer, or are anyone's: they are not the space's
		c.spaces(s, &p)
	}
	c.sent(s, &p)
	if own.sp.Has(reassembly.KnownFIN) || peer.finAck.ref != 0 {
		c.fills(s, &p)
		c.halfClosed(s, &p)
	}
	for _, e := range behind {
		c.push(e)
	}
	c.received(y, s)
	c.speak(s, &p)
	return p
}

// begin is add for the first segment of a connection that is a SYN and nothing else:
// there is nothing yet that it could tell something of.
func (c *connection) begin(s *wire.Segment) {
	own, peer := &c.ep[s.Dir], &c.ep[c.peer(s.Dir)]
	own.remember(s, signature(s), c.trail)
	p := own.sp.Place(s, &peer.sp, 0)
	c.compat(s, false)
	c.count(s, &p)
	own.sp.Send(s, &p)
	peer.sp.Receive(s)
	c.sentSYN(s)
	own.spoke(s, c.trail)
}

// placed is where s lies in the sequence space of its sender.
func (c *connection) placed(s *wire.Segment) reassembly.Placement {
	ep := &c.ep[s.Dir]
	own := &ep.sp
	switch {
	case s.Flags.Has(wire.SYN) && !own.Begins(s.Seq):
		own.Restart()
	case s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK && s.Len == 0:
		own.Unsent(s.Seq)
	}
	p := own.Place(s, &c.ep[c.peer(s.Dir)].sp, ep.lastTime)
	if s.Flags.Has(wire.SYN|wire.ACK) && ep.syn.ref != 0 && !ep.has(synAckSeen) {
		p.Kind = reassembly.Pure // the answer of an end that had sent a SYN, which it repeats (figure 8)
	}
	if p.Kind == reassembly.Retransmission && c.repeatedByNetwork(s) {
		p.Kind = reassembly.Old
	}
	return p
}

// spaces gives s to the sequence spaces of both ends, after what it shows of segments
// that were not captured.
func (c *connection) spaces(s *wire.Segment, p *reassembly.Placement) {
	x, y := s.Dir, c.peer(s.Dir)
	own, rev := &c.ep[x].sp, &c.ep[y].sp
	// Most segments begin where their sender was and acknowledge what was captured: they
	// show nothing that was not. Of data that wait only few tell.
	ahead := own.Next.Less(s.Seq)
	if ahead || p.Unseen > 0 || c.ep[x].has(finMayBeMissed) {
		c.missedEnd(s, p)
		c.unseen(s, p)
		c.inferOwnFIN(s)
	}
	if ahead || p.NewOctets > 0 && rev.Has(reassembly.KnownFIN) || s.Flags.Has(wire.FIN) || c.ep[x].has(mayHaveClosed) {
		c.backlog(s, p)
	}
	own.Send(s, p)
	if !rev.HasGaps() {
		rev.Receive(s)
		return
	}
	missing := rev.Missing()
	rev.Receive(s)
	if rev.Missing() > missing {
		c.more(y).missed = moment{s.Ref, s.Time}
		c.zeekGap(y)
	}
}

// fills remembers the last segment that may have completed what lies before
// X's FIN at the other end.
func (c *connection) fills(s *wire.Segment, p *reassembly.Placement) {
	if s.Len == 0 || s.Flags.Has(wire.FIN) || !c.ep[s.Dir].sp.Has(reassembly.KnownFIN) ||
		p.Kind == reassembly.Keepalive || p.Kind == reassembly.WindowProbe {
		return
	}
	c.more(s.Dir).finFill = moment{s.Ref, s.Time}
}

// predicted reports whether s changes nothing but counters and numbers: it is
// expected in a connection both of whose ends are proved ESTABLISHED, and
// neither of which it can tell anything new of. Nearly every segment is so. It
// has no copy among those before it, since what it brings is new.
func (c *connection) predicted(s *wire.Segment) bool {
	const unusual = tappedTwice | watched | probing | probing1 | unanswered
	if !c.quiet || c.phase != current || c.flags&unusual != 0 {
		return false
	}
	own, peer := c.both(s)
	return own.flags&(mayHaveClosed|finMayBeMissed) == 0 && own.sp.Expected(s, &peer.sp)
}

// both returns the sender of s, and the other end. (The masks spare checks of bounds.)
func (c *connection) both(s *wire.Segment) (own, peer *endpoint) {
	return &c.ep[s.Dir&1], &c.ep[(s.Dir^c.flip)&1]
}

// follow is add for a segment that is predicted. t is the connection's trail.
func (c *connection) follow(s *wire.Segment, t *trail) {
	own, peer := c.both(s)
	if own.packets < fewPackets {
		c.firstOf(s)
	}
	if !own.has(said(s)) {
		c.compat(s, false)
	}
	if silence := s.Time - own.lastTime; silence >= shortPause {
		own.spokeAfter(silence)
	}
	own.remember(s, signature(s), t)
	own.sp.Follow(s, &peer.sp)
	if !s.Rest {
		own.packets++
	}
	if s.Len > 0 {
		own.payload += uint64(s.Len)
		own.flags &^= repeating
	}
	own.odd = 0
	own.said(s, t)
	own.seen(s)
}

// handshaken reports whether s is as predicted, but for what is still open of the
// handshake: the third segment of it, the first data of the client, the server's answer.
func (c *connection) handshaken(s *wire.Segment) bool {
	const unusual = tappedTwice | watched | probing | probing1 | unanswered | midStream
	const unclear = mayHaveClosed | finMayBeMissed | startedAnew
	own, peer := &c.ep[s.Dir], &c.ep[c.peer(s.Dir)]
	if c.quiet || !own.shown.Is(fsm.Established) || !peer.shown.Is(fsm.Established) && !peer.shown.Is(fsm.SynReceived) {
		return false
	}
	if c.phase != current || c.flags&unusual != 0 || own.flags&unclear != 0 || (own.open|peer.open)&^openings != 0 ||
		(own.sp.Known|peer.sp.Known)&reassembly.KnownFIN != 0 || peer.finAck.ref != 0 {
		return false
	}
	return own.sp.Expected(s, &peer.sp) || own.sp.FirstACK(s, &peer.sp)
}

// establish is add for a segment after which handshaken is: what it says of the
// handshake comes to what follow does. t is the connection's trail.
func (c *connection) establish(s *wire.Segment, t *trail) {
	own, y := &c.ep[s.Dir], c.peer(s.Dir)
	if own.open != 0 && !own.sp.Older(s) {
		behind := c.life(s)
		if !own.shown.Is(fsm.Established) { // it crossed what had completed the handshake
			c.sentOther(s, &reassembly.Placement{}) // (where it lies matters in mid-stream only)
		}
		for _, e := range behind {
			c.push(e)
		}
	}
	c.follow(s, t)
	if peer := &c.ep[y]; peer.open != 0 || !peer.shown.Is(fsm.Established) {
		c.received(y, s)
	}
}

// strange reports whether the numbers of s cannot be its sender's: beyond the
// peer's window, acknowledging more than its own window let in, or what it
// acknowledged a window ago (E1). It then says nothing of X.
func (c *connection) strange(s *wire.Segment) bool {
	own, rev := &c.ep[s.Dir].sp, &c.ep[c.peer(s.Dir)].sp
	if s.Flags.Has(wire.RST) || s.Flags.Has(wire.SYN) {
		return c.pastRequest(s) || c.lateSYNACK(s)
	}
	if !s.Flags.Has(wire.ACK) {
		return true // no TCP sends it, and none takes it (R1)
	}
	// What follows on what was captured, and an ACK of that, are in order
	// whatever the window was: the capture has missed how it grew.
	reach := max(1<<20, uint32(0xffff)<<rev.Scale)
	odd := own.Next.Less(s.Seq) && own.OutOfReach(s.Seq) || rev.Next.Less(s.Ack) && rev.OutOfReach(s.Ack) ||
		rev.Has(reassembly.KnownUna) && s.Ack.Add(reach).Less(rev.Una)
	ep := &c.ep[s.Dir]
	if !odd {
		ep.odd = 0
		return false
	}
	// Several in a row: the capture has lost the segments that moved the
	// windows.
	const many = 3
	ep.odd = min(ep.odd+1, many)
	return ep.odd < many
}

// lateSYNACK reports whether s, in a connection that was open before the capture
// began, is a late copy of its SYN,ACK: it lies below what its sender, and its peer,
// had sent before. (A capture that has mixed up its frames did so by moments.)
func (c *connection) lateSYNACK(s *wire.Segment) bool {
	own, rev := &c.ep[s.Dir].sp, &c.ep[c.peer(s.Dir)].sp
	return c.flags&midStream != 0 && s.Flags.Has(wire.SYN|wire.ACK) && s.Time-c.start > lanGap &&
		own.Has(reassembly.KnownNext) && !own.Has(reassembly.KnownISS) && s.Seq.Less(own.Next) && own.Begins(s.Seq) &&
		(!rev.Has(reassembly.KnownNext) || s.Ack.LessEq(rev.Next))
}

// speak records that X has sent something. A SYN again does not say that anything
// reaches X.
func (c *connection) speak(s *wire.Segment, p *reassembly.Placement) {
	if c.flags&unanswered != 0 && !c.mayBeLost(s) {
		c.breaksSilence(s, p.Acked)
	}
	c.ep[s.Dir].spoke(s, c.trail)
	if again := s.Flags&(wire.SYN|wire.ACK) == wire.SYN && c.look(s.Dir).syn.n > 0; !again {
		c.ep[c.peer(s.Dir)].sp.Repeats = 0
	}
}

// breaksSilence notes that X acknowledges what Y has sent again several times (K5).
func (c *connection) breaksSilence(s *wire.Segment, acked bool) {
	const several = 3
	if c.flags&unanswered == 0 {
		return
	}
	y := c.peer(s.Dir)
	n := c.look(y).unanswered
	// A probe's answer is nothing new, and of an octet that a closed window keeps out
	// nothing is acknowledged at all.
	answers := acked || s.Ack == c.ep[y].sp.Next || s.Window == 0
	if n == 0 || !answers || s.Flags&(wire.SYN|wire.RST|wire.ACK) != wire.ACK {
		return
	}
	more := c.more(y)
	if more.unanswered = 0; c.look(s.Dir).unanswered == 0 {
		c.flags &^= unanswered
	}
	if n < several {
		return
	}
	silent := max(s.Time-more.unansweredFrom, 0) / int64(time.Millisecond)
	c.note(detect.Answered, s.Dir, s, uint32(min(silent, math.MaxUint32)))
}

// spoke notes s as the last segment of its sender.
func (ep *endpoint) spoke(s *wire.Segment, t *trail) {
	if s.Flags&(wire.ACK|wire.RST) == wire.ACK {
		ep.said(s, t)
	} else {
		ep.unsaid(t)
	}
	if s.Flags&(wire.RST|wire.SYN) == 0 {
		ep.seen(s)
		return
	}
	ep.lastTime, ep.lastRef = s.Time, s.Ref
}

// seen notes when s, no SYN and no RST, was captured of ep, and its IPv4 id.
func (ep *endpoint) seen(s *wire.Segment) {
	ep.lastTime, ep.lastRef = s.Time, s.Ref
	if s.HasIPID {
		ep.ipid = s.IPID
	}
}

// repeated counts X's repetitions that draw nothing (R8). After two in a row,
// what was sent to Y since it last spoke is assumed to have been lost.
func (c *connection) repeated(s *wire.Segment, p *reassembly.Placement) {
	own := &c.ep[s.Dir].sp
	y := c.peer(s.Dir)
	again := p.Kind == reassembly.Retransmission || p.Kind == reassembly.Keepalive || p.Kind == reassembly.WindowProbe
	if !again || s.Time-c.ep[s.Dir].lastTime < 100e6 || c.ep[y].packets == 0 {
		return
	}
	more := c.more(s.Dir)
	c.flags |= unanswered
	if more.unanswered++; more.unanswered == 1 {
		more.unansweredFrom, more.unansweredAt = max(c.ep[s.Dir].lastTime, c.ep[y].lastTime), own.Una
	}
	if own.Repeats < 255 {
		own.Repeats++
	}
	if own.Repeats == deadAfter {
		since := c.ep[y].lastTime
		c.strike(y, receipts&^setOf(fsm.RcvACKOfFIN), s.Ref, whyDead, func(e *event) bool {
			return e.t > since && !c.atReceiver(s.Dir, e.ref)
		})
	}
}

// wake gives X back what was struck while the path to it seemed dead: it speaks
// again, and its segments say better what it received (R8).
func (c *connection) wake(s *wire.Segment) {
	if c.ep[c.peer(s.Dir)].sp.Repeats < deadAfter {
		return
	}
	for _, e := range c.takeBack(func(f *refutation) bool { return f.side == s.Dir && f.why == whyDead }) {
		c.place(e)
	}
}

// deadAfter is how many repetitions in a row that draw nothing make a path
// dead (R8).
const deadAfter = 2

// unseen handles an ACK of octets that the capture has not shown: the capture
// lost them, until their sender shows that it never sent them (E5). An ACK of
// exactly one number more, with nothing sent after it, is that of a FIN which
// the capture lost (R12).
func (c *connection) unseen(s *wire.Segment, p *reassembly.Placement) {
	y := c.peer(s.Dir)
	peer := &c.ep[y].sp
	if p.Unseen == 0 || s.Flags.Has(wire.SYN) && !c.ep[y].has(synSeen) {
		return
	}
	c.oneWayACK(s)
	if c.firstProbe(s, p) {
		return
	}
	if c.ep[y].shown.Intersects(fsm.Of(fsm.SynSent, fsm.SynReceived)) {
		return // there an ACK of what was not sent is void (R3)
	}
	if peer.Has(reassembly.KnownFIN) && peer.FIN.Add(1).Less(s.Ack) {
		c.dropFIN(y, s.Ref) // it was none: more is acknowledged (R5)
	}
	known := peer.Has(reassembly.KnownUna) || c.ep[y].payload > 0
	if p.Unseen == 1 && !peer.Has(reassembly.KnownFIN) && peer.Has(reassembly.KnownNext) && known {
		c.inferFIN(y, s)
		return
	}
	own := &c.ep[s.Dir].sp
	c.more(y).unseen = &unseenACK{ref: s.Ref, ack: s.Ack, peer: peer.Clone(), own: own.Clone(), end: s.End(), unique: c.unique(s.Dir) - uint64(p.NewOctets)}
	peer.Unseen(s.Ack, s.Time)
}

// firstProbe: the first that was captured of a connection is a segment of Y
// without data, and X acknowledges at once the octet after it. So it was a
// keepalive probe, one below SND.NXT (K1), and nothing is missing.
func (c *connection) firstProbe(s *wire.Segment, p *reassembly.Placement) bool {
	x, y := s.Dir, c.peer(s.Dir)
	ep := &c.ep[y]
	if c.flags&midStream == 0 || p.Unseen != 1 || s.Len > 0 || s.Flags&(wire.SYN|wire.FIN|wire.RST) != 0 ||
		ep.packets != 1 || ep.payload != 0 || ep.lastRef != c.first || c.ep[x].packets != 1 || s.Time-ep.lastTime > 1e9 {
		return false
	}
	ep.sp.Next, ep.sp.Edge = s.Ack, s.Ack
	p.Unseen = 0
	probe := wire.Segment{Ref: ep.lastRef, Time: ep.lastTime}
	if s.Window == 0 && s.WindowKnown() { // and one of a closed window
		c.more(y).wprobes++
		c.note(detect.WindowProbe, y, &probe, 0)
		return true
	}
	c.more(y).probes++
	c.note(detect.Probe, y, &probe, 0)
	c.more(x).replies++
	c.note(detect.ProbeReply, x, s, 0)
	return true
}

// oneWayACK: of Y nothing was captured, and X acknowledges more of it. So Y is
// past its handshake, and had not sent a FIN before.
func (c *connection) oneWayACK(s *wire.Segment) {
	y := c.peer(s.Dir)
	if c.ep[y].packets > 0 {
		return
	}
	if i := c.find(y, fsm.RcvSYNACK, assumed); i >= 0 {
		c.events[i].basis, c.events[i].by = inferred, s.Ref
		c.refold(y)
	}
	c.settleOrder(s.Dir)
}

// settleOrder: it is x that closed first after all.
func (c *connection) settleOrder(x uint8) {
	if !c.closedBefore(x) {
		return
	}
	for i := range c.events {
		c.events[i].also = 0
	}
	c.refold(x)
	c.refold(c.peer(x))
}

// missedEnd notes, before s is recorded, whether the last octets known of an end
// were captured. If not, a FIN may be among them, until the end sends the last of
// them again, or more: before data or a FIN goes no FIN.
func (c *connection) missedEnd(s *wire.Segment, p *reassembly.Placement) {
	x, y := s.Dir, c.peer(s.Dir)
	own := &c.ep[x].sp
	if p.Unseen > 1 && !c.ep[y].sp.Has(reassembly.KnownFIN) {
		c.ep[y].flags |= finMayBeMissed
	}
	switch known := own.Has(reassembly.KnownNext); {
	case known && !own.Has(reassembly.KnownFIN) && s.SegLen() == 0 && own.Next.Add(1).Less(s.Seq):
		c.ep[x].flags |= finMayBeMissed
	case known && c.ep[x].has(finMayBeMissed) && s.SegLen() > 0 && own.Next.LessEq(s.End()) && p.Kind != reassembly.Keepalive:
		c.ep[x].flags &^= finMayBeMissed
		c.settleOrder(y)
	}
}

// mayHaveFIN reports whether X, which closes with s, may have received a FIN
// before: the last octets of Y that it has acknowledged were not captured. If
// nothing of Y was, they may be its handshake's (R13). Octets that it does not
// acknowledge it has not.
func (c *connection) mayHaveFIN(s *wire.Segment) bool {
	x, y := s.Dir, c.peer(s.Dir)
	peer := &c.ep[y].sp
	if c.flags&midStream != 0 || peer.Has(reassembly.KnownFIN) || !c.ep[x].shown.Is(fsm.Established) {
		return false
	}
	if c.ep[y].packets > 0 {
		return c.ep[y].has(finMayBeMissed) && peer.Edge.Less(s.Ack)
	}
	return peer.Has(reassembly.KnownISS|reassembly.KnownNext) && peer.ISS.Add(1).Less(peer.Next)
}

// inferFIN records a FIN of y that only the peer's ACK shows. Where nothing of y
// was captured, no ACK of the peer's own FIN can have been (R13).
func (c *connection) inferFIN(y uint8, s *wire.Segment) {
	peer := &c.ep[y].sp
	peer.FIN = peer.Next
	peer.Known |= reassembly.KnownFIN
	c.ep[y].setFIN(closing{t: s.Time, ack: c.ep[s.Dir].sp.Una}, 0)
	peer.Unseen(s.Ack, s.Time)
	if c.ep[y].open.has(fsm.RcvFIN) {
		c.ep[y].flags |= mayHaveClosed // its FIN and that of the peer may have crossed
	}
	c.push(event{t: s.Time, by: s.Ref, sym: fsm.SndFIN, side: y, basis: inferred})
	c.push(event{t: s.Time, by: s.Ref, sym: fsm.RcvFIN, side: s.Dir, basis: inferred,
		blind: c.ep[y].packets == 0})
}

// inferOwnFIN: a pure segment of X one number above all that was captured of
// it shows that X sent a FIN before, which did not reach the tap (R12). It goes
// before what s itself proves: X answers a FIN that it has not crossed with an
// ACK below its own.
func (c *connection) inferOwnFIN(s *wire.Segment) {
	x := s.Dir
	own := &c.ep[x].sp
	pure := s.Len == 0 && s.Flags&(wire.SYN|wire.FIN|wire.ACK) == wire.ACK
	// Without the SYN the first segment captured may have been a probe below
	// SND.NXT; data was none.
	exact := own.Has(reassembly.KnownISS) || c.unique(x) > 1
	if !pure || own.Has(reassembly.KnownFIN) || !own.Has(reassembly.KnownNext) || !exact ||
		s.Seq != own.Next.Add(1) || !c.ep[x].proved.Intersects(fsm.Synchronized) {
		return
	}
	own.FIN = own.Next
	own.Known |= reassembly.KnownFIN
	c.ep[x].setFIN(closing{t: s.Time, ack: c.ep[c.peer(x)].sp.Una}, 0)
	more := c.more(x)
	more.finShown = own.TSNewest
	if s.Options.Has&wire.OptTimestamps != 0 {
		more.finShown = s.Options.TSVal
	}
	c.unseenSince(s.Ref, c.ep[x].lastTime)
	c.openedLate(x, s)
	e := event{t: s.Time, by: s.Ref, sym: fsm.SndFIN, side: x, basis: inferred}
	i := c.find(x, fsm.RcvFIN)
	if !c.push(e) {
		return
	}
	if i >= 0 && c.events[i].by == s.Ref {
		receipt := c.events[i]
		c.remove(i)
		c.unordered(len(c.events)-1, receipt)
	}
}

// unordered adds the receipt of a FIN that the same segment shows as the FIN of its
// receiver, event own. Which came first is not known: the receiver may have answered
// the FIN by one of its own, which was lost, and this segment answers a copy.
// Without a copy in sight the other order is likelier.
func (c *connection) unordered(own int, receipt event) {
	x := receipt.side
	c.ep[x].flags |= finUnordered
	receipt.basis = inferred
	if c.look(c.peer(x)).fin.n > 0 {
		c.insert(own, receipt)
		return
	}
	c.insert(own+1, receipt)
}

// settleFIN: the FIN that was inferred is captured after all. If it is the
// first transmission, held back by the network, its ACK tells whether X had
// received the peer's FIN when it sent its own.
func (c *connection) settleFIN(s *wire.Segment) {
	x := s.Dir
	if s.Options.Has&wire.OptTimestamps == 0 || int32(s.Options.TSVal-c.look(x).finShown) > 0 {
		return
	}
	own, peer := c.find(x, fsm.SndFIN), c.find(x, fsm.RcvFIN)
	if own < 0 || peer < 0 {
		return
	}
	knew := c.ep[c.peer(x)].sp.FINAcked(s.Ack)
	if knew != (peer < own) {
		c.events[own], c.events[peer] = c.events[peer], c.events[own]
	}
	for i := range c.events {
		if e := &c.events[i]; e.side == x && e.sym == fsm.RcvFIN && e.by != 0 {
			e.basis = confirmed
		}
	}
	c.ep[x].flags &^= finUnordered
	c.refold(x)
}

// disproveUnseen strikes what an ACK of unseen octets brought, when their
// sender shows by a pure segment below it that it never sent them, and a FIN
// that was only inferred, when its sender sends data there.
func (c *connection) disproveUnseen(s *wire.Segment, p *reassembly.Placement) {
	x := s.Dir
	own := &c.ep[x].sp
	if c.x != nil {
		if u := c.look(x).unseen; u != nil && p.Kind == reassembly.Old && s.Seq.Less(u.ack) {
			c.voidUnseen(x, u, s.Ref)
		}
	}
	if s.Len == 0 || !own.Has(reassembly.KnownFIN) || c.ep[x].fin.ref != 0 || s.End().LessEq(own.FIN) {
		return
	}
	c.dropFIN(x, s.Ref)
}

// voidUnseen undoes what an ACK of octets that x never sent has done: what it
// brought to x, and the numbers of both spaces, as far as nothing moved them
// since.
func (c *connection) voidUnseen(x uint8, u *unseenACK, by wire.FrameRef) {
	y := c.peer(x)
	c.strike(x, receipts, by, "acknowledged-unsent", func(e *event) bool { return e.ref == u.ref })
	if c.ep[y].fin.ref == u.ref {
		c.dropFIN(y, by)
	}
	if c.ep[x].sp.Next == u.ack {
		c.ep[x].sp = u.peer
	}
	if c.ep[y].sp.Next == u.end {
		c.ep[y].sp = u.own
		c.more(y).repeated = c.ep[y].payload - u.unique
	}
	c.more(x).unseen = nil
}

// dropFIN forgets the FIN of x and what the peer did with it.
func (c *connection) dropFIN(x uint8, by wire.FrameRef) {
	for _, what := range []struct {
		side uint8
		sym  fsm.Symbol
	}{{x, fsm.SndFIN}, {c.peer(x), fsm.RcvFIN}, {x, fsm.RcvACKOfFIN}} {
		if i := c.find(what.side, what.sym); i >= 0 {
			c.refute(c.events[i], by, "data-in-its-place")
			c.remove(i)
		}
	}
	c.ep[x].sp.Known &^= reassembly.KnownFIN
	c.ep[x].setFIN(closing{}, 0)
	c.ep[x].finAck = moment{}
	c.ep[x].flags &^= finAckedByFIN
}

// sent gives X the symbols of what it sent. The ACK comes before the FIN, as
// the receiver takes them.
func (c *connection) sent(s *wire.Segment, p *reassembly.Placement) {
	switch {
	case s.Flags.Has(wire.RST):
		c.sentRST(s)
		return
	case s.Flags.Has(wire.SYN | wire.ACK):
		c.sentSYNACK(s)
	case s.Flags.Has(wire.SYN):
		c.sentSYN(s)
	default:
		c.sentOther(s, p)
	}
	if s.Flags.Has(wire.ACK) {
		c.ackedFIN(s)
	}
	if s.Flags.Has(wire.FIN) && !s.Flags.Has(wire.SYN) {
		c.sentFIN(s, p)
	}
}

// sentSYN: the first SYN of an end, or the same again.
func (c *connection) sentSYN(s *wire.Segment) {
	x := s.Dir
	ep, own := &c.ep[x], &c.ep[x].sp
	if own.Has(reassembly.KnownISS) && ep.syn.ref != 0 {
		c.copySYN(x, s)
		c.openedToo(x, s)
		return
	}
	own.ISS = s.Seq
	own.Known |= reassembly.KnownISS
	c.openSYN(s)
	if i := c.find(x, fsm.SndSYN, inferred); i >= 0 {
		c.events[i].basis, c.events[i].ref, c.events[i].t = sent, s.Ref, min(s.Time, c.events[i].t)
		c.refold(x)
		y := c.peer(x)
		if k := c.find(y, fsm.RcvSYN, inferred); k >= 0 && c.events[k].ref == 0 { // its answer stands before it in the file
			c.events[k].basis, c.events[k].ref = confirmed, s.Ref
			c.refold(y)
		}
		return
	}
	if y := c.peer(x); y != x && c.kinds[y].has(fsm.SndSYN) {
		c.flags |= simultaneousOpen
		if c.ep[x].packets > 1 {
			c.flags |= splitOpen
		}
	}
	c.push(event{t: s.Time, ref: s.Ref, sym: fsm.SndSYN, side: x, basis: sent})
}

// openedToo: x, which has answered a SYN, sends one of its own with the same number:
// late, or again. A listener does not, so it was a simultaneous open.
func (c *connection) openedToo(x uint8, s *wire.Segment) {
	i := c.find(x, fsm.RcvSYN)
	if !c.ep[x].has(synAckSeen) || c.flags&midStream != 0 || i < 0 || c.kinds[x].has(fsm.SndSYN) {
		return
	}
	c.flags |= simultaneousOpen
	c.ep[x].initial = fsm.Of(fsm.Closed)
	c.insert(i, event{t: c.events[i].t, ref: s.Ref, sym: fsm.SndSYN, side: x, basis: sent})
}

// openSYN remembers the first SYN of an end and its options.
func (c *connection) openSYN(s *wire.Segment) {
	ep := &c.ep[s.Dir]
	ep.syn = opening{ref: s.Ref, t: s.Time, data: s.Len, tsval: s.Options.TSVal}
	ep.takeOptions(&s.Options)
	if s.Len > 0 || s.Options.Has&wire.OptFastOpenCookie != 0 {
		c.flags |= fastOpen
	}
	c.scale()
}

// takeOptions keeps what a SYN announced.
func (ep *endpoint) takeOptions(o *wire.Options) {
	set := func(f endFlags, on bool) {
		ep.flags &^= f
		if on {
			ep.flags |= f
		}
	}
	ep.mss, ep.scale = o.MSS, o.WindowScale
	set(synSeen, o.Has&wire.OptIncomplete == 0)
	set(scaleOption, o.Has&wire.OptWindowScale != 0)
	set(sackPermitted, o.Has&wire.OptSACKPermitted != 0)
	set(timestamps, o.Has&wire.OptTimestamps != 0)
	set(likeLinux, o.Has&wire.OptLinuxOrder != 0)
}

// scale fixes the window scales once both SYNs were captured whole: they hold
// only when both carried the option (RFC 7323 section 2.2).
func (c *connection) scale() {
	a, b := &c.ep[0], &c.ep[1]
	if !a.has(synSeen) || !b.has(synSeen) {
		return
	}
	both := a.has(scaleOption) && b.has(scaleOption)
	for i := range c.ep {
		shift := uint8(0)
		if both {
			shift = c.ep[i^1].scale
		}
		c.ep[i].sp.SetScale(shift)
	}
}

func (ep *endpoint) has(f endFlags) bool { return ep.flags&f != 0 }

// copySYN remembers a further transmission of a SYN.
func (c *connection) copySYN(x uint8, s *wire.Segment) {
	d, more, syn := c.details(), c.more(x), &c.ep[x].syn
	if more.syn.n == 0 {
		d.synCopies = append(c.trail.copies.begun(d.synCopies), transmission{t: syn.t, ref: syn.ref, tsval: syn.tsval, side: x,
			hasTS: c.ep[x].has(timestamps)})
	}
	d.synCopies = sentAgain(d.synCopies, s)
	last, _ := c.lastSYN(x)
	more.synGap = s.Time - last.t
	more.syn.again(s)
	c.note(detect.SYNAgain, x, s, 0)
}

// sentSYNACK: X's SYN,ACK proves that it received Y's SYN (R11), at the one
// that it answers.
func (c *connection) sentSYNACK(s *wire.Segment) {
	x, y := s.Dir, c.peer(s.Dir)
	ep, own := &c.ep[x], &c.ep[x].sp
	if ep.has(synAckSeen) {
		more := c.more(x)
		more.synGap = s.Time - c.lastTry(x)
		more.synAck.again(s)
		c.note(detect.SYNACKAgain, x, s, 0)
		c.strike(y, setOf(fsm.RcvSYNACK), s.Ref, "syn-ack-retransmitted", func(e *event) bool {
			return s.Time-e.t >= 500e6 && c.ep[y].lastTime < e.t
		})
		return
	}
	ep.flags |= synAckSeen
	c.timeSYN(y, s)
	if ep.syn.ref != 0 {
		c.more(x).reply = moment{s.Ref, s.Time}
	}
	if y != x && c.kinds[x].has(fsm.SndSYN) {
		c.flags |= simultaneousOpen // also where the peer's SYN was not captured
	}
	if !own.Has(reassembly.KnownISS) {
		own.ISS = s.Seq
		own.Known |= reassembly.KnownISS
		c.openSYN(s)
	}
	if !c.ep[y].sp.Has(reassembly.KnownISS) {
		c.inferSYN(y, s)
		return
	}
	if syn := &c.ep[y].syn; syn.data > 0 && c.ep[y].sp.ISS.Add(1).Less(s.Ack) {
		c.more(y).synTaken = min(syn.data, uint32(s.Ack-c.ep[y].sp.ISS)-1)
	}
	c.proveSYN(x, s)
}

// timeSYN measures the round trip of a SYN of y that was sent several times by the
// transmission whose timestamp s, the answer, echoes.
func (c *connection) timeSYN(y uint8, s *wire.Segment) {
	if _, ok := c.ep[y].sp.RTT(); ok || c.x == nil || s.Options.Has&wire.OptTimestamps == 0 {
		return
	}
	for _, k := range c.x.synCopies {
		if k.side == y && k.hasTS && k.tsval == s.Options.TSEcr {
			c.ep[y].sp.Measured(s.Time - k.t)
		}
	}
}

// inferSYN: a SYN,ACK whose SYN was not captured gives the client's ISS (I4).
func (c *connection) inferSYN(y uint8, s *wire.Segment) {
	sp := &c.ep[y].sp
	sp.ISS = s.Ack - 1
	sp.Known |= reassembly.KnownISS
	if !sp.Has(reassembly.KnownNext) {
		sp.Known |= reassembly.KnownNext
		sp.Next, sp.Edge = s.Ack, s.Ack
	}
	c.flags |= firstSYNACKInferred
	sent := event{t: s.Time, by: s.Ref, sym: fsm.SndSYN, side: y, basis: inferred}
	if !c.kinds[s.Dir].has(fsm.SndSYN) {
		c.setInitial(s.Dir, fsm.Of(fsm.Listen))
	} else {
		sent.t = c.ep[s.Dir].syn.t // the SYNs crossed
	}
	c.push(sent)
	c.push(event{t: s.Time, by: s.Ref, sym: fsm.RcvSYN, side: s.Dir, basis: inferred})
}

// proveSYN records that x received the peer's SYN, as its segment s shows.
func (c *connection) proveSYN(x uint8, s *wire.Segment) {
	if c.kinds[x].has(fsm.RcvSYN) {
		return
	}
	if !c.kinds[x].has(fsm.SndSYN) {
		c.setInitial(x, fsm.Of(fsm.Listen))
		c.push(c.receivedSYN(x, s))
		return
	}
	if y := c.peer(x); y != x {
		c.crossedSYN(y, s)
	}
	// A simultaneous open: whatever else x received came after that SYN.
	e, i := c.receivedSYN(x, s), c.find(x, fsm.SndSYN)
	e.t = max(e.t, c.events[i].t)
	for i++; i < len(c.events) && c.events[i].side != x; i++ {
	}
	c.insert(i, e)
}

// receivedSYN is the receipt of the peer's SYN that s, a segment of x, shows: of
// the transmission whose timestamp s echoes, else of the last before s.
func (c *connection) receivedSYN(x uint8, s *wire.Segment) event {
	y := c.peer(x)
	syn, _ := c.lastSYN(y)
	if c.find(y, fsm.SndSYN, inferred) >= 0 && c.kinds[x].has(fsm.SndSYN) {
		syn = moment{} // it crossed that of x and was not captured: what was is y's SYN,ACK
	}
	e := event{t: syn.t, ref: syn.ref, by: s.Ref, sym: fsm.RcvSYN, side: x, basis: confirmed}
	if c.x != nil && s.Options.Has&wire.OptTimestamps != 0 {
		for _, k := range c.x.synCopies {
			if k.side == y && k.hasTS && k.tsval == s.Options.TSEcr && k.t <= s.Time {
				e.t, e.ref = k.t, k.ref
			}
		}
	}
	if e.ref == 0 {
		e.basis, e.t = inferred, s.Time
	}
	e.t = min(e.t, s.Time) // two queues: the SYN may stand after its answer in the file
	return e
}

// crossedSYN: s, a segment of an end that had sent a SYN, proves that it received
// one of y, which was not captured: y, too, began with a SYN.
func (c *connection) crossedSYN(y uint8, s *wire.Segment) {
	if c.kinds[y].has(fsm.SndSYN) {
		return
	}
	first := slices.IndexFunc(c.events, func(e event) bool { return e.side == y })
	e := event{t: s.Time, by: s.Ref, sym: fsm.SndSYN, side: y, basis: inferred}
	c.ep[y].initial = fsm.Of(fsm.Closed)
	if first < 0 {
		c.push(e)
		return
	}
	e.t = c.events[first].t
	c.insert(first, e)
}

// sentOther: X's segments without SYN and RST. In SYN-SENT an ACK beyond its
// ISS shows that it got a SYN,ACK which was not captured (R10); from an end of
// which no SYN,ACK was captured, data or a FIN that acknowledges the peer's SYN
// show both.
func (c *connection) sentOther(s *wire.Segment, p *reassembly.Placement) {
	x := s.Dir
	ep, own, peer := &c.ep[x], &c.ep[x].sp, &c.ep[c.peer(x)].sp
	if !s.Flags.Has(wire.ACK) {
		return
	}
	switch {
	case c.flags&midStream != 0:
		c.narrow(s, p)
		return
	case ep.shown.Is(fsm.SynSent) && own.ISS.Less(s.Seq) && (!peer.Has(reassembly.KnownISS) || peer.ISS.Less(s.Ack)):
		if y := c.peer(x); c.kinds[y].has(fsm.SndSYN) && !c.ep[y].has(synAckSeen) && s.Len == 0 && !c.beyondSYN(s) {
			c.proveSYN(x, s) // it acknowledges no more than the SYN
		} else {
			c.missedSYNACK(x, s)
		}
	case ep.initial.Is(fsm.Closed) && ep.shown.Is(fsm.Closed) && !c.kinds[x].has(fsm.SndSYN) &&
		(s.Len > 0 || s.Flags.Has(wire.FIN)) && peer.Has(reassembly.KnownISS) && peer.ISS.Less(s.Ack):
		c.proveSYN(x, s)
	}
	if ep.shown.Is(fsm.SynReceived) && !ep.open.has(fsm.RcvSYNACK) {
		c.provesSYNACK(s)
	}
	if ep.shown.Is(fsm.SynReceived) && !ep.open.has(fsm.RcvACKOfSYN) && !ep.open.has(fsm.RcvSYNACK) && c.provesHandshake(s) {
		c.push(event{t: s.Time, by: s.Ref, sym: fsm.RcvACKOfSYN, side: x, basis: inferred})
	}
}

// provesSYNACK: in a simultaneous open X shows that it received the peer's
// SYN,ACK, although an earlier segment of X did not know of it.
func (c *connection) provesSYNACK(s *wire.Segment) {
	reply := c.firstReply(c.peer(s.Dir))
	if reply.ref == 0 || !c.ep[c.peer(s.Dir)].has(synAckSeen) {
		return
	}
	e := event{t: c.notKnownBefore(s.Dir, reply.t), ref: reply.ref, by: s.Ref, sym: fsm.RcvSYNACK, side: s.Dir, basis: confirmed}
	if c.x != nil {
		for _, f := range c.x.refuted {
			if f.ref == reply.ref && f.side == s.Dir {
				e.tsval, e.hasTS = f.tsval, f.hasTS
			}
		}
	}
	if v, _ := judgeSYNACK(c, s, &e); v == proves {
		c.push(e)
	}
}

// provesHandshake reports whether s is something that its sender, which has sent
// a SYN,ACK, sends only when that was acknowledged. In a simultaneous open it may
// close before, and with fast open answer and close (RFC 7413 section 4.2.2).
func (c *connection) provesHandshake(s *wire.Segment) bool {
	passive := c.ep[s.Dir].initial.Is(fsm.Listen)
	return c.flags&fastOpen == 0 && (passive && s.Flags.Has(wire.FIN) || s.Len > 0) || c.beyondSYN(s)
}

// missedSYNACK: x acknowledges a SYN,ACK that the capture does not show.
func (c *connection) missedSYNACK(x uint8, s *wire.Segment) {
	y := c.peer(x)
	e := event{t: s.Time, ref: s.Ref, sym: fsm.SndACK, side: x, basis: sent}
	if s.Flags.Has(wire.FIN) && c.speaksEarly(s) && !c.beyondSYN(s) { // or it closed in SYN-RECEIVED
		e.ref, e.by, e.basis = 0, s.Ref, inferred
	}
	if i := c.find(x, fsm.RcvFIN); i >= 0 {
		c.insert(i, e) // in SYN-SENT no FIN is taken
	} else {
		c.push(e)
	}
	if !c.kinds[y].has(fsm.RcvSYN) && c.ep[y].shown.Is(fsm.Closed) {
		syn, _ := c.lastSYN(x)
		c.setInitial(y, fsm.Of(fsm.Listen))
		c.push(event{t: syn.t, ref: syn.ref, by: s.Ref, sym: fsm.RcvSYN, side: y, basis: inferred})
	}
	peer := &c.ep[y].sp
	if !peer.Has(reassembly.KnownISS) && !peer.Has(reassembly.KnownNext) {
		peer.ISS = s.Ack - 1
		peer.Next, peer.Edge = s.Ack, s.Ack
		peer.Known |= reassembly.KnownISS | reassembly.KnownNext
	}
}

// unansweredUntil reports whether the last thing that the sender of s, its FIN, had sent
// was data, and the other end's since then a bare ACK, a second ago or more.
func (c *connection) unansweredUntil(s *wire.Segment) bool {
	const patience = 1e9
	own, other := &c.ep[s.Dir], &c.ep[c.peer(s.Dir)]
	return own != other && s.Len == 0 && own.lastLen > 0 && other.has(acked) && other.lastLen == 0 &&
		own.lastTime <= other.lastTime && s.Time-other.lastTime >= patience
}

// sentFIN: the first FIN of an end, or the same again. A FIN with another
// number replaces one that is not yet acknowledged (R5).
func (c *connection) sentFIN(s *wire.Segment, p *reassembly.Placement) {
	x := s.Dir
	ep, own := &c.ep[x], &c.ep[x].sp
	f := s.FINSeq()
	switch {
	case own.Has(reassembly.KnownISS) && !own.ISS.Less(f):
		return
	case !own.Has(reassembly.KnownFIN):
		own.Known |= reassembly.KnownFIN
		own.FIN = f
	case f == own.FIN && ep.fin.ref == 0: // it had been inferred
		c.settleFIN(s)
	case f == own.FIN:
		if p.Kind != reassembly.Old {
			c.copyFIN(x, s)
		}
		return
	case !own.FINAcked(own.Una):
		own.FIN = f
	default:
		return
	}
	ep.flags |= flagIf(leftUnanswered, c.unansweredUntil(s))
	if c.flags&midStream != 0 && p.Kind == reassembly.New && ep.packets > 1 {
		// An earlier segment of X ended at the FIN or below: it is new, so X
		// had not sent it and Y not received it before (R13).
		c.narrowTo(x, fsm.SndData, s)
		c.narrowTo(c.peer(x), fsm.RcvData, s)
	} else if peer := &c.ep[c.peer(x)]; c.flags&midStream != 0 && peer.has(acked) && s.Time-peer.lastTime <= pathGap && !own.FINAcked(peer.lastAck) {
		// Y's last segment, a moment ago, does not acknowledge it: until then it
		// had received no FIN.
		c.narrowTo(c.peer(x), fsm.RcvData, s)
	}
	if own.Next == f.Add(1) && p.Kind != reassembly.New && p.Kind != reassembly.Partial && p.Kind != reassembly.Beyond {
		ep.flags |= finRepeatedFirst
	}
	unordered := ep.has(finUnordered) || c.mayRepeat(s)
	ep.setFIN(closing{ref: s.Ref, t: s.Time, before: ep.lastRef, ack: s.Ack, tsval: s.Options.TSVal},
		flagIf(finUnordered, unordered)|flagIf(finStamped, s.Options.Has&wire.OptTimestamps != 0))
	if c.find(x, fsm.SndFIN, inferred) >= 0 {
		return // it was sent before what shows it; this is a repetition, or late
	}
	e := event{t: s.Time, ref: s.Ref, sym: fsm.SndFIN, side: x, basis: sent}
	if unordered {
		e.basis = inferred
		if i := c.find(x, fsm.RcvFIN); i >= 0 {
			c.events[i].basis = inferred
		}
		c.openedLate(x, s)
	}
	if c.mayHaveFIN(s) {
		e.also = fsm.Of(fsm.LastAck)
	}
	c.push(e)
	if peer := &c.ep[c.peer(x)].sp; !unordered && peer.Has(reassembly.KnownFIN) && !peer.FINAcked(s.Ack) {
		c.crossedFIN(x)
	}
}

// crossedFIN puts the receipts of the peer's FIN behind x's own, which does not know
// of it: also where it is so late that it says nothing else (E7).
func (c *connection) crossedFIN(x uint8) {
	var late []event
	for i := 0; i < len(c.events); {
		if e := c.events[i]; e.side == x && e.sym == fsm.RcvFIN && e.basis == assumed {
			late = append(late, e)
			c.remove(i)
			continue
		}
		i++
	}
	for _, e := range late {
		c.push(e)
	}
}

// mayRepeat reports whether the first FIN captured of X may repeat one that
// did not reach the tap, so that its ACK does not say whether X had received
// the peer's FIN when it closed. An ACK of the peer's FIN is missing then: the
// peer repeated it, or X took longer than any stack delays an ACK. And X has
// sent segments since its last one, by its IPv4 ids; without ids it may have.
func (c *connection) mayRepeat(s *wire.Segment) bool {
	const delayedACK = 40e6 // TCP_ATO_MIN
	x, y := s.Dir, c.peer(s.Dir)
	i := c.find(x, fsm.RcvFIN)
	if i < 0 || c.events[i].by != s.Ref {
		return false
	}
	if c.look(y).fin.n == 0 && s.Time-c.events[i].t < c.guard(x)+delayedACK {
		return false
	}
	ep := &c.ep[x]
	if !s.HasIPID || s.IPID == 0 || ep.ipid == 0 {
		return true
	}
	// A large segment that the card cuts takes an id for each part.
	parts := uint16(ep.lastLen/max(uint32(c.ep[y].mss), 536)) + 1
	skipped := s.IPID - ep.ipid
	return skipped > parts && skipped < parts+64
}

// completedBy returns the segment with which y's FIN, of which no receipt is
// pending, took effect at the sender of s: the copy that s echoes, else the
// last captured that can have completed it. If a SACK has said that the FIN came
// before its data, and nothing that was sent again can have completed it, the
// segment before it did.
func (c *connection) completedBy(y uint8, s *wire.Segment) (wire.FrameRef, int64) {
	fin := &c.ep[y].fin
	rtt, _ := c.ep[y].sp.RTT()
	ref, t := fin.ref, fin.t
	if cp, _ := c.receivedCopy(s.Dir, s); cp.ref != 0 {
		ref, t = cp.ref, cp.t
	}
	switch fill := c.look(y).finFill; {
	case fill.ref != 0 && fill.t > t && fill.t+rtt <= s.Time:
		ref, t = fill.ref, fill.t
	case ref == fin.ref && c.overtook(s.Dir):
		ref = fin.before
	}
	return ref, min(t, s.Time)
}

// overtook reports whether a SACK of side has said that the peer's FIN came before
// its data.
func (c *connection) overtook(side uint8) bool {
	return c.x != nil && slices.ContainsFunc(c.x.refuted, func(f refutation) bool {
		return f.side == side && f.sym == fsm.RcvFIN && f.why == whyNotInOrder
	})
}

// copyFIN remembers a further transmission of a FIN.
func (c *connection) copyFIN(x uint8, s *wire.Segment) {
	d, more, fin := c.details(), c.more(x), &c.ep[x].fin
	if more.fin.n == 0 {
		d.finCopies = append(c.trail.copies.begun(d.finCopies), transmission{t: fin.t, ref: fin.ref, ack: fin.ack, tsval: fin.tsval, side: x,
			hasTS: c.ep[x].has(finStamped)})
	}
	d.finCopies = sentAgain(d.finCopies, s)
	more.fin.again(s)
	c.note(detect.FINAgain, x, s, 0)
}

// ackedFIN: s, from X, covers Y's FIN: Y's FIN was received even if nothing
// says when (R5), and struck receipts of it come back.
func (c *connection) ackedFIN(s *wire.Segment) {
	x, y := s.Dir, c.peer(s.Dir)
	if !c.ep[y].sp.FINAcked(s.Ack) {
		return
	}
	ack := &c.ep[y].finAck
	if ack.ref == 0 {
		*ack = moment{s.Ref, s.Time}
		c.ep[y].flags |= flagIf(finAckedByFIN, s.Flags.Has(wire.FIN))
	}
	if c.x != nil {
		c.more(y).finAcked = moment{s.Ref, s.Time}
	}
	if c.find(x, fsm.RcvFIN, confirmed, inferred) >= 0 {
		return
	}
	e := event{by: s.Ref, sym: fsm.RcvFIN, side: x, basis: confirmed}
	e.ref, e.t = c.completedBy(y, s)
	if e.ref == 0 {
		e.basis = inferred
	}
	if fin := &c.ep[y].fin; e.ref == fin.ref {
		e.tsval, e.hasTS = fin.tsval, c.ep[y].has(finStamped)
	}
	e.slow = c.tookLong(&e, s)
	e.t = min(c.notKnownBefore(x, e.t), s.Time)
	c.revive(x, e.ref, e.t)
	if own := c.find(x, fsm.SndFIN, inferred); own >= 0 && c.events[own].by == s.Ref {
		c.unordered(own, e)
	} else {
		c.place(e)
	}
	defer c.handshakeWith(x, e.ref)
	if k := c.findRef(x, fsm.RcvACKOfFIN, e.ref); k >= 0 && c.events[k].basis == assumed {
		c.confirm(k, s.Ref)
	}
}

// narrow lets X's segment speak for a mid-stream start (R13): new data shows
// that X has sent no FIN, an ACK of new data that it has received none.
func (c *connection) narrow(s *wire.Segment, p *reassembly.Placement) {
	own := &c.ep[s.Dir].sp
	old := own.Has(reassembly.KnownUna) && s.End().LessEq(own.Una) // acknowledged before
	if s.Len > 0 && !old && (p.Kind == reassembly.New || p.Kind == reassembly.Beyond) {
		c.narrowTo(s.Dir, fsm.SndData, s)
	}
	seen := c.ep[c.peer(s.Dir)].sp.Has(reassembly.KnownNext) && p.Unseen == 0 // else a FIN may be among it
	if p.Acked && seen && !p.AckedFIN && c.ackedOnce(s) {
		c.narrowTo(s.Dir, fsm.RcvData, s)
	}
}

// ackedOnce reports whether the sender of s had acknowledged anything before.
func (c *connection) ackedOnce(s *wire.Segment) bool { return c.ep[s.Dir].packets > 1 }

// narrowTo adds a symbol that changes no state, if it rules out some of those
// that side may be in.
func (c *connection) narrowTo(side uint8, sym fsm.Symbol, s *wire.Segment) {
	if set := c.ep[side].shown; set.Apply(sym) != set {
		e := event{t: s.Time, by: s.Ref, sym: sym, side: side, basis: inferred}
		if sym == fsm.SndData {
			e.ref = s.Ref
		}
		c.push(e)
	}
}
