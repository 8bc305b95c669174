package story

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/path"
)

// claim is the last octet of a story's addresses, which no other lab that
// runs now uses: trace events do not tell the namespace.
type claim struct{ number, fd int }

func claimNumber(name string) (claim, error) {
	start := uint32(0)
	for _, c := range name {
		start = start*31 + uint32(c)
	}
	for i := range uint32(254) {
		n := int((start+i)%254) + 1
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return claim{}, err
		}
		if unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@lastack-lab-%d", n)}) == nil {
			return claim{n, fd}, nil
		}
		unix.Close(fd)
	}
	return claim{}, errors.New("all 254 addresses are in use by other labs")
}

func (c claim) release() {
	if c.number != 0 {
		unix.Close(c.fd)
	}
}

// prefixes of the two sides, IPv4 and IPv6.
var prefixes = [2][2]netip.Prefix{
	{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8:a::/64")},
	{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:b::/64")},
}

// addresses of a side in the story with that number, IPv4 first.
func addresses(side path.Side, number int) []netip.Addr {
	if number == 0 {
		return nil
	}
	var out []netip.Addr
	for _, p := range prefixes[side] {
		b := p.Addr().AsSlice()
		b[len(b)-1] = byte(number)
		a, _ := netip.AddrFromSlice(b)
		out = append(out, a)
	}
	return out
}

// sideOf is 0 for A's addresses and 1 for B's.
func sideOf(a netip.Addr) int {
	for side, ps := range prefixes {
		for _, p := range ps {
			if p.Contains(a) {
				return side
			}
		}
	}
	return 0
}
