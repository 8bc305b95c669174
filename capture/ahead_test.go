package capture

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
	"time"
)

// TestAhead: what is read ahead is what was to be read, with the error behind it, and
// closing ends the goroutine, wherever it is.
func TestAhead(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcde"), 500_000)
	broken := errors.New("broken")
	for _, size := range []int{1, 1000, blockSize, blockSize + 1, 3 * blockSize} {
		team := aheads{free: 1}
		a := &ahead{src: io.MultiReader(bytes.NewReader(data), iotest.ErrReader(broken)), team: &team}
		got, err := io.ReadAll(&limited{a, size})
		if !bytes.Equal(got, data) || err != broken || team.free != 0 {
			t.Errorf("reads of %d: %d octets of %d, %v, room for %d more", size, len(got), len(data), err, team.free)
		}
		if a.close(); team.free != 1 {
			t.Error("it has not ended")
		}
	}
}

// limited reads at most so many octets at a time.
type limited struct {
	io.Reader
	most int
}

func (l *limited) Read(p []byte) (int, error) { return l.Reader.Read(p[:min(len(p), l.most)]) }

// TestAheadGivenUp: closed in the middle, with the goroutine waiting for room, nothing
// goes on.
func TestAheadGivenUp(t *testing.T) {
	before := runtime.NumGoroutine()
	team := aheads{free: 1}
	a := &ahead{src: bytes.NewReader(make([]byte, 100*blockSize)), team: &team}
	for range 2 * aheadDirect {
		if _, err := io.ReadFull(a, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if a.close(); team.free != 1 {
		t.Error("it is still counted")
	}
	for n := 0; runtime.NumGoroutine() > before; n++ {
		if n == 5000 {
			t.Fatalf("%d goroutines became %d", before, runtime.NumGoroutine())
		}
		time.Sleep(time.Millisecond)
	}
}

// TestPipesAreReadByTheCaller: what reads a pipe may do more than read, such as flush
// what has been analysed, before it waits. So it has no goroutine of its own.
func TestPipesAreReadByTheCaller(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(append([]byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00"),
		bytes.Repeat(append([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x40\x00\x00\x00"), make([]byte, 64)...), 100_000)...))
	z.Close()
	before := runtime.NumGoroutine()
	s, err := OpenReader("pipe", &packed)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var p Packet
	for range 90_000 {
		if err := s.Next(&p); err != nil {
			t.Fatal(err)
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines became %d", before, after)
	}
}
