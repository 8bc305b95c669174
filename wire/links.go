package wire

import (
	"bytes"
	"encoding/binary"
)

// Link types of linkByHand, by their LINKTYPE_ value.
const (
	linkTokenRing    = 6
	linkARCnet       = 7
	linkSLIP         = 8
	linkPPP          = 9
	linkPPPSerial    = 50 // with HDLC framing
	linkATM          = 100
	linkATMClip      = 106
	linkWiFi         = 105
	linkFrameRelay   = 107
	linkEnc          = 109
	linkPrism        = 119
	linkIPOverFC     = 122
	linkSunATM       = 123
	linkRadiotap     = 127
	linkARCnetLinux  = 129
	linkPKTAPUser    = 149 // as PKTAP was written before it had a number
	linkAVS          = 163
	linkPPPD         = 166
	linkJuniperEther = 178
	linkPPI          = 192
	linkPPPDir       = 204
	linkHDLCDir      = 205
	linkFRelayDir    = 206
	linkMPLS         = 219
	linkIPNET        = 226
	linkNFLOG        = 239
	linkExported     = 252
	linkPKTAP        = 258
)

// linkByHand takes off the headers of link types that need more than a table, and that
// gopacket has no decoder for.
func (d *Decoder) linkByHand(s *Segment, link uint32, p []byte, cut uint32) Outcome {
	switch link {
	case linkMPLS:
		return d.network(s, etherMPLS, p, cut)
	case linkTokenRing:
		return d.tokenRing(s, p, cut)
	case linkATM, linkATMClip:
		return d.llc(s, p, cut)
	case linkSunATM:
		return d.sunATM(s, p, cut)
	case linkFrameRelay:
		return d.frameRelay(s, p, cut)
	case linkPPP, linkPPPSerial:
		return d.ppp(s, p, cut)
	case linkPPPD, linkPPPDir, linkHDLCDir, linkFRelayDir:
		return d.directed(s, link, p, cut)
	case linkPPI:
		return d.ppi(s, p, cut)
	case linkWiFi:
		return d.wifi(s, p, cut, false)
	case linkRadiotap:
		return d.radiotap(s, p, cut)
	case linkPrism, linkAVS:
		return d.monitored(s, p, cut)
	case linkPKTAP, linkPKTAPUser:
		return d.pktap(s, p, cut)
	case linkNFLOG:
		return d.nflog(s, p, cut)
	case linkIPNET:
		return d.ipnet(s, p, cut)
	case linkARCnet:
		return d.arcnet(s, p, cut, 2)
	case linkARCnetLinux:
		return d.arcnet(s, p, cut, 4)
	case linkExported:
		return d.exported(s, p, cut)
	case linkJuniperEther:
		return d.juniper(s, p, cut)
	}
	for _, h := range prefixes {
		if h.link != link {
			continue
		}
		if len(p) < h.length {
			return OutcomeMalformed
		}
		if p = p[h.length:]; h.llc {
			return d.llc(s, p, cut)
		}
		return d.network(s, etherTypeByVersion(p), p, cut)
	}
	return d.genericLink(s, link, p, cut)
}

// prefixes are headers of a fixed length before IP or LLC.
var prefixes = [...]struct {
	link   uint32
	length int
	llc    bool
}{
	{linkSLIP, 16, false}, // a direction, and a place for a header that was compressed
	{linkEnc, 12, false},  // OpenBSD's address family, SPI and flags
	{linkIPOverFC, 16, true},
}

// direct says what a first octet says of the direction: 0 stands for received.
func direct(b byte) Direction {
	if b == 0 {
		return Inbound
	}
	return Outbound
}

// directed takes off an octet with the direction, and what pppd leaves of the framing.
func (d *Decoder) directed(s *Segment, link uint32, p []byte, cut uint32) Outcome {
	if len(p) < 4 {
		return OutcomeMalformed
	}
	s.Arrow, p = direct(p[0]), p[1:]
	switch link {
	case linkFRelayDir:
		return d.frameRelay(s, p, cut)
	case linkHDLCDir:
		return d.link(s, linkCiscoHDLC, p, cut)
	case linkPPPD:
		p = p[1:] // the control field
	}
	return d.ppp(s, p, cut)
}

