package stats

import (
	"slices"
)

// Groups are values by a key, as many as fit: beyond the bound those that weigh least
// are given up. The caller says what the hash of a key is: the same for the same key in
// all that are merged.
//
// It is no map: of many clients each may come once, and then a value is taken in, and
// given up, with every connection. Here those that stay are listed anew, and the values
// of the others are used again.
type Groups[K comparable, V any] struct {
	list  []entry[K, V]
	slots []int32 // by hash, or after those that are taken: the index in list, plus 1
	spare []*V    // empty
	// Lost says that some were given up: what is counted of a group that remains may
	// be too little.
	Lost bool
}

type entry[K comparable, V any] struct {
	hash uint64
	k    K
	v    *V
}

const maxGroups = 1024

// At returns the value of k, a new one if it has none. weigh says what a value weighs
// where some have to go.
func (g *Groups[K, V]) At(k K, hash uint64, weigh func(*V) uint64) *V {
	if e := g.find(k, hash); e != nil {
		return e.v
	}
	if len(g.list) >= maxGroups {
		g.prune(weigh)
	}
	var v *V
	if n := len(g.spare); n > 0 {
		v, g.spare = g.spare[n-1], g.spare[:n-1]
	} else {
		v = new(V)
	}
	g.add(entry[K, V]{hash, k, v})
	return v
}

// Get returns the value of k, nil if it has none.
func (g *Groups[K, V]) Get(k K, hash uint64) *V {
	if e := g.find(k, hash); e != nil {
		return e.v
	}
	return nil
}

func (g *Groups[K, V]) find(k K, hash uint64) *entry[K, V] {
	if len(g.slots) == 0 {
		return nil
	}
	for i := int(hash) & (len(g.slots) - 1); g.slots[i] != 0; i = (i + 1) & (len(g.slots) - 1) {
		if e := &g.list[g.slots[i]-1]; e.hash == hash && e.k == k {
			return e
		}
	}
	return nil
}

// add takes in a key that has no value yet.
func (g *Groups[K, V]) add(e entry[K, V]) {
	g.list = append(g.list, e)
	if 2*len(g.list) > len(g.slots) {
		g.slots = make([]int32, max(2*len(g.slots), 16))
		g.index()
		return
	}
	g.enter(len(g.list) - 1)
}

// index fills the slots, which are empty.
func (g *Groups[K, V]) index() {
	for i := range g.list {
		g.enter(i)
	}
}

func (g *Groups[K, V]) enter(n int) {
	i := int(g.list[n].hash) & (len(g.slots) - 1)
	for g.slots[i] != 0 {
		i = (i + 1) & (len(g.slots) - 1)
	}
	g.slots[i] = int32(n) + 1
}

// prune gives up the lighter half: all that weigh no more than the middle one, so that
// it does not matter in which order they are looked at.
func (g *Groups[K, V]) prune(weigh func(*V) uint64) {
	weights := make([]uint64, 0, len(g.list))
	for i := range g.list {
		weights = append(weights, weigh(g.list[i].v))
	}
	slices.Sort(weights)
	limit := weights[len(weights)/2]
	stay := g.list[:0]
	for _, e := range g.list {
		if weigh(e.v) > limit {
			stay = append(stay, e)
			continue
		}
		*e.v = *new(V)
		g.spare = append(g.spare, e.v)
	}
	clear(g.list[len(stay):])
	g.list, g.Lost = stay, true
	clear(g.slots)
	g.index()
}

// Merge adds the groups of o, which is not used any more; merge adds one value to
// another.
func (g *Groups[K, V]) Merge(o *Groups[K, V], merge func(to, from *V)) {
	g.Lost = g.Lost || o.Lost
	for _, e := range o.list {
		if to := g.find(e.k, e.hash); to != nil {
			merge(to.v, e.v)
		} else {
			g.add(e)
		}
	}
}

// Each calls fn with every group, in no order.
func (g *Groups[K, V]) Each(fn func(K, *V)) {
	for i := range g.list {
		fn(g.list[i].k, g.list[i].v)
	}
}
