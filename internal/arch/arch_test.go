package arch

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lastack/lastack/"

// allowed is the map of ARCHITECTURE.md: for each package, what of the project
// and what outside the standard library it may import. "..." stands for a
// package and all below it. The data path runs one way: each package knows
// only those below it.
var allowed = map[string][]string{
	"fsm":             {},
	"wire":            {"github.com/google/gopacket", "github.com/google/gopacket/layers"},
	"reassembly":      {"internal/pack", "wire"},
	"capture":         {"github.com/google/gopacket...", "github.com/klauspost/compress...", "github.com/pierrec/lz4/v4...", "github.com/ulikunitz/xz..."},
	"capture/live":    {"capture", "github.com/google/gopacket...", "golang.org/x/..."},
	"capture/write":   {"capture", "github.com/google/gopacket..."},
	"report":          {},
	"report/words":    {"report"},
	"report/term":     {"report"},
	"report/digest":   {"report", "report/words"},
	"report/explain":  {"report", "report/term"},
	"report/ladder":   {"report", "report/term", "report/words"},
	"report/markdown": {"report", "report/digest", "report/ladder", "report/term", "report/words"},
	"report/text":     {"report", "report/digest", "report/term", "report/words", "github.com/olekukonko/tablewriter..."},
	"report/schema":   {},
	"analyzer/flow":   {"internal/huge", "internal/prefetch", "wire"},
	"analyzer/stats":  {},
	"analyzer/detect": {"analyzer/stats", "internal/prefetch", "report", "report/words"},
	"analyzer":        {"analyzer/detect", "analyzer/flow", "capture", "fsm", "internal/crew", "internal/huge", "internal/pack", "internal/prefetch", "reassembly", "report", "report/words", "wire"},
	"cmd/lastack":     {"..."},
}

// TestImports walks every package of the project.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), "|")
		pkg := strings.TrimPrefix(path, module)
		if strings.Contains(pkg, "internal/") || strings.HasPrefix(pkg, "internal") || strings.HasPrefix(pkg, "bench") {
			continue // tools and tests stand outside the data path
		}
		list, ok := allowed[pkg]
		if !ok {
			t.Errorf("package %s is not in the map: add it here and to ARCHITECTURE.md", pkg)
			continue
		}
		seen[pkg] = true
		for _, imp := range strings.Fields(imports) {
			if ours, std := strings.CutPrefix(imp, module); std || strings.Contains(imp, ".") {
				if !permits(list, ours) {
					t.Errorf("%s may not import %s", pkg, imp)
				}
			}
		}
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("the map names %s, which does not exist", pkg)
		}
	}
}

func permits(list []string, imp string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, below := strings.CutSuffix(a, "...")
		return imp == a || below && strings.HasPrefix(imp, prefix)
	})
}

// TestPure: the core is a function of its input. It asks no clock, starts no
// goroutine, draws no random numbers and logs nothing.
func TestPure(t *testing.T) {
	banned := []string{"log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os/exec"}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}`,
		module+"fsm", module+"wire", module+"reassembly", module+"analyzer/...", module+"report").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), "|")
		for _, imp := range strings.Fields(imports) {
			if slices.Contains(banned, imp) {
				t.Errorf("%s imports %s", path, imp)
			}
		}
	}
	if out, err := exec.Command("git", "grep", "-nE", `time\.(Now|Since)|^\s*go (func|[a-z])|^func init\(`, "--",
		":/fsm/*.go", ":/wire/*.go", ":/reassembly/*.go", ":/analyzer/**/*.go", ":/analyzer/*.go", ":/report/*.go",
		":!:/**/*_test.go").CombinedOutput(); err == nil {
		t.Errorf("the core asks the clock, starts goroutines or has an init:\n%s", out)
	}
}
