package doctest

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
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
	bin := filepath.Join(t.TempDir(), "lastack")
	if out, err := exec.Command("go", "build", "-o", bin, root+"/cmd/lastack").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	docs, _ := filepath.Glob(root + "/docs/*.md")
	docs = append(docs, root+"/README.md")
	ran := 0
	for _, doc := range docs {
		have, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		want, n := rendered(t, bin, string(have))
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

// rendered returns a document with the output of its examples as it is now, and
// how many there are.
func rendered(t *testing.T, bin, doc string) (string, int) {
	const fence = "```console\n"
	var b strings.Builder
	n := 0
	for {
		before, rest, ok := strings.Cut(doc, fence)
		b.WriteString(before)
		if !ok {
			return b.String(), n
		}
		block, after, ok := strings.Cut(rest, "```")
		if !ok {
			t.Fatal("a block without an end")
		}
		b.WriteString(fence)
		for line := range strings.Lines(block) {
			if command, ok := strings.CutPrefix(line, "$ lastack "); ok {
				b.WriteString(line)
				b.WriteString(run(t, bin, strings.TrimSpace(command)))
				n++
			}
		}
		b.WriteString("```")
		doc = after
	}
}

// run runs lastack with the arguments of an example.
func run(t *testing.T, bin, args string) string {
	cmd := exec.Command(bin, strings.Fields(args)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "COLUMNS=100")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Errorf("lastack %s: %v\n%s", args, err, errs.String())
	}
	return out.String()
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
