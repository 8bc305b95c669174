package detect

import (
	"fmt"
	"math"
	"net/netip"
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

func findTimeWaitPileUp(s *Survey) (out []overall) {
	s.pairs.Each(func(p pair, c *connector) {
		if float64(c.connections) >= s.limits.Get(TimeWaitCount) {
			out = s.pileUp(out, p, c.counts())
		}
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

// dynamicPorts is where the range begins of Windows, macOS and FreeBSD (RFC 6335 section
// 6): a host that uses none below, and some above Linux's range, is none of Linux's.
const dynamicPorts = 49152

// ports is how many source ports a host chooses from: of the range that is assumed of
// it, or of another, if it used others.
func (s *Survey) ports(a netip.Addr, k *uses) int {
	low, high := s.limits.Ports(a)
	if k.low >= dynamicPorts && k.high > high {
		low, high = dynamicPorts, math.MaxUint16
	}
	return int(max(high, k.high)) - int(min(low, k.low)) + 1
}
