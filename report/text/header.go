package text

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

const (
	maxFiles  = 8 // inputs named one by one
	maxErrors = 8 // faults of the input printed
)

// header says what was read and what of it the report is about.
func (t *Text) header() {
	files := t.files()
	for i, f := range files {
		if i == maxFiles && len(files) > maxFiles+1 {
			t.line("and " + words.Plural(len(files)-i, "more file"))
			break
		}
		t.file(f)
	}
	if len(files) > 1 && t.Summary != nil {
		t.wrapped("", 0, "together "+words.Plural(t.Summary.Packets, "packet")+span(&t.opt.Look, t.Summary.Files))
	}
	t.wrapped("", 0, strings.Join(t.scope(), ", "))
	t.line("")
}

// input is a file of the capture, from the records that tell of it.
type input struct {
	report.FileSummary
	format string
	read   bool // the summary tells of it
}

func (t *Text) files() []input {
	var list []input
	if t.Capture != nil {
		for _, f := range t.Capture.Files {
			list = append(list, input{FileSummary: report.FileSummary{Name: f.Name}, format: f.Format})
		}
	}
	if t.Summary != nil {
		for i, f := range t.Summary.Files {
			if i >= len(list) {
				list = append(list, input{})
			}
			list[i].FileSummary, list[i].read = f, true
		}
	}
	return list
}

// file prints one input: its name, what it is, when it was taken.
func (t *Text) file(f input) {
	what := []string{}
	if f.format != "" {
		what = append(what, t.opt.Clean(f.format))
	}
	for _, l := range f.LinkTypes {
		what = append(what, t.opt.Clean(words.LinkType(l)))
	}
	if f.read {
		what = append(what, words.Plural(f.Packets, "packet"), words.Bytes(f.Bytes))
	}
	name := term.Fit(t.opt.Clean(f.Name), t.opt.Columns())
	rest := strings.Join(what, ", ") + span(&t.opt.Look, []report.FileSummary{f.FileSummary})
	if indent := term.Width(name) + 2; indent+term.Width(rest) <= t.opt.Columns() {
		t.line(t.opt.Paint().Bold(name) + "  " + rest)
		return
	}
	t.line(t.opt.Paint().Bold(name))
	t.wrapped("  ", 2, rest)
}

// span is the time from the first packet of the files to the last.
func span(look *term.Look, files []report.FileSummary) string {
	var first, last time.Time
	for _, f := range files {
		if f.First != nil && (first.IsZero() || f.First.Before(first)) {
			first = *f.First
		}
		if f.Last != nil && f.Last.After(last) {
			last = *f.Last
		}
	}
	if first.IsZero() {
		return ""
	}
	return ", " + look.Date(first) + " + " + words.Seconds(max(last.Sub(first).Seconds(), 0))
}

// scope says how much was analysed and what was not.
func (t *Text) scope() []string {
	n := t.Connections
	if s := t.Summary; s != nil {
		n = s.Connections
	}
	if n == 0 {
		return append([]string{"no TCP connection in it"}, t.lost()...)
	}
	parts := append([]string{words.Plural(n, "connection")}, t.lost()...)
	if near := t.near(); near != "" {
		parts = append(parts, near)
	}
	if a := t.assumptions(); a != "" {
		parts = append(parts, a)
	}
	return parts
}

// lost says which packets are not in the report.
func (t *Text) lost() (parts []string) {
	s := t.Summary
	if s == nil {
		return nil
	}
	skipped := []string{}
	for _, c := range [...]struct {
		n    uint64
		what string
	}{
		{s.Skipped.NotIP, "not IP"}, {s.Skipped.NotTCP, "not TCP"}, {s.Skipped.Malformed, "malformed"},
		{s.Skipped.Fragment, "IP fragments"}, {s.Skipped.LinkType, "of an unknown link type"},
	} {
		if c.n > 0 {
			skipped = append(skipped, words.Count(c.n)+" "+c.what)
		}
	}
	if len(skipped) == 0 {
		parts = append(parts, "nothing skipped")
	} else {
		parts = append(parts, "skipped: "+strings.Join(skipped, ", "))
	}
	if n := s.CaptureDuplicates; n > 0 {
		parts = append(parts, words.Plural(n, "packet")+" captured twice")
	}
	if n := s.DroppedByCapture; n != nil && *n > 0 {
		parts = append(parts, words.Plural(*n, "packet")+" dropped by the capture itself")
	}
	if n := s.TimeWentBack; n > 0 {
		parts = append(parts, "time went back "+words.Times(n))
	}
	return parts
}

// near says where the tap was, if the connections agree.
func (t *Text) near() string {
	if t.Group("two-taps") != nil {
		return "two taps of one path"
	}
	known := t.Connections - t.Near[report.SideUnknown] - t.Near[""]
	for side, n := range t.Near {
		if side != report.SideUnknown && side != "" && n*10 >= known*9 {
			return "tap " + words.Near(side)
		}
	}
	if known > 0 {
		return "tap near clients of some and servers of others"
	}
	return ""
}

func (t *Text) assumptions() string {
	if t.Capture == nil || t.Capture.Assumptions.MSL <= 0 {
		return ""
	}
	a := t.Capture.Assumptions
	return "2MSL " + strconv.FormatFloat(2*a.MSL, 'f', -1, 64) + " s assumed (" + t.opt.Clean(a.Stack) + ")"
}

// trouble says what went wrong with the input.
func (t *Text) trouble() {
	var list []string
	if s := t.Summary; s == nil {
		list = append(list, "the records end before their summary: this is a report of what came")
	} else {
		list = append(list, s.Errors[:min(len(s.Errors), maxErrors)]...)
		if n := len(s.Errors) - maxErrors; n > 0 {
			list = append(list, "and "+words.Plural(n, "more fault")+" of the input")
		}
		if len(s.Errors) == 0 {
			list = append(list, cuts(s.Files)...)
		}
		if s.Interrupted {
			list = append(list, "interrupted: this is a report of what was read until then")
		}
	}
	for _, l := range list {
		t.wrapped(t.opt.Paint().Severity("warning", " !  "), 4, t.opt.Clean(l))
	}
	if len(list) > 0 {
		t.line("")
	}
}

// cuts names the files that end within a packet.
func cuts(files []report.FileSummary) (list []string) {
	for _, f := range files {
		if f.TruncatedAt != nil {
			list = append(list, f.Name+": cut off at byte "+words.Count(*f.TruncatedAt)+", after "+
				words.Plural(f.Packets, "packet")+": what comes before is in this report")
		}
	}
	return list
}

// base is a file's name without its folders.
func base(name string) string { return filepath.Base(name) }
