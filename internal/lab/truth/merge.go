package truth

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// State is one state of an endpoint and what is known of its beginning.
type State struct {
	T, Lo     int64 // nanoseconds since the epoch; the true time is in [Lo, T]
	Name      string
	Source    string
	Diag      int64 // when inet_diag showed it first; 0: it did not
	Orphan    int64 // FIN_WAIT2: when a mini-socket took over; 0: none did
	WireDelay int64 // how much later the FIN left
	Frame     int   // in the endpoint's own capture, from 1; 0: none
	FrameDir  string
}

// Endpoint is one end of a connection, with all its incarnations in a row.
type Endpoint struct {
	Tuple
	States []State
}

// Host is what was recorded at one host.
type Host struct {
	Frames  []Frame
	Events  []Event
	Samples []Sample
	// NoTimeWait says that the kernel ran into tcp_max_tw_buckets: a closed
	// FIN_WAIT2 without a sample is closed, not too short for one.
	NoTimeWait bool
	// Cookies says that SYN,ACKs without a request socket were sent.
	Cookies bool
}

// near is how far an event lies from the frame that it goes with, as a rule. The
// kernel stamps both: of 58,000 events 13 were farther. A virtual machine sometimes
// stands still between the two: pause is how far a frame is looked for. One that
// lies before the socket's event before has had its effect then (see since).
const (
	near  = int64(500 * time.Microsecond)
	pause = int64(20 * time.Millisecond)
)

// since is when a frame that goes with e may have been received, at the earliest:
// a pause before it, or its socket's event before, if that is not by the same
// frame.
func (m *merger) since(e Event) int64 {
	from := e.T - pause
	for _, x := range m.events {
		if x.Sock == e.Sock && x.T < e.T-near {
			from = max(from, x.T)
		}
	}
	return from
}

// Merge makes the list of states of every endpoint at one host.
//
// The trace event says less than it seems:
//   - TIME_WAIT never appears. The full socket goes FIN_WAIT2 -> CLOSE or
//     CLOSING -> CLOSE when a mini-socket takes over, for an orphan already on
//     the ACK of its FIN. Whether one did, its substate, and its end come from
//     inet_diag.
//   - A request socket is not reported: when the handshake is complete, the
//     child appears with LISTEN -> SYN_RECV -> ESTABLISHED. With fast open and
//     in a simultaneous open SYN_RECV is a full socket and is reported.
//   - FIN_WAIT1 and LAST_ACK begin in close(), also when the FIN leaves later.
//   - connect() without bind() reports source port 0 for CLOSE -> SYN_SENT.
//   - connect() on a tuple in use reports SYN_SENT and CLOSE at once, and sends
//     nothing.
func Merge(h Host) []Endpoint {
	events := connected(h)
	tuples := make(map[Tuple]bool)
	for _, e := range events {
		tuples[Tuple{e.Local, e.Remote}] = true
	}
	for _, s := range h.Samples {
		tuples[s.Tuple] = s.Mini || tuples[s.Tuple]
	}
	for _, f := range h.Frames {
		if f.Whole && f.Sent && f.Flags.Has(wire.SYN|wire.ACK) && !h.Cookies {
			tuples[Tuple{f.Src, f.Dst}] = true
		}
	}
	var out []Endpoint
	for k, wanted := range tuples {
		m := merger{Host: h, tuple: k, events: events}
		if ep := m.merge(); wanted && len(ep.States) > 0 {
			out = append(out, ep)
		}
	}
	slices.SortFunc(out, func(a, b Endpoint) int {
		return cmp.Or(cmp.Compare(a.States[0].T, b.States[0].T), a.Local.Compare(b.Local))
	})
	return out
}

