package story

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// Random is n connections that behave at random over a network with random
// faults, all within one pair of hosts. The seed decides what is tried; what
// comes of it also depends on the machine's timing. One seed in three uses
// IPv6, one in four has sequence numbers that wrap around, one in five no time
// stamps, one in seven no SACK.
func Random(n int, seed uint64) Story {
	s := Story{
		Name:  fmt.Sprintf("random-%d-%d", n, seed),
		Title: fmt.Sprintf("%d connections of random behaviour under random faults, seed %d", n, seed),
		Delay: 4 * ms, Anyhow: true, V6: seed%3 == 0,
		// Every timer that a sysctl can shorten, so that what is given up is
		// given up within the capture.
		Sysctls: set{
			"tcp_orphan_retries": "2", "tcp_retries2": "4", "tcp_syn_retries": "2", "tcp_synack_retries": "2",
			"tcp_fin_timeout": "3", "tcp_tw_reuse": "1", "tcp_syn_linear_timeouts": "1", "tcp_syncookies": "0",
			"tcp_fastopen": fastOpen["tcp_fastopen"],
		},
		Run: func(w *World) { w.randomMix(n, seed, (*plan).makeOdd) },
	}
	if seed%4 == 0 {
		s.ISN = [2]wire.Seq{0xffff_fc00, 0xffff_f800}
	}
	if seed%5 == 0 {
		s.Sysctls["tcp_timestamps"] = "0"
	}
	if seed%7 == 0 {
		s.Sysctls["tcp_sack"] = "0"
	}
	return s
}

// Healthy is Random without faults, crashes and odd programs: everybody reads what it
// is sent and closes in the end.
func Healthy(n int, seed uint64) Story {
	s := Random(n, seed)
	s.Name = fmt.Sprintf("healthy-%d-%d", n, seed)
	s.Title = fmt.Sprintf("%d connections of healthy programs over a good network, seed %d", n, seed)
	s.Run = func(w *World) { w.randomMix(n, seed, func(p *plan, _ *rand.Rand) { p.makeHealthy() }) }
	return s
}

// plan is what one pair of ports is going to do.
type plan struct {
	port   uint16 // the opener's; the other's is serverPort
	opener path.Side
	kind   string // "connect", "refused", "simultaneous", "old-syn"
	start  time.Duration
	again  int // further connections on the same ports
	gap    time.Duration
	slow   [2]time.Duration
	rounds []round
	keep   [2]bool
	ends   [2]ending // opener's, acceptor's
	faults []path.Rule
	linger time.Duration // the acceptor waits this long before it closes, too
	odd    oddity
}

// oddity is something that few of the connections do.
type oddity string

const (
	ordinary   oddity = ""
	opensFast  oddity = "data on the SYN"
	readsLate  oddity = "the acceptor reads late, into a small buffer"
	damaged    oddity = "some segments have wrong checksums"
	rejected   oddity = "ICMP errors reject SYNs"
	early             = 5      // octets on a SYN
	smallStore        = 4096   // octets of a small buffer
	manyOctets        = 60_000 // more than it holds
)

type round struct {
	think    time.Duration
	ask, say int
}

// ending is what a side does when its part is over.
type ending string

const (
	closes   ending = "close"
	shuts    ending = "shutdown" // then reads to the end, then closes
	aborts   ending = "abort"
	crashes  ending = "crash"
	unread   ending = "close with unread data"
	hasty    ending = "write and close at once"
	never    ending = "never close"
	follows  ending = "close after the other"
	followsL ending = "close some time after the other"
	speaks   ending = "send more after the other has closed, then close"
)

// draw picks one of the values by its weight.
func draw[T any](r *rand.Rand, weights []int, values ...T) T {
	total := 0
	for _, x := range weights {
		total += x
	}
	at := r.IntN(total)
	for i, x := range weights {
		if at -= x; at < 0 {
			return values[i]
		}
	}
	return values[len(values)-1]
}

func upTo(r *rand.Rand, d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }

// newPlan draws the plan of the i-th pair of ports.
func newPlan(r *rand.Rand, i int, span time.Duration) *plan {
	p := &plan{
		port:   uint16(10_000 + i),
		opener: draw(r, []int{85, 15}, path.A, path.B),
		kind:   draw(r, []int{90, 4, 4, 2}, "connect", "refused", "simultaneous", "old-syn"),
		start:  upTo(r, span),
		gap:    200*ms + upTo(r, 1500*ms),
		slow:   [2]time.Duration{upTo(r, 40*ms), upTo(r, 40*ms)},
		keep:   [2]bool{r.IntN(6) == 0, r.IntN(8) == 0},
		linger: upTo(r, 400*ms),
	}
	if r.IntN(5) == 0 {
		p.again = 1 + r.IntN(2)
	}
	if r.IntN(4) == 0 {
		p.slow = [2]time.Duration{}
	}
	for range r.IntN(4) {
		p.rounds = append(p.rounds, round{
			upTo(r, 150*ms), draw(r, []int{12, 6, 1}, 10, 1500, 20_000), draw(r, []int{2, 10, 6, 1}, 0, 20, 3000, 40_000),
		})
	}
	p.ends[0] = draw(r, []int{30, 12, 7, 3, 4, 6, 4, 26}, closes, shuts, aborts, crashes, unread, hasty, never, follows)
	if p.ends[0] == follows {
		p.ends[1] = draw(r, []int{60, 20, 10, 5, 5}, closes, shuts, aborts, crashes, hasty)
	} else {
		p.ends[1] = draw(r, []int{35, 25, 10, 6, 6, 3, 15}, follows, followsL, speaks, never, aborts, crashes, closes)
	}
	p.faults = drawFaults(r)
	return p
}