// tokenRing takes off an IEEE 802.5 header, and the route in it if the source says so.
func (d *Decoder) tokenRing(s *Segment, p []byte, cut uint32) Outcome {
	const header, routed, llcFrame = 14, 0x80, 0x40 // and bits of the source and of frame control
	if len(p) < header+2 {
		return OutcomeMalformed
	}
	if p[1]&0xc0 != llcFrame {
		return OutcomeNotIP
	}
	n := header
	if p[8]&routed != 0 {
		n += int(p[header] & 0x1f)
	}
	if n > len(p) {
		return OutcomeMalformed
	}
	return d.llc(s, p[n:], cut)
}

// sunATM takes off SunATM's header: a kind and a virtual circuit.
func (d *Decoder) sunATM(s *Segment, p []byte, cut uint32) Outcome {
	const lane, llc = 1, 2
	if len(p) < 6 {
		return OutcomeMalformed
	}
	switch p[0] & 0xf {
	case lane: // LAN emulation: the id of a client before the frame
		return d.ethernet(s, p[6:], cut)
	case llc:
		return d.llc(s, p[4:], cut)
	}
	return OutcomeNotIP
}

// frameRelay takes off an address of 2 to 4 octets and what names the protocol (RFC 2427).
func (d *Decoder) frameRelay(s *Segment, p []byte, cut uint32) Outcome {
	const unnumbered, padding, snap, ip4, ip6 = 0x03, 0x00, 0x80, 0xcc, 0x8e
	n := 0
	for n < len(p) && p[n]&1 == 0 { // the last octet of the address has the bit
		n++
	}
	if n++; n < 2 || n > 4 || len(p) < n+4 {
		return OutcomeMalformed
	}
	p = p[n:]
	if p[0] != unnumbered { // as Cisco has it: an EtherType
		return d.carried(s, be.Uint16(p), p[2:], cut)
	}
	if p = p[1:]; p[0] == padding {
		p = p[1:]
	}
	switch p[0] {
	case ip4:
		return d.carried(s, etherIPv4, p[1:], cut)
	case ip6:
		return d.carried(s, etherIPv6, p[1:], cut)
	case snap:
		if len(p) >= 6 && p[1] == 0 && p[2] == 0 && p[3] == 0 {
			return d.carried(s, be.Uint16(p[4:]), p[6:], cut)
		}
	}
	return OutcomeNotIP
}

// ppi takes off CACE's per-packet information, which says what link type follows.
func (d *Decoder) ppi(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 8 {
		return OutcomeMalformed
	}
	n := int(le.Uint16(p[2:]))
	if p[0] != 0 || n < 8 || n > len(p) {
		return OutcomeMalformed
	}
	return d.inner(s, le.Uint32(p[4:]), p[n:], cut)
}

// pktap takes off the header of macOS (bsd/net/pktap.h), which says what link type follows.
func (d *Decoder) pktap(s *Segment, p []byte, cut uint32) Outcome {
	const shortest, flagsAt, in, out = 108, 36, 1, 2
	if len(p) < shortest {
		return OutcomeMalformed
	}
	n := le.Uint32(p)
	if n < shortest || n > uint32(len(p)) {
		return OutcomeMalformed
	}
	outcome := d.inner(s, le.Uint32(p[8:]), p[n:], cut)
	switch flags := le.Uint32(p[flagsAt:]); {
	case outcome != OutcomeTCP:
	case flags&in != 0:
		s.Arrow = Inbound
	case flags&out != 0:
		s.Arrow = Outbound
	}
	return outcome
}

// inner decodes a frame of a link type that a header names.
func (d *Decoder) inner(s *Segment, link uint32, p []byte, cut uint32) Outcome {
	if !d.deeper() {
		return OutcomeMalformed
	}
	return d.link(s, link, p, cut)
}

