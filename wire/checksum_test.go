package wire_test

import (
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
	"pgregory.net/rapid"
)

// Two kernels made these; all are good. A wrong octet anywhere is found.
func TestChecksumOfCaptures(t *testing.T) {
	for i, f := range capturedFrames(t) {
		s, out := f.decode()
		if out != wire.OutcomeTCP {
			t.Fatalf("frame %d: outcome %d", i, out)
		}
		if got := s.VerifyChecksum(); got != wire.ChecksumGood {
			t.Fatalf("frame %d of %d octets: %d", i, len(f.data), got)
		}
		s.TCP[8] ^= 1
		if got := s.VerifyChecksum(); got != wire.ChecksumBad {
			t.Fatalf("frame %d with a wrong octet: %d", i, got)
		}
		s.TCP[8] ^= 1
	}
}

// Every kind of checksum, at every length of the last words.
func TestChecksumKinds(t *testing.T) {
	for _, want := range []struct {
		sum  packet.Sum
		want wire.Checksum
	}{
		{packet.Good, wire.ChecksumGood},
		{packet.Partial, wire.ChecksumPartial},
		{packet.Bad, wire.ChecksumBad},
		{packet.Zero, wire.ChecksumUnknown},
	} {
		for _, p := range []packet.TCP{segment(), onIPv6(segment())} {
			for n := range 70 {
				p.Sum, p.Payload = want.sum, make([]byte, n)
				for i := range p.Payload {
					p.Payload[i] = byte(0xff - i)
				}
				s, _ := whole(packet.Raw, p.Append(nil, packet.Raw)).decode()
				if got := s.VerifyChecksum(); got != want.want {
					t.Errorf("sum %d, %d octets: %d", want.sum, n, got)
				}
			}
		}
	}
}

// A jumbogram's length takes part with all of its 32 bits.
func TestChecksumOfJumbogram(t *testing.T) {
	p := onIPv6(segment())
	p.Payload = make([]byte, 200_000)
	length := 8 + 20 + uint32(len(p.Payload))
	p.Extensions = []packet.Extension{{Proto: packet.ProtoHopByHop,
		Data: []byte{0, 0, 0xc2, 4, byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)}}}
	for sum, want := range map[packet.Sum]wire.Checksum{packet.Good: wire.ChecksumGood, packet.Partial: wire.ChecksumPartial} {
		p.Sum = sum
		s, out := whole(packet.Raw, p.Append(nil, packet.Raw)).decode()
		if got := s.VerifyChecksum(); out != wire.OutcomeTCP || s.Len != 200_000 || got != want {
			t.Errorf("outcome %d, %d octets, checksum %d, want %d", out, s.Len, got, want)
		}
	}
}

// The carry of the last addition counts, too: here the pseudo-header sums up
// to 0x10000, which is 1.
func TestChecksumLastCarry(t *testing.T) {
	p := segment()
	p.Dst, p.Sum = ap("61.224.0.0:5000"), packet.Partial
	s, _ := whole(packet.Raw, p.Append(nil, packet.Raw)).decode()
	if s.Sum != 1 {
		t.Fatalf("the pseudo-header sums up to %#x", s.Sum)
	}
	if got := s.VerifyChecksum(); got != wire.ChecksumPartial {
		t.Errorf("checksum %d", got)
	}
}

func TestChecksumUnknown(t *testing.T) {
	p := segment()
	good := p.Append(nil, packet.Raw)
	p.Sum = packet.Partial
	partial := p.Append(nil, packet.Raw)
	p = segment()
	p.IPFlags = 0x2000
	fragment := p.Append(nil, packet.Raw)
	p = segment()
	p.Offload = true
	offload := p.Append(nil, packet.Raw)

	for _, c := range []struct {
		name string
		data []byte
		want wire.Checksum
	}{
		{"one octet of the payload missing", good[:len(good)-1], wire.ChecksumUnknown},
		{"cut after the checksum", good[:38], wire.ChecksumUnknown},
		{"cut in the checksum", good[:37], wire.ChecksumUnknown},
		{"partial, cut after the checksum", partial[:38], wire.ChecksumPartial},
		{"partial, cut in the checksum", partial[:37], wire.ChecksumUnknown},
		{"a fragment", fragment, wire.ChecksumUnknown},
		{"IP length 0", offload, wire.ChecksumUnknown},
	} {
		s, out := frame{packet.Raw, c.data, uint32(len(good))}.decode()
		if got := s.VerifyChecksum(); out != wire.OutcomeTCP || got != c.want {
			t.Errorf("%s: outcome %d, checksum %d", c.name, out, got)
		}
	}
}

// The zero that a good checksum may come to is good, and so is one that equals
// the sum of the pseudo-header.
func TestGoodChecksumsThatLookOtherwise(t *testing.T) {
	partial := segment()
	partial.Sum = packet.Partial
	s, _ := whole(packet.Raw, partial.Append(nil, packet.Raw)).decode()
	pseudo := s.Sum
	found := map[uint16]bool{}
	for urgent := range 1 << 16 {
		p := segment()
		p.Urgent = uint16(urgent)
		s, _ := whole(packet.Raw, p.Append(nil, packet.Raw)).decode()
		if s.Sum != 0 && s.Sum != pseudo {
			continue
		}
		found[s.Sum] = true
		if got := s.VerifyChecksum(); got != wire.ChecksumGood {
			t.Errorf("checksum %#x: %d", s.Sum, got)
		}
	}
	if !found[0] || !found[pseudo] {
		t.Errorf("found only %v", found)
	}
}

// Whoever sends, and whatever: it verifies, and no changed octet does.
func TestChecksumProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anySample.Draw(t, "sample")
		s, _ := c.decode()
		got := s.VerifyChecksum()
		if s.Offload || len(s.Payload()) < len(c.tcp.Payload) || headerCut(&s) {
			if got == wire.ChecksumGood || got == wire.ChecksumBad {
				t.Fatalf("%d of a segment that is not known whole", got)
			}
			return
		}
		if got != wire.ChecksumGood {
			t.Fatalf("%d of %x", got, s.TCP)
		}
		i := rapid.IntRange(0, len(s.TCP)-1).Draw(t, "octet")
		s.TCP[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if i == 12 { // the header's length: Len would not fit any more
			return
		}
		// A good checksum may be 0, or what the pseudo-header sums up to. With
		// a wrong octet these two pass for not filled in and for partial.
		if got = s.VerifyChecksum(); got == wire.ChecksumGood || got == wire.ChecksumUnknown && s.Sum != 0 {
			t.Fatalf("octet %d changed: %d", i, got)
		}
	})
}

func BenchmarkVerifyChecksum(b *testing.B) {
	p := segment()
	p.Payload = make([]byte, 1448)
	s, _ := whole(packet.Ethernet, p.Append(nil, packet.Ethernet)).decode()
	b.ReportAllocs()
	for b.Loop() {
		if s.VerifyChecksum() != wire.ChecksumGood {
			b.Fatal("not good")
		}
	}
}
