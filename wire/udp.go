package wire

import (
	"maps"
	"slices"
)

// Encapsulation is what is found in UDP on some port.
type Encapsulation uint8

// The encapsulations in UDP.
const (
	NoEncapsulation Encapsulation = iota // what looks like one is left alone
	VXLAN                                // RFC 7348, and its generic protocol extension
	Geneve                               // RFC 8926
	GTP                                  // GTP-U: 3GPP TS 29.281
	MPLS                                 // RFC 7510
	Teredo                               // RFC 4380
	L2TP                                 // RFC 2661, RFC 3931
	LISP                                 // RFC 9300
	GRE                                  // RFC 8086
	TZSP                                 // TaZmen Sniffer Protocol
)

var encapsulations = map[string]Encapsulation{
	"none": NoEncapsulation, "vxlan": VXLAN, "vxlan-gpe": VXLAN, "geneve": Geneve, "gtp": GTP, "mpls": MPLS, "teredo": Teredo, "l2tp": L2TP, "lisp": LISP,
	"gre": GRE, "tzsp": TZSP,
}

// EncapsulationNames lists what ParseEncapsulation takes, in the order of the alphabet.
func EncapsulationNames() []string { return slices.Sorted(maps.Keys(encapsulations)) }

// ParseEncapsulation returns the encapsulation of a name.
func ParseEncapsulation(name string) (Encapsulation, bool) {
	e, ok := encapsulations[name]
	return e, ok
}

// udpPort is what is found on a well-known port (IANA; 8472 is Linux's default for VXLAN,
// and 37008 that of what sends TZSP).
func udpPort(port uint16) Encapsulation {
	switch port {
	case 4789, 4790, 8472:
		return VXLAN
	case 6081:
		return Geneve
	case 2152:
		return GTP
	case 6635:
		return MPLS
	case 3544:
		return Teredo
	case 1701:
		return L2TP
	case 4341:
		return LISP
	case 4754:
		return GRE
	case 37008:
		return TZSP
	}
	return NoEncapsulation
}

// udp decodes tunnels in UDP, told by a port of either end. UDP with such a port may carry
// anything else.
func (d *Decoder) udp(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 8 {
		return OutcomeNotTCP
	}
	for _, port := range [...]uint16{be.Uint16(p[2:]), be.Uint16(p)} {
		kind := udpPort(port)
		if d.Ports != nil {
			if own, ok := d.Ports[port]; ok {
				kind = own
			}
		}
		if kind == NoEncapsulation {
			continue
		}
		if !d.deeper() {
			return OutcomeMalformed
		}
		outer := s.Tuple
		if out := d.inUDP(s, kind, p[8:], cut); out != OutcomeNotIP && (out != OutcomeMalformed || cut > 0) {
			return out
		}
		s.Tuple = outer
	}
	return OutcomeNotTCP
}

// inUDP decodes what a port stands for. OutcomeNotIP says that it is something else.
func (d *Decoder) inUDP(s *Segment, kind Encapsulation, p []byte, cut uint32) Outcome {
	switch kind {
	case VXLAN:
		return d.vxlan(s, p, cut)
	case Geneve:
		return d.geneve(s, p, cut)
	case GTP:
		return d.gtp(s, p, cut)
	case MPLS:
		return d.mpls(s, p, cut)
	case Teredo:
		return d.teredo(s, p, cut)
	case L2TP:
		return d.l2tp(s, p, cut)
	case LISP:
		return d.lisp(s, p, cut)
	case GRE:
		return d.greInUDP(s, p, cut)
	case TZSP:
		return d.tzsp(s, p, cut)
	}
	return OutcomeNotIP
}

