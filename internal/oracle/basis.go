package oracle

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// The values of a transition's basis (inference E4).
const (
	sentBasis  = "sent"
	confirmed  = "confirmed"
	assumed    = "assumed"
	inferred   = "inferred"
	timer      = "timer"
	superseded = "superseded"
)

// bases checks every transition's basis against its symbol and frames.
func (c *exam) bases() {
	for k := range c.sides {
		for _, i := range c.sides[k].trs {
			c.basis(k, i)
		}
	}
}

func (c *exam) basis(k, i int) {
	t := &c.conn.Transitions[i]
	switch {
	case !basisFits(t):
		c.bad(c.on(i), "inference E4", "%s cannot be %q", t.On, t.Basis)
	case needsFrame[t.Basis] && t.Frame == nil:
		c.bad(c.on(i), "inference E4", "%s without a frame", t.Basis)
	case t.Basis == confirmed && t.ConfirmedFrame == nil:
		c.bad(c.on(i), "inference E2", "confirmed by no frame")
	case t.ConfirmedFrame != nil && t.Basis == assumed:
		c.bad(c.on(i), "inference E2", "assumed, but frame %d confirms it", *t.ConfirmedFrame)
	case t.ConfirmedFrame != nil:
		c.proof(k, i, t)
	}
}

// needsFrame has the bases that are about something on the wire.
var needsFrame = map[string]bool{sentBasis: true, confirmed: true, assumed: true}

func basisFits(t *report.Transition) bool {
	switch t.Basis {
	case sentBasis:
		return sent(t.On)
	case confirmed, assumed:
		return received(t.On)
	case inferred:
		return sent(t.On) || received(t.On) || timeout(t.On)
	case timer:
		return timeout(t.On)
	case superseded:
		return t.On == superseded
	}
	return false
}

// proof checks that the side could not have sent the confirming frame without
// the receipt.
func (c *exam) proof(k, i int, t *report.Transition) {
	by, seg := c.confirming(t), c.cited(t)
	switch {
	case by < 0:
		c.bad(c.on(i), "inference E2", "confirmed by frame %d, which is none of the connection", *t.ConfirmedFrame)
	case !received(t.On):
		c.implied(k, i, t, by)
	case t.Basis == inferred && (seg < 0 || t.On != "rcv.FIN") && !c.sentBy(by, k):
		c.unsure(c.on(i).with(by), "inference E4", "%s is inferred from what the peer sent", t.On)
	case !c.sentBy(by, k):
		c.bad(c.on(i).with(by), "inference E2", "confirmed by the peer")
	case seg >= 0 && by <= seg:
		c.bad(c.on(i).with(by), "inference E2", "confirmed by a frame that is not later")
	case seg < 0:
		c.unsure(c.on(i).with(by), "inference E4", "%s has no frame that could be proved", t.On)
	default:
		c.proved(k, i, t, &c.segs[seg], by)
	}
}

func (c *exam) proved(k, i int, t *report.Transition, s *wire.Segment, by int) {
	why := c.proves(k, t, s, &c.segs[by])
	switch {
	case why == "":
	case t.On == "rcv.ACK-of-SYN" && c.segs[by].Flags.Has(wire.RST|wire.ACK) && echoes(&c.segs[by], s):
		c.unsure(c.on(i).with(by), "3.10.5", "a RST may come from SYN-RECEIVED, though it echoes the ACK's timestamp")
	default:
		c.bad(c.on(i).with(by), "inference E2", "%s is not proved: %s", t.On, why)
	}
}

// proves says why a side that sent by need not have received s.
func (c *exam) proves(k int, t *report.Transition, s, by *wire.Segment) string {
	acks := func(n wire.Seq) bool { return by.Flags.Has(wire.ACK) && n.Less(by.Ack) && near(n, by.Ack) }
	switch t.On {
	case "rcv.SYN":
		return unless(acks(s.Seq), "it does not acknowledge the SYN")
	case "rcv.SYN,ACK":
		return unless(acks(s.Seq) && !by.Flags.Has(wire.SYN), "it is no ACK of the SYN,ACK")
	case "rcv.ACK-of-SYN":
		return unless(c.beyondSYN(k, by), "SYN-RECEIVED could have sent it")
	case "rcv.FIN", "rcv.ACK-of-FIN":
		fin, ok := c.finOf(k, s)
		return unless(ok && acks(fin), "it does not acknowledge the FIN")
	case "rcv.data":
		return unless(acks(s.Seq), "it does not acknowledge the data")
	}
	return "nothing that is sent later proves it"
}

func unless(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}

// beyondSYN reports whether a side had left SYN-RECEIVED when it sent s: it
// sends data (which SYN-RECEIVED queues, 3.10.2) or a FIN, or acknowledges
// more than the peer's SYN (whose text is processed in ESTABLISHED, 3.10.7.4
// seventh). With fast open (RFC 7413) the SYN's data is acknowledged and
// answered in SYN-RECEIVED.
func (c *exam) beyondSYN(k int, s *wire.Segment) bool {
	irs, text, ok := c.synOf(1 - k)
	more := s.Flags.Has(wire.ACK) && ok && irs.Add(1+text).Less(s.Ack)
	return more || s.Flags.Has(wire.FIN) || s.Len > 0 && (text == 0 || !ok)
}

// synOf is a side's initial sequence number, and how much text its SYNs
// carried.
func (c *exam) synOf(k int) (isn wire.Seq, text uint32, ok bool) {
	told := c.sides[k].end.ISN
	if told == nil {
		return 0, 0, false
	}
	isn = wire.Seq(*told)
	for i := range c.segs {
		if s := &c.segs[i]; c.sentBy(i, k) && s.Flags.Has(wire.SYN) && s.Seq == isn {
			text = max(text, s.Len)
		}
	}
	return isn, text, true
}

// finOf is the number of the FIN that s carries or completes for a side.
func (c *exam) finOf(k int, s *wire.Segment) (wire.Seq, bool) {
	if s.Flags.Has(wire.FIN) {
		return s.FINSeq(), true
	}
	for i := range c.segs {
		f := &c.segs[i]
		if c.sentBy(i, 1-k) && f.Flags.Has(wire.FIN) && near(f.FINSeq(), s.Seq) && s.Seq.LessEq(f.FINSeq()) {
			return f.FINSeq(), true
		}
	}
	return 0, false
}

// implied checks the frame that shows what the side did unseen: a RST that
// its connection is gone, a number beyond its FIN that it sent one.
func (c *exam) implied(k, i int, t *report.Transition, by int) {
	s := &c.segs[by]
	p := c.on(i).with(by)
	switch {
	case t.On == "snd.RST" && !(c.sentBy(by, k) && s.Flags.Has(wire.RST)):
		c.bad(p, "3.10.7.1", "no RST of the side")
	case t.On == "snd.FIN" && t.Basis == inferred && !c.sentBy(by, k) && !s.Flags.Has(wire.ACK):
		c.bad(p, "inference R12", "it acknowledges no FIN")
	case t.NotAfter != nil && s.Time < t.NotAfter.UnixNano():
		c.bad(p, "inference E4", "the frame is before not_after")
	}
}
