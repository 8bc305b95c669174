package detect

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/lastack/lastack/analyzer/stats"
	"github.com/lastack/lastack/report"
)

// Survey is what is remembered of all connections that became final, for the findings
// over many of them: by listener, by client and service, by host. It has a bound,
// whatever is captured: where there are more groups than fit, those with the fewest
// connections are forgotten, and what is said of the others is "at least".
//
// Each part of a capture has its own, and they merge.
type Survey struct {
	limits    *Limits
	listeners stats.Groups[report.Addr, listener]
	pairs     stats.Groups[pair, connector]
	hosts     stats.Groups[netip.Addr, host]
	paths     stats.Groups[path, idleness]

	now   time.Time // the end of the capture
	multi bool
}

// NewSurvey returns a Survey of nothing.
func NewSurvey(limits *Limits) *Survey { return &Survey{limits: limits} }

// pair is one client address and one service: what a source port belongs to.
type pair struct {
	client  netip.Addr
	service report.Addr
}

// listener is what is known of a service over all of its clients.
type listener struct {
	connections uint64
	opened      stats.Rate // by SYNs; of interest are those that were never completed, nor refused
	again       uint64     // of those: the SYN was sent again
	sources     *stats.Distinct
	firstSYNs   stats.First[witness]
	floodIDs    stats.IDs

	answered  uint64 // connections on which the server sent data
	silent    *waiting
	closeWait *waiting         // what stayed in CLOSE-WAIT there
	closed    *stats.Durations // how long the others were in CLOSE-WAIT
	timeWait  *held            // at the server
}

// connector is what is known of one client of a service.
type connector struct {
	connections uint64
	timeWait    *held // at the client
	busy        stats.Level
	opened      stats.Rate
	ports       []portUse
	low, high   uint16
	closeWait   *waiting // what stayed in CLOSE-WAIT at the client
}

// held is what of a group was in TIME-WAIT.
type held struct {
	level stats.Level
	lives stats.Durations
	ids   stats.IDs
	first stats.First[witness]
	last  stats.First[witness] // in the opposite order
}

// waiting is what of a group an end did not close, or not answer.
type waiting struct {
	ids     stats.IDs
	oldest  stats.First[witness]
	ages    stats.Durations
	since   stats.Rate
	clients stats.Top[netip.Addr]
	gaveUp  uint64 // the other end closed
}

// witness is a connection that shows what is said of a group.
type witness struct {
	t     int64 // the group's order: nanoseconds since the epoch
	id    uint64
	proof [3]Mark
}

func earlier(a, b *witness) bool { return a.t < b.t || a.t == b.t && a.id < b.id }
func later(a, b *witness) bool   { return a.t > b.t || a.t == b.t && a.id < b.id }

// portUse is a source port and when it was taken for the first time.
type portUse struct {
	port uint16
	t    int64
}

// maxPorts bounds the source ports that are remembered of a connector in each part: the
// range of a host that was narrowed is found by them.
const maxPorts = 512

func weighListener(l *listener) uint64   { return l.connections }
func weighConnector(c *connector) uint64 { return c.connections }

// Add takes a connection that became final. Of in it needs what a brief look has.
func (s *Survey) Add(in *Input) {
	c := in.Conn
	if in.empty() || c.Client == c.Server {
		return
	}
	if in.Now.After(s.now) {
		s.now = in.Now
	}
	s.multi = s.multi || in.Multi
	l := s.listeners.At(c.Server, weighListener)
	l.connections++
	l.add(in)
	p := s.pairs.At(pair{c.Client.IP, c.Server}, weighConnector)
	p.connections++
	p.add(in)
	s.addHost(in)
	s.addPauses(in)
}

// AddSYN is Add for a connection that is one SYN, and nothing else.
func (s *Survey) AddSYN(client netip.Addr, service report.Addr, t int64, at Mark, id uint64) {
	l := s.listeners.At(service, weighListener)
	l.connections++
	l.opened.Add(t, 1, 1)
	l.unanswered(client, witness{t: t, id: id, proof: [3]Mark{at}})
}

// Ends says when the capture ends.
func (s *Survey) Ends(now time.Time) {
	if now.After(s.now) {
		s.now = now
	}
}

func (l *listener) add(in *Input) {
	c := in.Conn
	if c.RoleBasis == "syn" || c.Open.Kind == "unanswered" || c.Open.Kind == "incomplete" {
		l.addOpening(in)
	}
	server := &c.Endpoints.Server
	if server.UniqueBytes > 0 {
		l.answered++
	}
	if in.neverAnswers() {
		l.silent = must(l.silent)
		l.silent.add(in, report.Server, in.silentSince(), in.silentProof())
	} else if in.staysInCloseWait(report.Server) {
		l.closeWait = must(l.closeWait)
		l.closeWait.add(in, report.Server, in.closeWaitSince(report.Server), in.closeWaitProof(report.Server))
	} else if w := c.Close.CloseWait; w != nil && c.Close.FirstCloser == report.Client {
		l.closed = must(l.closed)
		l.closed.Add(int64(*w * 1e9))
	}
	if x := in.TimeWaits[1]; x.From != 0 {
		l.timeWait = must(l.timeWait)
		l.timeWait.add(in, report.Server, x)
	}
}

