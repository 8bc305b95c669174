package packet

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// Flags are a segment's control bits, as they stand in octet 13 of the header.
type Flags uint8

// The control bits of RFC 9293 section 3.1 that the lab looks at.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
)

const (
	protoICMP   = 1
	protoTCP    = 6
	protoICMPv6 = 58
)

// Has reports whether all bits of mask are set.
func (f Flags) Has(mask Flags) bool { return f&mask == mask }

// String writes the bits as tcpdump does: "[S.]", "[P.]", "[R]".
func (f Flags) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for _, x := range []struct {
		bit  Flags
		name byte
	}{{FIN, 'F'}, {SYN, 'S'}, {RST, 'R'}, {PSH, 'P'}, {URG, 'U'}, {ACK, '.'}} {
		if f.Has(x.bit) {
			b.WriteByte(x.name)
		}
	}
	b.WriteByte(']')
	return b.String()
}

// Packet is one parsed TCP segment with its IP header. The slices point into
// the octets given to Parse.
type Packet struct {
	Src, Dst netip.AddrPort
	Seq, Ack uint32
	Flags    Flags
	Window   uint16 // as on the wire, not scaled
	Options  []byte
	Payload  []byte
	TTL      uint8
}

// Parse reads an IP packet that holds a whole TCP segment. Anything else
// (ICMP, a fragment, a cut packet) is an error.
func Parse(raw []byte) (Packet, error) {
	h, err := parseIP(raw)
	if err != nil {
		return Packet{}, err
	}
	if h.proto != protoTCP || h.fragment {
		return Packet{}, fmt.Errorf("packet: protocol %d, fragment %v: not a TCP segment", h.proto, h.fragment)
	}
	return parseTCP(h)
}

type ipHeader struct {
	src, dst netip.Addr
	proto    uint8
	ttl      uint8
	fragment bool
	body     []byte
}

func parseIP(raw []byte) (ipHeader, error) {
	switch {
	case len(raw) >= 20 && raw[0]>>4 == 4:
		return parseIPv4(raw)
	case len(raw) >= 40 && raw[0]>>4 == 6:
		return parseIPv6(raw)
	}
	return ipHeader{}, fmt.Errorf("packet: %d octets, no IP header", len(raw))
}

func parseIPv4(raw []byte) (ipHeader, error) {
	head, total := int(raw[0]&15)*4, int(binary.BigEndian.Uint16(raw[2:]))
	if head < 20 || total < head || total > len(raw) {
		return ipHeader{}, fmt.Errorf("packet: IPv4 header %d, total %d, have %d", head, total, len(raw))
	}
	src, _ := netip.AddrFromSlice(raw[12:16])
	dst, _ := netip.AddrFromSlice(raw[16:20])
	return ipHeader{
		src: src, dst: dst, proto: raw[9], ttl: raw[8],
		fragment: binary.BigEndian.Uint16(raw[6:])&0x3fff != 0,
		body:     raw[head:total],
	}, nil
}

func parseIPv6(raw []byte) (ipHeader, error) {
	total := 40 + int(binary.BigEndian.Uint16(raw[4:]))
	if total > len(raw) {
		return ipHeader{}, fmt.Errorf("packet: IPv6 total %d, have %d", total, len(raw))
	}
	src, _ := netip.AddrFromSlice(raw[8:24])
	dst, _ := netip.AddrFromSlice(raw[24:40])
	return ipHeader{src: src, dst: dst, proto: raw[6], ttl: raw[7], body: raw[40:total]}, nil
}

func parseTCP(h ipHeader) (Packet, error) {
	b := h.body
	if len(b) < 20 {
		return Packet{}, fmt.Errorf("packet: TCP header of %d octets", len(b))
	}
	head := int(b[12]>>4) * 4
	if head < 20 || head > len(b) {
		return Packet{}, fmt.Errorf("packet: TCP data offset %d of %d", head, len(b))
	}
	return Packet{
		Src: netip.AddrPortFrom(h.src, binary.BigEndian.Uint16(b)),
		Dst: netip.AddrPortFrom(h.dst, binary.BigEndian.Uint16(b[2:])),
		Seq: binary.BigEndian.Uint32(b[4:]), Ack: binary.BigEndian.Uint32(b[8:]),
		Flags: Flags(b[13]), Window: binary.BigEndian.Uint16(b[14:]),
		Options: b[20:head], Payload: b[head:], TTL: h.ttl,
	}, nil
}

// Len is SEG.LEN: the payload, and one each for SYN and FIN.
func (p Packet) Len() uint32 {
	n := uint32(len(p.Payload))
	if p.Flags.Has(SYN) {
		n++
	}
	if p.Flags.Has(FIN) {
		n++
	}
	return n
}

// Pure reports whether p only acknowledges: no payload, SYN, FIN or RST.
func (p Packet) Pure() bool {
	return p.Flags&(SYN|FIN|RST|ACK) == ACK && len(p.Payload) == 0
}

// String is the line of the logs: flags, numbers, length.
func (p Packet) String() string {
	return fmt.Sprintf("%v %d>%d seq=%d ack=%d len=%d",
		p.Flags, p.Src.Port(), p.Dst.Port(), p.Seq, p.Ack, len(p.Payload))
}

// Options of RFC 9293 section 3.2, RFC 7323 and RFC 2018 by kind.
const (
	optEnd        = 0
	optNop        = 1
	optSACK       = 5
	optTimestamps = 8
)

// eachOption calls f with the kind and the data of every well-formed option.
func eachOption(options []byte, f func(kind byte, data []byte)) {
	for len(options) > 0 && options[0] != optEnd {
		if options[0] == optNop {
			options = options[1:]
			continue
		}
		if len(options) < 2 || options[1] < 2 || int(options[1]) > len(options) {
			return
		}
		f(options[0], options[2:options[1]])
		options = options[options[1]:]
	}
}

// Timestamps returns TSval and TSecr, if the segment carries them.
func (p Packet) Timestamps() (val, ecr uint32, ok bool) {
	eachOption(p.Options, func(kind byte, data []byte) {
		if kind == optTimestamps && len(data) == 8 {
			val, ecr, ok = binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:]), true
		}
	})
	return val, ecr, ok
}
