package truth

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"sort"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/netns"
	"github.com/lastack/lastack/internal/packet"
)

// Frame is one IP packet at a host's device. The kernel stamps it: a sent one
// when it is handed to the device, a received one before TCP sees it.
type Frame struct {
	T    int64 // nanoseconds since the epoch
	Sent bool
	Raw  []byte
	packet.TCP
	Whole bool // Raw is a whole segment, which TCP holds parsed
}

// Tap is an AF_PACKET socket on a host's device, as tcpdump would open it.
type Tap struct {
	file     *os.File
	loopback bool
	done     chan struct{}

	mu     sync.Mutex
	frames []Frame
}

const tapBuffer = 64 << 20

// OpenTap starts to capture at the host's device of that name.
func OpenTap(h *netns.Host, device string) (*Tap, error) {
	t := &Tap{loopback: device == "lo", done: make(chan struct{})}
	err := h.Do(func() (err error) {
		t.file, err = openTap(device)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("truth: tap on %s: %w", device, err)
	}
	go t.read()
	return t, nil
}

func openTap(device string) (*os.File, error) {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return nil, err
	}
	// SOCK_DGRAM: without link header, on loopback too.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := prepareTap(fd, link.Index); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), device), nil
}

func prepareTap(fd, index int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, tapBuffer); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return err
	}
	all := binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL)
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16(all), Ifindex: index})
}

func (t *Tap) read() {
	defer close(t.done)
	conn, err := t.file.SyscallConn()
	if err != nil {
		return
	}
	buf, oob := make([]byte, 1<<17), make([]byte, 256)
	for {
		var n, on int
		var from unix.Sockaddr
		err := conn.Read(func(fd uintptr) bool {
			n, on, _, from, err = unix.Recvmsg(int(fd), buf, oob, 0)
			return err != unix.EAGAIN
		})
		if err != nil {
			return // closed
		}
		if link, ok := from.(*unix.SockaddrLinklayer); ok {
			t.add(link, Stamp(oob[:on]), buf[:n])
		}
	}
}

// Stamp finds the kernel's time stamp among the control messages of a received
// packet, in nanoseconds since the epoch; 0 when there is none.
func Stamp(oob []byte) int64 {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			return int64(binary.NativeEndian.Uint64(m.Data))*1e9 + int64(binary.NativeEndian.Uint64(m.Data[8:]))
		}
	}
	return 0
}

func (t *Tap) add(link *unix.SockaddrLinklayer, at int64, data []byte) {
	sent := link.Pkttype == unix.PACKET_OUTGOING
	if sent && t.loopback {
		return // it comes again as received; tcpdump shows it once, too
	}
	f := Frame{T: at, Sent: sent, Raw: append([]byte(nil), data...)}
	f.TCP, f.Whole = packet.Parse(f.Raw)
	if !f.Whole && !aboutTCP(f.Raw) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frames = append(t.frames, f)
}

// aboutTCP reports whether raw, which is no whole segment, still belongs into
// the capture: a fragment of one, or an ICMP error. The rest is the kernel's
// own talk with its neighbours (router solicitation, group membership).
func aboutTCP(raw []byte) bool {
	switch {
	case len(raw) >= 20 && raw[0]>>4 == 4:
		return raw[9] == unix.IPPROTO_TCP || raw[9] == unix.IPPROTO_ICMP
	case len(raw) > 40 && raw[0]>>4 == 6:
		return raw[6] == unix.IPPROTO_TCP || raw[6] == unix.IPPROTO_ICMPV6 && raw[40] < 128
	}
	return false
}

// Largest is the size of the largest packet sent so far.
func (t *Tap) Largest() (size int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.frames {
		if f.Sent {
			size = max(size, len(f.Raw))
		}
	}
	return size
}

// Close ends the capture and returns its frames by time. It fails when the
// kernel had to drop some.
func (t *Tap) Close() ([]Frame, error) {
	time.Sleep(5 * time.Millisecond) // let the reader catch up
	conn, err := t.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var stats *unix.TpacketStats
	if e := conn.Control(func(fd uintptr) {
		stats, err = unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	}); e != nil || err != nil {
		return nil, fmt.Errorf("truth: tap: %v %v", e, err)
	}
	t.file.Close()
	<-t.done
	t.mu.Lock()
	defer t.mu.Unlock()
	if stats.Drops > 0 {
		err = fmt.Errorf("truth: tap dropped %d of %d packets", stats.Drops, stats.Packets)
	}
	sort.SliceStable(t.frames, func(i, j int) bool { return t.frames[i].T < t.frames[j].T })
	return t.frames, err
}