// addOpening counts a SYN that was captured, and what came of it.
func (l *listener) addOpening(in *Input) {
	c := in.Conn
	failed := uint32(0)
	if in.SYN[0].Frame != 0 && (c.Open.Kind == "unanswered" || c.Open.Kind == "incomplete") && !in.serverRefused() {
		failed = 1
		if in.SYN[0].Copies > 0 {
			l.again++
		}
		l.unanswered(c.Client.IP, witness{t: c.Start.UnixNano(), id: c.ID, proof: [3]Mark{in.SYN[0].first()}})
	}
	l.opened.Add(c.Start.UnixNano(), 1, failed)
}

// unanswered takes a SYN of which nothing came.
func (l *listener) unanswered(client netip.Addr, x witness) {
	l.sources = must(l.sources)
	l.sources.Add(hashAddr(client))
	l.firstSYNs.Add(x, earlier)
	l.floodIDs.Add(x.id)
}

// serverRefused reports whether the server, or somebody in its place, refused to open.
func (in *Input) serverRefused() bool {
	if in.Conn.Rejected != nil {
		return true
	}
	for i := range in.Conn.Resets {
		if in.Conn.Resets[i].By == report.Server {
			return true
		}
	}
	return false
}

func (p *connector) add(in *Input) {
	c := in.Conn
	from, until := c.Start.UnixNano(), c.End.UnixNano()
	if x := in.TimeWaits[0]; x.From != 0 {
		p.timeWait = must(p.timeWait)
		p.timeWait.add(in, report.Client, x)
		until = max(until, in.untilNow(x.Until))
	}
	if !gone(c.Endpoints.Client.State) && c.FinalBy == "end-of-input" {
		until = stats.Open
	}
	p.busy.Add(from, until)
	if in.SYN[0].Frame != 0 {
		p.opened.Add(from, 1, 0)
		p.use(portUse{c.Client.Port, from})
	}
	if in.staysInCloseWait(report.Client) {
		p.closeWait = must(p.closeWait)
		p.closeWait.add(in, report.Client, in.closeWaitSince(report.Client), in.closeWaitProof(report.Client))
	}
}

// use notes a source port.
func (p *connector) use(u portUse) {
	if p.low == 0 || u.port < p.low {
		p.low = u.port
	}
	p.high = max(p.high, u.port)
	if len(p.ports) < maxPorts && !slices.ContainsFunc(p.ports, func(o portUse) bool { return o.port == u.port }) {
		p.ports = append(p.ports, u)
	}
}

// gone reports whether a socket in that state has left its port.
func gone(state string) bool { return state == "CLOSED" || state == "LISTEN" || state == "UNKNOWN" }

// untilNow is t, or open if that lies after the end of the capture.
func (in *Input) untilNow(t int64) int64 {
	if t > in.Now.UnixNano() {
		return stats.Open
	}
	return t
}

func (h *held) add(in *Input, side report.Side, x Span) {
	h.level.Add(x.From, in.untilNow(x.Until))
	h.lives.Add(int64(in.Conn.Duration * 1e9))
	h.ids.Add(in.Conn.ID)
	i := index(side)
	e := witness{t: x.From, id: in.Conn.ID, proof: [3]Mark{in.FIN[i].first(), in.FIN[1-i].last()}}
	h.first.Add(e, earlier)
	h.last.Add(e, later)
}

// add takes a connection of which an end has waited since then.
func (w *waiting) add(in *Input, side report.Side, since time.Time, proof [3]Mark) {
	age := in.Now.Sub(since)
	w.ages.Add(int64(age))
	w.ids.Add(in.Conn.ID)
	w.since.Add(since.UnixNano(), 1, 0)
	w.oldest.Add(witness{t: since.UnixNano(), id: in.Conn.ID, proof: proof}, earlier)
	other := in.Conn.Client.IP
	if side == report.Client {
		other = in.Conn.Server.IP
	}
	w.clients.Add(other, 1)
	if in.Conn.Close.FirstCloser == side.Peer() {
		w.gaveUp++
	}
}

// must returns p, or a new one if it is nil.
func must[T any](p *T) *T {
	if p == nil {
		p = new(T)
	}
	return p
}

