package story

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/netns"
	"github.com/lastack/lastack/internal/lab/truth"
)

// PlayAll plays stories side by side, at most parallel at a time, the long
// ones first, and hands each result to done, one after the other, in order of
// completion. When ctx is done it leaves those that are being played where they
// are, takes away what outlives the process, and returns ctx's error.
func PlayAll(ctx context.Context, stories []Story, parallel int, done func(Story, Result, error)) error {
	h, err := openHouse(parallel)
	if err != nil {
		return err
	}
	defer h.close()
	var mu sync.Mutex
	over := make(chan struct{})
	go func() {
		var wait sync.WaitGroup
		for _, s := range longFirst(stories) {
			h.slots <- struct{}{} // in this order
			wait.Go(func() {
				r, err := h.play(s)
				mu.Lock()
				defer mu.Unlock()
				if ctx.Err() == nil {
					done(s, r, err)
				}
			})
		}
		wait.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-ctx.Done():
		mu.Lock() // a done that has begun ends
		defer mu.Unlock()
	}
	return ctx.Err()
}

// house is what stories that are played side by side have in common.
type house struct {
	tracer  *truth.Tracer
	release func()
	slots   chan struct{} // who plays puts something in
}

func openHouse(parallel int) (*house, error) {
	tracer, err := truth.OpenTracer()
	if err != nil {
		return nil, err
	}
	release, err := stampPackets()
	if err != nil {
		return nil, errors.Join(err, tracer.Close())
	}
	prefer()
	return &house{tracer, release, make(chan struct{}, parallel)}, nil
}

// play plays s in a slot that its caller has taken, and gives the slot back.
func (h *house) play(s Story) (Result, error) {
	defer func() { <-h.slots }()
	return Play(s, h.tracer)
}

func (h *house) close() {
	h.release()
	h.tracer.Close()
}

// longFirst sorts the long stories to the front, so that they are not what all
// wait for at the end.
func longFirst(stories []Story) []Story {
	stories = slices.Clone(stories)
	slices.SortStableFunc(stories, func(a, b Story) int { return order(a) - order(b) })
	return stories
}

func order(s Story) int {
	if s.Long {
		return 0
	}
	return 1
}

// prefer puts the lab before other work on the machine, if it may: a network
// that has to wait for a processor is slower than the story says. Threads to
// come inherit it.
func prefer() {
	tasks, _ := filepath.Glob("/proc/self/task/*")
	for _, t := range tasks {
		if id, err := strconv.Atoi(filepath.Base(t)); err == nil {
			_ = unix.SchedSetAttr(id, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}, 0)
		}
	}
}

// stampPackets makes the kernel stamp packets from now on, and waits until it
// does: it switches that on some time after the first socket asks for it, too
// late for the first SYN of a story.
func stampPackets() (release func(), err error) {
	h, err := netns.Open()
	if err != nil {
		return nil, err
	}
	defer h.Close()
	fd := -1
	err = h.Do(func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	self := &unix.SockaddrInet4{Port: 7, Addr: [4]byte{127, 0, 0, 1}}
	err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1), unix.Bind(fd, self))
	for stamped := false; err == nil && !stamped; {
		stamped, err = stampedOnArrival(fd, self)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return func() { unix.Close(fd) }, nil
}

// stampedOnArrival sends a datagram to itself and reads it some time later:
// is its stamp from before that? Else it was made in reading it.
func stampedOnArrival(fd int, self unix.Sockaddr) (bool, error) {
	if err := unix.Sendto(fd, []byte{0}, 0, self); err != nil {
		return false, err
	}
	time.Sleep(5 * ms)
	before, oob := time.Now().UnixNano(), make([]byte, 128)
	_, n, _, _, err := unix.Recvmsg(fd, make([]byte, 1), oob, 0)
	return truth.Stamp(oob[:n]) < before, err
}
