package packet

import (
	"encoding/binary"
	"net/netip"

	"github.com/lastack/lastack/wire"
)

// The link types that frames can be made for, by their LINKTYPE_ value. Any
// other gives the bare IP packet.
const (
	Null     uint32 = 0 // BSD loopback, in little-endian byte order
	Ethernet uint32 = 1
	Raw      uint32 = 101
	Loop     uint32 = 108 // BSD loopback, in network byte order
	SLL      uint32 = 113
	IPv4     uint32 = 228
	IPv6     uint32 = 229
	SLL2     uint32 = 276
)

// Links lists them.
var Links = []uint32{Null, Ethernet, Raw, Loop, SLL, IPv4, IPv6, SLL2}

const (
	etherIPv4     = 0x0800
	etherIPv6     = 0x86dd
	etherDot1Q    = 0x8100
	etherProvider = 0x88a8
	arphrdEther   = 1
)

// appendLink appends the link header of a packet, with VLAN tags where the
// link type has an EtherType.
func appendLink(buf []byte, link uint32, e *envelope) []byte {
	switch link {
	case Ethernet:
		buf = appendMAC(appendMAC(buf, e.dst), e.src)
		buf = be.AppendUint16(buf, e.etherType(0))
		return e.appendTags(buf)
	case SLL:
		buf = append(buf, 0, packetTypes[e.Direction], 0, arphrdEther, 0, 6)
		buf = append(appendMAC(buf, e.src), 0, 0)
		buf = be.AppendUint16(buf, e.etherType(0))
		return e.appendTags(buf)
	case SLL2:
		buf = be.AppendUint16(buf, e.etherType(0))
		buf = append(buf, 0, 0, 0, 0, 0, 2, 0, arphrdEther, packetTypes[e.Direction], 6)
		buf = append(appendMAC(buf, e.src), 0, 0)
		return e.appendTags(buf)
	case Null:
		return binary.LittleEndian.AppendUint32(buf, e.family())
	case Loop:
		return be.AppendUint32(buf, e.family())
	}
	return buf
}

// etherType returns the EtherType before the i-th VLAN tag, or after the last.
func (e *envelope) etherType(i int) uint16 {
	switch {
	case i+1 < len(e.VLAN):
		return etherProvider
	case i < len(e.VLAN):
		return etherDot1Q
	case e.src.Is4():
		return etherIPv4
	}
	return etherIPv6
}

// appendTags appends the tags, each with the EtherType after it.
func (e *envelope) appendTags(buf []byte) []byte {
	for i, tag := range e.VLAN {
		buf = be.AppendUint16(buf, tag)
		buf = be.AppendUint16(buf, e.etherType(i+1))
	}
	return buf
}

// appendMAC appends a locally administered address made of an IP address.
func appendMAC(buf []byte, a netip.Addr) []byte {
	b := a.As16()
	return append(buf, 2, 0, b[12], b[13], b[14], b[15])
}

// packetTypes are Linux's (if_packet.h): to another host, to this one, from it.
var packetTypes = [...]uint8{wire.DirectionUnknown: 3, wire.Inbound: 0, wire.Outbound: 4}

// family is the address family as macOS numbers it.
func (e *envelope) family() uint32 {
	if e.src.Is4() {
		return 2
	}
	return 30
}
