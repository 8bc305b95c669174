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
	callers   *callers
	paths     stats.Groups[path, idleness]

	// The service of the connection before, mostly that of the next, and its hash.
	service report.Addr
	hash    uint64

	twins       twins
	attacks     []FragmentAttack
	moreAttacks uint64

	spoke bool      // some segment had no SYN
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

// group keeps a few of its connections as they are, for most have no more, and counts
// them when there are: a few at a time, since of what they are counted in the caches hold
// nothing when one of them comes alone.
type group[X, A any, P counter[X, A]] struct {
	few []X
	all *A // those that are no longer in few; nil if there are none
}

// counter is what the connections of a group come to.
type counter[X, A any] interface {
	*A
	add(*X)
	merge(*A)
}

const few = 8

// take counts x, or keeps it.
func (g *group[X, A, P]) take(x *X) {
	if len(g.few) == few {
		g.counts()
	}
	g.few = append(g.few, *x)
}

// counts returns what the connections come to.
func (g *group[X, A, P]) counts() *A {
	if g.all == nil {
		g.all = new(A)
	}
	for i := range g.few {
		P(g.all).add(&g.few[i])
	}
	g.few = g.few[:0]
	return g.all
}

// join adds the connections of o.
func (g *group[X, A, P]) join(o *group[X, A, P]) {
	if o.all == nil && len(g.few)+len(o.few) <= few {
		g.few = append(g.few, o.few...)
		return
	}
	P(g.counts()).merge(o.counts())
}

// listener is what is known of a service over all of its clients.
type listener struct {
	connections uint64
	heard       int64 // when it was heard of last
	group[served, service, *service]
	silent    *waiting
	closeWait *waiting    // what stayed in CLOSE-WAIT there
	refused   *waiting    // whose ACK of the SYN,ACK drew a RST
	closed    *stats.Rate // its refusals of SYNs
	hung      *waiting    // of those, what was answered before, and then not any more
}

// served is one connection of a listener, with what is counted of it.
type served struct {
	id          uint64
	from, until int64 // when it was opened, and when the server was heard of last
	client      uint64
	slowest     int64 // for how long the server was silent before it said something, at most
	closeWait   int64 // for how long the server was in CLOSE-WAIT, if the client had closed; 0 if it had not
	timeWait    Span
	lived       time.Duration
	syn         place
	fins        [2]place
	port        uint16 // of the client, as far as client is set
	opening     opening
	answered    bool
	halfClosed  bool // the server answered after the client's FIN
	once        bool // the SYN was answered by one SYN,ACK
}

// opening is what came of a SYN.
type opening uint8

const (
	unknown opening = iota // it was not captured
	succeeded
	failed    // neither completed nor refused
	triedOnce // failed, and the SYN was not sent again
	fresh     // the same, but the capture ended before it could have been
	takenBack // failed: the host in whose name the SYN came answered the SYN,ACK with a RST
)

// synTimer is longer than what a kernel waits before it sends a SYN again (RFC 6298).
const synTimer = 1200 * time.Millisecond

// service is what all of them come to.
type service struct {
	opened     stats.Rate     // by SYNs; of interest are those that failed
	again      uint64         // of those: the SYN was sent again
	old        uint64         // of those: it was, or could have been
	takenBack  uint64         // of those that failed: a RST answered the SYN,ACK
	once       uint64         // of those that failed: a SYN,ACK answered, and was not sent again
	sources    stats.Distinct // of those that failed: client addresses
	tuples     stats.Distinct // ... and their ports
	firstSYNs  stats.First[witness]
	floodIDs   stats.IDs
	answered   uint64          // connections on which the server sent data
	lastServed int64           // when the last of those was opened
	lastAnswer int64           // when the server was heard of last on one of them
	slowest    int64           // for how long it was silent on them at most, and then said something
	halfClosed uint64          // connections on which it said something after the client's FIN
	closed     stats.Durations // how long the server was in CLOSE-WAIT
	timeWait   held            // at the server
	long       stats.First[lifetime]
}

// connector is what is known of one client of a service, and its source ports.
type connector struct {
	connections uint64
	group[use, uses, *uses]
	closeWait *waiting // what stayed in CLOSE-WAIT at the client
}

// use is one connection of a connector that left a TIME-WAIT at the client.
type use struct {
	from, until int64 // of the port, TIME-WAIT and all
	timeWait    Span
	lived       time.Duration
	id          uint64
	fins        [2]place
	port        uint16
	again       bool // it took its ports over from a TIME-WAIT at the client
}

