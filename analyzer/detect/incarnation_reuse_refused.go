package detect

import "github.com/lastack/lastack/report"

// Notice where the connection came about a little later; warning where
// connect() failed.
var incarnationReuseRefused = define(Detector{
	ID:    "incarnation-reuse-refused",
	Title: "Ports reused inside 2MSL, refused at first",
	Means: "A SYN for the addresses and ports of a connection in TIME-WAIT was answered with an ACK in the old numbers. The client sends a RST, stays in SYN-SENT and repeats its SYN; " +
		"that is accepted if the RST ended TIME-WAIT, and refused again and again if not.",
	Severity: notice,
	Disproof: "An ACK in the new numbers: then the holder had accepted the SYN.",
	Advice:   "Enable timestamps at both ends (the usual default): with them the SYN is accepted at once. Let the client close first, so that TIME-WAIT is at the end that chooses the ports; keep connections open or pool them.",
	Check:    []string{"ss -tan state time-wait", "sysctl net.ipv4.tcp_timestamps net.ipv4.tcp_rfc1337", "nstat -az TcpExtTCPACKSkippedTimeWait"},
	Refs:     []string{"RFC 6191 2", "RFC 1122 4.2.2.13", "RFC 5961 4", "tcp_timewait_state_process()", "tcp_rcv_synsent_state_process()"},
}, portsReused, findIncarnationReuseRefused)

func findIncarnationReuseRefused(in *Input) []claim {
	u := in.Conn.Reuse
	var proof []Mark
	held, older := u != nil && u.AcceptedBy == "reset", false
	for _, c := range in.Challenges {
		held, older = held || c.State == "TIME-WAIT", older || c.Older
		proof = append(proof, c.ACK, c.RST)
	}
	if !held || in.SYN[0].Frame == 0 {
		return nil
	}
	syn := &in.SYN[0]
	c := claim{
		side:   report.Server, // who answers the SYN
		at:     syn.Time,
		proof:  append(proof, in.TimeWait, syn.first(), syn.last(), in.SYNACK.first()),
		values: in.values(report.Int("refusals", len(in.Challenges)), report.Int("syn_retransmits", syn.Copies)),
	}
	text := "The SYN (" + in.frame(syn.first()) + ") came to an end that still held the earlier connection on these ports in TIME-WAIT, and " + either(older,
		"its timestamp is older than the last of that connection, which refuses it whatever its number (RFC 6191). ", "neither its timestamp nor its number let it in. ")
	if older {
		c.advice = "Find out why the timestamps of one address went back: another host behind the same NAT, a client that was restarted, or one that chooses a random offset for every connection. " +
			"Let the client close first, so that TIME-WAIT is at the end that chooses the ports; keep connections open or pool them."
	}
	if len(in.Challenges) > 0 {
		text += "The answer was an ACK in the old numbers (" + in.frame(in.Challenges[0].ACK) + "), which drew a RST (" + in.frame(in.Challenges[0].RST) + "). "
	}
	if in.SYNACK.Frame == 0 {
		c.severity = warning
		c.title = "A SYN was refused " + times(max(len(in.Challenges), 1)) + " by TIME-WAIT, and never accepted"
		c.explanation = text + "The RST did not end TIME-WAIT (tcp_rfc1337 is on there, or the RST was lost), so the repeated SYN is refused again until 2MSL is over. The client stayed in SYN-SENT."
		c.saw = [2]string{"a connect() that waits, then ETIMEDOUT", "nothing"}
		return in.one(c)
	}
	delay := in.SYNACK.Time.Sub(syn.Time)
	c.title = "A SYN was refused by TIME-WAIT and accepted " + dur(delay) + " later"
	c.explanation = text + "That RST ended TIME-WAIT, and the SYN sent again (" + in.frame(syn.last()) + ") was accepted " + dur(delay) +
		" after the first (" + in.frame(in.SYNACK.first()) + "). The client stayed in SYN-SENT all the time."
	c.saw = [2]string{"connect() took " + dur(delay) + " longer", "nothing"}
	c.values = append(c.values, report.Float("delay_s", delay.Seconds()))
	if u != nil {
		c.values = append(c.values, report.Float("age_s", u.Age), report.Int("isn_delta", u.ISNDelta))
	}
	return in.one(c)
}
