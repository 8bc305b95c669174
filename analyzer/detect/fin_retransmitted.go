package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// One lost segment, repaired: the other program learns of the close later, so
// notice. A FIN that the network has doubled cost nobody anything: info.
var finRetransmitted = define(Detector{
	ID:    "fin-retransmitted",
	Title: "FIN sent again",
	Means: "A FIN was repeated before it was acknowledged: it was lost, or its ACK was. The other program learns of the close that " +
		"much later.",
	Severity: notice,
	Disproof: "The same FIN captured once only at its sender: then the network repeated it.",
	Advice:   "Nothing to do for a single one. Many of them point to loss: compare with the retransmissions of data.",
	Check:    []string{"nstat -az TcpRetransSegs TcpExtTCPLossProbes TcpExtTCPTimeouts"},
	Refs:     []string{"RFC 9293 3.8.1", "RFC 6298 5.4", "RFC 8985 7"},
}, finAgain, findFinRetransmitted)

func findFinRetransmitted(in *Input) []claim {
	out := in.claims()
	for _, side := range sides {
		fin := &in.FIN[index(side)]
		if fin.Frame == 0 || fin.Copies == 0 || len(in.lostFinalACKs(side)) > 0 || in.stuckIn(side, "FIN-WAIT-1", "LAST-ACK") {
			continue
		}
		out = append(out, in.finRetransmitted(side))
	}
	return out
}

func (in *Input) finRetransmitted(side report.Side) claim {
	why, shown := in.whyFINAgain(side)
	c := claim{
		side:  side,
		at:    in.FIN[index(side)].LastTime,
		proof: append(in.fins(side), in.FINAcked[index(side)].first(), shown),
		tell:  tellFinRetransmitted,
	}
	if why == againACKLate || why == againHeldBack || why == againDoubled {
		c.severity = info
	}
	return c
}

func tellFinRetransmitted(in *Input, c *claim) {
	side, fin := c.side, &in.FIN[index(c.side)]
	acked := in.FINAcked[index(side)].first()
	c.title = "The " + string(side) + "'s FIN was sent again " + either(fin.Copies == 1, "after "+dur(fin.span()),
		words.Times(fin.Copies)+" within "+dur(fin.span()))
	if in.lateFIN(side) {
		c.title = "A copy of the " + string(side) + "'s FIN came " + dur(fin.span()) + " later"
	}
	c.explanation = say("The "+string(side)+"'s FIN ("+in.frame(fin.first())+") came again ("+in.frames(in.marksOf(in.notes(FINAgain, side))...)+").",
		in.sayFINAgain(side),
		when(acked.Frame == 0, "Nothing captured acknowledges it."),
		when(acked.Frame != 0 && c.severity != info, "Until then the "+string(side.Peer())+"'s program may not have known of the close."))
	c.saw = both(side, "nothing", "read() = 0, perhaps later")
	c.values = in.values(report.Int("fin_retransmits", fin.Copies), report.Float("delay_s", fin.span().Seconds()))
}

// lateFIN reports whether every repetition of a side's FIN came when that side
// was in TIME-WAIT already, by an ACK that it had sent.
func (in *Input) lateFIN(side report.Side) bool {
	t := in.entered(side, "TIME-WAIT")
	if t == nil || t.T == nil || t.Basis != "confirmed" {
		return false
	}
	again := in.notes(FINAgain, side)
	return len(again) > 0 && again[0].Time.After(*t.T)
}

// finCause is why a FIN came again.
type finCause uint8

const (
	againUnknown  finCause = iota
	againACKLate           // its end had closed by another ACK
	againHeldBack          // a copy that came when its end was in TIME-WAIT
	againDoubled           // by the network
	againACKLost           // its ACK was captured
	againLost              // its receiver did not acknowledge it later
)

// whyFINAgain returns why a FIN came again, as far as the capture tells, and
// which frame shows it.
func (in *Input) whyFINAgain(side report.Side) (finCause, Mark) {
	if late := in.lateACK(side); late.Frame != 0 {
		return againACKLate, late
	}
	if in.lateFIN(side) {
		return againHeldBack, Mark{}
	}
	if in.tooSoon(in.FIN[index(side)].span()) {
		return againDoubled, Mark{}
	}
	if r := in.refuted(side, "rcv.ACK-of-FIN", "fin-retransmitted"); len(r) > 0 {
		return againACKLost, at(r[0].Frame, r[0].File)
	}
	for _, r := range in.refuted(side.Peer(), "rcv.FIN", "") {
		if r.ByFrame != 0 && (r.Why == "fin-not-acknowledged" || r.Why == "fin-not-in-order") {
			return againLost, at(r.ByFrame, r.ByFile)
		}
	}
	return againUnknown, Mark{}
}

// sayFINAgain is whyFINAgain in words.
func (in *Input) sayFINAgain(side report.Side) string {
	own, peer := string(side), string(side.Peer())
	switch why, shown := in.whyFINAgain(side); why {
	case againACKLate:
		return "The RST that follows (" + in.frame(shown) + ") answers an ACK that came when the " + own + " had closed already by another one: none was lost. One was late, or the network repeated the FIN."
	case againHeldBack:
		return "The " + own + " was in TIME-WAIT by then and had no reason to repeat it: the network had held back an earlier copy."
	case againDoubled:
		return "That is sooner than any retransmission timer: the network repeated it."
	case againACKLost:
		return "The " + peer + " had acknowledged it (" + in.frame(shown) + "), and that ACK did not arrive in time."
	case againLost:
		return "A segment that the " + peer + " sent later (" + in.frame(shown) + ") does not acknowledge it: the FIN itself was lost, or came later than that."
	}
	return "Either the FIN was lost or its ACK: a repetition alone does not tell which."
}
