package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// stopper tells a run that it is to end: at the first SIGINT or SIGTERM. The
// second ends the process at once.
type stopper struct {
	requested chan struct{} // closed when it is
	signals   chan os.Signal
	released  chan struct{}
}

func watchSignals() *stopper {
	s := &stopper{
		requested: make(chan struct{}),
		signals:   make(chan os.Signal, 2),
		released:  make(chan struct{}),
	}
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM)
	go s.watch()
	return s
}

func (s *stopper) watch() {
	select {
	case <-s.signals:
		close(s.requested)
	case <-s.released:
		return
	}
	select {
	case <-s.signals:
		os.Exit(int(exitInterrupted))
	case <-s.released:
	}
}

// release gives the signals back.
func (s *stopper) release() {
	signal.Stop(s.signals)
	close(s.released)
}

// is reports whether the run is to end.
func (s *stopper) is() bool {
	select {
	case <-s.requested:
		return true
	default:
		return false
	}
}

// instead returns err, or, where that is the consequence of the stop, the
// exit code of an interrupted run.
func (s *stopper) instead(err error) error {
	if errors.Is(err, errStopped) {
		return &exitError{code: exitInterrupted}
	}
	return err
}
