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

// tableRows is how many connections go through the table library, which
// takes 15 us and 13 kB for each.
const tableRows = 1000

// connections prints the list of connections, in the widest layout that fits
// all of them.
func (t *Text) connections() error {
	if t.opt.Top < 0 && !t.opt.All {
		return nil
	}
	var m measure
	if err := t.Rows(func(r *digest.Row) error { m.take(t, r); return nil }); err != nil || m.rows == 0 {
		return err
	}
	if t.Total() == 1 {
		return t.Rows(func(r *digest.Row) error { t.only(r); return nil })
	}
	lay := t.choose(&m)
	t.listHead(&m, lay)
	if lay.stacked {
		return t.stacks(&m)
	}
	return t.table(&m, lay)
}

// The columns of the list.
const (
	colID = iota
	colClient
	colServer
	colOpened
	colLength
	colBytes
	colClosed
	colState
	colFindings
	numColumns
)

var heads = [numColumns]string{"#", "client", "server", "opened", "length", "bytes", "closed", "client / server now", "findings"}

var rightAligned = [numColumns]bool{colID: true, colOpened: true, colLength: true, colBytes: true}

// row has the cells of one connection.
func (t *Text) row(r *digest.Row) (row [numColumns]cell) {
	row[colID] = plainCell(strconv.FormatUint(r.ID, 10))
	row[colClient] = plainCell(t.opt.Clean(r.Client))
	row[colServer] = plainCell(t.opt.Clean(r.Server))
	row[colOpened] = plainCell(t.opt.Moment(r.Start, t.Start) + t.opt.MomentUnit())
	row[colLength] = plainCell(words.Seconds(r.Duration))
	row[colBytes] = plainCell(words.Bytes(r.Bytes))
	row[colClosed] = plainCell(t.opt.Clean(r.Ended))
	row[colState] = t.states(r)
	row[colFindings] = plainCell(t.opt.Clean(strings.Join(r.Findings, ", ")))
	return row
}

// states is the last state of both ends.
func (t *Text) states(r *digest.Row) cell {
	a, b := r.States[0], r.States[1]
	return cell{
		t.opt.StateName(a.Name, a.Assumed) + " / " + t.opt.StateName(b.Name, b.Assumed),
		t.opt.State(a.Name, a.Assumed) + " / " + t.opt.State(b.Name, b.Assumed),
	}
}

// remark says which states an end may be in, where that is not known but not
// open either.
func (t *Text) remark(r *digest.Row) string {
	var parts []string
	for i, side := range []report.Side{report.Client, report.Server} {
		var names []string
		for _, s := range r.States[i].Candidates() {
			names = append(names, t.opt.StateName(s, false))
		}
		if len(names) > 0 {
			parts = append(parts, string(side)+" in "+words.Or(names))
		}
	}
	return strings.Join(parts, "; ")
}

// below is what stands under a row.
func (t *Text) below(m *measure, r *digest.Row) string {
	if !m.apart {
		return t.remark(r)
	}
	return join("; ", t.opt.Clean(r.Inside), t.remark(r))
}

// join puts what is not empty together.
func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// measure is what the layout depends on.
type measure struct {
	rows    int
	columns [numColumns]column
	// server is that of all rows, "" if they differ.
	server string
	// inside is what VLANs and tunnels all rows were in, and apart says that they differ.
	inside string
	apart  bool
	// findings and doubts: some row has a finding, or a state only assumed.
	findings, doubts bool
}

func (m *measure) take(t *Text, r *digest.Row) {
	if m.rows == 0 {
		m.server, m.inside = r.Server, r.Inside
		for i := range m.columns {
			m.columns[i] = column{head: heads[i], right: rightAligned[i]}
		}
	}
	if r.Server != m.server {
		m.server = ""
	}
	m.apart = m.apart || r.Inside != m.inside
	m.rows++
	m.findings = m.findings || len(r.Findings) > 0
	m.doubts = m.doubts || r.States[0].Assumed || r.States[1].Assumed
	row := t.row(r)
	widen(m.columns[:], row[:])
}

