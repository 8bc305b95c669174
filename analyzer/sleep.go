package analyzer

import (
	"slices"

	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/internal/pack"
	"github.com/lastack/lastack/wire"
)

// Of a million connections that are open nearly all say nothing for a while, and so do
// all that wait for the end of 2MSL. When many connections are held, those that have
// been silent fall asleep: what is known of them is packed into a third of the room.
// The next segment, or their end, wakes them, and they are what they were. Only a part
// of a Pool lets connections sleep.

// sleeper is a connection that sleeps.
type sleeper struct {
	tuple wire.FourTuple
	id    uint64
	value
	room room // where it is packed
	more bool // its details are kept by themselves
}

// In the table sleepers are told from connections by this bit of an index. Where a
// deadline names a connection they are told from embryos by it.
const sleeperBit = 1 << 30

func sleeperSelf(i int32) int32 { return ^(i | sleeperBit) }

// asleep returns the place of the sleeper that self names, and whether it names one.
func asleep(self int32) (i int32, ok bool) {
	i = ^self
	return i &^ sleeperBit, self < 0 && i&sleeperBit != 0
}

// dormitory holds the sleepers of an Analyzer.
type dormitory struct {
	slab[sleeper]
	rooms   rooms
	details map[int32]*details
	packer  packer
	hand    int32 // of the search for who falls asleep
	opened  int   // connections since it last moved
	closing bool  // the input has ended: nobody falls asleep any more
	woken   int   // for tests: how many were

	drowsiness
}

// drowsiness says when connections fall asleep.
type drowsiness struct {
	awake int   // so many are awake before any does
	idle  int64 // for how long one that does must have been silent
	looks int   // how many are looked at for every one that was opened, or woken
}

// The defaults, of each part. To look at 4 is enough to keep up if half of them are
// not silent yet.
var defaultDrowsiness = drowsiness{awake: 1 << 12, idle: 1e9, looks: 4}

// begin makes d ready.
func (d *dormitory) begin(memory int64) {
	d.drowsiness, d.details, d.packer.moments = defaultDrowsiness, map[int32]*details{}, make([]moment, 0, maxMoments)
	if memory > 0 { // most of it is for those that sleep
		d.awake = min(d.awake, int(memory/(6*connectionOctets)))
	}
}

// drowseEvery is for how many segments of a part one connection more is looked at.
const drowseEvery = 8

// drowse lets some connections sleep, if that many are awake: for every one that was
// opened, or woken, since the last time, and in any case a few.
func (a *Analyzer) drowse(few int) {
	d := &a.dorm
	n := few + d.opened*d.looks
	for d.opened = 0; n > 0 && a.slab.taken() > d.awake; n-- {
		d.hand = (d.hand + 1) % int32(a.slab.places())
		if c := a.at(d.hand); c.first != 0 && a.now-c.latest().t >= d.idle {
			a.sleep(c)
		}
	}
}

// sleep lets c sleep, if nothing but its key and its numbers is known of it.
func (a *Analyzer) sleep(c *connection) bool {
	const unusual = tappedTwice | watched | foretold
	if c.flags&inTable == 0 || c.flags&unusual != 0 || c.older >= 0 || c.phase != current || !c.ep[0].sp.Packable() || !c.ep[1].sp.Packable() {
		return false
	}
	d := &a.dorm
	for i := range c.ep {
		c.ep[i].forgetTrail(c.trail)
	}
	d.packer.Begin()
	c.pack(&d.packer)
	octets, ok := d.packer.Octets()
	if !ok || len(octets) > maxRoom {
		return false
	}
	a.weigh(c)
	i := d.alloc()
	s := d.at(i)
	*s = sleeper{tuple: c.tuple, id: c.id, value: c.value(), room: d.rooms.put(octets)}
	if c.x != nil {
		s.more, d.details[i], c.x = true, c.x, nil
	}
	a.table.Put(&c.tuple, uint32(i)|sleeperBit)
	if c.deadline != 0 {
		a.enqueue(due{t: c.deadline, id: c.id, self: sleeperSelf(i)})
	}
	a.octets += sleeperOctets + s.room.octets() - connectionOctets - eventOctets(c.events)
	a.release(c)
	return true
}

// wake returns the connection that sleeper i is, which it is no longer.
func (a *Analyzer) wake(i int32) *connection {
	d := &a.dorm
	s := d.at(i)
	c := a.alloc()
	c.tuple, c.id, c.older, c.phase = s.tuple, s.id, -1, current
	d.packer.From(d.rooms.at(s.room))
	c.pack(&d.packer)
	if s.more {
		c.x = d.details[i]
		delete(d.details, i)
		c.weight = c.x.weight()
	}
	c.trail = a.trailOf(c.tuple.Hash(tableSeed))
	a.octets += connectionOctets - sleeperOctets - s.room.octets()
	a.weigh(c)
	s.held = false
	if !d.closing { // a list of the places of all that there ever was is not small
		d.rooms.release(s.room)
		d.release(i)
	}
	d.opened++
	d.woken++
	a.table.Put(&c.tuple, uint32(c.self))
	return c
}

