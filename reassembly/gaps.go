package reassembly

import (
	"slices"
	"unsafe"

	"github.com/lastack/lastack/wire"
)

// The bounds of the gaps remembered in one direction. Beyond them the lowest is given up
// and counted as lost. Of what the receiver has acknowledged only copies can come late, and
// a few gaps do; of what it has not, every gap of a window is to be filled.
const (
	maxAckedGaps = 16
	maxGaps      = 1024
)

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

// octets is how much memory g takes.
func (g *gaps) octets() uintptr {
	if g == nil {
		return 0
	}
	return unsafe.Sizeof(*g) + uintptr(cap(g.list))*unsafe.Sizeof(gap{})
}

// add opens a gap above all others.
func (g *gaps) add(more gap, now int64) *gaps {
	if g == nil {
		g = &gaps{}
	}
	g.since = now
	if n := len(g.list); n > 0 && g.list[n-1].hi == more.lo {
		more.lo = g.list[n-1].lo
		g.list[n-1] = more
	} else {
		g.list = append(g.list, more)
	}
	return g
}

// bound gives up gaps where there are too many, and returns how many octets that were. Of
// those below una the receiver has said that it has them.
func (g *gaps) bound(una wire.Seq) (lost uint32) {
	n := 0
	for ; len(g.list)-n > maxAckedGaps; n++ {
		lowest := g.list[n]
		if len(g.list)-n <= maxGaps && una.Less(lowest.hi) {
			break
		}
		lost += uint32(lowest.hi - lowest.lo)
	}
	g.list = slices.Delete(g.list, 0, n)
	return lost
}

// from returns the index of the lowest gap that ends above lo.
func (g *gaps) from(lo wire.Seq) int {
	i, _ := slices.BinarySearchFunc(g.list, lo, func(have gap, lo wire.Seq) int {
		if lo.Less(have.hi) {
			return 1
		}
		return -1
	})
	return i
}

// remove takes [lo, hi) out of the gaps and returns nil when none is left. In
// the middle of a gap that makes two of it.
func (g *gaps) remove(lo, hi wire.Seq) *gaps {
	if g == nil {
		return nil
	}
	i := g.from(lo)
	end := i
	for end < len(g.list) && g.list[end].lo.Less(hi) {
		end++
	}
	if i == end {
		return g
	}
	var room [2]gap
	rest := room[:0]
	if below := g.list[i]; below.lo.Less(lo) {
		below.hi = lo
		rest = append(rest, below)
	}
	if above := g.list[end-1]; hi.Less(above.hi) {
		above.lo = hi
		rest = append(rest, above)
	}
	if g.list = slices.Replace(g.list, i, end, rest...); len(g.list) == 0 {
		return nil
	}
	return g
}

// first returns the lowest gap of which something lies in [lo, hi), nil if there is none.
func (g *gaps) first(lo, hi wire.Seq) *gap {
	if g == nil {
		return nil
	}
	if i := g.from(lo); i < len(g.list) && lo.Less(hi) && g.list[i].lo.Less(hi) {
		return &g.list[i]
	}
	return nil
}

// within counts the missing numbers in [lo, hi).
func (g *gaps) within(lo, hi wire.Seq) (n uint32) {
	if g == nil {
		return 0
	}
	for _, have := range g.list[g.from(lo):] {
		if !have.lo.Less(hi) {
			break
		}
		if from, to := wire.MaxSeq(have.lo, lo), wire.MinSeq(have.hi, hi); from.Less(to) {
			n += uint32(to - from)
		}
	}
	return n
}
