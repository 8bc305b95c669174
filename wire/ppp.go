package wire

// The protocols of PPP that lead to a packet (IANA, "PPP DLL Protocol Numbers").
const (
	pppIPv4      = 0x0021
	pppBridged   = 0x0031 // RFC 3518
	pppMultilink = 0x003d // RFC 1990
	pppIPv6      = 0x0057
	pppMPLS      = 0x0281
	pppMPLSUp    = 0x0283
)

// ppp takes off the header of PPP: the address and control fields (RFC 1662 section 3.1) may
// be left out, and so may the first octet of the protocol, whose last one is odd (RFC 1661
// sections 2 and 6.5).
func (d *Decoder) ppp(s *Segment, p []byte, cut uint32) Outcome {
	const addressAndControl = 0xff03
	if len(p) >= 2 && be.Uint16(p) == addressAndControl {
		p = p[2:]
	}
	if len(p) < 2 {
		return OutcomeMalformed
	}
	protocol, p := uint16(p[0]), p[1:]
	if protocol&1 == 0 {
		protocol, p = protocol<<8|uint16(p[0]), p[1:]
	}
	switch protocol {
	case pppIPv4:
		return d.carried(s, etherIPv4, p, cut)
	case pppIPv6:
		return d.carried(s, etherIPv6, p, cut)
	case pppMPLS, pppMPLSUp:
		return d.carried(s, etherMPLS, p, cut)
	case pppMultilink:
		return d.multilink(s, p, cut)
	case pppBridged:
		return d.pppBridge(s, p, cut)
	}
	return OutcomeNotIP
}

// multilink takes off the header of a multilink bundle (RFC 1990 section 3) from a packet that
// is one piece: it begins and ends it. Of the two lengths of the sequence number only the ends
// know which they have agreed on; what follows must be sound.
func (d *Decoder) multilink(s *Segment, p []byte, cut uint32) Outcome {
	const whole = 0xc0 // flags: it begins, it ends
	if len(p) < 4 || !d.deeper() {
		return OutcomeMalformed
	}
	if p[0]&whole != whole {
		return OutcomeNotIP
	}
	outer, was := s.Tuple, d.doubtful
	d.doubtful = true
	defer func() { d.doubtful = was }()
	if out := d.ppp(s, p[4:], cut); out != OutcomeNotIP && out != OutcomeMalformed {
		return out
	}
	s.Tuple, d.doubtful = outer, true // a tunnel that was found within may have reset it
	return d.ppp(s, p[2:], cut)
}

// pppBridge takes off the header before a bridged Ethernet frame (RFC 3518 section 4.3; RFC
// 1638 section 4.3 has the id of a LAN, too).
func (d *Decoder) pppBridge(s *Segment, p []byte, cut uint32) Outcome {
	const lanID, control, ethernet = 0x40, 0x10, 1 // flags; and a type of address
	if len(p) < 2 {
		return OutcomeMalformed
	}
	n := 2
	if p[0]&lanID != 0 {
		n += 4
	}
	switch {
	case p[0]&control != 0 || p[1] != ethernet:
		return OutcomeNotIP
	case len(p) < n || !d.deeper():
		return OutcomeMalformed
	}
	return d.ethernet(s, p[n:], cut)
}
