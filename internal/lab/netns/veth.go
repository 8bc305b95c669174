package netns

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// vethInfoPeer is VETH_INFO_PEER of linux/veth.h.
const vethInfoPeer = 1

// End is one end of a cable: a host, its addresses, and what it sends to the
// other end.
type End struct {
	Host *Host
	Own  []netip.Addr
	To   []netip.Prefix
}

// Veth joins two hosts by a pair of virtual Ethernet cards, both of that name.
// These do not carry packets but what the kernel would leave to a card:
// segments larger than MTU (TSO, GSO, GRO) without a checksum of the payload.
func Veth(name string, ends [2]End) error {
	err := ends[0].Host.Do(func() error { return addVeth(name, ends[1].Host.fd) })
	if err != nil {
		return fmt.Errorf("netns: veth %s: %w", name, err)
	}
	for _, e := range ends {
		err := e.Host.Do(func() error { quiet(name); return linkUp(name, MTU) })
		if err != nil {
			return err
		}
	}
	for _, e := range ends {
		err := e.Host.Do(func() error {
			if err := linkRunning(name); err != nil {
				return err
			}
			return configure(name, e.Own, e.To)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// linkRunning waits until the kernel has noticed that the other end is up, too:
// until then it drops what is sent.
func linkRunning(name string) error {
	return wait("carrier", func() (bool, error) {
		link, err := net.InterfaceByName(name)
		return err == nil && link.Flags&net.FlagRunning != 0, err
	})
}

// addVeth makes one card in this thread's namespace, and the other in that of
// the descriptor. Attributes hold attributes, the peer's a header like that of
// the message.
func addVeth(name string, peer int) error {
	var link unix.IfInfomsg
	text := attribute(unix.IFLA_IFNAME, append([]byte(name), 0))
	there := attribute(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(peer)))
	data := attribute(vethInfoPeer, slices.Concat(structBytes(&link), text, there))
	info := slices.Concat(attribute(unix.IFLA_INFO_KIND, []byte("veth")), attribute(unix.IFLA_INFO_DATA, data))
	return request(unix.RTM_NEWLINK, slices.Concat(structBytes(&link), text, attribute(unix.IFLA_LINKINFO, info)))
}
