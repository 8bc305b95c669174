package wire

// icmpErrors are the ICMP types, and the ICMPv6 types, that report an error
// and quote the packet which drew it (RFC 792, RFC 4443 section 3).
var icmpErrors = [2][]uint8{
	{3, 4, 11, 12}, // unreachable, source quench, time exceeded, parameter problem
	{1, 2, 3, 4},   // unreachable, too big, time exceeded, parameter problem
}

// quotedTCP is how much of the TCP header an error must quote: the ports and
// the sequence number (RFC 792's "64 bits of original data").
const quotedTCP = 8

// icmp decodes an ICMP or ICMPv6 error of which p was captured. outer holds
// the VLAN and tunnel ids of the packet, and its IP version.
func (d *Decoder) icmp(outer *FourTuple, p []byte) Outcome {
	if len(p) < 8 || !isICMPError(outer.V6, p[0]) {
		return OutcomeNotTCP
	}
	u := upper{}
	if outer.V6 {
		u = quotedIPv6(p[8:])
	} else {
		u = quotedIPv4(p[8:])
	}
	if u.proto != protoTCP || len(u.body) < quotedTCP {
		return OutcomeNotTCP
	}
	d.ICMP = ICMPError{
		Tuple: FourTuple{VLAN: outer.VLAN, Tunnel: outer.Tunnel, V6: outer.V6},
		Seq:   Seq(be.Uint32(u.body[4:])),
		V6:    outer.V6,
		Type:  p[0],
		Code:  p[1],
	}
	d.ICMP.Dir = d.ICMP.Tuple.fill(u.ends, be.Uint32(u.body))
	return OutcomeICMP
}

func isICMPError(v6 bool, kind uint8) bool {
	family := 0
	if v6 {
		family = 1
	}
	for _, k := range icmpErrors[family] {
		if k == kind {
			return true
		}
	}
	return false
}

// quotedIPv4 reads a quoted IPv4 header. Lengths and checksums in it are not
// looked at: some routers write them back in the wrong byte order. The zero
// upper says that it quotes nothing of use.
func quotedIPv4(p []byte) (u upper) {
	if len(p) < 20 || p[0]>>4 != 4 || be.Uint16(p[6:])&0x1fff != 0 {
		return upper{}
	}
	header := int(p[0]&0xf) * 4
	if header < 20 || header > len(p) {
		return upper{}
	}
	u = upper{proto: p[9], body: p[header:], n: maxLen}
	u.ends = addrs{srcHi: uint64(be.Uint32(p[12:])) << 32, dstHi: uint64(be.Uint32(p[16:])) << 32}
	return u
}

// quotedIPv6 reads a quoted IPv6 header and its extension headers.
func quotedIPv6(p []byte) (u upper) {
	if len(p) < 40 || p[0]>>4 != 6 {
		return upper{}
	}
	u = upper{proto: p[6], body: p[40:], n: maxLen}
	u.ends = addrs{be.Uint64(p[8:]), be.Uint64(p[16:]), be.Uint64(p[24:]), be.Uint64(p[32:])}
	if u.skipExtensions() != OutcomeTCP {
		return upper{}
	}
	return u
}
