package digest

import (
	"cmp"
	"slices"
	"time"

	"github.com/lastack/lastack/report"
)

// Sieve is for those who make records: it says of a connection, and its findings,
// whether a Digest would show anything of them, and counts those of which it would
// not, which then need not be made whole. It sees one part of the connections, in
// the order in which the Digest is given what the Sieve wants: so what is not
// among the first, or the worst, of the part, is not among those of the whole.
//
// Of a finding it needs ID, Severity, Confidence and Frames, of a connection
// what is no text.
type Sieve struct {
	top   int
	kinds []*sieved // few: a list is looked through faster than a map
	any   ranks     // of all connections, whatever was found

	counted uint64 // connections that were not wanted
	near    [len(nearSides)]uint64
	start   time.Time
}

// nearSides are the values of Vantage.Near.
var nearSides = [...]report.Side{"", report.Client, report.Server, report.SideUnknown}

// sieved is what a Sieve knows of one kind of finding.
type sieved struct {
	id                   string
	severity, confidence int // of the worst
	worst                int // how many of those
	named                int // connections that had some
	ranks                ranks

	// Of connections that were not wanted.
	findings, connections int
	first                 uint64
}

// Sieve returns one for a part of the connections. What it has counted is part of
// the digest when the summary has been added. With all connections to be listed
// there is none: every one is wanted.
func (d *Digest) Sieve() *Sieve {
	if d.all {
		return nil
	}
	s := &Sieve{top: d.top}
	d.sieves = append(d.sieves, s)
	return s
}

// Wants reports whether the digest is to be given c and its findings. What comes before a
// connection among the first of its kind stays there: one that is not wanted speaks for all
// of its kind that come later.
func (s *Sieve) Wants(c *report.Connection, found []report.Finding) bool {
	wanted := s.any.take(len(c.Findings), c.ID, s.top)
	for _, id := range c.Findings {
		k := s.kind(id)
		if k.ranks.take(len(c.Findings), c.ID, s.top) || k.named < maxNamed {
			wanted = true
		}
		k.named++
	}
	for i := range found {
		if s.kind(found[i].ID).wants(&found[i]) {
			wanted = true
		}
	}
	if !wanted {
		s.More(c, found, 1)
	}
	return wanted
}

func (s *Sieve) kind(id string) *sieved {
	for _, k := range s.kinds {
		if k.id == id {
			return k
		}
	}
	k := &sieved{id: id, severity: -1}
	s.kinds = append(s.kinds, k)
	return k
}

// wants reports whether f may be the one that is shown, or among those whose
// frames the filter shows.
func (k *sieved) wants(f *report.Finding) bool {
	severity, confidence := report.SeverityRank(f.Severity), report.ConfidenceRank(f.Confidence)
	switch worse := cmp.Or(cmp.Compare(severity, k.severity), cmp.Compare(confidence, k.confidence)); {
	case worse > 0:
		k.severity, k.confidence, k.worst = severity, confidence, 0
	case worse < 0:
		return false
	}
	k.worst++
	return k.worst <= maxFilters
}

// More counts n connections that are not wanted: c is the first of them, and of the
// findings of all of them found has the first frames.
func (s *Sieve) More(c *report.Connection, found []report.Finding, n int) {
	s.counted += uint64(n)
	if i := slices.Index(nearSides[:], c.Vantage.Near); i >= 0 {
		s.near[i] += uint64(n)
	}
	if s.start.IsZero() || c.Start.Before(s.start) {
		s.start = c.Start
	}
	for _, id := range c.Findings {
		s.kind(id).connections += n
	}
	for i := range found {
		f, k := &found[i], s.kind(found[i].ID)
		k.findings += n
		if len(f.Frames) > 0 && (k.first == 0 || f.Frames[0] < k.first) {
			k.first = f.Frames[0]
		}
	}
}

// gather adds what the sieves have counted.
func (d *Digest) gather() {
	for _, s := range d.sieves {
		d.Connections += s.counted
		for i, n := range s.near {
			if n > 0 {
				d.Near[nearSides[i]] += n
			}
		}
		if s.counted > 0 && (d.Start.IsZero() || s.start.Before(d.Start)) {
			d.Start = s.start
		}
		for _, k := range s.kinds {
			d.named[k.id] += k.connections
			g := d.groups[k.id]
			if g == nil {
				continue // the connection names what is no finding of its own
			}
			g.Findings += k.findings
			if k.first > 0 {
				g.FirstFrame = min(g.FirstFrame, k.first)
			}
		}
	}
	d.sieves = nil
}

// ranks are the places of the first rows of a kind, as in a bucket.
type ranks []place

type place struct {
	findings int
	id       uint64
}

// take reports whether a row is among the first limit so far.
func (r *ranks) take(findings int, id uint64, limit int) bool {
	list := *r
	before := func(p place) bool { return p.findings > findings || p.findings == findings && p.id < id }
	if n := len(list); n == limit && (n == 0 || before(list[n-1])) {
		return false
	}
	at := 0
	for at < len(list) && before(list[at]) {
		at++
	}
	list = slices.Insert(list, at, place{findings, id})
	*r = list[:min(len(list), limit)]
	return true
}
