package detect

import (
	"math/rand/v2"
	"testing"
)

// TestTraits: no detector finds anything in a connection that has none of the
// traits it needs, the ordinary connection has no traits, and every trait is
// one that some detector needs and some story has.
func TestTraits(t *testing.T) {
	if got := ordinary().traits(); got != 0 {
		t.Errorf("an ordinary connection has traits %#x", got)
	}
	if len(All) > 64 {
		t.Error("askedBy has no bit for the last detectors")
	}
	var needed, had trait
	for i := range All {
		if All[i].needs == 0 && All[i].survey == nil {
			t.Errorf("%s is never asked", All[i].ID)
		}
		needed |= All[i].needs
	}
	look := func(in *Input) {
		has := in.traits()
		had |= has
		for i := range All {
			if d := &All[i]; d.find != nil && d.needs&has == 0 && !in.empty() && len(d.find(in)) > 0 {
				t.Fatalf("%s is found with traits %#x and needs %#x", d.ID, has, d.needs)
			}
		}
	}
	for _, list := range examples() {
		for _, e := range list {
			look(e.in)
		}
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		look(strange(rnd))
	}
	if all := silenceBroken<<1 - 1; needed != all || had != all {
		t.Errorf("needed %#x and had %#x of %#x", needed, had, all)
	}
}
