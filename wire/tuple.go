package wire

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Addr is an IPv4 address in its first four octets, or an IPv6 address.
// Which of the two, the FourTuple says.
type Addr [16]byte

// le reads words whose order does not matter: most processors read them so.
var le = binary.LittleEndian

// FourTuple is the canonical key of a connection: both directions of it give
// the same value, with the lower (address, port) at index 0. It holds no
// pointers and compares with ==.
type FourTuple struct {
	Addr   [2]Addr
	Port   [2]uint16
	VLAN   [2]uint16 // VLAN ids around the packet, outermost first, 0 for none
	Tunnel uint32    // number of the tunnel path (Decoder.TunnelPath), 0 for none
	V6     bool
}

// AddrPort returns one end as a netip.AddrPort.
func (t *FourTuple) AddrPort(side int) netip.AddrPort {
	if t.V6 {
		return netip.AddrPortFrom(netip.AddrFrom16(t.Addr[side]), t.Port[side])
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(t.Addr[side][:4])), t.Port[side])
}

// Self reports whether both ends are the same address and port.
func (t *FourTuple) Self() bool {
	return t.Addr[0] == t.Addr[1] && t.Port[0] == t.Port[1]
}

// NewTuple returns the key of a connection between two ends outside of any VLAN
// and tunnel, and the index in it of src. IPv4-mapped IPv6 addresses count as
// IPv4, zones are dropped; ends of different families, which no packet has,
// are both taken as IPv6.
func NewTuple(src, dst netip.AddrPort) (t FourTuple, dir uint8) {
	s, d := src.Addr().Unmap(), dst.Addr().Unmap()
	t.V6 = !s.Is4() || !d.Is4()
	a := addrs{}
	a.srcHi, a.srcLo = addrWords(s, t.V6)
	a.dstHi, a.dstLo = addrWords(d, t.V6)
	dir = t.fill(a, uint32(src.Port())<<16|uint32(dst.Port()))
	return t, dir
}

func addrWords(a netip.Addr, v6 bool) (hi, lo uint64) {
	switch {
	case !a.IsValid():
		return 0, 0
	case v6:
		b := a.As16()
		return be.Uint64(b[:]), be.Uint64(b[8:])
	}
	b := a.As4()
	return uint64(be.Uint32(b[:])) << 32, 0
}

// fill sets both ends, the lower one first, and returns the sender's index. The ports are
// the source's in the upper half, the destination's in the lower.
func (t *FourTuple) fill(a addrs, ports uint32) (dir uint8) {
	raw := rawAddrs{bits.ReverseBytes64(a.srcHi), bits.ReverseBytes64(a.srcLo), bits.ReverseBytes64(a.dstHi), bits.ReverseBytes64(a.dstLo)}
	i := raw.higher(ports)
	t.setAddrs(i, raw)
	t.setPorts(i, ports)
	return uint8(i)
}

// rawAddrs are addrs whose words are read as little-endian numbers, which spares most
// processors to turn them round, and to turn them round again when they are stored.
type rawAddrs addrs

// higher returns 1 if the source is the higher end, else 0. A branch here would be
// mispredicted for every second packet, hence the comparison by borrow.
func (a rawAddrs) higher(ports uint32) (i uint64) {
	_, i = bits.Sub64(uint64(ports&0xffff), uint64(ports>>16), 0)
	_, i = bits.Sub64(bits.ReverseBytes64(a.dstLo), bits.ReverseBytes64(a.srcLo), i)
	_, i = bits.Sub64(bits.ReverseBytes64(a.dstHi), bits.ReverseBytes64(a.srcHi), i)
	return i & 1
}

// setAddrs makes the source end i, and the destination the other one.
func (t *FourTuple) setAddrs(i uint64, a rawAddrs) {
	j := i ^ 1
	le.PutUint64(t.Addr[i&1][:8], a.srcHi)
	le.PutUint64(t.Addr[i&1][8:], a.srcLo)
	le.PutUint64(t.Addr[j&1][:8], a.dstHi)
	le.PutUint64(t.Addr[j&1][8:], a.dstLo)
}

// setPorts makes the source's port that of end i: it stores both at once, as Hash reads them.
func (t *FourTuple) setPorts(i uint64, ports uint32) {
	ports = bits.RotateLeft32(ports, 16-int(i)*16)
	t.Port[0], t.Port[1] = uint16(ports), uint16(ports>>16)
}

// Equal reports whether two keys are the same: ==, but by words and without a
// branch for each field.
func (t *FourTuple) Equal(o *FourTuple) bool {
	d := le.Uint64(t.Addr[0][:]) ^ le.Uint64(o.Addr[0][:])
	d |= le.Uint64(t.Addr[0][8:]) ^ le.Uint64(o.Addr[0][8:])
	d |= le.Uint64(t.Addr[1][:]) ^ le.Uint64(o.Addr[1][:])
	d |= le.Uint64(t.Addr[1][8:]) ^ le.Uint64(o.Addr[1][8:])
	d |= t.ids() ^ o.ids()
	d |= uint64(t.Tunnel ^ o.Tunnel)
	return d == 0 && t.V6 == o.V6
}

// ids are ports and VLAN ids in the order in which most processors read them as one word.
func (t *FourTuple) ids() uint64 {
	return uint64(t.Port[0]) | uint64(t.Port[1])<<16 | uint64(t.VLAN[0])<<32 | uint64(t.VLAN[1])<<48
}

// Hash mixes the whole key with seed, well enough to take any bits of the
// result as a table index or shard number. The same key and seed always give
// the same hash.
func (t *FourTuple) Hash(seed uint64) uint64 {
	// Each word is multiplied with an odd constant of its own and folded, all
	// in parallel; a last round mixes the sum.
	const k0, k1, k2 = 0x9e3779b97f4a7c15, 0xd1b54a32d192ed03, 0xabc98388fb8fac03
	const k3, k4, k5 = 0x8cb92ba72f3d8dd7, 0xdb4f0b9175ae2165, 0xbbe0563303a4615f
	ports := bits.RotateLeft32(uint32(t.Port[0])|uint32(t.Port[1])<<16, 16) // the first is the upper half
	vlans := bits.RotateLeft32(uint32(t.VLAN[0])|uint32(t.VLAN[1])<<16, 16)
	ids := uint64(ports)<<32 | uint64(vlans)
	h := seed + uint64(t.Tunnel)
	h += fold(le.Uint64(t.Addr[0][:])^seed, k0) + fold(le.Uint64(t.Addr[1][:])^seed, k1)
	h += fold(ids^seed, k2)
	if t.V6 {
		h += fold(le.Uint64(t.Addr[0][8:])^seed, k3) + fold(le.Uint64(t.Addr[1][8:])^seed, k4)
	}
	return fold(h^k5, k0)
}

// fold multiplies to 128 bits and adds the halves up.
func fold(x, k uint64) uint64 {
	hi, lo := bits.Mul64(x, k)
	return hi ^ lo
}
