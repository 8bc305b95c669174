package detect

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lastack/lastack/analyzer/stats"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: programs lose connections that neither of them has closed.
var middleboxIdleTimeout = over(Detector{
	ID:       "middlebox-idle-timeout",
	Title:    "Connections that are forgotten while idle",
	Means:    "Something between the ends forgets connections that are idle for too long: the first data after that draws a RST, or nothing, although neither end has closed.",
	Severity: warning,
	Disproof: "A longer pause on the same path that did no harm; a server that closes idle connections, whose FINs the capture missed.",
	Advice:   "Send something more often than that on either end: a keepalive (TCP_KEEPIDLE below it), or a ping of the protocol; or raise the limit of the firewall, NAT or load balancer.",
	Check:    []string{"ss -tano", "sysctl net.ipv4.tcp_keepalive_time", "sysctl net.netfilter.nf_conntrack_tcp_timeout_established"},
	Refs:     []string{"RFC 5382 REQ-5", "RFC 9293 3.8.4"},
}, findMiddleboxIdleTimeout)

// path is the networks of a client and a server, between which a middlebox may stand.
type path struct{ client, server netip.Prefix }

func (p path) String() string { return p.client.String() + " and " + p.server.String() }

// idleness is what is known of pauses on the connections of a path.
type idleness struct {
	connections uint64
	fatal       stats.First[pause] // by length
	ids         stats.IDs
	harmless    time.Duration // the longest that did no harm
	most        time.Duration // the longest that did
}

// pause is a time in which nothing was sent on a connection, and which ended it.
type pause struct {
	length time.Duration
	id     uint64
	silent bool // nothing came any more; else a RST
	server report.Addr
	denier netip.Addr // who sent the RST
	t      int64      // when it was found out
	proof  proof
}

func shorter(a, b *pause) bool { return a.length < b.length || a.length == b.length && a.id < b.id }

func weighIdleness(p *idleness) uint64 { return p.connections }

// network is the one that an address is taken to be in.
func network(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // valid for every address
	return p
}

// addPauses takes the pauses of a connection.
func (s *Survey) addPauses(in *Input, denied *rst) {
	limit := s.limits.Duration(IdleLost)
	longest := max(in.Pauses[0][0], in.Pauses[0][1], in.Pauses[1][0], in.Pauses[1][1])
	if longest < limit {
		return
	}
	between := path{network(in.Conn.Client.IP), network(in.Conn.Server.IP)}
	p := s.paths.At(between, hashAddr(between.client.Addr())+mix(hashAddr(between.server.Addr())), weighIdleness)
	p.connections++
	x, side := in.fatalPause(denied)
	if x.length < limit {
		if !in.gappy() { // else something may have been said in the pause
			p.harmless = max(p.harmless, longest)
		}
		return
	}
	i := index(side)
	x.id, x.server = in.Conn.ID, in.Conn.Server
	p.most = max(p.most, x.length)
	p.ids.Add(x.id)
	p.fatal.Add(x, shorter)
	if in.gappy() {
		return
	}
	p.harmless = max(p.harmless, in.Pauses[1-i][0], in.Pauses[1-i][1])
	if !x.silent { // else the repetitions have pauses, too
		p.harmless = max(p.harmless, in.Pauses[i][0])
	}
}

// fatalPause returns the last pause of a side, if what the side then sent was denied, or
// never answered; else the zero pause.
func (in *Input) fatalPause(denied *rst) (pause, report.Side) {
	for i, side := range sides {
		last := in.Pauses[i][1]
		if r := denied; r != nil && r.By == side.Peer() && r.Idle > last-pauseSlack {
			return pause{length: last, denier: in.address(r.By), t: r.Time.UnixNano(), proof: places(r.answers(), r.mark())}, side
		}
	}
	if len(in.Notes) == 0 {
		return pause{}, "" // what was repeated is noted
	}
	// Of a client that falls silent nothing tells whether it is still there.
	heard, run := in.Last[1], in.unheard(report.Client)
	if heard.Frame == 0 || len(run) < in.limit(Repeats) || in.blind() {
		return pause{}, ""
	}
	return pause{length: run[0].Time.Sub(heard.Time), silent: true, t: run[0].Time.UnixNano(), proof: places(heard, run[0].mark(), run[len(run)-1].mark())}, report.Client
}

// unheard are the repetitions of a side's data, or its keepalive probes, that were
// never answered.
func (in *Input) unheard(side report.Side) []Note {
	if run := in.unanswered(side); len(run) > 0 {
		return run
	}
	if p := in.probing(side); p != nil && p.dead() {
		return p.trailing
	}
	return nil
}