// hashAddr mixes the octets of an address.
func hashAddr(a netip.Addr) uint64 {
	b := a.As16()
	h := binary.LittleEndian.Uint64(b[:8])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(b[8:])
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// Merge adds what o knows, which is not used any more.
func (s *Survey) Merge(o *Survey) {
	s.Ends(o.now)
	s.multi = s.multi || o.multi
	s.listeners.Merge(&o.listeners, (*listener).merge)
	s.pairs.Merge(&o.pairs, (*connector).merge)
	s.hosts.Merge(&o.hosts, (*host).merge)
	s.paths.Merge(&o.paths, (*idleness).merge)
}

func (l *listener) merge(o *listener) {
	l.connections += o.connections
	l.answered += o.answered
	l.again += o.again
	l.opened.Merge(&o.opened)
	l.firstSYNs.Merge(&o.firstSYNs, earlier)
	l.floodIDs.Merge(&o.floodIDs)
	l.sources = merged(l.sources, o.sources, (*stats.Distinct).Merge)
	l.silent = merged(l.silent, o.silent, (*waiting).merge)
	l.closeWait = merged(l.closeWait, o.closeWait, (*waiting).merge)
	l.closed = merged(l.closed, o.closed, (*stats.Durations).Merge)
	l.timeWait = merged(l.timeWait, o.timeWait, (*held).merge)
}

// merged merges what one of two parts may not have.
func merged[T any](a, b *T, merge func(to, from *T)) *T {
	switch {
	case a == nil:
		return b
	case b != nil:
		merge(a, b)
	}
	return a
}

func (p *connector) merge(o *connector) {
	p.connections += o.connections
	p.timeWait = merged(p.timeWait, o.timeWait, (*held).merge)
	p.closeWait = merged(p.closeWait, o.closeWait, (*waiting).merge)
	p.busy.Merge(&o.busy)
	p.opened.Merge(&o.opened)
	if o.low != 0 && (p.low == 0 || o.low < p.low) {
		p.low = o.low
	}
	p.high = max(p.high, o.high)
	p.ports = append(p.ports, o.ports...) // others: a port lies in one part
}

func (h *held) merge(o *held) {
	h.level.Merge(&o.level)
	h.lives.Merge(&o.lives)
	h.ids.Merge(&o.ids)
	h.first.Merge(&o.first, earlier)
	h.last.Merge(&o.last, later)
}

func (w *waiting) merge(o *waiting) {
	w.ids.Merge(&o.ids)
	w.oldest.Merge(&o.oldest, earlier)
	w.ages.Merge(&o.ages)
	w.since.Merge(&o.since)
	w.clients.Merge(&o.clients)
	w.gaveUp += o.gaveUp
}

// Findings returns what the whole shows: in the order of All, and of one kind by
// address.
func (s *Survey) Findings() (list []report.Finding) {
	for i := range All {
		d := &All[i]
		if d.survey == nil {
			continue
		}
		for _, c := range d.survey(s) {
			list = append(list, s.finding(d, &c))
		}
	}
	return list
}

// overall is what a detector says of a group.
type overall struct {
	claim
	ids []uint64
	n   int // connections in all
}

// finding is Detector.finding for a group.
func (s *Survey) finding(d *Detector, c *overall) report.Finding {
	in := s.input()
	in.room().begin()
	in.Conn.End = s.now
	list := d.finding(in, &c.claim, nil)
	f := list[0]
	f.Connections, f.ConnectionsTotal = c.ids, c.n
	return f
}

// input is an Input of no connection: it names frames in texts.
func (s *Survey) input() *Input {
	return &Input{Conn: &report.Connection{}, Now: s.now, Multi: s.multi}
}

// define completes a detector of groups.
func over(d Detector, find func(*Survey) []overall) Detector {
	d.survey = find
	return d
}

// eachListener calls fn with the listeners, by address.
func (s *Survey) eachListener(fn func(report.Addr, *listener)) {
	s.listeners.Each(compareAddr, fn)
}

// eachHost calls fn with the hosts, by address.
func (s *Survey) eachHost(fn func(netip.Addr, *host)) { s.hosts.Each(netip.Addr.Compare, fn) }

// eachPair calls fn with the pairs, by address.
func (s *Survey) eachPair(fn func(pair, *connector)) {
	s.pairs.Each(func(a, b pair) int {
		return cmp.Or(a.client.Compare(b.client), compareAddr(a.service, b.service))
	}, fn)
}

func compareAddr(a, b report.Addr) int {
	return cmp.Or(a.IP.Compare(b.IP), cmp.Compare(a.Port, b.Port))
}

// proofOf lists where the examples of a group stand.
func proofOf(lists ...[]witness) (marks []Mark) {
	for _, list := range lists {
		for i := range list {
			marks = append(marks, list[i].proof[:]...)
		}
	}
	return marks
}

// at names an address and port.
func (p pair) String() string { return p.client.String() + " to " + where(p.service) }

// where writes an address with its port.
func where(a report.Addr) string { return netip.AddrPortFrom(a.IP, a.Port).String() }
