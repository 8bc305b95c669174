package derive

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/internal/lab/judge"
)

// The numbers of TestDerived: they only ever rise. They count endpoints that are
// exact, in what is derived from the archived stories.
var wantExact = map[string]int{
	"both taps":      1016,  // of 1029
	"file cut":       1300,  // of 2070: what the last frame tells is gone
	"frames missing": 25299, // of 27645
	"frames twice":   1006,  // of 1035
	"layout":         15083, // of 15525
	"mid-stream":     5676,  // of 19603: what was before is gone
	"one direction":  989,   // of 2062
	"out of order":   1922,  // of 2069
}

// alike are stories of many connections of the same kind, of which others tell.
var alike = map[string]bool{"close-wait-leak": true, "time-wait-pile-up": true, "time-wait-on-server": true, "time-wait-recycled": true,
	"syn-flood": true, "syn-flood-client": true, "syn-flood-cookies": true}

// TestDerived judges what captures suffer, in captures derived from every
// archived story; with LASTACK_TRUTH from those in that folder.
func TestDerived(t *testing.T) {
	dir := os.Getenv("LASTACK_TRUTH")
	archived := dir == ""
	if archived {
		dir = t.TempDir()
		if err := judge.Unpack("../../../analyzer/testdata/kernel/captures.tar.zst", dir); err != nil {
			t.Fatal(err)
		}
	}
	scores, met, scratch := map[string]*Score{}, map[[3]string]bool{}, t.TempDir()
	stories, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, story := range stories {
		// A mix adds nothing here; variants only with time to spend.
		name := filepath.Base(story)
		if strings.HasPrefix(name, "random-") || archived && (judge.Base(name) != name || alike[name]) {
			continue
		}
		faults, err := Judge(story, scratch, scores)
		if err != nil {
			t.Error(err)
		}
		for i := range faults {
			if why := faults[i].Why(); why != "" {
				met[faults[i].key()] = true
			} else {
				t.Error(&faults[i])
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(scores)) {
		s := scores[kind]
		t.Logf("%-15s %v", kind, s)
		if archived && s.Exact < wantExact[kind] {
			t.Errorf("%s: want at least %d exact", kind, wantExact[kind])
		}
	}
	for key := range misled {
		if archived && !met[key] {
			t.Errorf("%v misleads no more: take it from the list", key)
		}
	}
}
