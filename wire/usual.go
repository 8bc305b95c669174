package wire

// usual decodes what nearly every frame is: Ethernet, IPv4 without options or IPv6 without
// extension headers, no fragment, and TCP whose header was captured whole. It says of such a
// frame what Decoder.decode says, but in one go: without a call, a slice and its checks for
// each header. It reports false for every other frame; s is half filled then.
func (s *Segment) usual(p []byte) bool {
	const v4, v6 = etherIPv4<<8 | 0x45, etherIPv6<<4 | 6 // EtherType, version, and IPv4's header length
	const least = ethernetHeader + 20 + tcpHeader
	if len(p) < least {
		return false
	}
	p = p[:len(p):len(p)] // one length for all slices of it to carry, not two
	h := (*[least]byte)(p)
	var ends rawAddrs
	var t []byte // from the TCP header on
	var n int    // octets of TCP by the IP length
	switch kind := be.Uint32(h[12:]); {
	case kind>>8 == v4 && be.Uint32(h[20:])&0x3fff00ff == protoTCP: // ... and neither an offset nor more fragments
		t, n = p[ethernetHeader+20:], int(be.Uint16(h[16:]))-20
		s.TTL, s.IPID, s.HasIPID, s.Tuple.V6 = h[22], be.Uint16(h[18:]), true, false
		ends = rawAddrs{srcHi: uint64(le.Uint32(h[26:])), dstHi: uint64(le.Uint32(h[30:]))}
	case kind>>12 == v6 && h[20] == protoTCP && len(p) >= least+20:
		t, n = p[ethernetHeader+40:], int(be.Uint16(h[18:]))
		s.TTL, s.IPID, s.HasIPID, s.Tuple.V6 = h[21], 0, false, true
		ends = rawAddrs{le.Uint64(h[22:]), le.Uint64(h[30:]), le.Uint64(h[38:]), le.Uint64(h[46:])}
	default:
		return false
	}
	if n < tcpHeader {
		return false
	}
	if len(t) > n {
		t = t[:n:n] // the rest is the link's padding
	}
	tcp := (*[tcpHeader]byte)(t)
	state := be.Uint32(tcp[12:]) // the header's length, the control bits, and the window
	header := int(state >> 28 * 4)
	if header < tcpHeader || header > len(t) {
		return false
	}
	ports := be.Uint32(tcp[0:])
	sender := ends.higher(ports)
	s.Dir = uint8(sender)
	s.Tuple.setAddrs(sender, ends)
	s.Tuple.setPorts(sender, ports)
	s.Tuple.VLAN, s.Tuple.Tunnel = [2]uint16{}, 0
	numbers := be.Uint64(tcp[4:])
	s.Seq, s.Ack, s.Len = Seq(numbers>>32), Seq(numbers), uint32(n-header)
	s.Flags, s.Window, s.Sum = Flags(state>>16)&flagMask, uint16(state), be.Uint16(tcp[16:])
	s.Arrow, s.Offload, s.Fragment, s.Rest, s.LaterFIN = DirectionUnknown, false, false, false, false
	s.TCP = t
	s.Options = Options{}
	if header == tcpHeader+12 && be.Uint32(t[tcpHeader:]) == timestampsLayout {
		stamps := be.Uint64(t[tcpHeader+4:])
		s.Options.Has, s.Options.TSVal, s.Options.TSEcr = OptTimestamps, uint32(stamps>>32), uint32(stamps)
	} else if header > tcpHeader {
		s.Options.parse(t[tcpHeader:header])
	}
	return true
}
