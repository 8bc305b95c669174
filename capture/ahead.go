package capture

import (
	"io"
	"runtime"
)

// ahead reads a file on a goroutine of its own, before it is asked for more. So what
// is compressed is decompressed while what came out before is analysed, and several
// files are read side by side. It begins when a file proves long, and only where
// there is a processor for it.
type ahead struct {
	src    io.Reader
	team   *aheads
	direct int // reads done without it

	full  chan aheadBlock // nil: it has not begun
	free  chan []byte
	stop  chan struct{}
	ended chan struct{}

	taken []byte // the block that is being handed out
	rest  []byte // of it
	err   error  // that follows
}

// aheadBlock is what one read returned.
type aheadBlock struct {
	octets []byte
	err    error
}

const (
	aheadDirect = 4   // reads before a goroutine begins
	aheadBlocks = 3   // of blockSize, for each
	aheadMost   = 256 // of one Set at a time, at most
)

// aheads bounds how many goroutines the inputs of a Set have at a time. They begin and
// end on the goroutine of the Set.
type aheads struct{ free int }

// newAheads returns room for those of a Set: none on one processor.
func newAheads() aheads {
	if n := runtime.GOMAXPROCS(0); n > 1 {
		return aheads{free: min(8*n, aheadMost)}
	}
	return aheads{}
}

// Read reads what was read before, or waits for it.
func (a *ahead) Read(p []byte) (n int, err error) {
	if a.full == nil {
		if a.direct++; a.direct <= aheadDirect || a.team.free == 0 {
			return a.src.Read(p)
		}
		a.begin()
	}
	if len(a.rest) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		if a.taken != nil {
			a.free <- a.taken[:cap(a.taken)] // there is room for all
		}
		b := <-a.full
		a.taken, a.rest, a.err = b.octets, b.octets, b.err
	}
	n = copy(p, a.rest)
	if a.rest = a.rest[n:]; n == 0 {
		err = a.err
	}
	return n, err
}

func (a *ahead) begin() {
	a.team.free--
	a.full, a.free = make(chan aheadBlock, aheadBlocks), make(chan []byte, aheadBlocks)
	a.stop, a.ended = make(chan struct{}), make(chan struct{})
	for range aheadBlocks {
		a.free <- make([]byte, blockSize)
	}
	go a.run()
}

// run reads until the end, an error, or stop.
func (a *ahead) run() {
	defer close(a.ended)
	for {
		var b []byte
		select {
		case b = <-a.free:
		case <-a.stop:
			return
		}
		n, err := a.src.Read(b)
		select {
		case a.full <- aheadBlock{b[:n], err}:
		case <-a.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// close ends it, and waits for the read under way: that of a file returns.
func (a *ahead) close() {
	if a == nil || a.full == nil {
		return
	}
	close(a.stop)
	<-a.ended
	a.team.free++
}
