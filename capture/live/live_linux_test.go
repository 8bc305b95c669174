package live_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/live"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// inNamespace runs the test in a network namespace of its own, which ends
// with the test's thread, so that nothing is left behind.
func inNamespace(t *testing.T, commands ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a network namespace")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip (iproute2), to make interfaces")
	}
	runtime.LockOSThread() // never unlocked: the thread is thrown away with its namespace
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace to be had here: %v", err)
	}
	for _, c := range commands {
		if out, err := exec.Command("ip", strings.Fields(c)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v\n%s", c, err, out)
		}
	}
}

// open begins a capture.
func open(t *testing.T, name string) *live.Source {
	t.Helper()
	s, err := live.Open(name, live.Options{Promiscuous: true, Wait: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// segments reads until the capture has shown n TCP segments. While there are
// none it calls idle.
func segments(t *testing.T, s *live.Source, n int, idle func()) (list []wire.Segment) {
	t.Helper()
	var d wire.Decoder
	for len(list) < n {
		var p capture.Packet
		err := s.Next(&p)
		if err == live.ErrIdle {
			idle()
			continue
		}
		if err != nil {
			t.Fatalf("%v after %d segments", err, len(list))
		}
		var seg wire.Segment
		if d.Decode(uint32(p.Link), p.Data, p.OrigLen, &seg) == wire.OutcomeTCP {
			seg.Packet = p.Frame
			list = append(list, seg)
		}
		if len(p.Data) != int(p.OrigLen) {
			t.Errorf("frame %d: %d of %d octets", p.Frame, len(p.Data), p.OrigLen)
		}
	}
	return list
}

// TestLoopback: a connection over loopback, each segment once and in order.
func TestLoopback(t *testing.T) {
	inNamespace(t, "link set lo up")
	s := open(t, "lo")
	before := time.Now()
	port := talk(t, 100_000)
	list := segments(t, s, 8, func() {})
	if list[0].Flags != wire.SYN || list[1].Flags != wire.SYN|wire.ACK || list[2].Flags != wire.ACK {
		t.Errorf("begins with %v %v %v", list[0].Flags, list[1].Flags, list[2].Flags)
	}
	for i, seg := range list[:3] {
		if !slices.Contains(seg.Tuple.Port[:], port) {
			t.Errorf("segment %d is of another connection: %v", i, seg.Tuple)
		}
	}
	f := s.Files()[0]
	if f.Name != "lo" || f.Links[0] != capture.LinkEthernet || !f.DroppedKnown || f.Dropped != 0 || f.Packets < 8 || f.CapturedBytes != f.Bytes {
		t.Errorf("%+v", f)
	}
	if f.First < before.UnixNano() || f.Last > time.Now().UnixNano() || f.Last < f.First {
		t.Errorf("from %d to %d", f.First, f.Last)
	}
}

// talk opens a connection, sends n octets through it and closes it. It
// returns the listener's port.
func talk(t *testing.T, n int) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c.Write(make([]byte, n))
		c.Close()
	}()
	if got, err := io.Copy(io.Discard, served); err != nil || got != int64(n) {
		t.Errorf("%d octets, %v", got, err)
	}
	served.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// TestVLAN: the tag that the kernel takes out of a frame on its way in is in
// it again.
func TestVLAN(t *testing.T) {
	inNamespace(t, "link add va type veth peer name vb", "link set va up", "link set vb up")
	s := open(t, "vb")
	syn := packet.TCP{
		Envelope: packet.Envelope{VLAN: []uint16{7}},
		Src:      netip.MustParseAddrPort("192.0.2.1:40001"),
		Dst:      netip.MustParseAddrPort("192.0.2.2:80"),
		Flags:    wire.SYN,
	}
	frame := syn.Append(nil, packet.Ethernet)
	// Until the kernel has noticed that the cable is in, it drops frames.
	got := segments(t, s, 1, func() { send(t, "va", frame) })[0]
	if got.Flags != wire.SYN || got.Tuple.VLAN[0] != 7 {
		t.Errorf("%v, VLAN %v", got.Flags, got.Tuple.VLAN)
	}
	if f := s.Files()[0]; f.Bytes < uint64(len(frame)) {
		t.Errorf("%d octets, want those of the tag too", f.Bytes)
	}
}

// send puts a frame on the wire behind an interface.
func send(t *testing.T, name string, frame []byte) {
	t.Helper()
	iface, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: iface.Index}); err != nil {
		t.Fatal(err)
	}
}

// TestIdleAndDown: without packets Next says so; when the interface goes down
// it is an error once, and then the end.
func TestIdleAndDown(t *testing.T) {
	inNamespace(t, "link set lo up")
	s, err := live.Open("lo", live.Options{Wait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var p capture.Packet
	if err := s.Next(&p); err != live.ErrIdle {
		t.Errorf("%v, want ErrIdle", err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "down").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for err = s.Next(&p); err == nil || err == live.ErrIdle; err = s.Next(&p) {
	}
	if fault, ok := errors.AsType[*capture.Error](err); !ok || fault.Error() != "lo: network is down" {
		t.Errorf("%v", err)
	}
	if err := s.Next(&p); err != io.EOF {
		t.Errorf("%v, want io.EOF", err)
	}
}

func TestOpenErrors(t *testing.T) {
	_, err := live.Open("nosuch0", live.Options{})
	unknown, ok := errors.AsType[*live.UnknownInterfaceError](err)
	if !ok || unknown.Name != "nosuch0" || !strings.Contains(err.Error(), "lo") {
		t.Errorf("%v", err)
	}
	runtime.LockOSThread() // never unlocked: the thread ends without its rights
	dropRights(t)
	if _, err := live.Open("lo", live.Options{}); !errors.Is(err, live.ErrPermission) {
		t.Errorf("%v, want ErrPermission", err)
	}
}

// dropRights takes all capabilities from this thread.
func dropRights(t *testing.T) {
	t.Helper()
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&head, &none[0]); err != nil {
		t.Fatal(err)
	}
}
