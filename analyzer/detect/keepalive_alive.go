package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Info: it does what it is there for.
var keepaliveAlive = define(Detector{
	ID:       "keepalive-alive",
	Title:    "Keepalive probes, answered",
	Means:    "An end probes its idle peer with a segment one number below what it would send next, and the peer answers: both have the connection. Probes are no data and no retransmissions.",
	Severity: info,
	Disproof: "A probe that repeats an octet not yet acknowledged would be a retransmission; one into a closed window, a window probe.",
	Advice:   "Nothing to do: the connection is alive.",
	Check:    []string{"ss -tano", "sysctl net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"},
	Refs:     []string{"RFC 9293 3.8.4", "RFC 1122 4.2.3.6", "tcp_keepalive_timer()", "tcp_write_wakeup()"},
}, keepaliveSent, findKeepaliveAlive)

func findKeepaliveAlive(in *Input) []claim {
	out := in.claims()
	for _, side := range sides {
		p := in.probing(side)
		if p == nil || len(p.probes) == 0 || len(p.replies) == 0 || p.dead() || p.refused != nil {
			continue
		}
		first, last := p.shown()
		out = append(out, claim{
			side:  side,
			at:    p.probes[0].Time,
			proof: append(in.marksOf(p.probes[:min(len(p.probes), 4)]), first[0], first[1], last[0], last[1]),
			tell:  tellKeepaliveAlive,
		})
	}
	return out
}

// shown are the first probe and reply, and the last.
func (p *probing) shown() (first, last [2]Mark) {
	for i, list := range [2][]Note{p.probes, p.replies} {
		first[i], last[i] = list[0].mark(), list[len(list)-1].mark()
	}
	return first, last
}

func tellKeepaliveAlive(in *Input, c *claim) {
	p := in.probing(c.side)
	first, last := p.shown()
	probes, replies := in.Conn.Endpoint(c.side).KeepaliveProbes, in.Conn.Endpoint(c.side.Peer()).KeepaliveReplies
	gap, idle := p.gap(), p.probes[0].Idle
	c.values = in.values(report.Int("probes", probes), report.Int("replies", replies))
	every, rest := "", ""
	if gap > 0 {
		c.values = append(c.values, report.Float("interval_s", gap.Seconds()))
		every = " every " + dur(gap)
	}
	if idle > 0 {
		c.values = append(c.values, report.Float("idle_s", idle.Seconds()))
		rest = "The first came after " + dur(idle) + " of silence" + when(whose(idle) != "", ", "+whose(idle)) + "."
	}
	missing := int(probes) - int(replies)
	c.title = "The " + string(c.side) + " sent " + words.Plural(probes, "keepalive probe") + every + ", " +
		either(missing <= 0, "all answered", words.Count(replies)+" of them answered")
	c.explanation = say("The "+string(c.side)+" probed the idle connection "+times(int(probes))+every+", and the "+string(c.side.Peer())+" answered ("+
		in.frames(first[0], first[1], last[0], last[1])+"): both had the connection then.", rest,
		when(missing > 0, words.Plural(missing, "probe")+" or the answer to it was lost, and the next was answered."))
	c.saw = [2]string{"nothing", "nothing"}
}

// dead reports whether the last probes drew nothing: two at least, or as many
// as made the prober give up.
func (p *probing) dead() bool { return len(p.trailing) >= 2 || p.gaveUp != nil }