// makeOdd makes one in sixteen of the plans odd. It draws from numbers of its own: what
// else a seed stands for stays.
func (p *plan) makeOdd(r *rand.Rand) {
	if p.kind != "connect" {
		return
	}
	p.odd = draw(r, []int{60, 1, 1, 1, 1}, ordinary, opensFast, readsLate, damaged, rejected)
	switch p.odd {
	case readsLate:
		p.rounds = append(p.rounds, round{0, manyOctets, 20})
	case damaged:
		p.faults = append(p.faults, path.Rule{Match: path.Chance(0.08, r.Uint64()), Do: path.BadChecksum})
	case rejected:
		p.faults = append([]path.Rule{{Match: path.SYN, Do: path.Reject(1), Count: 1}}, p.faults...)
	}
}

// makeHealthy takes what is wrong out of a plan.
func (p *plan) makeHealthy() {
	p.faults, p.again = nil, 0 // ports that are taken again while the other end has not closed refuse it
	if p.kind == "old-syn" {
		p.kind = "connect"
	}
	switch p.ends[0] {
	case crashes, unread, hasty:
		p.ends[0] = closes
	case never:
		p.ends[0] = follows
	}
	switch p.ends[1] {
	case crashes, unread, hasty, never, aborts:
		p.ends[1] = closes
	case speaks: // to somebody who does not listen any more, unless it was a shutdown
		if p.ends[0] != shuts {
			p.ends[1] = followsL
		}
	}
	if p.ends[0] == follows && (p.ends[1] == follows || p.ends[1] == followsL) {
		p.ends[1] = closes
	}
}

// drawFaults picks what the network does to a pair of ports: a third are
// left alone.
func drawFaults(r *rand.Rand) (out []path.Rule) {
	side := path.From(draw(r, []int{1, 1}, path.A, path.B))
	times := draw(r, []int{70, 20, 10}, 1, 2, 0)
	seed := r.Uint64()
	target := draw(r, []int{8, 8, 8, 10, 12, 4, 5, 6},
		path.SYN, path.SYNACK, path.All(path.Pure, path.Not(path.AckOfFIN)), path.FIN,
		path.AckOfFIN, path.RST, path.Data, path.All(side, path.Any))
	lose := path.Rule{Match: path.All(side, target), Do: path.Drop, Count: times, Skip: r.IntN(2)}
	switch draw(r, []int{33, 30, 12, 9, 8, 8}, "none", "target", "loss", "mess", "late", "cut") {
	case "target":
		lose.Skip = 0
		lose.Match = target
		out = append(out, lose)
	case "loss":
		out = append(out, path.Rule{Match: path.Chance(draw(r, []int{5, 3, 1}, 0.05, 0.15, 0.3), seed), Do: path.Drop})
	case "mess":
		out = append(out,
			path.Rule{Match: path.Chance(0.12, seed), Do: path.Later(upTo(r, 60*ms))},
			path.Rule{Match: path.Chance(0.12, seed+1), Do: path.Twice(upTo(r, 80*ms))},
			path.Rule{Match: path.Chance(0.05, seed+2), Do: path.Drop})
	case "late":
		out = append(out, path.Rule{Match: target, Do: path.Later(100*ms + upTo(r, 500*ms)), Count: times})
	case "cut":
		match := draw(r, []int{1, 2}, path.Any, path.All(side, path.Any))
		out = append(out, path.Rule{Match: match, Do: path.Drop, Skip: 2 + r.IntN(12), Count: draw(r, []int{2, 1}, 0, 4+r.IntN(6))})
	}
	return out
}

// mix is the running random story.
type mix struct {
	*World
	deadline time.Time
	plans    map[uint16]*plan
}

// randomMix plays n plans. It ends in bounded time: the last start, plus what
// the longest row of shortened timers takes.
func (w *World) randomMix(n int, seed uint64, change func(*plan, *rand.Rand)) {
	r, odd := rand.New(rand.NewPCG(seed, uint64(n))), rand.New(rand.NewPCG(seed, ^uint64(n)))
	span := time.Duration(n) * 25 * ms
	m := &mix{World: w, deadline: time.Now().Add(span + 14*time.Second), plans: make(map[uint16]*plan)}
	w.patience = 6 * time.Second
	for i := range n {
		p := newPlan(r, i, span)
		change(p, odd)
		m.plans[p.port] = p
		w.Path.Slow(p.port, p.slow)
		for _, f := range p.faults {
			w.Path.AddTo(p.port, f)
		}
	}
	for _, end := range []*End{&w.A, &w.B} {
		l := w.Listen(end, serverPort, 512, Opt(unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 512))
		go m.serve(l)
	}
	for _, p := range m.plans {
		go func() { time.Sleep(p.start); m.open(p) }()
	}
	w.Sleep(time.Until(m.deadline))
}

