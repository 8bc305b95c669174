package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: the connection is dead for one end at least, and the other does not
// know.
var keepaliveUnanswered = define(Detector{
	ID:       "keepalive-unanswered",
	Title:    "Keepalive probes, unanswered",
	Means:    "Keepalive probes drew nothing. A peer that is down and one that cannot be reached look the same. When the prober gives up it sends a RST and reports an error; its peer, if it lives, keeps the connection half-open.",
	Severity: warning,
	Disproof: "An answer captured closer to the peer: then it was lost on the way back.",
	Advice: "Find out what broke at that time: the peer's host, the path, or a NAT or firewall that forgot the idle connection. If the last, probe more often than it forgets (tcp_keepalive_time, TCP_KEEPIDLE). " +
		"The peer needs a keepalive of its own to notice.",
	Check: []string{"ss -tano", "nstat -az TcpExtTCPKeepAlive TcpExtTCPAbortOnTimeout", "sysctl net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"},
	Refs:  []string{"RFC 9293 3.8.4", "RFC 1122 4.2.3.6", "tcp_keepalive_timer()"},
}, keepaliveSent, findKeepaliveUnanswered)

func findKeepaliveUnanswered(in *Input) []claim {
	var out []claim
	for _, side := range sides {
		if p := in.probing(side); p != nil && p.dead() && len(p.trailing) > 0 && !in.blind() {
			out = append(out, in.keepaliveUnanswered(p))
		}
	}
	return out
}

func (in *Input) keepaliveUnanswered(p *probing) claim {
	n := len(p.trailing)
	side, peer := p.side, p.side.Peer()
	interval := medianGap(p.trailing)
	last := in.Last[index(peer)]
	silence := p.trailing[n-1].Time.Sub(last.Time)
	values := in.values(report.Int("probes", n), report.Float("interval_s", interval.Seconds()))
	silent := ""
	if last.Frame != 0 {
		values = append(values, report.Float("silence_s", silence.Seconds()))
		silent = "Nothing came from the " + string(peer) + " since " + in.frame(last) + ", " + dur(silence) + " before the last probe."
	}
	c := claim{
		side:       side,
		confidence: unless(in.gappy()),
		at:         p.trailing[n-1].Time,
		proof:      append(in.marksOf(p.trailing), last),
		values:     values,
	}
	many := when(in.LostNotes > 0, "at least ") + words.Plural(n, "probe")
	facts := "The " + string(side) + " sent " + many + " in a row into the idle connection (" + in.frames(in.marksOf(p.trailing)...) + ")" +
		when(interval > 0, ", "+dur(interval)+" apart") + ", and they drew nothing."
	unknown := "A peer that is down and one that cannot be reached look the same."
	if p.gaveUp == nil {
		c.title = "The " + string(side) + "'s keepalive is not answered: " + many + " so far"
		c.explanation = say(facts, silent, unknown, "It has not given up when the capture ends.")
		c.saw = both(side, "nothing yet; ETIMEDOUT when it gives up", "nothing")
		return c
	}
	c.title = "The " + string(side) + "'s keepalive gave up after " + many + " without an answer"
	c.at = p.gaveUp.Time
	c.proof = append(c.proof, p.gaveUp.mark())
	c.values = append(c.values, report.Float("gave_up_after_s", p.gaveUp.Time.Sub(p.trailing[0].Time).Seconds()))
	c.explanation = say(facts, silent, "It then gave up with a RST,ACK ("+in.frame(p.gaveUp.mark())+") and is CLOSED.", unknown,
		"If the "+string(peer)+" lives and the RST did not reach it, it stays ESTABLISHED.")
	c.saw = both(side, "ETIMEDOUT", "nothing, or ECONNRESET if the RST arrived")
	return c
}
