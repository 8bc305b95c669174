package analyzer

import (
	"slices"

	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// stale reports whether s is older than what its sender had sent before: an
// older timestamp, or an ACK number below one it already sent, without new
// octets, or the SYN of a connection that was open; or its sender has opened a later
// incarnation. Such a segment was delayed
// or repeated by the network and proves nothing (E7).
func (c *connection) stale(s *wire.Segment, p *reassembly.Placement) bool {
	own, rev := &c.ep[s.Dir].sp, &c.ep[c.peer(s.Dir)].sp
	if c.ep[s.Dir].has(startedAnew) {
		return true
	}
	if x := s.Dir; s.Flags.Has(wire.SYN) && own.Has(reassembly.KnownISS) && own.ISS == s.Seq {
		// It was opened before: by a SYN,ACK, unless this is one, or by an ACK.
		byReply := !s.Flags.Has(wire.ACK) && c.find(x, fsm.RcvSYNACK, confirmed) >= 0
		return byReply || c.find(x, fsm.RcvACKOfSYN, confirmed) >= 0
	}
	if s.Flags.Has(wire.SYN) || s.Flags.Has(wire.RST) {
		return false
	}
	if own.Older(s) {
		return true
	}
	if s.Flags.Has(wire.ACK) && rev.Has(reassembly.KnownUna) && s.Ack.Less(rev.Una) && p.NewOctets == 0 {
		return true
	}
	return p.Kind == reassembly.Old && s.HasIPID && s.IPID != 0 && c.ep[s.Dir].ipid != 0 &&
		int16(s.IPID-c.ep[s.Dir].ipid) <= 0
}

// life reads s as the later life of its sender x: what x could not have sent
// if a receipt had happened strikes it, what x could only send after it
// confirms it, and what crossed it on the way is put before it (E2). The
// receipts to put behind s are returned: the caller appends them after s's own
// symbols.
func (c *connection) life(s *wire.Segment) (behind []event) {
	x := s.Dir
	open := c.ep[x].open
	if open == 0 {
		return nil
	}
	for i := 0; open != 0 && i < len(lifeRules); i++ {
		rule := &lifeRules[i]
		if open.has(rule.sym) && s.Flags.Has(rule.with) {
			behind = c.judge(s, rule, behind)
		}
		open &^= 1 << (rule.sym & 31)
	}
	return behind
}

// verdict is what a segment says of an earlier receipt of its sender.
type verdict uint8

const (
	silent   verdict = iota // nothing
	proves                  // it was received
	crosses                 // s was sent before it arrived
	refutes                 // it was never received, or not taken
	refutesG                // as refutes, if s was captured more than G after it; else nothing
	crossesG                // as refutes after G, within G it crossed
)

// Why a receipt was struck: what an ACK acknowledged came again; the path to
// its receiver is dead; what lies before a FIN was missing.
const (
	whyFINAgain    = "fin-retransmitted"
	whySYNACKAgain = "syn-ack-retransmitted"
	whySYNAgain    = "syn-retransmitted"
	whyDead        = "path-dead"
	whyNotInOrder  = "fin-not-in-order"
)

// lifeRule says what a segment of an endpoint means for one kind of pending
// receipt. It is a row of E2's table.
type lifeRule struct {
	sym   fsm.Symbol
	with  wire.Flags // without these a segment says nothing
	judge func(c *connection, s *wire.Segment, e *event) (verdict, string)
}

var lifeRules = [...]lifeRule{
	{fsm.RcvSYNACK, 0, judgeSYNACK},
	{fsm.RcvACKOfSYN, 0, judgeACKOfSYN},
	{fsm.RcvFIN, wire.ACK, judgeFIN},
	{fsm.RcvACKOfFIN, wire.FIN, judgeACKOfFIN},
	{fsm.RcvRST, 0, judgeRST},
	{fsm.RcvICMP, 0, judgeICMP},
	{fsm.SndRST, 0, judgeOwnRST},
}

// judge applies one rule to all pending receipts of its kind.
func (c *connection) judge(s *wire.Segment, rule *lifeRule, behind []event) []event {
	x, kinds := s.Dir, symbols(1)<<rule.sym
	if rule.sym == fsm.SndRST {
		kinds = ends
	}
	for i := 0; i < len(c.events); {
		e := &c.events[i]
		if e.side != x || e.basis == confirmed || !kinds.has(e.sym) || e.basis == byTimer || e.known() || e.t > s.Time && e.basis != sent {
			i++
			continue
		}
		v, why := rule.judge(c, s, e)
		switch {
		case v == proves:
			c.proved(i, s)
			return behind
		case v == refutes, (v == refutesG || v == crossesG) && s.Time-e.t > c.guard(x):
			if e.sym == fsm.RcvRST && c.ep[x].shown.Is(fsm.Closed) && c.reached(x, fsm.Of(fsm.TimeWait)) {
				c.ep[x].flags |= ignoresRST
			}
			struck := *e
			if rule.sym == fsm.SndRST && e.ref == 0 {
				struck.ref, struck.sym = e.by, fsm.SndRST // what showed an end that was not seen
			}
			c.refute(struck, s.Ref, why)
			c.remove(i)
		case v == crosses, v == crossesG:
			behind = append(behind, *e)
			c.remove(i)
		default:
			i++
		}
	}
	return behind
}

// proved confirms receipt i by s. Of several copies of a FIN the one that was
// received is the one whose timestamp s echoes; then those before it were lost.
// Without timestamps nothing tells which was received: the last that is older
// than the smallest round trip stands for all. What came with it was received as
// well.
func (c *connection) proved(i int, s *wire.Segment) {
	echoed := true
	switch c.events[i].sym {
	case fsm.RcvFIN:
		i, echoed = c.provedCopy(i, s)
	case fsm.RcvSYNACK:
		i = c.echoedSYNACK(i, s)
	}
	if e := &c.events[i]; c.several(e.side, e.sym) {
		if i = c.dropCopies(i, s, echoed); i < 0 {
			return // the list was full
		}
	}
	e := c.events[i]
	if e.sym == fsm.RcvFIN { // its ACK is taken before it
		if k := c.findRef(e.side, fsm.RcvACKOfFIN, e.ref); k >= 0 && c.events[k].basis == assumed {
			c.confirm(k, s.Ref)
		}
	}
	c.confirm(i, s.Ref)
	if s.Flags.Has(wire.FIN) || c.find(e.side, fsm.SndFIN) > i {
		c.openedLate(e.side, s)
	}
	if e.sym == fsm.RcvFIN {
		c.events[i].slow = e.slow || c.tookLong(&e, s)
		c.handshakeWith(e.side, e.ref)
	}
}

// dropCopies removes the other receipts of the kind of event i that are open: it stands
// for them, or, if s echoes it, those before it were lost. It returns where it then is.
func (c *connection) dropCopies(i int, s *wire.Segment, echoed bool) int {
	e, n := c.events[i], 0
	for k := range c.events {
		o := &c.events[k]
		if o.side == e.side && o.sym == e.sym && o.basis == assumed && o.ref != e.ref {
			if echoed && o.t < e.t {
				c.refute(*o, s.Ref, "a later copy was received")
			}
			continue
		}
		if n < k {
			c.events[n] = *o
		}
		n++
	}
	c.events = c.events[:n]
	c.refold(e.side)
	return c.findRef(e.side, e.sym, e.ref)
}

// openings are the receipts that complete a handshake.
var openings = setOf(fsm.RcvSYNACK, fsm.RcvACKOfSYN)

// openedLate: s, which proves that side's handshake was complete, was sent after
// side had closed, or is its FIN, perhaps not for the first time. An end that may
// close in SYN-RECEIVED may have done so, and one whose FIN comes clearly sooner than the
// path lets it answer what completed its handshake seems to have: then its own SYN
// was not captured.
func (c *connection) openedLate(side uint8, s *wire.Segment) {
	early, changed := c.flags&(simultaneousOpen|fastOpen) != 0, false
	rtt, _ := c.ep[c.peer(side)].sp.RTT()
	for i := range c.events {
		e := &c.events[i]
		if e.side != side || !openings.has(e.sym) || e.by != s.Ref || e.basis != confirmed {
			continue
		}
		if early || e.sym == fsm.RcvACKOfSYN && s.Time-e.t < rtt-rtt/8 {
			e.basis, changed = inferred, true
		}
	}
	if changed {
		c.refold(side)
	}
}

// echoedSYNACK returns the receipt of the copy of a SYN,ACK whose timestamp s
// echoes, given pending receipt i of another. It had been struck when the SYN,ACK
// came again: what was lost then was its ACK; or when the SYN did, which had crossed
// it.
func (c *connection) echoedSYNACK(i int, s *wire.Segment) int {
	e := &c.events[i]
	if !e.hasTS || s.Options.Has&wire.OptTimestamps == 0 || s.Options.TSEcr == e.tsval {
		return i
	}
	back := c.takeBack(func(f *refutation) bool {
		return f.side == e.side && f.sym == fsm.RcvSYNACK && f.hasTS && f.tsval == s.Options.TSEcr &&
			(f.why == whySYNACKAgain || f.why == whySYNAgain)
	})
	if len(back) == 0 {
		return i
	}
	c.drop(e.side, fsm.RcvSYNACK, func(*event) bool { return true })
	return c.place(back[0])
}

// provedCopy returns the receipt of the copy of a FIN that s acknowledges,
// given pending receipt i of one, and whether s echoes that copy. If that copy
// has no receipt, because it had been struck, it gets one.
func (c *connection) provedCopy(i int, s *wire.Segment) (receipt int, echoed bool) {
	side := c.events[i].side
	if c.events[i].ref == c.look(c.peer(side)).finDone.ref {
		return i, true // what came before it could not take effect (R5)
	}
	cp, echoed := c.receivedCopy(side, s)
	if cp.ref == 0 {
		return i, false
	}
	if k := c.findRef(side, fsm.RcvFIN, cp.ref); k >= 0 {
		return k, echoed
	}
	e := event{t: cp.t, ref: cp.ref, ack: c.events[i].ack, tsval: cp.tsval, hasTS: cp.hasTS, sym: fsm.RcvFIN, side: side}
	e.slow = c.tookLong(&e, s)
	e.t = c.notKnownBefore(side, cp.t)
	c.revive(side, e.ref, e.t)
	return c.place(e), echoed
}

// tookLong reports whether s acknowledges a FIN later than the path takes, or
// without the echo of its timestamp: so what was captured after the FIN may have
// come before it. It may have, too, where s also leaves time for an answer to the
// first ACK of the receiver's own FIN, whose number no timestamp of it is taken by.
func (c *connection) tookLong(e *event, s *wire.Segment) bool {
	if s.Time-e.t > c.guard(e.side) || e.newerThanEcho(s) {
		return true
	}
	acked := &c.ep[e.side].finAck
	rtt, _ := c.ep[c.peer(e.side)].sp.RTT()
	return acked.ref > e.ref && s.Time-acked.t >= rtt
}

// newerThanEcho reports whether s echoes a timestamp older than that of what
// brought e.
func (e *event) newerThanEcho(s *wire.Segment) bool {
	return e.hasTS && s.Options.Has&wire.OptTimestamps != 0 && int32(s.Options.TSEcr-e.tsval) < 0
}

// notKnownBefore is when side can have received at the earliest what was
// captured at t and what its next segment proves for the first time: its last
// segment does not know of it.
func (c *connection) notKnownBefore(side uint8, t int64) int64 { return max(t, c.ep[side].lastTime) }

// handshakeWith: what the frame ref brought was received in a synchronized
// state, so the ACK that every segment carries completed the handshake with it
// if none before did.
func (c *connection) handshakeWith(side uint8, ref wire.FrameRef) {
	if !c.ep[side].initial.Is(fsm.Listen) {
		return
	}
	i, done := c.findRef(side, fsm.RcvFIN, ref), c.find(side, fsm.RcvACKOfSYN)
	if i < 0 {
		return
	}
	switch {
	case done > i: // that was inferred from what came later
		c.remove(done)
	case done >= 0:
		return
	}
	e := c.events[i]
	e.sym = fsm.RcvACKOfSYN
	c.takeBack(func(f *refutation) bool { return f.side == side && f.ref == ref && f.sym == fsm.RcvACKOfSYN })
	c.insert(i, e)
}

// revive takes back that the frame ref, a FIN, was lost: what it acknowledged
// was received with it, at t.
func (c *connection) revive(side uint8, ref wire.FrameRef, t int64) {
	back := c.takeBack(func(f *refutation) bool {
		return f.side == side && f.ref == ref && (f.sym == fsm.RcvFIN || f.sym == fsm.RcvACKOfFIN)
	})
	for _, e := range back {
		if e.sym == fsm.RcvACKOfFIN {
			e.t = max(e.t, t)
			c.place(e)
		}
	}
}

// receivedCopy picks, among the transmissions of the FIN that was sent to side,
// the one that s, a segment of side, acknowledges, and says whether s echoes its
// timestamp. A copy newer than that timestamp would have been echoed if it had
// come in order, and for the first time. One that s reports as a duplicate (D-SACK,
// RFC 2883) came after another. One that acknowledges side's own FIN came after s, if s
// carries that: after its acknowledgment a FIN is not sent again. The zero copy means that there was only one, or
// that none of them can be the one.
func (c *connection) receivedCopy(side uint8, s *wire.Segment) (best transmission, echoed bool) {
	if c.x == nil {
		return best, false
	}
	if c.reportsDuplicate(s, c.ep[c.peer(side)].sp.FIN) {
		return c.copyBefore(side, s), false
	}
	rtt, _ := c.ep[c.peer(side)].sp.RTT()
	var newer transmission // than what s echoes
	for _, k := range c.x.finCopies {
		if k.side == side || k.t > s.Time || s.Flags.Has(wire.FIN) && c.ep[side].sp.FINAcked(k.ack) {
			continue
		}
		stamped := k.hasTS && s.Options.Has&wire.OptTimestamps != 0
		switch after := int32(k.tsval - s.Options.TSEcr); {
		case stamped && after == 0:
			return k, true
		case s.Time-k.t < rtt:
		case stamped && after > 0 && newer.t < k.t:
			newer = k
		case !(stamped && after > 0) && best.t < k.t:
			best = k
		}
	}
	if best == (transmission{}) {
		best = newer
	}
	return best, false
}

// reportsDuplicate reports whether s says that its sender had received the octet or
// control bit seq before: its first SACK block lies below its ACK (RFC 2883
// section 4, tcp_send_dupack()).
func (c *connection) reportsDuplicate(s *wire.Segment, seq wire.Seq) bool {
	if s.Options.NSACK == 0 {
		return false
	}
	b := s.SACK(0)
	return b.Right.LessEq(s.Ack) && seq.In(b.Left, b.Right)
}

// copyBefore is the transmission of the FIN sent to side before the last one that s
// can answer.
func (c *connection) copyBefore(side uint8, s *wire.Segment) (before transmission) {
	var last transmission
	for _, k := range c.x.finCopies {
		if k.side != side && k.t <= s.Time && k.t >= last.t {
			before, last = last, k
		}
	}
	return before
}

// place inserts an event by its time: behind all events of its side that are
// not later, and behind what the side sent before it can have arrived. It
// returns the event's index.
func (c *connection) place(e event) int {
	at := 0
	guard := c.guard(e.side)
	for i := range c.events {
		o := &c.events[i]
		if o.side == e.side && (o.t <= e.t || o.basis == sent && o.t <= e.t+guard) {
			at = i + 1
		}
	}
	if i := c.find(e.side, fsm.SndFIN, sent); i >= 0 && e.sym == fsm.RcvFIN {
		// What its own FIN acknowledged says which came first.
		if c.ep[c.peer(e.side)].sp.FINAcked(c.ep[e.side].fin.ack) {
			at = min(at, i)
		} else {
			at = max(at, i+1)
		}
	}
	if i := c.find(e.side, fsm.SndACK); e.sym == fsm.RcvFIN {
		at = max(at, i+1) // in SYN-SENT no FIN is taken
	}
	for at < len(c.events) && c.events[at].side != e.side && c.events[at].t <= e.t {
		at++
	}
	if at == len(c.events) {
		c.push(e)
		return len(c.events) - 1
	}
	c.insert(at, e)
	return at
}

// findRef returns the index of the event of the kind at side that frame ref
// caused, or -1.
func (c *connection) findRef(side uint8, sym fsm.Symbol, ref wire.FrameRef) int {
	if !c.kinds[side].has(sym) {
		return -1
	}
	for i := range c.events {
		if e := &c.events[i]; e.side == side && e.sym == sym && e.ref == ref {
			return i
		}
	}
	return -1
}

// judgeSYNACK: any segment with an ACK of the peer's SYN proves it, but the
// endpoint's own SYN,ACK, which in a simultaneous open crossed it. There the
// ACK may be that of the peer's SYN alone: only data, an ACK beyond the SYN or
// the echoed timestamp prove more.
func judgeSYNACK(c *connection, s *wire.Segment, e *event) (verdict, string) {
	peer := &c.ep[c.peer(s.Dir)].sp
	switch {
	case c.flags&simultaneousOpen != 0 && s.Flags&(wire.SYN|wire.ACK) == wire.ACK && s.Len == 0 && !c.beyondSYN(s):
		switch {
		case !e.hasTS || s.Options.Has&wire.OptTimestamps == 0:
			return silent, ""
		case e.newerThanEcho(s):
			return crossesG, "not-echoed"
		}
		return proves, ""
	case s.Flags.Has(wire.SYN | wire.ACK):
		return silent, "" // it answers the peer's SYN; whatever else came, came after that
	case s.Flags.Has(wire.SYN):
		return refutesG, whySYNAgain
	case s.Flags.Has(wire.ACK) && (!peer.Has(reassembly.KnownISS) || peer.ISS.Less(s.Ack)):
		return proves, ""
	}
	return silent, ""
}

// judgeACKOfSYN: data, a FIN, an ACK beyond the peer's SYN or an abort prove
// it; the SYN,ACK again says that it had not come, and an abort that echoes
// something older does not know of it.
func judgeACKOfSYN(c *connection, s *wire.Segment, e *event) (verdict, string) {
	speaks := s.Len > 0 || s.Flags.Has(wire.FIN)
	switch {
	case s.Flags.Has(wire.SYN | wire.ACK):
		return refutesG, whySYNACKAgain
	case s.Flags.Has(wire.SYN) || s.Flags.Has(wire.RST) && !s.Flags.Has(wire.ACK):
		return silent, ""
	case c.beyondSYN(s), speaks && !c.speaksEarly(s) && !e.newerThanEcho(s):
		return proves, ""
	case speaks || s.Flags.Has(wire.RST):
		return c.echoOfACK(s, e)
	}
	return silent, ""
}

// speaksEarly reports whether the sender of s, which has data or a FIN, may have
// sent it in SYN-RECEIVED: with fast open it answers there, and an end that opened
// actively may close there.
func (c *connection) speaksEarly(s *wire.Segment) bool {
	return c.flags&fastOpen != 0 || c.flags&simultaneousOpen != 0 && s.Len == 0
}

// echoOfACK judges e, the receipt of an ACK of the SYN, by the timestamp that s
// echoes: that of the peer's SYN says that nothing after it had come. An abort with
// SND.NXT, without timestamps, aborts a socket: a request answers with a bare RST.
// (With fast open, and after an active open, there is a socket in SYN-RECEIVED.)
func (c *connection) echoOfACK(s *wire.Segment, e *event) (verdict, string) {
	switch aborts := s.Flags.Has(wire.RST); {
	case aborts && e.newerThanEcho(s):
		return silent, ""
	case aborts && s.Seq == c.ep[s.Dir].sp.Next && c.flags&(fastOpen|simultaneousOpen) == 0:
		return proves, ""
	case aborts || !e.hasTS || s.Options.Has&wire.OptTimestamps == 0:
		return silent, ""
	case e.newerThanEcho(s):
		return crossesG, "not-echoed"
	}
	if syn, tsval := c.lastSYN(c.peer(s.Dir)); syn.ref == 0 || e.tsval == tsval {
		return silent, ""
	}
	return proves, ""
}

// beyondSYN reports whether s acknowledges more of its peer than the SYN and
// the data that came with it.
func (c *connection) beyondSYN(s *wire.Segment) bool {
	peer := &c.ep[c.peer(s.Dir)].sp
	return s.Flags.Has(wire.ACK) && peer.Has(reassembly.KnownISS) &&
		peer.ISS.Add(1+c.ep[c.peer(s.Dir)].syn.data).Less(s.Ack)
}

// judgeFIN: an ACK over the FIN proves it; one at or below it, sent after it
// can have arrived, says that it did not arrive, and so does a SACK block over
// it.
func judgeFIN(c *connection, s *wire.Segment, e *event) (verdict, string) {
	peer := &c.ep[c.peer(s.Dir)].sp
	if peer.FINAcked(s.Ack) {
		return proves, ""
	}
	for i := range s.Options.NSACK {
		b := s.SACK(i)
		if peer.FIN.Less(b.Right) && s.Ack.Less(b.Right) {
			return refutes, whyNotInOrder
		}
	}
	return crossesG, "fin-not-acknowledged"
}

// judgeACKOfFIN: the FIN again says that its ACK had not come.
func judgeACKOfFIN(c *connection, s *wire.Segment, _ *event) (verdict, string) {
	own := &c.ep[s.Dir].sp
	if own.Has(reassembly.KnownFIN) && s.FINSeq() == own.FIN {
		return refutesG, whyFINAgain
	}
	return silent, ""
}

// judgeRST: any segment but a RST says that no RST had been taken.
func judgeRST(_ *connection, s *wire.Segment, _ *event) (verdict, string) {
	if s.Flags.Has(wire.RST) {
		return silent, ""
	}
	return crossesG, "sent-after-reset"
}

// judgeICMP: an endpoint that goes on opening was not stopped by the error.
func judgeICMP(_ *connection, s *wire.Segment, _ *event) (verdict, string) {
	if s.Flags.Has(wire.RST) {
		return silent, ""
	}
	return refutes, "sent-after-icmp"
}

// judgeOwnRST: an endpoint that goes on after "its" RST did not send it, or
// did not close by it (R7). A segment that may have been sent before the RST
// and was overtaken by it says nothing.
func judgeOwnRST(c *connection, s *wire.Segment, e *event) (verdict, string) {
	rst := c.resetOf(max(e.ref, e.by))
	if s.Flags.Has(wire.RST) || rst == nil {
		return silent, ""
	}
	rtt, _ := c.ep[s.Dir].sp.RTT()
	late := s.Time-e.t > max(2*rtt, 100e6)
	further := rst.seq.Less(s.End()) || s.Flags.Has(wire.ACK) && rst.peerAck.Less(s.Ack)
	if late || further && !c.sentBeforeReset(s) {
		return refutes, "sent-after-its-reset"
	}
	return silent, ""
}

// sentBeforeReset reports whether the timestamp of s is older than that of a RST of
// its sender: the RST has overtaken it.
func (c *connection) sentBeforeReset(s *wire.Segment) bool {
	return s.Options.Has&wire.OptTimestamps != 0 && slices.ContainsFunc(c.x.resets, func(r reset) bool {
		return r.side == s.Dir && r.hasTS && int32(s.Options.TSVal-r.tsval) < 0
	})
}