// connected returns the state changes of connections: without listeners, and
// with the source ports that connect() reported as 0.
func connected(h Host) []Event {
	port := make(map[int]netip.AddrPort)
	next := make(map[uint64]netip.AddrPort)
	for i := len(h.Events) - 1; i >= 0; i-- {
		e := h.Events[i]
		if e.Local.Port() != 0 {
			next[e.Sock] = e.Local
		} else if p, ok := next[e.Sock]; ok {
			port[i] = p
		}
	}
	var out []Event
	for i, e := range h.Events {
		if e.Name != "inet_sock_set_state" || e.Remote.Port() == 0 || e.Old == e.New {
			continue // close() in FIN_WAIT2 sets FIN_WAIT2 again
		}
		if e.Local.Port() == 0 {
			e.Local = port[i]
		}
		if e.Local.Port() == 0 {
			e.Local = h.sourceOf(e)
		}
		out = append(out, e)
	}
	return out
}

// sourceOf finds the port that a lone connect() chose: by the SYN it sent.
func (h Host) sourceOf(e Event) netip.AddrPort {
	for _, f := range h.Frames {
		if f.Whole && f.Flags.Has(wire.SYN) && f.Dst == e.Remote && f.T > e.T-near && f.T < e.T+pause {
			return f.Src
		}
	}
	return e.Local
}

// merger works on one endpoint.
type merger struct {
	Host
	tuple  Tuple
	events []Event
	frames []numbered
	minis  []Sample
	out    []State
}

type numbered struct {
	Frame
	number         int
	sent, received bool // both on a connection to itself
}

func (m *merger) merge() Endpoint {
	m.events = slices.DeleteFunc(slices.Clone(m.events), func(e Event) bool {
		return Tuple{e.Local, e.Remote} != m.tuple
	})
	m.pickFrames()
	for _, s := range m.Samples {
		if s.Tuple == m.tuple && s.Mini {
			m.minis = append(m.minis, s)
		}
	}
	m.events = m.withoutFailed()
	slices.SortFunc(m.minis, func(a, b Sample) int { return cmp.Compare(a.From, b.From) })
	for i := range m.events {
		m.event(i)
	}
	for i := range m.minis {
		m.mini(i)
	}
	m.sort()
	m.shortRequests()
	return Endpoint{m.tuple, m.out}
}

func (m *merger) sort() {
	slices.SortStableFunc(m.out, func(a, b State) int { return cmp.Compare(a.T, b.T) })
}

// shortRequests adds the request sockets that lived between two dumps, or that one
// dump took for the one before: without SYN cookies there is a socket behind every
// SYN,ACK of a new number.
func (m *merger) shortRequests() {
	if m.Cookies {
		return
	}
	known := make(map[wire.Seq]bool)
	for i := range m.frames {
		f := &m.frames[i]
		if !f.sent || !anySYN(f) || known[f.Seq] {
			continue
		}
		known[f.Seq] = true
		if syn := m.last(f.T-pause, f.T, received, syn); synAck(f) && syn != nil && !m.shows(syn) {
			m.request(syn, f)
		}
	}
}

// shows reports whether a state goes with the SYN f, or follows one that does before
// anything could have come between.
func (m *merger) shows(f *numbered) bool {
	return slices.ContainsFunc(m.out, func(s State) bool { return s.Name == "SYN_RECV" && max(s.T-f.T, f.T-s.T) < pause })
}

// request adds SYN_RECV, of a socket that syn made and answer shows, and its end if a
// segment ended it before anything else is known; and that of the request before it.
func (m *merger) request(syn, answer *numbered) {
	next := slices.IndexFunc(m.out, func(s State) bool { return s.T > syn.T })
	if before := next - 1; next > 0 || next < 0 && len(m.out) > 0 {
		if next < 0 {
			before = len(m.out) - 1
		}
		if last := m.out[before]; last.Name == "SYN_RECV" {
			if f := m.killer(last.T, syn.T); f != nil {
				m.add(State{T: f.T, Lo: last.T, Name: "CLOSED", Source: fmt.Sprintf("another request followed, time of frame %d", f.number)}, f)
			}
		}
	}
	source := fmt.Sprintf("SYN,ACK in frame %d, request too short for diag, time of frame %d", answer.number, syn.number)
	m.add(State{T: syn.T, Lo: syn.T, Name: "SYN_RECV", Source: source}, syn)
	if end := m.nextRequest(answer); next < 0 || m.out[next].T > end {
		if f := m.killer(answer.T, end); f != nil {
			m.add(State{T: f.T, Lo: answer.T, Name: "CLOSED", Source: fmt.Sprintf("request gone, time of frame %d", f.number)}, f)
		}
	}
	m.sort()
}

