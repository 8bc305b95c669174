package text_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/text"
)

// TestOver: what is over is printed at once, and again only what has changed
// when it is final.
func TestOver(t *testing.T) {
	var out bytes.Buffer
	sink := text.New(&out, text.Options{Live: true})
	printed := func(add func(report.Record) error, rec report.Record) (lines int) {
		out.Reset()
		if err := add(rec); err != nil {
			t.Fatal(err)
		}
		return strings.Count(out.String(), "\n")
	}
	changed := sample.Connection(8)
	changed.Close.Kind = "reset"
	later := sample.Connection(6)
	later.Endpoints.Client.State = "CLOSED"
	for _, c := range []struct {
		what string
		add  func(report.Record) error
		rec  report.Record
		want bool
	}{
		{"a connection that is over", sink.Over, sample.Connection(7), true},
		{"what was found in it", sink.Over, sample.LostAckFinding(7), true},
		{"another", sink.Over, sample.Connection(8), true},
		{"a third", sink.Over, sample.Connection(6), true},
		{"the first when it is final", sink.Add, sample.Connection(7), false},
		{"what was found in it when it is final", sink.Add, sample.LostAckFinding(7), false},
		{"what was found only then", sink.Add, sample.ThreeSegmentFinding(7), true},
		{"what time alone has changed", sink.Add, later, false},
		{"the other, which has changed", sink.Add, changed, true},
		{"one of which nothing was said before", sink.Add, sample.Connection(9), true},
	} {
		if got := printed(c.add, c.rec) > 0; got != c.want {
			t.Errorf("%s is printed: %v, want %v\n%s", c.what, got, c.want, out.String())
		}
	}
}
