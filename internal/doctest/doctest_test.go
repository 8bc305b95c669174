package doctest

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write into the documents what the examples print")

const root = "../.."

// TestExamples runs the examples.
func TestExamples(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the examples are for a POSIX shell")
	}
	runner, err := Build(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	docs, _ := filepath.Glob(root + "/docs/*.md")
	docs = append(docs, root+"/README.md")
	ran := 0
	for _, doc := range docs {
		have, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		want, n, err := Render(string(have), runner.Run)
		if err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		ran += n
		switch {
		case want == string(have):
		case *update:
			if err := os.WriteFile(doc, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: an example prints something else (run with -update and look at the difference):\n%s", doc, difference(string(have), want))
		}
	}
	if ran == 0 {
		t.Error("no example found")
	}
}

// difference shows the first line on which two texts differ.
func difference(have, want string) string {
	h, w := strings.Split(have, "\n"), strings.Split(want, "\n")
	for i := range min(len(h), len(w)) {
		if h[i] != w[i] {
			return "document: " + h[i] + "\nprinted:  " + w[i]
		}
	}
	return "their lengths differ"
}
