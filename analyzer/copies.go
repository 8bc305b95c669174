package analyzer

import (
	"github.com/lastack/lastack/wire"
)

// copyKind says whether a segment was captured before.
type copyKind uint8

const (
	original    copyKind = iota
	captureCopy          // the capture has the same frame twice (D1)
	secondTap            // the same segment at another place of its path (D2)
)

// recentSize is how many of the last segments of an end s is compared with.
const recentSize = 4

// recent is the identity of a segment: enough to know it again.
type recent struct {
	sig  uint32
	t    uint32 // microseconds, modulo 2^32: copies are never an hour apart
	ipid uint16
	file uint8 // the lower bits of its file's index
	ttl  uint8
}

// before is how long before s the segment was captured, in nanoseconds.
func (r *recent) before(s *wire.Segment) int64 { return int64(int32(uint32(s.Time/1000)-r.t)) * 1000 }

// signature mixes everything that a copy of a segment must have in common with
// it: numbers, control bits, window, length, checksum and timestamps.
func signature(s *wire.Segment) uint32 {
	const k1, k2, k3 = 0x9e3779b97f4a7c15, 0xd1b54a32d192ed03, 0xabc98388fb8fac03
	h := (uint64(s.Seq)<<32 | uint64(s.Ack)) * k1
	h ^= (uint64(s.Sum)<<48 | uint64(s.Window)<<32 | uint64(s.Flags)<<20 ^ uint64(s.Len)) * k2
	if s.Options.Has&wire.OptTimestamps != 0 {
		h ^= (uint64(s.Options.TSVal)<<32 | uint64(s.Options.TSEcr)) * k3
	}
	if s.Options.NSACK > 0 {
		b := s.SACK(0)
		h ^= uint64(b.Left)<<32 | uint64(b.Right)
	}
	h ^= h >> 29
	return uint32(h*k1>>32) | 1
}

// tapSlots is how many segments of connections that are seen at two taps are
// remembered, of each part of the connections, as a Pool deals them out: between
// a segment and its copy at the other tap lie all the segments that the path
// holds.
const tapSlots = 1 << 12

// tapTable remembers them, each in the one slot that its identity gives it.
type tapTable [tapSlots]struct {
	recent
	key uint64
}

// seen looks for a copy of s, whose signature is sig, and remembers s.
func (t *tapTable) seen(c *connection, s *wire.Segment, sig uint32) copyKind {
	key := (c.id<<33 | uint64(s.Dir)<<32 | uint64(sig)) * 0x9e3779b97f4a7c15
	slot := &t[key>>50%tapSlots]
	if slot.key == key {
		if kind := c.copyOf(&slot.recent, s); kind != original {
			c.countCopy(&slot.recent, s, kind)
			return kind
		}
	}
	slot.key = key
	slot.fill(s, sig)
	return original
}

// copied reports whether s is a copy of a segment captured before, and
// remembers s.
func (a *Analyzer) copied(c *connection, s *wire.Segment, hash uint64) copyKind {
	kind := c.copied(s)
	if c.flags&tappedTwice == 0 {
		return kind
	}
	if kind == original {
		kind = a.tapped(c, s, hash)
	}
	c.hear(s, kind)
	return kind
}

// tapped is copied for a connection that is seen at two taps: between a segment and its
// copy may lie many others.
func (a *Analyzer) tapped(c *connection, s *wire.Segment, hash uint64) copyKind {
	part := &a.taps[hash%poolParts]
	if *part == nil {
		*part = &tapTable{}
	}
	return (*part).seen(c, s, signature(s))
}

// fill makes r the identity of s, whose signature is sig.
func (r *recent) fill(s *wire.Segment, sig uint32) {
	r.sig, r.t, r.ttl, r.file, r.ipid = sig, uint32(s.Time/1000), s.TTL, uint8(s.Ref.File()), 0
	if s.HasIPID {
		r.ipid = s.IPID
	}
}

// copied looks among the last few segments of an end, and remembers s.
func (c *connection) copied(s *wire.Segment) copyKind {
	ep, sig, before := &c.ep[s.Dir], signature(s), &c.trail.recent
	n := ep.recent
	for range recentSize {
		old := before.at(n)
		if old == nil {
			break
		}
		if old.sig == sig {
			if kind := c.copyOf(&old.recent, s); kind != original {
				c.countCopy(&old.recent, s, kind)
				return kind
			}
		}
		n = old.prev
	}
	ep.remember(s, sig, c.trail)
	return original
}

// remember remembers s, a segment of ep whose signature is sig.
func (ep *endpoint) remember(s *wire.Segment, sig uint32, t *trail) {
	r := t.recent.add()
	r.fill(s, sig)
	r.prev, ep.recent = ep.recent, t.recent.last
}

// Limits of what can be a copy. A retransmission of an identical segment
// cannot come within lanGap; one with the same IPv4 id or the same timestamp
// is none at any gap that a path has.
const (
	lanGap  = 5e6
	pathGap = 2e9
	synGap  = 500e6
)