func (w *World) end(side path.Side) *End { return []*End{&w.A, &w.B}[side] }

// serve accepts until the end and lets every connection play its part.
func (m *mix) serve(l *Sock) {
	for time.Now().Before(m.deadline) {
		s, err := l.accept(time.Until(m.deadline))
		if err != nil {
			continue
		}
		if p := m.plans[s.peer().Port()]; p != nil {
			go func() { _ = m.guard(func() { m.accepted(p, s) }) }()
		}
	}
}

// peer is the address of the other end; the zero value when there is none.
func (s *Sock) peer() (a netip.AddrPort) {
	_ = s.control(func(fd int) error {
		name, err := unix.Getpeername(fd)
		switch x := name.(type) {
		case *unix.SockaddrInet4:
			a = netip.AddrPortFrom(netip.AddrFrom4(x.Addr), uint16(x.Port))
		case *unix.SockaddrInet6:
			a = netip.AddrPortFrom(netip.AddrFrom16(x.Addr), uint16(x.Port))
		}
		return err
	})
	return a
}

// open plays the opener's part, once for every connection on the ports.
func (m *mix) open(p *plan) {
	for range 1 + p.again {
		_ = m.guard(func() { m.openOnce(p) })
		time.Sleep(p.gap)
	}
}

func (m *mix) openOnce(p *plan) {
	me, other := m.end(p.opener), m.end(p.opener.Other())
	to := other.At(serverPort)
	switch p.kind {
	case "refused":
		to = other.At(5999)
	case "old-syn":
		m.Inject(packet.TCP{Src: me.At(p.port), Dst: to, Seq: wire.Seq(p.linger), Flags: wire.SYN, Window: 9000})
		return
	case "simultaneous":
		m.simultaneous(p, me, other)
		return
	}
	s := m.Socket(me, p.port)
	if p.odd == opensFast {
		s.FastOpen(to, early)
	} else {
		s.Connect(to)
	}
	if p.ends[0] == crashes && p.linger < 30*ms {
		time.Sleep(p.linger)
		s.Close() // in SYN_SENT, if the path is slow enough
		return
	}
	if err := s.Result(); err != nil {
		s.Close()
		return
	}
	m.talk(p, s)
}

// simultaneous lets both ends connect to each other, outside the listeners.
func (m *mix) simultaneous(p *plan, me, other *End) {
	a, b := m.Socket(me, p.port), m.Socket(other, p.port+20_000)
	a.Connect(other.At(p.port + 20_000))
	b.Connect(me.At(p.port))
	errA, errB := a.Result(), b.Result()
	if errA != nil || errB != nil {
		a.Close()
		b.Close()
		return
	}
	go func() { _ = m.guard(func() { m.accepted(p, b) }) }()
	m.talk(p, a)
}

// talk is the opener's side of a connection.
func (m *mix) talk(p *plan, s *Sock) {
	if p.keep[0] {
		s.keepalive()
	}
	defer m.finish(p, s, p.ends[0]) // also when the talk fails
	for _, r := range p.rounds {
		time.Sleep(r.think)
		s.Write(r.ask)
		if p.ends[0] != unread {
			s.Read(r.say)
		}
	}
	if p.ends[0] == hasty {
		s.Write(30_000)
	}
}

// accepted is the other side.
func (m *mix) accepted(p *plan, s *Sock) {
	if p.keep[1] {
		s.keepalive()
	}
	defer m.finish(p, s, p.ends[1])
	switch p.odd {
	case opensFast:
		s.Read(early)
	case readsLate:
		s.Set(unix.SOL_SOCKET, unix.SO_RCVBUF, smallStore)
		time.Sleep(p.linger * 4)
	}
	for _, r := range p.rounds {
		s.Read(r.ask)
		s.Write(r.say)
	}
	time.Sleep(p.linger / 4)
}

// finish ends a side's part.
func (m *mix) finish(p *plan, s *Sock, how ending) {
	switch how {
	case closes, unread, hasty:
		s.Close()
	case shuts:
		_ = s.control(func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) })
		_ = s.Drain(m.patience)
		s.Close()
	case aborts:
		_ = s.control(func(fd int) error {
			return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		})
		s.Close()
	case crashes:
		s.forget()
	case follows:
		_ = s.Drain(m.patience)
		s.Close()
	case followsL:
		_ = s.Drain(m.patience)
		time.Sleep(p.linger)
		s.Close()
	case speaks:
		_ = s.Drain(m.patience)
		_ = s.TryWrite(700)
		time.Sleep(p.linger)
		s.Close()
	}
}
