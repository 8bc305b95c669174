// Package pack makes few octets of many numbers. The same calls write them and read
// them back, so that what is written and what is read cannot differ.
package pack

import (
	"encoding/binary"
	"unsafe"
)

// Coder writes numbers one after the other, or reads them in the same order. In front
// of every eight is an octet that says which of them are not 0: only those follow.
type Coder struct {
	in, out []byte
	mask    int   // when writing, where that octet is; when reading, it
	left    uint8 // numbers for which it has a bit
	reading bool
	lossy   bool
}

// Begin makes k write, into the room of what it wrote before.
func (k *Coder) Begin() { k.out, k.left, k.reading, k.lossy = k.out[:0], 0, false, false }

// Octets are what was written since Begin, until the next. It reports false if a
// number could not be written.
func (k *Coder) Octets() ([]byte, bool) { return k.out, !k.lossy }

// From makes k read what Octets returned.
func (k *Coder) From(b []byte) { k.in, k.left, k.reading = b, 0, true }

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

// Since writes or reads a number that is mostly base, 0, or near base.
func Since[T Integer](k *Coder, v *T, base T) {
	if k.reading {
		switch z := k.take(); z {
		case 0:
			*v = base
		case 1:
			*v = 0
		default:
			z--
			*v = base + T(z>>1^-(z&1))
		}
		return
	}
	switch *v {
	case base:
		k.put(0)
	case 0:
		k.put(1)
	default:
		spare := 64 - 8*unsafe.Sizeof(*v)
		d := int64(*v-base) << spare >> spare // the shorter way round
		z := uint64(d<<1) ^ uint64(d>>63)
		k.lossy = k.lossy || z+1 == 0
		k.put(z + 1)
	}
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
	if k.left == 0 {
		k.left, k.mask = 8, len(k.out)
		k.out = append(k.out, 0)
	}
	k.left--
	if v == 0 {
		return
	}
	k.out[k.mask] |= 1 << k.left
	if v < 0x80 {
		k.out = append(k.out, byte(v))
		return
	}
	k.out = binary.AppendUvarint(k.out, v)
}

func (k *Coder) take() uint64 {
	if k.left == 0 {
		k.left, k.mask = 8, int(k.octet())
	}
	k.left--
	if k.mask>>k.left&1 == 0 {
		return 0
	}
	if len(k.in) > 0 && k.in[0] < 0x80 {
		return uint64(k.octet())
	}
	v, n := binary.Uvarint(k.in)
	k.in = k.in[max(n, 0):]
	return v
}

// octet reads an octet, 0 if there is none.
func (k *Coder) octet() (b byte) {
	if len(k.in) > 0 {
		b, k.in = k.in[0], k.in[1:]
	}
	return b
}
