package stats

import "math/bits"

// Durations counts how long things took, in steps of a factor of about 1.41.
type Durations struct {
	n     uint64
	steps [80]uint32
}

// Add counts one that took d nanoseconds.
func (h *Durations) Add(d int64) {
	h.n++
	h.steps[step(d)]++
}

// A step begins at a power of two of nanoseconds, or half-way to the next: from 1 us to
// nine days.
const shortest = 10

func step(d int64) int {
	k := bits.Len64(uint64(max(d, 0))) - 1
	if k < shortest {
		return 0
	}
	half := int(d>>(k-1)) & 1
	return min(2*(k-shortest)+half+1, len(Durations{}.steps)-1)
}

// ends is where a step ends, in nanoseconds.
func ends(i int) int64 {
	k := shortest + (i-1)/2
	switch {
	case i == 0:
		return 1 << shortest
	case i%2 == 1:
		return 3 << (k - 1)
	}
	return 2 << k
}

// Merge adds what o has counted.
func (h *Durations) Merge(o *Durations) {
	h.n += o.n
	for i, n := range o.steps {
		h.steps[i] += n
	}
}

// Over is how many took at least d nanoseconds, or fewer: of the step in which d lies
// none is counted.
func (h *Durations) Over(d int64) (n uint64) {
	for i := step(d) + 1; i < len(h.steps); i++ {
		n += uint64(h.steps[i])
	}
	return n
}

// N is how many there were.
func (h *Durations) N() uint64 { return h.n }

// Within returns a time within which so large a share of them took place, in
// nanoseconds; 0 if there were none.
func (h *Durations) Within(share float64) int64 {
	if h.n == 0 {
		return 0
	}
	left := uint64(share * float64(h.n))
	for i, n := range h.steps {
		if uint64(n) >= left && n > 0 {
			return ends(i)
		}
		left -= min(uint64(n), left)
	}
	return ends(len(h.steps) - 1)
}
