package stats

import (
	"cmp"
	"maps"
	"slices"
)

// key is what has an order, as netip.Addr.
type key[K any] interface {
	comparable
	Compare(K) int
}

// Top counts things by a key, and keeps those that there are most of: beyond its bound
// the rarest are given up, and counted together.
type Top[K key[K]] struct {
	n    map[K]uint64
	all  uint64
	lost bool
}

const maxTop = 128

// Add counts n more of k.
func (t *Top[K]) Add(k K, n uint64) {
	if t.n == nil {
		t.n = make(map[K]uint64)
	}
	t.all += n
	if t.n[k] += n; len(t.n) > 2*maxTop {
		for _, k := range t.order()[maxTop:] {
			delete(t.n, k)
		}
		t.lost = true
	}
}

// Merge adds what o has counted.
func (t *Top[K]) Merge(o *Top[K]) {
	all := t.all + o.all
	for _, k := range o.order() {
		t.Add(k, o.n[k])
	}
	t.all, t.lost = all, t.lost || o.lost
}

// order returns the keys, those first of which there are most.
func (t *Top[K]) order() []K {
	return slices.SortedFunc(maps.Keys(t.n), func(a, b K) int {
		return cmp.Or(cmp.Compare(t.n[b], t.n[a]), a.Compare(b))
	})
}

// Most returns the keys of which there are most, at most so many, and how many of the
// first there are, or more.
func (t *Top[K]) Most(limit int) (list []K, n uint64) {
	list = t.order()
	if len(list) > 0 {
		n = t.n[list[0]]
	}
	return list[:min(len(list), limit)], n
}

// Keys is how many keys there were; all is false if there were more.
func (t *Top[K]) Keys() (n int, all bool) { return len(t.n), !t.lost }
