package load

import (
	"io"
	"math/rand/v2"

	"github.com/lastack/lastack/capture"
)

// Generator is a capture.Source that makes the packets it yields.
type Generator struct {
	cfg    Config
	rng    *rand.PCG
	stream *stream
	queue  queue
	free   []*conn
	silent []silence

	now     int64 // the capture's clock: when what is being made passes the tap
	arrival int64 // when the next connection opens
	old     int   // connections that are older than the capture
	opened  int
	active  int

	reserved  int // packets that the connections under way are still to make
	exchanges int // how many there were
	exchanged int // the packets of all of them

	truth Truth
	size  int // of the frame in buf, on the wire
	buf   [2048]byte
	quote [128]byte
}

// begin is the time at which a capture begins.
const begin = 1767225600e9 // 2026-01-01

// New returns a Generator at its beginning.
func New(cfg Config) (*Generator, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	count := func() map[string]int { return map[string]int{} }
	return &Generator{
		cfg: cfg, rng: rand.NewPCG(cfg.Seed, 0), stream: newStream(), arrival: begin,
		old:       int(cfg.MidStream * float64(min(cfg.Concurrent, cfg.Connections))),
		exchanges: 1, exchanged: 8,
		truth: Truth{ByOpen: count(), ByClose: count(), ByFirstCloser: count(), ByResetCause: count(), ByFinalACK: count()},
	}, nil
}

// Truth says what the packets so far were meant to show; it is complete once
// Next has returned io.EOF. The maps belong to the Generator.
func (g *Generator) Truth() Truth { return g.truth }

// Next makes the next packet. p.Data is valid until the next call.
func (g *Generator) Next(p *capture.Packet) error {
	for {
		switch {
		case g.opened < g.cfg.Connections && (len(g.queue) == 0 || g.arrival <= g.queue[0].t):
			g.arrive()
		case len(g.queue) == 0:
			g.settle()
			return io.EOF
		case g.step():
			g.fill(p)
			return nil
		}
	}
}

// fill describes the frame in buf.
func (g *Generator) fill(p *capture.Packet) {
	t := &g.truth
	if t.Packets == 0 {
		t.First = g.now
	}
	t.Packets++
	t.Bytes += uint64(g.size)
	t.Last = g.now
	*p = capture.Packet{Number: t.Packets, Frame: t.Packets, Time: g.now, Link: capture.LinkEthernet,
		OrigLen: uint32(g.size), Data: g.buf[:min(g.size, g.cfg.Snaplen)]}
}

// arrive opens a connection.
func (g *Generator) arrive() {
	g.now = g.arrival
	c := g.alloc()
	mid := g.opened < g.old
	g.start(c, mid)
	if !mid {
		g.arrival += g.within(int64(2e9/g.cfg.Rate)) + 1
	}
	if next, more := g.plan(c); more {
		g.queue.push(event{next, c})
	} else {
		g.retire(c)
	}
}

// step plays what is due first. It reports whether that was captured.
func (g *Generator) step() (captured bool) {
	c := g.queue[0].conn
	g.now = g.queue[0].t
	captured = g.play(c)
	if captured {
		g.account(c)
	}
	if next, more := g.plan(c); more {
		g.queue.replace(event{next, c})
	} else {
		g.queue.pop()
		g.retire(c)
	}
	return captured
}

// account counts a captured packet of c.
func (g *Generator) account(c *conn) {
	if c.outcome.ID == 0 {
		c.outcome.ID = g.truth.Packets + 1
	}
	if c.stage == works {
		g.exchanged++
	}
	if c.left > 0 {
		c.left--
		g.reserved--
	}
}

func (g *Generator) alloc() *conn {
	g.active++
	g.truth.Peak = max(g.truth.Peak, g.active)
	if n := len(g.free); n > 0 {
		c := g.free[n-1]
		g.free = g.free[:n-1]
		return c
	}
	return new(conn)
}

func (g *Generator) retire(c *conn) {
	g.active--
	g.free = append(g.free, c)
}

// below returns a random number from 0 to n-1; 0 if n is less.
func (g *Generator) below(n int) int { return int(g.within(int64(n))) }

// within is below for durations, which an int need not hold.
func (g *Generator) within(n int64) int64 {
	if n <= 0 {
		return 0
	}
	return int64(g.rng.Uint64() >> 1 % uint64(n))
}

// chance is true with probability p.
func (g *Generator) chance(p float64) bool {
	return p > 0 && float64(g.rng.Uint64()>>11)/(1<<53) < p
}

// spread returns a random number of the given mean: mostly far less, seldom up
// to eight times as much. (It is eight times the product of three numbers
// between 0 and 1.)
func (g *Generator) spread(mean int) int {
	r := g.rng.Uint64()
	const bits = 1<<16 - 1
	n := uint64(mean) * 8 * (r & bits) >> 16
	n = n * (r >> 16 & bits) >> 16
	return int(n * (r >> 32 & bits) >> 16)
}

// weighted picks one of n rows by their weights, -1 if none has any.
func (g *Generator) weighted(n int, weight func(int) int) int {
	total := 0
	for i := range n {
		total += weight(i)
	}
	if total == 0 {
		return -1
	}
	i := 0
	for k := g.below(total) - weight(0); k >= 0; k -= weight(i) {
		i++
	}
	return i
}
