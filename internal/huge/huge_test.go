package huge

import "testing"

// TestAdvise: whatever the kernel makes of it, memory is what it was.
func TestAdvise(t *testing.T) {
	for _, n := range []int{0, 1, PageSize / 8, PageSize/8 + 1, 3 * PageSize / 8, 1 << 20} {
		list := make([]uint64, n)
		for i := range list {
			list[i] = uint64(i)
		}
		Advise(list)
		Populate(list)
		for i := range list {
			if list[i] != uint64(i) {
				t.Fatalf("%d words: word %d has changed", n, i)
			}
		}
	}
}
