package analyzer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastack/lastack/internal/lab/judge"
)

// The numbers of TestTruth: they only ever rise. Own is the endpoint's own
// tap, far the other one.
const (
	wantOwn = 295 // of 295
	wantFar = 66  // of 69
)

// TestTruth holds every endpoint of every capture against the kernel's own
// trace. LASTACK_TRUTH names other folders of captures to hold it against.
func TestTruth(t *testing.T) {
	if more := os.Getenv("LASTACK_TRUTH"); more != "" {
		rows := judged(t, filepath.SplitList(more)...)
		logMissed(t, rows)
		return
	}
	rows := judged(t, "../testdata/pcaps")
	var table strings.Builder
	if err := judge.Table(&table, rows); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	mustReach(t, rows, wantOwn, wantFar)
}

// judged returns the verdicts on all captures below the roots.
func judged(t *testing.T, roots ...string) (rows []judge.Row) {
	t.Helper()
	for _, root := range roots {
		list, _ := filepath.Glob(filepath.Join(root, "*", "truth.json"))
		for _, file := range list {
			more, err := judge.Folder(filepath.Dir(file))
			if err != nil {
				t.Error(err)
			}
			rows = append(rows, more...)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("no captures with truth in %v", roots)
	}
	return rows
}

// mustReach fails when fewer endpoints are exact than before, or one is not and
// nothing says why.
func mustReach(t *testing.T, rows []judge.Row, wantOwn, wantFar int) {
	t.Helper()
	own, far := judge.Count(rows)
	t.Logf("own tap: %v", own)
	t.Logf("far tap: %v", far)
	if own.Exact < wantOwn || far.Exact < wantFar {
		t.Errorf("want at least %d exact at the own tap, and %d at the other", wantOwn, wantFar)
	}
	for i := range rows {
		if r := &rows[i]; r.Unexplained() {
			t.Error(r)
		}
	}
}

// logMissed shows every row that is not exact.
func logMissed(t *testing.T, rows []judge.Row) {
	t.Helper()
	for i := range rows {
		if r := &rows[i]; r.Verdict != judge.Exact {
			t.Log(r)
		}
	}
	own, far := judge.Count(rows)
	t.Logf("own tap: %v", own)
	t.Logf("far tap: %v", far)
}
