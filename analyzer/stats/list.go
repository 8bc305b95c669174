package stats

import "slices"

// IDs keeps the lowest of many numbers.
type IDs struct {
	list []uint64
	n    uint64
	full bool // the first maxIDs are in order, and those that were higher have gone
}

const maxIDs = 1000

// Add takes a number, each once.
func (l *IDs) Add(id uint64) {
	l.n++
	if l.full && id > l.list[maxIDs-1] {
		return
	}
	l.list = append(l.list, id)
	l.cut(2 * maxIDs)
}

// cut drops the highest, if there are more than so many.
func (l *IDs) cut(many int) {
	if len(l.list) > many {
		slices.Sort(l.list)
		l.list, l.full = l.list[:maxIDs], true
	}
}

// Merge adds those of o, which are others.
func (l *IDs) Merge(o *IDs) {
	l.n += o.n
	l.list = append(l.list, o.list...)
	l.cut(2 * maxIDs)
}

// N is how many there were; List are the lowest 1,000 of them.
func (l *IDs) N() int { return int(l.n) }

// List returns the lowest, in order.
func (l *IDs) List() []uint64 {
	slices.Sort(l.list)
	return slices.Clone(l.list[:min(len(l.list), maxIDs)])
}

// First keeps the first few of many things, by their order.
type First[T any] struct {
	list []T
}

const maxFirst = 8

// Add takes a thing; before is the order.
func (l *First[T]) Add(x T, before func(a, b *T) bool) {
	if l.list == nil {
		l.list = make([]T, 0, maxFirst+1)
	}
	// It is compared where it lies in the list: before could keep the address of x, which
	// would have to be allocated for it.
	l.list = append(l.list, x)
	for i := len(l.list) - 1; i > 0 && before(&l.list[i], &l.list[i-1]); i-- {
		l.list[i], l.list[i-1] = l.list[i-1], l.list[i]
	}
	l.list = l.list[:min(len(l.list), maxFirst)]
}

// Last returns the last of them if there is room for no more: what does not come before
// it need not be added. It is nil if there is room.
func (l *First[T]) Last() *T {
	if len(l.list) < maxFirst {
		return nil
	}
	return &l.list[maxFirst-1]
}

// Merge adds those of o.
func (l *First[T]) Merge(o *First[T], before func(a, b *T) bool) {
	for _, x := range o.list {
		l.Add(x, before)
	}
}

// List returns the first few, in order.
func (l *First[T]) List() []T { return l.list }
