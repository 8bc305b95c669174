package packet

import (
	"net/netip"

	"github.com/lastack/lastack/wire"
)

// Parse reads an IP packet that holds a whole TCP segment. Of anything else
// (ICMP, a fragment, a cut packet, IPv6 with extension headers) it is not ok.
// Append makes the same octets of t again, and the checksums good. The slices
// of t lie in raw.
func Parse(raw []byte) (t TCP, ok bool) {
	src, dst, p := t.parseIP(raw)
	if len(p) < 20 {
		return TCP{}, false
	}
	header := int(p[12]>>4) * 4
	if header < 20 || header > len(p) {
		return TCP{}, false
	}
	t.Src, t.Dst = netip.AddrPortFrom(src, be.Uint16(p)), netip.AddrPortFrom(dst, be.Uint16(p[2:]))
	t.Seq, t.Ack = wire.Seq(be.Uint32(p[4:])), wire.Seq(be.Uint32(p[8:]))
	t.Flags, t.Window, t.Urgent = wire.Flags(be.Uint16(p[12:])&0xfff), be.Uint16(p[14:]), be.Uint16(p[18:])
	t.Options, t.Payload = p[20:header], p[header:]
	return t, true
}

// parseIP reads an IP header. The body is nil unless it is TCP's, and whole.
func (e *Envelope) parseIP(p []byte) (src, dst netip.Addr, body []byte) {
	switch {
	case len(p) >= 20 && p[0]>>4 == 4:
		return e.parseIPv4(p)
	case len(p) >= 40 && p[0]>>4 == 6:
		return e.parseIPv6(p)
	}
	return src, dst, nil
}

func (e *Envelope) parseIPv4(p []byte) (src, dst netip.Addr, body []byte) {
	header, total := int(p[0]&15)*4, int(be.Uint16(p[2:]))
	e.Class, e.IPID, e.IPFlags, e.TTL = p[1], be.Uint16(p[4:]), be.Uint16(p[6:]), p[8]
	fragment := e.IPFlags&^(0x8000|DontFragment) != 0 // more of them, or an offset
	if p[9] != ProtoTCP || fragment || header < 20 || total < header || total > len(p) {
		return src, dst, nil
	}
	e.IPOptions = p[20:header]
	return netip.AddrFrom4([4]byte(p[12:])), netip.AddrFrom4([4]byte(p[16:])), p[header:total]
}

func (e *Envelope) parseIPv6(p []byte) (src, dst netip.Addr, body []byte) {
	total := 40 + int(be.Uint16(p[4:]))
	if p[6] != ProtoTCP || total > len(p) {
		return src, dst, nil
	}
	e.Class, e.FlowLabel, e.TTL = uint8(be.Uint16(p)>>4), be.Uint32(p)&0xfffff, p[7]
	return netip.AddrFrom16([16]byte(p[8:])), netip.AddrFrom16([16]byte(p[24:])), p[40:total]
}
