package wire

import "encoding/binary"

var be = binary.BigEndian

// Decoder decodes frames. It keeps the names of the tunnels that it has met
// and scratch space, so each goroutine needs its own. The zero value is ready.
type Decoder struct {
	// ICMP is the error that the last frame carried, if its outcome was
	// OutcomeICMP. Its Packet, Ref and Time are left for the caller to set.
	ICMP ICMPError
	// Ports says what to look for in UDP on ports of its own; it goes before the
	// well-known ones.
	Ports map[uint16]Encapsulation
	// Tunnels, if not nil, has what it shares with other decoders: the names of tunnel paths.
	Tunnels *Tunnels
	// IgnoreIDs leaves the ids of VLANs and tunnels out of the key: for taps
	// where both directions of a connection have different ones.
	IgnoreIDs bool

	// Verify says that TCP segments, and IPv4 headers, with a wrong checksum are none, as to
	// the stack that they reach. One that the sender's card was to fill in is not wrong.
	Verify bool

	// undecoded counts the frames of link types that there is no decoder for, by link type.
	undecoded map[uint32]uint64

	depth   int
	builder layerBuilder
	tunnels map[uint32]tunnelHop

	fragments fragments
	partial   bool // what is decoded is the first fragment of a tunnel
	doubtful  bool // only a port, or a guess, says what is decoded
}

// maxDepth bounds how many encapsulations may be around a packet: VLAN tags, tunnels,
// label stacks. Nobody nests so deep on purpose.
const maxDepth = 8

// deeper notes one more encapsulation, and reports false if there are too many.
func (d *Decoder) deeper() bool {
	d.depth++
	return d.depth <= maxDepth
}

// maxLen bounds SEG.LEN where the IP length does not (jumbograms and
// segmentation offload): no segment is larger than the largest window
// (RFC 7323 section 2.3).
const maxLen = 1 << 30

// Decode takes a frame apart. link is its LINKTYPE_ value, data what was
// captured of it, and origLen its length in octets on the wire.
//
// With OutcomeTCP all of s is filled but for Packet, Ref and Time, which it
// never touches, and s borrows data. With any other outcome the rest of s is
// zero; OutcomeICMP fills d.ICMP instead.
func (d *Decoder) Decode(link uint32, data []byte, origLen uint32, s *Segment) Outcome {
	if link == linkEthernet && !d.Verify && s.usual(data) {
		return OutcomeTCP
	}
	return d.decode(link, data, origLen, s)
}

// decode is Decode for any frame.
func (d *Decoder) decode(link uint32, data []byte, origLen uint32, s *Segment) Outcome {
	d.depth = 0
	s.Tuple.VLAN = [2]uint16{}
	s.Tuple.Tunnel = 0
	s.Arrow = DirectionUnknown
	var cut uint32
	if n := uint32(len(data)); n < origLen {
		cut = origLen - n
	}
	out := d.link(s, link, data, cut)
	if d.Verify && out == OutcomeTCP && s.VerifyChecksum() == ChecksumBad {
		out = OutcomeChecksum
	}
	if out != OutcomeTCP {
		if out == OutcomeMalformed && d.depth > maxDepth {
			out = OutcomeTooDeep
		}
		*s = Segment{Packet: s.Packet, Ref: s.Ref, Time: s.Time}
	}
	return out
}

// Link types, by their LINKTYPE_ value.
const (
	linkNull        = 0
	linkEthernet    = 1
	linkRawBSD      = 12
	linkRawOpenBSD  = 14
	linkPPPEthernet = 51
	linkRaw         = 101
	linkCiscoHDLC   = 104
	linkLoop        = 108
	linkSLL         = 113
	linkIPv4        = 228
	linkIPv6        = 229
	linkSLL2        = 276
)

const ethernetHeader = 14 // octets: two addresses and the EtherType

// linkHeaders describes the link headers that have an EtherType at a fixed
// place, and perhaps Linux's packet type in the octets [kindAt, kindEnd).
var linkHeaders = [...]struct {
	link            uint32
	length          int
	etherType       int // offset
	kindAt, kindEnd int
}{
	{linkEthernet, ethernetHeader, 12, 0, 0},
	{linkSLL, 16, 14, 0, 2},
	{linkSLL2, 20, 0, 10, 11},
	{linkCiscoHDLC, 4, 2, 0, 0},
	{138, 18, 16, 0, 0}, // IP over IEEE 1394, as macOS writes it
	{242, 44, 40, 0, 0}, // IP over InfiniBand (RFC 4391 section 6), behind where to
	{240, 18, 16, 0, 0}, // Hilscher's NetANALYZER: 4 octets of its own before the frame
	{241, 26, 24, 0, 0}, // ... and the preamble
	{281, 18, 16, 0, 0}, // the tag of a Broadcom switch behind the addresses
	{282, 18, 16, 0, 0}, // ... before them
	{284, 18, 16, 0, 0}, // that of a Marvell switch
	{285, 22, 20, 0, 0}, // ... with an EtherType of its own
}

// direction translates Linux's packet type (if_packet.h): 0 to this host, 4
// from this host. The others (broadcast, multicast, other host) say nothing,
// nor does the absence of one.
func direction(kind []byte) Direction {
	switch string(kind) {
	case "\x00", "\x00\x00":
		return Inbound
	case "\x04", "\x00\x04":
		return Outbound
	}
	return DirectionUnknown
}

