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
	out := in.claims()
	for _, side := range sides {
		if p := in.probing(side); p != nil && p.dead() && len(p.trailing) > 0 && !in.blind() {
			out = append(out, in.keepaliveUnanswered(p))
		}
	}
	return out
}

func (in *Input) keepaliveUnanswered(p *probing) claim {
	c := claim{
		side:       p.side,
		confidence: unless(in.gappy()),
		at:         p.trailing[len(p.trailing)-1].Time,
		proof:      append(in.marksOf(p.trailing), in.heard(p.side.Peer())),
		tell:       tellKeepaliveUnanswered,
	}
	if r := p.gaveUp; r != nil {
		c.at, c.proof, c.tell = r.Time, append(c.proof, r.mark()), tellKeepaliveGaveUp
	}
	return c
}

// unanswered is what is said of all probes that drew nothing.
type unanswered struct{ many, facts, silent, unknown string }

func (in *Input) tellUnanswered(c *claim) (u unanswered) {
	p := in.probing(c.side)
	n := len(p.trailing)
	interval := medianGap(p.trailing)
	c.values = in.values(report.Int("probes", n), report.Float("interval_s", interval.Seconds()))
	if last := in.heard(c.side.Peer()); last.Frame != 0 {
		silence := p.trailing[n-1].Time.Sub(last.Time)
		c.values = append(c.values, report.Float("silence_s", silence.Seconds()))
		u.silent = "Nothing came from the " + string(c.side.Peer()) + " since " + in.frame(last) + ", " + dur(silence) + " before the last probe."
	}
	u.many = when(in.LostNotes > 0, "at least ") + words.Plural(n, "probe")
	u.facts = "The " + string(c.side) + " sent " + u.many + " in a row into the idle connection (" + in.frames(in.marksOf(p.trailing)...) + ")" +
		when(interval > 0, ", "+dur(interval)+" apart") + ", and they drew nothing."
	u.unknown = "A peer that is down and one that cannot be reached look the same."
	return u
}

func tellKeepaliveUnanswered(in *Input, c *claim) {
	u := in.tellUnanswered(c)
	c.title = "The " + string(c.side) + "'s keepalive is not answered: " + u.many + " so far"
	c.explanation = say(u.facts, u.silent, u.unknown, "It has not given up when the capture ends.")
	c.saw = both(c.side, "nothing yet; ETIMEDOUT when it gives up", "nothing")
}

func tellKeepaliveGaveUp(in *Input, c *claim) {
	u, p := in.tellUnanswered(c), in.probing(c.side)
	c.title = "The " + string(c.side) + "'s keepalive gave up after " + u.many + " without an answer"
	c.explanation = say(u.facts, u.silent, "It then gave up with a RST,ACK ("+in.frame(p.gaveUp.mark())+") and is CLOSED.", u.unknown,
		"If the "+string(c.side.Peer())+" lives and the RST did not reach it, it stays ESTABLISHED.")
	c.saw = both(c.side, "ETIMEDOUT", "nothing, or ECONNRESET if the RST arrived")
	c.values = append(c.values, report.Float("gave_up_after_s", p.gaveUp.Time.Sub(p.trailing[0].Time).Seconds()))
}
