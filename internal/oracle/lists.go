package oracle

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// lists checks the resets, the refuted and the pending receipts.
func (c *exam) lists() {
	for i := range c.conn.Resets {
		c.reset(&c.conn.Resets[i])
	}
	c.resetsListed()
	for i := range c.conn.Refuted {
		c.refuted(&c.conn.Refuted[i])
	}
	for k := range c.sides {
		for _, p := range c.sides[k].end.Pending {
			at := c.seg(ref(&p.Frame, p.File))
			if at >= 0 && received(p.On) && (!c.sentBy(at, 1-k) || !carries(p.On, c.segs[at].Flags)) {
				c.bad(c.of(k).with(at), "inference E2", "pending %s, but the frame is none", p.On)
			}
		}
	}
}

func (c *exam) reset(r *report.Reset) {
	at := c.seg(ref(&r.Frame, r.File))
	if at < 0 {
		c.bad(whole(), "records", "resets: frame %d is none of the connection", r.Frame)
		return
	}
	s, p := &c.segs[at], whole().with(at)
	form := "rst"
	if s.Flags.Has(wire.ACK) {
		form = "rst-ack"
	}
	switch {
	case !s.Flags.Has(wire.RST):
		c.bad(p, "records", "resets: no RST")
	case r.By != report.SideUnknown && !c.sentBy(at, c.sideNamed(r.By)):
		c.bad(p, "records", "resets: not by the %s", r.By)
	case r.Form != form:
		c.bad(p, "3.10.7", "resets: form %s, it is %s", r.Form, form)
	case r.PayloadBytes != int(s.Len):
		c.bad(p, "records", "resets: payload %d, it is %d", r.PayloadBytes, s.Len)
	case r.Effect == "closed" && !c.closedBy(at):
		c.bad(p, "records", "resets: effect closed, but no transition to CLOSED")
	}
	c.answers(r, s, p)
}

// closedBy reports whether the addressee of a RST was closed: by that frame
// or (the record knows only the first) at all.
func (c *exam) closedBy(at int) bool {
	k := 1 - c.from[at]
	if c.self {
		k = client
	}
	return c.passed(k, closed) || c.passed(k, listen)
}

// answers checks that a reset that answers a frame takes its numbers from it
// (3.10.7.1).
func (c *exam) answers(r *report.Reset, s *wire.Segment, p place) {
	at := c.seg(ref(r.AnswersFrame, r.AnswersFile))
	switch {
	case r.AnswersFrame == nil:
	case at < 0 || c.segs[at].Ref >= s.Ref:
		c.bad(p, "records", "resets: answers frame %d, which is not before it", *r.AnswersFrame)
	case c.segs[at].Flags.Has(wire.RST):
		c.bad(p, "3.5.2", "resets: answers a RST")
	case !s.Flags.Has(wire.ACK) && s.Seq != c.segs[at].Ack:
		c.bad(p, "3.10.7.1", "resets: SEG.SEQ is not the SEG.ACK of frame %d", *r.AnswersFrame)
	case s.Flags.Has(wire.ACK) && s.Seq == 0 && s.Ack != c.segs[at].End():
		c.bad(p, "3.10.7.1", "resets: SEG.ACK is not SEG.SEQ+SEG.LEN of frame %d", *r.AnswersFrame)
	}
}

// resetsListed checks that every RST that closed a side is in the list.
func (c *exam) resetsListed() {
	for i := range c.conn.Transitions {
		t := &c.conn.Transitions[i]
		if t.Frame == nil || t.On != "rcv.RST" && t.On != "snd.RST" {
			continue
		}
		found := false
		for j := range c.conn.Resets {
			r := &c.conn.Resets[j]
			if ref(&r.Frame, r.File) == ref(t.Frame, t.File) {
				found = true
				if t.On == "rcv.RST" && r.Effect != "closed" {
					c.bad(c.on(i), "records", "%s, but its effect in resets is %q", t.On, r.Effect)
				}
			}
		}
		if !found {
			c.bad(c.on(i), "records", "%s is missing in resets", t.On)
		}
	}
}

// refuted checks that a struck receipt was there to be had, that what struck
// it came later, and that it left no transition.
func (c *exam) refuted(r *report.Refuted) {
	k := c.sideNamed(r.Side)
	at, by := c.seg(ref(&r.Frame, r.File)), c.seg(ref(&r.ByFrame, r.ByFile))
	if k < 0 || at < 0 || by < 0 {
		c.bad(whole(), "records", "refuted: %s of frame %d by %d: no such side or frame", r.On, r.Frame, r.ByFrame)
		return
	}
	p := c.of(k).with(at)
	switch {
	case received(r.On) && !c.sentBy(at, 1-k), sent(r.On) && !c.sentBy(at, k):
		c.bad(p, "records", "refuted: %s, but the frame is of the other side", r.On)
	case !carries(r.On, c.segs[at].Flags):
		c.bad(p, "3.1", "refuted: %s, but the frame carries %v", r.On, c.segs[at].Flags)
	case by <= at:
		c.bad(p, "inference E2", "refuted by frame %d, which is not later", r.ByFrame)
	case !c.strikes(k, r, &c.segs[at], by):
		c.bad(p.with(by), "inference E2", "%s of frame %d is not refuted by it (%s)", r.On, r.Frame, r.Why)
	}
	for i := range c.conn.Transitions {
		t := &c.conn.Transitions[i]
		if t.Side == r.Side && t.On == r.On && t.Basis != confirmed && t.Basis != inferred &&
			ref(t.Frame, t.File) == ref(&r.Frame, r.File) {
			c.bad(c.on(i), "records", "a refuted receipt left a transition")
		}
	}
}

// strikes reports whether a side that sent the frame by shows that it had not
// received s.
func (c *exam) strikes(k int, r *report.Refuted, s *wire.Segment, by int) bool {
	b := &c.segs[by]
	mine := c.sentBy(by, k)
	switch r.Why {
	case "fin-retransmitted":
		return mine && b.Flags.Has(wire.FIN) && b.FINSeq().Less(s.Ack)
	case "syn-retransmitted":
		return mine && b.Flags.Has(wire.SYN) && !b.Flags.Has(wire.ACK)
	case "syn-ack-retransmitted":
		return b.Flags.Has(wire.SYN | wire.ACK)
	case "fin-not-acknowledged", "fin-not-in-order":
		fin, ok := c.finOf(k, s)
		return mine && ok && b.Flags.Has(wire.ACK) && b.Ack.LessEq(fin)
	case "answered-by-reset":
		return mine && b.Flags.Has(wire.RST)
	case "sent-after-reset", "sent-after-its-reset":
		return mine && !b.Flags.Has(wire.RST)
	case "path-dead":
		return !mine // another repeat that drew nothing
	}
	return true
}
