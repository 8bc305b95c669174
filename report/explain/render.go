package explain

import (
	"bufio"
	"io"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/term"
)

// Render prints an entry for a terminal.
func Render(w io.Writer, e Entry, look term.Look) error {
	p := printer{out: bufio.NewWriter(w), look: look}
	name := e.Name
	if e.Kind == State {
		name = look.Names.State(name)
	}
	p.out.WriteString(look.Paint().Bold(look.Clean(name)) + look.Paint().Quiet("  "+look.Clean(string(e.Kind))) + "\n")
	if spellings := p.spellings(e); spellings != "" {
		p.lines("also written " + spellings)
	}
	p.section("What it means", e.Means)
	p.section("How lastack decides", e.Decides)
	p.section("What looks like it", e.Alike)
	p.section("What to do", e.Do)
	p.list("Check", e.Check)
	p.section("References", strings.Join(e.Refs, "; "))
	p.section("See also", strings.Join(e.See, ", "))
	return p.out.Flush()
}

type printer struct {
	out  *bufio.Writer
	look term.Look
}

const indent = 2

func (p *printer) lines(text string) {
	for _, l := range term.Wrap(p.look.Clean(text), p.look.Columns()-indent) {
		p.out.WriteString(term.Pad("", indent) + l + "\n")
	}
}

func (p *printer) section(head, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	p.out.WriteString("\n" + p.look.Paint().Quiet(head) + "\n")
	p.lines(text)
}

// list prints commands, one a line, unbroken where they fit.
func (p *printer) list(head string, commands []string) {
	if len(commands) == 0 {
		return
	}
	p.out.WriteString("\n" + p.look.Paint().Quiet(head) + "\n")
	for _, c := range commands {
		p.lines(c)
	}
}

// spellings are the other names of a state.
func (p *printer) spellings(e Entry) string {
	if e.Kind != State {
		return ""
	}
	var list []string
	for _, n := range []report.Names{report.NamesRFC, report.NamesLinux, report.NamesNetstat} {
		if s := n.State(e.Name); n != p.look.Names && s != p.look.Names.State(e.Name) && (len(list) == 0 || list[len(list)-1] != s) {
			list = append(list, s)
		}
	}
	return strings.Join(list, ", ")
}
