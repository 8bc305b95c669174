package digest

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lastack/lastack/report"
)

// Sieve is for those who make records: it says of a connection, and its findings,
// whether a Digest would show anything of them, and counts those of which it would
// not, which then need not be made whole. It sees one part of the connections, and
// each before the Digest is given it, or any that comes after it: what the Digest
// would not show now it will not show then. It may be asked while the Digest is given
// records.
//
// Of a finding it needs ID, Severity, Confidence and Frames, of a connection
// what is no text.
type Sieve struct {
	digest *Digest
	any    sieved    // of all connections, whatever was found
	asked  []*sieved // of the connection being asked about: the kinds that it names
	kinds  []*sieved // few, and those asked for last first: a list is looked through faster than a map

	counted uint64 // connections that were not wanted
	near    [len(nearSides)]uint64
	start   time.Time
}

// nearSides are the values of Vantage.Near.
var nearSides = [...]report.Side{"", report.Client, report.Server, report.SideUnknown}

// sieved is what a Sieve knows of one kind of finding: of connections that were not
// wanted.
type sieved struct {
	id   string
	bar  *bar
	want wants

	findings, connections int
	first                 uint64
	ids                   []uint64 // of the first maxSeen
}

// bar is how high something of one kind has to reach by now to be shown. The Digest
// raises it with what it is given, while the Sieves look at it. It never sinks, so who
// sees it late wants too much and never too little: what is shown does not depend on it.
type bar struct {
	named atomic.Uint64 // connections that name the kind, up to maxNamed
	last  atomic.Uint64 // placeOf the last row, once there are as many as are kept
	worst atomic.Uint64 // of its findings: gradeOf the worst, and how many of those
}

// wants are what a Sieve itself has wanted of a kind. The Digest is given that before
// anything that the Sieve is asked about later, but perhaps long after: it raises no bar yet.
type wants struct {
	named  uint64
	places []uint64 // the first, in order, as many as are kept
	worst  uint64
}

// add notes that something at a place was wanted, and that so many places are kept.
func (w *wants) add(place uint64, top int) {
	w.named++
	if len(w.places) == top {
		if top == 0 || w.places[top-1] < place {
			return
		}
		w.places = w.places[:top-1]
	}
	i, _ := slices.BinarySearch(w.places, place)
	w.places = slices.Insert(w.places, i, place)
}

// row reports whether something at a place may be among the rows that are shown.
func (k *sieved) row(place uint64, top int) bool {
	n := len(k.want.places)
	return place <= k.bar.last.Load() && (n < top || top > 0 && place < k.want.places[n-1])
}

// name reports whether a connection may be among those that are named.
func (k *sieved) name() bool { return k.bar.named.Load() < maxNamed && k.want.named < maxNamed }

// finding reports whether f may be the one that is shown, or among those whose frames the
// filter shows.
func (k *sieved) finding(f *report.Finding) bool {
	return worse(k.bar.worst.Load(), f) && worse(k.want.worst, f)
}

// placeOf orders rows as buckets do: with more findings, then the earlier packet, come
// first and are less.
func placeOf(findings int, id uint64) uint64 {
	const bits = 48
	return uint64(math.MaxUint16-min(findings, math.MaxUint16))<<bits | min(id, 1<<bits-1)
}

// gradeOf orders findings by severity, then confidence. It leaves room for a count.
func gradeOf(f *report.Finding) uint64 {
	return uint64(report.SeverityRank(f.Severity)+1)<<16 | uint64(report.ConfidenceRank(f.Confidence)+1)<<8
}

// worse reports whether f is worse than what worst says, or as bad and there are not yet
// enough.
func worse(worst uint64, f *report.Finding) bool { return gradeOf(f)+maxFilters > worst }

// raised is worst with f.
func raised(worst uint64, f *report.Finding) uint64 {
	if !worse(worst, f) {
		return worst
	}
	return max(worst, gradeOf(f)) + 1
}

// note raises the bar of findings by f, which was given.
func (b *bar) note(f *report.Finding) { b.worst.Store(raised(b.worst.Load(), f)) }

