package wire

// Seq is a TCP sequence or acknowledgment number. All arithmetic on it is
// modulo 2^32 (RFC 9293 section 3.4); two numbers more than 2^31 apart cannot
// be ordered, which no sound window allows (RFC 7323 section 2.3).
type Seq uint32

// Less reports whether s comes before t: the RFC's "s < t".
func (s Seq) Less(t Seq) bool { return int32(s-t) < 0 }

// LessEq reports whether s comes before t or is t: the RFC's "s =< t".
func (s Seq) LessEq(t Seq) bool { return int32(s-t) <= 0 }

// Add returns the number n octets after s.
func (s Seq) Add(n uint32) Seq { return s + Seq(n) }

// Diff returns the signed distance from t to s, in octets: positive when s
// comes after t.
func (s Seq) Diff(t Seq) int32 { return int32(s - t) }

// In reports whether s lies in the half-open range [lo, hi). A range that does
// not end after it begins holds nothing.
func (s Seq) In(lo, hi Seq) bool { return lo.Less(hi) && s-lo < hi-lo }

// MaxSeq returns the later of two numbers.
func MaxSeq(s, t Seq) Seq {
	if s.Less(t) {
		return t
	}
	return s
}

// MinSeq returns the earlier of two numbers.
func MinSeq(s, t Seq) Seq {
	if s.Less(t) {
		return s
	}
	return t
}
