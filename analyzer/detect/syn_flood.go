package detect

import (
	"fmt"
	"time"

	"github.com/lastack/lastack/analyzer/stats"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Critical: the listener may serve nobody meanwhile.
var synFlood = over(Detector{
	ID:       "syn-flood",
	Title:    "SYNs without number, hardly a handshake",
	Means:    "Very many SYNs a second reach a listener, and hardly any handshake is completed: an attack, mostly from forged addresses, or clients that do not get the answers.",
	Severity: critical,
	Disproof: "Handshakes of the same SYNs that the capture missed; SYNs that are repeated after 1, 3 and 7 s: then honest clients get no answer.",
	Advice:   "Leave SYN cookies on (tcp_syncookies=1, the default of Linux): the listener then keeps serving. Filter upstream, by what these SYNs have in common.",
	Check: []string{"nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtSyncookiesFailed TcpExtTCPReqQFullDoCookies TcpExtListenDrops", "ss -tan state syn-recv | wc -l",
		"sysctl net.ipv4.tcp_syncookies net.ipv4.tcp_max_syn_backlog"},
	Refs: []string{"RFC 4987", "tcp_conn_request()"},
}, findSYNFlood)

func findSYNFlood(s *Survey) (out []overall) {
	s.listeners.Each(func(a report.Addr, at *listener) {
		l := at.counts()
		_, failed := l.opened.N()
		if float64(failed) < s.limits.Get(SYNRate) {
			return
		}
		var worst stats.Burst
		times := 0
		l.opened.Bursts(s.limits.Get(SYNRate), s.limits.Get(SYNShare), func(b stats.Burst) {
			times++
			if b.N > worst.N {
				worst = b
			}
		})
		// Kernels repeat a SYN that is not answered after a second: where many were
		// repeated, or few could have been, they may be of honest clients. Where each is
		// given up at once, since there are so many, repetitions count as SYNs, too: of so
		// many in a time nearly all would be of clients that had sent one before.
		early := 10*l.old < failed-l.takenBack && (worst.Until-worst.From < 4*int64(synTimer) || 10*l.tuples.N() < 8*failed)
		if worst.N == 0 || 3*l.again > l.old || early {
			return
		}
		out = append(out, s.flood(a, l, worst, times))
	})
	return out
}

func (s *Survey) flood(a report.Addr, l *service, b stats.Burst, times int) overall {
	all, failed := l.opened.N()
	from := min(l.sources.N(), failed)
	c := overall{ids: l.floodIDs.List(), n: l.floodIDs.N()}
	c.side, c.at, c.proof = report.Server, time.Unix(0, b.From).UTC(), proofOf(l.firstSYNs.List())
	c.confidence = either(from > 1, high, medium)
	filtered := ""
	switch {
	case !s.spoke && 10*l.once > 9*failed:
		c.severity, c.confidence = notice, low
		filtered = "Nothing in this capture is without a SYN, and each of these SYNs was answered, once: a filter may have left out what completed the handshakes."
	case 2*l.takenBack > failed:
		c.severity = warning // a RST frees the request: the backlog does not fill
	}
	lasted := time.Duration(b.Until - b.From)
	c.title = fmt.Sprintf("%s SYNs to %s in %s, up to %.0f a second; %s of them never completed", words.Count(b.N), where(a), dur(lasted), b.Most, words.Count(b.Some))
	c.explanation = say(words.Count(b.N)+" SYNs came for "+where(a)+" within "+dur(lasted)+", from "+either(from == 1, "one address", "about "+words.Plural(from, "address"))+", and "+words.Count(b.Some)+
		" of these handshakes were neither completed nor refused.",
		filtered,
		when(times > 1, "It was so at "+words.Count(times)+" times; this was the worst."),
		either(l.again == 0, "None of the SYNs was sent again, as the kernel of a client that waits would do after a second.", words.Plural(l.again, "SYN")+" was sent again; a client's kernel does that after a second."),
		when(l.takenBack > 0, words.Plural(l.takenBack, "SYN,ACK")+" drew a RST from the address of the SYN: a host that lives and has no such socket, because its address was forged or a tool sent the SYN past its kernel. That frees the request at once."),
		othersFared(l.answered, all-failed))
	c.saw = [2]string{"honest ones: connect() waits, or ETIMEDOUT", "nothing: accept() returns none of these"}
	c.values = []report.Value{report.Int("syns", b.N), report.Int("failed", b.Some), report.Float("per_s", b.Most), report.Float("lasted_s", lasted.Seconds()), report.Int("addresses", from), report.Int("reset_by_client", l.takenBack)}
	return c
}

// othersFared says what came of the other SYNs.
func othersFared(answered, others uint64) string {
	switch {
	case answered > 0:
		return "The listener served " + words.Plural(answered, "connection") + " in this capture all the same."
	case others > 0:
		return words.Plural(others, "other SYN") + " had a better end, though no data of the listener was captured."
	}
	return "The capture shows no connection that it served."
}
