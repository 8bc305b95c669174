package detect

import "github.com/lastack/lastack/report"

// Notice, for the same reason as a SYN: at least a second was lost.
var synACKRetransmitted = define(Detector{
	ID:       "syn-ack-retransmitted",
	Title:    "SYN,ACK sent again",
	Means:    "The server repeated its SYN,ACK because no ACK of it had come: the SYN,ACK was lost, or the client's ACK, or there is no client.",
	Severity: notice,
	Disproof: "An ACK of the SYN,ACK, sent before the repetition and missed by the capture: then that ACK was lost or not taken.",
	Advice:   "Nothing to do for a single one. Many of them from one network point to loss; many that are never completed, from many addresses, to a SYN flood or a scan.",
	Check:    []string{"nstat -az TcpExtTCPTimeouts TcpRetransSegs", "ss -tan state syn-recv"},
	Refs:     []string{"RFC 9293 3.5", "RFC 6298 2.1", "inet_rtx_syn_ack()"},
}, synACKAgain, findSYNACKRetransmitted)

func findSYNACKRetransmitted(in *Input) []claim {
	if in.Conn.Open.SYNACKRetransmits == 0 || in.SYNACK.Frame == 0 || in.untaken() != nil {
		return nil
	}
	again := in.timedSYNACKs()
	if len(again) == 0 {
		return nil
	}
	return in.one(claim{
		side:  report.Server,
		at:    again[len(again)-1].Time,
		proof: append(in.marksOf(again), in.SYN[0].first(), in.SYNACK.first()),
		notes: again,
		tell:  tellSYNACKRetransmitted,
	})
}

func tellSYNACKRetransmitted(in *Input, c *claim) {
	again, n := c.notes, len(c.notes)
	span := again[n-1].Time.Sub(in.SYNACK.Time)
	done := in.was(report.Server, "ESTABLISHED")
	sure := in.proved(report.Server, "ESTABLISHED")
	c.title = "The server's SYN,ACK was sent again " + either(n == 1, "after "+dur(span), times(n)+" within "+dur(span)) +
		when(!done, ", and never acknowledged")
	c.explanation = say("The SYN,ACK ("+in.frame(in.SYNACK.first())+") was repeated ("+in.frames(in.marksOf(again)...)+"): no ACK of it had come.",
		in.whySYNACKAgain(), when(sure, "The handshake was completed in the end."),
		when(done && !sure, "The client's ACK then came; nothing captured proves that it arrived."), when(!done, "The server stays in SYN-RECEIVED and drops the request when it gives up, without a packet."))
	c.saw = [2]string{either(done, "connect() may have taken longer", "a connect() that waits, if it asked for this connection at all"),
		either(done, "accept() returned later", "nothing: accept() never returned it")}
	c.values = in.values(report.Int("syn_ack_retransmits", in.Conn.Open.SYNACKRetransmits), report.Float("delay_s", span.Seconds()))
}

// whySYNACKAgain says what the capture tells of the cause.
func (in *Input) whySYNACKAgain() string {
	for _, n := range in.notes(SYNAgain, report.Client) {
		if gap := n.Time.Sub(in.SYNACK.Time); gap > 0 && !in.tooSoon(gap) {
			return "The client repeated its SYN after it (" + in.frame(n.mark()) + "), so the SYN,ACK had not reached the client."
		}
	}
	if in.Last[0].Frame != 0 && in.Last[0].Time.Before(in.SYNACK.Time) {
		return "Nothing of the client was captured after its SYN: the SYN,ACK does not reach it, its answers are lost before the tap, or its address is forged."
	}
	return "Either the SYN,ACK was lost or the ACK that answered it."
}