// nextRequest is when the host answered another SYN of the tuple after answer.
func (m *merger) nextRequest(answer *numbered) int64 {
	for i := range m.frames {
		if f := &m.frames[i]; f.T > answer.T && f.sent && synAck(f) && f.Seq != answer.Seq {
			return f.T
		}
	}
	return math.MaxInt64
}

// withoutFailed leaves out each connect() that failed before its SYN.
func (m *merger) withoutFailed() (out []Event) {
	for i := 0; i < len(m.events); i++ {
		e := m.events[i]
		if e.New == "SYN_SENT" && i+1 < len(m.events) {
			x := m.events[i+1]
			if x.Sock == e.Sock && x.New == "CLOSE" && x.T-e.T < near && m.first(e.T, x.T, sent, syn) == nil {
				i++
				continue
			}
		}
		out = append(out, e)
	}
	return out
}

func (m *merger) pickFrames() {
	for i, f := range m.Frames {
		n := numbered{Frame: f, number: i + 1}
		if f.Whole {
			n.sent = f.Src == m.tuple.Local && f.Dst == m.tuple.Remote
			n.received = f.Dst == m.tuple.Local && f.Src == m.tuple.Remote
		} else {
			n.received = !f.Sent && aboutTuple(f.Raw, m.tuple)
		}
		if n.sent || n.received {
			m.frames = append(m.frames, n)
		}
	}
}

// aboutTuple reports whether an ICMP error quotes a segment of the tuple.
func aboutTuple(raw []byte, t Tuple) bool {
	p, _, ok := Quoted(raw)
	return ok && p.Src == t.Local && p.Dst == t.Remote
}

// Quoted returns the segment that an ICMP error quotes, and where in raw, the
// error's packet, the quote begins.
func Quoted(raw []byte) (p packet.TCP, at int, ok bool) {
	at = 28
	if raw[0]>>4 == 6 {
		at = 48
	}
	if len(raw) < at {
		return p, at, false
	}
	p, ok = packet.Parse(raw[at:])
	return p, at, ok
}

// event adds what the i-th trace event says.
func (m *merger) event(i int) {
	e := m.events[i]
	switch {
	case e.Old == "LISTEN":
		m.child(e)
	case e.New == "CLOSE":
		m.close(i)
	default:
		m.add(State{T: e.T, Lo: e.T, Name: e.New, Source: "tracepoint"}, m.cause(e))
	}
}

// child is LISTEN -> SYN_RECV. It says when SYN_RECV began only with fast
// open; else a request socket was in that state since the SYN, which the
// samples show, or the SYN itself when it was too short for them.
func (m *merger) child(e Event) {
	if f := m.last(m.since(e), e.T, received, every); f != nil && syn(f) {
		m.add(State{T: e.T, Lo: e.T, Name: "SYN_RECV", Source: "tracepoint"}, f)
		return
	}
	for _, s := range m.minis {
		if s.State == "SYN_RECV" && s.Before < e.T && (s.After == 0 || s.After >= e.T) {
			return
		}
	}
	if syn := m.answeredSYN(e.T); syn != nil && !m.Cookies {
		source := fmt.Sprintf("child socket, request too short for diag, time of frame %d", syn.number)
		m.add(State{T: syn.T, Lo: syn.T, Name: "SYN_RECV", Source: source}, syn)
		return
	}
	m.add(State{T: e.T, Lo: e.T, Name: "SYN_RECV", Source: "tracepoint, no request socket"},
		m.last(m.since(e), e.T, received, ack))
}

// answeredSYN is the SYN that the last SYN,ACK sent before t answered first.
func (m *merger) answeredSYN(t int64) *numbered {
	answer := m.last(0, t, sent, synAck)
	if answer == nil {
		return nil
	}
	for i := range m.frames {
		if f := &m.frames[i]; f.sent && synAck(f) && f.Seq == answer.Seq {
			return m.last(f.T-pause, f.T, received, syn)
		}
	}
	return nil
}

