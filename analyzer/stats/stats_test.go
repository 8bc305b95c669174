package stats

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const sec = int64(1e9)

// mergeable is an aggregate of observations of type X.
type mergeable[A, X any] struct {
	add   func(*A, X)
	merge func(to, from *A)
	says  func(*A) any
}

// check plays random observations in parts: however they are dealt out, and in
// whatever order the parts are merged, the whole says the same.
func (m mergeable[A, X]) check(t *testing.T, draw func(*rand.Rand) X, compare func(*rapid.T, any, any)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var a, b [4]A
		for range r.IntN(200) {
			x := draw(r)
			m.add(&a[r.IntN(4)], x)
			m.add(&b[r.IntN(4)], x)
		}
		for i := 1; i < 4; i++ {
			m.merge(&a[0], &a[i])
			m.merge(&b[3], &b[3-i])
		}
		compare(t, m.says(&a[0]), m.says(&b[3]))
	})
}

func same(t *rapid.T, a, b any) {
	if a != b {
		t.Fatalf("%v, other order %v", a, b)
	}
}

func TestMerging(t *testing.T) {
	t.Run("Durations", func(t *testing.T) {
		mergeable[Durations, int64]{(*Durations).Add, (*Durations).Merge, func(h *Durations) any { return *h }}.
			check(t, func(r *rand.Rand) int64 { return r.Int64N(1 << r.IntN(60)) }, same)
	})
	t.Run("Distinct", func(t *testing.T) {
		mergeable[Distinct, uint64]{(*Distinct).Add, (*Distinct).Merge, func(d *Distinct) any { return *d }}.
			check(t, (*rand.Rand).Uint64, same)
	})
	t.Run("IDs", func(t *testing.T) {
		next := uint64(0)
		mergeable[IDs, uint64]{(*IDs).Add, (*IDs).Merge, func(l *IDs) any { return l.List() }}.
			check(t, func(*rand.Rand) uint64 { next++; return next * 7919 % 100003 }, func(t *rapid.T, a, b any) {
				if !slices.Equal(a.([]uint64), b.([]uint64)) {
					t.Fatalf("%v, other order %v", a, b)
				}
			})
	})
	t.Run("Rate", func(t *testing.T) {
		mergeable[Rate, int64]{func(x *Rate, at int64) { x.Add(at, 1, uint32(at&1)) }, (*Rate).Merge, func(x *Rate) any {
			all, some := x.N()
			return [2]uint64{all, some}
		}}.check(t, func(r *rand.Rand) int64 { return r.Int64N(5000 * sec) }, same)
	})
}

// TestLevel: what a Level says of a time is never more than there were, and exact while
// there are few, or where everything lasts for long and begins on the second.
func TestLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var parts [3]Level
		var all [][2]int64
		span := int64(10 + r.IntN(5000))
		base := int64(1_700_000_000) * sec
		for range 1 + r.IntN(60) {
			from := base + r.Int64N(span*sec)
			x := [2]int64{from, from + r.Int64N(200*sec)}
			if x[1] > base+span*sec {
				x[1] = Open
			}
			all = append(all, x)
			parts[r.IntN(3)].Add(x[0], x[1])
		}
		for i := range 2 {
			parts[2].Merge(&parts[i])
		}
		end := base + span*sec
		most := 0
		for _, x := range all {
			n := 0
			for _, y := range all {
				if y[0] <= x[0] && x[0] < y[1] {
					n++
				}
			}
			if x[0] <= end {
				most = max(most, n)
			}
		}
		got, at := parts[2].Peak(end)
		if got > most {
			t.Fatalf("says %d at %d, and there were at most %d", got, at, most)
		}
		if len(all) <= fewIntervals && got != most {
			t.Fatalf("says %d of few, there were %d", got, most)
		}
	})
}

// TestLevelOfMany: a pile-up is seen whole, and the time of its height.
func TestLevelOfMany(t *testing.T) {
	var l Level
	base := int64(1_700_000_000) * sec
	for i := range int64(20_000) {
		from := base + i*sec/200 // 200 a second for 100 s
		l.Add(from, from+60*sec)
	}
	n, at := l.Peak(base + 100*sec)
	if n < 11_700 || n > 12_000 {
		t.Errorf("%d at a time, there were 12,000", n)
	}
	if s := (at - base) / sec; s < 55 || s > 100 {
		t.Errorf("at its height after %d s", s)
	}
	if l.N() != 20_000 {
		t.Error(l.N())
	}
}

