package netns

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MTU of the TUN devices: the largest IP packet that crosses the network.
const MTU = 1500

// TUN makes a TUN device in the namespace with the given addresses and sends
// everything for the prefix `to` out of it. Each read of the file yields an
// IP packet that the kernel sent, each write is one that it receives.
// Segmentation offload is off: no packet is larger than MTU.
func (h *Host) TUN(name string, own []netip.Addr, to []netip.Prefix) (f *os.File, err error) {
	err = h.Do(func() error {
		if f, err = openTUN(name); err != nil {
			return fmt.Errorf("netns: TUN %s: %w", name, err)
		}
		quiet(name)
		if err := linkUp(name, MTU); err != nil {
			return err
		}
		return configure(name, own, to)
	})
	return f, err
}

// quiet keeps the kernel from router solicitations of its own on the device.
func quiet(name string) {
	_ = writeSysctl("net.ipv6.conf."+name+".addr_gen_mode", "1")
	_ = writeSysctl("net.ipv6.conf."+name+".accept_ra", "0")
}

func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	req, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func configure(name string, own []netip.Addr, to []netip.Prefix) error {
	index, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	for _, a := range own {
		if err := addAddress(index.Index, a); err != nil {
			return fmt.Errorf("netns: address %v: %w", a, err)
		}
	}
	for _, p := range to {
		if err := addRoute(index.Index, p); err != nil {
			return fmt.Errorf("netns: route %v: %w", p, err)
		}
	}
	return settle(own)
}

// settle waits until the addresses are the host's own. With IPv6 a worker of
// the kernel sees to that, later on a busy machine; what is sent to them until
// then goes astray, and so does all that a socket sends that began with it.
func settle(own []netip.Addr) error {
	return wait("IPv6 address of its own", func() (bool, error) {
		routes, err := os.ReadFile("/proc/thread-self/net/ipv6_route")
		for _, a := range own {
			if err == nil && a.Is6() && !isLocal(string(routes), a) {
				return false, nil
			}
		}
		return true, nil // the kernel has no IPv6, if it could not be read
	})
}

// isLocal finds the route for a of the kind that delivers to the host itself,
// RTF_LOCAL of linux/ipv6_route.h: the first bit of the ninth field.
func isLocal(routes string, a netip.Addr) bool {
	for line := range strings.Lines(routes) {
		f := strings.Fields(line)
		if len(f) > 8 && f[0] == hex.EncodeToString(a.AsSlice()) && f[1] == "80" && f[8][0] == '8' {
			return true
		}
	}
	return false
}

// wait waits for what the kernel does in its own time.
func wait(what string, done func() (bool, error)) error {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok, err := done(); ok || err != nil {
			return err
		}
	}
	return fmt.Errorf("netns: no %s after 10 s", what)
}

func linkUp(name string, mtu int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	req.SetUint32(uint32(mtu))
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFMTU, req); err != nil {
		return fmt.Errorf("netns: mtu of %s: %w", name, err)
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("netns: %s up: %w", name, err)
	}
	return nil
}

func addAddress(index int, a netip.Addr) error {
	msg := unix.IfAddrmsg{
		Family: family(a), Prefixlen: uint8(a.BitLen()),
		Flags: unix.IFA_F_NODAD, Index: uint32(index),
	}
	b := append(structBytes(&msg), attribute(unix.IFA_LOCAL, a.AsSlice())...)
	b = append(b, attribute(unix.IFA_ADDRESS, a.AsSlice())...)
	return request(unix.RTM_NEWADDR, b)
}

func addRoute(index int, to netip.Prefix) error {
	msg := unix.RtMsg{
		Family: family(to.Addr()), Dst_len: uint8(to.Bits()), Table: unix.RT_TABLE_MAIN,
		Protocol: unix.RTPROT_STATIC, Scope: unix.RT_SCOPE_LINK, Type: unix.RTN_UNICAST,
	}
	b := append(structBytes(&msg), attribute(unix.RTA_DST, to.Addr().AsSlice())...)
	b = append(b, attribute(unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, uint32(index)))...)
	return request(unix.RTM_NEWROUTE, b)
}

func family(a netip.Addr) uint8 {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// structBytes copies a fixed-size netlink header: it has no pointers in it.
func structBytes[T unix.IfAddrmsg | unix.RtMsg | unix.IfInfomsg](v *T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))...)
}

func attribute(kind uint16, data []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(data)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// request sends one rtnetlink message and waits for its acknowledgement.
func request(kind uint16, body []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	b := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	b = append(append(b, make([]byte, 8)...), body...)
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	reply := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, reply, 0)
	if err != nil {
		return err
	}
	if n < unix.NLMSG_HDRLEN+4 {
		return fmt.Errorf("netlink reply of %d octets", n)
	}
	if code := int32(binary.NativeEndian.Uint32(reply[unix.NLMSG_HDRLEN:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}
