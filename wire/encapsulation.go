package wire

// This file takes off what stands between a link header and IP, and between IP and IP.
// Where a port or nothing but habit says what follows, it is believed only if the inner
// header is sound: what it says of its own length fits what is there.

// encapsulated decodes what an EtherType other than IP and VLAN announces.
func (d *Decoder) encapsulated(s *Segment, etherType uint16, p []byte, cut uint32) Outcome {
	if !d.deeper() {
		return OutcomeMalformed
	}
	switch etherType {
	case etherBridged:
		return d.ethernet(s, p, cut)
	case etherPPPoE:
		return d.pppoe(s, p, cut)
	case etherPPP:
		return d.ppp(s, p, cut)
	case etherMPLS, etherMPLSUp:
		return d.mpls(s, p, cut)
	case etherNSH:
		return d.nsh(s, p, cut)
	case etherVNTag, etherHSR:
		return d.shim(s, 4, p, cut)
	case etherPortTag, etherMetadata:
		return d.shim(s, 6, p, cut)
	case etherBackbone:
		return d.backbone(s, p, cut)
	case etherMACsec:
		return d.macsec(s, p, cut)
	case etherTRILL:
		return d.trill(s, p, cut)
	case etherFabric:
		return d.fabricPath(s, p, cut)
	case etherBatman:
		return d.batman(s, p, cut)
	}
	if etherType >= etherLengths {
		return OutcomeNotIP
	}
	if n := int(etherType); n >= snapHeader && n < len(p) { // less is none: see etherLLC
		p, cut = p[:n:n], 0 // the rest is padding, whatever IP says of its own length (llc_fixup_skb)
	}
	return d.llc(s, p, cut)
}

// ethernet decodes an Ethernet frame.
func (d *Decoder) ethernet(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < ethernetHeader {
		return OutcomeMalformed
	}
	return d.carried(s, be.Uint16(p[12:]), p[ethernetHeader:], cut)
}

// snap is the service access point of what names its protocol by an EtherType, and the
// octets of LLC and of SNAP.
const (
	snap       = 0xaa
	snapHeader = 8
)

// llc decodes what follows an IEEE 802.3 length: SNAP (RFC 1042), with an EtherType or
// with a bridged frame (RFC 2684 section 5.2), or IP by its own service access point.
func (d *Decoder) llc(s *Segment, p []byte, cut uint32) Outcome {
	const ip, unnumbered = 0x06, 0x03
	switch {
	case len(p) < 3:
		return OutcomeNotIP
	case p[0] == ip && p[1] == ip && p[2] == unnumbered:
		return d.carried(s, etherIPv4, p[3:], cut)
	case p[0] != snap || p[1] != snap || p[2] != unnumbered:
		return OutcomeNotIP
	case len(p) < snapHeader:
		return OutcomeMalformed
	}
	switch oui := be.Uint32(p[2:]) & 0xffffff; oui {
	case 0x000000, 0x0000f8: // the latter: "bridge-tunnel encapsulation" (IEEE 802.1H)
		return d.carried(s, be.Uint16(p[6:]), p[snapHeader:], cut)
	case 0x0080c2:
		if pid := be.Uint16(p[6:]); pid == 1 || pid == 7 { // Ethernet with and without its check sequence
			return d.carried(s, etherBridged, p[snapHeader:], cut)
		}
	}
	return OutcomeNotIP
}

// shim takes off a tag of n octets before the EtherType that is none of a VLAN: VN-Tag, the
// redundancy tag of HSR, E-TAG (IEEE 802.1BR section 7.5), and Cisco's metadata, which name
// the security group of the source. All differ by the way that a frame takes.
func (d *Decoder) shim(s *Segment, n int, p []byte, cut uint32) Outcome {
	if len(p) < n+2 {
		return OutcomeMalformed
	}
	return d.network(s, be.Uint16(p[n:]), p[n+2:], cut)
}

// backbone takes off the service tag of a provider backbone bridge (IEEE 802.1ah).
func (d *Decoder) backbone(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 4 {
		return OutcomeMalformed
	}
	d.enter(&s.Tuple, tunnelBackbone, be.Uint32(p)&0xffffff)
	return d.ethernet(s, p[4:], cut)
}

// mpls takes off a label stack (RFC 3032). Nothing says what it carries: IP, or a pseudowire
// with an Ethernet frame, with or without the control word (RFC 4385, RFC 4448).
func (d *Decoder) mpls(s *Segment, p []byte, cut uint32) Outcome {
	for bottom := false; !bottom; p = p[4:] {
		if len(p) < 4 {
			return OutcomeMalformed
		}
		bottom = p[2]&1 != 0
	}
	if etherType := etherTypeByVersion(p); sound(etherType, p, cut) {
		return d.network(s, etherType, p, cut)
	}
	if len(p) > 4 && p[0]>>4 == 0 && sound(etherBridged, p[4:], cut) {
		return d.ethernet(s, p[4:], cut)
	}
	if sound(etherBridged, p, cut) {
		return d.ethernet(s, p, cut)
	}
	return OutcomeNotIP
}