// within decodes what a port led to, if it is sound.
func (d *Decoder) within(s *Segment, kind tunnelKind, id uint32, etherType uint16, p []byte, cut uint32) Outcome {
	if !sound(etherType, p, cut) {
		if cut > 0 && len(p) < ethernetHeader+40 {
			return OutcomeMalformed // cut before it could be told
		}
		return OutcomeNotIP
	}
	d.enter(&s.Tuple, kind, id)
	if etherType == etherBridged {
		return d.ethernet(s, p, cut)
	}
	return d.network(s, etherType, p, cut)
}

// vxlan takes off a VXLAN header (RFC 7348 section 5), or one that says itself what follows
// (draft-ietf-nvo3-vxlan-gpe section 3.1). A sender has to set the flag that the VNI is valid,
// and some receivers drop what comes without it; what was sent is a frame all the same.
func (d *Decoder) vxlan(s *Segment, p []byte, cut uint32) Outcome {
	const next = 0x04 // flag: there is a next protocol
	if len(p) < 8 {
		return OutcomeNotIP
	}
	etherType := uint16(etherBridged)
	if p[0]&next != 0 {
		etherType = nextProtocol(p[3])
	}
	return d.within(s, tunnelVXLAN, be.Uint32(p[4:])>>8, etherType, p[8:], cut)
}

// geneve takes off a Geneve header and its options (RFC 8926 section 3.4).
func (d *Decoder) geneve(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 8 {
		return OutcomeNotIP
	}
	n := 8 + int(p[0]&0x3f)*4
	if p[0]>>6 != 0 || n > len(p) {
		return OutcomeNotIP
	}
	return d.within(s, tunnelGeneve, be.Uint32(p[4:])>>8, be.Uint16(p[2:]), p[n:], cut)
}

// gtp takes off the header of a GTP-U packet (3GPP TS 29.281 section 5).
// gopacket's refuses frames that are cut, and prints to standard output.
func (d *Decoder) gtp(s *Segment, p []byte, cut uint32) Outcome {
	const (
		versionAndType = 0xf0 // of the first octet
		gtp1           = 0x30
		extended       = 0x04
		anyOptional    = 0x07 // extension, sequence number or N-PDU number
		userData       = 0xff // message type
	)
	if len(p) < 12 || p[0]&versionAndType != gtp1 || p[1] != userData {
		return OutcomeNotIP
	}
	flags := p[0]
	p = p[8:]
	if flags&anyOptional != 0 {
		more := flags&extended != 0 && p[3] != 0
		for p = p[4:]; more; {
			if len(p) == 0 || p[0] == 0 || int(p[0])*4 > len(p) {
				return OutcomeMalformed
			}
			n := int(p[0]) * 4
			more, p = p[n-1] != 0, p[n:]
		}
	}
	return d.within(s, tunnelGTP, 0, etherTypeByVersion(p), p, cut)
}

// teredo takes off what may stand before the IPv6 packet: an authentication, an indication
// of the origin (RFC 4380 section 5.1.1).
func (d *Decoder) teredo(s *Segment, p []byte, cut uint32) Outcome {
	const origin, authentication = 0, 1
	if len(p) >= 4 && be.Uint16(p) == authentication {
		n := 13 + int(p[2]) + int(p[3]) // two lengths, what they are of, a nonce, and whether it is confirmed
		if n > len(p) {
			return OutcomeNotIP
		}
		p = p[n:]
	}
	if len(p) >= 8 && be.Uint16(p) == origin {
		p = p[8:]
	}
	return d.within(s, tunnelTeredo, 0, etherIPv6, p, cut)
}

// lisp takes off a LISP header (RFC 9300 section 5.1).
func (d *Decoder) lisp(s *Segment, p []byte, cut uint32) Outcome {
	const instance = 0x08 // flag: there is an instance id
	if len(p) < 8 {
		return OutcomeNotIP
	}
	id := uint32(0)
	if p[0]&instance != 0 {
		id = be.Uint32(p[4:]) >> 8
	}
	return d.within(s, tunnelLISP, id, etherTypeByVersion(p[8:]), p[8:], cut)
}

