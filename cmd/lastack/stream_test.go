package main

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// TestStreamIsItsInput: whatever the sizes of reads on both sides.
func TestStreamIsItsInput(t *testing.T) {
	data := make([]byte, 3*streamBlock+17)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	for name, in := range map[string]io.Reader{
		"whole":   bytes.NewReader(data),
		"halves":  iotest.HalfReader(bytes.NewReader(data)),
		"dataErr": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		s := &stream{in: in, stop: make(chan struct{})}
		if err := iotest.TestReader(s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	s := &stream{in: io.MultiReader(bytes.NewReader(data[:10]), iotest.ErrReader(broken)), stop: make(chan struct{})}
	if got, err := io.ReadAll(s); err != broken || !bytes.Equal(got, data[:10]) {
		t.Errorf("%d octets, %v", len(got), err)
	}
	if _, err := s.Read(make([]byte, 1)); err != broken {
		t.Errorf("the error does not last: %v", err)
	}
}

// TestStreamWaits: before a Read waits, it says so; told to stop, it stops.
func TestStreamWaits(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	stop, waits := make(chan struct{}), make(chan struct{}, 10)
	s := &stream{in: r, stop: stop, wait: func() error { waits <- struct{}{}; return nil }}
	results := make(chan error)
	read := func() {
		_, err := s.Read(make([]byte, 10))
		results <- err
	}
	go read()
	<-waits
	w.Write([]byte("x"))
	if err := <-results; err != nil {
		t.Fatal(err)
	}
	go read()
	<-waits
	close(stop)
	if err := <-results; err != errStopped {
		t.Errorf("%v", err)
	}
	if _, err := s.Read(make([]byte, 1)); err != errStopped {
		t.Errorf("afterwards: %v", err)
	}
}

// TestStreamOutputFails: an error of the output is told apart from one of the
// input.
func TestStreamOutputFails(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	s := &stream{in: r, stop: make(chan struct{}), wait: func() error { return io.ErrClosedPipe }}
	_, err := s.Read(make([]byte, 1))
	if e, ok := errors.AsType[*writeError](err); !ok || !errors.Is(e, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
}