// close is X -> CLOSE: the end, or a mini-socket takes over.
func (m *merger) close(i int) {
	e := m.events[i]
	s := m.successor(e)
	takesOver := e.Old == "FIN_WAIT2" || e.Old == "CLOSING"
	switch {
	case takesOver && s != nil && s.State == "FIN_WAIT2":
		m.orphan(e.T)
	case takesOver && (s != nil || m.tooShort(i)):
		m.timeWait(e, s)
	default:
		m.add(State{T: e.T, Lo: e.T, Name: "CLOSED", Source: "tracepoint"}, m.cause(e))
	}
}

// successor is the time-wait socket that came when the full one closed.
func (m *merger) successor(e Event) *Sample {
	for i := range m.minis {
		if s := &m.minis[i]; s.State != "SYN_RECV" && s.Before-near <= e.T && e.T <= s.From {
			return s
		}
	}
	return nil
}

// tooShort reports whether a time-wait socket took over, though no sample
// shows it: the full socket closed as it only does then, or when data comes that
// no program reads any more, which it answers with a RST.
func (m *merger) tooShort(i int) bool {
	e := m.events[i]
	last := m.last(m.since(e), e.T, received, every)
	if m.NoTimeWait || last == nil || rst(last) || m.first(last.T, e.T+near, sent, rst) != nil {
		return false
	}
	return ackOrFin(last)
}

// orphan notes that the FIN_WAIT2 before t goes on in a mini-socket.
func (m *merger) orphan(t int64) {
	for i := len(m.out) - 1; i >= 0; i-- {
		if m.out[i].Name == "FIN_WAIT2" {
			m.out[i].Orphan = t
			return
		}
	}
}

// timeWait is the take-over whose first sample already is TIME_WAIT, or that
// has none: it began with the event, or, when a full FIN_WAIT2 became an
// orphan and the FIN came before the next dump, with that FIN.
func (m *merger) timeWait(e Event, s *Sample) {
	from := m.since(e)
	now := m.last(from, e.T, received, fin)
	if e.Old == "CLOSING" {
		now = m.last(from, e.T, received, ack)
	}
	if now == nil && e.Old == "FIN_WAIT2" && s != nil {
		if later := m.first(e.T, s.From, received, fin); later != nil {
			m.orphan(e.T)
			m.add(State{T: later.T, Lo: e.T, Diag: s.From, Name: "TIME_WAIT",
				Source: fmt.Sprintf("diag timewait socket, time of frame %d", later.number)}, later)
			return
		}
	}
	if now == nil && s == nil {
		m.orphan(e.T) // a FIN_WAIT2 that ended before the next dump
		m.gone(e.T, e.T+2*int64(period))
		return
	}
	if now == nil {
		now = m.last(from, e.T, received, ack) // the segment that filled the hole before a FIN
	}
	st := State{T: e.T, Lo: e.T, Name: "TIME_WAIT", Source: "tracepoint CLOSE = timewait mini-socket"}
	if now != nil {
		st.Source += fmt.Sprintf(", %s in frame %d", map[bool]string{true: "FIN", false: "ACK"}[fin(now)], now.number)
	}
	m.add(st, now)
}

// mini adds what the i-th sample of a mini-socket says: its beginning, if no
// event did, and its end.
func (m *merger) mini(i int) {
	s := m.minis[i]
	switch {
	case s.State == "SYN_RECV":
		m.diag(s, "diag request socket", m.last(s.Before-near, s.From, received, syn))
	case s.State == "TIME_WAIT" && i > 0 && m.minis[i-1].State == "FIN_WAIT2" && m.minis[i-1].After == s.From:
		m.diag(s, "diag timewait socket", m.first(m.minis[i-1].To-near, s.From, received, fin))
	}
	if f := m.passed(s); f != nil {
		source := fmt.Sprintf("FIN taken between two dumps, time of frame %d", f.number)
		m.add(State{T: f.T, Lo: f.T, Name: "TIME_WAIT", Source: source}, f)
	}
	goesOn := i+1 < len(m.minis) && m.minis[i+1].From == s.After && m.minis[i+1].State == "TIME_WAIT"
	if s.After != 0 && !(goesOn && s.State == "FIN_WAIT2") {
		m.miniEnd(s)
	}
}

