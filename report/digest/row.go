package digest

import (
	"cmp"
	"slices"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Row is what a list of connections shows of one.
type Row struct {
	ID       uint64
	Client   string
	Server   string
	Inside   string // the VLANs and tunnels around it, "" for none
	Start    time.Time
	Duration float64
	Bytes    uint64   // of payload, both ways, each octet once
	Ended    string   // in a word or two
	Story    string   // how it opened and ended, in a sentence
	States   [2]State // client's, server's
	Findings []string
}

// State is the last state of one end.
type State struct {
	Name     string // RFC 9293's
	Assumed  bool
	Possible []string // with UNKNOWN
}

func makeRow(c *report.Connection) *Row {
	r := &Row{
		ID: c.ID, Client: c.Client.String(), Server: c.Server.String(), Inside: words.Inside(c), Start: c.Start, Duration: c.Duration,
		Bytes: c.Endpoints.Client.UniqueBytes + c.Endpoints.Server.UniqueBytes,
		Ended: words.Ended(c), Story: words.Story(c), Findings: slices.Clone(c.Findings),
	}
	for i, side := range []report.Side{report.Client, report.Server} {
		e := c.Endpoint(side)
		r.States[i] = State{Name: e.State, Assumed: c.Assumed(side), Possible: slices.Clone(e.Possible)}
	}
	return r
}

// bucket keeps the first rows of a kind, in the order of more findings, then
// the earlier packet.
type bucket struct {
	rows []*Row
	bar  *bar
}

func compareRows(findings int, id uint64, r *Row) int {
	return cmp.Or(cmp.Compare(len(r.Findings), findings), cmp.Compare(id, r.ID))
}

// takes reports whether a row would be among the first limit.
func (b *bucket) takes(c *report.Connection, limit int) bool {
	n := len(b.rows)
	return n < limit || n > 0 && compareRows(len(c.Findings), c.ID, b.rows[n-1]) < 0
}

func (b *bucket) add(r *Row, limit int) {
	at, _ := slices.BinarySearchFunc(b.rows, r, func(kept, r *Row) int {
		return -compareRows(len(r.Findings), r.ID, kept)
	})
	b.rows = slices.Insert(b.rows, at, r)
	b.rows = b.rows[:min(len(b.rows), limit)]
}
