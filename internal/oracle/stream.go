package oracle

import "github.com/lastack/lastack/wire"

// span is [lo, hi) of a stream's octets, counted from its first sequence
// number.
type span struct{ lo, hi int64 }

// stream is what was captured of one direction: a naive list of spans, and
// where FINs were.
type stream struct {
	base wire.Seq // the number of octet 0: the SYN's, where it is known
	have []span   // in order, neither overlapping nor touching
	fins []wire.Seq
}

// add puts a segment's sequence space in and returns how much of it was new.
func (st *stream) add(s *wire.Segment) int64 {
	lo := int64(s.Seq.Diff(st.base))
	hi := lo + int64(s.SegLen())
	if lo = max(lo, 0); hi <= lo {
		return 0
	}
	if s.Flags.Has(wire.FIN) {
		st.fins = append(st.fins, s.FINSeq())
	}
	return st.cover(span{lo, hi})
}

// addText puts a segment's octets in, without SYN and FIN.
func (st *stream) addText(s *wire.Segment) int64 {
	lo := int64(s.DataSeq().Diff(st.base))
	hi := lo + int64(s.Len)
	if lo = max(lo, 0); hi <= lo {
		return 0
	}
	return st.cover(span{lo, hi})
}

// cover adds a span and returns how much of it was new.
func (st *stream) cover(n span) int64 {
	fresh := n.hi - n.lo
	kept := make([]span, 0, len(st.have)+1)
	for _, h := range st.have {
		if h.hi < n.lo || h.lo > n.hi {
			kept = append(kept, h)
			continue
		}
		fresh -= max(0, min(h.hi, n.hi)-max(h.lo, n.lo))
		n = span{min(h.lo, n.lo), max(h.hi, n.hi)}
	}
	at := 0
	for at < len(kept) && kept[at].lo < n.lo {
		at++
	}
	st.have = append(kept[:at:at], append([]span{n}, kept[at:]...)...)
	return fresh
}

// reach is the number after the octets captured without a hole from seq on.
func (st *stream) reach(seq wire.Seq) wire.Seq {
	off := int64(seq.Diff(st.base))
	for _, h := range st.have {
		if h.lo <= off && off < h.hi {
			return st.base.Add(uint32(h.hi))
		}
	}
	return seq
}

// missed says whether octets in [lo, hi) were not captured.
func (st *stream) missed(lo, hi wire.Seq) bool { return lo.Less(hi) && st.reach(lo).Less(hi) }

// finAt says whether a FIN with that number was captured.
func (st *stream) finAt(seq wire.Seq) bool {
	for _, f := range st.fins {
		if f == seq {
			return true
		}
	}
	return false
}
