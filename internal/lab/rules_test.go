package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/internal/lab/story"
)

var (
	ruleText = regexp.MustCompile(`(?m)^- [\W_]*([A-Z][0-9]+)\b`)
	ruleRow  = regexp.MustCompile(`(?m)^\| ([A-Z][0-9]+) \| ([a-z0-9-]+)(?:, [^|]+)? \| (\S*) ?\|$`)
)

// TestRulesHaveStories: every rule of docs/inference.md names a story that the
// lab has, or a script that exists.
func TestRulesHaveStories(t *testing.T) {
	text, err := os.ReadFile("../../docs/inference.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, row := range ruleRow.FindAllStringSubmatch(string(text), -1) {
		rule, name, script := row[1], row[2], row[3]
		rows[rule] = true
		if name != "-" && !slices.ContainsFunc(story.List(), func(s story.Story) bool { return s.Name == name }) {
			t.Errorf("%s: there is no story %s", rule, name)
		}
		if script == "-" {
			if name == "-" {
				t.Errorf("%s is shown by nothing", rule)
			}
			continue
		}
		if _, err := os.Stat(filepath.Join("../../analyzer/testdata/scripts", script+".txtar")); err != nil {
			t.Errorf("%s: %v", rule, err)
		}
	}
	rules := ruleText.FindAllStringSubmatch(string(text), -1)
	for _, rule := range rules {
		if !rows[rule[1]] {
			t.Errorf("%s is not in the table: %s", rule[1], strings.TrimSpace(rule[0]))
		}
	}
	if len(rules) != len(rows) || len(rules) < 100 {
		t.Errorf("%d rules, %d of them with a story", len(rules), len(rows))
	}
}
