package reassembly

import "github.com/lastack/lastack/wire"

// maxGaps bounds the gaps remembered in one direction. Beyond it the lowest is
// given up and counted as lost.
const maxGaps = 16

// gap is a range [lo, hi) of numbers that the capture has not shown.
type gap struct {
	lo, hi  wire.Seq
	ts      uint32 // TSval of the segment that showed the gap, with stamped
	stamped bool
}

// gaps are the missing ranges of one space, in order, none empty, none
// touching. A nil *gaps means that nothing is missing.
type gaps struct {
	list  []gap
	since int64 // when the newest was opened
}

// add opens a gap above all others. The second result is how many octets were
// given up for it.
func (g *gaps) add(more gap, now int64) (*gaps, uint32) {
	if g == nil {
		g = &gaps{}
	}
	g.since = now
	if n := len(g.list); n > 0 && g.list[n-1].hi == more.lo {
		more.lo = g.list[n-1].lo
		g.list[n-1] = more
		return g, 0
	}
	g.list = append(g.list, more)
	return g, g.bound()
}

// bound gives up the lowest gap when there are too many, and returns how many
// octets that was.
func (g *gaps) bound() uint32 {
	if len(g.list) <= maxGaps {
		return 0
	}
	lost := uint32(g.list[0].hi - g.list[0].lo)
	g.list = append(g.list[:0], g.list[1:]...)
	return lost
}

// remove takes [lo, hi) out of the gaps and returns nil when none is left. In
// the middle of a gap that makes two of it: the second result is as of add.
func (g *gaps) remove(lo, hi wire.Seq) (*gaps, uint32) {
	if g == nil {
		return nil, 0
	}
	var kept []gap
	for _, have := range g.list {
		below, above := have, have
		if below.hi = wire.MinSeq(have.hi, lo); below.lo.Less(below.hi) {
			kept = append(kept, below)
		}
		if above.lo = wire.MaxSeq(have.lo, hi); above.lo.Less(above.hi) {
			kept = append(kept, above)
		}
	}
	g.list = kept
	if len(kept) == 0 {
		return nil, 0
	}
	return g, g.bound()
}

// first returns the lowest gap of which something lies in [lo, hi), nil if there is none.
func (g *gaps) first(lo, hi wire.Seq) *gap {
	if g == nil {
		return nil
	}
	for i := range g.list {
		if have := &g.list[i]; lo.Less(have.hi) && have.lo.Less(hi) {
			return have
		}
	}
	return nil
}

// within counts the missing numbers in [lo, hi).
func (g *gaps) within(lo, hi wire.Seq) uint32 {
	if g == nil {
		return 0
	}
	var n uint32
	for _, have := range g.list {
		from, to := wire.MaxSeq(have.lo, lo), wire.MinSeq(have.hi, hi)
		if from.Less(to) {
			n += uint32(to - from)
		}
	}
	return n
}