// uses are all of them.
type uses struct {
	timeWait held
	busy     stats.Level
	opened   stats.Rate
	ports    []portUse
	low,
	high uint16 // of all ports
	again uint64 // connections that took them over from a TIME-WAIT at the client
}

// held is what of a group was in TIME-WAIT.
type held struct {
	level stats.Level
	lives stats.Durations
	ids   stats.IDs
	first stats.First[witness]
}

// waiting is what of a group an end did not close, or not answer.
type waiting struct {
	ids     stats.IDs
	oldest  stats.First[witness]
	ages    stats.Durations
	since   stats.Rate
	clients stats.Top[netip.Addr]
	longest int64  // in nanoseconds, until the end of the capture, or that of the connection
	gaveUp  uint64 // the other end closed, or aborted
	aborted uint64 // of those
}

// witness is a connection that shows what is said of a group.
type witness struct {
	t     int64 // the group's order: nanoseconds since the epoch
	id    uint64
	proof proof
}

// place is where a frame stands in the capture: a Mark without its time.
type place uint64

const frameBits = 44 // of a place, as of wire.FrameRef; the others are the file

func placeOf(frame uint64, file int) place { return place(uint64(file)<<frameBits | frame) }

func (p place) mark() Mark {
	return Mark{Frame: uint64(p) & (1<<frameBits - 1), File: int(p >> frameBits)}
}

// nanos is when it was captured, in nanoseconds since the epoch; 0 if it was not.
func (m Mark) nanos() int64 {
	if m.Frame == 0 {
		return 0
	}
	return m.Time.UnixNano()
}

func (m Mark) place() place { return placeOf(m.Frame, m.File) }

// proof is up to three frames that show something of a connection.
type proof [3]place

func places(list ...Mark) (p proof) {
	for i, m := range list {
		p[i] = m.place()
	}
	return p
}

func (p *proof) marks() (marks []Mark) {
	for _, x := range p {
		marks = append(marks, x.mark())
	}
	return marks
}

func earlier(a, b *witness) bool { return a.t < b.t || a.t == b.t && a.id < b.id }

// portUse is a source port and when it was taken for the first time.
type portUse struct {
	port uint16
	t    int64
}

// maxPorts bounds the source ports that are remembered of a connector in each part: the
// range of a host that was narrowed is found by them.
const maxPorts = 512

// told is what a group weighs more of which there is something to tell.
const told = 1 << 32

func weighListener(l *listener) uint64 {
	if l.silent != nil || l.closeWait != nil || l.refused != nil {
		return told + l.connections
	}
	return l.connections
}

func weighConnector(c *connector) uint64 {
	if c.closeWait != nil {
		return told + c.connections
	}
	return c.connections
}

// Add takes a connection that became final. Of in it needs what a brief look has.
func (s *Survey) Add(in *Input) {
	c := in.Conn
	if in.empty() || c.Client == c.Server {
		return
	}
	s.Ends(in.Now)
	client := hashAddr(c.Client.IP)
	s.callers.foresee(client)
	in.room().begin()
	s.multi = s.multi || in.Multi
	s.spoke = s.spoke || in.speaks()
	denied := in.denied()
	server := s.hashService(c.Server)
	s.addServed(s.listeners.At(c.Server, server, weighListener), in, denied)
	if in.TimeWaits[0].From != 0 || in.staysInCloseWait(report.Client) {
		s.pairs.At(pair{c.Client.IP, c.Server}, mix(client+server), weighConnector).add(in)
	}
	s.addCaller(in, denied, client)
	if denied != nil {
		s.addHost(in, denied)
	}
	s.addPauses(in, denied)
	s.addTwin(in)
}

// LoneSYN is a connection that is one SYN at T, and nothing else until Now: both in
// nanoseconds since the epoch.
type LoneSYN struct {
	Client, Server report.Addr
	T, Now         int64
	ID             uint64
	Frame          uint64
	File           int
}

// AddSYN is Add for a LoneSYN.
func (s *Survey) AddSYN(x *LoneSYN) {
	l := s.listeners.At(x.Server, s.hashService(x.Server), weighListener)
	l.connections++
	opened := triedOnce
	if x.Now-x.T < int64(synTimer) {
		opened = fresh
	}
	client, syn := hashAddr(x.Client.IP), placeOf(x.Frame, x.File)
	if l.all == nil {
		l.take(&served{id: x.ID, from: x.T, until: x.T, client: client, port: x.Client.Port, opening: opened, syn: syn})
		return
	}
	// Of a flood one comes after the other: what they are counted in is near, and to
	// keep a few would only be work.
	if opened == triedOnce {
		l.all.old++
	}
	l.all.failed(x.T, x.ID, client, x.Client.Port, syn)
}

