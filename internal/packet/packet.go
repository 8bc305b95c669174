package packet

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/lastack/lastack/wire"
)

var be = binary.BigEndian

// IP protocol numbers.
const (
	ProtoHopByHop    = 0
	ProtoICMP        = 1
	ProtoTCP         = 6
	ProtoRouting     = 43
	ProtoFragment    = 44
	ProtoAH          = 51
	ProtoICMPv6      = 58
	ProtoDestination = 60
)

// IPv4 flags.
const (
	DontFragment  = 0x4000 // as hosts that discover the path's MTU set it
	MoreFragments = 0x2000
)

// Envelope is what is around a TCP segment or an ICMP message. The zero value
// is a plain packet with a TTL of 64.
type Envelope struct {
	VLAN      []uint16       // VLAN tags, outermost first; the outer ones of several are 802.1ad's
	Direction wire.Direction // as a cooked link header tells it

	Class      uint8       // type of service or traffic class
	FlowLabel  uint32      // of IPv6, 20 bits
	TTL        uint8       // or hop limit; 0 means 64
	IPID       uint16      // IPv4 identification
	IPFlags    uint16      // IPv4 flags and fragment offset, in units of 8 octets
	IPOptions  []byte      // IPv4 options, to be padded with end-of-list
	Extensions []Extension // IPv6 extension headers (AH may stand in IPv4, too)
	Offload    bool        // leave the IP length 0, as a host does that has its card do the rest
}

// Extension is an extension header: its own protocol number, and its octets,
// of which the first will be overwritten by the number of the next header.
type Extension struct {
	Proto uint8
	Data  []byte
}

// Sum says what to write into a TCP checksum field.
type Sum uint8

// The checksums.
const (
	Good    Sum = iota
	Partial     // of the pseudo-header only, as the sender's tap sees it
	Bad         // wrong
	Zero        // not filled in
)

// TCP is a TCP segment.
type TCP struct {
	Envelope
	Src, Dst netip.AddrPort // of one family; that of Src counts
	Seq, Ack wire.Seq
	Flags    wire.Flags
	Window   uint16
	Urgent   uint16
	Options  []byte // padded with end-of-list to four octets; at most 40
	Payload  []byte
	Sum      Sum
}

// Append appends the frame to buf under a link header of the LINKTYPE_ value
// link (see Link), and returns the longer buf. It allocates only if buf has no
// room.
func (t *TCP) Append(buf []byte, link uint32) []byte {
	header := 20 + (len(t.Options)+3)&^3
	e := envelope{&t.Envelope, t.Src.Addr(), t.Dst.Addr(), ProtoTCP}
	buf, p := e.append(buf, link, header+len(t.Payload))

	be.PutUint16(p, t.Src.Port())
	be.PutUint16(p[2:], t.Dst.Port())
	be.PutUint32(p[4:], uint32(t.Seq))
	be.PutUint32(p[8:], uint32(t.Ack))
	be.PutUint16(p[12:], uint16(header/4)<<12|uint16(t.Flags))
	be.PutUint16(p[14:], t.Window)
	be.PutUint16(p[16:], 0)
	be.PutUint16(p[18:], t.Urgent)
	clear(p[20+copy(p[20:header], t.Options) : header])
	copy(p[header:], t.Payload)
	be.PutUint16(p[16:], t.checksum(e.pseudo(len(p)), p))
	return buf
}

func (t *TCP) checksum(pseudo uint64, p []byte) uint16 {
	switch t.Sum {
	case Partial:
		return Fold16(pseudo)
	case Zero:
		return 0
	case Bad:
		return ^Fold16(pseudo+Add16(p)) + 1
	}
	return ^Fold16(pseudo + Add16(p))
}

// ICMP is an ICMP or ICMPv6 error.
type ICMP struct {
	Envelope
	Src, Dst   netip.Addr // of one family; that of Src counts
	Type, Code uint8
	Rest       uint32 // the second word: an MTU, a pointer
	Quote      []byte // the packet that drew it, from its IP header on
}

// Unreachable is the error by which src tells dst that it could not deliver
// the quoted packet: destination unreachable, of the code for dst's family.
func Unreachable(src, dst netip.Addr, code uint8, quote []byte) ICMP {
	m := ICMP{Src: src, Dst: dst, Type: 3, Code: code, Quote: quote}
	if !src.Is4() {
		m.Type = 1
	}
	return m
}

