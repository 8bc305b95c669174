package stats

import (
	"math"
	"math/bits"
)

// Distinct tells about how many different things there were, of many, by their hashes
// (HyperLogLog: Flajolet et al., 2007), with an error of some 7 %.
type Distinct struct{ most [registers]uint8 }

const registers = 256

// Add takes the hash of a thing.
func (d *Distinct) Add(hash uint64) {
	r := &d.most[hash%registers]
	*r = max(*r, uint8(bits.LeadingZeros64(hash|registers-1))+1)
}

// Merge adds what o has seen.
func (d *Distinct) Merge(o *Distinct) {
	for i, n := range o.most {
		d.most[i] = max(d.most[i], n)
	}
}

// N is about how many there were.
func (d *Distinct) N() uint64 {
	sum, empty := 0.0, 0
	for _, n := range d.most {
		sum += math.Ldexp(1, -int(n))
		if n == 0 {
			empty++
		}
	}
	const m = registers
	n := 0.7213 / (1 + 1.079/m) * m * m / sum
	if n < 2.5*m && empty > 0 {
		n = m * math.Log(m/float64(empty)) // few: by the registers that nothing has hit
	}
	return uint64(math.Round(n))
}