// copyOf decides whether s, whose identity is that of old, is a copy of it.
func (c *connection) copyOf(old *recent, s *wire.Segment) copyKind {
	gap := old.before(s)
	if gap < 0 {
		gap = -gap
	}
	rtt := c.roundTrip()
	if s.HasIPID && s.IPID != 0 && old.ipid != 0 {
		return c.copyByID(old, s, gap, rtt)
	}
	if s.Flags&(wire.RST|wire.ACK) == wire.RST && old.file == uint8(s.Ref.File()) {
		return original // each answers another segment, with nothing of its own
	}
	if c.asBefore(old, s) {
		return secondTap
	}
	syn, stamped := s.Flags.Has(wire.SYN), s.Options.Has&wire.OptTimestamps != 0
	if old.file != uint8(s.Ref.File()) {
		if gap <= max(rtt, lanGap) || syn && gap <= synGap || stamped && gap <= pathGap {
			return secondTap
		}
		return original
	}
	near := int64(lanGap)
	if rtt > 0 {
		near = min(near, rtt/4)
	}
	routed := s.TTL < old.ttl
	switch {
	case routed && (gap < near || syn && gap <= synGap):
		return secondTap
	case s.TTL == old.ttl && gap < near:
		return captureCopy
	}
	// Timestamps tick at least every few milliseconds: an equal one after a
	// longer gap is the same transmission seen elsewhere.
	if stamped && gap > lanGap && gap <= max(rtt, synGap*int64(s.Flags&wire.SYN)/2) {
		return secondTap
	}
	return original
}

// asBefore reports whether s comes after old as the copies at a second tap have
// done: with the same delay and the same difference of the hop limits. What
// comes again as a repetition does not: no timer and no duplicate ACK keeps to
// that.
func (c *connection) asBefore(old *recent, s *wire.Segment) bool {
	if c.x == nil || c.x.taps == nil || c.x.taps.copies[s.Dir] == 0 {
		return false
	}
	t, gap := c.x.taps, old.before(s)
	ttl := int(s.TTL) - int(old.ttl)
	if ttl == 0 && old.file == uint8(s.Ref.File()) {
		return false // the network may repeat segments, too
	}
	return gap >= t.min[s.Dir]-lanGap && gap <= t.max[s.Dir]+lanGap && ttl == t.ttl[s.Dir]
}

// copyByID decides by the IPv4 identification, which a host does not give to
// two packets in a row.
func (c *connection) copyByID(old *recent, s *wire.Segment, gap, rtt int64) copyKind {
	limit := max(rtt, lanGap)
	if s.Flags.Has(wire.SYN) || old.file != uint8(s.Ref.File()) {
		limit = max(limit, synGap)
	}
	switch {
	case old.ipid != s.IPID || gap > limit:
		return original
	case old.file != uint8(s.Ref.File()) || old.ttl != s.TTL || gap > lanGap:
		return secondTap
	}
	return captureCopy
}

// repeatedByNetwork reports whether s, which was remembered last, is the same IPv4
// packet as one before, too late for a copy that the capture made: its sender
// gives its packets different ids, and a repetition would have one of its own.
func (c *connection) repeatedByNetwork(s *wire.Segment) bool {
	if !s.HasIPID || s.IPID == 0 || s.Flags.Has(wire.SYN) {
		return false
	}
	sig := signature(s)
	same, others := false, false
	old := c.trail.recent.at(c.ep[s.Dir].recent)
	for k := 1; old != nil && k < recentSize; k++ {
		if old = c.trail.recent.at(old.prev); old != nil {
			same = same || old.sig == sig && old.ipid == s.IPID
			others = others || old.ipid != s.IPID
		}
	}
	return same && others
}

// roundTrip is the sum of the smallest round trips from the tap to both ends,
// 0 when either was not measured.
func (c *connection) roundTrip() int64 {
	one, ok1 := c.ep[0].sp.RTT()
	two, ok2 := c.ep[1].sp.RTT()
	if !ok1 || !ok2 {
		return 0
	}
	return one + two
}

// countCopy counts a copy, and what it says of a second tap.
func (c *connection) countCopy(old *recent, s *wire.Segment, kind copyKind) {
	d := c.details()
	d.copies++
	d.copied.add(s)
	if kind != secondTap {
		return
	}
	if d.taps == nil {
		d.taps = &taps{}
		c.flags |= tappedTwice
	}
	t, x := d.taps, s.Dir
	t.follow(x, old.file, uint8(s.Ref.File()))
	c.arrived(s)
	gap := old.before(s)
	if t.copies[x] == 0 {
		t.min[x], t.max[x], t.ref[x] = gap, gap, s.Ref
	}
	t.copies[x]++
	t.min[x], t.max[x] = min(t.min[x], gap), max(t.max[x], gap)
	t.ttl[x] = int(s.TTL) - int(old.ttl)
}
