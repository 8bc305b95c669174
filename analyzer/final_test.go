package analyzer

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestDeadlines: entries come out by time, then by id, whatever the order in
// which they went in.
func TestDeadlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h deadlines
		var want []due
		for i, n := range rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 50).Draw(t, "times") {
			d := due{t: n, id: uint64(100 - i)}
			h.push(d)
			want = append(want, d)
			if rapid.IntRange(0, 4).Draw(t, "pop") == 0 {
				slices.SortFunc(want, func(x, y due) int { return cmp.Or(cmp.Compare(x.t, y.t), cmp.Compare(x.id, y.id)) })
				if got := h.pop(); got != want[0] {
					t.Fatalf("%v, want %v", got, want[0])
				}
				want = want[1:]
			}
		}
		slices.SortFunc(want, func(x, y due) int { return cmp.Or(cmp.Compare(x.t, y.t), cmp.Compare(x.id, y.id)) })
		for _, w := range want {
			if got := h.pop(); got != w {
				t.Fatalf("%v, want %v", got, w)
			}
		}
	})
}
