package markdown

import (
	"bufio"
	"bytes"
	"io"
	"path/filepath"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/ladder"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

// Options say what to write and how; of the Look, the width is that of the
// ladders, and there is no colour.
type Options struct {
	term.Look
	// Top is how many connections are listed, the worst first: 0 stands for
	// 20, a negative number for none.
	Top int
	// All lists all of them.
	All bool
}

const defaultTop = 20

// Markdown is the report.Sink that writes. Make it with New.
type Markdown struct {
	*digest.Digest
	opt     Options
	out     *bufio.Writer
	ladders bytes.Buffer
}

// New returns a Markdown that writes to w.
func New(w io.Writer, opt Options) *Markdown {
	if opt.Top == 0 {
		opt.Top = defaultTop
	}
	opt.Color = false
	return &Markdown{Digest: digest.New(opt.Top, opt.All), opt: opt, out: bufio.NewWriter(w)}
}

// AddLadder adds the ladder of a connection, for the end of the report.
func (m *Markdown) AddLadder(l *report.Ladder) error {
	var block bytes.Buffer
	if err := ladder.Render(&block, l, ladder.Options{Look: m.opt.Look}); err != nil {
		return err
	}
	f := fence(block.String())
	m.ladders.WriteString("### Connection " + words.Count(l.Connection.ID) + "\n\n" + f + "text\n")
	m.ladders.Write(block.Bytes())
	m.ladders.WriteString(f + "\n\n")
	return nil
}

// Close writes the report.
func (m *Markdown) Close() error {
	defer m.Digest.Close()
	m.header()
	m.findings()
	m.tally()
	if err := m.connections(); err != nil {
		return err
	}
	if m.ladders.Len() > 0 {
		m.lines("## Ladders", "")
		m.out.Write(m.ladders.Bytes())
	}
	return m.out.Flush()
}

func (m *Markdown) lines(list ...string) {
	for _, l := range list {
		m.out.WriteString(l)
		m.out.WriteByte('\n')
	}
}

// header says what was read and what the report is about.
func (m *Markdown) header() {
	var names []string
	for _, f := range m.Inputs() {
		names = append(names, text(filepath.Base(f.Name)))
	}
	title := "TCP connections"
	if n := len(names); n > 3 {
		title += " in " + words.Plural(n, "capture file")
	} else if n > 0 {
		title += " in " + words.And(names)
	}
	m.lines("# "+title, "")
	m.files()
	m.lines(sentence(text(strings.Join(m.Scope(), ", "))), "")
	for _, t := range m.Trouble() {
		m.lines("> **Mind:** "+text(t), "")
	}
}

// files lists the inputs.
func (m *Markdown) files() {
	t := table{heads: []string{"file", "what", "from", "for"}}
	for _, f := range m.Inputs() {
		from, length := "", ""
		if first, seconds := digest.Span(f.FileSummary); !first.IsZero() {
			from, length = m.opt.Date(first), words.Seconds(seconds)
		}
		t.add(cell(f.Name), text(strings.Join(f.What(), ", ")), text(from), text(length))
	}
	if len(t.rows) > 0 {
		m.lines(t.lines()...)
	}
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// findings writes the kinds of finding, worst first.
func (m *Markdown) findings() {
	if m.Total() == 0 && m.Calm() {
		return
	}
	m.lines("## What stands out", "")
	if m.Calm() {
		m.lines("Nothing: no trouble found in "+words.Plural(m.Total(), "connection")+".", "")
	}
	for _, g := range m.Groups() {
		m.group(g)
	}
}

func (m *Markdown) group(g *digest.Group) {
	f := &g.Worst
	m.lines("### "+text(g.ID)+" ("+text(g.About())+")", "")
	story := []string{"**" + text(g.Title()) + "**"}
	if f.Explanation != "" {
		story = append(story, text(f.Explanation))
	}
	m.lines(strings.Join(story, "  \n"), "")
	if f.SeenBy != nil {
		m.item("What the programs saw", text("client: "+f.SeenBy.Client+"; server: "+f.SeenBy.Server))
	}
	m.item("What to do", text(f.Advice))
	var checks []string
	for _, c := range f.Check {
		checks = append(checks, code(c))
	}
	m.item("To check", strings.Join(checks, ", "))
	m.item("It would be otherwise if", text(f.Disproof))
	m.item("Proof", text(m.Proof(g)))
	where := "In Wireshark"
	if part := g.Filtered(); part != "" {
		where += ", " + part
	}
	m.item(where, code(g.Filter))
	var refs []string
	for _, r := range f.Refs {
		refs = append(refs, text(r))
	}
	m.item("See", strings.Join(refs, ", "))
	m.lines("")
}

func (m *Markdown) item(name, what string) {
	if what != "" {
		m.lines("- " + name + ": " + what)
	}
}
