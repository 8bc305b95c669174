package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice for the host, which pays in memory; no port is taken.
var timeWaitOnServer = over(Detector{
	ID:    "time-wait-on-server",
	Title: "TIME-WAIT at the listening end",
	Means: "The server closes first and therefore holds TIME-WAIT. That costs it a little memory and counts against tcp_max_tw_buckets, but no ports: " +
		"all connections share the listening port, and what tells them apart is the client's.",
	Severity: info,
	Disproof: "A tcp_max_tw_buckets below the number: then there are fewer, and late FINs draw RSTs (time-wait-missing).",
	Advice: "Nothing, unless TIME-WAITs are dropped for the bucket limit, or clients come back from the same port within a minute. " +
		"A listener that is to be restarted at once sets SO_REUSEADDR before bind().",
	Check: []string{"ss -tan state time-wait | wc -l", "nstat -az TcpExtTW TcpExtTCPTimeWaitOverflow", "sysctl net.ipv4.tcp_max_tw_buckets"},
	Refs:  []string{"RFC 9293 3.6.1", "inet_twsk_alloc()"},
}, findTimeWaitOnServer)

func findTimeWaitOnServer(s *Survey) (out []overall) {
	s.listeners.Each(func(a report.Addr, l *listener) {
		h := &l.counts().timeWait
		if float64(h.level.N()) < s.limits.Get(TimeWaitCount) {
			return
		}
		n, at := h.level.Peak(s.now.UnixNano())
		if float64(n) < s.limits.Get(TimeWaitCount) {
			return
		}
		c := s.piled(h, report.Server, at)
		c.title = words.Count(n) + " connections in TIME-WAIT at a time at " + where(a) + ", the listening end: no port is taken"
		c.explanation = say("The server closes first, so it holds TIME-WAIT: "+words.Count(n)+" at the height, "+s.when(at)+", of "+words.Plural(uint64(c.n), "connection")+
			". All of them have the same local port; what they take is memory, some 300 bytes each ("+words.Bytes(300*uint64(n))+"), and places below tcp_max_tw_buckets.",
			lifetimes(h))
		c.saw = [2]string{"nothing", "nothing; EADDRINUSE in bind() when it is restarted without SO_REUSEADDR"}
		c.values = []report.Value{report.Int("time_wait", n), report.Int("connections", c.n)}
		out = append(out, c)
	})
	return out
}
