package packet

import "math/bits"

// Add16 adds up p as big-endian 16-bit numbers, as checksums do. It takes 64
// bits at a time, which comes to the same modulo 2^16-1 if every carry is
// added back.
func Add16(p []byte) uint64 {
	var s, carry uint64
	for ; len(p) >= 16; p = p[16:] {
		s, carry = bits.Add64(s, be.Uint64(p), carry)
		s, carry = bits.Add64(s, be.Uint64(p[8:16]), carry)
	}
	s = s>>32 + s&0xffffffff + carry
	for ; len(p) >= 2; p = p[2:] {
		s += uint64(be.Uint16(p))
	}
	if len(p) == 1 {
		s += uint64(p[0]) << 8
	}
	return s
}

// Fold16 adds the carries of a sum back until 16 bits are left; their
// complement is the checksum. This is modulo 2^16-1, where 2^16 is 1: to a sum
// a number of any width may be added as it is.
func Fold16(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
