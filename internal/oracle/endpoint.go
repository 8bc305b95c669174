package oracle

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// The states, in the RFC's spelling (section 3.3.2).
const (
	closed      = "CLOSED"
	listen      = "LISTEN"
	synSent     = "SYN-SENT"
	synReceived = "SYN-RECEIVED"
	established = "ESTABLISHED"
	finWait1    = "FIN-WAIT-1"
	finWait2    = "FIN-WAIT-2"
	closeWait   = "CLOSE-WAIT"
	closing     = "CLOSING"
	lastAck     = "LAST-ACK"
	timeWait    = "TIME-WAIT"
	unknown     = report.Unknown
)

// endpoint is the reference endpoint: a state and the variables of section
// 3.3.1, as far as they show at a tap. RCV.NXT is known as a range: from the
// last number that the endpoint acknowledged to where the peer's octets were
// captured without a hole.
type endpoint struct {
	state   string
	passive bool // came from LISTEN

	iss    wire.Seq
	hasISS bool
	nxt    wire.Seq // SND.NXT, as far as captured
	hasNXT bool
	fin    wire.Seq // number of its FIN
	hasFIN bool
	early  bool     // the FIN was sent from SYN-RECEIVED, with the SYN not acknowledged
	unseen wire.Seq // the furthest that it is ever seen to have sent
	silent bool     // nothing that it sent was captured

	irs    wire.Seq
	hasIRS bool
	acked  wire.Seq // the last SEG.ACK it sent: RCV.NXT is no less
	hasACK bool
	rx     stream // the peer's octets, as captured

	edge    wire.Seq // the furthest right edge of its window
	hasEdge bool     // false: not known, no test
}

// step is one change of state that the prose prescribes: by what symbol of
// the record, and to where.
type step struct{ on, to string }

// outcome is what the prose makes of an arriving segment.
type outcome struct {
	steps  []step
	why    string // why there are no steps, or no more of them
	rule   string // the section that says so
	unsure string // what a tap cannot know that the steps hang on
	open   bool   // ... so that there may be other steps as well
}

func (o outcome) stop(rule, why string) outcome {
	o.rule, o.why = rule, why
	return o
}

func (o outcome) then(on, to string) outcome {
	o.steps = append(o.steps, step{on, to})
	return o
}

// arrive is SEGMENT ARRIVES, section 3.10.7: what the endpoint does when it
// receives s. It changes nothing.
func (e *endpoint) arrive(s *wire.Segment) outcome {
	switch e.state {
	case closed:
		return outcome{}.stop("3.10.7.1", "CLOSED discards every segment")
	case listen:
		return e.arriveListen(s)
	case synSent:
		return e.arriveSynSent(s)
	}
	return e.arriveOther(s)
}

func (e *endpoint) arriveListen(s *wire.Segment) outcome {
	const rule = "3.10.7.2"
	var o outcome
	switch {
	case s.Flags.Has(wire.RST):
		return o.stop(rule, "LISTEN ignores a RST")
	case s.Flags.Has(wire.ACK):
		return o.stop(rule, "LISTEN answers any ACK with a RST")
	case !s.Flags.Has(wire.SYN):
		return o.stop(rule, "LISTEN drops a segment without SYN")
	}
	return o.then("rcv.SYN", synReceived).stop(rule, "other controls wait for the ACK")
}

func (e *endpoint) arriveSynSent(s *wire.Segment) outcome {
	const rule = "3.10.7.3"
	var o outcome
	ack := s.Flags.Has(wire.ACK)
	switch {
	case ack && !e.acksNew(s.Ack, &o):
		return o.stop(rule, "first: SEG.ACK =< ISS or SEG.ACK > SND.NXT")
	case s.Flags.Has(wire.RST) && ack:
		return o.then("rcv.RST", closed)
	case s.Flags.Has(wire.RST):
		return o.stop(rule, "second: a RST without ACK is dropped in SYN-SENT")
	case !s.Flags.Has(wire.SYN):
		return o.stop(rule, "fifth: neither SYN nor RST")
	case !ack:
		return o.then("rcv.SYN", synReceived).stop(rule, "other controls wait for ESTABLISHED")
	}
	o = o.then("rcv.SYN,ACK", established)
	if s.Flags.Has(wire.FIN) {
		return o.then("rcv.FIN", closeWait)
	}
	return o.stop(rule, "no more controls")
}

// acksNew is SND.UNA < SEG.ACK =< SND.NXT with SND.UNA = ISS, as long as
// nothing was acknowledged.
func (e *endpoint) acksNew(ack wire.Seq, o *outcome) bool {
	if !e.hasISS {
		o.unsure = "ISS is not known"
		return true
	}
	return e.iss.Less(ack) && e.acksSent(ack, o)
}

// acksSent is SEG.ACK =< SND.NXT. Octets that the capture missed may lie
// between what was seen of SND.NXT and the truth.
func (e *endpoint) acksSent(ack wire.Seq, o *outcome) bool {
	switch {
	case !e.hasNXT || e.silent:
		o.unsure = "SND.NXT is not known"
		return true
	case ack.LessEq(e.nxt):
		return true
	case ack.LessEq(e.unseen):
		o.unsure = "SEG.ACK is of octets captured later"
		return true
	}
	return false
}

