package reassembly

import (
	"slices"
	"testing"

	"github.com/lastack/lastack/internal/pack"
)

// TestPack: what is packed is the same again, while a round trip is measured and when
// none is; a space with gaps says that it cannot be.
func TestPack(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		k.add(seg{0, 30, ".", 1, 1, 10, 1000, 100, 1})
		k.add(seg{0, 40, ".", 1, 1, 10, 1000, 105, 1})
		measuring := packed(t, &k.sp[0])
		k.add(seg{1, 50, ".", 1, 11, 0, 1000, 1, 105})
		packed(t, &k.sp[0])
		if measuring.timedAt != 30*ms || measuring.timedAgainAt != 40*ms {
			t.Errorf("the round trip began at %d and %d", measuring.timedAt, measuring.timedAgainAt)
		}
		k.add(seg{0, 60, ".", 20, 1, 10, 1000, 110, 1})
		if k.sp[0].Packable() {
			t.Error("a gap is not packed")
		}
	})
}

// packed packs a space and returns what comes out, without what means nothing.
func packed(t *testing.T, sp *Space) (back Space) {
	t.Helper()
	var k pack.Coder
	k.Begin()
	sp.Pack(&k, ms)
	octets, ok := k.Octets()
	k.From(slices.Clone(octets))
	back.Pack(&k, ms)
	want := *sp
	if want.Known&timing == 0 {
		want.timedEnd, want.timedTS, want.timedAt, want.timedAgainTS, want.timedAgainAt = 0, 0, 0, 0, 0
	}
	if !ok || !sp.Packable() || back != want {
		t.Errorf("%+v\nbecame\n%+v", want, back)
	}
	return back
}
