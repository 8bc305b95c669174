package capture

import (
	"math"
	"math/bits"
)

// clock turns the ticks of a pcapng interface into nanoseconds since the Unix
// epoch: ticks * mul / div >> shift + offset, rounded down, exact in 128
// bits. Times before 1678 and after latest stop at the bound.
type clock struct {
	direct   uint64 // below as many ticks, ticks * mul is all there is to do
	mul, div uint64
	shift    uint
	offset   int64 // nanoseconds
}

// latest is the last time that is believed, in the year 2255: a century and
// more may be added to it.
const latest = 9e18

// defaultClock counts microseconds, as an interface without if_tsresol does.
var defaultClock = newClock(6)

// newClock takes the octet of if_tsresol: the resolution is 10^-v, or 2^-v
// when the upper bit is set.
func newClock(tsresol byte) clock {
	v := uint(tsresol & 0x7f)
	switch {
	case tsresol&0x80 != 0:
		return clock{mul: 1e9, div: 1, shift: v}
	case v <= 9:
		mul := pow10(9 - v)
		return clock{direct: latest / mul, mul: mul, div: 1}
	case v <= 28:
		return clock{mul: 1, div: pow10(v - 9)}
	}
	return clock{mul: 0, div: 1} // 2^64 ticks are less than a nanosecond
}

// setOffset takes the seconds of if_tsoffset.
func (c *clock) setOffset(seconds int64) {
	if seconds != 0 {
		c.direct = 0
	}
	hi, lo := bits.Mul64(magnitude(seconds), 1e9)
	switch {
	case hi == 0 && lo <= math.MaxInt64 && seconds >= 0:
		c.offset = int64(lo)
	case hi == 0 && lo <= math.MaxInt64:
		c.offset = -int64(lo)
	case seconds >= 0:
		c.offset = math.MaxInt64
	default:
		c.offset = math.MinInt64
	}
}

func (c *clock) nanoseconds(ticks uint64) int64 {
	if ticks < c.direct {
		return int64(ticks * c.mul)
	}
	return c.exact(ticks)
}

func (c *clock) exact(ticks uint64) int64 {
	hi, lo := bits.Mul64(ticks, c.mul)
	if c.div > 1 { // then mul is 1 and hi is 0
		lo /= c.div
	}
	hi, lo = shiftRight(hi, lo, c.shift)
	if hi > 0 || lo > latest {
		lo = latest
	}
	return addSaturating(int64(lo), c.offset)
}

// shiftRight shifts a 128-bit number by n, which is at most 127.
func shiftRight(hi, lo uint64, n uint) (uint64, uint64) {
	if n >= 64 {
		return 0, hi >> (n - 64)
	}
	return hi >> n, lo>>n | hi<<(64-n)
}

// addSaturating adds a, which is not negative, and b.
func addSaturating(a, b int64) int64 {
	if b > latest-a {
		return latest
	}
	return a + b
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func pow10(n uint) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
