package text

import (
	"bytes"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/lastack/lastack/report/term"
)

// column is a column of a table.
type column struct {
	head  string
	right bool // numbers
	width int  // of the widest cell
}

// cell is a cell without and with colour.
type cell struct{ text, painted string }

func plainCell(s string) cell { return cell{s, s} }

// widen makes the columns as wide as a row needs.
func widen(columns []column, row []cell) {
	for i, c := range row {
		columns[i].width = max(columns[i].width, term.Width(c.text), term.Width(columns[i].head))
	}
}

// width is that of the whole table with its margin.
func width(columns []column) int {
	n := margin
	for _, c := range columns {
		n += c.width + gap
	}
	return n - gap
}

const (
	margin = 1
	gap    = 2
)

// lines renders a table without rules: a heading and one line a row.
func (t *Text) lines(columns []column, rows [][]cell) []string {
	var out bytes.Buffer
	table := tablewriter.NewTable(&out, options(columns)...)
	heads := make([]any, len(columns))
	for i, c := range columns {
		heads[i] = t.opt.Paint().Quiet(c.head)
	}
	table.Header(heads...)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = c.painted
		}
		if err := table.Append(cells); err != nil {
			return t.plainLines(columns, rows)
		}
	}
	if err := table.Render(); err != nil {
		return t.plainLines(columns, rows)
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) != len(rows)+1 {
		return t.plainLines(columns, rows) // a cell was wrapped after all
	}
	for i, l := range lines {
		lines[i] = strings.Repeat(" ", margin) + trimRight(l)
	}
	return lines
}

const colourEnd = "\x1b[0m"

// trimRight removes the padding of the last cell, which the library puts on
// either side of the end of a colour.
func trimRight(line string) string {
	end := ""
	for {
		line = strings.TrimRight(line, " ")
		if !strings.HasSuffix(line, colourEnd) {
			return line + end
		}
		line, end = strings.TrimSuffix(line, colourEnd), colourEnd
	}
}

func options(columns []column) []tablewriter.Option {
	align := make([]tw.Align, len(columns))
	for i, c := range columns {
		align[i] = tw.AlignLeft
		if c.right {
			align[i] = tw.AlignRight
		}
	}
	return []tablewriter.Option{
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}),
	}
}

// plainLines renders the same table without the library, which is slow: for
// long tables, and as the way out.
func (t *Text) plainLines(columns []column, rows [][]cell) []string {
	heads := make([]cell, len(columns))
	for i, c := range columns {
		heads[i] = cell{c.head, t.opt.Paint().Quiet(c.head)}
	}
	lines := []string{plainLine(columns, heads)}
	for _, row := range rows {
		lines = append(lines, plainLine(columns, row))
	}
	return lines
}

func plainLine(columns []column, row []cell) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", margin))
	for i, c := range row {
		space := strings.Repeat(" ", max(columns[i].width-term.Width(c.text), 0))
		if columns[i].right {
			b.WriteString(space + c.painted)
		} else {
			b.WriteString(c.painted + space)
		}
		b.WriteString(strings.Repeat(" ", gap))
	}
	return strings.TrimRight(b.String(), " ")
}