// arriveOther is section 3.10.7.4, in its eight steps.
func (e *endpoint) arriveOther(s *wire.Segment) outcome {
	const rule = "3.10.7.4"
	var o outcome
	if !e.acceptable(s, &o) && !e.staleReset(s, &o) {
		return o.stop(rule, "first: not acceptable by table 6, "+e.window(s))
	}
	if s.Flags.Has(wire.RST) {
		return e.reset(s, o)
	}
	if s.Flags.Has(wire.SYN) && !e.crossedSynAck(s) {
		return e.syn(o)
	}
	if !s.Flags.Has(wire.ACK) {
		return o.stop(rule, "fifth: the ACK bit is off")
	}
	o, e2, ok := e.ackField(s, o)
	if !ok {
		return o
	}
	return e2.finBit(s, o)
}

// staleReset allows what Linux does after a FIN (tcp_reset_check): a RST at
// the FIN's own number, by a peer that lost the connection with it.
func (e *endpoint) staleReset(s *wire.Segment, o *outcome) bool {
	lo, _ := e.rcvLow()
	had := e.state == closeWait || e.state == closing || e.state == lastAck
	if !had || !s.Flags.Has(wire.RST) || s.Seq != lo-1 {
		return false
	}
	o.unsure = "a RST at RCV.NXT-1: acted on by Linux only"
	return true
}

// reset is the second step: RFC 5961's exact match, or the plain window of
// section 3.5.3 for who has not taken that up.
func (e *endpoint) reset(s *wire.Segment, o outcome) outcome {
	if hi := e.rcvNext(); e.hasACK && hi.Less(s.Seq) {
		o.unsure = "a RST in the window but beyond RCV.NXT: acted on only without RFC 5961"
	}
	if e.state == synReceived && e.passive {
		o.unsure = "a passive opener returns to LISTEN, its connection is gone"
		return o.then("rcv.RST", listen)
	}
	return o.then("rcv.RST", closed)
}

// syn is the fourth step.
func (e *endpoint) syn(o outcome) outcome {
	if e.state == synReceived && e.passive {
		return o.then("rcv.SYN", listen)
	}
	return o.stop("3.10.7.4", "fourth: a SYN is answered with a challenge ACK and dropped")
}

// crossedSynAck reports a peer's SYN,ACK in a simultaneous open: figure 7,
// lines 6 and 7.
func (e *endpoint) crossedSynAck(s *wire.Segment) bool {
	return e.state == synReceived && !e.passive && s.Flags.Has(wire.SYN|wire.ACK) &&
		(!e.hasIRS || s.Seq == e.irs)
}

// ackField is the fifth step. It returns the endpoint as it is afterwards, and
// whether processing goes on.
func (e *endpoint) ackField(s *wire.Segment, o outcome) (outcome, *endpoint, bool) {
	const rule = "3.10.7.4"
	next := *e
	if e.state == synReceived {
		if !e.acksNew(s.Ack, &o) {
			return o.stop(rule, "fifth: the ACK is not of this SYN; a RST is sent"), e, false
		}
		on := "rcv.ACK-of-SYN"
		if s.Flags.Has(wire.SYN) {
			on = "rcv.SYN,ACK"
		}
		next.state = established
		return o.then(on, established), &next, true
	}
	if !e.acksSent(s.Ack, &o) {
		return o.stop(rule, "fifth: SEG.ACK > SND.NXT, dropped"), e, false
	}
	if to := ackOfFIN[e.state]; to != "" && e.finAcked(s, &o) {
		next.state = to
		return o.then("rcv.ACK-of-FIN", to), &next, to != closed
	}
	return o, &next, true
}

// ackOfFIN is where the acknowledgment of its FIN takes an endpoint.
var ackOfFIN = map[string]string{finWait1: finWait2, closing: timeWait, lastAck: closed}

func (e *endpoint) finAcked(s *wire.Segment, o *outcome) bool {
	if !e.hasFIN {
		o.unsure, o.open = "the number of the side's FIN is not known", true
		return true
	}
	return e.fin.Less(s.Ack)
}

// finBit is the eighth step: a FIN counts once every octet before it is there,
// and it may be another segment than its own that fills the last hole.
func (e *endpoint) finBit(s *wire.Segment, o outcome) outcome {
	const rule = "3.10.7.4"
	to := finReceived[e.state]
	if to == "" {
		return o.stop(rule, "no FIN is expected in "+e.state)
	}
	fin := s.FINSeq()
	if !s.Flags.Has(wire.FIN) {
		if s.Len == 0 {
			return o.stop(rule, "neither FIN nor text")
		}
		if fin = e.rcvNext() - 1; !e.rx.finAt(fin) || !s.DataSeq().LessEq(fin) {
			return o.stop(rule, "eighth: no FIN, and no hole before one was filled")
		}
	}
	if from, ok := e.rcvLow(); ok && e.rx.missed(from, fin) {
		o.unsure = "octets before the FIN were not captured"
		return o.stop(rule, "eighth: octets before the FIN are missing")
	}
	if e.hasEdge && e.edge.LessEq(fin) {
		return o.stop(rule, "first: the FIN lies beyond the window")
	}
	return o.then("rcv.FIN", to)
}

// finReceived is where the peer's FIN takes an endpoint.
var finReceived = map[string]string{established: closeWait, finWait1: closing, finWait2: timeWait}

// rcvLow is the lowest that RCV.NXT can be.
func (e *endpoint) rcvLow() (wire.Seq, bool) {
	switch {
	case e.hasACK:
		return e.acked, true
	case e.hasIRS:
		return e.irs + 1, true
	}
	return 0, false
}

// rcvNext is the highest that RCV.NXT can be, by what was captured.
func (e *endpoint) rcvNext() wire.Seq {
	lo, ok := e.rcvLow()
	if !ok {
		return e.rx.reach(e.rx.base)
	}
	return e.rx.reach(lo)
}