// Ends says when the capture ends.
func (s *Survey) Ends(now time.Time) {
	if now.After(s.now) {
		s.now = now
	}
}

// addServed takes a connection as one of its listener's.
func (s *Survey) addServed(l *listener, in *Input, denied *rst) {
	l.connections++
	x := in.served()
	l.heard = max(l.heard, x.until)
	if denied != nil {
		x.until = 0 // what came last was no sign that the server has it
	}
	if r := in.deciding(); r != nil && in.Conn.Open.Kind == "refused" {
		kept(&l.closed).Add(r.Time.UnixNano(), 1, 0)
	}
	switch r := in.refusedACK(); {
	case r != nil:
		kept(&l.refused).add(in, report.Server, r.Time, places(in.SYNACK.first(), r.answers(), r.mark()))
	case in.neverAnswers():
		kept(&l.silent).add(in, report.Server, in.silentSince(), in.silentProof())
	case in.staysInCloseWait(report.Server):
		kept(&l.closeWait).add(in, report.Server, in.closeWaitSince(report.Server), in.closeWaitProof(report.Server))
		if in.LeftUnanswered[0] && in.Conn.Endpoints.Server.UniqueBytes > 0 {
			kept(&l.hung).add(in, report.Server, in.silentSince(), in.silentProof())
		}
	default:
		x.closeWait = in.leftCloseWait()
		if in.endedInCloseWait() && x.closeWait >= int64(s.limits.Duration(CloseWaitAge)) {
			kept(&l.closeWait).add(in, report.Server, in.FINAcked[0].Time, in.closeWaitProof(report.Server))
		}
	}
	l.take(&x)
}

// served is what is counted of the connection for its listener.
func (in *Input) served() served {
	c := in.Conn
	x := served{
		id: c.ID, from: c.Start.UnixNano(), until: in.Last[1].nanos(), lived: seconds(c.Duration),
		opening:    in.opening(),
		once:       in.SYNACK.Frame != 0 && in.SYNACK.Copies == 0,
		answered:   c.Endpoints.Server.UniqueBytes > 0 && !in.LeftUnanswered[0],
		halfClosed: in.HalfClose.Frame != 0 && c.HalfClose != nil && c.HalfClose.By == report.Client,
		slowest:    int64(max(in.Pauses[1][0], in.Pauses[1][1])),
		timeWait:   in.TimeWaits[1],
		syn:        in.SYN[0].first().place(), fins: in.finsOf(report.Server),
	}
	x.timeWait.Until = in.untilNow(x.timeWait.Until)
	if x.opening >= failed {
		x.client, x.port = hashAddr(c.Client.IP), c.Client.Port
	}
	return x
}

func (a *service) add(x *served) {
	switch x.opening {
	case succeeded:
		a.opened.Add(x.from, 1, 0)
	case failed, triedOnce, fresh, takenBack:
		switch x.opening {
		case failed:
			a.again++
			a.old++
		case triedOnce:
			a.old++
		case takenBack:
			a.takenBack++
		}
		if x.once {
			a.once++
		}
		a.failed(x.from, x.id, x.client, x.port, x.syn)
	}
	if x.answered {
		a.answered++
		a.lastServed, a.lastAnswer, a.slowest = max(a.lastServed, x.from), max(a.lastAnswer, x.until), max(a.slowest, x.slowest)
	}
	if x.halfClosed {
		a.halfClosed++
	}
	if x.closeWait > 0 {
		a.closed.Add(x.closeWait)
	}
	if x.timeWait.From != 0 {
		a.timeWait.add(x.timeWait, x.lived, x.id, x.fins)
	}
	if x.until-x.from >= int64(rebootSilence) {
		a.long.Add(lifetime{x.from, x.until, x.id}, longer)
	}
}

// failed counts a SYN at t to which nobody said yes or no, from a port of a client whose
// address has that hash.
func (a *service) failed(t int64, id, client uint64, port uint16, syn place) {
	a.opened.Add(t, 1, 1)
	a.sources.Add(client)
	a.tuples.Add(mix(client ^ uint64(port)))
	if last := a.firstSYNs.Last(); last == nil || t <= last.t {
		a.firstSYNs.Add(witness{t: t, id: id, proof: proof{syn}}, earlier)
	}
	a.floodIDs.Add(id)
}

