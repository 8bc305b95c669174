package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lastack/lastack/analyzer/stats"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice: TIME-WAIT is what TCP asks for. Warning from half of the ports on.
var timeWaitPileUp = over(Detector{
	ID:    "time-wait-pile-up",
	Title: "Many source ports in TIME-WAIT",
	Means: "Very many connections of one client address to one service are in TIME-WAIT at the end that chooses ports: each holds its source port for 2MSL, " +
		"and a good part of the range is taken.",
	Severity: notice,
	Disproof: "A wider range, or a stack with a shorter TIME-WAIT (--stack, --msl).",
	Advice: "In this order: keep connections open, or pool them; let the other end close first; more source addresses or destination ports, a wider ip_local_port_range; " +
		"tcp_tw_reuse=1 on the connecting host. No sysctl shortens TIME-WAIT on Linux; tcp_fin_timeout does not touch it.",
	Check: []string{"ss -tan state time-wait | wc -l", "sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse", "nstat -az TcpExtTW TcpExtTWRecycled"},
	Refs:  []string{"RFC 9293 3.6.1", "RFC 6056", "inet_hash_connect()"},
}, findTimeWaitPileUp)

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

// Critical: new connections fail.
var portExhaustion = over(Detector{
	ID:    "port-exhaustion",
	Title: "No free source port left",
	Means: "The connecting host has no free source port left towards one service: the others are in TIME-WAIT or in use. connect() fails with EADDRNOTAVAIL without " +
		"a packet, or new connections come no faster than old ports become free.",
	Severity: critical,
	Disproof: "Connects from further ports at that time; a program that binds its source ports itself, one after the other.",
	Advice: "In this order: keep connections open, or pool them; let the other end close first; more source addresses, more destination addresses or ports, a wider range; " +
		"tcp_tw_reuse=1 on the connecting host. SO_REUSEADDR does not let a client use a tuple again.",
	Check: []string{"ss -tan dst ADDRESS | wc -l", "sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports net.ipv4.tcp_tw_reuse"},
	Refs:  []string{"RFC 6056", "ip(7)", "__inet_hash_connect()"},
}, findPortExhaustion)

func findTimeWaitPileUp(s *Survey) (out []overall) {
	s.pairs.Each(func(p pair, c *connector) {
		out = s.pileUp(out, p, c.counts())
	})
	return out
}

func (s *Survey) pileUp(out []overall, p pair, k *uses) []overall {
	if float64(k.timeWait.level.N()) < s.limits.Get(TimeWaitCount) {
		return out
	}
	n, at := k.timeWait.level.Peak(s.now.UnixNano())
	if float64(n) < s.limits.Get(TimeWaitCount) || s.exhausted(p, k) != nil {
		return out
	}
	size, twoMSL := s.ports(p.client, k), s.limits.TwoMSL(p.client)
	share := float64(n) / float64(size)
	c := s.piled(&k.timeWait, report.Client, at)
	if 2*n > size {
		c.severity = warning
	}
	c.title = words.Count(n) + " source ports of " + p.client.String() + " in TIME-WAIT at a time, towards " + where(p.service)
	c.explanation = say(p.client.String()+" opens a connection to "+where(p.service)+" each time and closes it first, so it holds TIME-WAIT for "+dur(twoMSL)+
		" after each, with its source port. At the height, "+s.when(at)+", these were "+words.Count(n)+" of the "+words.Count(size)+" ports of its range"+
		fmt.Sprintf(" (%.0f %%).", 100*share),
		fmt.Sprintf("What the range lasts for is %.0f new connections a second (ports / 2MSL); there were up to %.0f.", float64(size)/twoMSL.Seconds(), k.rate()),
		when(k.again > 0, words.Plural(k.again, "connection")+" took a port over from a TIME-WAIT, as tcp_tw_reuse lets them: with that the ports do not run out."),
		lifetimes(&k.timeWait))
	c.saw = [2]string{"nothing yet; EADDRNOTAVAIL in connect() when the range is used up", "nothing"}
	c.values = []report.Value{report.Int("time_wait", n), report.Int("ports", size), report.Float("share", share),
		report.Float("sustainable_per_s", float64(size)/twoMSL.Seconds()), report.Float("rate_per_s", k.rate())}
	return append(out, c)
}

// piled is what is said of all that was in TIME-WAIT in numbers.
func (s *Survey) piled(h *held, side report.Side, at int64) overall {
	c := overall{ids: h.ids.List(), n: h.ids.N()}
	c.side, c.at, c.proof = side, time.Unix(0, at).UTC(), proofOf(h.first.List())
	return c
}

