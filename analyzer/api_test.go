package analyzer_test

import (
	"os"
	"os/exec"
	"testing"
)

// TestAPI holds the package's documentation against a golden file: the API of
// a library does not change by accident.
func TestAPI(t *testing.T) {
	out, err := exec.Command("go", "doc", "-all", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/api.txt"
	if *update {
		if err := os.WriteFile(file, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != string(want) {
		t.Errorf("go doc says something else than %s (run with -update if that is meant):\n%s", file, firstDifference(out, want))
	}
}
