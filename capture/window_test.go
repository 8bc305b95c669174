package capture

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// TestWindow reads pieces of random length through sources that return as
// little as they may, and compares content and offsets.
func TestWindow(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 3*blockSize+12345)
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	sources := map[string]func(io.Reader) io.Reader{
		"whole":           func(r io.Reader) io.Reader { return r },
		"half":            iotest.HalfReader,
		"error with data": iotest.DataErrReader,
		"empty reads":     func(r io.Reader) io.Reader { return &stutter{r: r} },
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			w := window{src: source(bytes.NewReader(data))}
			at := 0
			for at < len(data) {
				n := min(1+rnd.IntN(100<<rnd.UintN(12)), len(data)-at)
				got, err := w.peek(n)
				if err != nil || !bytes.Equal(got, data[at:at+n]) || w.offset() != int64(at) {
					t.Fatalf("%d octets at %d (offset %d): %v", n, at, w.offset(), err)
				}
				w.skip(n)
				at += n
			}
			if _, err := w.peek(1); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// stutter returns nothing from every second read.
type stutter struct {
	r    io.Reader
	idle bool
}

func (s *stutter) Read(p []byte) (int, error) {
	if s.idle = !s.idle; s.idle {
		return 0, nil
	}
	return s.r.Read(p)
}

func TestWindowEnds(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name string
		src  io.Reader
		want string
	}{
		{"at once", bytes.NewReader(nil), "EOF"},
		{"inside", bytes.NewReader(make([]byte, 7)), "the capture is cut off in this : 7 of 10 octets are there"},
		{"error", iotest.ErrReader(broken), "broken"},
		{"error inside", io.MultiReader(bytes.NewReader(make([]byte, 7)), iotest.ErrReader(broken)), "broken"},
		{"never anything", idle{}, io.ErrNoProgress.Error()},
	} {
		w := window{src: c.src}
		for range 2 { // an error stays
			if _, err := w.peek(10); err == nil || err.Error() != c.want {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
		}
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestWindowGrows checks that the buffer follows what was read, not what was
// asked for.
func TestWindowGrows(t *testing.T) {
	w := window{src: bytes.NewReader(make([]byte, 100))}
	if _, err := w.peek(maxBlock); err == nil || len(w.buf) > firstBlock {
		t.Errorf("100 octets made a buffer of %d: %v", len(w.buf), err)
	}
	w = window{src: bytes.NewReader(make([]byte, maxBlock))}
	if b, err := w.peek(maxBlock); len(b) != maxBlock || len(w.buf) != maxBlock {
		t.Errorf("%d octets in a buffer of %d: %v", len(b), len(w.buf), err)
	}
	w = window{src: bytes.NewReader(make([]byte, 50*blockSize))}
	for range 50 * blockSize / 512 {
		w.peek(512)
		w.skip(512)
	}
	if len(w.buf) != blockSize {
		t.Errorf("small pieces of a large input made a buffer of %d", len(w.buf))
	}
}
