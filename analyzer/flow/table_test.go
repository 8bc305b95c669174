package flow

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/wire"
	"pgregory.net/rapid"
)

// key is the n-th of a set of keys.
func key(n int) wire.FourTuple {
	k, _ := wire.NewTuple(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(n >> 8)}), uint16(n)),
		netip.MustParseAddrPort("198.51.100.1:80"))
	return k
}

// TestModel holds the table against a map, through growth and deletions.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var slab []wire.FourTuple
		table := New(rapid.Uint64().Draw(t, "seed"), func(i uint32) *wire.FourTuple { return &slab[i] })
		model := map[wire.FourTuple]uint32{}
		put := func(n int) {
			k := key(n)
			slab = append(slab, k)
			model[k] = uint32(len(slab) - 1)
			table.Put(&k, uint32(len(slab)-1))
		}
		for n := range rapid.IntRange(0, 3000).Draw(t, "filled") {
			put(n)
		}
		for range rapid.IntRange(0, 400).Draw(t, "steps") {
			k := key(rapid.IntRange(0, 500).Draw(t, "key"))
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				put(rapid.IntRange(0, 500).Draw(t, "new"))
			case 1: // an index that the table does not have
				table.Remove(TagOf(k.Hash(table.seed)), uint32(len(slab)))
			case 2:
				_, had := model[k]
				slab = append(slab, k)
				if i := uint32(len(slab) - 1); table.Enter(&k, k.Hash(table.seed), i) == had {
					t.Fatalf("Enter = %v, of a key that it had: %v", !had, had)
				} else if !had {
					model[k] = i
				}
			case 3:
				if i, had := model[k]; had {
					delete(model, k)
					table.Remove(TagOf(k.Hash(table.seed)), i)
				}
			}
			want, ok := model[k]
			if got, found := table.Get(&k); found != ok || got != want {
				t.Fatalf("Get = %d, %v; want %d, %v", got, found, want, ok)
			}
		}
		if table.Len() != len(model) {
			t.Fatalf("Len = %d, want %d", table.Len(), len(model))
		}
		for k, want := range model {
			if got, found := table.Get(&k); !found || got != want {
				t.Fatalf("at the end: Get = %d, %v; want %d", got, found, want)
			}
		}
	})
}

// TestNoAllocations: looking up, and putting in place of what is there, cost
// nothing.
func TestNoAllocations(t *testing.T) {
	slab := []wire.FourTuple{key(1)}
	table := New(0, func(i uint32) *wire.FourTuple { return &slab[i] })
	k := key(1)
	table.Put(&k, 0)
	if n := testing.AllocsPerRun(100, func() { table.Get(&k); table.Put(&k, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
