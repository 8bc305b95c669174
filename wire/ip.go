package wire

// IP protocol numbers.
const (
	protoHopByHop    = 0
	protoICMP        = 1
	protoIPv4        = 4
	protoTCP         = 6
	protoUDP         = 17
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoGRE         = 47
	protoAH          = 51
	protoICMPv6      = 58
	protoDestination = 60
	protoEtherIP     = 97
	protoPIM         = 103
	protoL2TP        = 115
	protoMobility    = 135
	protoUDPLite     = 136
	protoMPLS        = 137
	protoHIP         = 139
	protoShim6       = 140
	protoEthernet    = 143
)

// addrs are the addresses of a packet as big-endian numbers. An IPv4 address
// is the upper half of hi.
type addrs struct{ srcHi, srcLo, dstHi, dstLo uint64 }

// ipv4 decodes an IPv4 packet (RFC 791 section 3.1).
func (d *Decoder) ipv4(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 20 || p[0]>>4 != 4 {
		return OutcomeMalformed
	}
	header := uint32(p[0]&0xf) * 4
	total := uint32(be.Uint16(p[2:]))
	s.Offload = total == 0
	if s.Offload {
		total = uint32(len(p)) + cut
	}
	if header < 20 || header > uint32(len(p)) || header > total {
		return OutcomeMalformed
	}
	if d.Verify && wrongSum(p[:header]) {
		return OutcomeChecksum
	}
	s.Fragment, s.Rest, s.LaterFIN = false, false, false
	s.IPID, s.HasIPID = be.Uint16(p[4:]), true
	s.TTL = p[8]
	s.Tuple.V6 = false
	ends := addrs{srcHi: uint64(be.Uint32(p[12:])) << 32, dstHi: uint64(be.Uint32(p[16:])) << 32}
	if fragment := be.Uint16(p[6:]); fragment&0x3fff != 0 { // an offset, or more to come
		body := p[header:min(total, uint32(len(p)))]
		return d.piece(s, &piece{proto: p[9], more: fragment&0x2000 != 0, off: uint32(fragment&0x1fff) * fragmentUnit,
			n: total - header, id: uint32(s.IPID), body: body, ends: ends})
	}
	if p[9] == protoTCP {
		return decodeTCP(s, p[header:], total-header, ends)
	}
	u := upper{proto: p[9], body: p[header:], n: total - header, ends: ends}
	if u.proto == protoAH && !u.skipAH() {
		return OutcomeMalformed
	}
	return d.transport(s, &u)
}

// ipv6 decodes an IPv6 packet (RFC 8200 section 3).
func (d *Decoder) ipv6(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 40 || p[0]>>4 != 6 {
		return OutcomeMalformed
	}
	s.Offload, s.Fragment, s.Rest, s.LaterFIN = false, false, false, false
	s.IPID, s.HasIPID = 0, false
	s.TTL = p[7]
	s.Tuple.V6 = true
	n := uint32(be.Uint16(p[4:]))
	ends := addrs{be.Uint64(p[8:]), be.Uint64(p[16:]), be.Uint64(p[24:]), be.Uint64(p[32:])}
	if p[6] == protoTCP && n != 0 {
		return decodeTCP(s, p[40:], n, ends)
	}
	u := upper{proto: p[6], body: p[40:], n: n, ends: ends}
	if n == 0 {
		if out := u.longLength(s, cut); out != OutcomeTCP {
			return out
		}
	}
	out := u.skipExtensions()
	s.IPID, s.HasIPID = uint16(u.piece.id), u.hasID
	if u.piece.body != nil {
		return d.piece(s, &u.piece)
	}
	if out != OutcomeTCP {
		return out
	}
	return d.transport(s, &u)
}

// transport decodes what an IP packet carries.
func (d *Decoder) transport(s *Segment, u *upper) Outcome {
	if u.proto == protoTCP {
		return decodeTCP(s, u.body, u.n, u.ends)
	}
	if uint32(len(u.body)) > u.n {
		u.body = u.body[:u.n] // the rest is the link's padding
	}
	switch {
	case u.proto == protoICMP && !s.Tuple.V6, u.proto == protoICMPv6 && s.Tuple.V6:
		return d.icmp(&s.Tuple, u.body)
	}
	return d.tunnel(s, u.proto, u.body, u.n-uint32(len(u.body)))
}