// sound reports whether p, and cut octets behind it, can be what etherType says: an IP packet,
// an Ethernet frame or a tagged one with such a packet, or what is not looked into.
func sound(etherType uint16, p []byte, cut uint32) bool {
	for {
		header := 0
		switch {
		case etherType == etherBridged:
			header = ethernetHeader
		case isVLAN(etherType):
			header = 4
		case etherType < etherLengths && len(p) > 0 && p[0] == snap:
			header = 8
		}
		if header == 0 {
			break
		}
		if len(p) < header {
			return false
		}
		etherType, p = be.Uint16(p[header-2:]), p[header:]
	}
	n := uint32(len(p)) + cut
	switch etherType {
	case etherIPv4:
		if len(p) < 20 || p[0]>>4 != 4 {
			return false
		}
		header, total := uint32(p[0]&0xf)*4, uint32(be.Uint16(p[2:]))
		return header >= 20 && total <= n && (total >= header || total == 0)
	case etherIPv6:
		return len(p) >= 40 && p[0]>>4 == 6 && 40+uint32(be.Uint16(p[4:])) <= n
	case etherMPLS, etherPPPoE, etherNSH:
		return true
	}
	return false
}

// carried decodes what an EtherType, or a number that stands for one, announces: if only a
// port led here, then only what is sound.
func (d *Decoder) carried(s *Segment, etherType uint16, p []byte, cut uint32) Outcome {
	if d.doubtful && !sound(etherType, p, cut) {
		return OutcomeNotIP
	}
	return d.network(s, etherType, p, cut)
}

// nextProtocols are the EtherTypes of what NSH and VXLAN-GPE number for themselves
// (RFC 8300 section 2.2).
var nextProtocols = [...]uint16{1: etherIPv4, 2: etherIPv6, 3: etherBridged, 4: etherNSH, 5: etherMPLS}

func nextProtocol(n uint8) uint16 {
	if int(n) < len(nextProtocols) && n > 0 {
		return nextProtocols[n]
	}
	return etherNone
}

// nsh takes off a network service header (RFC 8300 section 2). Each direction has a service
// path of its own, so that is no part of the key.
func (d *Decoder) nsh(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 8 {
		return OutcomeMalformed
	}
	n := int(p[1]&0x3f) * 4
	if p[0]>>6 != 0 || n < 8 || n > len(p) {
		return OutcomeMalformed
	}
	return d.network(s, nextProtocol(p[3]), p[n:], cut)
}

// pppoe takes off a PPPoE session header (RFC 2516 section 4). gopacket's
// panics on a frame that is cut.
func (d *Decoder) pppoe(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 6 {
		return OutcomeMalformed
	}
	if p[0] != 0x11 || p[1] != 0 {
		return OutcomeNotIP
	}
	d.enter(&s.Tuple, tunnelPPPoE, uint32(be.Uint16(p[2:])))
	return d.ppp(s, p[6:], cut)
}

// tunnel decodes the protocols that carry packets in IP.
func (d *Decoder) tunnel(s *Segment, proto uint8, p []byte, cut uint32) Outcome {
	if proto == protoUDP || proto == protoUDPLite {
		return d.udp(s, p, cut)
	}
	if !d.deeper() {
		return OutcomeMalformed
	}
	out := OutcomeNotTCP
	switch proto {
	case protoIPv4:
		d.enter(&s.Tuple, pick(s.Tuple.V6, tunnel4in6, tunnelIPIP), 0)
		out = d.network(s, etherIPv4, p, cut)
	case protoIPv6:
		d.enter(&s.Tuple, pick(s.Tuple.V6, tunnel6in6, tunnel6in4), 0)
		out = d.network(s, etherIPv6, p, cut)
	case protoGRE:
		out = d.gre(s, p, cut)
	case protoMPLS:
		out = d.mpls(s, p, cut)
	case protoEtherIP:
		out = d.etherIP(s, p, cut)
	case protoEthernet: // what a segment routing header leads to (RFC 8986 section 4.9)
		out = d.ethernet(s, p, cut)
	case protoL2TP:
		out = d.l2tpIP(s, p, cut)
	case protoPIM:
		out = d.pimRegister(s, p, cut)
	}
	if out == OutcomeNotIP {
		return OutcomeNotTCP // the outer packet was IP
	}
	return out
}

func pick(v6 bool, yes, no tunnelKind) tunnelKind {
	if v6 {
		return yes
	}
	return no
}

// etherIP takes off the header of Ethernet within IP (RFC 3378 section 3).
func (d *Decoder) etherIP(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 2 {
		return OutcomeMalformed
	}
	d.enter(&s.Tuple, tunnelEtherIP, 0)
	return d.ethernet(s, p[2:], cut)
}

