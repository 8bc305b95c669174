package text

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

const (
	maxIDs    = 8  // connections named with a finding
	maxFrames = 12 // frames named with a finding
	indent    = 4  // of what is said about a finding
	label     = 8  // width of the words before advice, checks and proof
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
	calm := true // nothing but remarks
	for _, g := range groups {
		calm = calm && report.SeverityRank(g.Severity) <= 0
	}
	switch {
	case t.count() == 0 && calm:
	case calm:
		t.wrapped("", 0, "Nothing stands out: no trouble found in "+words.Plural(t.count(), "connection")+".")
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

// count is the number of connections.
func (t *Text) count() uint64 {
	if t.Summary != nil {
		return t.Summary.Connections
	}
	return t.Connections
}

// group prints one kind of finding: what, how many, the sentence, what to do,
// and where to look.
func (t *Text) group(g *digest.Group) {
	f := &g.Worst
	p := t.opt.Paint()
	name := term.Fit(mark(g.Severity)+t.opt.Clean(g.ID), t.opt.Columns())
	if about := t.about(g); term.Width(name)+gap+term.Width(about) <= t.opt.Columns() {
		t.line(p.Severity(g.Severity, name) + term.Pad("", gap) + p.Quiet(about))
	} else {
		t.line(p.Severity(g.Severity, name))
		t.say("", about)
	}
	title := f.Title
	if g.Findings > 1 && len(f.Connections) > 0 {
		title = "#" + strconv.FormatUint(f.Connections[0], 10) + ": " + title
	}
	t.say("", title)
	if report.SeverityRank(g.Severity) != 0 {
		t.say("", f.Explanation)
	}
	if f.SeenBy != nil {
		t.say("saw", "client: "+f.SeenBy.Client+"; server: "+f.SeenBy.Server)
	}
	t.say("do", f.Advice)
	for i, c := range f.Check {
		if i == 0 {
			t.say("check", c)
		} else {
			t.say(" ", c)
		}
	}
	if g.Confidence != "high" {
		t.say("unless", f.Disproof)
	}
	t.say("proof", t.proof(g))
	if filter := t.opt.Clean(g.Filter); filter != "" {
		// To be copied: never broken, whatever the width.
		t.line(term.Pad("", indent) + p.Quiet(term.Pad("filter", label)) + filter)
	}
	t.line("")
}

// about counts a kind: how many connections, how bad, how sure.
func (t *Text) about(g *digest.Group) string {
	parts := []string{words.Plural(g.Connections, "connection")}
	if g.Connections == 0 {
		parts = []string{words.Times(g.Findings)}
	}
	if g.Severity != "" {
		parts = append(parts, t.opt.Clean(g.Severity))
	}
	if g.Confidence != "" && g.Confidence != "high" {
		parts = append(parts, t.opt.Clean(g.Confidence)+" confidence")
	}
	return strings.Join(parts, ", ")
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

// proof names connections and frames to look at.
func (t *Text) proof(g *digest.Group) string {
	frames := t.frames(&g.Worst)
	if g.Findings == 1 || len(g.Worst.Connections) == 0 {
		return join("; ", idList(g.IDs, g.Connections), frames)
	}
	// The frames are those of one of several.
	first := g.Worst.Connections[0]
	others := slices.DeleteFunc(slices.Clone(g.IDs), func(id uint64) bool { return id == first })
	text := idList([]uint64{first}, 1)
	if frames != "" {
		text += " (" + frames + ")"
	}
	if len(others) > 0 {
		text += ", also " + idList(others, g.Connections-1)
	}
	return text
}

// idList writes the first of the ids, with "..." if there are more.
func idList(ids []uint64, total int) string {
	var parts []string
	for _, id := range ids[:min(len(ids), maxIDs)] {
		parts = append(parts, "#"+strconv.FormatUint(id, 10))
	}
	if total > len(parts) && len(parts) > 0 {
		parts = append(parts, "...")
	}
	return strings.Join(parts, " ")
}

// join puts what is not empty together.
func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// frames lists the frames of a finding, by file where there are several.
func (t *Text) frames(f *report.Finding) string {
	if len(f.Frames) == 0 {
		return ""
	}
	word := "frames "
	if len(f.Frames) == 1 {
		word = "frame "
	}
	var text strings.Builder
	for i, n := range f.Frames {
		if i == maxFrames {
			text.WriteString(", ...")
			break
		}
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(strconv.FormatUint(n, 10))
		if name := t.fileOf(f, i); name != "" && (i+1 >= min(len(f.Frames), maxFrames) || t.fileOf(f, i+1) != name) {
			text.WriteString(" of " + name)
		}
	}
	return word + text.String()
}

// fileOf is the name of the file of a finding's i-th frame, where the capture
// has several.
func (t *Text) fileOf(f *report.Finding, i int) string {
	if i >= len(f.FrameFiles) {
		return ""
	}
	n := f.FrameFiles[i]
	if t.Capture == nil || n < 0 || n >= len(t.Capture.Files) {
		return "file " + strconv.Itoa(n+1)
	}
	return base(t.Capture.Files[n].Name)
}

// quiet prints the whole capture in one line.
func (t *Text) quiet() {
	var names []string
	for _, f := range t.files() {
		names = append(names, base(f.Name))
	}
	name := strings.Join(names[:min(len(names), 3)], ", ")
	if n := len(names) - 3; n > 0 {
		name += " and " + words.Count(n) + " more"
	}
	head := term.Fit(t.opt.Clean(name), t.opt.Columns()/2) + ": " + words.Plural(t.count(), "connection")
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
	if t.Summary == nil || t.Summary.Interrupted || len(t.Summary.Errors) > 0 {
		text += ", incomplete"
	}
	if text == "" {
		return ", nothing stands out"
	}
	return text
}