// upper is where an IP header leads.
type upper struct {
	proto uint8
	body  []byte // captured octets after the headers skipped so far
	n     uint32 // octets after these headers by the IP length
	ends  addrs

	piece piece // with a body: by an IPv6 fragment header this is one of several
	hasID bool  // ... of which the id is known, too, if it is the only one (RFC 6946)
}

// skip drops a header of n octets that names proto as the next. It reports
// false when the header is not there whole.
func (u *upper) skip(proto uint8, n int) bool {
	if n > len(u.body) || uint32(n) > u.n {
		return false
	}
	u.proto, u.body, u.n = proto, u.body[n:], u.n-uint32(n)
	return true
}

// skipAH drops an authentication header (RFC 4302 section 2).
func (u *upper) skipAH() bool {
	return len(u.body) >= 2 && u.skip(u.body[0], (int(u.body[1])+2)*4)
}

// longLength finds the length of a packet whose header says 0: a jumbogram's
// stands in its hop-by-hop header (RFC 2675); otherwise the host left it to
// its card and the frame's must do.
func (u *upper) longLength(s *Segment, cut uint32) Outcome {
	if u.proto == protoHopByHop {
		if n := jumboLength(u.body); n > 0xffff {
			u.n = n
			return OutcomeTCP
		} else if n != 0 {
			return OutcomeMalformed
		}
	}
	s.Offload = true
	u.n = uint32(len(u.body)) + cut
	return OutcomeTCP
}

// jumboLength returns the jumbo payload option's value in a hop-by-hop header,
// 0 if there is none.
func jumboLength(p []byte) uint32 {
	const pad1, jumbo = 0x00, 0xc2
	if len(p) < 8 {
		return 0
	}
	p = p[2:min(len(p), (int(p[1])+1)*8)]
	for len(p) >= 6 {
		switch {
		case p[0] == pad1:
			p = p[1:]
		case p[0] == jumbo && p[1] == 4:
			return be.Uint32(p[2:])
		case int(p[1])+2 > len(p):
			return 0
		default:
			p = p[int(p[1])+2:]
		}
	}
	return 0
}

// skipExtensions drops the extension headers of IPv6 (RFC 8200 section 4).
// Each takes 8 octets at least, so the packet's end bounds the loop.
func (u *upper) skipExtensions() Outcome {
	for {
		p := u.body
		ok := len(p) >= 8
		switch u.proto {
		case protoHopByHop, protoDestination, protoMobility, protoHIP, protoShim6:
			ok = ok && u.skip(p[0], (int(p[1])+1)*8)
		case protoRouting:
			ok = ok && u.skip(p[0], (int(p[1])+1)*8) && u.route(p[:(int(p[1])+1)*8])
		case protoFragment:
			if ok = ok && u.skip(p[0], 8); ok && u.fragment(p) {
				return OutcomeFragment
			}
		case protoAH:
			ok = u.skipAH()
		default:
			return OutcomeTCP
		}
		if !ok {
			return OutcomeMalformed
		}
	}
}

// fragment takes the fragment header h, behind which u is, and reports whether it is one of
// a fragment other than the first.
func (u *upper) fragment(h []byte) bool {
	at := be.Uint16(h[2:])
	u.piece.id, u.hasID = be.Uint32(h[4:]), true
	if at&0xfff9 == 0 {
		return false
	}
	u.piece = piece{proto: u.proto, more: at&1 != 0, off: uint32(at &^ 7), n: u.n, id: u.piece.id, body: u.body[:min(u.n, uint32(len(u.body)))], ends: u.ends}
	return at&0xfff8 != 0
}

// route takes the final destination from a routing header that has segments
// left: the connection and its checksum are the final destination's, not the
// next hop's (RFC 8200 section 8.1, RFC 8754 section 2). It always succeeds.
func (u *upper) route(h []byte) bool {
	kind, left := h[2], h[3]
	if left == 0 || len(h) < 24 {
		return true
	}
	switch kind {
	case 0, 2: // source route, mobility: the last address
		h = h[len(h)-16:]
	case 4: // segment routing: the list is in reverse
		h = h[8:]
	default:
		return true
	}
	u.ends.dstHi, u.ends.dstLo = be.Uint64(h), be.Uint64(h[8:])
	return true
}