// Append appends the frame to buf, as TCP.Append does.
func (m *ICMP) Append(buf []byte, link uint32) []byte {
	e := envelope{&m.Envelope, m.Src, m.Dst, ProtoICMP}
	if !m.Src.Is4() {
		e.proto = ProtoICMPv6
	}
	buf, p := e.append(buf, link, 8+len(m.Quote))
	p[0], p[1], p[2], p[3] = m.Type, m.Code, 0, 0
	be.PutUint32(p[4:], m.Rest)
	copy(p[8:], m.Quote)
	var pseudo uint64 // ICMPv6 sums it, ICMP does not
	if e.proto == ProtoICMPv6 {
		pseudo = e.pseudo(len(p))
	}
	be.PutUint16(p[2:], ^Fold16(pseudo+Add16(p)))
	return buf
}

// envelope is an Envelope with its addresses and what it carries.
type envelope struct {
	*Envelope
	src, dst netip.Addr
	proto    uint8
}

// append appends all headers around n octets, and returns the longer buf and
// the place for these octets. Their former content is garbage.
func (e envelope) append(buf []byte, link uint32, n int) (longer, body []byte) {
	v4 := e.src.Is4()
	ext := 0
	for i := range e.Extensions {
		ext += len(e.Extensions[i].Data)
	}
	header := 40
	if v4 {
		header = 20 + (len(e.IPOptions)+3)&^3
	}
	buf = appendLink(buf, link, &e)
	start, size := len(buf), header+ext+n
	buf = slices.Grow(buf, size)[:start+size]
	ip := buf[start:]
	if v4 {
		e.putIPv4(ip[:header], size)
	} else {
		e.putIPv6(ip, size-header)
	}
	e.putExtensions(ip[header:])
	return buf, ip[header+ext:]
}

// first is the protocol number of what follows the IP header.
func (e *envelope) first() uint8 {
	if len(e.Extensions) > 0 {
		return e.Extensions[0].Proto
	}
	return e.proto
}

func (e *envelope) ttl() uint8 {
	if e.TTL == 0 {
		return 64
	}
	return e.TTL
}

func (e *envelope) putIPv4(h []byte, total int) {
	if e.Offload {
		total = 0
	}
	h[0], h[1] = 0x40|uint8(len(h)/4), e.Class
	be.PutUint16(h[2:], uint16(total))
	be.PutUint16(h[4:], e.IPID)
	be.PutUint16(h[6:], e.IPFlags)
	h[8], h[9] = e.ttl(), e.first()
	be.PutUint16(h[10:], 0)
	src, dst := e.src.As4(), e.dst.As4()
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	clear(h[20+copy(h[20:], e.IPOptions):])
	be.PutUint16(h[10:], ^Fold16(Add16(h)))
}

func (e *envelope) putIPv6(h []byte, length int) {
	if e.Offload || length > 0xffff {
		length = 0
	}
	be.PutUint32(h, 6<<28|uint32(e.Class)<<20|e.FlowLabel)
	be.PutUint16(h[4:], uint16(length))
	h[6], h[7] = e.first(), e.ttl()
	src, dst := e.src.As16(), e.dst.As16()
	copy(h[8:], src[:])
	copy(h[24:], dst[:])
}

func (e *envelope) putExtensions(p []byte) {
	for i := range e.Extensions {
		n := copy(p, e.Extensions[i].Data)
		p[0] = e.proto
		if i+1 < len(e.Extensions) {
			p[0] = e.Extensions[i+1].Proto
		}
		p = p[n:]
	}
}

// pseudo sums the pseudo-header of n octets.
func (e *envelope) pseudo(n int) uint64 {
	s := uint64(e.proto) + uint64(n>>16) + uint64(n&0xffff)
	if e.src.Is4() {
		src, dst := e.src.As4(), e.dst.As4()
		return s + Add16(src[:]) + Add16(dst[:])
	}
	src, dst := e.src.As16(), e.dst.As16()
	return s + Add16(src[:]) + Add16(dst[:])
}

// Wrap appends ip, a whole IPv4 or IPv6 packet, to buf under a link header of the
// LINKTYPE_ value link, and returns the longer buf. Of the envelope only what a
// link header shows counts: the VLAN tags and the direction.
func (e *Envelope) Wrap(buf []byte, link uint32, ip []byte) []byte {
	x := envelope{Envelope: e, src: netip.AddrFrom4([4]byte(ip[12:])), dst: netip.AddrFrom4([4]byte(ip[16:]))}
	if ip[0]>>4 == 6 {
		x.src, x.dst = netip.AddrFrom16([16]byte(ip[8:])), netip.AddrFrom16([16]byte(ip[24:]))
	}
	return append(appendLink(buf, link, &x), ip...)
}
