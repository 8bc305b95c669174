package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/report"
)

// list is the sink that remembers.
type list struct {
	got    []string
	closed int
	err    error
}

func (l *list) Add(rec report.Record) error {
	switch r := rec.(type) {
	case *report.Capture:
		l.got = append(l.got, "capture")
	case *report.Connection:
		l.got = append(l.got, fmt.Sprint("#", r.ID))
	case *report.Finding:
		l.got = append(l.got, fmt.Sprint(r.ID, r.Connections))
	case *report.Summary:
		l.got = append(l.got, "summary")
	}
	return l.err
}

func (l *list) Close() error { l.closed++; return nil }

func connection(id uint64, findings ...string) *report.Connection {
	return &report.Connection{Type: "connection", ID: id, Findings: findings}
}

func finding(id, severity, confidence string, frame uint64, connections ...uint64) *report.Finding {
	return &report.Finding{Type: "finding", ID: id, Severity: severity, Confidence: confidence, Frames: []uint64{frame},
		Connections: connections, ConnectionsTotal: len(connections)}
}

func TestOrders(t *testing.T) {
	many := finding("time-wait-pile-up", "info", "low", 1, 2, 3)
	many.ConnectionsTotal = 5000
	records := []report.Record{
		&report.Capture{Type: "capture"},
		connection(12, "lost-final-ack"), finding("lost-final-ack", "notice", "high", 14, 12),
		connection(3, "dead-peer", "lost-final-ack"), finding("dead-peer", "warning", "low", 4, 3), finding("lost-final-ack", "notice", "high", 9, 3),
		connection(2), connection(300, "half-close"), finding("half-close", "info", "high", 301, 3, 300),
		many, connection(7),
		&report.Summary{Type: "summary"},
	}
	for order, want := range map[string]string{
		sortFinal: "capture #12 lost-final-ack[12] #3 dead-peer[3] lost-final-ack[3] #2 #300 half-close[3 300] time-wait-pile-up[2 3] #7 summary",
		sortFirstFrame: "capture #2 #3 dead-peer[3] lost-final-ack[3] #7 #12 lost-final-ack[12] #300 half-close[3 300] " +
			"time-wait-pile-up[2 3] summary",
		sortWorst: "capture #3 #12 #300 #2 #7 dead-peer[3] lost-final-ack[3] lost-final-ack[12] half-close[3 300] time-wait-pile-up[2 3] summary",
	} {
		var got list
		s := sorted(order, &got)
		for _, r := range records {
			if err := s.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, strings.Join(got.got, " ")); diff != "" || got.closed != 1 {
			t.Errorf("%s: closed %d times; %s", order, got.closed, diff)
		}
	}
}

// TestLargeOrders go through temporary files, of which nothing is left, also
// when the output fails.
func TestLargeOrders(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const n = 2000
	for _, order := range []string{sortFirstFrame, sortWorst} {
		for _, fails := range []error{nil, errors.New("full")} {
			out := list{err: fails}
			s := sorted(order, &out)
			for i := range uint64(n) {
				c := connection(n - i)
				c.WiresharkFilter = strings.Repeat("x", 20_000)
				if err := s.Add(c); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != fails {
				t.Errorf("%s: %v", order, err)
			}
			if fails == nil && (len(out.got) != n || out.got[0] != "#1" || out.got[n-1] != fmt.Sprint("#", n)) {
				t.Errorf("%s: %d records, from %s", order, len(out.got), out.got[0])
			}
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%v left behind, %v", left, err)
	}
}

// TestOneConnection: what goes on, and what is kept for the ladder.
func TestOneConnection(t *testing.T) {
	records := []report.Record{
		&report.Capture{Type: "capture", Files: []report.File{{Name: "a"}, {Name: "b"}}},
		connection(5), finding("half-close", "info", "high", 1, 5), connection(7), finding("dead-peer", "info", "high", 1, 5, 7),
		&report.Summary{Type: "summary"},
	}
	var drawn bytes.Buffer
	draw := func(l *report.Ladder) error {
		fmt.Fprint(&drawn, l.Connection.ID, len(l.Findings), l.Files, l.Assumptions != nil)
		return nil
	}
	ladder := func() *report.Ladder { return &report.Ladder{Connection: connection(7)} }
	for _, c := range []struct {
		one   oneConnection
		next  bool
		want  string
		drawn string
	}{
		{oneConnection{id: 7, alone: true}, true, "capture #7 dead-peer[5 7] summary", ""},
		{oneConnection{id: 7, draw: draw, segments: ladder}, true, "capture #5 half-close[5] #7 dead-peer[5 7] summary", "7 1 [a b] true"},
		{oneConnection{id: 7, last: draw, segments: ladder}, false, "", "7 1 [a b] true"},
	} {
		var got list
		drawn.Reset()
		if c.next {
			c.one.next = &got
		}
		for _, r := range records {
			if err := c.one.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.one.Close(); err != nil {
			t.Error(err)
		}
		if strings.Join(got.got, " ") != c.want || drawn.String() != c.drawn {
			t.Errorf("%v; drawn %s", got.got, drawn.String())
		}
	}
}
