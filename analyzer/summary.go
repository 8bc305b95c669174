package analyzer

import (
	"cmp"
	"slices"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// tally counts what the Summary says.
type tally struct {
	packets, segments, copies uint64
	strayResets, timeWentBack uint64
	skipped                   [wire.Outcomes]uint64
	undecoded                 map[uint32]uint64 // of OutcomeLink, by link type: the decoder's
	connections               uint64
	byOpen, byClose, byCloser counts
	byCause, states, findings counts
	lifetimes                 counts
}

// counts are how many there were of what has a name. They are few names: to look
// through a list takes less time than a map, and the usual ones come to its front.
type counts []struct {
	name string
	n    int
}

// add counts n more.
func (l *counts) add(name string, n int) {
	list := *l
	for i := range list {
		if k := &list[i]; k.name == name {
			k.n += n
			if i > 0 && k.n > list[i-1].n {
				list[i-1], list[i] = list[i], list[i-1]
			}
			return
		}
	}
	*l = append(*l, struct {
		name string
		n    int
	}{name, n})
}

// byName returns them as a Summary has them.
func (l counts) byName() map[string]int {
	m := make(map[string]int, len(l))
	for _, k := range l {
		m[k.name] = k.n
	}
	return m
}

// packet counts a packet by what it was.
func (t *tally) packet(o wire.Outcome) {
	t.packets++
	t.skipped[o]++
}

// lifetimeNames are the upper bounds by which connections are counted.
var lifetimeNames = [...]struct {
	under float64
	name  string
}{
	{0.01, "under_10ms"}, {0.1, "under_100ms"}, {1, "under_1s"}, {10, "under_10s"}, {60, "under_1min"}, {3600, "under_1h"},
}

// final counts a final connection and its findings.
func (t *tally) final(r *report.Connection, found []report.Finding) { t.finals(r, found, 1) }

// finals counts n like it.
func (t *tally) finals(r *report.Connection, found []report.Finding, n int) {
	if n == 0 {
		return
	}
	for i := range found {
		t.findings.add(found[i].ID, n)
	}
	t.connections += uint64(n)
	t.byOpen.add(r.Open.Kind, n)
	t.byClose.add(r.Close.Kind, n)
	t.byCloser.add(string(r.Close.FirstCloser), n)
	if r.Close.Reset != nil {
		t.byCause.add(r.Close.Reset.Cause, n)
	}
	t.states.add(r.Endpoints.Client.State, n)
	t.states.add(r.Endpoints.Server.State, n)
	t.lifetimes.add(lifetime(r.Duration), n)
}

func lifetime(d float64) string {
	for _, l := range lifetimeNames {
		if d < l.under {
			return l.name
		}
	}
	return "longer"
}

// Summary returns the counts so far. The caller adds what it knows of the
// files.
func (a *Analyzer) Summary() *report.Summary {
	a.sum.undecoded = a.decoder.Undecoded()
	return a.sum.summary()
}

func (t *tally) summary() *report.Summary {
	return &report.Summary{
		Type: "summary", Packets: t.packets, TCPSegments: t.segments,
		Files: []report.FileSummary{},
		Skipped: report.Skipped{NotIP: t.skipped[wire.OutcomeNotIP], NotTCP: t.skipped[wire.OutcomeNotTCP],
			Malformed: t.skipped[wire.OutcomeMalformed], Fragment: t.skipped[wire.OutcomeFragment],
			LinkType: t.skipped[wire.OutcomeLink], LinkTypes: t.linkTypes(),
			Checksum: t.skipped[wire.OutcomeChecksum], TooDeep: t.skipped[wire.OutcomeTooDeep]},
		CaptureDuplicates: t.copies, TimeWentBack: t.timeWentBack, Connections: t.connections,
		ByOpen: t.byOpen.byName(), ByClose: t.byClose.byName(), ByFirstCloser: t.byCloser.byName(), ByResetCause: t.byCause.byName(),
		StatesAtEnd: t.states.byName(), Findings: t.findings.byName(), Lifetimes: t.lifetimes.byName(),
	}
}

// linkTypes counts what is of a link type without a decoder, by its name.
func (t *tally) linkTypes() map[string]uint64 {
	if len(t.undecoded) == 0 {
		return nil
	}
	m := make(map[string]uint64, len(t.undecoded))
	for link, n := range t.undecoded {
		m[capture.LinkType(link).String()] += n
	}
	return m
}

// emit makes the record of c final, as of now.
func (a *Analyzer) emit(c *connection, why finality, now int64) {
	if c.isPhantom() {
		return
	}
	r := a.outline(c, why, now)
	in := a.input(c, r, now)
	a.survey.Add(in)
	if a.sifted(c, in, now) {
		return
	}
	a.detail(c, r, now)
	found := a.detect(in)
	a.sum.final(r, found)
	if a.part != nil {
		a.part.add(a.rec, found)
		return
	}
	a.give(r)
	for i := range found {
		a.give(&found[i])
	}
	if c.id == a.opt.Watch {
		a.view.done = r
	}
}

// foretell gives Options.OnOver what is known of c, once, when it is over.
func (a *Analyzer) foretell(c *connection) {
	if c.flags&foretold != 0 || c.phase != current || !c.gone(0) || !c.gone(c.peer(0)) || c.isPhantom() {
		return
	}
	c.flags |= foretold
	r := a.record(c, finalEnd, a.now)
	found := a.findings(c, r, a.now)
	a.opt.OnOver(r)
	for i := range found {
		a.opt.OnOver(&found[i])
	}
}

// give hands a record to the caller, or keeps it until it is asked for.
func (a *Analyzer) give(r report.Record) {
	if a.opt.OnRecord != nil {
		a.opt.OnRecord(r)
		return
	}
	a.out = append(a.out, r)
}

// isPhantom reports whether the connection is nothing but a SYN,ACK that
// nobody had asked for, and the RSTs that refused it (I4).
func (c *connection) isPhantom() bool {
	if c.flags&firstSYNACKInferred == 0 || c.flags&sameISS != 0 || c.find(c.client, fsm.RcvSYNACK, confirmed, inferred) >= 0 ||
		c.find(c.peer(c.client), fsm.RcvACKOfSYN, confirmed, inferred) >= 0 {
		return false
	}
	var refusals uint64
	if c.x != nil {
		for i := range c.x.resets {
			if r := &c.x.resets[i]; r.side == c.client && r.bare {
				refusals++
			}
		}
	}
	return c.ep[c.client].packets == refusals && (refusals > 0 || c.phase != current)
}

// Close ends the input: every connection that is left becomes final. The
// records are then ready in Records.
func (a *Analyzer) Close() {
	var room sorter
	a.ends = a.latest
	a.close(a.byFirstFrame(&room))
	a.survey.AddFragments(fragmentAttacks(&a.decoder))
	found := a.survey.Findings()
	for i := range found {
		a.sum.findings.add(found[i].ID, 1)
		a.give(&found[i])
	}
}

// close makes what is listed final.
func (a *Analyzer) close(list []int32) {
	for i, self := range list {
		if i+ahead < len(list) {
			a.foreseeEnd(list[i+ahead])
		}
		if i+2 < len(list) && list[i+2] >= 0 {
			a.at(list[i+2]).prefetch()
		}
		if i+1 < len(list) && list[i+1] >= 0 {
			a.at(list[i+1]).prefetchRest()
		}
		if a.part != nil {
			a.part.key = place{id: a.idOf(self)}
		}
		if sleeper, ok := asleep(self); ok {
			a.finish(a.wake(sleeper), finalEnd)
		} else if self < 0 {
			a.finishEmbryo(embryoSelf(self), finalEnd)
		} else {
			a.finish(a.at(self), finalEnd)
		}
	}
}

// idOf returns the id of a connection that is held, an embryo, or a sleeper.
func (a *Analyzer) idOf(self int32) uint64 {
	if sleeper, ok := asleep(self); ok {
		return a.dorm.at(sleeper).id
	}
	if self < 0 {
		return a.nursery.at(embryoSelf(self)).id
	}
	return a.at(self).id
}

// sorter is room to sort connections in. What is left at the end of the input may be
// millions: it is sorted part by part, and only the places are kept.
type sorter []numbered

type numbered struct {
	id   uint64
	self int32
}

// byFirstFrame lists the connections held, in the order of their ids.
func (a *Analyzer) byFirstFrame(room *sorter) []int32 {
	l := (*room)[:0]
	for i := range int32(a.slab.places()) {
		if c := a.at(i); c.first != 0 {
			l = append(l, numbered{c.id, i})
		}
	}
	for i := range int32(a.nursery.places()) {
		if e := a.nursery.at(i); e.ref != 0 {
			l = append(l, numbered{e.id, embryoSelf(i)})
		}
	}
	for i := range int32(a.dorm.places()) {
		if s := a.dorm.at(i); s.held {
			l = append(l, numbered{s.id, sleeperSelf(i)})
		}
	}
	slices.SortFunc(l, func(x, y numbered) int { return cmp.Compare(x.id, y.id) })
	list := make([]int32, len(l))
	for i := range l {
		list[i] = l[i].self
	}
	*room = l
	return list
}

// Snapshot returns the records of the connections that are not final yet, as
// they stand now.
func (a *Analyzer) Snapshot() []*report.Connection {
	var out []*report.Connection
	var room sorter
	for _, self := range a.byFirstFrame(&room) { // no embryos, no sleepers: only a part of a Pool has them
		if c := a.at(self); !c.isPhantom() {
			out = append(out, a.record(c, finalEnd, a.now))
		}
	}
	return out
}
