package flow

import (
	"github.com/lastack/lastack/internal/huge"
	"github.com/lastack/lastack/internal/prefetch"
	"github.com/lastack/lastack/wire"
)

// slot is one place of the table: the index of a connection plus 1, and the
// tag of its key's hash, which spares most look-ups of other connections and
// says where the slot would best be.
type slot struct {
	index uint32
	tag   uint32
}

// TagOf returns the part of a hash that the table uses.
func TagOf(hash uint64) uint32 { return uint32(hash >> 32) }

// Table maps keys to slab indices by open addressing with linear probing. Keys
// are compared through the function given to New. The zero Table is not ready.
type Table struct {
	slots []slot
	mask  uint32
	used  int
	seed  uint64
	key   func(index uint32) *wire.FourTuple
}

// New returns an empty table that reads keys of the slab through key.
func New(seed uint64, key func(index uint32) *wire.FourTuple) *Table {
	const initial = 1 << 10
	return &Table{slots: make([]slot, initial), mask: initial - 1, seed: seed, key: key}
}

// Len returns the number of keys.
func (t *Table) Len() int { return t.used }

// Hash is the hash of a key in this table.
func (t *Table) Hash(k *wire.FourTuple) uint64 { return k.Hash(t.seed) }

// Get returns the index stored for k.
func (t *Table) Get(k *wire.FourTuple) (uint32, bool) { return t.GetHashed(k, k.Hash(t.seed)) }

// GetHashed is Get for a key whose hash with the table's seed is known.
func (t *Table) GetHashed(k *wire.FourTuple, hash uint64) (uint32, bool) {
	tag := TagOf(hash)
	if s := t.slots[tag&t.mask]; s.tag == tag && s.index != 0 && t.key(s.index-1).Equal(k) {
		return s.index - 1, true // nearly always
	}
	i, ok := t.find(k, hash)
	if !ok {
		return 0, false
	}
	return t.slots[i].index - 1, true
}

// Prefetch asks for the part of the table that a look-up of hash begins with.
func (t *Table) Prefetch(hash uint64) { t.PrefetchTag(TagOf(hash)) }

// PrefetchTag is Prefetch for a hash of which the TagOf is known.
func (t *Table) PrefetchTag(tag uint32) {
	prefetch.Of(&t.slots[tag&t.mask])
}

// Guess returns 1 more than the index that is stored for a key with the given
// hash, 0 if there is none. It reads nothing but the table, so the key may be
// another one whose hash is nearly the same.
func (t *Table) Guess(hash uint64) uint32 {
	tag := TagOf(hash)
	for i := tag & t.mask; ; i = (i + 1) & t.mask {
		if s := t.slots[i]; s.tag == tag || s.index == 0 {
			return s.index
		}
	}
}

// find returns the slot of k, or the free slot at which its search ended.
func (t *Table) find(k *wire.FourTuple, hash uint64) (uint32, bool) {
	tag := TagOf(hash)
	for i := tag & t.mask; ; i = (i + 1) & t.mask {
		s := t.slots[i]
		if s.index == 0 {
			return i, false
		}
		if s.tag == tag && t.key(s.index-1).Equal(k) {
			return i, true
		}
	}
}

// Put stores index for k, in place of what was stored before.
func (t *Table) Put(k *wire.FourTuple, index uint32) { t.PutHashed(k, k.Hash(t.seed), index) }

// PutHashed is Put for a key whose hash with the table's seed is known.
func (t *Table) PutHashed(k *wire.FourTuple, h uint64, index uint32) {
	i, ok := t.find(k, h)
	if !ok {
		if t.full() {
			t.grow()
			i, _ = t.find(k, h)
		}
		t.used++
	}
	t.slots[i] = slot{index: index + 1, tag: TagOf(h)}
}

// Enter stores index for a key that the table does not have yet; if it has it, it reports
// false, and nothing changes.
func (t *Table) Enter(k *wire.FourTuple, hash uint64, index uint32) bool {
	i, ok := t.find(k, hash)
	if ok {
		return false
	}
	if t.full() {
		t.grow()
		i, _ = t.find(k, hash)
	}
	t.used++
	t.slots[i] = slot{index: index + 1, tag: TagOf(hash)}
	return true
}

// full reports whether the table has to grow before a key is added.
func (t *Table) full() bool { return uint64(t.used)*4 >= uint64(len(t.slots))*3 }

// Remove removes the key that has an index, and a hash with that TagOf. It need not look at
// the key; if there is none, nothing changes.
func (t *Table) Remove(tag, index uint32) {
	for i := tag & t.mask; t.slots[i].index != 0; i = (i + 1) & t.mask {
		if t.slots[i].index == index+1 {
			t.vacate(i)
			return
		}
	}
}

// vacate frees slot i. The slots behind it move up, so that no search ends early.
func (t *Table) vacate(i uint32) {
	t.used--
	for j := (i + 1) & t.mask; t.slots[j].index != 0; j = (j + 1) & t.mask {
		home := t.slots[j].tag & t.mask
		if (j-home)&t.mask >= (j-i)&t.mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot{}
}

// grow doubles the table.
func (t *Table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	huge.Advise(t.slots)
	huge.Populate(t.slots)
	t.mask = uint32(len(t.slots)) - 1
	for _, s := range old {
		if s.index == 0 {
			continue
		}
		i := s.tag & t.mask
		for t.slots[i].index != 0 {
			i = (i + 1) & t.mask
		}
		t.slots[i] = s
	}
}
