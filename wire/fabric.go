package wire

// What switches and meshes put between the header of their own frame and that of another one,
// or its EtherType. The ids in these headers are of the way that a frame takes, so none of
// them is part of the key.

// macsec takes off the tag of IEEE 802.1AE (section 9.3) from a frame that is only
// authenticated. The check value behind it is beyond the length in the IP header.
func (d *Decoder) macsec(s *Segment, p []byte, cut uint32) Outcome {
	const version, channel, encrypted, changed = 0x80, 0x20, 0x08, 0x04
	if len(p) < 6 {
		return OutcomeMalformed
	}
	if p[0]&(version|encrypted|changed) != 0 {
		return OutcomeNotIP
	}
	if p[0]&channel != 0 {
		return d.shim(s, 14, p, cut)
	}
	return d.shim(s, 6, p, cut)
}

// trill takes off the header of a routing bridge and its options (RFC 6325 section 3).
func (d *Decoder) trill(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 6 {
		return OutcomeMalformed
	}
	head := be.Uint16(p)
	n := 6 + int(head>>6&0x1f)*4
	switch {
	case head>>14 != 0: // another version
		return OutcomeNotIP
	case len(p) < n:
		return OutcomeMalformed
	}
	return d.ethernet(s, p[n:], cut)
}

// fabricPath takes off what follows the EtherType of Cisco's FabricPath: a tag for the tree and
// a hop count, in two octets.
func (d *Decoder) fabricPath(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 2 {
		return OutcomeMalformed
	}
	return d.ethernet(s, p[2:], cut)
}

// batman takes off the headers of B.A.T.M.A.N. advanced that stand before a whole frame, by
// version and type (Linux: include/uapi/linux/batadv_packet.h, and before version 15
// net/batman-adv/packet.h).
func (d *Decoder) batman(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 2 {
		return OutcomeMalformed
	}
	var n int
	switch [2]byte{p[1], p[0]} {
	case [2]byte{15, 0x40}, [2]byte{14, 3}: // to one node
		n = 10
	case [2]byte{15, 0x42}, [2]byte{14, 9}: // ... with who sent it
		n = 18
	case [2]byte{15, 0x01}, [2]byte{14, 4}: // to all
		n = 14
	default:
		return OutcomeNotIP
	}
	if len(p) < n {
		return OutcomeMalformed
	}
	return d.ethernet(s, p[n:], cut)
}
