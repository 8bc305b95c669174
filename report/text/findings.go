package text

import (
	"path/filepath"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

const (
	indent = 4 // of what is said about a finding
	label  = 8 // width of the words before advice, checks and proof
)

// marks tell the severities apart without colour.
var marks = map[string]string{"critical": " !! ", "warning": " !  ", "notice": " -  "}

func mark(severity string) string {
	if m, ok := marks[severity]; ok {
		return m
	}
	return "    "
}

// findings prints the kinds of finding, worst first.
func (t *Text) findings() {
	groups := t.Groups()
	switch {
	case t.Total() == 0 && t.Calm():
	case t.Calm():
		t.wrapped("", 0, "Nothing stands out: no trouble found in "+words.Plural(t.Total(), "connection")+".")
		t.line("")
	default:
		t.line(t.opt.Paint().Bold(kinds(len(groups))))
		t.line("")
	}
	for _, g := range groups {
		t.group(g)
	}
}

func kinds(n int) string {
	if n == 1 {
		return "1 kind of finding"
	}
	return words.Count(n) + " kinds of finding, worst first"
}

// group prints one kind of finding: what, how many, the sentence, what to do,
// and where to look; of a mere remark less.
func (t *Text) group(g *digest.Group) {
	f := &g.Worst
	t.groupHead(g)
	t.say("", g.Title())
	remark := report.SeverityRank(g.Severity) == 0
	if !remark {
		t.say("", f.Explanation)
		if f.SeenBy != nil {
			t.say("saw", "client: "+f.SeenBy.Client+"; server: "+f.SeenBy.Server)
		}
	}
	t.say("do", f.Advice)
	for i, c := range f.Check {
		name := "check"
		if i > 0 {
			name = " "
		}
		if !remark {
			t.say(name, c)
		}
	}
	if g.Confidence != "high" {
		t.say("unless", f.Disproof)
	}
	t.say("proof", t.Proof(g))
	if filter := t.opt.Clean(g.Filter); filter != "" {
		// To be copied: never broken, whatever the width.
		t.line(term.Pad("", indent) + t.opt.Paint().Quiet(term.Pad("filter", label)) + filter)
		if part := g.Filtered(); part != "" {
			t.say(" ", "(shows "+part+")")
		}
	}
	t.line("")
}

func (t *Text) groupHead(g *digest.Group) {
	p := t.opt.Paint()
	name := term.Fit(mark(g.Severity)+t.opt.Clean(g.ID), t.opt.Columns())
	if about := t.opt.Clean(g.About()); term.Width(name)+gap+term.Width(about) <= t.opt.Columns() {
		t.line(p.Severity(g.Severity, name) + term.Pad("", gap) + p.Quiet(about))
	} else {
		t.line(p.Severity(g.Severity, name))
		t.say("", about)
	}
}

// say prints a sentence below a kind's name, after a label.
func (t *Text) say(name, text string) {
	text = t.opt.Clean(text)
	if text == "" {
		return
	}
	head, width := term.Pad("", indent), indent
	if name != "" {
		head += t.opt.Paint().Quiet(term.Pad(name, label))
		width += label
	}
	t.wrapped(head, width, text)
}

// quiet prints the whole capture in one line.
func (t *Text) quiet() {
	var names []string
	for _, f := range t.Inputs() {
		names = append(names, filepath.Base(f.Name))
	}
	if len(names) == 0 {
		names = []string{"no capture"} // of a set that was followed, and never came
	}
	name := strings.Join(names[:min(len(names), 3)], ", ")
	if n := len(names) - 3; n > 0 {
		name += " and " + words.Count(n) + " more"
	}
	head := term.Fit(t.opt.Clean(name), t.opt.Columns()/2) + ": " + words.Plural(t.Total(), "connection")
	t.line(term.Fit(head+t.quietFindings(t.opt.Columns()-term.Width(head)), t.opt.Columns()))
}

func (t *Text) quietFindings(room int) string {
	const more = ", and 00 more"
	text, left := "", 0
	for _, g := range t.Groups() {
		if report.SeverityRank(g.Severity) <= 0 {
			continue
		}
		one := ", " + g.Severity + " " + t.opt.Clean(g.ID)
		if g.Connections > 1 {
			one += " (" + words.Count(g.Connections) + ")"
		}
		if left > 0 || term.Width(text+one+more) > room {
			left++
			continue
		}
		text += one
	}
	if left > 0 {
		text += ", and " + words.Count(left) + " more"
	}
	if t.Summary != nil && t.Summary.Skipped.Malformed > 0 {
		text += ", " + words.Count(t.Summary.Skipped.Malformed) + " malformed or cut short"
	}
	if t.Summary == nil || t.Summary.Interrupted || len(t.Summary.Errors) > 0 {
		text += ", incomplete"
	}
	if text == "" {
		return ", nothing stands out"
	}
	return text
}
