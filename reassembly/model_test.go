package reassembly

import (
	"testing"

	"github.com/lastack/lastack/wire"
	"pgregory.net/rapid"
)

// naive is a space kept as a bitmap: which octets were captured, which the
// receiver acknowledged.
type naive struct {
	seen [256]bool
	next int // after the highest octet captured
	una  int
}

// send marks octets and returns how many were new.
func (m *naive) send(from, n int) (fresh int) {
	for i := from; i < from+n; i++ {
		if !m.seen[i] {
			m.seen[i] = true
			fresh++
		}
	}
	m.next = max(m.next, from+n)
	return fresh
}

// edge is the first octet not captured.
func (m *naive) edge() int {
	i := 0
	for i < m.next && m.seen[i] {
		i++
	}
	return i
}

// missing counts the octets acknowledged and never captured.
func (m *naive) missing() (n uint64) {
	for i := range m.una {
		if !m.seen[i] {
			n++
		}
	}
	return n
}

// TestModel drives a space and a bitmap with the same random segments, from
// every part of the sequence space, and compares all that both know.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := wire.Seq(rapid.Uint32().Draw(t, "base"))
		var sp, rev Space
		m := naive{}
		first := wire.Segment{Seq: base, Flags: wire.ACK, Time: 1}
		p := sp.Place(&first, &rev, 0)
		sp.Send(&first, &p)
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for i := range steps {
			now := int64(i+2) * 1e6
			if rapid.Bool().Draw(t, "ack") {
				m.una = max(m.una, rapid.IntRange(0, m.next).Draw(t, "una"))
				a := wire.Segment{Ack: base.Add(uint32(m.una)), Flags: wire.ACK, Window: 1000, Time: now}
				sp.Receive(&a)
			} else {
				from := rapid.IntRange(0, min(m.next+20, 200)).Draw(t, "from")
				n := rapid.IntRange(1, 40).Draw(t, "n")
				s := wire.Segment{Seq: base.Add(uint32(from)), Len: uint32(n), Flags: wire.ACK, Time: now}
				p := sp.Place(&s, &rev, now-1e6)
				fresh := m.send(from, n)
				if p.Kind != Keepalive && p.Kind != WindowProbe && int(p.NewOctets) != fresh {
					t.Fatalf("[%d,%d) has %d new octets, want %d (%v)", from, from+n, p.NewOctets, fresh, p.Kind)
				}
				sp.Send(&s, &p)
			}
			if sp.gaps != nil && len(sp.gaps.list) >= maxAckedGaps-1 {
				return // beyond the bound they may differ
			}
			if got := sp.Next - base; int(got) != m.next {
				t.Fatalf("SND.NXT %d, want %d", got, m.next)
			}
			if got := sp.Edge - base; int(got) != m.edge() {
				t.Fatalf("edge %d, want %d", got, m.edge())
			}
			if got := sp.Missing(); got != m.missing() {
				t.Fatalf("missing %d, want %d", got, m.missing())
			}
			for upto := range m.next {
				want := true
				for k := m.una; k < upto; k++ {
					want = want && m.seen[k]
				}
				if sp.Whole(base.Add(uint32(upto))) != want {
					t.Fatalf("Whole(%d) = %v", upto, !want)
				}
			}
		}
	})
}

// FuzzSpace runs a space on arbitrary segments: nothing may panic, the gaps
// stay bounded, in order and apart, and the edge never passes SND.NXT.
func FuzzSpace(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	f.Fuzz(func(t *testing.T, data []byte) {
		var sp [2]Space
		now := int64(0)
		for len(data) >= 8 {
			b := data[:8]
			data = data[8:]
			dir := b[0] & 1
			now += int64(b[1]) * 1e6
			s := wire.Segment{Time: now, Dir: dir, Flags: wire.Flags(b[2]), Seq: wire.Seq(uint32(b[3])<<24 | uint32(b[4])),
				Ack: wire.Seq(uint32(b[5])<<24 | uint32(b[6])), Len: uint32(b[7]), Window: uint16(b[6])}
			own, rev := &sp[dir], &sp[dir^1]
			p := own.Place(&s, rev, now-int64(b[1])*1e6)
			if p.Unseen > 0 {
				rev.Unseen(s.Ack, now)
			}
			own.Send(&s, &p)
			rev.Receive(&s)
			for i := range sp {
				check(t, &sp[i])
			}
		}
	})
}

func check(t *testing.T, sp *Space) {
	t.Helper()
	if sp.gaps == nil {
		return
	}
	list := sp.gaps.list
	if len(list) == 0 || len(list) > maxGaps+1 {
		t.Fatalf("%d gaps", len(list))
	}
	for i, g := range list {
		if !g.lo.Less(g.hi) || i > 0 && !list[i-1].hi.Less(g.lo) {
			t.Fatalf("gaps %v", list)
		}
	}
	if sp.Edge != list[0].lo {
		t.Fatalf("edge %d, first gap %v", sp.Edge, list[0])
	}
}
