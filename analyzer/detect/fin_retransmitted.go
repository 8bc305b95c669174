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
	Check:    []string{"nstat -az TcpRetransSegs TcpExtTCPTimeouts"},
	Refs:     []string{"RFC 9293 3.8.1", "RFC 6298 5.4", "RFC 8985 7"},
}, finAgain, findFinRetransmitted)

func findFinRetransmitted(in *Input) []claim {
	var out []claim
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
	fin := &in.FIN[index(side)]
	again := in.notes(FINAgain, side)
	acked := in.FINAcked[index(side)].first()
	c := claim{
		side: side,
		title: "The " + string(side) + "'s FIN was sent again " + either(fin.Copies == 1, "after "+dur(fin.span()),
			words.Times(fin.Copies)+" within "+dur(fin.span())),
		proof:  append(in.fins(side), acked),
		at:     fin.LastTime,
		saw:    both(side, "nothing", "read() = 0, perhaps later"),
		values: in.values(report.Int("fin_retransmits", fin.Copies), report.Float("delay_s", fin.span().Seconds())),
	}
	why, mark := in.whyFINAgain(side)
	c.proof = append(c.proof, mark...)
	if late := in.lateACK(side); late.Frame != 0 || in.lateFIN(side) || in.tooSoon(fin.span()) {
		c.severity = info
	}
	if in.lateFIN(side) {
		c.title = "A copy of the " + string(side) + "'s FIN came " + dur(fin.span()) + " later"
	}
	c.explanation = say("The "+string(side)+"'s FIN ("+in.frame(fin.first())+") came again ("+in.frames(in.marksOf(again)...)+").", why,
		when(acked.Frame == 0, "Nothing captured acknowledges it."),
		when(acked.Frame != 0 && c.severity != info, "Until then the "+string(side.Peer())+"'s program may not have known of the close."))
	return c
}

// lateFIN reports whether every repetition of a side's FIN came when that side
// was in TIME-WAIT already, by an ACK that it had sent.
func (in *Input) lateFIN(side report.Side) bool {
	t := in.entered(side, "TIME-WAIT")
	again := in.notes(FINAgain, side)
	return t != nil && t.T != nil && t.Basis == "confirmed" && len(again) > 0 && again[0].Time.After(*t.T)
}

// whyFINAgain says why a FIN came again, as far as the capture tells, and
// which frames show it.
func (in *Input) whyFINAgain(side report.Side) (string, []Mark) {
	fin := &in.FIN[index(side)]
	peer := side.Peer()
	if late := in.lateACK(side); late.Frame != 0 {
		return "The RST that follows (" + in.frame(late) + ") answers an ACK that came when the " + string(side) + " had closed already by another one: none was lost. One was late, or the network repeated the FIN.", in.marks(late)
	}
	if in.lateFIN(side) {
		return "The " + string(side) + " was in TIME-WAIT by then and had no reason to repeat it: the network had held back an earlier copy.", nil
	}
	if in.tooSoon(fin.span()) {
		return "That is sooner than any retransmission timer: the network repeated it.", nil
	}
	if r := in.refuted(side, "rcv.ACK-of-FIN", "fin-retransmitted"); len(r) > 0 {
		m := at(r[0].Frame, r[0].File)
		return "The " + string(peer) + " had acknowledged it (" + in.frame(m) + "), and that ACK did not arrive in time.", in.marks(m)
	}
	for _, r := range in.refuted(peer, "rcv.FIN", "") {
		if r.ByFrame != 0 && (r.Why == "fin-not-acknowledged" || r.Why == "fin-not-in-order") {
			m := at(r.ByFrame, r.ByFile)
			return "A segment that the " + string(peer) + " sent later (" + in.frame(m) + ") does not acknowledge it: the FIN itself was lost, or came later than that.", in.marks(m)
		}
	}
	return "Either the FIN was lost or its ACK: a repetition alone does not tell which.", nil
}
