package analyzer

import (
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/wire"
)

// BatchSize is how many packets AddPackets takes at a time: it decodes them all
// before it analyses the first.
const BatchSize = 32

// tableSeed is mixed into the hashes of tuples.
const tableSeed = 0

// arrival is a packet that is decoded and not yet analysed.
type arrival struct {
	segment wire.Segment
	icmp    *wire.ICMPError // with OutcomeICMP
	hash    uint64          // of the segment's tuple
	guess   *connection     // the segment's, probably; nil: not known
	outcome wire.Outcome
}

// decode decodes p into in.
func (a *Analyzer) decode(p *capture.Packet, in *arrival) {
	s := &in.segment
	s.Packet, s.Time, s.Ref = p.Number, p.Time, wire.MakeFrameRef(p.File, p.Frame)
	in.guess = nil
	in.outcome = a.decoder.Decode(uint32(p.Link), p.Data, p.OrigLen, s)
	switch in.outcome {
	case wire.OutcomeTCP:
		if p.Direction != capture.DirectionUnknown {
			s.Arrow = wire.Direction(p.Direction)
		}
		in.hash = s.Tuple.Hash(tableSeed)
	case wire.OutcomeICMP:
		e := a.decoder.ICMP
		e.Packet, e.Time, e.Ref = s.Packet, s.Time, s.Ref
		in.icmp = &e
	}
}

// take analyses a decoded packet.
func (a *Analyzer) take(in *arrival) {
	a.sum.packet(in.outcome)
	a.clock(in.segment.Time)
	switch in.outcome {
	case wire.OutcomeTCP:
		if c := in.guess; c == nil || !c.quiet || a.unpredicted || !c.alone(&in.segment) || !c.predicted(&in.segment) {
			a.add(&in.segment, in.hash)
			return
		}
		a.sum.segments++
		a.short++
		in.guess.follow(&in.segment)
	case wire.OutcomeICMP:
		a.icmp(in.icmp)
	}
}

// warm reads what the analysis of a batch will need, first the places in the
// table, then the connections. These reads do not depend on each other, so the
// processor waits for many of them at a time, not for one after the other as
// the analysis would: with many connections nearly each is a cache miss.
func (a *Analyzer) warm(batch []arrival) {
	var index [BatchSize]uint32
	for i := range batch {
		if batch[i].outcome == wire.OutcomeTCP {
			index[i] = a.table.Guess(batch[i].hash)
		}
	}
	for i, k := range index[:len(batch)] {
		if k != 0 {
			c := a.at(int32(k - 1))
			a.warmed += c.touch(batch[i].segment.Dir)
			batch[i].guess = c
		}
	}
}

// alone reports whether c is the one connection that s can belong to: it has
// the key of s, and no other that is held has.
func (c *connection) alone(s *wire.Segment) bool {
	return c.flags&inTable != 0 && c.older < 0 && c.tuple.Equal(&s.Tuple)
}

// touch reads something of every cache line of c that an expected segment of x
// needs. Where they are must not depend on what they hold.
func (c *connection) touch(x uint8) uint64 {
	own, other := &c.ep[x&1], &c.ep[x&1^1]
	return uint64(c.flags) + uint64(own.sp.Known) + uint64(own.flags) + uint64(own.packets) + uint64(own.recent.top) +
		uint64(own.answers.top) + uint64(other.sp.Known)
}