// passed is the FIN that took a mini-socket in FIN_WAIT2 through a TIME_WAIT too short
// for a dump: it came after the last with the one and before the first with
// something else, and was acknowledged.
func (m *merger) passed(s Sample) *numbered {
	for _, x := range m.minis {
		if s.State != "FIN_WAIT2" || s.After == 0 || x.State == "TIME_WAIT" && x.From == s.After {
			return nil
		}
	}
	f := m.first(s.To-near/5, s.After, received, fin)
	if f == nil || m.first(f.T, f.T+pause, sent, ack) == nil {
		return nil
	}
	if answer := m.first(f.T, f.T+pause, sent, every); rst(answer) || anySYN(answer) {
		return nil
	}
	return f
}

// miniEnd adds the end of a mini-socket, unless another socket took its tuple
// over: a request's child, or a new incarnation. (connect() from a port bound
// before it takes over at once, from an orphan in FIN_WAIT2 too.)
func (m *merger) miniEnd(s Sample) {
	from, to := s.To-near/5, s.After
	for _, e := range m.events {
		if e.T < from || e.T > to || e.New != "SYN_SENT" && e.Old != "LISTEN" {
			continue
		}
		if s.State == "SYN_RECV" || m.killer(from, e.T) == nil {
			return
		}
		to = e.T
		break
	}
	for _, x := range m.minis {
		next := x.State == "SYN_RECV" && s.State != "SYN_RECV" && x.Before <= s.After && s.After <= x.From
		if next && m.last(from, to, received, rst) == nil {
			return
		}
	}
	m.gone(from, to)
}

func (m *merger) diag(s Sample, source string, f *numbered) {
	st := State{T: s.From, Lo: s.Before, Diag: s.From, Name: s.State, Source: source}
	if f != nil {
		st.T = f.T
		st.Source += fmt.Sprintf(", time of frame %d", f.number)
	}
	m.add(st, f)
}

// gone is the end of a mini-socket between two dumps: by a segment it
// received, or by its timer.
func (m *merger) gone(from, to int64) {
	f := m.killer(from, to)
	st := State{T: to, Lo: from, Name: "CLOSED", Source: "diag: mini-socket gone"}
	if f != nil {
		st.T = f.T
		st.Source += fmt.Sprintf(", time of frame %d", f.number)
	}
	m.add(st, f)
}

// killer is the first received segment that can end a mini-socket: a RST, or
// one that draws a RST.
func (m *merger) killer(from, to int64) *numbered {
	if f := m.first(from, to, received, rst); f != nil {
		return f
	}
	if answer := m.first(from, to, sent, rst); answer != nil {
		return m.last(from, answer.T, received, every)
	}
	return nil
}

func (m *merger) add(s State, f *numbered) {
	if f != nil {
		s.Frame = f.number
		s.FrameDir = "received "
		if f.sent && (!f.received || s.Name == "SYN_SENT" || s.Name == "FIN_WAIT1" || s.Name == "LAST_ACK") {
			s.FrameDir = "sent "
		}
		s.FrameDir += f.describe()
		if s.Source == "tracepoint" && f.T-s.T > near {
			s.WireDelay = f.T - s.T
		}
	}
	m.out = append(m.out, s)
}

func (f *numbered) describe() string {
	if !f.Whole {
		return "[ICMP]"
	}
	return "[" + f.Flags.String() + "]"
}

// Cut forgets everything after the time end, in nanoseconds since the epoch.
func (h *Host) Cut(end int64) {
	h.Frames = slices.DeleteFunc(h.Frames, func(f Frame) bool { return f.T > end })
	h.Events = slices.DeleteFunc(h.Events, func(e Event) bool { return e.T > end })
	h.Samples = slices.DeleteFunc(h.Samples, func(s Sample) bool { return s.From > end })
	for i := range h.Samples {
		if h.Samples[i].After > end {
			h.Samples[i].After = 0
		}
	}
}
