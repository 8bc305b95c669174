package clocks

import "encoding/binary"

var le = binary.LittleEndian

// mix takes one more number into a hash.
func mix(h, v uint64) uint64 {
	h = (h ^ v) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd1b54a32d192ed03
	return h ^ h>>29
}
