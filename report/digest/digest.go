package digest

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/lastack/lastack/report"
)

// Digest is the Sink. Make it with New.
type Digest struct {
	// Capture and Summary are nil where the stream had none.
	Capture *report.Capture
	Summary *report.Summary
	// Connections counts the records seen.
	Connections uint64
	// Start is the first packet's time, by the summary or, without one, by
	// the connections.
	Start time.Time
	// Near counts the connections by where the tap was.
	Near map[report.Side]uint64

	top    int
	all    bool
	groups map[string]*Group
	named  map[string]int // connections by the kinds of finding that they name
	worst  map[string]*bucket
	rows   report.Sorter // every row, with all
	packed []byte        // the row being added to them

	sieves  []*Sieve
	raising sync.Mutex // of bars
	bars    map[string]*bar
}

// New returns a Digest that keeps the top worst connections, or, in memory
// and then in a temporary file, all of them.
func New(top int, all bool) *Digest {
	return &Digest{
		top: max(top, 0), all: all, Near: map[report.Side]uint64{},
		groups: map[string]*Group{}, named: map[string]int{}, worst: map[string]*bucket{},
		bars: map[string]*bar{},
	}
}

// Add takes one record.
func (d *Digest) Add(rec report.Record) error {
	switch r := rec.(type) {
	case *report.Capture:
		c := *r
		d.Capture = &c
	case *report.Connection:
		return d.connection(r)
	case *report.Finding:
		d.finding(r)
	case *report.Summary:
		s := *r
		d.Summary = &s
		d.gather()
		d.startOf(&s)
	}
	return nil
}

func (d *Digest) startOf(s *report.Summary) {
	for _, f := range s.Files {
		if f.First != nil && (d.Start.IsZero() || f.First.Before(d.Start)) {
			d.Start = *f.First
		}
	}
}

func (d *Digest) connection(c *report.Connection) error {
	d.Connections++
	d.Near[c.Vantage.Near]++
	if d.Start.IsZero() || c.Start.Before(d.Start) {
		d.Start = c.Start
	}
	for _, id := range c.Findings {
		d.named[id]++
	}
	if d.all {
		d.packed = makeRow(c).append(d.packed[:0])
		return d.rows.Add(nil, d.packed)
	}
	// A row's rank is known only at the end, when the kinds of finding are.
	// Within a kind it is known now; so the first of every kind are kept, and
	// the worst of all are certainly among them.
	var row *Row
	offer := func(kind string) {
		b := d.bucket(kind)
		if !b.takes(c, d.top) {
			return
		}
		if row == nil {
			row = makeRow(c)
		}
		b.add(row, d.top)
		if n := len(b.rows); n == d.top {
			b.bar.last.Store(placeOf(len(b.rows[n-1].Findings), b.rows[n-1].ID))
		}
	}
	for _, id := range c.Findings {
		offer(id)
		if b := d.bucket(id).bar; b.named.Load() < maxNamed {
			b.named.Add(1)
		}
	}
	offer(none)
	return nil
}

// none is the bucket of every row, whatever was found.
const none = ""

func (d *Digest) bucket(id string) *bucket {
	b := d.worst[id]
	if b == nil {
		b = &bucket{bar: d.bar(id)}
		d.worst[id] = b
	}
	return b
}

// Groups returns the findings by kind, worst first.
func (d *Digest) Groups() []*Group {
	list := make([]*Group, 0, len(d.groups))
	for id := range d.groups {
		list = append(list, d.Group(id))
	}
	slices.SortFunc(list, compareGroups)
	return list
}

// Group returns the findings of one kind, nil if there are none.
func (d *Digest) Group(id string) *Group {
	g := d.groups[id]
	if g == nil {
		return nil
	}
	if n := d.named[id]; n > g.Connections || len(g.seen) == maxSeen && n > 0 {
		g.Connections = n
	}
	return g
}

// Rows calls fn with the connections, worst first: in the order of the kinds
// of finding, then those with more findings, then by first packet. It can be
// called again.
func (d *Digest) Rows(fn func(*Row) error) error {
	rank := map[string]int{}
	for i, g := range d.Groups() {
		rank[g.ID] = i + 1
	}
	if d.all {
		return d.allRows(rank, fn)
	}
	for _, r := range d.topRows(rank) {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

func (d *Digest) topRows(rank map[string]int) []*Row {
	seen := map[uint64]bool{}
	var rows []*Row
	for _, b := range d.worst {
		for _, r := range b.rows {
			if !seen[r.ID] {
				seen[r.ID] = true
				rows = append(rows, r)
			}
		}
	}
	slices.SortFunc(rows, func(a, b *Row) int {
		return slices.Compare(a.rank(rank), b.rank(rank))
	})
	return rows[:min(len(rows), d.top)]
}

func (d *Digest) allRows(rank map[string]int, fn func(*Row) error) error {
	var sorted report.Sorter
	defer sorted.Close()
	err := d.rows.Each(func(text []byte) error {
		r, err := unpack(text)
		if err != nil {
			return err
		}
		return sorted.Add(r.rank(rank), text)
	})
	if err != nil {
		return err
	}
	return sorted.Each(func(text []byte) error {
		r, err := unpack(text)
		if err != nil {
			return err
		}
		return fn(r)
	})
}

// Close removes the temporary file, if there is one.
func (d *Digest) Close() error { return d.rows.Close() }

// rank is a key whose order is that of Rows.
func (r *Row) rank(kinds map[string]int) []byte {
	worst := 1 << 15 // no finding
	for _, id := range r.Findings {
		if k := kinds[id]; k > 0 {
			worst = min(worst, k)
		}
	}
	key := binary.BigEndian.AppendUint16(nil, uint16(worst))
	key = binary.BigEndian.AppendUint16(key, ^uint16(min(len(r.Findings), 1<<15)))
	return binary.BigEndian.AppendUint64(key, r.ID)
}

// overall is 1 if the findings are each about many connections, else 0.
func (g *Group) overall() int {
	if g.Worst.ConnectionsTotal > 1 {
		return 1
	}
	return 0
}

// compareGroups is "worst first": severity, what is found over many connections, then
// confidence, number of connections, first frame.
func compareGroups(a, b *Group) int {
	return cmp.Or(
		cmp.Compare(report.SeverityRank(b.Severity), report.SeverityRank(a.Severity)),
		cmp.Compare(b.overall(), a.overall()), // causes before symptoms
		cmp.Compare(report.ConfidenceRank(b.Confidence), report.ConfidenceRank(a.Confidence)),
		cmp.Compare(b.Connections, a.Connections),
		cmp.Compare(a.FirstFrame, b.FirstFrame),
		cmp.Compare(a.ID, b.ID),
	)
}
