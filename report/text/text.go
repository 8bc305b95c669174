package text

import (
	"bufio"
	"io"
	"regexp"
	"strconv"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/term"
)

// Options say what to print and how.
type Options struct {
	term.Look
	// Top is how many connections are listed, the worst first: 0 stands for
	// 20, a negative number for none.
	Top int
	// All lists all of them.
	All bool
	// Quiet prints one line for the capture.
	Quiet bool
	// Live also prints every finding and every finished connection when it
	// comes, on a line of its own.
	Live bool
}

const defaultTop = 20

// Text is the report.Sink that prints. Make it with New.
type Text struct {
	opt Options
	out *bufio.Writer
	*digest.Digest

	foretold map[uint64][]string // what Over has printed, by connection
	final    uint64              // the connection that became final last
}

// New returns a Text that writes to w.
func New(w io.Writer, opt Options) *Text {
	if opt.Top == 0 {
		opt.Top = defaultTop
	}
	if opt.Quiet {
		opt.Top, opt.All = -1, false
	}
	if opt.Live && opt.Time == term.Relative {
		opt.Time = term.Absolute // the start is not known while it runs
	}
	return &Text{opt: opt, out: bufio.NewWriter(w), Digest: digest.New(opt.Top, opt.All)}
}

// Add takes one record.
func (t *Text) Add(rec report.Record) error {
	if err := t.Digest.Add(rec); err != nil {
		return err
	}
	if !t.opt.Live {
		return nil
	}
	t.live(rec)
	return t.out.Flush()
}

// Close prints the report.
func (t *Text) Close() error {
	defer t.Digest.Close()
	if t.opt.Quiet {
		t.quiet()
		return t.out.Flush()
	}
	if t.opt.Live {
		t.line("")
	}
	t.header()
	t.trouble()
	t.findings()
	t.tally()
	if err := t.connections(); err != nil {
		return err
	}
	t.next()
	return t.out.Flush()
}

// line prints text that is known to fit.
func (t *Text) line(text string) {
	t.out.WriteString(text)
	t.out.WriteByte('\n')
}

// wrapped prints text within the width: the first line after head, the
// others below it. head may hold colours; indent is its width.
func (t *Text) wrapped(head string, indent int, text string) {
	for i, l := range term.Wrap(text, t.opt.Columns()-indent) {
		if i > 0 {
			head = term.Pad("", indent)
		}
		t.line(head + l)
	}
}

// next says which commands tell more.
func (t *Text) next() {
	groups := t.Groups()
	if len(groups) == 0 || report.SeverityRank(groups[0].Severity) <= 0 {
		return
	}
	text := "lastack explain " + groups[0].ID
	if len(groups[0].IDs) > 0 {
		text = "lastack show " + t.commandName() + " --conn " + strconv.FormatUint(groups[0].IDs[0], 10) + ";  " + text
	}
	if text = "more: " + text; term.Width(text) <= t.opt.Columns() {
		t.line("")
		t.line(t.opt.Paint().Quiet(t.opt.Clean(text)))
	}
}

// ordinary is a file name that a shell takes as it is.
var ordinary = regexp.MustCompile(`^[A-Za-z0-9._/][A-Za-z0-9._/-]*$`)

// commandName is the capture in a command to copy.
func (t *Text) commandName() string {
	if files := t.Inputs(); len(files) == 1 && ordinary.MatchString(files[0].Name) {
		return files[0].Name
	}
	return "CAPTURE"
}
