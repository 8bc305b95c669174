package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// A single loss, repaired by TCP: it costs the passive closer's kernel a few
// hundred milliseconds and no program anything. Notice, because it is the
// sign by which a half-closed state is explained, and because many of them
// point to a lossy path.
var lostFinalAck = define(Detector{
	ID:    "lost-final-ack",
	Title: "Final ACK lost",
	Means: "The ACK of the last FIN was captured, and yet the FIN came again more than a round trip later: the ACK did not " +
		"arrive in time. Its receiver stays in LAST-ACK until an ACK comes through or it gives up; its sender answers from TIME-WAIT.",
	Severity: notice,
	Disproof: "The ACK captured at its receiver before the FIN was sent again; a RST that answers the second ACK.",
	Advice:   "Nothing to do for a single one. Many of them point to loss on the way to the end that repeats its FIN.",
	Check:    []string{"nstat -az TcpExtTCPTimeouts TcpRetransSegs", "ss -tan state last-ack"},
	Refs:     []string{"RFC 9293 3.6", "RFC 9293 3.10.7.4 (eighth, TIME-WAIT)", "tcp_timewait_state_process()"},
}, receiptStruck, findLostFinalAck)

func findLostFinalAck(in *Input) []claim {
	out := in.claims()
	for _, side := range sides {
		if lost := in.lostFinalACKs(side); len(lost) > 0 {
			out = append(out, in.lostFinalAck(side, lost))
		}
	}
	return out
}

// lostFinalACKs returns the ACKs of the last FIN that did not arrive, if side
// sent that FIN. One of them has arrived after all, late, if an ACK of the FIN
// drew a RST: then LAST-ACK had been left by an earlier one.
func (in *Input) lostFinalACKs(side report.Side) []*report.Refuted {
	if len(in.Conn.Refuted) == 0 || in.Conn.Close.FirstCloser == side ||
		in.FIN[index(side)].Frame == 0 || in.FINAcked[index(side)].Frame == 0 {
		return nil
	}
	lost := in.refuted(side, "rcv.ACK-of-FIN", "fin-retransmitted")
	if len(lost) > 0 && in.lateACK(side).Frame != 0 {
		lost = lost[:len(lost)-1]
	}
	return lost
}

// lateACK returns the bare RST with which a side that had closed for good
// answered one of several ACKs of its FIN.
func (in *Input) lateACK(side report.Side) Mark {
	if len(in.Conn.Resets) == 0 {
		return Mark{}
	}
	acked := &in.FINAcked[index(side)]
	acks := append(in.receipts(in.refuted(side, "rcv.ACK-of-FIN", "")), acked.first(), acked.last())
	all := in.resets()
	for i := range all {
		r := &all[i]
		answers := r.answers()
		after := answers.Frame == 0 && r.Time.After(in.FIN[index(side)].LastTime)
		if r.By == side && r.Form == "rst" && (after || has(acks, answers)) {
			return r.mark()
		}
	}
	return Mark{}
}

func (in *Input) lostFinalAck(side report.Side, lost []*report.Refuted) claim {
	c := claim{
		side:       side,
		confidence: unless(in.gappy() || in.lateACK(side).Frame != 0),
		at:         in.FIN[index(side)].LastTime,
		proof:      append(in.join(in.fins(side), in.receipts(lost)), in.FINAcked[index(side)].last()),
		tell:       tellLostFinalAck,
	}
	if r := in.drewRST(side); r != nil {
		c.proof = append(c.proof, r.mark())
	}
	return c
}

func tellLostFinalAck(in *Input, c *claim) {
	side := c.side
	fin, acked := &in.FIN[index(side)], &in.FINAcked[index(side)]
	acks := in.receipts(in.lostFinalACKs(side))
	n := len(acks)
	delay := fin.LastTime.Sub(acked.Time)
	who, other := "The "+string(side), "the "+string(side.Peer())
	c.title = "The ACK of the " + string(side) + "'s FIN was lost; the FIN came again after " + dur(delay)
	if n > 1 {
		c.title = "The ACK of the " + string(side) + "'s FIN was lost " + words.Times(n) + "; the FIN was repeated for " + dur(delay)
	}
	c.explanation = say(
		who+" sent its FIN again ("+in.frames(in.marksOf(in.notes(FINAgain, side))...)+") more than a round trip after "+other+
			" had acknowledged it ("+in.frames(acks...)+"): "+either(n == 1, "that ACK", "these ACKs")+" did not arrive in time.",
		when(in.was(side, "LAST-ACK"), who+" stayed in LAST-ACK "+dur(delay)+" longer than it had to."),
		in.afterRepeat(side, acks),
	)
	c.saw = [2]string{"nothing", "nothing"}
	c.values = in.values(report.Int("lost", n), report.Float("gap_s", delay.Seconds()), report.Int("fin_retransmits", fin.Copies))
}

// drewRST returns the RST that one of a side's FINs drew, nil if none did.
func (in *Input) drewRST(side report.Side) *rst {
	if r := in.deciding(); r != nil && r.By == side.Peer() && has(in.fins(side), r.answers()) {
		return r
	}
	return nil
}

// afterRepeat says how the last repetition of a FIN was answered.
func (in *Input) afterRepeat(side report.Side, lost []Mark) string {
	peer := side.Peer()
	ack := in.FINAcked[index(side)].last()
	if r := in.drewRST(side); r != nil {
		return "The last one drew a RST (" + in.frame(r.mark()) + "): the " + string(peer) +
			" had no TIME-WAIT any more (expired, dropped over tcp_max_tw_buckets, restarted)."
	}
	if has(lost, ack) {
		return "No ACK of the last one was captured."
	}
	return "The " + string(peer) + "'s new ACK (" + in.frame(ack) + ") shows that it held TIME-WAIT, whose 2MSL began again; nothing proves that this ACK arrived."
}
