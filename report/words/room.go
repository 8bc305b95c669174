package words

import (
	"strconv"
	"strings"
)

// Room is where short texts are put together, many of them in one allocation.
// The zero value is ready. A text keeps the block in memory that it lies in.
type Room struct{ b *strings.Builder }

const (
	roomSize = 4 << 10 // of a block
	roomMost = 512     // what a text takes at most without an allocation of its own
)

// Begin returns the builder to write a text with, and where the text begins in
// it: it is what the builder's String has from there on.
func (r *Room) Begin() (b *strings.Builder, from int) {
	if r.b == nil || r.b.Cap()-r.b.Len() < roomMost {
		r.b = new(strings.Builder)
		r.b.Grow(roomSize)
	}
	return r.b, r.b.Len()
}

// Text returns a copy of b as a string.
func (r *Room) Text(b []byte) string {
	w, from := r.Begin()
	w.Write(b)
	return w.String()[from:]
}

// WriteUint writes a number in decimal.
func WriteUint(b *strings.Builder, n uint64) {
	var room [20]byte
	b.Write(strconv.AppendUint(room[:0], n, 10))
}
