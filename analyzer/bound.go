package analyzer

import "unsafe"

// Octets that a connection and an embryo take, with their places in the table and in
// the lists of what becomes final by time.
const (
	listed           = 2*16 + 24
	connectionOctets = int64(unsafe.Sizeof(connection{})) + listed
	embryoOctets     = int64(unsafe.Sizeof(embryo{})) + 2*listed
	sleeperOctets    = int64(unsafe.Sizeof(sleeper{})) + listed
)

// bound gives connections up while more are held, or take more memory, than may.
func (a *Analyzer) bound() {
	for a.live > a.opt.MaxConnections || a.opt.MaxMemory > 0 && a.octets > a.opt.MaxMemory && a.live > 1 {
		if !a.evict() {
			return
		}
	}
	if a.part != nil && a.dorm.opened > 0 {
		a.drowse(0)
	}
}

// weigh notes how much memory c takes.
func (a *Analyzer) weigh(c *connection) {
	now := uint32(eventOctets(c.events)) + uint32(c.ep[0].sp.Octets()+c.ep[1].sp.Octets())
	if d := c.x; d != nil {
		now += d.weight()
	}
	a.octets += int64(now) - int64(c.weight)
	c.weight = now
}

// eventOctets is how much memory a list of events takes beside its connection.
func eventOctets(list []event) int64 {
	if cap(list) <= mostEvents {
		return 0
	}
	return int64(cap(list)) * int64(unsafe.Sizeof(event{}))
}

// weight is how many octets d takes.
func (d *details) weight() uint32 {
	n := unsafe.Sizeof(*d) + uintptr(cap(d.refuted))*unsafe.Sizeof(refutation{}) + uintptr(cap(d.resets))*unsafe.Sizeof(reset{}) +
		uintptr(cap(d.synCopies)+cap(d.finCopies))*unsafe.Sizeof(transmission{}) + uintptr(cap(d.notes))*unsafe.Sizeof(note{}) +
		uintptr(cap(d.challenges))*unsafe.Sizeof(challenge{}) + uintptr(cap(d.since))*unsafe.Sizeof(moment{}) + uintptr(cap(d.letters))
	if t := d.taps; t != nil {
		n += unsafe.Sizeof(*t) + uintptr(cap(t.came))*unsafe.Sizeof(t.came[0]) + uintptr(cap(t.acks))*unsafe.Sizeof(t.acks[0])
	}
	for i := range d.side {
		if side := d.side[i]; side != nil {
			n += unsafe.Sizeof(*side)
			if side.unseen != nil {
				n += unsafe.Sizeof(unseenACK{})
			}
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
	worst, least := int32(-1), value{}
	awake := int32(a.slab.places())
	places := awake + int32(a.dorm.places())
	for n := int32(0); n < places && (n < sample || worst < 0); n++ {
		a.hand = (a.hand + 1) % places
		var v value
		if a.hand < awake {
			v = a.at(a.hand).value()
		} else {
			v = a.dorm.at(a.hand - awake).value
		}
		if v.held && (worst < 0 || v.less(least)) {
			worst, least = a.hand, v
		}
	}
	if worst < 0 {
		return false
	}
	var c *connection
	if worst < awake {
		c = a.at(worst)
	} else {
		c = a.wake(worst - awake)
	}
	c.flags |= evictedFlag
	a.finish(c, finalEvicted)
	return true
}

// value is what decides who is given up: how much would be lost, then who was silent
// for longest.
type value struct {
	last  int64
	worth uint8
	held  bool
}

func (v value) less(w value) bool { return v.worth < w.worth || v.worth == w.worth && v.last < w.last }

func (c *connection) value() value {
	if c.first == 0 {
		return value{}
	}
	return value{last: c.latest().t, worth: c.worth(), held: true}
}

// worth orders connections by how much would be lost with them.
func (c *connection) worth() uint8 {
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
