package markdown

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/words"
)

// table is a Markdown table; its cells are escaped already.
type table struct {
	heads []string
	right int // columns from the first on that are numbers
	rows  []string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, row(cells)) }

func row(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

// head is the heading and the rule below it.
func (t *table) head() []string {
	rule := "|"
	for i := range t.heads {
		if i < t.right {
			rule += "---:|"
		} else {
			rule += "---|"
		}
	}
	return []string{row(t.heads), rule}
}

func (t *table) lines() []string { return append(append(t.head(), t.rows...), "") }

// tally writes how connections opened and closed, who closed first, and the
// states at the end: one table, a line a count.
func (m *Markdown) tally() {
	s := m.Summary
	if s == nil || s.Connections == 0 {
		return
	}
	m.lines("## How they opened and closed", "")
	t := table{heads: []string{"", "how", "how many"}}
	for _, part := range [...]struct {
		name   string
		counts map[string]int
		word   func(string) string
	}{
		{"opened", s.ByOpen, words.Opened},
		{"closed", s.ByClose, words.Closed},
		{"first closer", s.ByFirstCloser, same},
		{"state at the end", s.StatesAtEnd, m.opt.Names.State},
		{"why reset", s.ByResetCause, words.Cause},
	} {
		keys := slices.SortedFunc(maps.Keys(part.counts), func(a, b string) int {
			return cmp.Or(cmp.Compare(part.counts[b], part.counts[a]), cmp.Compare(a, b))
		})
		name := part.name
		for _, k := range keys {
			t.add(name, text(part.word(k)), words.Count(part.counts[k]))
			name = ""
		}
	}
	m.lines(t.lines()...)
}

func same(s string) string { return s }

// connections writes the list of connections, worst first.
func (m *Markdown) connections() error {
	if m.opt.Top < 0 && !m.opt.All {
		return nil
	}
	first, n := true, uint64(0)
	t := table{heads: []string{"\\#", "client", "server", "opened", "length", "bytes", "closed", "client now", "server now", "findings"}, right: 1}
	err := m.Rows(func(r *digest.Row) error {
		if first {
			m.lines("## Connections, worst first", "")
			m.lines(t.head()...)
			first = false
		}
		n++
		m.lines(m.connection(r))
		return nil
	})
	if err != nil || first {
		return err
	}
	m.lines("")
	if total := m.Total(); n < total {
		m.lines("These are "+words.Count(n)+" of "+words.Plural(total, "connection")+".", "")
	}
	return nil
}

func (m *Markdown) connection(r *digest.Row) string {
	findings := make([]string, len(r.Findings))
	for i, f := range r.Findings {
		findings[i] = text(f)
	}
	var states [2]string
	for i := range r.States {
		states[i] = m.state(&r.States[i])
	}
	return row([]string{
		strconv.FormatUint(r.ID, 10), cell(r.Client), cell(strings.TrimSpace(r.Server + " " + r.Inside)),
		text(m.opt.Moment(r.Start, m.Start) + m.opt.MomentUnit()), text(words.Seconds(r.Duration)), text(words.Bytes(r.Bytes)),
		text(r.Ended), states[0], states[1], strings.Join(findings, ", "),
	})
}

func (m *Markdown) state(s *digest.State) string {
	name := m.opt.StateName(s.Name, s.Assumed)
	var others []string
	for _, c := range s.Candidates() {
		others = append(others, m.opt.StateName(c, false))
	}
	if len(others) > 0 {
		name += " (" + words.Or(others) + ")"
	}
	return text(name)
}
