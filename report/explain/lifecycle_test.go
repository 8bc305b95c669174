package explain_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/report/explain"
)

const lifecycle = "docs/tcp-lifecycle.md"

// TestLifecyclePage holds the page and this manual together: every anchor that
// an entry or the page itself refers to exists, every state refers to the page,
// and every entry that the page names is there under that name.
func TestLifecyclePage(t *testing.T) {
	data, err := os.ReadFile("../../" + lifecycle)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	anchors := anchorsOf(page)
	for _, e := range explain.List() {
		refs := 0
		for _, r := range e.Refs {
			anchor, ok := strings.CutPrefix(r, lifecycle+"#")
			if !ok {
				continue
			}
			refs++
			anchor, _, _ = strings.Cut(anchor, ",")
			if !slices.Contains(anchors, anchor) {
				t.Errorf("%s: %s has no #%s", e.Name, lifecycle, anchor)
			}
		}
		if e.Kind == explain.State && e.Name != "UNKNOWN" && refs == 0 {
			t.Errorf("%s does not refer to %s", e.Name, lifecycle)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(anchors, link[1]) {
			t.Errorf("%s links to #%s, which it has not", lifecycle, link[1])
		}
	}
	named := regexp.MustCompile("`lastack explain ([^`]+)`").FindAllStringSubmatch(strings.Join(strings.Fields(page), " "), -1)
	if len(named) < 30 {
		t.Errorf("%d entries named", len(named))
	}
	for _, n := range named {
		if e, ok := explain.Lookup(n[1]); !ok || e.Name != n[1] {
			t.Errorf("lastack explain %s finds %q", n[1], e.Name)
		}
	}
}

// TestFindingsPage: every finding refers to its section, which exists.
func TestFindingsPage(t *testing.T) {
	data, err := os.ReadFile("../../" + explain.Page)
	if err != nil {
		t.Fatal(err)
	}
	anchors := anchorsOf(string(data))
	for _, e := range explain.List() {
		refers := slices.Contains(e.Refs, explain.Page+"#"+e.Name)
		if want := e.Kind == explain.Finding; refers != want {
			t.Errorf("%s refers to its section: %t", e.Name, refers)
		}
		if refers && !slices.Contains(anchors, e.Name) {
			t.Errorf("%s has no #%s", explain.Page, e.Name)
		}
	}
}

// TestMythsListThePage: the entry has as many statements as the page.
func TestMythsListThePage(t *testing.T) {
	data, err := os.ReadFile("../../" + lifecycle)
	if err != nil {
		t.Fatal(err)
	}
	_, told, _ := strings.Cut(string(data), "\n## Often told wrong\n")
	myths, _ := explain.Lookup("often told wrong")
	listed := regexp.MustCompile(`\(\d+\)`).FindAllString(myths.Means, -1)
	if n := strings.Count(told, "\n### "); n == 0 || n != len(listed) || n != strings.Count(told, "*Told:*") || n != strings.Count(told, "*Proof:*") {
		t.Errorf("%d statements on the page, %d in the entry", n, len(listed))
	}
}

// anchorsOf returns the anchors that GitHub gives the headings of a page.
func anchorsOf(page string) (list []string) {
	fenced := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		heading := strings.TrimLeft(line, "#")
		if fenced || heading == line || !strings.HasPrefix(heading, " ") {
			continue
		}
		list = append(list, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, strings.ToLower(strings.TrimSpace(heading))))
	}
	return list
}
