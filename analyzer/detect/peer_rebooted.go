package detect

import (
	"net/netip"
	"time"

	"github.com/lastack/lastack/analyzer/stats"
	"github.com/lastack/lastack/internal/prefetch"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: everything that was under way with that host is lost.
var peerRebooted = over(Detector{
	ID:       "peer-rebooted",
	Title:    "A host came back without its connections",
	Means:    "A host answers data or probes of several old connections with bare RSTs, and kept none of them: it was restarted, or lost its state in a failover.",
	Severity: warning,
	Disproof: "A connection with that host that was open before and goes on after the first RST; an uptime of the host that is longer.",
	Advice:   "Look at that host, or the container, load balancer or firewall in its place, for the time before the first RST: uptime, logs, failovers. Its clients need retries; a keepalive tells idle ones sooner.",
	Check:    []string{"uptime -s", "last -x reboot", "journalctl --list-boots"},
	Refs:     []string{"RFC 9293 3.5.1", "tcp_v4_send_reset()"},
}, findPeerRebooted)

// host is what is known of one address, over all of its connections.
type host struct {
	connections uint64
	lost        stats.First[witness] // connections that it did not know any more, by the RST
	ids         stats.IDs
	alive       int64         // when it was last heard of on one of those, before
	idle        time.Duration // for how long it had said nothing on each of those, at least
}

// lifetime is a connection on which a host was heard of from a time to another.
type lifetime struct {
	from, until int64
	id          uint64
}

func longer(a, b *lifetime) bool {
	x, y := a.until-a.from, b.until-b.from
	return x > y || x == y && a.id < b.id
}

func weighHost(h *host) uint64 { return h.connections }

// rebootSilence is how long a host had said nothing on a connection before it denied
// it, at least: no host is back sooner.
const rebootSilence = time.Second

// callers are the longest connections of clients, each in the one slot that the hash of
// its client gives it: of all clients that share a slot the longest is remembered. Every
// connection comes here, so it is a table and no map.
type callers [1 << 12]caller

type caller struct {
	hash uint64
	lifetime
}

func (t *callers) slot(hash uint64) *caller {
	return &t[hash%uint64(len(t))]
}

// foresee asks for the slot of a client.
func (t *callers) foresee(hash uint64) {
	if t != nil {
		prefetch.Of(t.slot(hash))
	}
}

// addCaller takes a connection on which its client, whose address has that hash, was heard
// of for a while.
func (s *Survey) addCaller(in *Input, denied *rst, client uint64) {
	x := lifetime{in.Conn.Start.UnixNano(), in.Last[0].nanos(), in.Conn.ID}
	if denied != nil || x.until-x.from < int64(rebootSilence) {
		return
	}
	kept(&s.callers).keep(client, x)
}

func (t *callers) keep(hash uint64, x lifetime) {
	if slot := t.slot(hash); longer(&x, &slot.lifetime) {
		slot.hash, slot.lifetime = hash, x
	}
}

func (t *callers) merge(o *callers) {
	for i := range o {
		t.keep(o[i].hash, o[i].lifetime)
	}
}

// addHost takes a connection that a host denied by r, unless somebody nearer, or farther,
// did it in its name.
func (s *Survey) addHost(in *Input, r *rst) {
	if r.Elsewhere || r.Signs&(SignTTL|SignTooSoon) != 0 || r.Cause == "injected" {
		return
	}
	a := in.address(r.By)
	h := s.hosts.At(a, hashAddr(a), weighHost)
	h.connections++
	h.ids.Add(in.Conn.ID)
	h.lost.Add(witness{t: r.Time.UnixNano(), id: in.Conn.ID, proof: places(r.answers(), r.mark())}, earlier)
	h.alive = max(h.alive, r.Time.Add(-r.Idle).UnixNano())
	if h.idle == 0 || r.Idle < h.idle {
		h.idle = r.Idle
	}
}

// address is that of an end.
func (in *Input) address(side report.Side) netip.Addr {
	if side == report.Client {
		return in.Conn.Client.IP
	}
	return in.Conn.Server.IP
}

// denied returns the bare RST by which an end, or somebody in its name, said after silence
// that there is no such connection, nil if there is none.
func (in *Input) denied() *rst {
	if r := in.Conn.Close.Reset; r == nil || r.Cause != "no-such-connection" && r.Cause != "injected" {
		return nil
	}
	r := in.deciding()
	if r == nil || r.Idle < rebootSilence || in.refusesSYNACK(r) || r.Form != "rst" || r.answers().Frame == 0 {
		return nil
	}
	if _, known := in.endedBefore(r); known {
		return nil
	}
	return r
}

func (h *host) merge(o *host) {
	h.connections += o.connections
	h.lost.Merge(&o.lost, earlier)
	h.ids.Merge(&o.ids)
	h.alive = max(h.alive, o.alive)
	h.idle = min(h.idle, o.idle)
}

func findPeerRebooted(s *Survey) (out []overall) {
	s.hosts.Each(func(a netip.Addr, h *host) {
		lost := h.lost.List()
		if !s.rebooted(a, h) {
			return
		}
		addr := a.String()
		c := overall{ids: h.ids.List(), n: h.ids.N()}
		first := time.Unix(0, lost[0].t).UTC()
		silence := time.Duration(lost[0].t - h.alive)
		c.at, c.proof = first, proofOf(lost)
		idle := h.idle >= s.limits.Duration(IdleLost)
		c.confidence = either(c.n > 2 && !idle, high, medium)
		c.title = addr + " did not know " + words.Plural(uint64(c.n), "connection") + " any more: it was restarted, or lost its state"
		c.explanation = say(words.Plural(uint64(c.n), "connection")+" with "+addr+" that had been silent for a while drew a bare RST at the next segment, as from a host without such a connection; "+
			"the first at "+first.Format("15:04:05")+" UTC.",
			when(silence > 0, "It was last heard of on one of them "+dur(silence)+" before: it went away in between."),
			"No connection in this capture that it had before goes on after that.",
			when(idle, "All of them had been idle for "+dur(h.idle)+" or longer: a NAT, load balancer or firewall that forgets idle connections, and answers in its place, would look the same."))
		c.saw = [2]string{"ECONNRESET at the next read(), EPIPE at the write() after it", "nothing: there is no socket"}
		c.values = []report.Value{report.Int("connections", c.n), report.Float("silence_s", max(silence.Seconds(), 0))}
		out = append(out, c)
	})
	return out
}

// rebooted reports whether a host denied several connections, and after the first of
// them was not heard of on any that it had before.
func (s *Survey) rebooted(a netip.Addr, h *host) bool {
	lost := h.lost.List()
	return len(lost) > 1 && h.alive < lost[0].t && !s.survived(a, h.alive, lost[0].t)
}

// survived reports whether a host kept a connection that it had at the time alive, or
// sooner after that than it can have been restarted, and still had at t.
func (s *Survey) survived(a netip.Addr, alive, t int64) (kept bool) {
	look := func(x *lifetime) {
		kept = kept || x.from < alive+int64(rebootSilence) && x.until > t
	}
	if hash := hashAddr(a); s.callers != nil {
		if x := s.callers.slot(hash); x.hash == hash {
			look(&x.lifetime)
		}
	}
	s.listeners.Each(func(at report.Addr, l *listener) {
		if at.IP != a {
			return
		}
		for _, x := range l.counts().long.List() {
			look(&x)
		}
	})
	return kept
}
