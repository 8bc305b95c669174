package load

import "github.com/lastack/lastack/wire"

// flight is a run of segments that one end sends at once, the ACKs that they
// draw, and the repair if one of them was lost. All segments but the last are
// full.
type flight struct {
	n     int // segments; 0: there is no flight
	hole  int // which one is lost; n for none
	fate  fate
	quiet bool // the last ACK is left to what comes next
	heard bool // an ACK came
	phase phase
	at    int // the segment that is due, or whose ACK is
	from  side
	begin wire.Seq
	size  int    // octets of a full segment
	total int    // octets of all
	tsval uint32 // of all: they leave within a tick
}

// phase is what passes the tap next of a flight.
type phase uint8

const (
	sending   phase = iota
	acking          // every second segment, and every one behind the hole, draws an ACK
	repairing       // what was lost is sent again
	repaired        // and acknowledged
)

// maxFlight keeps a flight within the window.
const maxFlight = 40

// start is the offset of segment i, limited to the end.
func (f *flight) start(i int) uint32 { return uint32(min(i*f.size, f.total)) }

// takeOff begins the next flight of the talker.
func (g *Generator) takeOff(c *conn) {
	from := c.talker
	size := c.maxSegment()
	if tail := c.todo[0] % size; tail > 0 && tail < least {
		c.todo[0] += least - tail
	}
	n := min((c.todo[0]+size-1)/size, c.cwnd)
	f := &c.flight
	*f = flight{n: n, hole: n, from: from, size: size, total: min(c.todo[0], n*size)}
	f.begin = c.ends[from].next
	c.todo[0] -= f.total
	switch {
	case g.chance(g.cfg.Loss * float64(n)):
		f.hole, f.fate = g.below(n), lost+fate(g.below(2))
		c.cwnd = max(2, n/2)
	case c.todo[0] == 0 && c.todo[1] > 0:
		f.quiet = g.below(2) == 0 // the answer acknowledges the request
	case c.todo[0] == 0:
		f.quiet = g.chance(g.cfg.Loss) // its last ACK will be lost: see repairs
	default:
		c.cwnd = min(2*c.cwnd, maxFlight)
	}
}

// maxSegment is what a full segment carries.
func (c *conn) maxSegment() int {
	size := maxSegment
	if c.v6 {
		size -= ipv6Header - ipv4Header
	}
	if c.timestamps {
		size -= len(blocks[stamped].octets)
	}
	return size
}

// fly plays what is due of the flight. It reports whether that was captured.
func (g *Generator) fly(c *conn) (captured bool) {
	f := &c.flight
	switch f.phase {
	case sending:
		captured = g.sendPart(c, f)
	case repairing:
		captured = g.resendPart(c, f)
	default:
		captured = g.ackPart(c, f)
	}
	return captured
}

// sendPart sends the next segment.
func (g *Generator) sendPart(c *conn, f *flight) bool {
	fate := arrives
	if f.at == f.hole {
		fate = f.fate
	}
	s := g.segment(c, f.from, wire.ACK)
	if f.at == 0 {
		f.tsval = s.tsval
	}
	s.tsval = f.tsval
	s.len = f.start(f.at+1) - f.start(f.at)
	if f.at == f.n-1 {
		s.flags |= wire.PSH
	}
	f.at++
	if f.at == f.n {
		f.phase, f.at = acking, -1
		g.nextACK(f)
	}
	return g.send(c, f.from, &s, fate)
}

// nextACK moves on to the next segment that draws an ACK, or to what follows
// the last.
func (g *Generator) nextACK(f *flight) {
	for f.at++; f.at < f.n; f.at++ {
		last := f.at == f.n-1
		if f.at > f.hole || f.at < f.hole && (f.at%2 == 1 || last) && !(last && f.quiet) {
			return
		}
	}
	if f.phase = repairing; f.hole == f.n {
		f.n = 0
	}
}

// ackPart sends an ACK: of what came in order, with the rest in a SACK block.
func (g *Generator) ackPart(c *conn, f *flight) bool {
	to := f.from ^ 1
	s := g.segment(c, to, wire.ACK)
	edge := f.at + 1
	switch {
	case f.phase == repaired:
		edge = f.n
	case f.at > f.hole:
		edge = f.hole
		s.layout += sacked - bare // sackedStamped, from stamped
		s.sack = [2]wire.Seq{f.begin.Add(f.start(f.hole + 1)), f.begin.Add(f.start(f.at + 1))}
	}
	s.ack = f.begin.Add(f.start(edge))
	f.heard = true
	if f.phase == repaired {
		f.n = 0
	} else {
		g.nextACK(f)
	}
	return g.send(c, to, &s, arrives)
}

// resendPart sends the lost segment again.
func (g *Generator) resendPart(c *conn, f *flight) bool {
	s := g.segment(c, f.from, wire.ACK)
	s.seq = f.begin.Add(f.start(f.hole))
	s.len = f.start(f.hole+1) - f.start(f.hole)
	f.phase = repaired
	captured := g.send(c, f.from, &s, arrives)
	c.ends[f.from^1].rcv = f.begin.Add(uint32(f.total))
	return captured
}

// flightWait is how long what is due of the flight waits for: ACKs come when
// the segments have reached the other end, a repair when three ACKs say that
// it is needed, else when the timer runs out.
func (g *Generator) flightWait(c *conn) int64 {
	f := &c.flight
	switch {
	case f.phase == sending && f.at == 0:
		pause := c.pause
		c.pause = 0
		return pause + g.wait(c, app, f.from)
	case f.phase == acking && !f.heard, f.phase == repaired:
		return g.wait(c, reply, f.from^1)
	case f.phase == repairing && f.n-1-f.hole >= 3:
		return g.wait(c, reply, f.from)
	case f.phase == repairing:
		return g.wait(c, rto, f.from)
	}
	return g.wait(c, atOnce, f.from)
}
