package detect

import "github.com/lastack/lastack/report"

// Notice: one lost segment, felt only by a server that speaks first.
var handshakeACKLost = define(Detector{
	ID:    "handshake-ack-lost",
	Title: "The handshake's ACK was lost",
	Means: "The client's ACK of the SYN,ACK was captured, and the SYN,ACK came again: the ACK did not arrive, or was not taken. " +
		"The client is ESTABLISHED while the server stays in SYN-RECEIVED.",
	Severity: notice,
	Disproof: "The ACK captured at the server: then the server did not take it (a full accept queue, TCP_DEFER_ACCEPT). Several connections to the same listener with this sign point to the accept queue too.",
	Advice:   "Nothing to do for a single one. If other connections to the same listener show it, look at its accept queue.",
	Check:    []string{"nstat -az TcpExtTCPSynRetrans TcpExtTCPTimeouts", "nstat -az TcpExtTCPSYNChallenge", "ss -tan state syn-recv"},
	Refs:     []string{"RFC 9293 3.5", "tcp_check_req()", "inet_csk_reqsk_queue_drop()"},
}, receiptStruck, findHandshakeACKLost)

func findHandshakeACKLost(in *Input) []claim {
	u := in.untaken()
	if u == nil || u.overflow() != "" {
		return nil
	}
	return in.one(claim{
		side:       report.Server,
		confidence: either(in.Conn.Vantage.Near == report.Client && !in.gappy(), medium, low),
		at:         u.again[0].Time,
		proof:      u.proof(in),
		tell:       tellHandshakeACKLost,
	})
}

func tellHandshakeACKLost(in *Input, c *claim) {
	u, done := in.untaken(), in.proved(report.Server, "ESTABLISHED")
	c.title = "The client's handshake ACK was lost; the SYN,ACK came again after " + dur(u.delay)
	c.explanation = say("The client answered the SYN,ACK ("+in.frame(in.SYNACK.first())+") with an ACK ("+in.frames(u.acks...)+
		") and was ESTABLISHED. The server sent the SYN,ACK again ("+in.frames(in.marksOf(u.again)...)+"): it was still in SYN-RECEIVED, so that ACK had not reached it, or not counted.",
		"A full accept queue, or TCP_DEFER_ACCEPT at its end, looks the same when it happens once.",
		either(done, "The handshake was completed in the end.", "Nothing captured proves that it was ever completed."))
	c.saw = [2]string{"nothing: connect() had returned", either(done, "accept() returned "+dur(u.delay)+" later", "nothing: accept() may never have returned it")}
	c.values = in.values(report.Int("syn_ack_retransmits", len(u.again)), report.Float("delay_s", u.delay.Seconds()))
}
