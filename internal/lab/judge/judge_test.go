package judge

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/report"
)

// endpoint makes A's end of a connection from lines "STATE[@FRAME][+DELAY]".
func endpoint(t *testing.T, states string) Endpoint {
	t.Helper()
	e := Endpoint{EP: "A", SAddr: netip.MustParseAddr("192.0.2.1"), SPort: 1, DAddr: netip.MustParseAddr("198.51.100.1"), DPort: 2}
	for word := range strings.FieldsSeq(states) {
		var s State
		word, delay, late := strings.Cut(word, "+")
		name, frame, seen := strings.Cut(word, "@")
		s.Name = name
		if seen {
			s.Frame = new(uint64)
			must(t, json.Unmarshal([]byte(frame), s.Frame))
			s.T, s.Lo = float64(*s.Frame), float64(*s.Frame)
		}
		if late {
			s.Delay = new(float64)
			must(t, json.Unmarshal([]byte(delay), s.Delay))
		}
		e.States = append(e.States, s)
	}
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// record is a connection whose client, A, goes through states "STATE", "STATE?"
// when assumed, "(STATE)" when momentary, "STATE!" when only a clock tells it;
// "@7" behind it is its frame, of which the time is 7 s.
func record(e *Endpoint, states string) *report.Connection {
	c := &report.Connection{Client: report.Addr{IP: e.SAddr, Port: e.SPort}, Server: report.Addr{IP: e.DAddr, Port: e.DPort}}
	for word := range strings.FieldsSeq(states) {
		word, frame, cited := strings.Cut(word, "@")
		tr := report.Transition{Side: report.Client, To: strings.Trim(word, "()?!"), Basis: "sent"}
		if cited {
			n, err := strconv.ParseUint(frame, 10, 64)
			if err != nil {
				panic(err)
			}
			at := time.Unix(int64(n), 0)
			tr.Frame, tr.T = &n, &at
		}
		tr.Momentary = strings.HasPrefix(word, "(")
		switch {
		case strings.HasSuffix(word, "?"):
			tr.Basis = "assumed"
		case strings.HasSuffix(word, "!"):
			tr.Basis = "timer"
		}
		c.Transitions = append(c.Transitions, tr)
	}
	return c
}

func TestVerdicts(t *testing.T) {
	const queued = "ESTABLISHED@3 FIN_WAIT1@9+0.2 CLOSING@8 TIME_WAIT@10"
	for _, test := range []struct {
		kernel, ours string
		want         Verdict
	}{
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT ESTABLISHED", Exact},
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT ESTABLISHED?", Exact},
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT", Missed},
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT ESTABLISHED CLOSE-WAIT?", Missed},
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT ESTABLISHED CLOSE-WAIT", Contradicted},
		{"SYN_SENT@1 ESTABLISHED@2", "ESTABLISHED SYN-SENT", Contradicted},
		// A state without a frame, and one that lasts no time, need not be shown.
		{"ESTABLISHED@2 FIN_WAIT1@3 CLOSED", "ESTABLISHED FIN-WAIT-1", Exact},
		{"ESTABLISHED@2 FIN_WAIT1@3 FIN_WAIT2@4 TIME_WAIT@4", "ESTABLISHED FIN-WAIT-1 TIME-WAIT", Exact},
		{"ESTABLISHED@2 FIN_WAIT1@3 FIN_WAIT2@4 TIME_WAIT@5", "ESTABLISHED FIN-WAIT-1 TIME-WAIT", Missed},
		{"ESTABLISHED@2 FIN_WAIT1@3 FIN_WAIT2@4 TIME_WAIT@5", "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED!", Exact},
		// Times count, at the own tap, if the record gives one.
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT@1 ESTABLISHED@2", Exact},
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT@1 ESTABLISHED@3", Missed},
		{"SYN_SENT@1 ESTABLISHED@2", "SYN-SENT@2 ESTABLISHED@2", Missed},
		// Nothing is passed over for being called momentary, or a timer's.
		{"ESTABLISHED@2 FIN_WAIT1@3", "ESTABLISHED@2 (CLOSE-WAIT)@3 FIN-WAIT-1@3", Contradicted},
		{"ESTABLISHED@2 FIN_WAIT1@3", "ESTABLISHED@2 (CLOSE-WAIT)?@3 FIN-WAIT-1@3", Missed},
		{"ESTABLISHED@2 FIN_WAIT1@3", "ESTABLISHED CLOSED! FIN-WAIT-1", Missed},
		{"ESTABLISHED@2 FIN_WAIT1@3 FIN_WAIT2@4", "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED!", Missed},
		{"TIME_WAIT@2 SYN_SENT@3", "TIME-WAIT CLOSED! SYN-SENT", Exact},
		// A FIN that was queued when the peer's came.
		{queued, "ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT", Exact},
		{queued, "ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED?", Excepted},
		{queued, "ESTABLISHED CLOSE-WAIT FIN-WAIT-2", Contradicted},
		{"ESTABLISHED@3 FIN_WAIT1@9 CLOSING@8 TIME_WAIT@10", "ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED?", Excepted},
		{"ESTABLISHED@3 FIN_WAIT1@8 CLOSING@9 TIME_WAIT@10", "ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED?", Contradicted},
		// close() in SYN-RECEIVED.
		{"SYN_SENT@1 SYN_RECV@2 FIN_WAIT1@5+0.2", "SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1", Exact},
	} {
		e := endpoint(t, test.kernel)
		rows := Rows("some-story", "A", []Endpoint{e}, []*report.Connection{record(&e, test.ours)}, nil)
		if len(rows) != 1 || rows[0].Verdict != test.want || !rows[0].Own() {
			t.Errorf("kernel %s\n  ours %s: have %v, want %v", test.kernel, test.ours, rows, test.want)
		}
	}
}

// TestExceptions: an exception holds for its story and its variants, at its tap,
// and excuses no contradiction.
func TestExceptions(t *testing.T) {
	e := endpoint(t, "SYN_SENT@1 ESTABLISHED@2 CLOSED@4")
	for _, test := range []struct {
		story, tap, ours string
		want             Verdict
		unexplained      bool
	}{
		{"rst-always-lost", "B", "SYN-SENT ESTABLISHED", Excepted, false},
		{"rst-always-lost-v6", "B", "SYN-SENT ESTABLISHED", Excepted, false},
		{"rst-always-lost", "A", "SYN-SENT ESTABLISHED", Missed, true},
		{"rst-lost", "B", "SYN-SENT ESTABLISHED", Missed, true},
		{"random-10-1", "B", "SYN-SENT ESTABLISHED", Missed, false},
		{"random-10-1", "B", "SYN-SENT CLOSE-WAIT", Contradicted, true},
		{"rst-always-lost", "B", "SYN-SENT CLOSE-WAIT", Contradicted, true},
		{"rst-always-lost", "B", "SYN-SENT ESTABLISHED CLOSED", Exact, false},
	} {
		row := Rows(test.story, test.tap, []Endpoint{e}, []*report.Connection{record(&e, test.ours)}, nil)[0]
		if row.Verdict != test.want || row.Unexplained() != test.unexplained {
			t.Errorf("%+v: %v, unexplained %v", test, &row, row.Unexplained())
		}
	}
}

// TestPhantom: a socket that no kernel had is claimed by nobody.
func TestPhantom(t *testing.T) {
	e := endpoint(t, "SYN_SENT@1")
	other := e
	other.SPort = 9
	for story, want := range map[string]Verdict{"some-story": Contradicted, "random-1-1": Excepted} {
		rows := Rows(story, "B", []Endpoint{e}, []*report.Connection{record(&e, "SYN-SENT"), record(&other, "SYN-SENT")}, nil)
		if len(rows) != 2 || rows[0].Verdict != Exact || rows[1].Verdict != want || rows[1].Endpoint.SPort != 9 {
			t.Errorf("%s: %v", story, rows)
		}
	}
	if rows := Rows("some-story", "B", []Endpoint{e}, []*report.Connection{record(&other, "SYN-SENT?")}, nil); len(rows) != 1 {
		t.Errorf("what is only assumed claims nothing: %v", rows)
	}
}

func TestCount(t *testing.T) {
	e := endpoint(t, "SYN_SENT@1")
	var rows []Row
	for _, tap := range []string{"A", "B"} {
		for _, ours := range []string{"SYN-SENT", "SYN-SENT ESTABLISHED", "SYN-SENT ESTABLISHED?"} {
			rows = append(rows, Rows("some-story", tap, []Endpoint{e}, []*report.Connection{record(&e, ours)}, nil)...)
		}
	}
	own, other := Count(rows)
	const want = "1/3 exact (33.33 %), 0 excepted, 1 not exact, 1 contradicted"
	if own.String() != want || other != own {
		t.Errorf("own %v, other %v, want %s", own, other, want)
	}
	var b strings.Builder
	must(t, Table(&b, rows))
	if n := strings.Count(b.String(), "\n"); n != 1+2+2*2*2 {
		t.Errorf("a table of %d lines:\n%s", n, b.String())
	}
}
