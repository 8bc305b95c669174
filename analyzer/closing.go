package analyzer

import (
	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// opening says how the connection was opened (inference.md section 4).
func (a *Analyzer) opening(c *connection, o *report.Open) {
	client, server := c.client, c.peer(c.client)
	o.Kind = a.openKind(c, client, server)
	o.SYNRetransmits, o.SYNACKRetransmits = int(c.look(client).syn.n), int(c.look(server).synAck.n)
	if rtt := c.roundTrip(); rtt > 0 {
		o.RTT = a.rec.seconds(rtt)
	}
}

// openKind names the opening; the first that fits.
func (a *Analyzer) openKind(c *connection, client, server uint8) string {
	opened := func(side uint8) bool { return a.courses[side].visited.Intersects(fsm.Synchronized) }
	switch {
	case c.flags&midStream != 0:
		return "mid-stream"
	case c.phase == stray:
		return "stray-syn"
	case c.kinds[client].has(fsm.RcvICMP) && !opened(client):
		return "rejected"
	case !opened(client) && c.refused(client):
		return "refused"
	case c.flags&splitOpen != 0:
		return "split"
	case c.flags&simultaneousOpen != 0:
		return "simultaneous"
	case !opened(client) && !c.ep[server].has(synAckSeen):
		return "unanswered"
	case !opened(client) || !opened(server):
		return "incomplete"
	case c.flags&fastOpen != 0:
		return "fast-open"
	}
	return "three-way"
}

// reached reports whether an end, as it is shown, ever was in one of set.
func (c *connection) reached(side uint8, set fsm.Set) bool {
	found := c.ep[side].initial.Intersects(set)
	c.fold(side, func(tr transition) { found = found || tr.to.Intersects(set) })
	return found
}

// refused reports whether a RST ended the opening of an end.
func (c *connection) refused(side uint8) bool { return c.kinds[side].has(fsm.RcvRST) }

// finished is what the two FINs say (C1 to C3).
type finished struct {
	kind   string
	closer report.Side
	basis  string
}

// closing says how the connection was closed (records.md, close.kind).
func (a *Analyzer) closing(c *connection, why finality, now int64, out *report.Close) {
	fins := c.fins()
	rst := c.decidingReset()
	out.Kind, out.FirstCloser, out.Basis, out.EndedBy = fins.kind, fins.closer, fins.basis, "none"
	out.FINRetransmits.Client = int(c.look(c.client).fin.n)
	if c.flip == 1 {
		out.FINRetransmits.Server = int(c.look(c.peer(c.client)).fin.n)
	}
	acked := c.ep[0].finAck.ref != 0 && c.ep[c.peer(0)].finAck.ref != 0
	if acked {
		out.EndedBy = "fin"
	}
	if rst != nil {
		out.Reset = &report.ResetCause{By: c.side(rst.side), Cause: c.resetCause(rst), Frame: rst.ref.Frame(), File: a.filePtr(rst.ref)}
		if out.Reset.Cause == "injected" || rst.old || rst.elsewhere {
			out.Reset.By = report.SideUnknown // nor did its alleged sender close first by it
		}
		if !acked || !c.finAckedBefore(rst.t) {
			out.Kind, out.EndedBy = "reset", "reset"
			if fins.closer == report.SideUnknown && out.Reset.By != report.SideUnknown {
				out.FirstCloser, out.Basis = out.Reset.By, "reset"
			}
		}
	}
	if out.Kind == "none" {
		a.unclosed(c, why, out)
	}
	if c.bothFINs() {
		out.FinalAck = c.finalAck(&fins)
	}
	out.CloseWait = a.closeWait(c, now)
}

// bothFINs reports whether both ends sent a FIN.
func (c *connection) bothFINs() bool {
	return c.ep[0].sp.Has(reassembly.KnownFIN) && c.ep[c.peer(0)].sp.Has(reassembly.KnownFIN)
}

// fins applies C1 to C3 to the first transmissions of the FINs.
func (c *connection) fins() finished {
	x, y := c.client, c.peer(c.client)
	fx, fy := c.ep[x].sp.Has(reassembly.KnownFIN), c.ep[y].sp.Has(reassembly.KnownFIN)
	switch {
	case fx && fy && c.flip == 1:
		return c.twoFINs(x, y)
	case fx && c.flip == 0: // its FIN crosses itself
		return finished{"simultaneous", report.SideBoth, "only-fin"}
	case fx:
		return c.oneFIN(x)
	case fy:
		return c.oneFIN(y)
	}
	return finished{"none", report.SideUnknown, ""}
}

// oneFIN: only one end closed, so it closed first.
func (c *connection) oneFIN(x uint8) finished {
	f := finished{"none", c.side(x), "only-fin"}
	if c.ep[x].finAck.ref != 0 {
		f.kind = "half-closed"
	}
	if c.ep[x].fin.ref == 0 {
		f.basis = "inferred"
	}
	if c.closedBefore(x) || c.ep[c.peer(x)].shown.Intersects(afterOwnFIN) {
		f.closer, f.basis = report.SideUnknown, ""
	}
	return f
}

// afterOwnFIN are the states of an end that has sent its FIN. Of one that was
// open when the capture began they are possible until something rules them out.
var afterOwnFIN = fsm.Of(fsm.FinWait1, fsm.FinWait2, fsm.Closing, fsm.LastAck, fsm.TimeWait)

// closedBefore reports whether the peer, of which nothing was captured, may
// have closed before x did (R13).
func (c *connection) closedBefore(x uint8) bool {
	return c.kinds[x]&mayBeElsewhere != 0
}

// twoFINs decides who closed first, from what each FIN acknowledged and not
// from the order in the capture.
func (c *connection) twoFINs(x, y uint8) finished {
	basis := "ack-order"
	if c.finInferred(x) || c.finInferred(y) {
		basis = "inferred"
	}
	yKnew, xKnew := c.knew(y), c.knew(x)
	if c.ep[y].has(finRepeatedFirst) && yKnew && !xKnew {
		basis = "retransmission"
	}
	switch {
	case yKnew && xKnew:
		return finished{"four-segment", report.SideUnknown, "retransmission"}
	case yKnew:
		return c.sequential(x, basis)
	case xKnew:
		return c.sequential(y, basis)
	}
	return finished{"simultaneous", report.SideBoth, basis}
}

// finInferred reports whether the first transmission of an end's FIN was not
// captured.
func (c *connection) finInferred(x uint8) bool {
	return c.ep[x].fin.ref == 0 || c.ep[x].has(finUnordered)
}

// knew reports whether an end had received the peer's FIN when it sent its own:
// by what its FIN acknowledges, or, if that FIN was not captured, by the order
// that was inferred.
func (c *connection) knew(x uint8) bool {
	if !c.finInferred(x) {
		return c.ep[c.peer(x)].sp.FINAcked(c.ep[x].fin.ack)
	}
	own, peer := c.find(x, fsm.SndFIN), c.find(x, fsm.RcvFIN)
	return peer >= 0 && peer < own
}

// sequential: x closed first. In a three-segment close the first segment that
// acknowledges its FIN carries the other's (C2).
func (c *connection) sequential(x uint8, basis string) finished {
	kind := "four-segment"
	if c.ep[x].has(finAckedByFIN) {
		kind = "three-segment"
	}
	return finished{kind, c.side(x), basis}
}

// finAckedBefore reports whether both FINs were acknowledged before t.
func (c *connection) finAckedBefore(t int64) bool {
	return c.ep[0].finAck.t <= t && c.ep[c.peer(0)].finAck.t <= t
}

// unclosed: neither FINs nor a reset say how it ended.
func (a *Analyzer) unclosed(c *connection, why finality, out *report.Close) {
	var timer, over bool
	for i := range c.events {
		e := &c.events[i]
		switch e.sym {
		case fsm.TimeoutSYN, fsm.TimeoutUser, fsm.TimeoutFinWait2:
			// A server whose first request expired may have taken a second.
			timer = timer || c.ep[e.side].shown.Is(fsm.Closed)
		case fsm.Superseded:
			over = true
		}
	}
	switch {
	case timer:
		out.Kind, out.EndedBy = "timeout", "timer"
	case over:
		out.Kind, out.EndedBy = "superseded", "superseded"
	case why == finalEvicted:
		out.Kind = "evicted"
	}
}

// finalAck says what became of the ACK of the FIN that was sent last.
func (c *connection) finalAck(fins *finished) string {
	worst := "seen"
	last := c.lastCloser(fins)
	for side := range uint8(2) {
		if last != side && last < 2 {
			continue
		}
		switch {
		case c.lostACKOfFIN(side):
			worst = "lost"
		case c.ep[side].finAck.ref == 0 && worst == "seen":
			worst = "unseen"
		}
	}
	return worst
}

// lastCloser returns the end whose FIN came second, or 2 when they crossed.
func (c *connection) lastCloser(fins *finished) uint8 {
	switch fins.closer {
	case report.Client, report.Server:
		return c.peer(c.index(fins.closer))
	}
	return 2
}

// lostACKOfFIN reports whether an ACK of the end's FIN was captured and then
// refuted by the FIN coming again (C4).
func (c *connection) lostACKOfFIN(side uint8) bool {
	if c.x == nil {
		return false
	}
	for i := range c.x.refuted {
		f := &c.x.refuted[i]
		if f.side == side && f.sym == fsm.RcvACKOfFIN && f.why == whyFINAgain {
			return true
		}
	}
	return false
}

// closeWait is how long the passive closer was, or has been, in CLOSE-WAIT.
func (a *Analyzer) closeWait(c *connection, now int64) *float64 {
	var out *float64
	for side := range uint8(c.flip + 1) {
		if !a.courses[side].visited.Has(fsm.CloseWait) {
			continue
		}
		var since int64
		for i := range a.courses[side].list {
			tr := &a.courses[side].list[i]
			if tr.to.Is(fsm.CloseWait) {
				since = tr.t
				out = a.rec.seconds(max(now-since, 0))
			} else if tr.from.Is(fsm.CloseWait) {
				out = a.rec.seconds(tr.t - since)
			}
		}
	}
	return out
}

// decidingReset returns the first RST that ended an end.
func (c *connection) decidingReset() *reset {
	if c.x == nil {
		return nil
	}
	for i := range c.x.resets {
		r := &c.x.resets[i]
		if c.endedBy(r.ref) {
			return r
		}
	}
	return nil
}

// endedBy reports whether the RST of frame ref ended its sender or its
// receiver.
func (c *connection) endedBy(ref wire.FrameRef) bool {
	for i := range c.events {
		e := &c.events[i]
		if ends.has(e.sym) && (e.ref == ref || e.ref == 0 && e.by == ref) || e.sym == fsm.RcvRST && e.ref == ref {
			return true
		}
	}
	return false
}

// resetRecord is one RST as it is reported.
func (a *Analyzer) resetRecord(c *connection, r *reset) report.Reset {
	out := report.Reset{Frame: r.ref.Frame(), File: a.filePtr(r.ref), By: c.side(r.side), Form: "rst-ack",
		AnswersFrame: a.rec.frame(r.answers), AnswersFile: a.filePtr(r.answers),
		Effect: effectNames[r.effect], Cause: c.resetCause(r), PayloadBytes: int(r.payload)}
	if r.bare {
		out.Form = "rst"
	}
	if r.effect == effectClosed && c.findRef(c.peer(r.side), fsm.RcvRST, r.ref) < 0 {
		out.Effect = effectNames[effectIgnored]
		if r.repeats >= deadAfter {
			out.Effect = effectNames[effectUnknown]
		}
	}
	return out
}

// causeRule is a row of C7: the first whose test holds names the cause.
type causeRule struct {
	cause string
	test  func(c *connection, r *reset) bool
}

var causeRules = [...]causeRule{
	{"refused", func(_ *connection, r *reset) bool {
		return !r.bare && r.receiver.Is(fsm.SynSent) && r.effect == effectClosed
	}},
	{"unknown", func(_ *connection, r *reset) bool { return r.old }},
	{"injected", func(c *connection, r *reset) bool { return c.injected(r) }},
	{"challenge", func(_ *connection, r *reset) bool { return r.challenge }},
	{"time-wait-assassination", func(_ *connection, r *reset) bool {
		return r.receiver.Is(fsm.TimeWait) && r.effect == effectClosed
	}},
	{"keepalive", func(_ *connection, r *reset) bool { return !r.bare && r.probed && r.repeats >= 1 }},
	{"retransmission", func(_ *connection, r *reset) bool { return !r.bare && r.repeats >= 3 }},
	{"after-close", func(c *connection, r *reset) bool {
		return c.ep[r.side].sp.Has(reassembly.KnownFIN) && c.ep[r.side].fin.t <= r.t
	}},
	{"unknown", func(c *connection, r *reset) bool { return c.wentOn(r) }},
	{"abort", func(_ *connection, r *reset) bool { return !r.bare || r.answers == 0 }},
	{"no-such-connection", func(_ *connection, r *reset) bool { return r.bare }},
}

// wentOn reports whether a RST ended neither end, while its sender lived: nobody
// knows who sent it.
func (c *connection) wentOn(r *reset) bool {
	alive := !r.sender.Is(fsm.Closed) && !r.sender.Is(fsm.Listen)
	return r.answers == 0 && alive && r.effect != effectClosed && !c.endedBy(r.ref)
}

// resetCause names why a RST was sent (C7).
func (c *connection) resetCause(r *reset) string {
	for i := range causeRules {
		if causeRules[i].test(c, r) {
			return causeRules[i].cause
		}
	}
	return "unknown"
}

// injected: at least two signs that the sender named did not send it, its own tap, or its
// own later segments, which nobody sends of a connection that he has reset.
func (c *connection) injected(r *reset) bool {
	signs := c.signs(r)
	return suspicious(signs) || r.foreign || signs&detect.SignContradicted != 0
}

// signs are those of a RST with what came after it.
func (c *connection) signs(r *reset) detect.Sign {
	signs := r.signs
	for i := range c.x.refuted {
		if f := &c.x.refuted[i]; f.sym == fsm.SndRST && f.ref == r.ref {
			signs |= detect.SignContradicted
		}
	}
	for i := range c.x.resets {
		other := &c.x.resets[i]
		if d := other.t - r.t; other.side != r.side && max(d, -d) <= max(c.roundTrip(), 5e6) && r.answers == 0 && other.answers == 0 {
			signs |= detect.SignBothEnds
			break
		}
	}
	return signs
}

// vantage says where the capture seems to have been taken (E5), surest sign
// first.
func (a *Analyzer) vantage(c *connection, v *report.Vantage) {
	client, server := c.client, c.peer(c.client)
	v.Near, v.OneWay = report.SideUnknown, c.oneWay() && c.latest().t > c.start && c.wasAnswered()
	v.MissingBytes.Client = c.missing(client)
	if c.flip == 0 {
		return
	}
	v.MissingBytes.Server = c.missing(server)
	toClient, ok1 := c.ep[server].sp.RTT()
	toServer, ok2 := c.ep[client].sp.RTT()
	if ok1 || ok2 {
		v.RTT = &a.rec.rtt
		if ok1 {
			v.RTT.Client = a.rec.seconds(toClient)
		}
		if ok2 {
			v.RTT.Server = a.rec.seconds(toServer)
		}
	}
	for i := range vantageSigns {
		sign := &vantageSigns[i]
		one, two := sign.near(&c.ep[client], &c.ep[server]), sign.near(&c.ep[server], &c.ep[client])
		if one == two {
			continue
		}
		v.Near, v.Basis = report.Client, sign.basis
		if two {
			v.Near = report.Server
		}
		return
	}
	if ok1 && ok2 {
		v.Near, v.Basis = nearByRTT(toClient, toServer), "rtt"
	}
}

// missing is how many octets of an end were acknowledged and never captured; a
// FIN that is only inferred is no octet.
func (c *connection) missing(side uint8) uint64 {
	n := c.ep[side].sp.Missing()
	if n > 0 && c.ep[side].sp.FINAcked(c.ep[side].sp.Una) && c.ep[side].fin.ref == 0 {
		n--
	}
	return n
}

// vantageSigns are the signs that the tap is at an end, surest first.
var vantageSigns = [...]struct {
	basis string
	near  func(ep, peer *endpoint) bool
}{
	{"direction", func(ep, peer *endpoint) bool { return ep.arrow == wire.Outbound || peer.arrow == wire.Inbound }},
	{"checksum", func(ep, peer *endpoint) bool {
		return ep.sums[wire.ChecksumPartial-1] > 0 && ep.sums[wire.ChecksumGood-1] == 0 && peer.sums[wire.ChecksumPartial-1] == 0
	}},
	{"ttl", func(ep, peer *endpoint) bool { return fullTTL(ep.ttl) && !fullTTL(peer.ttl) && peer.ttl != 0 }},
}

// fullTTL reports whether no router was passed.
func fullTTL(ttl uint8) bool { return ttl == 64 || ttl == 128 || ttl == 255 }

// nearByRTT compares the round trips to both ends.
func nearByRTT(client, server int64) report.Side {
	const far = 4
	switch {
	case client*far < server:
		return report.Client
	case server*far < client:
		return report.Server
	}
	return "middle"
}

// wasAnswered reports whether the one end that was captured acknowledges
// something that was not: the other end speaks, unseen.
func (c *connection) wasAnswered() bool {
	for side := range uint8(2) {
		sp := &c.ep[side].sp
		other := &c.ep[side^1]
		moved := c.flags&midStream == 0 || other.has(acked) && other.has(ackMoved)
		if c.ep[side].packets == 0 && sp.Has(reassembly.KnownUna) && moved {
			return true
		}
	}
	return false
}
