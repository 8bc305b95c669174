package truth

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Event is one trace event about a TCP socket.
type Event struct {
	T             int64  // nanoseconds since the epoch
	Name          string // "inet_sock_set_state", "tcp_send_reset", ...
	Sock          uint64 // the kernel's address of the socket; 0: none
	Local, Remote netip.AddrPort
	Old, New      string // states, for inet_sock_set_state
}

// stateNames are the kernel's numbers of include/net/tcp_states.h.
var stateNames = [...]string{
	1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT",
	7: "CLOSE", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING", 12: "NEW_SYN_RECV",
}

var traced = []string{
	"sock/inet_sock_set_state", "tcp/tcp_send_reset", "tcp/tcp_receive_reset",
	"tcp/tcp_retransmit_skb", "tcp/tcp_retransmit_synack",
}

// Tracer reads trace events through a tracefs instance of its own.
type Tracer struct {
	mount    int // descriptor of the detached tracefs
	instance string
	pipes    []*os.File
	kinds    map[uint16]kind
	stop     chan struct{}
	done     chan struct{}

	reading sync.Mutex // one reader of the pipes at a time

	mu     sync.Mutex
	events []Event
	err    error
}

type kind struct {
	name   string
	fields map[string]field
}

type field struct{ offset, size int }

const instancePrefix = "lastack-lab-"

// tracers counts those of this process, for the names of their instances.
var tracers atomic.Int32

// OpenTracer mounts tracefs where nobody sees it, removes the instances that
// killed labs left behind, and starts to collect. It needs root.
func OpenTracer() (*Tracer, error) {
	t := &Tracer{mount: -1, kinds: make(map[uint16]kind), stop: make(chan struct{}), done: make(chan struct{})}
	if err := t.open(); err != nil {
		t.remove()
		return nil, fmt.Errorf("truth: tracefs: %w", err)
	}
	go t.read()
	return t, nil
}

func (t *Tracer) open() error {
	if err := t.attach(); err != nil {
		return err
	}
	t.sweep()
	t.instance = fmt.Sprintf("%s%d-%s-%d", instancePrefix, os.Getpid(), startTime(os.Getpid()), tracers.Add(1))
	if err := os.Mkdir(t.path(""), 0o700); err != nil {
		return err
	}
	for _, s := range [][2]string{{"trace_clock", "mono"}, {"buffer_size_kb", "8192"}} {
		if err := os.WriteFile(t.path(s[0]), []byte(s[1]), 0); err != nil {
			return err
		}
	}
	for _, name := range traced {
		if err := t.enable(name); err != nil {
			return fmt.Errorf("event %s: %w", name, err)
		}
	}
	return t.openPipes()
}

// attach makes a tracefs mount that is in no directory tree.
func (t *Tracer) attach() error {
	fs, err := unix.Fsopen("tracefs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return err
	}
	t.mount, err = unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	return err
}

func (t *Tracer) instances() string { return fmt.Sprintf("/proc/self/fd/%d/instances", t.mount) }

func (t *Tracer) path(name string) string {
	return filepath.Join(t.instances(), t.instance, name)
}

// sweep removes instances of labs that are no longer running: their name
// begins with process id and start time.
func (t *Tracer) sweep() {
	old, _ := filepath.Glob(filepath.Join(t.instances(), instancePrefix+"*"))
	for _, dir := range old {
		parts := strings.Split(strings.TrimPrefix(filepath.Base(dir), instancePrefix), "-")
		pid, err := strconv.Atoi(parts[0])
		if err == nil && len(parts) > 1 && startTime(pid) != parts[1] {
			_ = os.Remove(dir)
		}
	}
}

// startTime is field 22 of /proc/PID/stat; "" when there is no such process.
func startTime(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	after := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(after) < 20 {
		return ""
	}
	return after[19]
}

var formatField = regexp.MustCompile(`field:.*?(\w+)(?:\[\d+\])?;\s*offset:(\d+);\s*size:(\d+);`)

func (t *Tracer) enable(name string) error {
	text, err := os.ReadFile(t.path("events/" + name + "/format"))
	if err != nil {
		return err
	}
	k := kind{filepath.Base(name), make(map[string]field)}
	for _, m := range formatField.FindAllStringSubmatch(string(text), -1) {
		offset, _ := strconv.Atoi(m[2])
		size, _ := strconv.Atoi(m[3])
		k.fields[m[1]] = field{offset, size}
	}
	_, rest, _ := strings.Cut(string(text), "\nID: ")
	id, err := strconv.ParseUint(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), 10, 16)
	if err != nil {
		return err
	}
	t.kinds[uint16(id)] = k
	return os.WriteFile(t.path("events/"+name+"/enable"), []byte("1"), 0)
}

func (t *Tracer) openPipes() error {
	names, err := filepath.Glob(t.path("per_cpu/cpu*/trace_pipe_raw"))
	if err != nil || len(names) == 0 {
		return errors.Join(err, errors.New("no trace_pipe_raw"))
	}
	for _, name := range names {
		fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		t.pipes = append(t.pipes, os.NewFile(uintptr(fd), name))
	}
	return nil
}

// read empties the rings until Close. They hold seconds of events; waiting
// for the kernel to announce each would cost more than it gives.
func (t *Tracer) read() {
	defer close(t.done)
	for {
		select {
		case <-t.stop:
			t.drain()
			return
		case <-time.After(20 * time.Millisecond):
			t.drain()
		}
	}
}

