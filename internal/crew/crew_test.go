package crew

import (
	"slices"
	"testing"
)

// TestOrder: every worker gets every job, in order, and Next returns them in
// order, done.
func TestOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		type job struct{ number int }
		got := make([][]int, workers)
		c := New(workers, 3, func(w int, j *job) { got[w] = append(got[w], j.number) })
		if c.Workers() != workers {
			t.Errorf("%d workers, want %d", c.Workers(), workers)
		}
		var want, returned []int
		for i := range 100 {
			c.Put(&job{number: i})
			want = append(want, i)
			for c.Under() > 4 || c.Ready() && i%2 == 0 {
				returned = append(returned, c.Next().number)
			}
		}
		for c.Under() > 0 {
			returned = append(returned, c.Next().number)
		}
		c.Close()
		if !slices.Equal(returned, want) {
			t.Errorf("%d workers: returned %v", workers, returned)
		}
		for w := range got {
			if !slices.Equal(got[w], want) {
				t.Errorf("worker %d of %d did %v", w, workers, got[w])
			}
		}
	}
}
