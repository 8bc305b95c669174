// Package pack makes few octets of many numbers. The same calls write them and read
// them back, so that what is written and what is read cannot differ.
package pack

import (
	"encoding/binary"
	"unsafe"
)

// Coder writes numbers one after the other, or reads them in the same order.
type Coder struct {
	b       []byte
	reading bool
	lossy   bool
}

// Begin makes k write, into the room of what it wrote before.
func (k *Coder) Begin() { k.b, k.reading, k.lossy = k.b[:0], false, false }

// Octets are what was written since Begin, until the next. It reports false if a
// number could not be written.
func (k *Coder) Octets() ([]byte, bool) { return k.b, !k.lossy }

// From returns a Coder that reads what Octets returned.
func From(b []byte) Coder { return Coder{b: b, reading: true} }

// Reading reports whether k reads.
func (k *Coder) Reading() bool { return k.reading }

// Integer is what a Coder takes.
type Integer interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int32 | ~int64
}

// Num writes or reads a number that is mostly small and not negative.
func Num[T Integer](k *Coder, v *T) {
	if k.reading {
		*v = T(k.take())
		return
	}
	k.put(uint64(*v))
}

// Since writes or reads a number that is 0 or mostly near base.
func Since[T Integer](k *Coder, v *T, base T) {
	if k.reading {
		z := k.take()
		if z == 0 {
			*v = 0
			return
		}
		z--
		*v = base + T(z>>1^-(z&1))
		return
	}
	if *v == 0 {
		k.b = append(k.b, 0)
		return
	}
	spare := 64 - 8*unsafe.Sizeof(*v)
	d := int64(*v-base) << spare >> spare // the shorter way round
	z := uint64(d<<1) ^ uint64(d>>63)
	k.lossy = k.lossy || z+1 == 0
	k.put(z + 1)
}

// Bool writes or reads a truth value.
func Bool(k *Coder, v *bool) {
	var n uint8
	if *v {
		n = 1
	}
	Num(k, &n)
	*v = n != 0
}

func (k *Coder) put(v uint64) {
	if v < 0x80 {
		k.b = append(k.b, byte(v))
		return
	}
	k.b = binary.AppendUvarint(k.b, v)
}

func (k *Coder) take() uint64 {
	if len(k.b) > 0 && k.b[0] < 0x80 {
		v := k.b[0]
		k.b = k.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(k.b)
	k.b = k.b[max(n, 0):]
	return v
}
