package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/internal/doctest"
	"github.com/lastack/lastack/report/explain"
)

const page = "../../docs/findings.md"

// TestUpToDate: the page is what detectors, manual and captures give. What its
// examples print, package doctest compares.
func TestUpToDate(t *testing.T) {
	cases, err := findCases("../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	Write(&b, cases)
	want, err := doctest.Strip(b.String())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	have, err := doctest.Strip(string(data))
	if err != nil {
		t.Fatal(err)
	}
	if have != want {
		t.Error("docs/findings.md is not what the detectors and the manual give: run go generate ./analyzer/detect")
	}
}

// TestLinks: what the page links to within the repository exists.
func TestLinks(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`).FindAllStringSubmatch(string(data), -1) {
		file, anchor := link[1], strings.TrimPrefix(link[2], "#")
		if strings.HasPrefix(file, "https:") {
			continue
		}
		target := page
		if file != "" {
			target = "../../docs/" + file
		}
		text, err := os.ReadFile(target)
		if err != nil {
			t.Error(err)
			continue
		}
		if anchor != "" && !hasAnchor(string(text), anchor) {
			t.Errorf("%s has no #%s", target, anchor)
		}
	}
}

// hasAnchor reports whether a page has a heading with that anchor.
func hasAnchor(text, anchor string) bool {
	other := regexp.MustCompile(`[^a-z0-9_ -]`)
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		if strings.ReplaceAll(other.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

// TestExplained: there is a detector for every finding that the manual explains.
func TestExplained(t *testing.T) {
	for _, e := range explain.List() {
		if _, ok := detect.Lookup(e.Name); e.Kind == explain.Finding && !ok {
			t.Errorf("%s has no detector", e.Name)
		}
	}
}
