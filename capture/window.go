package capture

import (
	"fmt"
	"io"
)

// A window starts small, so that ten thousand small files cost little, and
// doubles whenever one read filled it, up to blockSize; larger blocks were
// measured to be no faster. Beyond that it grows only while one structure
// longer than it is being read, with the octets that really arrive.
const (
	firstBlock = 64 << 10
	blockSize  = 256 << 10
)

// Block is memory that the data of packets lies in, from Holder.Hold. It is not safe
// for use by several goroutines.
type Block struct {
	octets []byte
	holds  int  // of others
	gone   bool // the window has another one
	free   *[]*Block
}

// maxFree is how many blocks a window keeps for later.
const maxFree = 32

// Again holds the block once more.
func (b *Block) Again() *Block {
	b.holds++
	return b
}

// Release ends one Hold.
func (b *Block) Release() {
	if b.holds--; b.holds == 0 && b.gone && len(b.octets) <= blockSize && len(*b.free) < maxFree {
		*b.free = append(*b.free, b)
	}
}

// window is a sliding view of an input, read in large blocks. What it hands
// out is borrowed: valid until the next peek, or as long as it is held.
//
//	buf:  [ used | have: not yet consumed | free ]
//	      0     pos                      end   len
type window struct {
	src      io.Reader
	block    *Block
	buf      []byte // of block
	free     []*Block
	pos, end int
	base     int64 // offset in the input of buf[0]
	filled   bool  // the last read filled buf to its end: more is waiting
	err      error // src's end, given when everything before it is used up
}

// offset is the place in the input of the next octet.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// have is what has been read and not consumed.
func (w *window) have() []byte { return w.buf[w.pos:w.end] }

// skip consumes n octets that a peek has shown.
func (w *window) skip(n int) { w.pos += n }

// peek returns the next n octets without consuming them. It reads only when
// it has fewer, and then takes whatever one read returns: packets of a pipe
// are seen as soon as they are there. The error is io.EOF at the end of the
// input, a *cutError when it ends inside the n octets, or the source's own.
func (w *window) peek(n int) ([]byte, error) {
	if w.end-w.pos < n {
		return w.fill(n)
	}
	return w.buf[w.pos : w.pos+n], nil
}

// fill is peek when there is something to read.
func (w *window) fill(n int) ([]byte, error) {
	if held := w.block != nil && w.block.holds > 0; !held || len(w.buf)-w.end < max(n, firstBlock/4) {
		w.slide() // else there is room behind what is held, as after a read from a pipe
	}
	for w.end-w.pos < n {
		if w.err != nil {
			return nil, w.failure(n)
		}
		if w.end == len(w.buf) {
			w.resize(2 * len(w.buf))
		}
		w.read()
	}
	return w.buf[w.pos : w.pos+n], nil
}

// slide moves what is not consumed to the front, into a larger block when
// reading has been filling this one.
func (w *window) slide() {
	rest := w.rest()
	switch {
	case w.filled && len(w.buf) < blockSize || w.buf == nil:
		w.renew(max(firstBlock, 2*len(w.buf)))
	case w.block.holds > 0:
		w.renew(len(w.buf))
	}
	copy(w.buf, rest)
}

// rest takes what is not consumed, for the beginning of a block.
func (w *window) rest() []byte {
	rest := w.buf[w.pos:w.end]
	w.base += int64(w.pos)
	w.pos, w.end = 0, len(rest)
	return rest
}

// resize takes a larger block.
func (w *window) resize(n int) {
	rest := w.rest()
	w.renew(n)
	copy(w.buf, rest)
}

// renew takes another block, of n octets.
func (w *window) renew(n int) {
	if w.block != nil {
		w.block.gone = true
	}
	for k := len(w.free); k > 0; k = len(w.free) {
		w.block, w.free = w.free[k-1], w.free[:k-1]
		if len(w.block.octets) == n {
			w.block.gone, w.buf = false, w.block.octets
			return
		}
	}
	w.block = &Block{octets: make([]byte, n), free: &w.free}
	w.buf = w.block.octets
}

// hold keeps what has been handed out valid until the block is released.
func (w *window) hold() *Block {
	w.block.holds++
	return w.block
}

// idleReads is how often a source may return neither octets nor an error
// before that counts as an error.
const idleReads = 100

func (w *window) read() {
	for range idleReads {
		n, err := w.src.Read(w.buf[w.end:])
		w.end += n
		w.err = plain(err)
		w.filled = w.end == len(w.buf)
		if n > 0 || err != nil {
			return
		}
	}
	w.err = io.ErrNoProgress
}

// failure says why n octets cannot be had.
func (w *window) failure(n int) error {
	if w.err != io.EOF || w.end == w.pos {
		return w.err
	}
	return &cutError{have: w.end - w.pos, want: n}
}

// cutError is an input that ends in the middle of something.
type cutError struct {
	what       string // "packet record", "block", ...
	have, want int
}

func (e *cutError) Error() string {
	return fmt.Sprintf("the capture is cut off in this %s: %d of %d octets are there", e.what, e.have, e.want)
}

// Unwrap makes every cut an io.ErrUnexpectedEOF.
func (e *cutError) Unwrap() error { return io.ErrUnexpectedEOF }
