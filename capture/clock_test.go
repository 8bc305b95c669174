package capture

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestClock holds every resolution that the octet of if_tsresol can state,
// the hostile ones included, against arithmetic without bounds.
func TestClock(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for v := range 256 {
		ticks := []uint64{0, 1, 999, 1e9, 1 << 32, math.MaxInt64, math.MaxUint64}
		for range 50 {
			ticks = append(ticks, rnd.Uint64()>>rnd.UintN(64))
		}
		for _, offset := range []int64{0, 1, -1, 3600, math.MaxInt64, math.MinInt64, 9223372036, -9223372036, 9223372037} {
			c := newClock(byte(v))
			c.setOffset(offset)
			for _, n := range ticks {
				if got, want := c.nanoseconds(n), trueTime(byte(v), n, offset); got != want {
					t.Fatalf("if_tsresol %#x, %d ticks, offset %d: %d, want %d", v, n, offset, got, want)
				}
			}
		}
	}
}

// trueTime is floor(ticks * resolution) + offset in nanoseconds, each held
// within an int64.
func trueTime(tsresol byte, ticks uint64, offset int64) int64 {
	base := big.NewInt(10)
	if tsresol&0x80 != 0 {
		base.SetInt64(2)
	}
	perSecond := base.Exp(base, big.NewInt(int64(tsresol&0x7f)), nil)
	ns := new(big.Int).Mul(new(big.Int).SetUint64(ticks), big.NewInt(1e9))
	ns = within(ns.Div(ns, perSecond))
	off := within(new(big.Int).Mul(big.NewInt(offset), big.NewInt(1e9)))
	return within(ns.Add(ns, off)).Int64()
}

func within(n *big.Int) *big.Int {
	for _, bound := range []int64{math.MinInt64, int64(latest)} {
		b := big.NewInt(bound)
		if n.Cmp(b)*big.NewInt(bound).Sign() > 0 {
			return b
		}
	}
	return n
}
