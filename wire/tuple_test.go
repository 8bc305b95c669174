package wire_test

import (
	"math/bits"
	"net/netip"
	"testing"

	"github.com/lastack/lastack/wire"
	"pgregory.net/rapid"
)

func TestNewTuple(t *testing.T) {
	for _, c := range []struct {
		src, dst  string
		low, high string // the ends in the order of the key
		dir       uint8
	}{
		{"192.0.2.1:1", "192.0.2.2:1", "192.0.2.1:1", "192.0.2.2:1", 0},
		{"192.0.2.2:1", "192.0.2.1:1", "192.0.2.1:1", "192.0.2.2:1", 1},
		{"192.0.2.1:9", "192.0.2.1:300", "192.0.2.1:9", "192.0.2.1:300", 0},
		{"192.0.2.1:300", "192.0.2.1:9", "192.0.2.1:9", "192.0.2.1:300", 1},
		{"10.0.0.200:1", "9.255.0.1:65535", "9.255.0.1:65535", "10.0.0.200:1", 1},
		{"192.0.2.1:5", "192.0.2.1:5", "192.0.2.1:5", "192.0.2.1:5", 0},
		{"[2001:db8::2]:1", "[2001:db8::1]:2", "[2001:db8::1]:2", "[2001:db8::2]:1", 1},
		{"[2001:db8:1::]:1", "[2001:db8::ffff]:2", "[2001:db8::ffff]:2", "[2001:db8:1::]:1", 1},
		{"[::ffff:192.0.2.1]:1", "192.0.2.2:1", "192.0.2.1:1", "192.0.2.2:1", 0},
		{"[fe80::1%eth0]:1", "[fe80::2]:1", "[fe80::1]:1", "[fe80::2]:1", 0},
	} {
		tuple, dir := wire.NewTuple(netip.MustParseAddrPort(c.src), netip.MustParseAddrPort(c.dst))
		if dir != c.dir || tuple.AddrPort(0).String() != c.low || tuple.AddrPort(1).String() != c.high {
			t.Errorf("%s to %s: %v, %v, dir %d", c.src, c.dst, tuple.AddrPort(0), tuple.AddrPort(1), dir)
		}
		if tuple.Self() != (c.src == c.dst) {
			t.Errorf("%s to %s: Self is %v", c.src, c.dst, tuple.Self())
		}
	}
	if tuple, _ := wire.NewTuple(netip.AddrPort{}, server4); !tuple.V6 || tuple.Addr[0] != (wire.Addr{}) {
		t.Errorf("ends of two families: %+v", tuple)
	}
}

// anyAddrPort draws ends that are near each other, so that all of address and
// port decide the order in some.
func anyAddrPort(v6 bool) *rapid.Generator[netip.AddrPort] {
	return rapid.Custom(func(t *rapid.T) netip.AddrPort {
		b := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x80, 0xff}), 16, 16).Draw(t, "addr")
		a := netip.AddrFrom4([4]byte(b[:4]))
		if v6 {
			b[0] = 0x20 // never IPv4-mapped
			a = netip.AddrFrom16([16]byte(b))
		}
		return netip.AddrPortFrom(a, rapid.SampledFrom([]uint16{1, 2, 255, 256, 65535}).Draw(t, "port"))
	})
}

func TestTupleIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v6 := rapid.Bool().Draw(t, "v6")
		a, b := anyAddrPort(v6).Draw(t, "a"), anyAddrPort(v6).Draw(t, "b")
		there, da := wire.NewTuple(a, b)
		back, db := wire.NewTuple(b, a)
		if there != back || there.Hash(1) != back.Hash(1) {
			t.Fatalf("two keys: %v, %v", there, back)
		}
		if there.AddrPort(int(da)) != a || there.AddrPort(int(db)) != b {
			t.Fatalf("ends %v, %v became %v, %v", a, b, there.AddrPort(int(da)), there.AddrPort(int(db)))
		}
		if there.AddrPort(1).Compare(there.AddrPort(0)) < 0 {
			t.Fatalf("%v comes before %v", there.AddrPort(0), there.AddrPort(1))
		}
		if a != b && da == db {
			t.Fatalf("both directions are %d", da)
		}
	})
}

