package load

import "github.com/lastack/lastack/wire"

// play plays what is due of c: a segment of its flight, or the next move of
// the act. It reports whether that was captured.
func (g *Generator) play(c *conn) (captured bool) {
	if c.flight.n > 0 {
		return g.fly(c)
	}
	m := &c.moves[c.pos]
	c.when[c.pos%len(c.when)] = g.now
	c.pos++
	return g.move(c, m)
}

// plan decides what c does next, and when. It reports false when c is over.
func (g *Generator) plan(c *conn) (t int64, more bool) {
	for {
		switch {
		case c.flight.n > 0:
			return g.now + max(g.flightWait(c), 1), true
		case c.pos < len(c.moves):
			return g.due(c), true
		case c.stage == closes || c.opening.dead != nil:
			if !g.finish(c) {
				return 0, false
			}
		default:
			c.stage = works
			g.work(c)
		}
	}
}

// due is when the next move of the act is due.
func (g *Generator) due(c *conn) int64 {
	m := &c.moves[c.pos]
	since := g.now + c.pause
	if c.pos > 0 {
		since = c.when[(c.pos-int(m.back))%len(c.when)]
	}
	c.pause = 0
	return max(since+g.wait(c, m.wait, m.side^c.lead)<<m.n, g.now+1)
}

// wait is how long the end x lets w take, in nanoseconds.
func (g *Generator) wait(c *conn, w wait, x side) int64 {
	const us, ms = 1e3, 1e6
	switch w {
	case reply:
		return c.rtt[x] + int64(3*us+g.below(40*us))
	case cross:
		// Not so soon that the answers to the two would change places.
		least := max(0, c.rtt[x]-c.rtt[x^1])
		return least + int64(g.below(int(c.rtt[x]-least)*7/8))
	case app:
		return c.rtt[x] + int64(50*us+g.spread(2*ms))
	case hold:
		return max(c.until-g.now, g.wait(c, app, x))
	case rto:
		return c.rtt[0] + c.rtt[1] + int64(200*ms+g.below(8*ms))
	case retry:
		return int64(1000*ms + g.below(8*ms))
	case idle:
		return c.idle
	}
	return int64(1*us + g.below(12*us))
}

// perform begins an act in which a is lead.
func (c *conn) perform(moves []move, lead side) {
	c.moves, c.pos, c.lead = moves, 0, lead
}

// work chooses what an open connection does next.
func (g *Generator) work(c *conn) {
	switch {
	case c.todo[0] > 0:
		g.takeOff(c)
	case c.todo[1] > 0:
		c.todo[0], c.todo[1], c.talker = c.todo[1], 0, c.talker^1
		c.cwnd = firstFlight
		g.takeOff(c)
	case c.flight.quiet:
		c.flight.quiet = false
		c.perform(repairs[g.below(len(repairs))], c.talker)
	case c.left <= closingPackets:
		g.close(c)
	case g.chance(g.cfg.Keepalive):
		c.perform(keepalives[g.below(len(keepalives))], side(g.below(2)))
	default:
		g.exchange(c)
	}
}

// closingPackets are kept for the closing.
const closingPackets = 5

// firstFlight is Linux's initial window, in segments.
const firstFlight = 10

// exchange begins a request and its answer after a pause. One in eight comes
// from the server.
func (g *Generator) exchange(c *conn) {
	c.talker = client
	if g.below(8) == 0 {
		c.talker = server
	}
	c.todo = [2]int{least + g.spread(g.cfg.Payload/4), least + g.spread(g.cfg.Payload)}
	c.cwnd = firstFlight
	each := max(1, g.exchanged/g.exchanges)
	g.exchanges++
	if rest := c.until - g.now; rest > 0 {
		share := rest / int64(c.left/each+1)
		c.pause = share/2 + g.within(share)
	}
	g.takeOff(c)
}

// least is how many octets a segment has: a single one, sent again, looks like
// a keepalive probe.
const least = 2

// close begins the closing.
func (g *Generator) close(c *conn) {
	i := g.weighted(len(closings), func(i int) int {
		if g.cfg.Orderly && !closings[i].orderly() {
			return 0
		}
		return closings[i].weight
	})
	c.stage, c.closing, c.outcome.Closing = closes, &closings[i], i
	lead := client
	if g.below(5) < 2 {
		lead = server
	}
	c.perform(c.closing.moves, lead)
}

