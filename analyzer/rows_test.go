package analyzer_test

import (
	"path/filepath"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/internal/script"
	"github.com/lastack/lastack/report"
)

// cannotShow are the rows that no capture can show, with the reason.
var cannotShow = map[[2]string]string{
	{"LISTEN", "snd.SYN"}:       "a capture does not tell SEND in LISTEN from an active OPEN",
	{"SYN-RECEIVED", "rcv.FIN"}: "a FIN without an acceptable ACK is dropped, and with one ESTABLISHED comes first",
}

// TestEveryRow: every row of the transition table that changes a state, and
// that a capture can show, is what some script or capture takes.
func TestEveryRow(t *testing.T) {
	taken := map[[2]string]bool{}
	take := func(list []*report.Connection) {
		for _, c := range list {
			for _, tr := range c.Transitions {
				taken[[2]string{tr.From, tr.On}] = true
			}
		}
	}
	scripts, _ := filepath.Glob("testdata/scripts/*.txtar")
	for _, file := range scripts {
		data, err := readScript(t, file).Compile(script.Variant{})
		if err != nil {
			t.Fatal(err)
		}
		take(analyzeBytes(t, data, analyzer.Options{}))
	}
	for _, file := range captures(t) {
		list, err := judge.Records(analyzer.Options{}, file)
		if err != nil {
			t.Fatal(err)
		}
		take(list)
	}
	for _, row := range fsm.Table {
		if row.Effect != fsm.Change || row.Silent {
			continue
		}
		hit := false
		for _, s := range row.From.States() {
			hit = hit || taken[[2]string{s.String(), row.On.String()}]
		}
		if why := cannotShow[[2]string{row.From.String(), row.On.String()}]; why != "" {
			if hit {
				t.Errorf("%v on %v is taken, although %s", row.From, row.On, why)
			}
			continue
		}
		if !hit {
			t.Errorf("nothing takes %v --%v--> %v", row.From.States(), row.On, row.To)
		}
	}
}
