package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lastack/lastack/report"
)

// Kind says what an Entry is about.
type Kind string

// The kinds of entry.
const (
	Finding Kind = "finding"
	State   Kind = "state"
	Term    Kind = "term"
)

// Entry explains one thing. Texts are prose, to be wrapped where they are
// printed; an empty one does not apply.
type Entry struct {
	Name    string   // as records and this manual write it
	Aliases []string // other names that find it
	Kind    Kind

	Means   string   // in plain words
	Decides string   // how lastack tells it
	Alike   string   // what looks like it and is something else
	Check   []string // commands that show it on a host
	Do      string
	Refs    []string
	See     []string // names of other entries
}

// Page is where every finding has a section of its name.
const Page = "docs/findings.md"

// List returns every entry: the states, the findings, the terms.
func List() []Entry {
	list := slices.Concat(stateEntries, openingFindings, closingFindings, resetFindings, timeWaitFindings, idleFindings,
		captureFindings, termEntries, sysctlEntries, socketEntries)
	for i := range list {
		e := &list[i]
		for _, text := range []*string{&e.Means, &e.Decides, &e.Alike, &e.Do} {
			*text = strings.Join(strings.Fields(*text), " ") // as if it stood on one line
		}
		if e.Kind == Finding {
			e.Refs = append(slices.Clip(e.Refs), Page+"#"+e.Name)
		}
	}
	return list
}

// Lookup finds the entry of a name in any usual spelling: a finding's id, a
// state (FIN_WAIT1, fin-wait-2, ESTAB, SYN_RCVD), a term or a sysctl, with or
// without net.ipv4. A name as it is written here comes first: close-wait is
// the finding, CLOSE_WAIT the state.
func Lookup(name string) (Entry, bool) {
	want := squeeze(name)
	if state, ok := report.ParseState(strings.TrimSpace(name)); ok {
		want = squeeze(state)
	}
	list := List()
	for _, matches := range []func(*Entry) bool{
		func(e *Entry) bool { return e.Name == strings.TrimSpace(name) },
		func(e *Entry) bool { return squeeze(e.Name) == want },
		func(e *Entry) bool {
			return slices.ContainsFunc(e.Aliases, func(a string) bool { return squeeze(a) == want })
		},
	} {
		if i := slices.IndexFunc(list, func(e Entry) bool { return want != "" && matches(&e) }); i >= 0 {
			return list[i], true
		}
	}
	return Entry{}, false
}

// maxNear is how many names Near suggests.
const maxNear = 5

// Near returns the names that a mistyped one may have meant, the likeliest
// first: those that contain it or are a few letters away.
func Near(name string) []string {
	type near struct {
		name     string
		distance int
	}
	want := squeeze(name)
	if want == "" {
		return nil
	}
	if runes := []rune(want); len(runes) > 40 {
		want = string(runes[:40])
	}
	var list []near
	for _, e := range List() {
		best := 1 << 10
		for _, n := range append([]string{e.Name}, e.Aliases...) {
			best = min(best, score(want, squeeze(n)))
		}
		if best <= max(2, len(want)/3) {
			list = append(list, near{e.Name, best})
		}
	}
	slices.SortStableFunc(list, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	names := make([]string, 0, maxNear)
	for _, n := range list[:min(len(list), maxNear)] {
		names = append(names, n.name)
	}
	return names
}

// score is how far a name is from what was typed: 1 where it contains it,
// else the number of letters to change.
func score(want, name string) int {
	if len(want) >= 3 && (strings.Contains(name, want) || len(name) >= 5 && strings.Contains(want, name)) {
		return 1
	}
	return distance(want, name)
}

// distance is the number of letters to insert, delete or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, row[j]+1, last+1)
		}
	}
	return row[len(b)]
}

// squeeze brings the spellings of a name together: case, the characters
// between words, and the prefix of a sysctl do not matter.
func squeeze(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, prefix := range []string{"net.ipv4.", "net.core.", "net/ipv4/", "net/core/"} {
		s = strings.TrimPrefix(s, prefix)
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_./,()", r) {
			return -1
		}
		return r
	}, s)
}