// packer packs a connection. What happened to it happened at few moments, so each is
// written once.
type packer struct {
	pack.Coder
	moments []moment
}

// moment writes a frame and its time, or reads them.
func (k *packer) moment(ref *wire.FrameRef, t *int64) {
	which := uint8(len(k.moments))
	if !k.Reading() {
		for i, m := range k.moments {
			if m == (moment{*ref, *t}) {
				which = uint8(i)
				break
			}
		}
	}
	pack.Num(&k.Coder, &which)
	if int(which) < len(k.moments) {
		*ref, *t = k.moments[which].ref, k.moments[which].t
		return
	}
	from := k.moments[min(1, len(k.moments)-1)] // the first segment of the connection
	pack.Since(&k.Coder, ref, from.ref)
	pack.Since(&k.Coder, t, from.t)
	if len(k.moments) < cap(k.moments) {
		k.moments = append(k.moments, moment{*ref, *t})
	}
}

// frame writes a frame, mostly that of a moment, or reads it.
func (k *packer) frame(ref *wire.FrameRef) {
	which := uint8(len(k.moments))
	if !k.Reading() {
		for i := range k.moments {
			if k.moments[i].ref == *ref {
				which = uint8(i)
				break
			}
		}
	}
	pack.Num(&k.Coder, &which)
	if int(which) < len(k.moments) {
		*ref = k.moments[which].ref
		return
	}
	pack.Since(&k.Coder, ref, k.moments[1].ref)
}

// maxMoments is how many moments are remembered: a number of one octet tells which.
const maxMoments = 32

// pack writes c, or reads it, but for its key, its id, its details and its place.
func (c *connection) pack(k *packer) {
	k.moments = append(k.moments[:0], moment{})
	pack.Num(&k.Coder, &c.start)
	pack.Since(&k.Coder, &c.first, wire.FrameRef(c.id))
	k.moments = append(k.moments, moment{c.first, c.start})
	k.moment(&c.last, &c.end)
	pack.Since(&k.Coder, &c.deadline, c.start)
	pack.Num(&k.Coder, &c.flags)
	pack.Num(&k.Coder, &c.flip)
	pack.Bool(&k.Coder, &c.quiet)
	pack.Num(&k.Coder, &c.client)
	pack.Num(&k.Coder, &c.role)
	pack.Num(&k.Coder, &c.incarnation)
	pack.Num(&k.Coder, &c.lostEvents)
	for i := range c.ep {
		c.ep[i].sp.Pack(&k.Coder, c.start)
	}
	other := pause(0)
	for i := range c.ep {
		c.ep[i].pack(k, c.ep[i^1].sp.Next)
		pack.Since(&k.Coder, &c.twFrom[i], c.start)
		p := &c.ep[i].pauses
		pack.Since(&k.Coder, &p.longest, other) // both ends mostly pause at a time
		pack.Since(&k.Coder, &p.last, p.longest)
		other = p.longest
	}
	for i := range c.ep {
		c.packCompat(k, uint8(i))
	}
	n := uint8(len(c.events))
	pack.Num(&k.Coder, &n)
	if k.Reading() {
		c.events = slices.Grow(c.events, int(n))[:n]
	}
	for i := range c.events {
		e := &c.events[i]
		e.pack(k, c)
		c.noteKind(e)
	}
}

// pack writes an end, or reads it. The numbers that it has acknowledged lie near ack.
func (ep *endpoint) pack(k *packer, ack wire.Seq) {
	k.moment(&ep.syn.ref, &ep.syn.t)
	k.moment(&ep.lastRef, &ep.lastTime)
	k.moment(&ep.fin.ref, &ep.fin.t)
	k.moment(&ep.finAck.ref, &ep.finAck.t)
	n := &k.Coder
	pack.Num(n, &ep.packets)
	pack.Num(n, &ep.payload)
	pack.Since(n, &ep.lastAck, ack)
	pack.Num(n, &ep.lastLen)
	pack.Num(n, &ep.recent)
	pack.Num(n, &ep.answers)
	pack.Num(n, &ep.flags)
	pack.Num(n, &ep.ipid)
	pack.Num(n, &ep.odd)
	pack.Num(n, &ep.arrow)
	pack.Num(n, &ep.open)
	for _, set := range [...]*fsm.Set{&ep.initial, &ep.shown, &ep.proved} {
		pack.Num(n, set)
	}
	pack.Num(n, &ep.mss)
	pack.Num(n, &ep.ttl)
	pack.Num(n, &ep.scale)
	for i := range ep.sums {
		pack.Num(n, &ep.sums[i])
	}
	pack.Since(n, &ep.syn.tsval, ep.sp.TSNewest)
	pack.Num(n, &ep.syn.data)
	pack.Since(n, &ep.fin.before, ep.lastRef)
	pack.Since(n, &ep.fin.ack, ack)
	pack.Since(n, &ep.fin.tsval, ep.sp.TSNewest)
}

