package oracle

import (
	"slices"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// arc is a change of state that the prose allows, with the section that says
// so.
type arc struct{ from, on, to, rule string }

// arcs are the user calls (3.10.1 to 3.10.5) and timeouts (3.10.8), and the
// arrivals of 3.10.7 for receipts of which no frame was captured. "any" is
// every state in which a TCB exists.
var arcs = []arc{
	{closed, "snd.SYN", synSent, "3.10.1"},
	{listen, "snd.SYN", synSent, "3.10.1"},
	{synReceived, "snd.FIN", finWait1, "3.10.4"},
	{established, "snd.FIN", finWait1, "3.10.4"},
	{closeWait, "snd.FIN", lastAck, "3.10.4"},
	{synReceived, "snd.RST", closed, "3.10.5"},
	{established, "snd.RST", closed, "3.10.5"},
	{finWait1, "snd.RST", closed, "3.10.5"},
	{finWait2, "snd.RST", closed, "3.10.5"},
	{closeWait, "snd.RST", closed, "3.10.5"},

	{listen, "rcv.SYN", synReceived, "3.10.7.2"},
	{synSent, "rcv.SYN", synReceived, "3.10.7.3"},
	{synSent, "rcv.SYN,ACK", established, "3.10.7.3"},
	{synSent, "rcv.RST", closed, "3.10.7.3"},
	{synReceived, "rcv.ACK-of-SYN", established, "3.10.7.4"},
	{synReceived, "rcv.SYN,ACK", established, "3.10.7.4"},
	{synReceived, "rcv.SYN", listen, "3.10.7.4"},
	{synReceived, "rcv.RST", listen, "3.10.7.4"},
	{"any", "rcv.RST", closed, "3.10.7.4"},
	{established, "rcv.FIN", closeWait, "3.10.7.4"},
	{finWait1, "rcv.FIN", closing, "3.10.7.4"},
	{finWait2, "rcv.FIN", timeWait, "3.10.7.4"},
	{finWait1, "rcv.ACK-of-FIN", finWait2, "3.10.7.4"},
	{closing, "rcv.ACK-of-FIN", timeWait, "3.10.7.4"},
	{lastAck, "rcv.ACK-of-FIN", closed, "3.10.7.4"},

	{timeWait, "timeout.2MSL", closed, "3.10.8"},
	{"any", "timeout.", closed, "3.10.8"},

	// The SYN,ACK of 3.10.7.3 was not captured, but the ACK that it drew.
	{synSent, "snd.ACK", established, "3.10.7.3"},
	// 3.9.2.2: hard errors abort the connection.
	{synSent, "rcv.ICMP", closed, "3.9.2.2"},
	{synReceived, "rcv.ICMP", closed, "3.9.2.2"},
	// Another incarnation took the place: by a SYN in TIME-WAIT (3.10.7.4,
	// fourth), or after a crash that nothing on the wire shows (3.5.1).
	{"any", "superseded", closed, ""},
	// What a mid-stream segment leaves of the states (inference R13).
	{established, "snd.data", established, "3.10.2"},
	{closeWait, "snd.data", closeWait, "3.10.2"},
	{established, "rcv.data", established, "3.10.7.4"},
	{finWait1, "rcv.data", finWait1, "3.10.7.4"},
	{finWait2, "rcv.data", finWait2, "3.10.7.4"},
	// The peer, whose last octets were not captured, may have closed before (R13).
	{established, "snd.FIN", unknown, "3.10.4"},
	{established, "rcv.FIN", unknown, "3.10.7.4"},
	{finWait1, "rcv.FIN", unknown, "3.10.7.4"},
}

func (a *arc) allows(from, on, to string) bool {
	return a.to == to && (a.on == on || a.on == "timeout." && timeout(on) && on != "timeout.2MSL") &&
		(a.from == from || from == unknown || a.from == "any" && from != closed && from != listen)
}

// arcTo is where a symbol leads from a state, by the first arc; "" for none.
func arcTo(from, on string) string {
	for i := range arcs {
		if a := &arcs[i]; a.from == from && a.on == on {
			return a.to
		}
	}
	return ""
}

// transition checks one transition of the record against the reference
// endpoint, and takes the endpoint where the record says.
func (p *player) transition(i int) {
	t := &p.conn.Transitions[i]
	seg := p.cited(t)
	p.e.state = t.From // continuity is checked elsewhere
	p.e.early = p.e.early || t.From == synReceived && t.On == "snd.FIN"
	p.section(i, t)
	switch {
	case t.Frame != nil && seg < 0:
		p.missing(i, t)
	case seg >= 0 && !p.mayCite(i, t, seg):
	case seg < 0 || p.e.state == unknown || t.To == unknown || t.On == "superseded":
		p.unfed(i, t, seg)
	case sent(t.On):
		p.call(i, t, seg)
	default:
		p.arrival(i, t, seg)
	}
	p.enter(t, seg)
	p.leave(t, seg)
	p.visit(t.To)
}

// leave remembers a state that was left by a receipt.
func (p *player) leave(t *report.Transition, seg int) {
	switch {
	case sent(t.On):
		p.left = p.left[:0]
	case received(t.On) && seg >= 0 && t.T != nil:
		p.left = append(p.left, past{t.From, t.T.UnixNano() + p.guard})
	}
}

// section checks that some section allows the change, and that it is the one
// that the record cites.
func (p *player) section(i int, t *report.Transition) {
	var rules []string
	for n := range arcs {
		if a := &arcs[n]; a.allows(t.From, t.On, t.To) {
			rules = append(rules, a.rule)
		}
	}
	if gone(t) {
		rules = append(rules, "")
	}
	switch {
	case len(rules) == 0 || t.To == unknown && !p.unordered(i):
		p.bad(p.on(i), "3.10", "no rule leads from %s to %s on %s", t.From, t.To, t.On)
	case t.On == "timeout.FIN-WAIT-2": // Linux's own; the RFC has no such limit
	case rules[0] != "" && !slices.Contains(rules, t.Rule):
		p.bad(p.on(i), rules[0], "%s in %s cites section %q", t.On, t.From, t.Rule)
	case t.From == synSent && received(t.On) && t.Rule == "3.10.7.4":
		p.bad(p.on(i), "3.10.7.3", "%s in %s cites section %q", t.On, t.From, t.Rule)
	}
}

// unordered reports whether the peer of the sender of the FIN of transition i
// may have closed before: of what that FIN acknowledges the last octet was not
// captured up to then.
func (p *player) unordered(i int) bool {
	t := &p.conn.Transitions[i]
	seg := p.cited(t)
	if seg < 0 {
		seg = p.confirming(t) // the event itself was not captured
	}
	if seg < 0 {
		return false
	}
	for k := 0; k <= seg; k++ {
		s := &p.segs[k]
		if p.sentBy(k, p.k) != p.sentBy(seg, p.k) && s.SegLen() > 0 && p.segs[seg].Ack.LessEq(s.End()) {
			return false
		}
	}
	return true
}

// gone reports a connection that was found gone by a RST from CLOSED
// (3.10.7.1): that may happen in every state, as crashes do.
func gone(t *report.Transition) bool {
	return t.On == "snd.RST" && t.To == closed && t.Basis == inferred && t.Frame == nil
}

// missing deals with a frame that is no segment of the four-tuple.
func (p *player) missing(i int, t *report.Transition) {
	switch r := p.conn.Rejected; {
	case t.On == "rcv.ICMP" && r != nil && r.Frame == *t.Frame:
		p.unsure(p.on(i), "3.9.2.2", "the ICMP error is no segment")
	default:
		p.bad(p.on(i), "records", "frame %d holds no segment of the connection", *t.Frame)
	}
}

// mayCite checks that the frame was sent by the right side and carries what
// the symbol says.
func (p *player) mayCite(i int, t *report.Transition, seg int) bool {
	s := &p.segs[seg]
	switch {
	case sent(t.On) && !p.sentBy(seg, p.k):
		p.bad(p.on(i), "records", "%s, but the peer sent the frame", t.On)
	case received(t.On) && !p.sentBy(seg, 1-p.k):
		p.bad(p.on(i), "records", "%s, but the side sent the frame itself", t.On)
	case timeout(t.On):
		p.bad(p.on(i), "records", "a timeout has no frame")
	case t.T != nil && !p.self && t.T.UnixNano() < s.Time:
		p.bad(p.on(i), "records", "t is before its frame")
	case t.T != nil && t.T.UnixNano() > s.Time && !p.postponed(t, seg):
		p.bad(p.on(i), "records", "t is %v after its frame, and nothing of the side lies between",
			t.T.UnixNano()-s.Time)
	case !carries(t.On, s.Flags):
		p.bad(p.on(i), "3.1", "%s, but the frame carries %v", t.On, s.Flags)
	default:
		return true
	}
	return false
}

// postponed reports whether t is the time of a segment of the side behind
// which the receipt was put, or of the transition before.
func (p *player) postponed(t *report.Transition, seg int) bool {
	if sent(t.On) {
		return false
	}
	for i := seg + 1; i < len(p.segs); i++ {
		if p.sentBy(i, p.k) && p.segs[i].Time == t.T.UnixNano() {
			return true
		}
	}
	return false
}

// bits are the control bits that a symbol's frame must and must not carry.
// A FIN may be completed by text, so rcv.FIN asks for none but ACK.
var bits = map[string]struct{ must, not wire.Flags }{
	"snd.SYN":        {wire.SYN, wire.ACK | wire.RST},
	"snd.FIN":        {wire.FIN | wire.ACK, wire.SYN | wire.RST},
	"snd.RST":        {wire.RST, 0},
	"snd.ACK":        {wire.ACK, wire.SYN | wire.RST},
	"snd.data":       {wire.ACK, wire.SYN | wire.RST},
	"rcv.SYN":        {wire.SYN, wire.ACK | wire.RST},
	"rcv.SYN,ACK":    {wire.SYN | wire.ACK, wire.RST},
	"rcv.ACK-of-SYN": {wire.ACK, wire.SYN | wire.RST},
	"rcv.FIN":        {wire.ACK, wire.RST},
	"rcv.ACK-of-FIN": {wire.ACK, wire.SYN | wire.RST},
	"rcv.RST":        {wire.RST, 0},
	"rcv.data":       {wire.ACK, wire.SYN | wire.RST},
	"superseded":     {wire.SYN, wire.RST},
}

func carries(on string, f wire.Flags) bool {
	b, ok := bits[on]
	return ok && f.Has(b.must) && f&b.not == 0
}

// unfed checks what can be checked of a transition that the reference
// endpoint cannot be asked about.
func (p *player) unfed(i int, t *report.Transition, seg int) {
	switch {
	case t.On == "superseded":
		p.superseded(i, t, seg)
	case t.To == unknown:
		p.unsure(p.on(i), "inference R13", "%s: which end closed first is not captured", t.On)
	case p.e.state == unknown:
		p.unsure(p.on(i), "inference R13", "mid-stream: %s to %s is one of several", t.On, t.To)
	case received(t.On):
		p.unsure(p.on(i), "inference E4", "%s has no frame", t.On)
	}
}

// superseded checks whose SYN ended a connection: in TIME-WAIT either end's
// (3.10.7.4, fourth; 3.6.1), and in SYN-RECEIVED; elsewhere a peer's SYN draws
// a challenge ACK, unless the state was lost without a trace.
func (p *player) superseded(i int, t *report.Transition, seg int) {
	if seg < 0 || p.sentBy(seg, p.k) || t.From == timeWait || t.From == synReceived {
		return
	}
	p.unsure(p.on(i), "3.10.7.4", "a peer's SYN changes nothing in %s, unless the side had lost it", t.From)
}

// call checks a user call: a segment of the side itself.
func (p *player) call(i int, t *report.Transition, seg int) {
	s := &p.segs[seg]
	switch t.On {
	case "snd.FIN":
		if p.repeated(seg) {
			p.bad(p.on(i), "3.10.4", "the FIN had been sent before")
		}
	case "snd.RST":
		if !near(s.Seq, p.e.nxt) && p.e.hasNXT && !s.Flags.Has(wire.ACK) {
			p.bad(p.on(i), "3.10.5", "SEG.SEQ of the RST is %+d of SND.NXT", s.Seq.Diff(p.e.nxt))
		}
	case "snd.ACK":
		if p.e.hasISS && s.Seq.LessEq(p.e.iss) {
			p.bad(p.on(i), "3.10.7.3", "the ACK is not beyond the SYN")
		}
	}
}

// repeated reports whether the side had sent the FIN of a segment earlier in
// this life.
func (p *player) repeated(seg int) bool {
	for i := p.life; i < seg; i++ {
		s := &p.segs[i]
		if p.sentBy(i, p.k) && s.Flags.Has(wire.FIN|wire.ACK) && s.FINSeq() == p.segs[seg].FINSeq() && p.ours(s) {
			return true
		}
	}
	return false
}

// arrival gives the cited frame to the reference endpoint, which must do what
// the record says, first of all.
func (p *player) arrival(i int, t *report.Transition, seg int) {
	s := &p.segs[seg]
	o := p.e.arrive(s)
	if len(o.steps) == 0 {
		p.nothing(i, t, seg, o)
		return
	}
	do := o.steps[0]
	aside := do.on == "rcv.RST" && do.to == listen && t.To == closed
	if o.open {
		p.unsure(p.on(i), "3.10.7.4", "%s", o.unsure)
		return
	}
	if do.on != t.On || do.to != t.To && !aside {
		p.bad(p.on(i), "3.10.7", "%s to %s, but in %s this frame is %s to %s",
			t.On, t.To, t.From, do.on, do.to)
		return
	}
	if o.unsure != "" {
		p.unsure(p.on(i), "3.10.7", "%s", o.unsure)
	}
}

// nothing deals with a frame that changes nothing. A FIN whose octets were
// not all captured may still have been received, if the side says so.
func (p *player) nothing(i int, t *report.Transition, seg int, o outcome) {
	proof := p.confirming(t)
	if t.On == "rcv.FIN" && o.unsure != "" && proof >= 0 && p.lost(seg, proof) {
		p.unsure(p.on(i), o.rule, "%s, as the side acknowledged them", o.unsure)
		return
	}
	p.bad(p.on(i), o.rule, "%s to %s, but in %s the frame changes nothing: %s", t.On, t.To, t.From, o.why)
}

// lost reports whether the capture still lacks octets before the FIN of a
// segment when the side acknowledges it.
func (p *player) lost(seg, proof int) bool {
	rx := stream{base: p.e.rx.base, have: slices.Clone(p.e.rx.have)}
	for i := seg; i < proof; i++ {
		if p.sentBy(i, 1-p.k) && !p.segs[i].Flags.Has(wire.RST) {
			rx.add(&p.segs[i])
		}
	}
	from, _ := p.e.rcvLow()
	return rx.missed(from, p.segs[seg].FINSeq())
}

// enter sets the endpoint's numbers by the SYNs that a transition is about.
func (p *player) enter(t *report.Transition, seg int) {
	switch proof := p.confirming(t); {
	case t.On == "snd.SYN" && seg >= 0:
		p.begin(seg, false)
		p.mySYN(seg)
	case t.On == "snd.SYN":
		p.begin(0, false)
		p.toldSYN(proof)
	case t.On == "rcv.SYN" && t.To == synReceived:
		p.receivedSYN(t, seg, proof)
	case t.On == "rcv.SYN,ACK" && seg >= 0 && !p.e.hasIRS:
		p.peerSYN(seg, seg)
	case t.On == "snd.FIN" && seg < 0:
		p.unseenFIN(max(proof, 0))
	}
}

// unseenFIN numbers a FIN of which the first transmission was not captured: by
// a repeat, else as the octet after all others (inference R12).
func (p *player) unseenFIN(from int) {
	switch at := p.nextFIN(p.k, from); {
	case at >= 0:
		p.e.fin = p.segs[at].FINSeq()
	case p.e.hasNXT && p.sentBy(from, p.k) && p.e.nxt.Less(p.segs[from].Seq):
		p.e.fin = p.segs[from].Seq - 1
	case p.e.hasNXT:
		p.e.fin = p.e.nxt
	default:
		return
	}
	p.e.hasFIN = true
	p.e.sentUpTo(p.e.fin + 1)
}

func (p *player) receivedSYN(t *report.Transition, seg, proof int) {
	if t.From != synSent {
		p.begin(max(seg, 0), true)
		if proof >= 0 && p.segs[proof].Flags.Has(wire.SYN) {
			p.mySYN(proof)
		}
	}
	switch {
	case seg >= 0:
		p.peerSYN(seg, max(seg, proof))
	case proof >= 0 && p.sentBy(proof, p.k):
		p.peerISN(p.segs[proof].Ack-1, 0, proof)
	}
}

// toldSYN takes the number of a SYN that was not captured from the peer's
// SYN,ACK (inference I4).
func (p *player) toldSYN(by int) {
	if by < 0 || p.sentBy(by, p.k) || !p.segs[by].Flags.Has(wire.SYN|wire.ACK) {
		return
	}
	p.e.iss, p.e.hasISS = p.segs[by].Ack-1, true
	p.e.sentUpTo(p.segs[by].Ack)
	p.e.unseen = p.furthest(p.k, p.e.iss, 0)
}
