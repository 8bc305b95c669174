package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// codec is a compression, recognised by content.
type codec struct {
	name   string
	ending string // of the names of such files
	magic  string
	mask   string // bits of magic that count; empty for all
	open   func(*bufio.Reader) (io.Reader, error)
}

var codecs = []codec{
	{name: "gzip", ending: ".gz", magic: "\x1f\x8b\x08", open: openGzip},
	{name: "zstd", ending: ".zst", magic: "\x28\xb5\x2f\xfd", open: openZstd},
	{name: "zstd", ending: ".zst", magic: skippable, mask: skippableMask, open: openZstd}, // such a frame first
	{name: "xz", ending: ".xz", magic: xzMagic, open: openXZ},
	{name: "lz4", ending: ".lz4", magic: lz4Magic, open: openLZ4},
	{name: "bzip2", ending: ".bz2", magic: "BZh\x30", mask: "\xff\xff\xff\xf0", open: openBzip2}, // the digit is the size of its blocks
}

// skippable begins a frame that zstd and lz4 skip, and so do 15 more.
const (
	skippable     = "\x50\x2a\x4d\x18"
	skippableMask = "\xf0\xff\xff\xff"
)

func isSkippable(b []byte) bool {
	return (&codec{magic: skippable, mask: skippableMask}).matches(b)
}

// rawBlock is the size of the buffer between an input and its decompressor.
// Reads of more than that (a window's, when nothing is compressed) go past it.
const rawBlock = 64 << 10

// decompress returns the octets of src decompressed, and the name of the
// compression; or src as it is, and "".
func decompress(src io.Reader) (io.Reader, string) {
	buf := bufio.NewReaderSize(src, rawBlock)
	begin, _ := buf.Peek(len(xzMagic)) // too few match nothing
	for _, magic := range [...][]byte{skipped(buf, begin), begin} {
		for _, c := range codecs {
			if c.matches(magic) {
				return &decoded{codec: c, src: buf}, c.name
			}
		}
	}
	return buf, ""
}

// skipped returns what follows a frame that zstd and lz4 both skip, if the input begins with one
// and that is near: only it tells which of them this is.
func skipped(buf *bufio.Reader, begin []byte) []byte {
	const header = 8
	if !isSkippable(begin) {
		return nil
	}
	if begin, _ = buf.Peek(header); len(begin) < header {
		return nil
	}
	at := header + uint64(binary.LittleEndian.Uint32(begin[4:]))
	if at > rawBlock-uint64(len(lz4Magic)) {
		return nil
	}
	all, _ := buf.Peek(int(at) + len(lz4Magic))
	return all[min(int(at), len(all)):]
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

// Close ends what decompresses.
func (d *decoded) Close() error {
	if z, ok := d.out.(*zstd.Decoder); ok {
		z.Close()
	}
	return nil
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

// errBeyond is for compressed data that may be in order, and that is not decompressed here.
var errBeyond = errors.New("not supported")

func (e *decodeError) Error() string {
	if errors.Is(e.err, io.ErrUnexpectedEOF) {
		return "the " + e.codec + " data is cut off"
	}
	switch {
	case errors.Is(e.err, errBeyond):
		return "the " + e.codec + " data is " + e.err.Error() + unpack
	case errors.Is(e.err, zstd.ErrWindowSizeExceeded):
		return fmt.Sprintf("the zstd data is %v: a window of more than %d octets%s", errBeyond, maxWindow, unpack)
	}
	what := strings.TrimPrefix(e.err.Error(), e.codec+": ")
	return "the " + e.codec + " data is damaged: " + strings.TrimPrefix(what, e.codec+" data invalid: ")
}

func (e *decodeError) Unwrap() error { return e.err }

func openGzip(src *bufio.Reader) (io.Reader, error) { return gzip.NewReader(src) }

// The window of zstd is memory that the decoder takes at once. Up to
// smallWindow it gets it. Up to maxWindow, which is what the zstd tool itself
// decodes without being asked to do more, only when longInput of compressed
// data is really there. For a shorter input with such a window (zstd --long
// writes one for any input) the header is made to say smallWindow, which is
// as good unless it refers back further than that.
const (
	smallWindow = 1 << 25
	maxWindow   = 1 << 27
	longInput   = 1 << 20
)

func openZstd(src *bufio.Reader) (io.Reader, error) {
	var h zstd.Header
	begin, _ := src.Peek(zstd.HeaderMaxSize)
	err := h.Decode(begin)
	if h.SingleSegment {
		h.WindowSize = h.FrameContentSize
	}
	if err != nil || h.WindowSize <= smallWindow {
		return newZstd(src, smallWindow)
	}
	head := make([]byte, longInput)
	n, err := io.ReadFull(src, head)
	if err == io.ErrUnexpectedEOF {
		return newZstd(shrinkWindow(head[:n]), smallWindow)
	}
	if err != nil {
		return nil, err
	}
	return newZstd(io.MultiReader(bytes.NewReader(head), src), maxWindow)
}

// newZstd decodes on the caller's goroutine, or with more processors than that and the
// analysis have use for, on some of its own.
func newZstd(src io.Reader, window uint64) (io.Reader, error) {
	beside := min(max(1, runtime.GOMAXPROCS(0)-2), 4)
	return zstd.NewReader(src, zstd.WithDecoderConcurrency(beside), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(window))
}

// shrinkWindow returns the octets of a frame with its window set to
// smallWindow. The header is magic, descriptor, window (not in a frame of a
// single segment, whose window is its content), and what stays as it is.
func shrinkWindow(frame []byte) io.Reader {
	const singleSegment = 1 << 5
	const window = (25 - 10) << 3 // exponent less ten, mantissa
	descriptor, rest := frame[4], frame[5:]
	if descriptor&singleSegment == 0 {
		rest = frame[6:]
	}
	header := append(frame[:4:4], descriptor&^singleSegment, window)
	return io.MultiReader(bytes.NewReader(header), bytes.NewReader(rest))
}
