package wire

import "math/bits"

// VerifyChecksum computes the TCP checksum (RFC 9293 section 3.1) and compares
// it with the one captured. It sums the whole payload, so ask only when the
// answer matters.
//
// ChecksumPartial, which a host leaves in the segments that it sends when its
// card finishes the sum, shows on a cut segment as well. One good checksum in
// 65,536 looks like it there: judge by several segments.
func (s *Segment) VerifyChecksum() Checksum {
	if s.Offload || s.Fragment || len(s.TCP) < tcpSumEnd {
		return ChecksumUnknown
	}
	length := uint32(s.TCP[12]>>4)*4 + s.Len
	pseudo := s.Tuple.sum() + protoTCP + uint64(length>>16) + uint64(length&0xffff)
	whole := uint32(len(s.TCP)) == length
	switch {
	case whole && fold16(pseudo+sum(s.TCP)) == 0xffff:
		return ChecksumGood
	case s.Sum == 0:
		return ChecksumUnknown
	case s.Sum == fold16(pseudo):
		return ChecksumPartial
	case whole:
		return ChecksumBad
	}
	return ChecksumUnknown
}

// wrongSum reports whether an IPv4 header has a wrong checksum; 0 is one that the sender's card
// was to fill in.
func wrongSum(h []byte) bool { return be.Uint16(h[10:]) != 0 && fold16(sum(h)) != 0xffff }

// sum adds up the addresses. An IPv4 address is followed by zeros, and the sum
// does not depend on the order.
func (t *FourTuple) sum() uint64 {
	total, carry := bits.Add64(be.Uint64(t.Addr[0][:8]), be.Uint64(t.Addr[0][8:]), 0)
	total, carry = bits.Add64(total, be.Uint64(t.Addr[1][:8]), carry)
	total, carry = bits.Add64(total, be.Uint64(t.Addr[1][8:]), carry)
	return total>>32 + total&0xffffffff + carry
}

// sum adds up p as big-endian 16-bit numbers, a missing last octet counting as
// 0. The result is less than 2^34, and right modulo 2^16-1: wider words give
// the same as long as no carry is lost.
func sum(p []byte) uint64 {
	var total, carry uint64
	for ; len(p) >= 32; p = p[32:] {
		total, carry = bits.Add64(total, be.Uint64(p), carry)
		total, carry = bits.Add64(total, be.Uint64(p[8:]), carry)
		total, carry = bits.Add64(total, be.Uint64(p[16:]), carry)
		total, carry = bits.Add64(total, be.Uint64(p[24:32]), carry)
	}
	for ; len(p) >= 8; p = p[8:] {
		total, carry = bits.Add64(total, be.Uint64(p), carry)
	}
	rest := carry
	if len(p) >= 4 {
		rest += uint64(be.Uint32(p))
		p = p[4:]
	}
	if len(p) >= 2 {
		rest += uint64(be.Uint16(p))
		p = p[2:]
	}
	if len(p) == 1 {
		rest += uint64(p[0]) << 8
	}
	return total>>32 + total&0xffffffff + rest
}

// fold16 adds the carries back until 16 bits are left.
func fold16(x uint64) uint16 {
	for x > 0xffff {
		x = x>>16 + x&0xffff
	}
	return uint16(x)
}