// opening says what came of the SYN, if it was captured.
func (in *Input) opening() opening {
	kind := in.Conn.Open.Kind
	switch {
	case in.SYN[0].Frame == 0:
		return unknown
	case kind != "unanswered" && kind != "incomplete" || in.Conn.Rejected != nil || in.resetBy(report.Server):
		return succeeded // or refused
	case in.resetBy(report.Client):
		return takenBack
	case in.SYN[0].Copies > 0:
		return failed
	case in.Now.Sub(in.SYN[0].Time) < synTimer:
		return fresh
	}
	return triedOnce
}

// speaks reports whether the connection has a segment without SYN.
func (in *Input) speaks() bool {
	kind := in.Conn.Open.Kind
	return kind != "unanswered" && kind != "incomplete" || len(in.Conn.Resets) > 0
}

// resetBy reports whether an end sent a RST.
func (in *Input) resetBy(side report.Side) bool {
	return slices.ContainsFunc(in.Conn.Resets, func(r report.Reset) bool { return r.By == side })
}

// finsOf are the FIN of an end, and that of its peer.
func (in *Input) finsOf(side report.Side) [2]place {
	i := index(side)
	return [2]place{in.FIN[i].first().place(), in.FIN[1-i].last().place()}
}

func (p *connector) add(in *Input) {
	c := in.Conn
	p.connections++
	if in.staysInCloseWait(report.Client) {
		kept(&p.closeWait).add(in, report.Client, in.closeWaitSince(report.Client), in.closeWaitProof(report.Client))
	}
	x := in.TimeWaits[0]
	if x.From == 0 {
		return
	}
	x.Until = in.untilNow(x.Until)
	u := use{from: c.Start.UnixNano(), until: max(c.End.UnixNano(), x.Until), port: c.Client.Port, timeWait: x, lived: seconds(c.Duration), id: c.ID, fins: in.finsOf(report.Client),
		again: c.Reuse != nil && in.ReuseHolder == report.Client}
	p.take(&u)
}

func (a *uses) add(u *use) {
	a.timeWait.add(u.timeWait, u.lived, u.id, u.fins)
	a.busy.Add(u.from, u.until)
	a.opened.Add(u.from, 1, 0)
	a.span(u.port, u.port)
	if u.again {
		a.again++
	}
	if len(a.ports) < maxPorts && !slices.ContainsFunc(a.ports, func(o portUse) bool { return o.port == u.port }) {
		a.ports = append(a.ports, portUse{u.port, u.from})
	}
}

// span notes ports that were used.
func (a *uses) span(low, high uint16) {
	if a.low == 0 || low < a.low {
		a.low = low
	}
	a.high = max(a.high, high)
}

// untilNow is t, or open if that lies after the end of the capture.
func (in *Input) untilNow(t int64) int64 {
	if t > in.Now.UnixNano() {
		return stats.Open
	}
	return t
}

func (h *held) add(x Span, lived time.Duration, id uint64, fins [2]place) {
	h.level.Add(x.From, x.Until)
	h.lives.Add(int64(lived))
	h.ids.Add(id)
	h.first.Add(witness{t: x.From, id: id, proof: proof{fins[0], fins[1]}}, earlier)
}

// add takes a connection of which an end has waited since then.
func (w *waiting) add(in *Input, side report.Side, since time.Time, shown proof) {
	w.ids.Add(in.Conn.ID)
	w.since.Add(since.UnixNano(), 1, 0)
	w.oldest.Add(witness{t: since.UnixNano(), id: in.Conn.ID, proof: shown}, earlier)
	other := in.Conn.Client.IP
	if side == report.Client {
		other = in.Conn.Server.IP
	}
	w.clients.Add(other, 1)
	if in.Conn.Close.FirstCloser == side.Peer() {
		w.gaveUp++
	}
	until := in.Now
	if in.Conn.Close.Reset != nil {
		w.aborted++
		until = in.Conn.End
	}
	age := int64(until.Sub(since))
	w.longest = max(w.longest, age)
	w.ages.Add(age)
}

// overall is what a detector says of w, but for its words.
func (w *waiting) overall(side report.Side, at time.Time) overall {
	c := overall{ids: w.ids.List(), n: w.ids.N()}
	c.side, c.at, c.proof = side, at, proofOf(w.oldest.List())
	return c
}