// layout says which columns are shown, and how the rest is.
type layout struct {
	columns  []int
	captions bool // findings above the rows
	stacked  bool // everything below each other
}

// layouts in the order in which they are tried. Columns fall away as look.md
// says: bytes, length, opened; a server that all have in common moves into
// the heading first, since that loses nothing.
var layouts = []struct {
	common bool // needs a common server
	layout
}{
	{false, layout{columns: []int{colID, colClient, colServer, colOpened, colLength, colBytes, colClosed, colState, colFindings}}},
	{true, layout{columns: []int{colID, colClient, colOpened, colLength, colBytes, colClosed, colState, colFindings}}},
	{false, layout{columns: []int{colID, colClient, colServer, colOpened, colLength, colClosed, colState, colFindings}}},
	{true, layout{columns: []int{colID, colClient, colOpened, colLength, colClosed, colState, colFindings}}},
	{false, layout{columns: []int{colID, colClient, colServer, colOpened, colClosed, colState, colFindings}}},
	{true, layout{columns: []int{colID, colClient, colOpened, colClosed, colState, colFindings}}},
	{false, layout{columns: []int{colID, colClient, colServer, colClosed, colState, colFindings}}},
	{true, layout{columns: []int{colID, colClient, colClosed, colState, colFindings}}},
	{false, layout{columns: []int{colID, colClient, colServer, colClosed, colState}, captions: true}},
	{true, layout{columns: []int{colID, colClient, colClosed, colState}, captions: true}},
}

func (t *Text) choose(m *measure) layout {
	for _, l := range layouts {
		if l.common && (m.server == "" || m.rows < 2) {
			continue
		}
		if !m.findings {
			l.columns = slices.DeleteFunc(slices.Clone(l.columns), func(c int) bool { return c == colFindings })
			l.captions = false
		}
		if width(m.pick(l.columns)) <= t.opt.Columns() {
			return l.layout
		}
	}
	return layout{stacked: true}
}

func (m *measure) pick(columns []int) []column {
	list := make([]column, len(columns))
	for i, c := range columns {
		list[i] = m.columns[c]
	}
	return list
}

// listHead says which connections follow.
func (t *Text) listHead(m *measure, lay layout) {
	text := words.Plural(m.rows, "connection")
	if n := t.Total(); uint64(m.rows) < n && m.findings {
		text = "the " + words.Count(m.rows) + " worst of " + words.Plural(n, "connection")
	} else if uint64(m.rows) < n {
		text = "the first " + words.Count(m.rows) + " of " + words.Plural(n, "connection")
	} else if m.findings {
		text += ", worst first"
	}
	if !lay.stacked && !slices.Contains(lay.columns, colServer) {
		text += ", all to " + t.opt.Clean(m.server)
	}
	if !m.apart && m.inside != "" {
		text += ", all " + t.opt.Clean(m.inside)
	}
	if m.doubts {
		text += "; ? = assumed, not proved"
	}
	t.wrapped("", 0, text)
}

// only prints the one connection that there is: how it went, and how it is
// now.
func (t *Text) only(r *digest.Row) {
	row := t.row(r)
	id := "#" + row[colID].text + "  "
	at := term.Width(id)
	pad := term.Pad("", at)
	t.wrapped(t.opt.Paint().Bold(id), at, row[colClient].text+" > "+row[colServer].text)
	if r.Inside != "" {
		t.wrapped(pad, at, t.opt.Clean(r.Inside))
	}
	t.wrapped(pad, at, t.opt.Clean(r.Story))
	t.wrapped(pad, at, row[colLength].text+", "+row[colBytes].text)
	now, doubt := "client / server now: ", ""
	if r.States[0].Assumed || r.States[1].Assumed {
		doubt = "  (? = assumed, not proved)"
	}
	if at+term.Width(now+row[colState].text+doubt) <= t.opt.Columns() {
		t.line(pad + now + row[colState].painted + doubt)
	} else {
		t.wrapped(pad, at, now+row[colState].text+doubt)
	}
	if text := t.remark(r); text != "" {
		t.wrapped(pad, at, text)
	}
	if text := row[colFindings].text; text != "" {
		t.wrapped(pad, at, "found: "+text)
	}
}

