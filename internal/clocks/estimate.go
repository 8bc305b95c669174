package clocks

import (
	"cmp"
	"slices"
	"time"
)

// verdict is what a relation says.
type verdict struct {
	ahead    time.Duration // the second file's clock; 0 if nothing speaks against its agreeing
	segments [2]int
	sure     bool
}

// estimate says what the second file's clock is ahead; ok is false if nothing does.
//
// Where both clocks agree, what comes later in the second file went that way, and what comes
// earlier the other. So there is a difference only where segments of both directions come
// later, or of both earlier: one of them would have been seen before it was sent.
func (r *relation) estimate() (v verdict, ok bool) {
	var up, down, other []int64
	for _, both := range r.hosts {
		if len(both[0]) == 0 || len(both[1]) == 0 {
			other = append(append(other, both[0]...), both[1]...)
			continue
		}
		x := 0
		if middle(both[1]) > middle(both[0]) {
			x = 1 // these go from the first file's tap to the second's
		}
		up, down = append(up, both[x]...), append(down, both[1-x]...)
	}
	if len(up) < enough || len(down) < enough {
		return r.oneWay(append(append(other, up...), down...))
	}
	slices.Sort(up)
	slices.Sort(down)
	// The shortest ways are the ones without queues; the very shortest may be a mistake.
	high, low := up[(len(up)-1)/8], down[len(down)-1-(len(down)-1)/8]
	ahead := low + (high-low)/2
	limit := max(int64(least), min(abs(ahead)/2, int64(spread)))
	if within(up) > limit || within(down) > limit || !r.told(low-limit, high+limit) {
		return v, false
	}
	v = verdict{ahead: time.Duration(ahead), segments: [2]int{len(up), len(down)}, sure: true}
	if abs(ahead) < int64(least) || min(high, low) < int64(early) && max(high, low) > -int64(early) {
		v.ahead = 0
	}
	return v, true
}

// oneWay is estimate where nothing went the other way.
func (r *relation) oneWay(list []int64) (v verdict, ok bool) {
	if len(list) < enoughAlone {
		return v, false
	}
	slices.Sort(list)
	ahead := list[len(list)/2]
	limit := min(abs(ahead)/2, int64(spread))
	if abs(ahead) < int64(leastAlone) || within(list) > limit || !r.told(ahead-limit, ahead+limit) {
		return v, false
	}
	return verdict{ahead: time.Duration(ahead), segments: [2]int{len(list), 0}}, true
}

// told reports whether segments that have something to tell are among those from low to
// high. The others may be probes, which come again and again, and at the same intervals, in
// every file of one capture.
func (r *relation) told(low, high int64) bool {
	n := 0
	for _, d := range r.tells {
		if low <= d && d <= high {
			n++
		}
	}
	return n >= enough
}

// within is how far the middle half of a list in order reaches.
func within(list []int64) int64 { return list[len(list)*3/4] - list[len(list)/4] }

// middle is the median of a list, which it puts in order.
func middle(list []int64) int64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func abs(v int64) int64 { return max(v, -v) }

// link is a pair whose clocks were compared.
type link struct {
	pair
	verdict
}

// settle compares all files with the first of those they are linked to, by the links that
// most segments make, and then by the files of which a capture has several.
func settle(pairs map[pair]*relation, captures [][]int, n int) []Difference {
	var links []link
	linked := map[pair]bool{}
	for p, r := range pairs {
		if v, ok := r.estimate(); ok {
			links, linked[p] = append(links, link{p, v}), true
		}
	}
	for _, list := range captures {
		links = append(links, oneClock(list, linked)...)
	}
	slices.SortFunc(links, func(a, b link) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(a.one, b.one), cmp.Compare(a.other, b.other))
	})
	s := settling{links: links, placed: make([]*Difference, n)}
	for i := range n {
		if s.placed[i] == nil {
			s.placed[i] = &Difference{File: i, Reference: i, With: i, Sure: true}
			s.spread()
		}
	}
	s.guess()
	var out []Difference
	for _, d := range s.placed {
		if d.Ahead != 0 {
			out = append(out, *d)
		}
	}
	return out
}

// weight is greater for what is surer.
func (l *link) weight() int { return min(l.segments[0], l.segments[1]) }

// settling is settle at work.
type settling struct {
	links  []link
	placed []*Difference // for each file; nil: not yet
}

// spread places all files that are linked to those that are placed.
func (s *settling) spread() {
	for again := true; again; {
		again = false
		for i := range s.links {
			l := &s.links[i]
			from, to, ahead := int(l.one), int(l.other), l.ahead
			if s.placed[from] == nil {
				from, to, ahead = to, from, -ahead
			}
			if !l.sure || s.placed[from] == nil || s.placed[to] != nil {
				continue
			}
			base := s.placed[from]
			s.placed[to] = &Difference{File: to, Reference: base.Reference, Ahead: max(min(base.Ahead+ahead, time.Duration(maxTime)), -time.Duration(maxTime)), Segments: l.segments, With: from, Sure: true}
			again = true
			break // the heaviest link first
		}
	}
}

// guess tells of files that one direction alone says something of.
func (s *settling) guess() {
	for _, l := range s.links {
		if d := s.placed[l.other]; !l.sure && d.Reference == d.File && d.Ahead == 0 {
			*d = Difference{File: d.File, Reference: int(l.one), Ahead: l.ahead, Segments: l.segments, With: int(l.one)}
		}
	}
}