func (t *Tracer) drain() {
	t.reading.Lock()
	defer t.reading.Unlock()
	offset := clockOffset()
	page := make([]byte, 1<<16)
	for _, pipe := range t.pipes {
		conn, err := pipe.SyscallConn()
		if err != nil {
			continue
		}
		_ = conn.Control(func(fd uintptr) {
			for {
				n, err := unix.Read(int(fd), page)
				if err != nil || n <= 0 {
					return
				}
				t.add(page[:n], offset)
			}
		})
	}
}

// clockOffset is what CLOCK_MONOTONIC lacks to CLOCK_REALTIME, in
// nanoseconds; of several tries the one least disturbed.
func clockOffset() int64 {
	best, offset := int64(1<<62), int64(0)
	for range 5 {
		var a, b, c unix.Timespec
		_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &a)
		_ = unix.ClockGettime(unix.CLOCK_REALTIME, &b)
		_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &c)
		if d := c.Nano() - a.Nano(); d < best {
			best, offset = d, b.Nano()-(a.Nano()+d/2)
		}
	}
	return offset
}

func (t *Tracer) add(page []byte, offset int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := eachEvent(page, func(at uint64, record []byte) {
		if len(record) < 2 {
			return
		}
		k, ok := t.kinds[binary.NativeEndian.Uint16(record)]
		if !ok {
			return
		}
		if e := k.decode(int64(at)+offset, record); ours(e.Local) || ours(e.Remote) {
			t.events = append(t.events, e)
		}
	})
	t.err = errors.Join(t.err, err)
}

// ours reports whether the address is of a documentation range, which no
// other program on the machine uses.
func ours(a netip.AddrPort) bool {
	for _, p := range documentation {
		if p.Contains(a.Addr()) {
			return true
		}
	}
	return false
}

var documentation = []netip.Prefix{ // RFC 5737, RFC 3849
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("2001:db8::/32"),
}

// decode reads a record by the layout that the kernel's format file gave.
func (k kind) decode(at int64, record []byte) Event {
	e := Event{T: at, Name: k.name, Sock: k.number(record, "skaddr")}
	e.Local, e.Remote = k.addresses(record)
	if k.name == "inet_sock_set_state" {
		e.Old, e.New = stateName(k.number(record, "oldstate")), stateName(k.number(record, "newstate"))
	}
	return e
}

func stateName(n uint64) string {
	if n < uint64(len(stateNames)) {
		return stateNames[n]
	}
	return strconv.FormatUint(n, 10)
}

func (k kind) bytes(record []byte, name string) []byte {
	f, ok := k.fields[name]
	if !ok || f.offset+f.size > len(record) {
		return nil
	}
	return record[f.offset : f.offset+f.size]
}

func (k kind) number(record []byte, name string) uint64 {
	switch b := k.bytes(record, name); len(b) {
	case 2:
		return uint64(binary.NativeEndian.Uint16(b))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	case 8:
		return binary.NativeEndian.Uint64(b)
	}
	return 0
}

// addresses reads either of the two layouts in use: family, saddr, saddr_v6,
// sport and so on, or a pair of struct sockaddr.
func (k kind) addresses(record []byte) (local, remote netip.AddrPort) {
	if _, ok := k.fields["sport"]; !ok {
		return sockaddr(k.bytes(record, "saddr")), sockaddr(k.bytes(record, "daddr"))
	}
	side := func(addr, addr6, port string) netip.AddrPort {
		b := k.bytes(record, addr)
		if k.number(record, "family") == unix.AF_INET6 {
			b = k.bytes(record, addr6)
		}
		a, _ := netip.AddrFromSlice(b)
		return netip.AddrPortFrom(a.Unmap(), uint16(k.number(record, port)))
	}
	return side("saddr", "saddr_v6", "sport"), side("daddr", "daddr_v6", "dport")
}

func sockaddr(b []byte) netip.AddrPort {
	if len(b) < 28 {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(b[2:])
	switch binary.NativeEndian.Uint16(b) {
	case unix.AF_INET:
		a, _ := netip.AddrFromSlice(b[4:8])
		return netip.AddrPortFrom(a, port)
	case unix.AF_INET6:
		a, _ := netip.AddrFromSlice(b[8:24])
		return netip.AddrPortFrom(a.Unmap(), port)
	}
	return netip.AddrPort{}
}

// Take returns, by time, the events so far that concern any of these
// addresses, and forgets them. A connection that runs on gives more later.
func (t *Tracer) Take(addrs ...netip.Addr) ([]Event, error) {
	t.drain()
	t.mu.Lock()
	defer t.mu.Unlock()
	wanted := make(map[netip.Addr]bool)
	for _, a := range addrs {
		wanted[a] = true
	}
	var mine, rest []Event
	for _, e := range t.events {
		if wanted[e.Local.Addr()] || wanted[e.Remote.Addr()] {
			mine = append(mine, e)
		} else {
			rest = append(rest, e)
		}
	}
	t.events = rest
	sort.SliceStable(mine, func(i, j int) bool { return mine[i].T < mine[j].T })
	return mine, t.err
}

// Close stops collecting and removes the instance.
func (t *Tracer) Close() error {
	close(t.stop)
	<-t.done
	return t.remove()
}

func (t *Tracer) remove() (err error) {
	for _, p := range t.pipes {
		p.Close()
	}
	if t.instance != "" {
		err = os.Remove(t.path(""))
	}
	if t.mount >= 0 {
		unix.Close(t.mount)
	}
	return err
}
