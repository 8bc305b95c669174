package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/pierrec/lz4/v4"
)

const lz4Magic = "\x04\x22\x4d\x18"

// lz4Reader reads the frames of lz4 (version 1.6 of the frame format), and leaves what
// is in them to the library, one at a time. The library's own reader would also go over
// from a frame to the format before frames, where it goes into one call more for every
// four octets of some: enough of them use up the stack, and nothing recovers from that.
type lz4Reader struct {
	frame lz4Frame
	data  *lz4.Reader
	ended bool // the frame is read
}

func openLZ4(src *bufio.Reader) (io.Reader, error) {
	z := &lz4Reader{frame: lz4Frame{src: src}, data: lz4.NewReader(nil)}
	if err := z.data.Apply(lz4.ConcurrencyOption(1)); err != nil {
		return nil, err
	}
	return z, z.next()
}

func (z *lz4Reader) Read(p []byte) (n int, err error) {
	for n == 0 && err == nil {
		if z.ended {
			if err := z.next(); err != nil {
				return 0, err
			}
		}
		n, err = z.data.Read(p)
		if err == io.EOF {
			z.ended, err = true, nil
		}
	}
	return n, err
}

// next goes to the next frame, past those that are to be skipped. It returns io.EOF when
// there is none.
func (z *lz4Reader) next() error {
	for {
		magic, err := z.frame.src.Peek(len(lz4Magic))
		switch {
		case len(magic) == 0:
			return err
		case string(magic) == lz4Magic:
			z.ended = false
			z.frame.begin()
			z.data.Reset(&z.frame)
			return nil
		case !isSkippable(magic):
			return errors.New("something else than a frame follows")
		}
		if err := z.frame.pass(); err != nil {
			return cut(err)
		}
	}
}

// lz4Frame is the input up to the end of a frame.
//
//	frame: magic, flags, block size, [content size], [dictionary], checksum
//	       blocks: size, data, [checksum]
//	       a size of 0, [checksum]
type lz4Frame struct {
	src     *bufio.Reader
	left    int64 // octets of the part that is being read
	flags   byte
	started bool
	last    bool // the part is the last one
}

// Flags of a frame.
const (
	lz4Dictionary      = 1 << 0
	lz4ContentChecksum = 1 << 2
	lz4ContentSize     = 1 << 3
	lz4BlockChecksum   = 1 << 4
)

func (f *lz4Frame) begin() { f.left, f.started, f.last = 0, false, false }

func (f *lz4Frame) Read(p []byte) (int, error) {
	if f.left == 0 {
		if f.last {
			return 0, io.EOF
		}
		if err := f.part(); err != nil {
			return 0, err
		}
	}
	n, err := f.src.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, cut(err)
}

// part finds out how long the next part is.
func (f *lz4Frame) part() error {
	if !f.started {
		return f.header()
	}
	b, err := f.src.Peek(4)
	if len(b) < 4 {
		return cut(err)
	}
	const uncompressed = 1 << 31
	n := int64(binary.LittleEndian.Uint32(b) &^ uncompressed)
	checksum := byte(lz4BlockChecksum)
	if binary.LittleEndian.Uint32(b) == 0 {
		f.last, checksum = true, lz4ContentChecksum
	}
	f.left = 4 + n + f.octets(checksum, 4)
	return nil
}

func (f *lz4Frame) header() error {
	b, err := f.src.Peek(6)
	if len(b) < 6 {
		return cut(err)
	}
	f.started, f.flags = true, b[4]
	f.left = 7 + f.octets(lz4ContentSize, 8) + f.octets(lz4Dictionary, 4)
	return nil
}

// octets is how long a part is that is there if a flag is set.
func (f *lz4Frame) octets(flag byte, n int64) int64 {
	if f.flags&flag == 0 {
		return 0
	}
	return n
}

// pass skips a frame that is to be skipped: magic, size, data.
func (f *lz4Frame) pass() error {
	var h [8]byte
	if _, err := io.ReadFull(f.src, h[:]); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, f.src, int64(binary.LittleEndian.Uint32(h[4:])))
	return err
}
