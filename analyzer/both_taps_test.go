package analyzer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/internal/lab/judge"
)

// wantBothTaps is how many endpoints are exact when both ends' captures are given
// together, of those of all stories that have two: it only ever rises.
const wantBothTaps = 2033 // of 2044

// lessTogether are endpoints that are exact at their own tap and not with the other, and why.
var lessTogether = map[string]string{
	"handshake-ack-always-lost B":                      "its own tap has nothing after the ACK that did not come: it may have stopped",
	"random-7704 A 10094 to 5000":                      "a FIN that did not come is taken for the reason of the end after it",
	"random-7704 B 5000 to 10107":                      "an ACK of its FIN that did not come is believed until the FIN comes again",
	"random-7704 A 10147 to 5000":                      "the peer's FIN first came when it had been sent again",
	"simultaneous-open-close-syn-lost-no-timestamps B": "A's SYN, lost on the way, is all that B can have answered",
	"simultaneous-open-close-syn-lost-v6 B":            "the same",
}

// TestBothTaps gives both ends' captures of each story together: what an end's own
// capture tells exactly, they have to tell as well.
func TestBothTaps(t *testing.T) {
	dir, _ := archived(t)
	list, _ := filepath.Glob(filepath.Join(dir, "*", "B.pcap"))
	total, exact := 0, 0
	for _, b := range list {
		folder := filepath.Dir(b)
		a := filepath.Join(folder, "A.pcap")
		if _, err := os.Stat(a); err != nil {
			continue
		}
		together := endpointsOf(t, folder, "AB", a, b)
		own := endpointsOf(t, folder, "A", a)
		for key, row := range endpointsOf(t, folder, "B", b) {
			if row.Own() {
				own[key] = row
			}
		}
		for key, row := range together {
			before, ok := own[key]
			if !ok || !before.Own() {
				continue // a host that does not exist
			}
			total++
			name := row.Capture + " " + row.Endpoint.EP
			if strings.HasPrefix(name, "random-") {
				name += fmt.Sprintf(" %d to %d", row.Endpoint.SPort, row.Endpoint.DPort)
			}
			if row.Verdict == judge.Exact {
				exact++
			} else if before.Verdict == judge.Exact && lessTogether[name] == "" {
				t.Errorf("exact at its own tap, together not:\n%v", &row)
			}
		}
	}
	t.Logf("%d of %d exact", exact, total)
	if exact < wantBothTaps {
		t.Errorf("want at least %d", wantBothTaps)
	}
}

// endpointsOf judges all endpoints of a story by some of its captures.
func endpointsOf(t *testing.T, folder, tap string, files ...string) map[string]judge.Row {
	t.Helper()
	endpoints, err := judge.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	list, err := judge.Records(analyzer.Options{}, files...)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]judge.Row{}
	for _, row := range judge.Rows(filepath.Base(folder), tap, endpoints, list, nil) {
		e := &row.Endpoint
		rows[fmt.Sprint(e.EP, e.SAddr, e.SPort, e.DAddr, e.DPort)] = row
	}
	return rows
}