// table prints the rows in columns, page by page.
func (t *Text) table(m *measure, lay layout) error {
	columns := m.pick(lay.columns)
	p := page{t: t, columns: columns, render: t.lines, first: true}
	if m.rows > tableRows {
		p.render = t.plainLines
	}
	var caption captions
	err := t.Rows(func(r *digest.Row) error {
		all := t.row(r)
		picked := make([]cell, len(lay.columns))
		for i, c := range lay.columns {
			picked[i] = all[c]
		}
		above, below := "", t.below(m, r)
		if lay.captions {
			above = caption.next(all[colFindings].text)
		}
		p.add(picked, above, below)
		return nil
	})
	p.flush()
	return err
}

// page is a part of a long table: its rows, and what stands above and below
// each of them.
type page struct {
	t            *Text
	columns      []column
	render       func([]column, [][]cell) []string
	rows         [][]cell
	above, below []string
	first        bool // the page with the heading
}

func (p *page) add(row []cell, above, below string) {
	p.rows, p.above, p.below = append(p.rows, row), append(p.above, above), append(p.below, below)
	if len(p.rows) == tableRows {
		p.flush()
	}
}

func (p *page) flush() {
	if len(p.rows) == 0 {
		return
	}
	lines := p.render(p.columns, p.rows)
	if p.first {
		p.t.line(lines[0])
	}
	at := margin + p.columns[0].width + gap
	for i, l := range lines[1:] {
		p.t.caption(p.above[i])
		p.t.line(l)
		if p.below[i] != "" {
			p.t.wrapped(term.Pad("", at), at, p.below[i])
		}
	}
	p.first, p.rows, p.above, p.below = false, p.rows[:0], p.above[:0], p.below[:0]
}

// captions are the findings of the rows that follow, where there is no room
// for a column of them. Rows with the same findings stand together.
type captions struct{ last string }

// next returns the caption that a row needs above it, "" for none.
func (c *captions) next(findings string) string {
	if findings == "" {
		findings = "no finding"
	}
	if findings == c.last {
		return ""
	}
	c.last = findings
	return findings
}

func (t *Text) caption(text string) {
	if text == "" {
		return
	}
	for _, l := range term.Wrap(text+":", t.opt.Columns()-margin) {
		t.line(term.Pad("", margin) + t.opt.Paint().Quiet(l))
	}
}

// stacks prints each connection on lines of its own: long addresses on a
// narrow screen.
func (t *Text) stacks(m *measure) error {
	var caption captions
	return t.Rows(func(r *digest.Row) error {
		row := t.row(r)
		if m.findings {
			t.caption(caption.next(row[colFindings].text))
		}
		t.stack(&row, t.below(m, r), m.columns[colID].width)
		return nil
	})
}

func (t *Text) stack(row *[numColumns]cell, below string, idWidth int) {
	at := margin + 1 + idWidth + gap
	pad := term.Pad("", at)
	t.wrapped(term.PadLeft("#"+row[colID].text, at-gap)+"  ", at, row[colClient].text+" > "+row[colServer].text)
	ended, ends := row[colClosed], row[colState]
	if at+term.Width(ended.text)+gap+term.Width(ends.text) <= t.opt.Columns() {
		t.line(pad + ended.text + term.Pad("", gap) + ends.painted)
	} else {
		t.wrapped(pad, at, ended.text)
		t.wrapped(pad, at, ends.text)
	}
	if below != "" {
		t.wrapped(pad, at, below)
	}
}
