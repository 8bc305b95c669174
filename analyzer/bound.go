package analyzer

import "unsafe"

// Octets that a connection and an embryo take, with their places in the table and in
// the lists of what becomes final by time.
const (
	listed           = 2*16 + 24
	connectionOctets = int64(unsafe.Sizeof(connection{})) + listed
	embryoOctets     = int64(unsafe.Sizeof(embryo{})) + 2*listed
)

// bound gives connections up while more are held, or take more memory, than may.
func (a *Analyzer) bound() {
	for a.live > a.opt.MaxConnections || a.opt.MaxMemory > 0 && a.octets > a.opt.MaxMemory && a.live > 1 {
		if !a.evict() {
			return
		}
	}
}

// weigh notes how much memory c takes.
func (a *Analyzer) weigh(c *connection) {
	now := uint32(cap(c.events)) * uint32(unsafe.Sizeof(event{}))
	if d := c.x; d != nil {
		now += d.weight()
	}
	a.octets += int64(now) - int64(c.weight)
	c.weight = now
}

// weight is how many octets d takes.
func (d *details) weight() uint32 {
	n := unsafe.Sizeof(*d) + uintptr(cap(d.refuted))*unsafe.Sizeof(refutation{}) + uintptr(cap(d.resets))*unsafe.Sizeof(reset{}) +
		uintptr(cap(d.synCopies)+cap(d.finCopies))*unsafe.Sizeof(transmission{}) + uintptr(cap(d.notes))*unsafe.Sizeof(note{}) +
		uintptr(cap(d.challenges))*unsafe.Sizeof(challenge{}) + uintptr(cap(d.since))*unsafe.Sizeof(moment{})
	for i := range d.side {
		if d.side[i].unseen != nil {
			n += unsafe.Sizeof(unseenACK{})
		}
	}
	return uint32(n)
}

// evict gives up the connection that tells least: the oldest of which a SYN is all that
// was captured; or among some that the hand passes an opening nobody answered, then one
// that is over, then the one silent for longest.
func (a *Analyzer) evict() (ok bool) {
	if d := a.nursery.oldest(); d != nil {
		a.nursery.foresee(a.table)
		a.finishEmbryo(embryoSelf(d.self), finalEvicted)
		return true
	}
	const sample = 64 // more, if all of them are free
	var worst *connection
	places := a.slab.places()
	for n := 0; n < places && (n < sample || worst == nil); n++ {
		a.hand = (a.hand + 1) % int32(places)
		c := a.at(a.hand)
		if c.first == 0 {
			continue
		}
		if worst == nil || c.worth() < worst.worth() || c.worth() == worst.worth() && c.latest().t < worst.latest().t {
			worst = c
		}
	}
	if worst == nil {
		return false
	}
	worst.flags |= evictedFlag
	a.finish(worst, finalEvicted)
	return true
}

// worth orders connections by how much would be lost with them.
func (c *connection) worth() int {
	switch {
	case c.ep[0].packets == 0 || c.ep[1].packets == 0:
		return 0
	case c.deadline != 0:
		return 1
	case c.flags&midStream != 0:
		return 2
	}
	return 3
}