// l2tp takes off the header of L2TP in UDP: of version 2 with PPP (RFC 2661 section 3.1), or
// of version 3 (RFC 3931 section 4.1.2.1). Each end has ids of its own.
func (d *Decoder) l2tp(s *Segment, p []byte, cut uint32) Outcome {
	const (
		control, length, sequence, offset = 0x8000, 0x4000, 0x0800, 0x0200
		version                           = 0x000f
	)
	if len(p) < 6 {
		return OutcomeNotIP
	}
	flags, n := be.Uint16(p), 6 // and the ids of tunnel and session
	switch {
	case flags&control != 0:
		return OutcomeNotIP
	case flags&version == 3:
		return d.l2tpSession(s, p[4:], cut)
	case flags&version != 2:
		return OutcomeNotIP
	}
	if flags&length != 0 {
		n += 2
	}
	if flags&sequence != 0 {
		n += 4
	}
	if flags&offset != 0 {
		if len(p) < n+2 {
			return OutcomeNotIP
		}
		n += 2 + int(be.Uint16(p[n:]))
	}
	if len(p) < n {
		return OutcomeNotIP
	}
	d.enter(&s.Tuple, tunnelL2TP, 0)
	d.doubtful = true
	defer func() { d.doubtful = false }()
	return d.ppp(s, p[n:], cut)
}

// l2tpIP decodes L2TP version 3 in IP (RFC 3931 section 4.1.1). Session 0 is control.
func (d *Decoder) l2tpIP(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 4 || be.Uint32(p) == 0 {
		return OutcomeNotIP
	}
	return d.l2tpSession(s, p, cut)
}

// l2tpSession takes off a session header of version 3: an id, a cookie of 0, 4 or 8 octets
// and a sublayer of 0 or 4, of which only the ends of the session know how long they are. It
// takes the first length with which an Ethernet frame, or an IP packet, is sound.
func (d *Decoder) l2tpSession(s *Segment, p []byte, cut uint32) Outcome {
	for n := 4; n <= 16 && n < len(p); n += 4 {
		for _, etherType := range [...]uint16{etherBridged, etherTypeByVersion(p[n:])} {
			if sound(etherType, p[n:], cut) {
				return d.within(s, tunnelL2TP, 0, etherType, p[n:], cut)
			}
		}
	}
	return OutcomeNotIP
}

// greInUDP decodes GRE where only a port says that it is (RFC 8086).
func (d *Decoder) greInUDP(s *Segment, p []byte, cut uint32) Outcome {
	d.doubtful = true
	defer func() { d.doubtful = false }()
	return d.gre(s, p, cut)
}

// tzsp takes off the header of a mirrored frame, and the tags behind it, which end with one of
// type 1 (Network Chemistry, "TaZmen Sniffer Protocol"; MikroTik's sniffer sends it).
func (d *Decoder) tzsp(s *Segment, p []byte, cut uint32) Outcome {
	const version, keepAlive, padding, last = 1, 4, 0, 1
	const ethernet, wifi, prism, avs = 1, 18, 119, 127
	if len(p) < 4 || p[0] != version || p[1] >= keepAlive {
		return OutcomeNotIP
	}
	protocol, p := be.Uint16(p[2:]), p[4:]
	for tag := uint8(padding); tag != last; {
		n := 1
		if len(p) > 1 && p[0] > last {
			n = 2 + int(p[1])
		}
		if n > len(p) {
			return OutcomeMalformed
		}
		tag, p = p[0], p[n:]
	}
	link := uint32(linkWiFi)
	switch protocol {
	case ethernet:
		return d.within(s, tunnelTZSP, 0, etherBridged, p, cut)
	case wifi:
	case prism, avs:
		link = linkPrism
	default:
		return OutcomeNotIP
	}
	d.enter(&s.Tuple, tunnelTZSP, 0)
	d.doubtful = true
	defer func() { d.doubtful = false }()
	return d.linkByHand(s, link, p, cut)
}
