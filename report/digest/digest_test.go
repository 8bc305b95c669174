package digest_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/internal/sample"
)

func ids(t interface{ Fatal(...any) }, d *digest.Digest) (list []uint64) {
	err := d.Rows(func(r *digest.Row) error {
		list = append(list, r.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestTopIsTheBeginningOfAll: the few that are kept are those that a sort of
// all connections puts first, whatever the order of the stream.
func TestTopIsTheBeginningOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		const top = 5
		few, all := digest.New(top, false), digest.New(0, true)
		defer all.Close()
		kinds := []string{"half-close", "close-wait", "reset-abort", "dead-peer"}
		severities := []string{"info", "notice", "warning", "critical"}
		for _, id := range r.Perm(60) {
			c := sample.Connection(uint64(id + 1))
			c.Findings = nil
			for _, k := range kinds {
				if r.IntN(4) == 0 {
					c.Findings = append(c.Findings, k)
				}
			}
			few.Add(c)
			all.Add(c)
		}
		for _, k := range kinds {
			f := &report.Finding{ID: k, Severity: severities[r.IntN(4)], Confidence: "high", Frames: []uint64{1}}
			few.Add(f)
			all.Add(f)
		}
		if got, want := ids(t, few), ids(t, all); !slices.Equal(got, want[:top]) || len(want) != 60 {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestRows(t *testing.T) {
	d := digest.New(4, false)
	for _, rec := range sample.Incident(3) {
		d.Add(rec)
	}
	// The leaked ones first, then one of those with a lost ACK.
	if got := ids(t, d); !slices.Equal(got, []uint64{28, 68, 108, 15}) {
		t.Error(got)
	}
	if got := ids(t, d); len(got) != 4 {
		t.Error("rows cannot be read twice:", got)
	}
	var first *digest.Row
	d.Rows(func(r *digest.Row) error {
		first = cmp.Or(first, r)
		return nil
	})
	want := &digest.Row{
		ID: 28, Client: "192.0.2.6:40028", Server: "198.51.100.6:5000", Start: sample.At(0), Duration: 290,
		Bytes: 24, Ended: "half-closed, client",
		Story:    "opened three-way, half-closed by the client, the server never closed its side",
		Findings: []string{"close-wait-leak"},
		States:   [2]digest.State{{Name: "FIN-WAIT-2", Possible: []string{}}, {Name: "CLOSE-WAIT", Possible: []string{}}},
	}
	if diff := gocmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
}

func TestGroups(t *testing.T) {
	d := digest.New(1, false)
	for _, rec := range sample.Incident(3) {
		d.Add(rec)
	}
	type line struct {
		ID, Severity          string
		Findings, Connections int
		First                 uint64
		Filter                string
	}
	var got []line
	for _, g := range d.Groups() {
		got = append(got, line{g.ID, g.Severity, g.Findings, g.Connections, g.FirstFrame, g.Filter})
	}
	want := []line{
		{"close-wait-leak", "critical", 1, 3, 36, "frame.number in {36,37,76,77,116,117}"},
		{"lost-final-ack", "notice", 3, 3, 24, "frame.number in {24,25,26,64,65,66,104,105,106}"},
		{"three-segment-close", "info", 3, 3, 8, "frame.number in {8,9,10,48,49,50,88,89,90}"},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestGroupShowsTheWorst: a later finding that is worse takes the place of
// the first.
func TestGroupShowsTheWorst(t *testing.T) {
	d := digest.New(1, false)
	add := func(severity, confidence string, id uint64) {
		d.Add(&report.Finding{
			ID: "dead-peer", Severity: severity, Confidence: confidence, Connections: []uint64{id}, ConnectionsTotal: 1,
			Frames: []uint64{id}, Title: fmt.Sprint(id), WiresharkFilter: fmt.Sprintf("tcp.stream eq %d", id),
		})
	}
	add("notice", "low", 5)
	add("warning", "low", 6)
	add("notice", "high", 4)
	add("warning", "medium", 7)
	add("warning", "medium", 8)
	add("warning", "medium", 8)
	g := d.Group("dead-peer")
	if g.Worst.Title != "7" || g.Severity != "warning" || g.Confidence != "medium" || g.Findings != 6 || g.Connections != 5 ||
		g.FirstFrame != 4 || g.Filter != "tcp.stream in {7,8}" {
		t.Errorf("%+v", g)
	}
}

func TestFiltersThatCannotBeMerged(t *testing.T) {
	for _, c := range []struct {
		filters []string
		files   []int
		want    string
	}{
		{[]string{"tcp.port == 80", "tcp.port == 81"}, nil, "tcp.port == 80"},
		{[]string{"frame.number == 1", "tcp.stream eq 2", "frame.number in {3, 1}"}, nil, "frame.number in {1,3}"},
		{[]string{"frame.number == 1", "frame.number == 2"}, []int{0}, "frame.number == 1"},
		{[]string{"frame.number in {1..3}", "frame.number == 9"}, nil, "frame.number in {1..3,9}"},
	} {
		d := digest.New(1, false)
		for _, f := range c.filters {
			d.Add(&report.Finding{ID: "x", WiresharkFilter: f, FrameFiles: c.files})
		}
		if got := d.Group("x").Filter; got != c.want {
			t.Errorf("%q: %s", c.filters, got)
		}
	}
}

// TestMemory: a million connections and findings leave as little as a few.
func TestMemory(t *testing.T) {
	d := digest.New(20, false)
	c := sample.Connection(1)
	f := sample.LostAckFinding(1)
	n := testing.AllocsPerRun(1, func() {
		for i := range uint64(100_000) {
			c.ID, f.Connections[0] = c.ID+1, c.ID
			d.Add(c)
			if i%10 == 0 {
				d.Add(f)
			}
		}
	})
	if n > 5000 {
		t.Errorf("%v allocations", n)
	}
	if g := d.Group("lost-final-ack"); len(g.IDs) > 64 || len(g.Worst.Frames) > 64 || g.Findings != 20_000 {
		t.Errorf("%d ids, %d findings", len(g.IDs), g.Findings)
	}
}

// counted is a Sieve that is asked about a connection as the analyzer asks: once there is
// Enough of a kind, those that come later are counted, and it is told of them some time.
type counted struct {
	*digest.Sieve
	alike map[string]*more
}

type more struct {
	c     *report.Connection
	found []report.Finding
	n     int
}

func (s *counted) wants(c *report.Connection, found []report.Finding) bool {
	kind := ""
	for i := range found {
		kind += found[i].ID + found[i].Severity + found[i].Confidence
	}
	m := s.alike[kind]
	switch {
	case m == nil:
		if s.Wants(c, found) {
			return true
		}
		if s.Enough() {
			s.alike[kind] = &more{}
		}
	case m.n == 0:
		*m = more{c, found, 1}
	default:
		m.n++
	}
	return false
}

func (s *counted) tell() {
	for _, m := range s.alike {
		if m.n > 0 {
			s.More(m.c, m.found, m.n)
			m.n = 0
		}
	}
}

// TestSieved: a digest that is given what the sieves of some parts want, a while after
// they were asked, shows what one does that is given all, and is given far less. So it is
// if those of which there is enough are only counted.
func TestSieved(t *testing.T) {
	kinds, severities, confidences := []string{"half-close", "two-taps", "reset-abort"}, []string{"info", "notice"}, []string{"low", "high"}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		all, some := digest.New(5, false), digest.New(5, false)
		var sieves [3]counted
		for i := range sieves {
			sieves[i] = counted{some.Sieve(), map[string]*more{}}
		}
		var late []report.Record
		n, given := 500+r.IntN(1000), 0
		for id := range uint64(n) {
			c := sample.Connection(id + 1)
			c.Findings = nil
			var found []report.Finding
			for _, k := range kinds {
				for n := max(r.IntN(8)-5, 0); n > 0; n-- {
					found = append(found, report.Finding{ID: k, Severity: severities[r.IntN(2)], Confidence: confidences[r.IntN(2)],
						Connections: []uint64{c.ID}, ConnectionsTotal: 1, Frames: []uint64{c.ID},
						Title: fmt.Sprint(k, c.ID), WiresharkFilter: fmt.Sprintf("frame.number == %d", c.ID)})
					if m := len(c.Findings); m == 0 || c.Findings[m-1] != k {
						c.Findings = append(c.Findings, k)
					}
				}
			}
			all.Add(c)
			wanted := sieves[r.IntN(3)].wants(c, found)
			if wanted {
				late, given = append(late, c), given+1
			}
			for i := range found {
				all.Add(&found[i])
				if wanted {
					late = append(late, &found[i])
				}
			}
			if r.IntN(20) == 0 {
				for _, rec := range late {
					some.Add(rec)
				}
				late = late[:0]
				sieves[r.IntN(3)].tell()
			}
		}
		for i := range sieves {
			sieves[i].tell()
		}
		whole := &report.Finding{ID: "two-taps", Severity: "info", Confidence: "high", ConnectionsTotal: 100, Frames: []uint64{1}}
		for id := range uint64(100) {
			whole.Connections = append(whole.Connections, uint64(n)-50+id)
		}
		for _, rec := range append(late, whole, &report.Summary{}) {
			some.Add(rec)
		}
		all.Add(whole)
		all.Add(&report.Summary{})
		if got, want := ids(t, some), ids(t, all); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		if some.Connections != all.Connections || !some.Start.Equal(all.Start) || !maps.Equal(some.Near, all.Near) {
			t.Fatalf("%d connections since %v, want %d since %v", some.Connections, some.Start, all.Connections, all.Start)
		}
		if given > n/2 {
			t.Fatalf("%d of %d were given", given, n)
		}
		for i, g := range some.Groups() {
			want := all.Groups()[i]
			if g.ID != want.ID || g.Findings != want.Findings || g.Connections != want.Connections || g.FirstFrame != want.FirstFrame ||
				g.Filter != want.Filter || g.Worst.Title != want.Worst.Title || some.Proof(g) != all.Proof(want) {
				t.Fatalf("%+v\nwant %+v", g, want)
			}
		}
	})
}