// nflog finds the packet among the attributes of Linux's netfilter log; their numbers are in
// the order of octets of the host that captured.
func (d *Decoder) nflog(s *Segment, p []byte, cut uint32) Outcome {
	const header, payload = 4, 9
	if len(p) < header {
		return OutcomeMalformed
	}
	order := binary.ByteOrder(le)
	if len(p) >= header+4 && le.Uint16(p[header:]) > 0xff && be.Uint16(p[header:]) <= 0xff {
		order = be // the first attribute is a short one
	}
	etherType := familyEtherType(uint32(p[0]))
	for p = p[header:]; len(p) >= 4; {
		n := int(order.Uint16(p))
		if n < 4 {
			break
		}
		if order.Uint16(p[2:])&0x7fff == payload {
			return d.network(s, etherType, p[4:], cut) // it is the last
		}
		if n = (n + 3) &^ 3; n > len(p) {
			break
		}
		p = p[n:]
	}
	return OutcomeMalformed
}

// ipnet takes off the header of Solaris's IP observability.
func (d *Decoder) ipnet(s *Segment, p []byte, cut uint32) Outcome {
	const header, inet, inet6 = 24, 2, 26
	if len(p) < header {
		return OutcomeMalformed
	}
	switch p[1] {
	case inet:
		return d.network(s, etherIPv4, p[header:], cut)
	case inet6:
		return d.network(s, etherIPv6, p[header:], cut)
	}
	return OutcomeNotIP
}

// juniper takes off the header that Juniper's routers put before a frame, and what else they
// know of it.
func (d *Decoder) juniper(s *Segment, p []byte, cut uint32) Outcome {
	const magic, in, noL2, extensions = 0x4d4743, 0x01, 0x02, 0x80
	if len(p) < 6 || be.Uint32(p)>>8 != magic {
		return OutcomeMalformed
	}
	flags, n := p[3], 4
	if flags&extensions != 0 {
		n += 2 + int(be.Uint16(p[4:]))
	}
	if flags&noL2 != 0 {
		n += 4 // the address family
	}
	if n > len(p) {
		return OutcomeMalformed
	}
	s.Arrow = Outbound
	if flags&in != 0 {
		s.Arrow = Inbound
	}
	if p = p[n:]; flags&noL2 != 0 {
		return d.network(s, etherTypeByVersion(p), p, cut)
	}
	return d.ethernet(s, p, cut)
}

// arcnet takes off an ARCnet header: at octets before the protocol, two addresses and under Linux
// an offset, and after it by RFC 1201 a flag, which says of which piece of a packet this is, and
// a number. RFC 1051 has no such pieces. BSD keeps what marks a frame of an awkward length.
func (d *Decoder) arcnet(s *Segment, p []byte, cut uint32, at int) Outcome {
	const ip4, ip6, oldIP4 = 212, 196, 240 // the second: RFC 2497
	const awkward = 0xff
	if len(p) < at+4 {
		return OutcomeMalformed
	}
	etherType := uint16(etherIPv4)
	switch protocol := p[at]; protocol {
	case oldIP4:
		return d.network(s, etherIPv4, p[at+1:], cut)
	case ip6:
		etherType = etherIPv6
	case ip4:
	default:
		return OutcomeNotIP
	}
	if p = p[at+1:]; p[0] == awkward && len(p) >= 7 {
		p = p[4:]
	}
	if flag := p[0]; flag != 0 && flag&1 == 0 { // not the first piece
		return OutcomeNotIP
	}
	return d.network(s, etherType, p[3:], cut)
}

// exported takes off the tags before what Wireshark exported (wsutil/exported_pdu_tlvs.h): the
// name of its decoder tells IP and Ethernet. Of what was a payload of TCP there is no TCP.
func (d *Decoder) exported(s *Segment, p []byte, cut uint32) Outcome {
	const end, decoder = 0, 12
	var name []byte
	for len(p) >= 4 {
		tag, n := be.Uint16(p), int(be.Uint16(p[2:]))
		if p = p[4:]; n > len(p) {
			break
		}
		switch tag {
		case decoder:
			name = bytes.TrimRight(p[:n], "\x00")
		case end:
			switch p = p[n:]; string(name) {
			case "ip", "ipv6":
				return d.network(s, etherTypeByVersion(p), p, cut)
			case "eth_withoutfcs", "eth_withfcs", "eth_maybefcs", "eth":
				return d.network(s, etherBridged, p, cut)
			}
			return OutcomeNotIP
		}
		p = p[n:]
	}
	return OutcomeMalformed
}
