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

// Over prints, with Options.Live, what is known of a connection that is over
// but not final yet, and what was found in it. When it is final only what has
// changed is printed again. It has no part in the report.
func (t *Text) Over(rec report.Record) error {
	e := t.entry(rec)
	if t.foretold == nil {
		t.foretold = map[uint64][]string{}
	}
	t.foretold[e.id] = append(t.foretold[e.id], e.news)
	t.wrapped(e.head, e.indent, e.text)
	return t.out.Flush()
}

// live prints a record as it comes: a finding with its sentence, a finished
// connection with how it ended.
func (t *Text) live(rec report.Record) {
	e := t.entry(rec)
	if _, next := rec.(*report.Connection); next {
		delete(t.foretold, t.final) // all its findings have come
		t.final = e.id
	}
	if e.text != "" && !slices.Contains(t.foretold[e.id], e.news) {
		t.wrapped(e.head, e.indent, e.text)
	}
}

// entry is what is printed of a record when it comes: of which connection it
// tells, when it was so, and what.
type entry struct {
	id         uint64
	head, text string
	indent     int    // the head's width
	news       string // the text but for what time alone changes
}

func (t *Text) entry(rec report.Record) (e entry) {
	switch r := rec.(type) {
	case *report.Connection:
		e.id, e.head = r.ID, t.opt.Moment(r.End, t.Start)+"    "
		e.indent = term.Width(e.head)
		e.news = t.opt.Clean("#" + strconv.FormatUint(r.ID, 10) + " " + r.Client.String() + " > " + r.Server.String() + ": " + words.Ended(r))
		e.text = e.news + t.opt.Clean(", "+strings.Join([]string{
			t.opt.StateName(r.Endpoints.Client.State, r.Assumed(report.Client)), "/",
			t.opt.StateName(r.Endpoints.Server.State, r.Assumed(report.Server)),
		}, " "))
	case *report.Finding:
		if len(r.Connections) > 0 {
			e.id = r.Connections[0]
		}
		head := t.opt.Moment(r.T, t.Start) + mark(r.Severity)
		e.head, e.indent = t.opt.Paint().Severity(r.Severity, head), term.Width(head)
		e.text = t.opt.Clean(join(" ", r.ID, digest.IDs(r.Connections, r.ConnectionsTotal)) + ": " + r.Title)
		e.news = e.text
	}
	return e
}