// usualEnd is what other tools have of most ends of open connections, by what was sent.
func (c *connection) usualEnd(x uint8) (complete uint8, zeek zeekEnd) {
	zeek = zeekEnd(zeekEstablished)<<zeekStateShift | letterSYN.seen()
	if x == c.client {
		complete = completeSYN
		zeek |= zeekOrig | zeekEnd(zeekSYNSent)<<zeekBeforeShift
	} else {
		complete = completeSYNACK
	}
	if x == c.client || c.ep[c.peer(x)].payload > 0 {
		complete |= completeACK
		zeek |= letterACK.seen()
	}
	if c.ep[x].payload > 0 {
		complete |= completeData
		zeek |= letterData.seen()
	}
	return complete, zeek
}

// usualBegin is ShA, with which nearly every history begins. (See zeek.go for how it is
// held.)
const usualBegin = 1 + 2*uint32(letterSYN) | (2+2*uint32(letterSYNACK))<<letterBits | (1+2*uint32(letterACK))<<(2*letterBits)

// usualRest is how the history of an open connection goes on: by whether the client has
// sent data, in the second place the server.
var usualRest = [2][2]uint32{
	{0, 2 + 2*uint32(letterData)}, // d
	{1 + 2*uint32(letterData) | (2+2*uint32(letterACK))<<letterBits, // Da, Dad
		1 + 2*uint32(letterData) | (2+2*uint32(letterACK))<<letterBits | (2+2*uint32(letterData))<<(2*letterBits)},
}

// packCompat writes what other tools have of an end, or reads it.
func (c *connection) packCompat(k *packer, x uint8) {
	const half = 3 * letterBits
	ep := &c.ep[x]
	complete, zeek := c.usualEnd(x)
	pack.Since(&k.Coder, &ep.complete, complete)
	pack.Since(&k.Coder, &ep.zeek, zeek)
	begin, rest := ep.letters&(1<<half-1), ep.letters>>half
	var usual, more uint32
	if x == 0 {
		usual, more = usualBegin, usualRest[min(c.ep[c.client].payload, 1)][min(c.ep[c.client^1].payload, 1)]
	}
	pack.Since(&k.Coder, &begin, usual)
	pack.Since(&k.Coder, &rest, more)
	ep.letters = begin | rest<<half
}

// pack writes an event of c, or reads it.
func (e *event) pack(k *packer, c *connection) {
	n := &k.Coder
	what := e.what()
	pack.Num(n, &what)
	if k.Reading() {
		e.setWhat(what)
	}
	own, peer := &c.ep[e.side].sp, &c.ep[c.peer(e.side)].sp
	k.moment(&e.ref, &e.t)
	k.frame(&e.by)
	pack.Since(n, &e.ack, own.ISS)
	pack.Since(n, &e.tsval, peer.TSNewest)
	pack.Num(n, &e.also)
}

// what is all of e that takes a few bits, in one number.
func (e *event) what() uint16 {
	n := uint16(e.sym)<<7 | uint16(e.basis)<<4 | uint16(e.side)<<3
	for i, v := range [...]bool{e.hasTS, e.slow, e.blind} {
		if v {
			n |= 1 << i
		}
	}
	return n
}

func (e *event) setWhat(n uint16) {
	e.sym, e.basis, e.side = fsm.Symbol(n>>7), basis(n>>4&7), uint8(n>>3&1)
	e.hasTS, e.slow, e.blind = n&1 != 0, n&2 != 0, n&4 != 0
}

// rooms holds strings of octets, in places of a few sizes.
type rooms struct {
	sizes [maxRoom / roomUnit]struct {
		chunks [][]byte
		free   []int32
	}
}

const (
	roomUnit  = 16   // the places are a multiple of it
	maxRoom   = 1024 // of the largest
	roomChunk = 128  // so many at a time
)

// room is a place in rooms: its size in units, and its index among those of that size.
type room struct {
	units uint8
	index int32
}

// octets is how much memory a place takes.
func (r room) octets() int64 { return int64(r.units) * roomUnit }

// put copies b to a free place.
func (r *rooms) put(b []byte) room {
	at := room{units: uint8((len(b) + roomUnit - 1) / roomUnit)}
	size := &r.sizes[at.units-1]
	if len(size.free) == 0 {
		base := int32(len(size.chunks) * roomChunk)
		size.chunks = append(size.chunks, make([]byte, roomChunk*at.octets()))
		for i := int32(roomChunk) - 1; i >= 0; i-- {
			size.free = append(size.free, base+i)
		}
	}
	at.index = size.free[len(size.free)-1]
	size.free = size.free[:len(size.free)-1]
	copy(r.at(at), b)
	return at
}

// at returns what is at a place, with whatever follows up to its end.
func (r *rooms) at(at room) []byte {
	chunk := r.sizes[at.units-1].chunks[at.index/roomChunk]
	from := int64(at.index%roomChunk) * at.octets()
	return chunk[from : from+at.octets()]
}

// release gives a place back.
func (r *rooms) release(at room) {
	size := &r.sizes[at.units-1]
	size.free = append(size.free, at.index)
}
