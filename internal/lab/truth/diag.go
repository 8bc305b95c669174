package truth

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/netns"
)

// Tuple is a connection as one host sees it: its own address first.
type Tuple struct{ Local, Remote netip.AddrPort }

// Sample says which state a socket was in: it entered it between Before and
// From, and left it between To and After (0: it was there to the end), in
// nanoseconds since the epoch. A dump that takes the kernel several messages
// can skip a socket when another leaves the same hash bucket meanwhile: Before
// is the begin of the last dump but one without it, From the end of the first
// with it, To the begin of the last with it, After the end of the second
// without it, or of the first that shows another state.
type Sample struct {
	Tuple
	State                   string
	Mini                    bool // a request or time-wait socket, not a full one
	Before, From, To, After int64

	missed bool // by the last dump
}

// Sampler looks at a host's sockets through inet_diag every few
// milliseconds, for what no trace event tells: request sockets (SYN_RECV),
// time-wait sockets and their substate.
type Sampler struct {
	file *os.File
	stop chan struct{}
	done chan struct{}

	// Of the dump at work, kept because there are hundreds of them a second.
	request, reply []byte
	seen           map[Tuple]look

	open    map[Tuple]*Sample
	closed  []Sample
	last    [2]int64 // when the dump before this one began, and the one before
	longest int64    // between two dumps
	err     error
}

// period is the time between two dumps.
const period = 1500 * time.Microsecond

// OpenSampler starts to look at the host.
func OpenSampler(h *netns.Host) (*Sampler, error) {
	s := &Sampler{stop: make(chan struct{}), done: make(chan struct{}), open: make(map[Tuple]*Sample),
		request: make([]byte, unix.NLMSG_HDRLEN+diagRequestSize), reply: make([]byte, 1<<16), seen: make(map[Tuple]look)}
	err := h.Do(func() error {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
		s.file = os.NewFile(uintptr(fd), "sock_diag")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("truth: inet_diag: %w", err)
	}
	s.last[0] = time.Now().UnixNano()
	s.last[1] = s.last[0]
	go s.run()
	return s, nil
}

// Close stops and returns every sample, in no order, and the longest time
// between two dumps.
func (s *Sampler) Close() ([]Sample, time.Duration, error) {
	close(s.stop)
	<-s.done
	s.file.Close()
	for _, x := range s.open {
		if x.missed {
			x.After = time.Now().UnixNano()
		}
		s.closed = append(s.closed, *x)
	}
	return s.closed, time.Duration(s.longest), s.err
}

func (s *Sampler) run() {
	defer close(s.done)
	for {
		begin := time.Now()
		if err := s.dump(); err != nil {
			s.err = err
			return
		}
		select {
		case <-s.stop:
			return
		case <-time.After(max(period, time.Since(begin))): // at most half of a processor
		}
	}
}

// dump looks once at both families. Sockets seen in it were there at some
// time between its begin and its end.
func (s *Sampler) dump() error {
	begin := time.Now().UnixNano()
	clear(s.seen)
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		if err := s.ask(family); err != nil {
			return fmt.Errorf("truth: inet_diag: %w", err)
		}
	}
	s.note(begin, time.Now().UnixNano())
	return nil
}

type look struct {
	state string
	mini  bool
}

func (s *Sampler) note(begin, end int64) {
	for k, x := range s.open {
		l, shown := s.seen[k]
		switch {
		case shown && l == (look{x.State, x.Mini}):
			x.To, x.missed = begin, false
		case !shown && !x.missed:
			x.missed = true
		default:
			x.After = end
			s.closed = append(s.closed, *x)
			delete(s.open, k)
		}
	}
	for k, l := range s.seen {
		if _, known := s.open[k]; !known {
			s.open[k] = &Sample{Tuple: k, State: l.state, Mini: l.mini, Before: s.last[1], From: end, To: begin}
		}
	}
	s.longest = max(s.longest, end-s.last[0])
	s.last = [2]int64{begin, s.last[0]}
}

// The parts of linux/inet_diag.h in use.
const (
	sockDiagByFamily = 20
	timerTimeWait    = 3
	diagRequestSize  = 56
	diagMessageSize  = 72
	stateFinWait2    = 5
	stateTimeWait    = 6
	stateNewSynRecv  = 12
)

func (s *Sampler) ask(family byte) error {
	fd, req := int(s.file.Fd()), s.request
	binary.NativeEndian.PutUint32(req, uint32(len(req)))
	binary.NativeEndian.PutUint16(req[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	req[16], req[17] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(req[20:], 1<<stateFinWait2|1<<stateTimeWait|1<<stateNewSynRecv)
	if err := unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	for {
		n, err := unix.Read(fd, s.reply)
		if err != nil {
			return err
		}
		done, err := eachMessage(s.reply[:n], s.addSocket)
		if done || err != nil {
			return err
		}
	}
}

// eachMessage calls f with the body of every message; done after the last.
func eachMessage(b []byte, f func([]byte)) (done bool, err error) {
	for len(b) >= unix.NLMSG_HDRLEN {
		n := int(binary.NativeEndian.Uint32(b))
		if n < unix.NLMSG_HDRLEN || n > len(b) {
			return true, fmt.Errorf("message of %d octets in %d", n, len(b))
		}
		switch binary.NativeEndian.Uint16(b[4:]) {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			return true, fmt.Errorf("error message %x", b[:n])
		}
		f(b[unix.NLMSG_HDRLEN:n])
		b = b[min((n+3)&^3, len(b)):]
	}
	return false, nil
}

// addSocket reads a struct inet_diag_msg.
func (s *Sampler) addSocket(m []byte) {
	if len(m) < diagMessageSize {
		return
	}
	local, remote := diagAddr(m[0], m[8:24]), diagAddr(m[0], m[24:40])
	k := Tuple{
		netip.AddrPortFrom(local, binary.BigEndian.Uint16(m[4:])),
		netip.AddrPortFrom(remote, binary.BigEndian.Uint16(m[6:])),
	}
	state, inode := stateName(uint64(m[1])), binary.NativeEndian.Uint32(m[68:])
	mini := m[2] == timerTimeWait || state == "SYN_RECV" && inode == 0
	if old, ok := s.seen[k]; ok && old.mini {
		return // a time-wait socket and its successor can both be listed
	}
	s.seen[k] = look{state, mini}
}

func diagAddr(family byte, b []byte) netip.Addr {
	if family == unix.AF_INET {
		b = b[:4]
	}
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}
