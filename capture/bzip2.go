package capture

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"
)

// A block of bzip2 is at most 900,000 octets with runs of five octets that stand for up
// to 259 more, and takes some forty octets of input at least: a kilobyte could keep the
// machine busy with a gigabyte. What comes out may be freeExpansion, and beyond that
// expansionPerOctet for each octet that went in, which not even frames of 9,000 zeros pass.
const (
	freeExpansion     = 64 << 20
	expansionPerOctet = 1 << 12
)

// bzip2Reader reads bzip2, and bounds how far it expands.
type bzip2Reader struct {
	src  counted
	data io.Reader
	out  int64
}

func openBzip2(src *bufio.Reader) (io.Reader, error) {
	b := &bzip2Reader{src: counted{Reader: src}}
	b.data = bzip2.NewReader(&b.src)
	return b, nil
}

func (b *bzip2Reader) Read(p []byte) (int, error) {
	n, err := b.data.Read(p)
	if b.out += int64(n); b.out > freeExpansion+expansionPerOctet*b.src.n {
		return n, errors.New("next to no data makes too much")
	}
	return n, err
}
