package wire_test

import (
	"testing"

	"github.com/lastack/lastack/wire"
	"pgregory.net/rapid"
)

// The top octet of a sequence number behaves as an 8-bit sequence number: that
// model is small enough to look at all of it. Each number is placed in a ring
// of 256, and what comes before what is found by walking, not by arithmetic.

const ring = 256

func scaled(n int) wire.Seq { return wire.Seq(uint32(n%ring) << 24) }

// steps counts how far one walks forward on the ring from a to b.
func steps(a, b int) (n int) {
	for ; a != b; a = (a + 1) % ring {
		n++
	}
	return n
}

func TestSeqOrderExhaustive(t *testing.T) {
	for a := range ring {
		for b := range ring {
			s, u, ahead := scaled(a), scaled(b), steps(a, b)
			// Half way round is the pair that cannot be ordered; there both
			// directions claim to be less, as in the RFC's signed comparison.
			if got, want := s.Less(u), ahead > 0 && ahead <= ring/2; got != want {
				t.Fatalf("%d.Less(%d) = %v, %d steps ahead", a, b, got, ahead)
			}
			if got, want := s.LessEq(u), ahead <= ring/2; got != want {
				t.Fatalf("%d.LessEq(%d) = %v, %d steps ahead", a, b, got, ahead)
			}
			wantDiff := ahead
			if ahead >= ring/2 {
				wantDiff -= ring
			}
			if got := u.Diff(s); got != int32(wantDiff)<<24 {
				t.Fatalf("%d.Diff(%d) = %d, want %d", b, a, got>>24, wantDiff)
			}
			if got := s.Add(uint32(ahead) << 24); got != u {
				t.Fatalf("%d.Add(%d) = %d, want %d", a, ahead, got>>24, b)
			}
			want := s
			if ahead > 0 && ahead <= ring/2 {
				want = u
			}
			if got := wire.MaxSeq(s, u); got != want {
				t.Fatalf("MaxSeq(%d, %d) = %d", a, b, got>>24)
			}
			if got := wire.MinSeq(s, u); steps(a, b) != ring/2 && got != s+u-want {
				t.Fatalf("MinSeq(%d, %d) = %d", a, b, got>>24)
			}
		}
	}
}

// Every range, those that end before they begin too, and every number.
func TestSeqInExhaustive(t *testing.T) {
	for lo := range ring {
		for size := range ring {
			hi := lo + size
			for x := range ring {
				ahead := (x - lo + ring) % ring
				if got, want := scaled(x).In(scaled(lo), scaled(hi)), ahead < size && size <= ring/2; got != want {
					t.Fatalf("%d.In(%d, %d) = %v", x, lo, hi%ring, got)
				}
			}
		}
	}
}

// On 32 bits, with numbers near the wrap as likely as any.
func TestSeqProperties(t *testing.T) {
	number := rapid.OneOf(
		rapid.Uint32(),
		rapid.Uint32Range(0, 4),
		rapid.Uint32Range(1<<31-4, 1<<31+4),
		rapid.Uint32Range(1<<32-5, 1<<32-1),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := wire.Seq(number.Draw(t, "s"))
		n := number.Draw(t, "n") % (1 << 31) // half the ring has no order
		u := s.Add(n)
		if u.Diff(s) != int32(n) || s.Diff(u) != -int32(n) {
			t.Fatalf("Diff of %d octets: %d, %d", n, u.Diff(s), s.Diff(u))
		}
		if s.Less(u) != (n > 0) || u.Less(s) || !s.LessEq(u) || u.LessEq(s) != (n == 0) {
			t.Fatalf("order of %d and %d", s, u)
		}
		if wire.MaxSeq(s, u) != u || wire.MaxSeq(u, s) != u {
			t.Fatalf("MaxSeq of %d and %d", s, u)
		}
		k := number.Draw(t, "k") % (1 << 31)
		if s.Add(k).In(s, u) != (k < n) {
			t.Fatalf("%d octets into a window of %d", k, n)
		}
	})
}

func TestSegmentSequenceSpace(t *testing.T) {
	for _, c := range []struct {
		flags             wire.Flags
		len               uint32
		segLen            uint32
		data, fin, seqEnd wire.Seq // relative to SEG.SEQ
	}{
		{wire.ACK, 0, 0, 0, 0, 0},
		{wire.ACK, 10, 10, 0, 0, 10},
		{wire.SYN, 0, 1, 1, 0, 1},
		{wire.SYN | wire.ACK, 5, 6, 1, 0, 6},
		{wire.FIN | wire.ACK, 0, 1, 0, 0, 1},
		{wire.FIN | wire.ACK | wire.PSH, 10, 11, 0, 10, 11},
		{wire.SYN | wire.FIN, 3, 5, 1, 4, 5},
		{wire.RST | wire.ACK, 7, 7, 0, 0, 7},
		{wire.RST, 0, 0, 0, 0, 0},
	} {
		for _, seq := range []wire.Seq{0, 1, 1<<31 - 1, 1<<32 - 1, 1<<32 - 5} {
			s := wire.Segment{Seq: seq, Flags: c.flags, Len: c.len}
			if s.SegLen() != c.segLen || s.End() != seq+c.seqEnd || s.DataSeq() != seq+c.data {
				t.Errorf("%v at %d, %d octets: SEG.LEN %d, end %d, data %d", c.flags, seq, c.len, s.SegLen(), s.End(), s.DataSeq())
			}
			if c.flags.Has(wire.FIN) && s.FINSeq() != seq+c.fin {
				t.Errorf("%v at %d, %d octets: FIN at %d", c.flags, seq, c.len, s.FINSeq())
			}
		}
	}
}

func TestFrameRef(t *testing.T) {
	for _, c := range []struct {
		file  int
		frame uint64
	}{{0, 1}, {1, 1}, {1<<20 - 1, 1<<44 - 1}, {7, 1 << 40}} {
		r := wire.MakeFrameRef(c.file, c.frame)
		if r.File() != c.file || r.Frame() != c.frame {
			t.Errorf("%v: file %d, frame %d", c, r.File(), r.Frame())
		}
	}
	if r := wire.MakeFrameRef(2, 1<<44+1); r.File() != 2 {
		t.Errorf("a frame number too large names file %d", r.File())
	}
}
