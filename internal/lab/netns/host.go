package netns

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Host is one network namespace and the thread that lives in it.
type Host struct {
	calls  chan func()
	closed chan struct{}
	fd     int // the namespace
}

// ErrClosed is what Do returns after Close.
var ErrClosed = errors.New("netns: host is closed")

// hashEntries is the size of a namespace's own table of established
// connections. The table of the machine is 500 times larger, and inet_diag
// walks all of it at each dump.
const hashEntries = "512"

// Open makes a namespace whose loopback device is up. It needs CAP_SYS_ADMIN.
func Open() (*Host, error) {
	h := &Host{calls: make(chan func()), closed: make(chan struct{}), fd: -1}
	ready := make(chan error)
	go h.live(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("netns: %w", err)
	}
	return h, h.Do(func() error { return linkUp("lo", 65536) })
}

// live runs the thread. It never unlocks it, so that the thread ends with
// the goroutine instead of going back, in the wrong namespace, to the pool.
func (h *Host) live(ready chan<- error) {
	runtime.LockOSThread()
	ready <- h.enter()
	for {
		select {
		case f := <-h.calls:
			f()
		case <-h.closed:
			return
		}
	}
}

// enter goes through a namespace in between: the size of the hash table is
// inherited from the namespace in which unshare was called.
func (h *Host) enter() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	// A kernel without private tables only makes the sampling slower.
	_ = writeSysctl("net.ipv4.tcp_child_ehash_entries", hashEntries)
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	h.fd = fd
	return err
}

// Do runs f on the namespace's thread: what it opens belongs to the namespace.
func (h *Host) Do(f func() error) error {
	done := make(chan error)
	select {
	case h.calls <- func() { done <- f() }:
		return <-done
	case <-h.closed:
		return ErrClosed
	}
}

// Close ends the thread; the namespace goes with its last socket.
func (h *Host) Close() error {
	close(h.closed)
	return unix.Close(h.fd)
}

// Sysctl sets a sysctl of the namespace, "net.ipv4.tcp_rfc1337".
func (h *Host) Sysctl(key, value string) error {
	return h.Do(func() error { return writeSysctl(key, value) })
}

func writeSysctl(key, value string) error {
	return os.WriteFile(filepath.Join("/proc/sys", strings.ReplaceAll(key, ".", "/")), []byte(value), 0)
}

// Counters returns the namespace's TCP counters by their nstat names
// (TcpActiveOpens, TcpExtListenOverflows, ...).
func (h *Host) Counters() (map[string]int64, error) {
	all := make(map[string]int64)
	err := h.Do(func() error {
		for _, name := range []string{"netstat", "snmp"} {
			text, err := os.ReadFile("/proc/thread-self/net/" + name)
			if err != nil {
				return err
			}
			addCounters(all, string(text))
		}
		text, err := os.ReadFile("/proc/thread-self/net/snmp6")
		addCounters6(all, string(text))
		return err
	})
	return all, err
}

// addCounters6 reads lines "Icmp6InErrors 1": what IPv6 tells TCP.
func addCounters6(all map[string]int64, text string) {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 2 && strings.HasPrefix(f[0], "Icmp6In") {
			if v, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				all[f[0]] = v
			}
		}
	}
}

// addCounters reads pairs of lines: "TcpExt: Name Name", "TcpExt: 1 2".
func addCounters(all map[string]int64, text string) {
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		for j := 1; j < len(names) && j < len(values); j++ {
			if v, err := strconv.ParseInt(values[j], 10, 64); err == nil {
				all[strings.TrimSuffix(names[0], ":")+names[j]] = v
			}
		}
	}
}