// Equal is ==, also where fields of two keys differ in the same bits.
func TestEqual(t *testing.T) {
	var keys []wire.FourTuple
	for bits := range 1 << 10 {
		one := func(i int) uint16 { return uint16(bits >> i & 1) }
		k := wire.FourTuple{Port: [2]uint16{one(0), one(1)}, VLAN: [2]uint16{one(2), one(3)}, Tunnel: uint32(one(4)), V6: one(5) != 0}
		for i := range 4 {
			k.Addr[i&1][7+i/2*8] = byte(one(6 + i))
		}
		keys = append(keys, k)
	}
	for i := range keys {
		for j := range keys {
			if keys[i].Equal(&keys[j]) != (i == j) {
				t.Fatalf("Equal of %+v and %+v", keys[i], keys[j])
			}
		}
	}
}

// Every bit of the key must change about half of the hash, in any bit.
func TestHashAvalanche(t *testing.T) {
	base, _ := wire.NewTuple(client6, server6)
	flip := []func(*wire.FourTuple, int){
		func(t *wire.FourTuple, i int) { t.Addr[0][i%16] ^= 1 << (i / 16 % 8) },
		func(t *wire.FourTuple, i int) { t.Addr[1][i%16] ^= 1 << (i / 16 % 8) },
		func(t *wire.FourTuple, i int) { t.Port[0] ^= 1 << (i % 16) },
		func(t *wire.FourTuple, i int) { t.Port[1] ^= 1 << (i % 16) },
		func(t *wire.FourTuple, i int) { t.VLAN[0] ^= 1 << (i % 12) },
		func(t *wire.FourTuple, i int) { t.VLAN[1] ^= 1 << (i % 12) },
		func(t *wire.FourTuple, i int) { t.Tunnel ^= 1 << (i % 32) },
	}
	var changed [64]int
	total := 0
	for f := range flip {
		for i := range 128 {
			for seed := range uint64(8) {
				k := base
				k.Port[0] += uint16(seed * 77)
				before := k.Hash(seed)
				flip[f](&k, i)
				diff := before ^ k.Hash(seed)
				if n := bits.OnesCount64(diff); n < 10 || n > 54 {
					t.Errorf("field %d, bit %d: %d bits of the hash change", f, i, n)
				}
				for b := range changed {
					changed[b] += int(diff >> b & 1)
				}
				total++
			}
		}
	}
	for b, n := range changed {
		if r := float64(n) / float64(total); r < 0.45 || r > 0.55 {
			t.Errorf("bit %d of the hash changes in %.1f %% of flips", b, 100*r)
		}
	}
}

// Keys as they come in life, counted up, must fill a table evenly by the low
// bits and by the high ones.
func TestHashSpreadsRealKeys(t *testing.T) {
	const slots, keys = 1 << 12, 1 << 16
	var low, high [slots]int
	for i := range keys {
		src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 14), byte(i >> 12)}), uint16(32768+i%4096))
		k, _ := wire.NewTuple(src, server4)
		h := k.Hash(42)
		low[h%slots]++
		high[h>>52]++
	}
	for name, table := range map[string]*[slots]int{"low": &low, "high": &high} {
		worst, squares := 0, 0
		for _, n := range table {
			worst = max(worst, n)
			squares += (n - keys/slots) * (n - keys/slots)
		}
		// Chance would give a variance of 16 and a worst of about 34.
		if variance := float64(squares) / slots; worst > 45 || variance > 19 {
			t.Errorf("%s bits: worst slot holds %d, variance %.1f", name, worst, variance)
		}
	}
}

func TestHashSeed(t *testing.T) {
	k, _ := wire.NewTuple(client4, server4)
	if k.Hash(1) == k.Hash(2) {
		t.Error("the seed does not matter")
	}
	v6 := k
	v6.V6 = true
	if v6.Hash(1) == k.Hash(1) {
		t.Error("IPv4 and IPv6 collide")
	}
}

func BenchmarkHash(b *testing.B) {
	k4, _ := wire.NewTuple(client4, server4)
	k6, _ := wire.NewTuple(client6, server6)
	for name, k := range map[string]*wire.FourTuple{"v4": &k4, "v6": &k6} {
		b.Run(name, func(b *testing.B) {
			var sum uint64
			for b.Loop() {
				sum += k.Hash(sum)
			}
		})
	}
}
