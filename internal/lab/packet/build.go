package packet

import (
	"encoding/binary"
	"net/netip"
)

// Build writes p as an IP packet with good checksums. A TTL of 0 becomes 64;
// options are padded with zeros to a multiple of four.
func (p Packet) Build() []byte {
	options := append([]byte(nil), p.Options...)
	for len(options)%4 != 0 {
		options = append(options, optEnd)
	}
	body := make([]byte, 20, 20+len(options)+len(p.Payload))
	binary.BigEndian.PutUint16(body, p.Src.Port())
	binary.BigEndian.PutUint16(body[2:], p.Dst.Port())
	binary.BigEndian.PutUint32(body[4:], p.Seq)
	binary.BigEndian.PutUint32(body[8:], p.Ack)
	body[12] = byte(5+len(options)/4) << 4
	body[13] = byte(p.Flags)
	binary.BigEndian.PutUint16(body[14:], p.Window)
	body = append(append(body, options...), p.Payload...)
	return wrapIP(p.Src.Addr(), p.Dst.Addr(), protoTCP, p.TTL, body)
}

// wrapIP puts an IP header before body and fills in both checksums.
func wrapIP(src, dst netip.Addr, proto, ttl uint8, body []byte) []byte {
	if ttl == 0 {
		ttl = 64
	}
	raw := append(make([]byte, 0, 40+len(body)), ipHead(src, dst, proto, ttl, len(body))...)
	raw = append(raw, body...)
	Checksum(raw)
	return raw
}

func ipHead(src, dst netip.Addr, proto, ttl uint8, length int) []byte {
	if src.Is4() {
		h := make([]byte, 20)
		h[0], h[8], h[9] = 0x45, ttl, proto
		binary.BigEndian.PutUint16(h[2:], uint16(20+length))
		binary.BigEndian.PutUint16(h[6:], 0x4000) // do not fragment, as Linux sends it
		copy(h[12:], src.AsSlice())
		copy(h[16:], dst.AsSlice())
		return h
	}
	h := make([]byte, 40)
	h[0], h[6], h[7] = 0x60, proto, ttl
	binary.BigEndian.PutUint16(h[4:], uint16(length))
	copy(h[8:], src.AsSlice())
	copy(h[24:], dst.AsSlice())
	return h
}

// Checksum fills in the checksums of the IP header (version 4) and of TCP,
// ICMP or ICMPv6, in place. Other packets and fragments are left alone.
func Checksum(raw []byte) {
	h, err := parseIP(raw)
	if err != nil {
		return
	}
	if h.src.Is4() {
		head := raw[:int(raw[0]&15)*4]
		head[10], head[11] = 0, 0
		binary.BigEndian.PutUint16(head[10:], ^fold(sum(head)))
	}
	at := map[uint8]int{protoTCP: 16, protoICMP: 2, protoICMPv6: 2}[h.proto]
	if at == 0 || h.fragment || len(h.body) < at+2 {
		return
	}
	h.body[at], h.body[at+1] = 0, 0
	total := sum(h.body)
	if h.proto != protoICMP { // ICMP for IPv4 has no pseudo-header
		total += sum(h.src.AsSlice()) + sum(h.dst.AsSlice()) + uint64(h.proto) + uint64(len(h.body))
	}
	binary.BigEndian.PutUint16(h.body[at:], ^fold(total))
}

func sum(b []byte) uint64 {
	var s uint64
	for ; len(b) >= 2; b = b[2:] {
		s += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// Unreachable is the ICMP or ICMPv6 error by which from rejects the packet
// raw with the given code (type 3, destination unreachable; type 1 for IPv6).
// It quotes as much as RFC 1812 section 4.3.2.3 and RFC 4443 section 3.1 ask.
func Unreachable(raw []byte, from netip.Addr, code uint8) []byte {
	h, err := parseIP(raw)
	if err != nil {
		return nil
	}
	proto, kind := uint8(protoICMP), byte(3)
	if h.src.Is6() {
		proto, kind = protoICMPv6, 1
	}
	quoted := raw[:min(len(raw), 500)]
	body := append([]byte{kind, code, 0, 0, 0, 0, 0, 0}, quoted...)
	return wrapIP(from, h.src, proto, 64, body)
}

// Fragment cuts an IPv4 packet into fragments of at most size octets of
// payload (rounded down to a multiple of 8); others come back whole.
func Fragment(raw []byte, size int) [][]byte {
	h, err := parseIP(raw)
	size &^= 7
	if err != nil || h.src.Is6() || size <= 0 || len(h.body) <= size {
		return [][]byte{raw}
	}
	var out [][]byte
	head := raw[:int(raw[0]&15)*4]
	for at := 0; at < len(h.body); at += size {
		part := h.body[at:min(at+size, len(h.body))]
		f := append(append([]byte(nil), head...), part...)
		binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
		field := uint16(at / 8)
		if at+size < len(h.body) {
			field |= 0x2000 // more fragments
		}
		binary.BigEndian.PutUint16(f[6:], field)
		Checksum(f)
		out = append(out, f)
	}
	return out
}
