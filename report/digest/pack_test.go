package digest

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/lastack/lastack/report/internal/sample"
	"pgregory.net/rapid"
)

func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Row
		sample.Fill(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), &r)
		b := r.append(nil)
		got, err := unpack(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&r, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		// Nothing that is cut off is taken for a row, and nothing panics.
		for n := range len(b) {
			if _, err := unpack(b[:n]); err == nil {
				t.Fatalf("%d of %d bytes are a row", n, len(b))
			}
		}
	})
}