// TestBursts: two seconds of a flood in a day of quiet.
func TestBursts(t *testing.T) {
	var r Rate
	base := int64(1_700_000_000) * sec
	for i := range int64(300) {
		r.Add(base+i*sec, 1, 0)
	}
	for i := range int64(2000) {
		r.Add(base+100*sec+i*sec/1000, 1, 1)
	}
	var got []Burst
	r.Bursts(100, 0.9, func(b Burst) { got = append(got, b) })
	if len(got) != 1 || got[0].N != 2002 || got[0].Some != 2000 || got[0].Until-got[0].From != 2*sec || got[0].Most != 1001 {
		t.Errorf("%+v", got)
	}
}

// TestAfter: how often something happened of late, while it is kept as it was and when it
// is counted.
func TestAfter(t *testing.T) {
	for _, n := range []int64{10, 1000} {
		var r Rate
		base := int64(1_700_000_000) * sec
		for i := range n {
			r.Add(base+i*100*sec/n, 1, 0)
		}
		if got := r.After(base + 49*sec); got != uint64(n/2) {
			t.Errorf("%d of %d in the second half", got, n)
		}
		if got := r.After(base + 200*sec); got != 0 {
			t.Errorf("%d after the last", got)
		}
	}
}

func TestRateWithin(t *testing.T) {
	var few, many Rate
	few.Add(10*second, 1, 0)
	for i := range int64(fewIntervals + 1) {
		many.Add((100+i)*second, 1, 0)
	}
	for _, x := range []struct {
		r           *Rate
		from, until int64
		want        bool
	}{
		{new(Rate), 0, 100 * second, false},
		{&few, 10 * second, 10 * second, true},
		{&few, 10*second + 1, 20 * second, false},
		{&few, 0, 10*second - 1, false},
		{&many, 0, 100*second - 1, false},
		{&many, 0, 100 * second, true},
		{&many, (100+fewIntervals)*second + second/2, 200 * second, true}, // in its bucket
		{&many, (101 + fewIntervals) * second, 200 * second, false},
	} {
		if got := x.r.Within(x.from, x.until); got != x.want {
			t.Errorf("Within(%d, %d) = %v", x.from, x.until, got)
		}
	}
}

func TestWithin(t *testing.T) {
	var h Durations
	for i := range int64(100) {
		h.Add((i + 1) * 1e6) // 1 to 100 ms
	}
	if p := h.Within(0.95); p < 95e6 || p > 140e6 {
		t.Errorf("95 in 100 within %d ns", p)
	}
	if n := h.Over(200e6); n != 0 {
		t.Errorf("%d over 200 ms", n)
	}
	if n := h.Over(20e6); n < 50 || n > 81 {
		t.Errorf("%d over 20 ms, 81 are", n)
	}
	for _, d := range []int64{0, 1, 999, 1000, 1500, 1999, 2000, 3000, 1e9, 1<<62 + 1} {
		if i := step(d); i < len(h.steps)-1 && (d >= ends(i) || i > 0 && d < ends(i-1)) {
			t.Errorf("%d ns is in step %d, of %d to %d", d, i, ends(max(i-1, 0)), ends(i))
		}
	}
}

func TestDistinct(t *testing.T) {
	for _, n := range []int{1, 10, 100, 1000, 100_000} {
		var d Distinct
		r := rand.New(rand.NewPCG(uint64(n), 1))
		for range n {
			x := r.Uint64()
			d.Add(x)
			d.Add(x)
		}
		if got := float64(d.N()); got < 0.8*float64(n) || got > 1.2*float64(n)+1 {
			t.Errorf("%v of %d", got, n)
		}
	}
}

// TestGroups: among many that come once the few that come often stay.
func TestGroups(t *testing.T) {
	var g Groups[uint64, int]
	weigh := func(n *int) uint64 { return uint64(*n) }
	for i := range uint64(100_000) {
		*g.At(1_000_000+i, i%5000, weigh)++ // some have the same hash
		if i%20 == 0 {
			*g.At(7, 7, weigh)++
		}
	}
	if n := *g.At(7, 7, weigh); n != 5000 {
		t.Errorf("%d of 5,000 are left", n)
	}
	if !g.Lost || len(g.list) > maxGroups+1 {
		t.Errorf("%d groups", len(g.list))
	}
}

func TestTop(t *testing.T) {
	var a, b Top[netip.Addr]
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}) }
	for i := range 1000 {
		a.Add(addr(i), 1)
		b.Add(addr(3), 2)
	}
	a.Merge(&b)
	list, n := a.Most(3)
	if _, all := a.Keys(); all || len(list) != 3 || list[0] != addr(3) || n < 2000 {
		t.Error(list, n, all)
	}
}

func TestFirst(t *testing.T) {
	var a, b First[int]
	before := func(x, y *int) bool { return *x < *y }
	for i := range 100 {
		a.Add(2*(99-i), before)
		b.Add(2*i+1, before)
	}
	a.Merge(&b, before)
	if got := a.List(); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Error(got)
	}
}
