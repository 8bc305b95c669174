package main

import (
	"fmt"
	"os"
	"strings"
)

// list are the differences that were judged: the entry, as a difference prints itself,
// or a rule, and the reason.
type list map[string]string

// anyFrame begins a rule: what follows is a difference without its place, and stands for
// every one that reads like it.
const anyFrame = "* "

func readList(file string) (list, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	l, err := parseList(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return l, nil
}

// parseList reads a list: an entry on a line of its own, and what is below it and begins
// with a tab says why. Entries that follow each other without a reason in between have
// the next one together. Braces stand for several entries, as in the shell.
func parseList(text string) (list, error) {
	l, group, closed := list{}, []string(nil), false
	for n, line := range strings.Split(text, "\n") {
		why, isWhy := strings.CutPrefix(line, "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "" && len(group) > 0 && !closed:
			return nil, fmt.Errorf("line %d: no reason: %s", n+1, group[len(group)-1])
		case line == "":
			group, closed = nil, false
		case isWhy && len(group) == 0:
			return nil, fmt.Errorf("line %d: a reason for nothing", n+1)
		case isWhy:
			closed = true
			for _, entry := range group {
				l[entry] = strings.TrimSpace(l[entry] + " " + why)
			}
		default:
			if closed {
				group, closed = nil, false
			}
			entries, err := l.add(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			group = append(group, entries...)
		}
	}
	if len(group) > 0 && !closed {
		return nil, fmt.Errorf("no reason: %s", group[len(group)-1])
	}
	return l, nil
}

// add puts what a line stands for into l, without a reason, and returns it.
func (l list) add(line string) ([]string, error) {
	entries, err := expand(line)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if _, twice := l[entry]; twice {
			return nil, fmt.Errorf("listed twice: %s", entry)
		}
		if !mayStand(entry) {
			return nil, fmt.Errorf("no rule may stand for all of these: %s", entry)
		}
		l[entry] = ""
	}
	return entries, nil
}

// expand returns the entries that a line stands for: "c/{A,B} {1,7} x" for four.
func expand(line string) ([]string, error) {
	before, rest, any := strings.Cut(line, "{")
	if !any {
		return []string{line}, nil
	}
	within, after, closed := strings.Cut(rest, "}")
	if !closed {
		return nil, fmt.Errorf("a brace that is not closed: %s", line)
	}
	ends, err := expand(after)
	var entries []string
	for word := range strings.SplitSeq(within, ",") {
		for _, end := range ends {
			entries = append(entries, before+word+end)
		}
	}
	return entries, err
}

// mayStand reports whether an entry is none that is not allowed: a rule that could hide
// a frame or a connection that one of the two does not find.
func mayStand(entry string) bool {
	what, isRule := strings.CutPrefix(entry, anyFrame)
	if !isRule {
		return true
	}
	kind, _, _ := strings.Cut(what, ":")
	for i := range kinds {
		if kinds[i].name == kind {
			return kinds[i].rule
		}
	}
	return false
}

// entryOf returns the entry for a difference, "" if there is none.
func (l list) entryOf(d *difference) string {
	for _, entry := range [...]string{d.String(), anyFrame + d.what()} {
		if _, ok := l[entry]; ok {
			return entry
		}
	}
	return ""
}
