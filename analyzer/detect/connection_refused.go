package detect

import "github.com/lastack/lastack/report"

// Notice: the program was told at once and clearly, and a refusal is often
// expected (a scan, a fallback to another address, a service being restarted).
var connectionRefused = define(Detector{
	ID:       "connection-refused",
	Title:    "Connection refused",
	Means:    "The SYN was answered with RST,ACK: nothing listens on that port, or a firewall says so in its host's name.",
	Severity: notice,
	Disproof: "The RST's hop limit unlike that of the host's other segments: then a firewall refused it, not the host.",
	Advice:   "See whether the service is up and listens on this address and port (not only on 127.0.0.1, or only on IPv6). If it does, look for a firewall that rejects with tcp-reset.",
	Check:    []string{"ss -ltn", "nft list ruleset", "nstat -az TcpOutRsts TcpAttemptFails"},
	Refs:     []string{"RFC 9293 3.5.2", "RFC 9293 3.10.7.1", "tcp_v4_send_reset()"},
}, openedOtherwise, findConnectionRefused)

func findConnectionRefused(in *Input) []claim {
	r := in.deciding()
	if in.Conn.Open.Kind != "refused" || r == nil || in.SYN[0].Frame == 0 {
		return nil
	}
	syn := &in.SYN[0]
	return in.one(claim{side: report.Server, at: r.Time, proof: in.marks(syn.first(), syn.last(), in.refusedSYN(r), r.mark()), rst: r, tell: tellConnectionRefused})
}

// refusedSYN is the SYN that the RST answers.
func (in *Input) refusedSYN(r *rst) Mark {
	if m := r.answers(); m.Frame != 0 {
		return m
	}
	return in.SYN[0].last()
}

func tellConnectionRefused(in *Input, c *claim) {
	r, syn := c.rst, &in.SYN[0]
	delay := r.Time.Sub(syn.LastTime)
	c.title = in.Conn.Server.String() + " refused the connection"
	c.explanation = say("The SYN ("+in.frame(in.refusedSYN(r))+") was answered with RST,ACK ("+in.frame(r.mark())+") after "+dur(delay)+
		": no socket listens on "+in.Conn.Server.String()+", or a firewall answers so.",
		when(syn.Copies > 0, "The client tried "+times(syn.Copies+1)+", as some systems do before they report the error."),
		"The client went from SYN-SENT to CLOSED.")
	c.saw = [2]string{"ECONNREFUSED", "nothing"}
	c.values = in.values(report.Float("delay_s", delay.Seconds()), report.Int("tries", syn.Copies+1))
}