// link takes off the link header.
func (d *Decoder) link(s *Segment, link uint32, p []byte, cut uint32) Outcome {
	if link == linkEthernet && len(p) >= ethernetHeader { // as nearly always: the table says the same
		return d.network(s, be.Uint16(p[12:]), p[ethernetHeader:], cut)
	}
	for i := range linkHeaders {
		h := &linkHeaders[i]
		if h.link != link {
			continue
		}
		if len(p) < h.length {
			return OutcomeMalformed
		}
		s.Arrow = direction(p[h.kindAt:h.kindEnd])
		etherType := be.Uint16(p[h.etherType:])
		if h.kindEnd > 0 && etherType < etherLengths {
			etherType = etherLLC // what is less is no length to Linux, but kinds of such frames
		}
		return d.network(s, etherType, p[h.length:], cut)
	}
	switch link {
	case linkNull, linkLoop:
		return d.loopback(s, p, cut)
	case linkRaw, linkRawBSD, linkRawOpenBSD:
		return d.network(s, etherTypeByVersion(p), p, cut)
	case linkIPv4:
		return d.network(s, etherIPv4, p, cut)
	case linkIPv6:
		return d.network(s, etherIPv6, p, cut)
	case linkPPPEthernet:
		return d.network(s, etherPPPoE, p, cut)
	}
	return d.linkByHand(s, link, p, cut)
}

// loopback takes off the address family of BSD loopback devices: in the byte
// order of the host that captured (NULL) or of the network (LOOP). Writers mix
// the two up, and no family exceeds 255, so that the order shows.
func (d *Decoder) loopback(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 4 {
		return OutcomeMalformed
	}
	family := be.Uint32(p)
	if family > 0xff {
		family = binary.LittleEndian.Uint32(p)
	}
	return d.network(s, familyEtherType(family), p[4:], cut)
}

// familyEtherType translates an address family; that of IPv6 differs by system.
func familyEtherType(family uint32) uint16 {
	switch family {
	case 2:
		return etherIPv4
	case 10, 24, 28, 30: // Linux; NetBSD and OpenBSD; FreeBSD; macOS
		return etherIPv6
	}
	return etherNone
}

// EtherTypes. Every encapsulation comes down to one of them, whatever number
// its own header used.
const (
	etherNone     = 0xffff // reserved (RFC 9542): stands for nothing that we decode
	etherLLC      = 4      // Linux's ETH_P_802_2: LLC follows, of no length that is known
	etherIPv4     = 0x0800
	etherBridged  = 0x6558 // an Ethernet frame (transparent Ethernet bridging)
	etherDot1Q    = 0x8100
	etherIPv6     = 0x86dd
	etherBackbone = 0x88e7 // 802.1ah service tag
	etherTRILL    = 0x22f3
	etherBatman   = 0x4305
	etherMACsec   = 0x88e5
	etherFabric   = 0x8903 // Cisco's FabricPath
	etherMetadata = 0x8909 // Cisco's: the tag of a security group
	etherPortTag  = 0x893f // 802.1BR E-TAG
	etherVNTag    = 0x8926
	etherHSR      = 0x892f
	etherNSH      = 0x894f
	etherPPP      = 0x880b
	etherMPLS     = 0x8847
	etherMPLSUp   = 0x8848 // MPLS with an upstream-assigned label
	etherPPPoE    = 0x8864
	etherProvider = 0x88a8 // 802.1ad service tag
	etherQinQ     = 0x9100 // before 802.1ad
	etherQinQ2    = 0x9200
	etherLengths  = 0x0600 // lower values are 802.3 lengths: LLC follows
)

// etherTypeByVersion tells IPv4 from IPv6 by the version that a packet begins
// with, where nothing else does.
func etherTypeByVersion(p []byte) uint16 {
	if len(p) > 0 {
		switch p[0] >> 4 {
		case 4:
			return etherIPv4
		case 6:
			return etherIPv6
		}
	}
	return etherNone
}

// network decodes what an EtherType announces. All nesting passes here.
//
// Here and below p is what was captured from this header on, and cut the
// number of octets on the wire after p that were not captured.
func (d *Decoder) network(s *Segment, etherType uint16, p []byte, cut uint32) Outcome {
	for isVLAN(etherType) {
		if len(p) < 4 || !d.deeper() {
			return OutcomeMalformed
		}
		d.tag(&s.Tuple, be.Uint16(p)&0xfff)
		etherType, p = be.Uint16(p[2:]), p[4:]
	}
	switch etherType {
	case etherIPv4:
		return d.ipv4(s, p, cut)
	case etherIPv6:
		return d.ipv6(s, p, cut)
	}
	return d.encapsulated(s, etherType, p, cut)
}

func isVLAN(etherType uint16) bool {
	switch etherType {
	case etherDot1Q, etherProvider, etherQinQ, etherQinQ2:
		return true
	}
	return false
}

// tag notes a VLAN id. Id 0 only carries a priority. The outermost two go
// where every reader looks for them; those after them, and those inside a
// tunnel, belong to the tunnel path.
func (d *Decoder) tag(t *FourTuple, id uint16) {
	switch {
	case id == 0 || d.IgnoreIDs:
	case t.Tunnel == 0 && t.VLAN[0] == 0:
		t.VLAN[0] = id
	case t.Tunnel == 0 && t.VLAN[1] == 0:
		t.VLAN[1] = id
	default:
		d.enter(t, tunnelVLAN, uint32(id))
	}
}
