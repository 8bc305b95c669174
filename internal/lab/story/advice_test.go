package story

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/report"
)

// counters are the names in what a finding says to check by nstat.
func counters(check []string) (names []string) {
	for _, c := range check {
		if list, ok := strings.CutPrefix(c, "nstat -az "); ok {
			names = append(names, strings.Fields(list)...)
		}
	}
	return names
}

// uncounted are findings, or one of a story, for which the kernel counts nothing.
var uncounted = map[string]string{
	"incarnation-reuse":                        "Linux counts only the reuse of a port by the end that holds TIME-WAIT itself (TcpExtTWRecycled)",
	"reset-injected rst-with-data-half-closed": "Linux counts no reset of FIN-WAIT-2 (tcp_set_state())",
}

// unmoved are counters that no story can move, or not where the finding is.
var unmoved = map[string]string{
	"reset-abort TcpExtTCPAbortOnMemory":            "tcp_mem and tcp_max_orphans are those of the whole machine, not of a namespace",
	"time-wait-on-server TcpExtTCPTimeWaitOverflow": "where it moves TIME-WAIT is not held: a story of time-wait-missing moves it",
}

// advice holds what the findings say to check to what the kernels counted.
type advice struct {
	moved map[string]map[string]bool // by finding: the counters that moved where it was found
	still map[string][]string        // by finding: the stories in which none moved
}

func newAdvice() advice {
	return advice{make(map[string]map[string]bool), make(map[string][]string)}
}

// hear notes for each finding of the story's captures, in dir, which of its counters
// moved on either host.
func (a *advice) hear(dir string, r *Result) error {
	for _, tap := range []string{"A.pcap", "B.pcap"} {
		file := filepath.Join(dir, tap)
		if _, err := os.Stat(file); err != nil {
			continue // a story on one host
		}
		opt := analyzer.Options{Limits: judge.Limits(r.Story.Name)}
		opt.OnRecord = func(rec report.Record) {
			if f, ok := rec.(*report.Finding); ok {
				a.note(f, r)
			}
		}
		if _, err := judge.Records(opt, file); err != nil {
			return err
		}
	}
	return nil
}

func (a *advice) note(f *report.Finding, r *Result) {
	names := counters(f.Check)
	moved := false
	for _, c := range r.Record.Counters {
		grown := c.Grown()
		for _, name := range names {
			if grown[name] > 0 {
				if a.moved[f.ID] == nil {
					a.moved[f.ID] = map[string]bool{}
				}
				a.moved[f.ID][name], moved = true, true
			}
		}
	}
	if moved || uncounted[f.ID] != "" || uncounted[f.ID+" "+r.Story.Name] != "" {
		return
	}
	if len(names) > 0 && !slices.Contains(a.still[f.ID], r.Story.Name) {
		a.still[f.ID] = append(a.still[f.ID], r.Story.Name)
	}
}

// verdict reports advice that no kernel bears out.
func (a *advice) verdict(t *testing.T, whole bool) {
	for _, id := range slices.Sorted(maps.Keys(a.still)) {
		t.Errorf("%s: none of the counters that it says to check moved in %v", id, a.still[id])
	}
	if !whole {
		return
	}
	sum, all := 0, 0
	for i := range detect.All {
		d := &detect.All[i]
		for _, name := range counters(d.Check) {
			all++
			if a.moved[d.ID][name] {
				sum++
				continue
			}
			if unmoved[d.ID+" "+name] == "" {
				t.Errorf("%s says to check %s, which moved in none of its stories", d.ID, name)
			}
		}
	}
	t.Logf("counters that moved where a finding says to check them: %d of %d", sum, all)
}