// kept returns what p points to, made at first use.
func kept[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

// hashAddr mixes the octets of an address.
func hashAddr(a netip.Addr) uint64 {
	if a.Is4() { // as below, but without 16 octets, written in halves and read whole: that stalls
		b := a.As4()
		return mix(0xffff<<16 | uint64(binary.LittleEndian.Uint32(b[:]))<<32)
	}
	b := a.As16()
	return mix(binary.LittleEndian.Uint64(b[:8])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(b[8:]))
}

// hashService mixes an address with its port.
func hashService(a report.Addr) uint64 { return hashAddr(a.IP) + uint64(a.Port)*0x9e3779b97f4a7c15 }

// hashService is hashService of what may be the service of the connection before.
func (s *Survey) hashService(a report.Addr) uint64 {
	if a != s.service {
		s.service, s.hash = a, hashService(a)
	}
	return s.hash
}

func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// Merge adds what o knows, which is not used any more.
func (s *Survey) Merge(o *Survey) {
	s.Ends(o.now)
	s.twins.merge(&o.twins)
	s.multi = s.multi || o.multi
	s.spoke = s.spoke || o.spoke
	s.listeners.Merge(&o.listeners, (*listener).merge)
	s.pairs.Merge(&o.pairs, (*connector).merge)
	s.hosts.Merge(&o.hosts, (*host).merge)
	s.callers = merged(s.callers, o.callers, (*callers).merge)
	s.paths.Merge(&o.paths, (*idleness).merge)
}

func (l *listener) merge(o *listener) {
	l.connections += o.connections
	l.heard = max(l.heard, o.heard)
	l.silent = merged(l.silent, o.silent, (*waiting).merge)
	l.closeWait = merged(l.closeWait, o.closeWait, (*waiting).merge)
	l.hung = merged(l.hung, o.hung, (*waiting).merge)
	l.refused = merged(l.refused, o.refused, (*waiting).merge)
	l.closed = merged(l.closed, o.closed, (*stats.Rate).Merge)
	l.join(&o.group)
}

func (a *service) merge(o *service) {
	a.opened.Merge(&o.opened)
	a.again += o.again
	a.old += o.old
	a.takenBack += o.takenBack
	a.once += o.once
	a.sources.Merge(&o.sources)
	a.tuples.Merge(&o.tuples)
	a.firstSYNs.Merge(&o.firstSYNs, earlier)
	a.floodIDs.Merge(&o.floodIDs)
	a.answered += o.answered
	a.lastServed, a.lastAnswer, a.slowest = max(a.lastServed, o.lastServed), max(a.lastAnswer, o.lastAnswer), max(a.slowest, o.slowest)
	a.halfClosed += o.halfClosed
	a.closed.Merge(&o.closed)
	a.timeWait.merge(&o.timeWait)
	a.long.Merge(&o.long, longer)
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
	p.closeWait = merged(p.closeWait, o.closeWait, (*waiting).merge)
	p.join(&o.group)
}

func (a *uses) merge(o *uses) {
	a.timeWait.merge(&o.timeWait)
	a.busy.Merge(&o.busy)
	a.opened.Merge(&o.opened)
	a.span(o.low, o.high)
	a.again += o.again
	a.ports = append(a.ports, o.ports...) // others: a port lies in one part
}

func (h *held) merge(o *held) {
	h.level.Merge(&o.level)
	h.lives.Merge(&o.lives)
	h.ids.Merge(&o.ids)
	h.first.Merge(&o.first, earlier)
}

func (w *waiting) merge(o *waiting) {
	w.ids.Merge(&o.ids)
	w.oldest.Merge(&o.oldest, earlier)
	w.ages.Merge(&o.ages)
	w.since.Merge(&o.since)
	w.clients.Merge(&o.clients)
	w.longest = max(w.longest, o.longest)
	w.gaveUp += o.gaveUp
	w.aborted += o.aborted
}

// Findings returns what the whole shows: in the order of All, and of one kind those of
// most connections first.
func (s *Survey) Findings() (list []report.Finding) {
	for i := range All {
		d := &All[i]
		if d.survey == nil {
			continue
		}
		found := d.survey(s)
		slices.SortFunc(found, func(a, b overall) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.title, b.title)) })
		for _, c := range found {
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
	if s.listeners.Lost {
		f.Explanation += " The capture has more listeners than are counted at a time: numbers may be too low."
	}
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

// proofOf lists where the witnesses of a group stand.
func proofOf(list []witness) (marks []Mark) {
	for i := range list {
		marks = append(marks, list[i].proof.marks()...)
	}
	return marks
}

// at names an address and port.
func (p pair) String() string { return p.client.String() + " to " + where(p.service) }

// where writes an address with its port.
func where(a report.Addr) string { return netip.AddrPortFrom(a.IP, a.Port).String() }
