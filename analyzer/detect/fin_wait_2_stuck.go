package detect

import "github.com/lastack/lastack/report"

// Notice: legal for as long as it lasts, and ended by the kernel if the
// program is gone; what is odd is the other end's CLOSE-WAIT.
var finWait2Stuck = define(Detector{
	ID:       "fin-wait-2-stuck",
	Title:    "FIN-WAIT-2 for a minute or more",
	Means:    "The end that closed first has its ACK and waits for the peer's FIN, which does not come: the peer's program has not closed its side.",
	Severity: notice,
	Disproof: "A FIN or RST of the peer, in this capture or after it.",
	Advice: "Look at the other end: its program has not closed (see close-wait). This end needs nothing: if its program has called close(), the kernel drops it " +
		"after a limit (Linux: tcp_fin_timeout); if it only shut down its own direction, it waits by choice.",
	Check: []string{"ss -tano state fin-wait-2", "sysctl net.ipv4.tcp_fin_timeout"},
	Refs:  []string{"RFC 9293 3.6", "RFC 1122 4.2.2.20", "tcp_fin_time()", "tcp_close()"},
}, leftClosing, findFinWait2Stuck)

func findFinWait2Stuck(in *Input) []claim {
	out := in.claims()
	for _, side := range sides {
		fin, acked := &in.FIN[index(side)], &in.FINAcked[index(side)]
		if in.Conn.Endpoint(side).State != "FIN-WAIT-2" || acked.Frame == 0 || in.age(side) < in.atLeast(StuckFor) || in.blind() {
			continue
		}
		out = append(out, claim{
			side:       side,
			confidence: unless(in.gappy()),
			at:         acked.Time,
			proof:      in.marks(fin.first(), acked.first(), in.HalfClose.last()),
			tell:       tellFinWait2Stuck,
		})
	}
	return out
}

func tellFinWait2Stuck(in *Input, c *claim) {
	side, peer := c.side, c.side.Peer()
	fin, acked := &in.FIN[index(side)], &in.FINAcked[index(side)]
	age := in.age(side)
	c.values = in.values(report.Float("age_s", age.Seconds()))
	limit := ""
	if t := in.Conn.Endpoint(side).GivesUpAt; t != nil {
		wait := t.Sub(in.since(side))
		c.values = append(c.values, report.Float("gives_up_after_s", wait.Seconds()))
		limit = "If the program has called close(), its kernel ends it " + dur(wait) + " after the ACK (assumed: " + in.Stack +
			"), without a packet, and answers whatever comes later with a RST; if it only shut down its direction, it waits on. The capture cannot tell which."
	}
	c.title = "The " + string(side) + " has been in FIN-WAIT-2 for " + dur(age) + " when the capture ends"
	c.explanation = say("The "+string(side)+" closed ("+in.frame(fin.first())+") and the "+string(peer)+" acknowledged it ("+in.frame(acked.first())+
		"), but the "+string(peer)+" has sent no FIN for "+dur(age)+": it is in CLOSE-WAIT.", limit)
	c.saw = both(side, "nothing, if it has closed; else a read() that waits", "read() = 0, if it reads")
}
