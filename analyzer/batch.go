package analyzer

import (
	"unsafe"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/prefetch"
	"github.com/lastack/lastack/wire"
)

// BatchSize is how many packets AddPackets takes at a time: it decodes them all
// before it analyses the first.
const BatchSize = 32

// tableSeed is mixed into the hashes of tuples.
const tableSeed = 0

// arrival is a packet that is decoded and not yet analysed. Each goes from one processor
// to another, so it is as small as it can be.
type arrival struct {
	hash    uint64 // of the segment's tuple
	segment wire.Segment
	at      int16  // in a Pool: which it is of its heap
	nth     uint16 // with OutcomeICMP: which it is of the errors
	outcome wire.Outcome
	behind  bool // in a Pool: its time is before the capture's clock
}

// decode decodes p into in.
func (a *Analyzer) decode(p *capture.Packet, in *arrival) {
	s := &in.segment
	s.Packet, s.Time, s.Ref = p.Number, p.Time, wire.MakeFrameRef(p.File, p.Frame)
	in.outcome = a.decoder.Decode(uint32(p.Link), p.Data, p.OrigLen, s)
	switch in.outcome {
	case wire.OutcomeTCP:
		if p.Direction != capture.DirectionUnknown {
			s.Arrow = wire.Direction(p.Direction)
		}
		in.hash = s.Tuple.Hash(tableSeed)
		a.table.Prefetch(in.hash)
	case wire.OutcomeICMP:
		e := a.decoder.ICMP
		e.Packet, e.Time, e.Ref = s.Packet, s.Time, s.Ref
		in.nth = uint16(len(a.errors))
		a.errors = append(a.errors, e)
	}
}

// take analyses a decoded packet, whose connection is probably c.
func (a *Analyzer) take(in *arrival, c *connection) {
	a.sum.packet(in.outcome)
	a.latest.see(&in.segment, a.opt.Files)
	a.clock(in.segment.Time)
	if !a.usual(in, c) {
		a.dispatch(in, a.errors)
	}
}

// usual takes a packet the short way, if its connection is c and expects its segment, as
// nearly always. It reports false for any other, which has changed nothing then.
func (a *Analyzer) usual(in *arrival, c *connection) bool {
	s := &in.segment
	if c == nil || !c.alone(s) || !c.predicted(s) || a.unpredicted {
		return false
	}
	if !s.Rest {
		a.sum.segments++
	}
	a.short++
	c.follow(s, a.trailOf(in.hash))
	return true
}

// dispatch takes a decoded packet to its connection; the errors are those of its heap.
func (a *Analyzer) dispatch(in *arrival, errors []wire.ICMPError) {
	switch in.outcome {
	case wire.OutcomeTCP:
		a.add(&in.segment, in.hash)
	case wire.OutcomeICMP:
		a.icmp(&errors[in.nth])
	}
}

// ahead is how many packets before its turn the memory of a packet's connection
// is asked for: long enough for it to arrive, and not so long that it is gone
// again, or more is under way than the processor keeps track of.
const ahead = 8

// foresee guesses the connection of a packet and asks for what its analysis
// will need of it. It returns nil if it does not know.
func (a *Analyzer) foresee(in *arrival) *connection {
	if in.outcome != wire.OutcomeTCP {
		return nil
	}
	k := a.table.Guess(in.hash)
	switch {
	case k == 0:
		if len(in.segment.TCP) > 0 { // it opens a connection: its checksum will be looked at
			prefetch.Lines(unsafe.Pointer(&in.segment.TCP[0]), 2)
		}
		return nil
	case (k-1)&embryoBit != 0:
		a.nursery.prefetch(int32((k - 1) &^ embryoBit))
		return nil
	case (k-1)&sleeperBit != 0:
		prefetch.Of(a.dorm.at(int32((k - 1) &^ sleeperBit)))
		return nil
	}
	c := a.at(int32(k - 1))
	x := in.segment.Dir & 1
	prefetch.Four(unsafe.Pointer(c), unsafe.Pointer(&c.ep[x]), unsafe.Pointer(&c.ep[x^1].sp))
	return c
}

// foreseeMore asks, when what foresee asked for has come, for the rest of c, the connection
// of the packet, if that is likely to take the long way.
func foreseeMore(in *arrival, c *connection) {
	if c == nil || c.quiet && in.segment.Flags&(wire.SYN|wire.FIN|wire.RST) == 0 {
		return
	}
	c.prefetch()
}

// foreseeEnds asks for what hangs on the connections that become final by now.
// They themselves are asked for when the one before them has become so.
func (a *Analyzer) foreseeEnds(now int64) {
	const few = 4
	for i := range few {
		d := a.due.row.at(i)
		if d == nil || d.t > now {
			break
		}
		if d.self >= 0 {
			a.at(d.self).prefetchRest()
		}
	}
}

// usualEvents is how many events most connections have before they close.
const usualEvents = 8

// prefetch asks for c.
func (c *connection) prefetch() {
	const octets = unsafe.Offsetof(connection{}.room) + usualEvents*unsafe.Sizeof(event{})
	prefetch.Lines(unsafe.Pointer(c), int(octets)/prefetch.LineSize)
}

// prefetchRest asks for all that hangs on c.
func (c *connection) prefetchRest() {
	prefetch.Lines(unsafe.Pointer(&c.room[usualEvents]), (mostEvents-usualEvents)*int(unsafe.Sizeof(event{}))/prefetch.LineSize)
	if c.x != nil {
		prefetch.Lines(unsafe.Pointer(c.x), int(unsafe.Sizeof(details{}))/prefetch.LineSize)
	}
}

// alone reports whether c is the one connection that s can belong to: it has
// the key of s, and no other that is held has.
func (c *connection) alone(s *wire.Segment) bool {
	return c.flags&inTable != 0 && c.older < 0 && c.tuple.Equal(&s.Tuple)
}