// gre takes off a GRE header (RFC 2784, RFC 2890; RFC 1701 for the routes; RFC 2637 for
// version 1, where the key is a length and the id of a call).
func (d *Decoder) gre(s *Segment, p []byte, cut uint32) Outcome {
	const (
		sum, routing, key, sequence = 0x8000, 0x4000, 0x2000, 0x1000
		acknowledged, version       = 0x0080, 0x0007
		eoip                        = 0x6400
	)
	if len(p) < 4 {
		return OutcomeMalformed
	}
	flags, protocol := be.Uint16(p), be.Uint16(p[2:])
	v, n := flags&version, 4
	if v == 0 && flags&(sum|routing) != 0 {
		n += 4
	}
	keyAt := n
	for _, flag := range [...]uint16{key, sequence} {
		if flags&flag != 0 {
			n += 4
		}
	}
	if v == 1 && flags&acknowledged != 0 {
		n += 4
	}
	switch {
	case v > 1:
		return OutcomeNotIP
	case n > len(p):
		return OutcomeMalformed
	case flags == key|1 && protocol == eoip:
		return d.eoip(s, p, cut)
	case v == 0 && flags&key != 0:
		d.enter(&s.Tuple, tunnelGREKey, be.Uint32(p[keyAt:]))
	default:
		d.enter(&s.Tuple, tunnelGRE, 0)
	}
	p = p[n:]
	if v == 0 && flags&routing != 0 {
		var ok bool
		if p, ok = skipRoutes(p); !ok {
			return OutcomeMalformed
		}
	}
	return d.inGRE(s, protocol, flags&sequence != 0, p, cut)
}

// eoip takes off the rest of a header of MikroTik's Ethernet over IP: the length of the frame,
// and in the order of octets of a PC the id of the tunnel, which both ends are given. A frame
// of no octets says that the other end is there.
func (d *Decoder) eoip(s *Segment, p []byte, cut uint32) Outcome {
	if be.Uint16(p[4:]) == 0 {
		return OutcomeNotIP
	}
	d.enter(&s.Tuple, tunnelEoIP, uint32(le.Uint16(p[6:])))
	return d.ethernet(s, p[8:], cut)
}

// pimRegister takes off the header with which a router sends a multicast packet to the
// rendezvous point (RFC 7761 section 4.9.3).
func (d *Decoder) pimRegister(s *Segment, p []byte, cut uint32) Outcome {
	const register = 0x21 // version and type
	if len(p) < 8 {
		return OutcomeMalformed
	}
	if p[0] != register {
		return OutcomeNotIP
	}
	d.enter(&s.Tuple, tunnelPIM, 0)
	return d.network(s, etherTypeByVersion(p[8:]), p[8:], cut)
}

// skipRoutes drops the source route entries of RFC 1701: the last has nothing in it.
func skipRoutes(p []byte) ([]byte, bool) {
	for len(p) >= 4 {
		n := int(p[3])
		if len(p) < 4+n {
			break
		}
		last := n == 0 && be.Uint16(p) == 0
		if p = p[4+n:]; last {
			return p, true
		}
	}
	return nil, false
}

// inGRE decodes what GRE carries.
func (d *Decoder) inGRE(s *Segment, protocol uint16, numbered bool, p []byte, cut uint32) Outcome {
	const (
		erspan     = 0x88be
		erspan3    = 0x22eb
		wccp       = 0x883e
		frameRelay = 0x6559
	)
	switch protocol {
	case etherBridged:
		return d.ethernet(s, p, cut)
	case erspan, erspan3:
		return d.erspan(s, protocol == erspan3, numbered, p, cut)
	case wccp: // its second version puts a header of its own before IP
		if len(p) > 4 && p[0]>>4 != 4 {
			p = p[4:]
		}
		return d.carried(s, etherIPv4, p, cut)
	case frameRelay:
		return d.frameRelay(s, p, cut)
	}
	return d.carried(s, protocol, p, cut)
}

// erspan takes off the header of a mirrored frame: none (type I, which has no sequence number
// in GRE), 8 octets (II), or 12 and perhaps 8 more (III); draft-foschiano-erspan section 4.
func (d *Decoder) erspan(s *Segment, three, numbered bool, p []byte, cut uint32) Outcome {
	n := 8
	switch {
	case !three && !numbered:
		d.enter(&s.Tuple, tunnelERSPAN, 0)
		return d.ethernet(s, p, cut)
	case three:
		n = 12
	}
	if len(p) < n {
		return OutcomeMalformed
	}
	const platform, kind, packet = 1, 0x7c00, 2 << 10 // of the last two octets: more follows; an IP packet and no frame
	more := uint16(0)
	if three {
		more = be.Uint16(p[10:])
	}
	d.enter(&s.Tuple, tunnelERSPANSession, uint32(be.Uint16(p[2:])&0x3ff))
	if more&platform != 0 {
		n += 8
	}
	switch {
	case len(p) < n:
		return OutcomeMalformed
	case more&kind == packet:
		return d.carried(s, etherTypeByVersion(p[n:]), p[n:], cut)
	}
	return d.ethernet(s, p[n:], cut)
}