// bar returns that of a kind, or of none: of all connections.
func (d *Digest) bar(kind string) *bar {
	d.raising.Lock()
	defer d.raising.Unlock()
	b := d.bars[kind]
	if b == nil {
		b = new(bar)
		if d.top > 0 {
			b.last.Store(math.MaxUint64)
		}
		d.bars[kind] = b
	}
	return b
}

// Sieve returns one for a part of the connections. What it has counted is part of
// the digest when the summary has been added. With all connections to be listed
// there is none: every one is wanted.
func (d *Digest) Sieve() *Sieve {
	if d.all {
		return nil
	}
	s := &Sieve{digest: d, any: sieved{bar: d.bar(none)}}
	d.sieves = append(d.sieves, s)
	return s
}

// Wants reports whether the digest is to be given c and its findings. What comes before a
// connection among the first of its kind stays there: one that is not wanted speaks for all
// of its kind that come later.
func (s *Sieve) Wants(c *report.Connection, found []report.Finding) bool {
	s.ask(c)
	place, top := placeOf(len(c.Findings), c.ID), s.digest.top
	wanted := s.any.row(place, top)
	for _, k := range s.asked {
		wanted = wanted || k.row(place, top) || k.name()
	}
	for i := range found {
		wanted = wanted || s.kindOf(&found[i]).finding(&found[i])
	}
	if !wanted {
		s.count(c, found, 1)
		return false
	}
	s.any.want.add(place, top)
	for _, k := range s.asked {
		k.want.add(place, top)
	}
	for i := range found {
		k := s.kindOf(&found[i])
		k.want.worst = raised(k.want.worst, &found[i])
	}
	return true
}

// Enough reports, of a connection that was just not wanted, whether of more that are the
// same all that has to be known is how many: see More.
func (s *Sieve) Enough() bool {
	for _, k := range s.asked {
		if len(k.ids) < maxSeen {
			return false
		}
	}
	return true
}

// More counts n connections that are not wanted, of a kind of which there is Enough: c is
// the first of them, and of the findings of all of them found has the first frames.
func (s *Sieve) More(c *report.Connection, found []report.Finding, n int) {
	s.ask(c)
	s.count(c, found, n)
}

// ask makes c what is asked about.
func (s *Sieve) ask(c *report.Connection) {
	s.asked = s.asked[:0]
	for _, id := range c.Findings {
		s.asked = append(s.asked, s.kind(id))
	}
}

// kindOf is the kind of a finding of the connection being asked about, which names it.
func (s *Sieve) kindOf(f *report.Finding) *sieved {
	for _, k := range s.asked {
		if k.id == f.ID {
			return k
		}
	}
	return s.kind(f.ID)
}

// kind returns what is known of a kind. One that is asked for comes nearer to the front.
func (s *Sieve) kind(id string) *sieved {
	for i, k := range s.kinds {
		if k.id == id {
			if i > 0 {
				s.kinds[i-1], s.kinds[i] = k, s.kinds[i-1]
			}
			return k
		}
	}
	k := &sieved{id: id, bar: s.digest.bar(id)}
	s.kinds = append(s.kinds, k)
	return k
}

// count counts n connections: c, which was asked about, and others like it.
func (s *Sieve) count(c *report.Connection, found []report.Finding, n int) {
	s.counted += uint64(n)
	if i := slices.Index(nearSides[:], c.Vantage.Near); i >= 0 {
		s.near[i] += uint64(n)
	}
	if s.start.IsZero() || c.Start.Before(s.start) {
		s.start = c.Start
	}
	for _, k := range s.asked {
		k.connections += n
		if len(k.ids) < maxSeen {
			k.ids = append(k.ids, c.ID)
		}
	}
	for i := range found {
		f, k := &found[i], s.kindOf(&found[i])
		k.findings += n
		if len(f.Frames) > 0 && (k.first == 0 || f.Frames[0] < k.first) {
			k.first = f.Frames[0]
		}
	}
}

// recall takes the connections that the sieves have counted for a kind as seen: what is
// then found over many of them may name some of those. All of them have been counted by
// then.
func (d *Digest) recall(g *Group) {
	for _, s := range d.sieves {
		k := s.kind(g.ID)
		for _, id := range k.ids {
			if len(g.seen) < maxSeen {
				g.seen[id] = true
				g.Connections++
			}
		}
		k.ids = nil
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
