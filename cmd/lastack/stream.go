package main

import (
	"errors"
	"io"
	"time"

	"github.com/lastack/lastack/capture"
)

// errStopped is what a stream yields after the run was told to end.
var errStopped = errors.New("interrupted")

// cutShort reports whether err is the end that a run was told to make, and no fault.
func cutShort(err error) bool {
	return errors.Is(err, errStopped) || errors.Is(err, capture.ErrFollowed)
}

// writeError is an error of the output that came up while reading.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// stream is standard input as a run reads it: a Read that waits for a pipe
// ends when the run is told to, and before it waits it says so.
type stream struct {
	in   io.Reader
	stop <-chan struct{}
	// wait, if not nil, is called before a Read waits for input: the moment to
	// show what is known so far. Its error is the Read's. It runs in the
	// goroutine that reads.
	wait func() error

	blocks chan block    // from the goroutine that reads ahead
	taken  chan struct{} // to it: the last block is used up
	rest   block
}

// block is what one Read of the input returned.
type block struct {
	data []byte
	err  error
}

const streamBlock = 64 << 10

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.rest.data) == 0 && s.rest.err == nil {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest.data)
	s.rest.data = s.rest.data[n:]
	if len(s.rest.data) > 0 {
		return n, nil
	}
	return n, s.rest.err
}

// next takes the next block.
func (s *stream) next() error {
	if s.blocks == nil {
		s.blocks, s.taken = make(chan block), make(chan struct{})
		go s.pump()
	} else {
		select {
		case s.taken <- struct{}{}:
		case <-s.stop:
			return errStopped
		}
	}
	select {
	case s.rest = <-s.blocks:
		return nil
	case <-s.stop:
		return errStopped
	case <-time.After(soon):
	}
	if err := s.waits(); err != nil {
		return err
	}
	select {
	case s.rest = <-s.blocks:
		return nil
	case <-s.stop:
		return errStopped
	}
}

// waits says that there is nothing to read.
func (s *stream) waits() error {
	if s.wait != nil {
		if err := s.wait(); err != nil {
			return &writeError{err}
		}
	}
	return nil
}

// soon is how long a Read waits before it says so: a pipe that is being filled
// is never empty for so long, and nobody who looks on would notice.
const soon = 5 * time.Millisecond

// pump reads on behalf of Read, which may not wait for it. It stays behind in
// its last Read when the run ends early.
func (s *stream) pump() {
	data := make([]byte, streamBlock)
	for {
		n, err := s.in.Read(data)
		select {
		case s.blocks <- block{data[:n], err}:
		case <-s.stop:
			return
		}
		if err != nil {
			return
		}
		select {
		case <-s.taken:
		case <-s.stop:
			return
		}
	}
}
