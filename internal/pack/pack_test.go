package pack

import (
	"math"
	"testing"
)

// FuzzCoder: what is written is read back, and whatever is read there is no panic.
func FuzzCoder(f *testing.F) {
	f.Add(uint64(0), uint64(0), uint32(0), uint32(0), int64(0), uint8(1), []byte{0x80})
	f.Add(uint64(math.MaxUint64), uint64(1), uint32(math.MaxUint32), uint32(5), int64(math.MinInt64), uint8(200), []byte{})
	f.Fuzz(func(t *testing.T, a, base uint64, b, near uint32, c int64, d uint8, junk []byte) {
		type values struct {
			a, a2 uint64
			b, b2 uint32
			c, c2 int64
			d     uint8
			odd   bool
		}
		code := func(k *Coder, v *values) {
			Num(k, &v.a)
			Since(k, &v.a2, base)
			Num(k, &v.b)
			Since(k, &v.b2, near)
			Num(k, &v.c)
			Since(k, &v.c2, int64(base))
			Num(k, &v.d)
			Bool(k, &v.odd)
		}
		in := values{a, a, b, b, c, c, d, d&1 == 1}
		var k, again Coder
		k.Begin()
		code(&k, &in)
		octets, ok := k.Octets()
		if ok {
			var out values
			again.From(octets)
			code(&again, &out)
			if out != in || len(again.in) > 0 {
				t.Errorf("%+v became %+v, %d octets left", in, out, len(again.in))
			}
		} else if uint64(c)-base != 1<<63 && a-base != 1<<63 {
			t.Errorf("%+v cannot be written", in)
		}
		var out values
		again.From(junk)
		code(&again, &out)
	})
}
