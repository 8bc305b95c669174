package text

import (
	"strconv"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

const maxFiles = 5 // inputs named one by one

// header says what was read and what of it the report is about.
func (t *Text) header() {
	files := t.Inputs()
	for i, f := range files {
		if i == maxFiles && len(files) > maxFiles+1 {
			t.line("and " + words.Plural(len(files)-i, "more file"))
			break
		}
		number := ""
		if len(files) > 1 {
			number = term.PadLeft(strconv.Itoa(i+1), len(strconv.Itoa(min(len(files), maxFiles)))) + "  "
		}
		t.file(number, f)
	}
	if len(files) > 1 && t.Summary != nil {
		t.wrapped("", 0, "together "+words.Plural(t.Summary.Packets, "packet")+t.span(t.Summary.Files...))
	}
	t.wrapped("", 0, t.opt.Clean(strings.Join(t.Scope(), ", ")))
	t.line("")
}

// file prints one input: the number that frames of it are cited with, its
// name, what it is, when it was taken.
func (t *Text) file(number string, f digest.Input) {
	name := term.Fit(t.opt.Clean(f.Name), t.opt.Columns()-len(number))
	rest := t.opt.Clean(strings.Join(f.What(), ", ")) + t.span(f.FileSummary)
	if indent := len(number) + term.Width(name) + gap; indent+term.Width(rest) <= t.opt.Columns() {
		t.line(number + t.opt.Paint().Bold(name) + term.Pad("", gap) + rest)
		return
	}
	t.line(number + t.opt.Paint().Bold(name))
	indent := max(len(number), gap)
	t.wrapped(term.Pad("", indent), indent, rest)
}

// span is when the files were taken, to be added to a list.
func (t *Text) span(files ...report.FileSummary) string {
	first, seconds := digest.Span(files...)
	if first.IsZero() {
		return ""
	}
	return ", " + t.opt.Date(first) + " + " + words.Seconds(seconds)
}

// trouble says what went wrong with the input.
func (t *Text) trouble() {
	list := t.Trouble()
	for _, l := range list {
		t.wrapped(t.opt.Paint().Severity("warning", " !  "), 4, t.opt.Clean(l))
	}
	if len(list) > 0 {
		t.line("")
	}
}