// pauseSlack is by how much the pauses of both ends may differ: by a round trip, and a
// delayed ACK.
const pauseSlack = time.Second

func (p *idleness) merge(o *idleness) {
	p.connections += o.connections
	p.fatal.Merge(&o.fatal, shorter)
	p.ids.Merge(&o.ids)
	p.harmless = max(p.harmless, o.harmless)
	p.most = max(p.most, o.most)
}

// idleFew is how many connections that were forgotten show a rule.
const idleFew = 3

// cut are the pauses of a path that show a limit: several connections were forgotten,
// each after a longer pause than any that did no harm, by somebody in between. One that
// a host denied which was restarted was not, nor, as far as is known, one to a server of
// which nothing was heard after that.
func (s *Survey) cut(p *idleness) (list []pause) {
	for _, x := range p.fatal.List() {
		h := s.hosts.Get(x.denier, hashAddr(x.denier))
		l := s.listeners.Get(x.server, hashService(x.server))
		if x.silent && l != nil && l.heard > x.t || !x.silent && (h == nil || !s.rebooted(x.denier, h)) {
			list = append(list, x)
		}
	}
	if len(list) < idleFew || list[0].length <= p.harmless {
		return nil
	}
	return list
}

// usual are limits that middleboxes come with, in seconds, and whose they are.
var usual = []struct {
	after time.Duration
	whose string
}{
	{60 * time.Second, "load balancers of AWS (ALB) and many proxies"},
	{240 * time.Second, "Azure's load balancer"},
	{300 * time.Second, "many firewalls, and nf_conntrack of Linux while data is not acknowledged"},
	{350 * time.Second, "NAT gateway and network load balancer of AWS"},
	{600 * time.Second, "Google Cloud's firewall, and proxies"},
	{900 * time.Second, "some firewalls"},
	{30 * time.Minute, "Juniper's firewalls"},
	{time.Hour, "firewalls of Cisco (ASA) and Palo Alto"},
	{120 * time.Hour, "nf_conntrack of Linux for established connections"},
}

func findMiddleboxIdleTimeout(s *Survey) (out []overall) {
	s.paths.Each(func(p path, k *idleness) {
		if list := s.cut(k); list != nil {
			out = append(out, s.forgotten(p, k, list))
		}
	})
	return out
}

func (s *Survey) forgotten(p path, k *idleness, list []pause) overall {
	least := list[0].length
	c := overall{ids: k.ids.List(), n: k.ids.N()}
	if c.n == len(k.fatal.List()) { // all are known, and which of them somebody in between has forgotten
		c.ids, c.n = nil, len(list)
		for i := range list {
			c.ids = append(c.ids, list[i].id)
		}
		slices.Sort(c.ids)
	}
	silent := 0
	for _, x := range list {
		c.proof = append(c.proof, x.proof.marks()...)
		if x.silent {
			silent++
		}
	}
	c.confidence = either(k.harmless > 0 && c.n > idleFew, high, medium)
	c.title = words.Plural(uint64(c.n), "connection") + " between " + p.String() + " forgotten while idle, for " + dur(least) + when(k.most-least > pauseSlack, " or longer")
	span := "for " + dur(least) + when(k.most-least > pauseSlack, " to "+dur(k.most))
	c.explanation = say("On "+words.Plural(uint64(c.n), "connection")+" between "+p.String()+" nothing was sent "+span+", and what came next "+
		either(silent == len(list), "was never answered", either(silent == 0, "drew a bare RST", "drew a bare RST, or nothing"))+", although neither end had closed.",
		either(k.harmless > 0, "No pause of up to "+dur(k.harmless)+" did any harm, so the limit lies between these.", "No shorter pause is long enough to tell from where on."),
		familiar(k.harmless, least))
	c.saw = [2]string{"ECONNRESET, or ETIMEDOUT after many repetitions", "nothing, until a keepalive or data of its own"}
	c.values = []report.Value{report.Int("connections", c.n), report.Float("shortest_fatal_s", least.Seconds()), report.Float("longest_harmless_s", k.harmless.Seconds())}
	return c
}

// familiar names limits in use between two times.
func familiar(harmless, fatal time.Duration) string {
	var names []string
	for _, u := range usual {
		if u.after > harmless && u.after <= fatal {
			names = append(names, dur(u.after)+" ("+u.whose+")")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Limits in use between them: " + words.Or(names) + "."
}
