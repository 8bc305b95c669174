package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// maxBlock is the longest packet record or block that is believed, its
// headers included: 16 MiB, where libpcap stops too. The longest frames that
// hosts produce (Linux BIG TCP) stay under 512 KiB.
const maxBlock = 16 << 20

// reader reads the packets of one capture, in the order of the file.
type reader interface {
	// next fills p but for Number and File, or returns io.EOF or an *Error.
	next(p *Packet) error
	// more fills some of b with packets that lie whole in the window, which
	// stays where it is: those that follow, up to the first that is unusual in
	// any way or not before the given time. It returns how many; next has no
	// need of it, and takes what more leaves.
	more(b []Packet, before int64) int
	// hold keeps what next and more have given last.
	hold() *Block
	// describe fills in what the file has told about itself so far.
	describe(f *FileInfo)
}

// newReader recognises the format by its first octets, and ERF, which has no magic, by
// its first records when nothing else is left.
func newReader(name string, src io.Reader) (reader, error) {
	in := input{name: name, window: window{src: src}}
	magic, err := in.peek(4)
	if err != nil {
		return nil, in.unrecognised(err)
	}
	if f, ok := pcapMagics[[4]byte(magic)]; ok {
		return newPcapReader(in, f)
	}
	if order(false).u32(magic) == blockSection {
		return newPcapngReader(in)
	}
	if begin, err := in.peek(len(snoopMagic)); err == nil && string(begin) == snoopMagic {
		return newSnoopReader(in)
	}
	isERF, err := isERF(&in)
	if isERF {
		return newERFReader(in)
	}
	return nil, in.unrecognised(err)
}

// input is what all readers stand on: the window, and how far they are.
type input struct {
	window
	name   string
	header bool   // the file header is read: what follows belongs to frames
	frame  uint64 // frames so far, as Wireshark numbers them
}

// unrecognised says what an input without a known magic is. err is why not
// even that could be read.
func (in *input) unrecognised(err error) error {
	_, isCut := err.(*cutError)
	_, damaged := err.(*decodeError)
	switch {
	case err == nil || err == io.EOF || isCut:
		err = notCapture(in.have())
	case damaged: // what was decompressed until then is too little to tell
		return &Error{File: in.name, Offset: int64(len(in.have())), Err: fmt.Errorf("%w: %w", ErrNotCapture, err)}
	}
	return &Error{File: in.name, Offset: -1, Err: err}
}

// fail is the *Error for a fault in the structure that begins here, called
// what; an io.EOF passes, since between two structures it is the good end.
func (in *input) fail(what string, err error) error {
	if err == io.EOF {
		return err
	}
	if cut, ok := err.(*cutError); ok {
		cut.what = what
	}
	e := &Error{File: in.name, Offset: in.offset(), Err: err}
	if in.header {
		e.Frame = in.frame + 1
	}
	return e
}

// faultf is fail with a message of its own.
func (in *input) faultf(format string, args ...any) error {
	return in.fail("", fmt.Errorf(format, args...))
}

// order is the byte order of a file or section; true is big-endian.
type order bool

func (o order) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if o {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (o order) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if o {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (o order) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if o {
		v = bits.ReverseBytes64(v)
	}
	return v
}
