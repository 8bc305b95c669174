package stats

import (
	"slices"
)

// Groups are values by a key, as many as fit: beyond the bound those that weigh least
// are given up.
type Groups[K comparable, V any] struct {
	m    map[K]*V
	last K
	v    *V
	// Lost says that some were given up: what is counted of a group that remains may
	// be too little.
	Lost bool
}

const maxGroups = 1024

// At returns the value of k, a new one if it has none. weigh says what a value weighs
// where some have to go.
func (g *Groups[K, V]) At(k K, weigh func(*V) uint64) *V {
	if g.v != nil && g.last == k {
		return g.v
	}
	v := g.m[k]
	if v == nil {
		if g.m == nil {
			g.m = make(map[K]*V)
		}
		if len(g.m) >= maxGroups {
			g.prune(weigh)
		}
		v = new(V)
		g.m[k] = v
	}
	g.last, g.v = k, v
	return v
}

// Get returns the value of k, nil if it has none.
func (g *Groups[K, V]) Get(k K) *V { return g.m[k] }

// prune gives up the lighter half: all that weigh no more than the middle one, so that
// it does not matter in which order they are looked at.
func (g *Groups[K, V]) prune(weigh func(*V) uint64) {
	weights := make([]uint64, 0, len(g.m))
	for _, v := range g.m {
		weights = append(weights, weigh(v))
	}
	slices.Sort(weights)
	limit := weights[len(weights)/2]
	for k, v := range g.m {
		if weigh(v) <= limit {
			delete(g.m, k)
		}
	}
	g.Lost, g.v = true, nil
}

// Merge adds the groups of o; merge adds one value to another.
func (g *Groups[K, V]) Merge(o *Groups[K, V], merge func(to, from *V)) {
	g.Lost, g.v = g.Lost || o.Lost, nil
	if g.m == nil {
		g.m = make(map[K]*V)
	}
	for k, v := range o.m {
		if to := g.m[k]; to != nil {
			merge(to, v)
		} else {
			g.m[k] = v
		}
	}
}

// Each calls fn with every group, in no order.
func (g *Groups[K, V]) Each(fn func(K, *V)) {
	for k, v := range g.m {
		fn(k, v)
	}
}
