package capture

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// codec is a compression, recognised by content.
type codec struct {
	name  string
	magic string
	mask  string // bits of magic that count; empty for all
	open  func(*bufio.Reader) (io.Reader, error)
}

var codecs = []codec{
	{name: "gzip", magic: "\x1f\x8b\x08", open: openGzip},
	{name: "zstd", magic: "\x28\xb5\x2f\xfd", open: openZstd},
	{name: "zstd", magic: "\x50\x2a\x4d\x18", mask: "\xf0\xff\xff\xff", open: openZstd}, // skippable frame first
	{name: "xz", magic: xzMagic, open: openXZ},
}

// rawBlock is the size of the buffer between an input and its decompressor.
// Reads of more than that (a window's, when nothing is compressed) go past it.
const rawBlock = 64 << 10

// decompress returns the octets of src decompressed, and the name of the
// compression; or src as it is, and "".
func decompress(src io.Reader) (io.Reader, string) {
	buf := bufio.NewReaderSize(src, rawBlock)
	begin, _ := buf.Peek(len(xzMagic)) // too few match nothing
	for _, c := range codecs {
		if c.matches(begin) {
			return &decoded{codec: c, src: buf}, c.name
		}
	}
	return buf, ""
}

func (c *codec) matches(begin []byte) bool {
	if len(begin) < len(c.magic) {
		return false
	}
	begin = bytes.Clone(begin[:len(c.magic)])
	for i := range c.mask {
		begin[i] &= c.mask[i]
	}
	return string(begin) == c.magic
}

// decoded is the decompressed input. Faults of the data are
// a *decodeError.
type decoded struct {
	codec codec
	src   *bufio.Reader
	out   io.Reader
}

func (d *decoded) Read(p []byte) (n int, err error) {
	if d.out == nil {
		if d.out, err = d.codec.open(d.src); err != nil {
			return 0, d.fail(err)
		}
	}
	n, err = d.out.Read(p)
	if err != nil && err != io.EOF {
		err = d.fail(err)
	}
	return n, err
}

func (d *decoded) fail(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e // the file cannot be read: no fault of the data
	}
	if err == io.EOF { // on opening only
		err = io.ErrUnexpectedEOF
	}
	return &decodeError{codec: d.codec.name, err: err}
}

// decodeError is compressed data that cannot be decompressed.
type decodeError struct {
	codec string
	err   error
}

func (e *decodeError) Error() string {
	if errors.Is(e.err, io.ErrUnexpectedEOF) {
		return "the " + e.codec + " data is cut off"
	}
	return "the " + e.codec + " data is damaged: " + strings.TrimPrefix(e.err.Error(), e.codec+": ")
}

func (e *decodeError) Unwrap() error { return e.err }

func openGzip(src *bufio.Reader) (io.Reader, error) { return gzip.NewReader(src) }

// The window of zstd is memory that the decoder takes at once. Up to
// smallWindow it gets it. Up to maxWindow, which is what the zstd tool itself
// decodes without being asked to do more, only when longInput of compressed
// data is really there. A shorter input with such a window (zstd --long on a
// pipe) is decoded in one go, which needs no window, up to maxWhole.
const (
	smallWindow = 32 << 20
	maxWindow   = 128 << 20
	longInput   = 1 << 20
	maxWhole    = 64 << 20
)

func openZstd(src *bufio.Reader) (io.Reader, error) {
	var h zstd.Header
	begin, _ := src.Peek(zstd.HeaderMaxSize)
	if err := h.Decode(begin); err != nil || h.WindowSize <= smallWindow {
		return newZstd(src, smallWindow)
	}
	head := make([]byte, longInput)
	n, err := io.ReadFull(src, head)
	switch err {
	case nil:
		return newZstd(io.MultiReader(bytes.NewReader(head), src), maxWindow)
	case io.ErrUnexpectedEOF:
		return wholeZstd(head[:n])
	}
	return nil, err
}

// newZstd decodes on the caller's goroutine.
func newZstd(src io.Reader, window uint64) (io.Reader, error) {
	return zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window))
}

// wholeZstd decodes all of data; what came before a fault is read first.
func wholeZstd(data []byte) (io.Reader, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecoderMaxMemory(maxWhole))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	out, err := d.DecodeAll(data, nil)
	return io.MultiReader(bytes.NewReader(out), failing{err}), nil
}

// failing is a reader at its end: of an error, or io.EOF if that is nil.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