// flags are the control bits of each form.
var flags = [...]wire.Flags{
	syn: wire.SYN, synData: wire.SYN, synACK: wire.SYN | wire.ACK, ack: wire.ACK, data: wire.ACK | wire.PSH,
	fin: wire.FIN | wire.ACK, finData: wire.FIN | wire.ACK | wire.PSH, probe: wire.ACK,
	rstACK: wire.RST | wire.ACK, rst: wire.RST, refusal: wire.RST | wire.ACK, challenge: wire.ACK,
	unwanted: wire.RST, unreachable: 0,
}

// move makes the segment that m stands for.
func (g *Generator) move(c *conn, m *move) (captured bool) {
	x := m.side ^ c.lead
	h, peer := &c.ends[x], &c.ends[x^1]
	f := flags[m.form]
	if m.form == again {
		f = h.last.flags
	}
	s := g.segment(c, x, f)
	switch m.form {
	case again:
		s.seq, s.len, s.layout = h.last.seq, h.last.len, h.last.layout
	case data, finData:
		s.len = uint32(least + min(g.spread(g.cfg.Payload/4), c.maxSegment()-least))
	case synData:
		s.len = 100
		s.layout += fastOpen - synPlain
	case probe:
		s.seq--
		c.outcome.Probes[x]++
		g.truth.Probes++
	case rst:
		return g.answerBare(c, x, peer.acked)
	case unwanted:
		return g.answerBare(c, x, c.before.rcv)
	case refusal:
		s.seq, s.ack, s.layout, s.window = 0, peer.next, bare, 0
	case challenge:
		s.seq, s.ack = c.before.next, c.before.rcv
		s.tsval, s.tsecr = g.tsval(&c.before), c.before.recent
		return g.emit(c, x, &s)
	case unreachable:
		return g.reject(c, x^1, &peer.last)
	}
	if m.blind && s.flags&wire.ACK != 0 {
		s.ack, s.tsecr = h.oldRcv, h.oldRecent
	}
	return g.send(c, x, &s, m.fate)
}

// segment is a segment without data that x might send now.
func (g *Generator) segment(c *conn, x side, f wire.Flags) segment {
	h := &c.ends[x]
	s := segment{seq: h.next, window: window, flags: f}
	if f&wire.ACK != 0 {
		s.ack, s.tsecr = h.rcv, h.recent
	}
	if f&wire.SYN != 0 {
		s.seq, s.window, s.layout = h.iss, firstWindow, synPlain
	}
	if c.timestamps {
		s.tsval = g.tsval(h)
		s.layout++ // stamped, synStamped
	}
	return s
}

// tsval is the timestamp of a host now.
func (g *Generator) tsval(h *host) uint32 { return h.clock + uint32(g.now/1e6) }

// send sends s from x, with all that follows from it at both ends. It reports
// whether that was captured.
func (g *Generator) send(c *conn, x side, s *segment, f fate) (captured bool) {
	h := &c.ends[x]
	if s.flags&wire.ACK != 0 {
		h.acked = s.ack
	}
	if end := s.end(); end != s.seq {
		if end.LessEq(h.next) && f != unseen {
			g.truth.Retransmissions++
		}
		h.next = wire.MaxSeq(h.next, end)
		h.last = *s
	}
	if f != arrives {
		g.truth.Lost++
	} else {
		c.ends[x^1].take(s)
	}
	if f == unseen {
		h.id++
		g.truth.Unseen++
		return false
	}
	c.countControl(x, s, g.now)
	return g.emit(c, x, s)
}

// countControl counts the SYNs and FINs that were captured.
func (c *conn) countControl(x side, s *segment, now int64) {
	if s.flags&wire.SYN != 0 {
		if c.synAt != 0 {
			c.synGap = now - c.synAt
		}
		c.synAt = now
		if s.flags&wire.ACK == 0 {
			c.outcome.SYNs[x]++
		}
	}
	if s.flags&wire.FIN != 0 {
		c.outcome.FINs[x]++
	}
}

// emit makes the frame of s.
func (g *Generator) emit(c *conn, x side, s *segment) (captured bool) {
	c.ends[x].id++
	s.id = c.ends[x].id
	g.size = g.frame(&c.heads[x], s)
	return true
}

// answerBare sends a RST without ACK, as a host does that has no connection.
func (g *Generator) answerBare(c *conn, x side, seq wire.Seq) (captured bool) {
	return g.emit(c, x, &segment{seq: seq, flags: wire.RST})
}