// when says when something was, after the begin of the capture as far as it is known:
// by the clock.
func (s *Survey) when(at int64) string {
	return "at " + time.Unix(0, at).UTC().Format("15:04:05") + " UTC"
}

// lifetimes says how long the connections lived that left a TIME-WAIT.
func lifetimes(h *held) string {
	half, most := h.lives.Within(0.5), h.lives.Within(0.9)
	return "They are short: " + when(half < most, "half of them lived for at most "+dur(time.Duration(half))+", ") + "nine in ten for at most " +
		dur(time.Duration(most)) + "; a TIME-WAIT outlives its connection by far."
}

// rate is how many connections were opened a second, at the height.
func (k *uses) rate() (most float64) {
	k.opened.Bursts(0, 0, func(b stats.Burst) { most = max(most, b.Most) })
	return most
}

// ports is how many source ports a host chooses from: of the range that is assumed of
// it, or of a wider one, if it used others.
func (s *Survey) ports(a netip.Addr, k *uses) int {
	low, high := s.limits.Ports(a)
	return int(max(high, k.high)) - int(min(low, k.low)) + 1
}

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

func findPortExhaustion(s *Survey) (out []overall) {
	s.pairs.Each(func(p pair, k *connector) {
		if c := s.exhausted(p, k.counts()); c != nil {
			out = append(out, *c)
		}
	})
	return out
}

// exhausted tells of a client whose ports are used up: nearly all of the range that is
// assumed of it, or all of a narrower one.
func (s *Survey) exhausted(p pair, k *uses) *overall {
	if k.busy.N() < fewestPorts || k.again > 0 { // where a TIME-WAIT can be taken over, ports do not run out
		return nil
	}
	n, at := k.busy.Peak(s.now.UnixNano())
	size := s.ports(p.client, k)
	narrowed := false
	if float64(n) < s.limits.Get(PortShare)*float64(size) {
		if size = s.narrowed(k); size == 0 {
			return nil
		}
		narrowed, n = true, size
		_, at = k.timeWait.level.Peak(s.now.UnixNano())
	}
	c := s.piled(&k.timeWait, report.Client, at)
	c.confidence = either(narrowed, medium, high)
	twoMSL := s.limits.TwoMSL(p.client)
	c.title = "No source port left at " + p.client.String() + " towards " + where(p.service) + ": " + words.Count(n) + " of " + words.Count(size) + " in use or in TIME-WAIT"
	c.explanation = say(p.client.String()+" had "+words.Count(n)+" source ports in use or in TIME-WAIT towards "+where(p.service)+" at a time ("+s.when(at)+").",
		either(narrowed, fmt.Sprintf("It used every port from %d to %d, first those of one parity and then the others, as Linux does when it runs out of the first: its ip_local_port_range seems to be these.", k.ports[0].port, k.ports[len(k.ports)-1].port),
			"That is nearly all of the range that is assumed of it."),
		fmt.Sprintf("The range lasts for %.1f new connections a second (ports / 2MSL); there were up to %.0f.", float64(size)/twoMSL.Seconds(), k.rate()),
		"A connect() that finds no port fails with EADDRNOTAVAIL and sends nothing, so no packet shows it.", lifetimes(&k.timeWait))
	c.saw = [2]string{"EADDRNOTAVAIL in connect(), likely", "nothing"}
	c.values = []report.Value{report.Int("in_use", n), report.Int("ports", size), report.Float("sustainable_per_s", float64(size)/twoMSL.Seconds()),
		report.Float("rate_per_s", k.rate()), report.Bool("narrowed", narrowed)}
	return &c
}

// fewestPorts is how many ports a narrowed range has at least to be taken for one.
const fewestPorts = 32

// narrowed returns the size of the range of a client whose every port is taken, 0 if
// it is not so: its ports lie without a gap, all are in TIME-WAIT at a time, and first
// all of one parity were used. Linux looks for a port of the one parity in the whole
// range before it tries the other (__inet_hash_connect()); who takes one after the other
// does not.
func (s *Survey) narrowed(k *uses) int {
	if len(k.ports) < fewestPorts {
		return 0
	}
	slices.SortFunc(k.ports, func(a, b portUse) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.port, b.port)) })
	changes := 0
	for i := 1; i < len(k.ports); i++ {
		if k.ports[i].port&1 != k.ports[i-1].port&1 {
			changes++
		}
	}
	slices.SortFunc(k.ports, func(a, b portUse) int { return cmp.Compare(a.port, b.port) })
	size := int(k.ports[len(k.ports)-1].port) - int(k.ports[0].port) + 1
	n, _ := k.busy.Peak(s.now.UnixNano())
	if len(k.ports) < size || changes > size/10 || float64(n) < s.limits.Get(PortShare)*float64(size) {
		return 0
	}
	return size
}
