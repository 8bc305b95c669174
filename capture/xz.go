package capture

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math"

	"github.com/ulikunitz/xz/lzma"
)

const xzMagic = "\xfd7zXZ\x00"

// Bounds of the dictionary of an xz block. "xz -9" uses maxDictionary.
//
// A dictionary is memory that a block header asks for anew, so a file of many
// tiny blocks could keep the machine busy with clearing memory: dictionaries
// may come to freeDictionaries in all, and beyond that to
// dictionaryPerOctet for each octet that came out.
const (
	maxDictionary      = 64 << 20
	freeDictionaries   = 4 << 30
	dictionaryPerOctet = 64
)

// xzReader reads the .xz container (version 1.2.0 of its specification) and
// leaves the LZMA2 inside it to the library. The library's own container
// reader allocates whatever dictionary a block header claims, up to 4 GiB.
//
//	stream: header, blocks, index, footer; streams follow one another,
//	        with padding in multiples of four zeros between them
//	block:  header, LZMA2 data, padding to four octets, check
type xzReader struct {
	src          counted
	data         io.Reader // of the current block; nil between blocks
	check        hash.Hash
	newCheck     func() hash.Hash
	dictionaries int64 // octets allocated for dictionaries so far
	out          int64 // octets decompressed so far
}

func openXZ(src *bufio.Reader) (io.Reader, error) {
	x := &xzReader{src: counted{Reader: src}}
	return x, x.stream()
}

func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if x.data == nil {
			if err := x.next(); err != nil {
				return 0, err
			}
			continue // the next thing may be another stream
		}
		n, err := x.data.Read(p)
		x.out += int64(n)
		x.check.Write(p[:n])
		if err == io.EOF {
			err = x.endBlock()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next opens the next block, or ends the stream and begins the one after it.
func (x *xzReader) next() error {
	size, err := x.src.ReadByte()
	if err != nil {
		return cut(err)
	}
	if size != 0 {
		return x.block(size)
	}
	if err := x.endStream(); err != nil {
		return err
	}
	return x.stream()
}

// stream reads a stream header: magic, two flag octets, their CRC32. It
// returns io.EOF when there is no further stream.
func (x *xzReader) stream() error {
	if err := x.padding(); err != nil {
		return err
	}
	var h [12]byte
	if err := x.src.full(h[:]); err != nil {
		return err
	}
	if string(h[:6]) != xzMagic {
		return errors.New("something else than a stream follows")
	}
	if crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return errors.New("stream header checksum does not match")
	}
	newCheck, ok := xzChecks[h[7]]
	if h[6] != 0 || !ok {
		return fmt.Errorf("unknown stream flags % x", h[6:8])
	}
	x.newCheck = newCheck
	return nil
}

// xzChecks are the integrity checks by their id.
var xzChecks = map[byte]func() hash.Hash{
	0:  func() hash.Hash { return noCheck{crc32.NewIEEE()} },
	1:  func() hash.Hash { return reversed{crc32.NewIEEE()} },
	4:  func() hash.Hash { return reversed{crc64.New(crc64.MakeTable(crc64.ECMA))} },
	10: sha256.New,
}

// reversed is a CRC that xz stores in little-endian order.
type reversed struct{ hash.Hash }

func (r reversed) Sum(b []byte) []byte {
	s := r.Hash.Sum(nil)
	for i := range s {
		b = append(b, s[len(s)-1-i])
	}
	return b
}

// noCheck is a check of no octets.
type noCheck struct{ hash.Hash }

func (noCheck) Sum(b []byte) []byte { return b }
func (noCheck) Size() int           { return 0 }

// block reads a block header: its size (already read, in units of four octets
// less one), flags, sizes if the flags say so, filters, padding, CRC32.
func (x *xzReader) block(size byte) error {
	h := make([]byte, 4*(int(size)+1))
	h[0] = size
	if err := x.src.full(h[1:]); err != nil {
		return err
	}
	end := len(h) - 4
	if crc32.ChecksumIEEE(h[:end]) != binary.LittleEndian.Uint32(h[end:]) {
		return errors.New("block header checksum does not match")
	}
	dictionary, err := blockDictionary(h[1:end])
	if err != nil {
		return err
	}
	if !x.afford(dictionary) {
		return errors.New("large dictionaries for next to no data")
	}
	x.check = x.newCheck()
	x.data, err = lzma.Reader2Config{DictCap: int(dictionary)}.NewReader2(&x.src)
	return err
}

