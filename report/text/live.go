package text

import (
	"strconv"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

// live prints a record as it comes: a finding with its sentence, a finished
// connection with how it ended.
func (t *Text) live(rec report.Record) {
	switch r := rec.(type) {
	case *report.Connection:
		head := t.opt.Moment(r.End, t.Start) + "    "
		t.wrapped(head, term.Width(head), t.opt.Clean(strings.Join([]string{
			"#" + strconv.FormatUint(r.ID, 10), r.Client.String() + " > " + r.Server.String() + ":", words.Ended(r) + ",",
			t.opt.StateName(r.Endpoints.Client.State, r.Assumed(report.Client)), "/",
			t.opt.StateName(r.Endpoints.Server.State, r.Assumed(report.Server)),
		}, " ")))
	case *report.Finding:
		head := t.opt.Moment(r.T, t.Start) + mark(r.Severity)
		t.wrapped(t.opt.Paint().Severity(r.Severity, head), term.Width(head),
			t.opt.Clean(join(" ", r.ID, digest.IDs(r.Connections, r.ConnectionsTotal))+": "+r.Title))
	}
}
