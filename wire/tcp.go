package wire

// What a TCP header is cut to (RFC 9293 section 3.1).
const (
	tcpFlagsEnd  = 14 // the octet after the control bits: less cannot be used
	tcpWindowEnd = 16
	tcpSumEnd    = 18
	tcpHeader    = 20 // without options
)

// decodeTCP decodes a segment of n octets by the IP length; p is what was
// captured of it, and possibly of the link's padding behind it. A header is
// malformed only where every stack would drop it; what is cut after the
// control bits, and broken options, lose nothing but themselves.
func decodeTCP(s *Segment, p []byte, n uint32, ends addrs) Outcome {
	if uint32(len(p)) > n {
		p = p[:n]
	}
	if len(p) < tcpFlagsEnd || n > maxLen {
		return OutcomeMalformed
	}
	header := uint32(p[12]>>4) * 4
	if header < tcpHeader || header > n && !s.Offload {
		return OutcomeMalformed
	}
	n = max(n, header) // the length of a frame may have been cut, too
	s.Dir = s.Tuple.fill(ends, be.Uint32(p))
	s.Seq, s.Ack = Seq(be.Uint32(p[4:])), Seq(be.Uint32(p[8:]))
	s.Flags = Flags(be.Uint16(p[12:])) & flagMask
	s.Len = n - header
	s.TCP = p
	s.Options = Options{}
	if header > uint32(len(p)) {
		s.cutHeader(p)
		return OutcomeTCP
	}
	s.Window, s.Sum = be.Uint16(p[14:]), be.Uint16(p[16:])
	if header > tcpHeader {
		s.Options.parse(p[tcpHeader:header])
	}
	return OutcomeTCP
}

// cutHeader fills what is left of a header that was not captured whole.
func (s *Segment) cutHeader(p []byte) {
	s.Window, s.Sum = 0, 0
	if len(p) >= tcpWindowEnd {
		s.Window = be.Uint16(p[14:])
	}
	if len(p) >= tcpSumEnd {
		s.Sum = be.Uint16(p[16:])
	}
	ended := len(p) > tcpHeader && s.Options.parse(p[tcpHeader:])
	if !ended {
		s.Options.Has |= OptIncomplete
	}
}