// afford reports whether one more dictionary is in proportion to what came out
// so far.
func (x *xzReader) afford(dictionary int64) bool {
	x.dictionaries += dictionary
	return x.dictionaries <= freeDictionaries+dictionaryPerOctet*x.out
}

// blockDictionary returns the size of the dictionary of a block whose one
// filter is LZMA2, given its header from the flags on.
func blockDictionary(h []byte) (int64, error) {
	const filters, reserved, compressed, uncompressed = 0x03, 0x3c, 0x40, 0x80
	const lzma2 = 0x21
	r := bytes.NewReader(h)
	flags, _ := r.ReadByte()
	if flags&reserved != 0 || flags&filters != 0 {
		return 0, fmt.Errorf("%w: block flags %#x (only LZMA2 without further filters is known)", errBeyond, flags)
	}
	content := uint64(math.MaxUint64)
	if flags&compressed != 0 {
		binary.ReadUvarint(r) // a fault here shows in the filter below
	}
	if flags&uncompressed != 0 {
		content, _ = binary.ReadUvarint(r)
	}
	var filter [3]byte // id, size of the properties, properties
	if _, err := io.ReadFull(r, filter[:]); err != nil || filter[0] != lzma2 || filter[1] != 1 {
		return 0, fmt.Errorf("%w: filter % x (only LZMA2 is known)", errBeyond, filter)
	}
	n, err := lzma.DecodeDictCap(filter[2])
	if err != nil {
		return 0, err
	}
	// No more is needed than what the block holds.
	n = int64(min(uint64(n), content))
	if n > maxDictionary {
		return 0, fmt.Errorf("%w: dictionary of %d octets (at most %d)", errBeyond, n, maxDictionary)
	}
	return max(n, lzma.MinDictCap), nil
}

// endBlock reads what follows the data of a block.
func (x *xzReader) endBlock() error {
	x.data = nil
	if err := x.src.align(); err != nil {
		return err
	}
	stored := make([]byte, x.check.Size())
	if err := x.src.full(stored); err != nil {
		return err
	}
	if !bytes.Equal(stored, x.check.Sum(nil)) {
		return errors.New("block checksum does not match")
	}
	return nil
}

// endStream reads the index, of which the first octet is read, and the
// footer. What they say is not needed: every block had its own check.
func (x *xzReader) endStream() error {
	records, err := binary.ReadUvarint(&x.src)
	for i := uint64(0); i < records && err == nil; i++ {
		if _, err = binary.ReadUvarint(&x.src); err == nil {
			_, err = binary.ReadUvarint(&x.src)
		}
	}
	if err != nil {
		return cut(err)
	}
	if err := x.src.align(); err != nil {
		return err
	}
	var end [4 + 12]byte // CRC32 of the index; footer
	if err := x.src.full(end[:]); err != nil {
		return err
	}
	if string(end[14:]) != "YZ" {
		return errors.New("stream footer is missing")
	}
	return nil
}

// padding skips the zeros between streams; io.EOF means that nothing follows.
func (x *xzReader) padding() error {
	for {
		b, err := x.src.Peek(4)
		if len(b) == 0 {
			return err
		}
		if !bytes.Equal(b, make([]byte, 4)) {
			return nil
		}
		x.src.Discard(4)
	}
}

// counted is the compressed input, and how much of it was taken: the parts of
// the container are aligned to four octets.
type counted struct {
	*bufio.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// full reads all of p.
func (c *counted) full(p []byte) error {
	_, err := io.ReadFull(c, p)
	return cut(err)
}

// align skips up to a multiple of four octets.
func (c *counted) align() error {
	return c.full(make([]byte, -c.n&3))
}

// cut makes an end in the middle of the container an error.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
