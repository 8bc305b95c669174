package netns

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAddCounters(t *testing.T) {
	all := make(map[string]int64)
	addCounters(all, "TcpExt: SyncookiesSent TWKilled\nTcpExt: 3 4\nIpExt: InOctets\nIpExt: 77\nhalf a pair\n")
	if len(all) != 3 || all["TcpExtTWKilled"] != 4 || all["IpExtInOctets"] != 77 {
		t.Error(all)
	}
}

func TestIsLocal(t *testing.T) {
	const routes = "20010db8000a00000000000000000009 80 00000000000000000000000000000000 00 " +
		"00000000000000000000000000000000 00000100 00000002 00000000 00000001     tun0\n"
	own := netip.MustParseAddr("2001:db8:a::9")
	if isLocal(routes, own) || !isLocal(routes+strings.Replace(routes, " 00000001 ", " 80200001 ", 1), own) {
		t.Error("the route over the device is not the one that delivers")
	}
}

func open(t *testing.T) *Host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces")
	}
	h, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSysctlAndCounters(t *testing.T) {
	h := open(t)
	defer h.Close()
	if err := h.Sysctl("net.ipv4.tcp_rfc1337", "1"); err != nil {
		t.Fatal(err)
	}
	here, _ := os.ReadFile("/proc/sys/net/ipv4/tcp_rfc1337")
	err := h.Do(func() error {
		there, err := os.ReadFile("/proc/sys/net/ipv4/tcp_rfc1337")
		if string(there) != "1\n" || strings.TrimSpace(string(here)) == "1" {
			t.Errorf("there %q, here %q", there, here)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if c, err := h.Counters(); err != nil || len(c) < 100 || c["TcpActiveOpens"] != 0 {
		t.Errorf("%d counters, %d opens, %v", len(c), c["TcpActiveOpens"], err)
	}
}

// TestTUN sends a datagram out of a namespace and reads it from the device.
func TestTUN(t *testing.T) {
	h := open(t)
	defer h.Close()
	for _, ip := range [][2]string{{"192.0.2.9", "198.51.100.9"}, {"2001:db8:a::9", "2001:db8:b::9"}} {
		own, to := netip.MustParseAddr(ip[0]), netip.MustParseAddr(ip[1])
		f, err := h.TUN("tun0", []netip.Addr{own}, []netip.Prefix{netip.PrefixFrom(to, to.BitLen())})
		if err != nil {
			t.Fatal(err)
		}
		err = h.Do(func() error {
			c, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String())
			if err != nil {
				return err
			}
			defer c.Close()
			_, err = c.Write([]byte("out"))
			return err
		})
		buf := make([]byte, 2000)
		n := 0
		for err == nil && !strings.HasSuffix(string(buf[:n]), "out") {
			n, err = f.Read(buf)
		}
		if err != nil {
			t.Errorf("%v: %v", own, err)
		}
		f.Close()
	}
}

// TestVeth connects two namespaces and sends a datagram from one to the other.
func TestVeth(t *testing.T) {
	var ends [2]End
	for i, own := range []string{"192.0.2.9", "198.51.100.9"} {
		h := open(t)
		defer h.Close()
		ends[i].Host, ends[i].Own = h, []netip.Addr{netip.MustParseAddr(own)}
		ends[1-i].To = []netip.Prefix{netip.PrefixFrom(ends[i].Own[0], 32)}
	}
	if err := Veth("eth0", ends); err != nil {
		t.Fatal(err)
	}
	var in net.PacketConn
	err := ends[1].Host.Do(func() (err error) {
		in, err = net.ListenPacket("udp", "198.51.100.9:9")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	err = ends[0].Host.Do(func() error {
		out, err := net.Dial("udp", "198.51.100.9:9")
		if err != nil {
			return err
		}
		defer out.Close()
		_, err = out.Write([]byte("through"))
		return err
	})
	buf := make([]byte, 20)
	_ = in.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, from, e := in.ReadFrom(buf)
	if err != nil || e != nil || string(buf[:n]) != "through" || !strings.HasPrefix(from.String(), "192.0.2.9:") {
		t.Errorf("%q from %v, %v, %v", buf[:n], from, err, e)
	}
}

func TestClosed(t *testing.T) {
	h := open(t)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := h.Do(func() error { return nil }); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestNothingStays: a closed namespace's device is gone, also from here.
func TestNothingStays(t *testing.T) {
	h := open(t)
	f, err := h.TUN("lastack-test", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	err = h.Do(func() error {
		_, err := net.InterfaceByName("lastack-test")
		return err
	})
	if err == nil {
		t.Error("the device outlived its file")
	}
	h.Close()
	if fd, err := unix.Open("/sys/class/net/lastack-test", unix.O_RDONLY, 0); err == nil {
		unix.Close(fd)
		t.Error("the device is in the first namespace")
	}
}
