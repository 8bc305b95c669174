package detect

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

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

func findPortExhaustion(s *Survey) (out []overall) {
	s.pairs.Each(func(p pair, k *connector) {
		if k.connections < fewestPorts {
			return
		}
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
