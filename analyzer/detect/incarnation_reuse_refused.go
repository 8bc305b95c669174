package detect

import (
	"slices"
	"time"

	"github.com/lastack/lastack/report"
)

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
	Check:    []string{"ss -tan state time-wait", "sysctl net.ipv4.tcp_timestamps net.ipv4.tcp_rfc1337", "nstat -az TcpExtTCPSynRetrans TcpOutRsts TcpExtTCPACKSkippedTimeWait"},
	Refs:     []string{"RFC 6191 2", "RFC 1122 4.2.2.13", "RFC 5961 4", "tcp_timewait_state_process()", "tcp_rcv_synsent_state_process()"},
}, portsReused, findIncarnationReuseRefused)

func findIncarnationReuseRefused(in *Input) []claim {
	if !in.refusedByTimeWait() || in.SYN[0].Frame == 0 {
		return nil
	}
	syn := &in.SYN[0]
	proof := in.room().takeMarks(2*len(in.Challenges) + 4)
	for i := range in.Challenges {
		proof = append(proof, in.Challenges[i].ACK, in.Challenges[i].RST)
	}
	c := claim{
		side:  report.Server, // who answers the SYN
		at:    syn.Time,
		proof: append(proof, in.TimeWait, syn.first(), syn.last(), in.SYNACK.first()),
		tell:  tellAcceptedLater,
	}
	switch {
	case in.SYNACK.Frame != 0:
	case syn.Copies == 0 && in.Now.Sub(syn.Time) < 3*time.Second:
		c.tell = tellNotAcceptedYet
	default:
		c.severity, c.tell = warning, tellNeverAccepted
	}
	return in.one(c)
}

// refusedByTimeWait reports whether the end that refused the SYN was in
// TIME-WAIT.
func (in *Input) refusedByTimeWait() bool {
	if u := in.Conn.Reuse; u != nil && u.AcceptedBy == "reset" {
		return true
	}
	return slices.ContainsFunc(in.Challenges, func(c Challenge) bool { return c.State == "TIME-WAIT" })
}

// tellRefusal is what is said of every such refusal. It returns how the
// explanation begins.
func (in *Input) tellRefusal(c *claim) string {
	older := slices.ContainsFunc(in.Challenges, func(c Challenge) bool { return c.Older })
	if older {
		c.advice = "Find out why the timestamps of one address went back: another host behind the same NAT, a client that was restarted, or one that chooses a random offset for every connection. " +
			"Let the client close first, so that TIME-WAIT is at the end that chooses the ports; keep connections open or pool them."
	}
	c.values = in.values(report.Int("refusals", len(in.Challenges)), report.Int("syn_retransmits", in.SYN[0].Copies))
	text := "The SYN (" + in.frame(in.SYN[0].first()) + ") came to an end that still held the earlier connection on these ports in TIME-WAIT, and " + either(older,
		"its timestamp is older than the last of that connection, which refuses it whatever its number (RFC 6191). ", "neither its timestamp nor its number let it in. ")
	if len(in.Challenges) > 0 {
		text += "The answer was an ACK in the old numbers (" + in.frame(in.Challenges[0].ACK) + "), which drew a RST (" + in.frame(in.Challenges[0].RST) + "). "
	}
	return text
}

// tellNotAcceptedYet: the capture ends before the SYN is sent again.
func tellNotAcceptedYet(in *Input, c *claim) {
	c.explanation = in.tellRefusal(c) + "The capture ends before the SYN is sent again: whether the RST ended TIME-WAIT it does not show."
	c.title = "A SYN was refused by TIME-WAIT, just before the capture ends"
	c.saw = [2]string{"a connect() that waits", "nothing"}
}

func tellNeverAccepted(in *Input, c *claim) {
	c.explanation = in.tellRefusal(c) + "The RST did not end TIME-WAIT (tcp_rfc1337 is on there, or the RST was lost), so the repeated SYN is refused again until 2MSL is over. The client stayed in SYN-SENT."
	c.title = "A SYN was refused " + times(max(len(in.Challenges), 1)) + " by TIME-WAIT, and never accepted"
	c.saw = [2]string{"a connect() that waits, then ETIMEDOUT", "nothing"}
}

func tellAcceptedLater(in *Input, c *claim) {
	syn := &in.SYN[0]
	delay := in.SYNACK.Time.Sub(syn.Time)
	c.explanation = in.tellRefusal(c) + "That RST ended TIME-WAIT, and the SYN sent again (" + in.frame(syn.last()) + ") was accepted " + dur(delay) +
		" after the first (" + in.frame(in.SYNACK.first()) + "). The client stayed in SYN-SENT all the time."
	c.title = "A SYN was refused by TIME-WAIT and accepted " + dur(delay) + " later"
	c.saw = [2]string{"connect() took " + dur(delay) + " longer", "nothing"}
	c.values = append(c.values, report.Float("delay_s", delay.Seconds()))
	if u := in.Conn.Reuse; u != nil {
		c.values = append(c.values, report.Float("age_s", u.Age), report.Int("isn_delta", u.ISNDelta))
	}
}
