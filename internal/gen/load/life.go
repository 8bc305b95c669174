package load

import "github.com/lastack/lastack/wire"

// start begins connection c, the next of all, at its opening. One that is
// older than the capture is in the midst of its numbers.
func (g *Generator) start(c *conn, mid bool) {
	*c = conn{number: g.opened}
	c.v6, c.timestamps = g.chance(g.cfg.V6), g.chance(g.cfg.Timestamps)
	g.place(c)
	for x := range c.ends {
		r := g.rng.Uint64()
		h := &c.ends[x]
		h.iss, h.clock, h.id = wire.Seq(r), uint32(r>>32), uint16(r>>48)
		h.next = h.iss
	}
	g.enlist(c)
	if mid {
		g.age(c)
		return
	}
	i := g.weighted(len(openings), func(i int) int {
		if g.cfg.Orderly && openings[i].dead != nil {
			return 0
		}
		return openings[i].weight
	})
	c.opening, c.outcome.Opening, c.outcome.Open = &openings[i], i, openings[i].kind
	c.perform(c.opening.moves, client)
}

// enlist counts c and gives it packets and time: on average what is left for
// each of those to come.
func (g *Generator) enlist(c *conn) {
	c.outcome = Outcome{Opening: -1, Closing: -1}
	rest := g.cfg.Packets - int(g.truth.Packets) - g.reserved
	c.left = max(rest, 0) / (g.cfg.Connections - g.opened)
	if !g.cfg.Even {
		c.left = g.spread(c.left)
	}
	g.reserved += c.left
	g.opened++
	life := int64(float64(g.cfg.Concurrent) / g.cfg.Rate * 1e9)
	c.until = g.now + life/2 + g.within(life)
	c.idle = min(max(life/8, 1e9), 75e9)
}

// place chooses where the ends are, and the tap between them: half of the
// taps are near one end.
func (g *Generator) place(c *conn) {
	const shortest, longest = 100e3, 60e6
	path := shortest + g.spread(longest/2)
	share := 2 + g.below(60)
	switch g.below(4) {
	case 0:
		share = 1
	case 1:
		share = 63
	}
	c.rtt[client] = int64(path)*int64(share)/64 + 5e3
	c.rtt[server] = int64(path)*int64(64-share)/64 + 5e3
	from, to := addresses(c.number, c.v6)
	hops := uint8(share / 6)
	c.heads[client] = makeHead(from, to, 64-hops)
	c.heads[server] = makeHead(to, from, 64-(10-hops))
}

// age makes c a connection that has been open for a while.
func (g *Generator) age(c *conn) {
	c.opening, c.outcome.Open = &midStream, midStream.kind
	for x := range c.ends {
		h, peer := &c.ends[x], &c.ends[x^1]
		h.next += wire.Seq(1 + g.below(1<<30))
		peer.rcv, peer.acked = h.next, h.next
		h.recent = g.tsval(peer)
	}
	c.left += 4 * closingPackets // it shows up before it closes
	g.reserved += 4 * closingPackets
}

// finish concludes c. It reports whether its four-tuple is used again: then c
// is the new connection.
func (g *Generator) finish(c *conn) (again bool) {
	g.reserved -= c.left
	e := c.opening.dead
	if e == nil {
		e = &c.closing.ending
	}
	r := g.reuse(c)
	if r == nil {
		g.conclude(c, e)
		return false
	}
	g.conclude(c, r.changed(c, e))
	g.reopen(c, r)
	return true
}

// changed is how a connection ends whose four-tuple is used again so; it would
// have ended as e says.
func (r *reuse) changed(c *conn, e *ending) *ending {
	now := *e
	if r.change.cause != "" {
		now.cause = r.change.cause
	}
	if r.change.kind != "" {
		now, c.lead = r.change, client
	}
	return &now
}

// reuse decides whether c's four-tuple is used again, and how; nil if not.
func (g *Generator) reuse(c *conn) *reuse {
	if c.closing == nil || g.opened == g.cfg.Connections || g.cfg.Reuse == 0 {
		return nil
	}
	if !g.chance(g.cfg.Reuse) && !(c.forgotten() && g.below(2) == 0) {
		return nil
	}
	i := g.weighted(len(reuses), func(i int) int {
		if !reuses[i].fits(c) {
			return 0
		}
		return reuses[i].weight
	})
	if i < 0 {
		return nil
	}
	return &reuses[i]
}

// closed: it was closed in good order.
func (c *conn) closed() bool { return c.closing.orderly() }

// heldByServer: the server is in TIME-WAIT.
func (c *conn) heldByServer() bool {
	return c.closed() && c.timestamps && (c.lead == server || c.closing.closer == both)
}

// forgotten: it was left open, and in good order.
func (c *conn) forgotten() bool { return c.closing.open }

// reopen makes c the next connection on its four-tuple, whose numbers follow
// the old ones; but for a client that has forgotten them.
func (g *Generator) reopen(c *conn, r *reuse) {
	const later = 65537
	c.before = c.ends[server]
	for x := range c.ends {
		h := &c.ends[x]
		h.iss = h.next.Add(uint32(later + g.below(1<<24)))
		*h = host{iss: h.iss, next: h.iss, clock: h.clock, id: h.id}
	}
	if h := &c.ends[client]; r.older {
		h.iss, h.next, h.clock = h.iss-1<<30, h.iss-1<<30, h.clock-1<<29
	}
	g.enlist(c)
	c.stage, c.closing, c.synAt, c.synGap = opens, nil, 0, 0
	c.opening, c.outcome.Opening, c.outcome.Open = &openings[0], 0, openings[0].kind
	c.pause = 1e9 + g.within(40e9)
	c.perform(r.moves, client)
}
