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
	var out []claim
	for _, side := range sides {
		p := in.probing(side)
		if p == nil || len(p.probes) == 0 || len(p.replies) == 0 || p.dead() || p.refused != nil {
			continue
		}
		out = append(out, in.keepaliveAlive(p))
	}
	return out
}

func (in *Input) keepaliveAlive(p *probing) claim {
	probes, replies := in.Conn.Endpoint(p.side).KeepaliveProbes, in.Conn.Endpoint(p.side.Peer()).KeepaliveReplies
	first := p.probes[0]
	gap, idle := p.gap(), first.Idle
	values := in.values(report.Int("probes", probes), report.Int("replies", replies))
	every, rest := "", ""
	if gap > 0 {
		values = append(values, report.Float("interval_s", gap.Seconds()))
		every = " every " + dur(gap)
	}
	if idle > 0 {
		values = append(values, report.Float("idle_s", idle.Seconds()))
		rest = "The first came after " + dur(idle) + " of silence" + when(whose(idle) != "", ", "+whose(idle)) + "."
	}
	missing := int(probes) - int(replies)
	shown := in.marks(first.mark(), p.replies[0].mark(), p.probes[len(p.probes)-1].mark(), p.replies[len(p.replies)-1].mark())
	return claim{
		side: p.side,
		title: "The " + string(p.side) + " sent " + words.Plural(probes, "keepalive probe") + every + ", " +
			either(missing <= 0, "all answered", words.Count(replies)+" of them answered"),
		explanation: say("The "+string(p.side)+" probed the idle connection "+times(int(probes))+every+", and the "+string(p.side.Peer())+" answered ("+
			in.frames(shown...)+"): both had the connection then.", rest,
			when(missing > 0, words.Plural(missing, "probe")+" or the answer to it was lost, and the next was answered.")),
		saw:    [2]string{"nothing", "nothing"},
		at:     first.Time,
		proof:  append(in.marksOf(p.probes[:min(len(p.probes), 4)]), shown...),
		values: values,
	}
}

// dead reports whether the last probes drew nothing: two at least, or as many
// as made the prober give up.
func (p *probing) dead() bool { return len(p.trailing) >= 2 || p.gaveUp != nil }
