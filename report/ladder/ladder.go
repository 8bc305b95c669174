package ladder

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/term"
)

// Options say how to draw.
type Options struct {
	term.Look
	// Full draws every segment: data in bulk and long exchanges of probes are
	// not folded.
	Full bool
	// Start is what relative times are relative to; zero is the connection's
	// first segment.
	Start time.Time
}

// The least width that a ladder bears: both margins and a short arrow.
const minWidth = 76

const (
	client = 0
	server = 1
)

// Render draws l to w.
func Render(w io.Writer, l *report.Ladder, opt Options) error {
	if opt.Start.IsZero() {
		opt.Start = l.Connection.Start
	}
	out := bufio.NewWriter(w)
	d := drawing{Ladder: l, opt: opt, out: out, paint: opt.Paint(), width: max(opt.Columns(), minWidth)}
	if !opt.Full {
		d.Ladder, d.copies = withoutCopies(l)
	}
	d.glyphs = unicode
	if opt.ASCII {
		d.glyphs = ascii
	}
	d.margins = readMargins(d.Ladder)
	d.readNotes()
	d.turnWindows()
	items := d.items()
	d.layout(items)
	d.header()
	d.columnHeads()
	for _, it := range items {
		d.item(it)
	}
	d.footer()
	return out.Flush()
}

// glyphs are what lines are made of.
type glyphs struct {
	line, right, left, lost, life, doubt, gap string
}

var (
	unicode = glyphs{"─", "→", "←", "×", "│", "┊", "·"}
	ascii   = glyphs{"-", ">", "<", "x", "|", ":", "."}
)

// drawing is the state of one rendering.
type drawing struct {
	*report.Ladder
	opt     Options
	out     *bufio.Writer
	paint   term.Paint
	glyphs  glyphs
	width   int
	copies  int // of segments, left out
	margins [2]margin
	notes   map[int][]string // what to say below a row
	refuted map[int]bool     // rows that did not arrive, by the record's word
	windows map[int]string   // rows that close their sender's window or open it again

	frameCol, timeCol, stateCol, arrowCol int
	now                                   [2]change // the state shown last on each side
	drawn                                 [2]bool   // that there is one
}

const gap = 2 // columns between the parts of a line

// layout shares the width out: the arrow takes what the rest leaves.
func (d *drawing) layout(items []item) {
	d.frameCol, d.timeCol = len("frame"), len("time")
	for _, it := range items {
		d.frameCol = max(d.frameCol, len(d.frames(it)))
		d.timeCol = max(d.timeCol, len(d.time(it)))
	}
	for _, m := range d.margins {
		for _, s := range m.states() {
			d.stateCol = max(d.stateCol, term.Width(d.opt.StateName(s, true)))
		}
	}
	d.stateCol = min(max(d.stateCol, len("client")), maxState)
	rest := d.width - 1 - d.timeCol - 2*d.stateCol - 4*gap
	d.frameCol = min(d.frameCol, max(rest-minArrow, minFrame))
	d.arrowCol = max(rest-d.frameCol, 8)
}

const (
	maxState = len("SYN-RECEIVED ?")
	minArrow = 26
	minFrame = 13
)

// withoutCopies leaves out the segments that the capture has twice.
func withoutCopies(l *report.Ladder) (*report.Ladder, int) {
	out := *l
	out.Segments = slices.DeleteFunc(slices.Clone(l.Segments), func(s report.Segment) bool {
		return s.Kind == "capture duplicate" || s.Kind == "second tap"
	})
	return &out, len(l.Segments) - len(out.Segments)
}

// line prints a line: text and frame at the left, the margins, and what is
// between them, which is width columns wide.
func (d *drawing) line(frame, at string, left, middle, right string) {
	var b strings.Builder
	b.WriteString(" " + d.paint.Quiet(term.PadLeft(term.Fit(frame, d.frameCol), d.frameCol)) + space(gap) + term.PadLeft(at, d.timeCol) + space(gap))
	b.WriteString(left + space(gap) + middle + space(gap) + right)
	d.text(b.String())
}

// text prints a line without what a reader cannot see at its end.
func (d *drawing) text(s string) {
	d.out.WriteString(strings.TrimRight(s, " "))
	d.out.WriteByte('\n')
}

// wrapped prints text within the width; indent is the width of head.
func (d *drawing) wrapped(head string, indent int, text string) {
	for i, l := range term.Wrap(d.opt.Clean(text), d.width-indent) {
		if i > 0 {
			head = space(indent)
		}
		d.text(head + l)
	}
}

func space(n int) string { return term.Pad("", n) }

// columnHeads names the columns.
func (d *drawing) columnHeads() {
	q := d.paint.Quiet
	d.text(" " + q(term.PadLeft("frame", d.frameCol)) + space(gap) + q(term.PadLeft("time", d.timeCol)) + space(gap) +
		q(term.Pad("client", d.stateCol)) + space(2*gap+d.arrowCol) + q("server"))
}

// frames names the frames of an item, as Wireshark numbers them.
func (d *drawing) frames(it item) string {
	switch {
	case it.kind == silent:
		if f := it.transition.Frame; f != nil {
			return strconv.FormatUint(*f, 10)
		}
		return "-"
	case it.kind == idle:
		return ""
	}
	first, last := &d.Segments[it.from], &d.Segments[it.to-1]
	switch {
	case it.to-it.from == 1:
		return d.frame(first)
	case first.File == last.File:
		return d.frame(first) + "-" + strconv.FormatUint(last.Frame, 10)
	}
	return d.frame(first) + "-" + d.frame(last)
}

// frame is a segment's frame, with the number of its file before it where
// there are several.
func (d *drawing) frame(s *report.Segment) string {
	n := strconv.FormatUint(s.Frame, 10)
	if len(d.Files) > 1 {
		return strconv.Itoa(s.File+1) + ":" + n
	}
	return n
}

// time shows when an item was.
func (d *drawing) time(it item) string {
	switch {
	case it.kind == silent:
		if it.transition.T == nil {
			return ""
		}
		return d.moment(*it.transition.T, it)
	case it.kind == idle:
		return ""
	}
	return d.moment(d.Segments[it.from].Time, it)
}

func (d *drawing) moment(t time.Time, it item) string {
	if d.opt.Time == term.Delta && it.from > 0 && it.kind != silent {
		return d.opt.Moment(t, d.Segments[it.from-1].Time)
	}
	return d.opt.Moment(t, d.opt.Start)
}
