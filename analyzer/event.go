package analyzer

import (
	"math"

	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/wire"
)

// basis says how an event is known (inference.md E4).
type basis uint8

const (
	assumed    basis = iota // a receipt that nothing has proved yet
	sent                    // the endpoint's own segment
	confirmed               // a receipt that a later segment of the endpoint proves
	inferred                // nothing captured says it, later segments imply it
	byTimer                 // the capture's clock
	superseded              // a new incarnation took over
)

var basisNames = [...]string{"assumed", "sent", "confirmed", "inferred", "timer", "superseded"}

func (b basis) String() string { return basisNames[b] }

// event is one symbol at one end. The events of a connection, in their order,
// are all that is remembered of its states: states and transitions are folds
// over them (see fold), so that striking a receipt or moving it behind a
// segment that it crossed rolls nothing back.
type event struct {
	t     int64         // when it took effect; for what no packet shows, the latest moment
	ref   wire.FrameRef // the frame that caused it, 0 for none
	by    wire.FrameRef // the frame that confirmed it, 0 for none
	ack   wire.Seq      // SEG.ACK of the frame that caused it (R6)
	tsval uint32        // TSval of the frame that caused it, for copies of a FIN
	sym   fsm.Symbol
	side  uint8
	basis basis
	hasTS bool
	slow  bool    // of a FIN: its receiver took longer to acknowledge it than the path takes
	blind bool    // of a FIN: whether its receiver's own had been acknowledged is not known
	also  fsm.Set // where it may have led as well, of an end that may have been elsewhere (R13)
}

// apply returns the states that e leads to from those of set.
func (e *event) apply(set fsm.Set) fsm.Set {
	after := set.Apply(e.sym)
	if e.also != 0 || e.blind {
		after |= e.elsewhere(set)
	}
	return after
}

// elsewhere returns the states that e may have led to as well, from those of set.
func (e *event) elsewhere(set fsm.Set) (more fsm.Set) {
	if set.Intersects(fsm.Of(fsm.Established)) { // else it was where it seems
		more = e.also
	}
	if e.blind && set.Intersects(fsm.Of(fsm.FinWait1)) {
		more |= fsm.Of(fsm.TimeWait)
	}
	return more
}

// known reports whether e needs no further proof: it is confirmed, or a FIN that is
// known to have been received, though not when.
func (e *event) known() bool {
	return e.basis == confirmed || e.basis == inferred && e.sym == fsm.RcvFIN
}

// maxCopies bounds the receipts of one kind that wait behind each other.
const maxCopies = 4

// maxEvents bounds the events of one connection. What exceeds it is counted
// and dropped.
const maxEvents = 64

// symbols is a set of symbols.
type symbols uint32

func setOf(list ...fsm.Symbol) symbols {
	var s symbols
	for _, sym := range list {
		s |= 1 << sym
	}
	return s
}

// has reports whether sym is in the set. (That a symbol is below 32 spares a check.)
func (s symbols) has(sym fsm.Symbol) bool { return s>>(sym&31)&1 != 0 }

// receipts are the symbols that say what an endpoint received.
var receipts = setOf(fsm.RcvSYN, fsm.RcvSYNACK, fsm.RcvACKOfSYN, fsm.RcvACKOfFIN, fsm.RcvFIN, fsm.RcvRST, fsm.RcvICMP)

// ends are the symbols by which an endpoint itself ended its connection, as
// its RST says.
var ends = setOf(fsm.SndRST, fsm.TimeoutSYN, fsm.TimeoutFinWait2, fsm.TimeoutUser)

// push appends an event. It reports false when the connection's list is full.
func (c *connection) push(e event) bool {
	if len(c.events) >= maxEvents {
		c.lostEvents = uint8(min(int(c.lostEvents)+1, math.MaxUint8))
		return false
	}
	if len(c.events) == cap(c.events) {
		c.events = append(make([]event, 0, eventRoom(cap(c.events))), c.events...)
	}
	c.events = append(c.events, e)
	c.take(&e)
	c.settle()
	return true
}

// mostEvents is how many most connections have that close. A connection has room for them.
const mostEvents = 12

// eventRoom is the next room of a list of events: enough for nearly all, then for whatever
// may come.
func eventRoom(have int) int {
	switch {
	case have < 16:
		return 16
	case have < 24:
		return 24
	}
	return maxEvents
}

// unseenSince bounds the event that by proves from below: it happened after
// lo.
func (c *connection) unseenSince(by wire.FrameRef, lo int64) {
	d := c.details()
	if len(d.since) < maxEvents {
		d.since = append(d.since, moment{by, lo})
	}
}

// receive appends a receipt at side that s brought, unless as many copies wait
// already; the last copy then gives way, so that a FIN and the ACK that came
// with it are always both there.
func (c *connection) receive(side uint8, sym fsm.Symbol, s *wire.Segment) {
	if c.kinds[side].has(sym) && !c.awaitsMore(side, sym) {
		return
	}
	c.push(event{t: s.Time, ref: s.Ref, ack: s.Ack, tsval: s.Options.TSVal, sym: sym, side: side,
		hasTS: s.Options.Has&wire.OptTimestamps != 0})
}

// awaitsMore reports whether side may be given one more receipt of a kind: none of its last
// request is known yet. The last of the copies that wait gives way if they are many.
func (c *connection) awaitsMore(side uint8, sym fsm.Symbol) bool {
	copies, last := 0, -1
	for i := c.request(side); i < len(c.events); i++ {
		if e := &c.events[i]; e.side == side && e.sym == sym {
			if e.known() {
				return false
			}
			copies, last = copies+1, i
		}
	}
	if copies >= maxCopies {
		c.remove(last)
	}
	return true
}

// request returns where the events of an end begin that belong to the last request
// that it took: what an earlier one received is another's (I3).
func (c *connection) request(side uint8) int {
	if !c.look(side).expired {
		return 0
	}
	last := 0
	for i := range c.events {
		if e := &c.events[i]; e.side == side && e.sym == fsm.RcvSYN {
			last = i
		}
	}
	return last
}

// insert puts an event in front of event i.
func (c *connection) insert(i int, e event) {
	if !c.push(e) {
		return
	}
	copy(c.events[i+1:], c.events[i:len(c.events)-1])
	c.events[i] = e
	c.refold(e.side)
}

// remove deletes event i.
func (c *connection) remove(i int) {
	side := c.events[i].side
	c.cut(i)
	c.refold(side)
}

// cut takes event i out. The caller folds its side again: several may go at once.
func (c *connection) cut(i int) { c.events = append(c.events[:i], c.events[i+1:]...) }

// find returns the index of the first event of the kind at side with one of
// the given bases, or -1. Mostly there is none of the kind.
func (c *connection) find(side uint8, sym fsm.Symbol, bases ...basis) int {
	if !c.kinds[side].has(sym) {
		return -1
	}
	return c.search(side, sym, bases)
}

// search is find where there is an event of the kind.
func (c *connection) search(side uint8, sym fsm.Symbol, bases []basis) int {
	for i := range c.events {
		if e := &c.events[i]; e.side == side && e.sym == sym && (len(bases) == 0 || hasBasis(bases, e.basis)) {
			return i
		}
	}
	return -1
}

func hasBasis(list []basis, b basis) bool {
	for _, have := range list {
		if have == b {
			return true
		}
	}
	return false
}

// strike removes the receipts of the given kinds at side for which match
// holds, and records what refuted them.
func (c *connection) strike(side uint8, kinds symbols, by wire.FrameRef, why string, match func(*event) bool) {
	before := len(c.events)
	for i := 0; i < len(c.events); {
		e := &c.events[i]
		if e.side != side || !kinds.has(e.sym) || e.basis != assumed || !match(e) {
			i++
			continue
		}
		c.refute(*e, by, why)
		c.cut(i)
	}
	if len(c.events) < before {
		c.refold(side)
	}
}

// drop removes the receipts of a kind at side for which match holds: others
// stand for them.
func (c *connection) drop(side uint8, sym fsm.Symbol, match func(*event) bool) {
	before := len(c.events)
	for i := 0; i < len(c.events); {
		e := &c.events[i]
		if e.side != side || e.sym != sym || e.basis != assumed || !match(e) {
			i++
			continue
		}
		c.cut(i)
	}
	if len(c.events) < before {
		c.refold(side)
	}
}

// refute records a struck event.
func (c *connection) refute(e event, by wire.FrameRef, why string) {
	x := c.details()
	if why == whySYNACKAgain {
		c.ep[e.side].flags |= ackOfSYNRefuted
	}
	if e.ref != 0 && len(x.refuted) < maxEvents {
		x.refuted = append(c.trail.refuted.begun(x.refuted), refutation{event: e, by: by, why: why})
	}
}

// takeBack removes refutations for which match holds, and returns the events.
func (c *connection) takeBack(match func(*refutation) bool) (back []event) {
	if c.x == nil {
		return nil
	}
	kept := c.x.refuted[:0]
	for i := range c.x.refuted {
		if f := &c.x.refuted[i]; match(f) {
			back = append(back, f.event)
		} else {
			kept = append(kept, *f)
		}
	}
	c.x.refuted = kept
	return back
}

// confirm marks receipt i as proved by the frame by.
func (c *connection) confirm(i int, by wire.FrameRef) {
	e := &c.events[i]
	e.by = by
	if e.ref == 0 { // what no frame shows stays inferred
		c.refold(e.side)
		return
	}
	was := e.basis
	e.basis = confirmed
	if was != assumed || !c.foldProved(i) {
		c.refold(e.side)
	}
}

// foldProved folds event i, which was assumed and is now confirmed, into what is proved of
// its end: what is shown stays as it is. It reports false, and does nothing, if events
// behind it are proved, too, or if it may have been the end's own end.
func (c *connection) foldProved(i int) bool {
	e := &c.events[i]
	for k := i + 1; k < len(c.events); k++ {
		if o := &c.events[k]; o.side == e.side && o.basis != assumed {
			return false
		}
	}
	if !receipts.has(e.sym) {
		return false
	}
	ep := &c.ep[e.side]
	ep.proved = e.apply(ep.proved)
	if !c.several(e.side, e.sym) || c.find(e.side, e.sym, assumed) < 0 {
		ep.open &^= 1 << (e.sym & 31)
	}
	c.settle()
	return true
}

// refold computes the states of side from its events: what is shown, and what
// is proved.
func (c *connection) refold(side uint8) {
	ep := &c.ep[side]
	ep.shown, ep.proved, ep.open, c.kinds[side] = ep.initial, ep.initial, 0, 0
	for i := range c.events {
		if e := &c.events[i]; e.side == side {
			c.take(e)
		}
	}
	c.settle()
}

// take folds one more event into the states of its end.
func (c *connection) take(e *event) {
	ep := &c.ep[e.side]
	c.noteKind(e)
	was := ep.shown
	ep.shown = e.apply(was)
	own := ends.has(e.sym) && e.basis != byTimer
	if own {
		ep.open |= 1 << fsm.SndRST // its sender's later life would void it
	}
	if e.basis == assumed {
		ep.open |= 1 << e.sym
		return
	}
	if ep.proved == was {
		ep.proved = ep.shown
	} else {
		ep.proved = e.apply(ep.proved)
	}
	if own {
		if closed := fsm.Of(fsm.Closed); ep.shown == closed {
			ep.proved = closed // whatever it had received before
		}
	}
}

// Among the kinds of the events of an end two things more are kept: that one of them may
// have led elsewhere, and, so much higher, the receipts of which there are several.
const (
	mayBeElsewhere symbols = 1 << fsm.NumSymbols
	severalShift           = 16
)

// noteKind adds e to the kinds of the events of its end.
func (c *connection) noteKind(e *event) {
	k, kind := &c.kinds[e.side], symbols(1)<<(e.sym&31)
	*k |= *k&kind&receipts<<severalShift | kind
	if e.also != 0 {
		*k |= mayBeElsewhere
	}
}

// several reports whether an end has more than one receipt of a kind.
func (c *connection) several(side uint8, sym fsm.Symbol) bool {
	return (c.kinds[side] >> severalShift & receipts).has(sym)
}

// settle notes whether both ends are ESTABLISHED and nothing is open.
func (c *connection) settle() {
	a, b := &c.ep[0], &c.ep[1]
	c.quiet = a.open|b.open == 0 && a.shown.Is(fsm.Established) && b.shown.Is(fsm.Established)
}

// transition is a change of state that the events of one side give.
type transition struct {
	*event
	t        int64
	index    int32 // of the event
	from, to fsm.Set
}

// fold calls yield for each change of state of side, in order. Times never
// decrease: a receipt that was moved behind the segment it crossed takes that
// segment's time.
func (c *connection) fold(side uint8, yield func(transition)) {
	k := pace{set: c.ep[side].initial}
	for i := range c.events {
		if e := &c.events[i]; e.side == side {
			if from := k.set; k.take(e) {
				yield(transition{event: e, t: k.t, index: int32(i), from: from, to: k.set})
			}
		}
	}
}

// pace is where a fold has come to.
type pace struct {
	set fsm.Set
	t   int64 // since when
}

// take takes an event, and reports whether it changes the states.
func (k *pace) take(e *event) bool {
	after := e.apply(k.set)
	if after == k.set {
		return false
	}
	k.set, k.t = after, max(k.t, e.t)
	return true
}

// stateSince returns when the shown state of an end began.
func (c *connection) stateSince(side uint8) int64 {
	k := pace{set: c.ep[side].initial}
	changed := false
	for i := range c.events {
		if e := &c.events[i]; e.side == side && k.take(e) {
			changed = true
		}
	}
	if !changed {
		return c.start
	}
	return k.t
}

// course is the way of one end through its states, folded once for a record.
type course struct {
	list    []transition
	visited fsm.Set // every state that it was, or may have been, in
	end     pace
}

// trace folds the events of both ends into a.courses, whose room it uses again.
func (a *Analyzer) trace(c *connection) {
	for i := range a.courses {
		k, set := &a.courses[i], c.ep[i].initial
		k.list, k.visited, k.end = k.list[:0], set, pace{set: set}
		k.follow(c, uint8(i), 0)
	}
}

// follow adds what the events of side change, from one on.
func (k *course) follow(c *connection, side uint8, from int) {
	events, list, visited := c.events, k.list, k.visited
	set, t := k.end.set, k.end.t
	for i := from; i < len(events); i++ {
		e := &events[i]
		if e.side != side {
			continue
		}
		after := e.apply(set)
		if after == set {
			continue
		}
		n := len(list)
		if n == cap(list) {
			list = append(list, transition{})
		}
		list = list[:n+1]
		tr := &list[n]
		t = max(t, e.t)
		tr.event, tr.t, tr.index, tr.from, tr.to = e, t, int32(i), set, after
		set, visited = after, visited|after
		if n > 0 && (e.sym == fsm.SndData || e.sym == fsm.RcvData) && tr.explains(&list[n-1]) {
			list = list[:n]
		}
	}
	k.list, k.visited, k.end = list, visited, pace{set, t}
}

// explains reports whether tr, which by data only rules out some of the states that
// its end may be in (R13), says where the FIN before it had led. That change
// then has its state; it is inferred.
func (tr *transition) explains(before *transition) bool {
	if before.sym != fsm.SndFIN && before.sym != fsm.RcvFIN {
		return false
	}
	_, known := before.to.One()
	if _, now := tr.to.One(); known || !now {
		return false
	}
	e := *before.event
	if e.by = tr.by; e.basis <= confirmed {
		e.basis = inferred
	}
	before.event, before.to = &e, tr.to
	return true
}

// rests reports whether the course rests on a receipt of a kind that is
// assumed: on its first, or on a copy in its place.
func (k *course) rests(sym fsm.Symbol) bool {
	for i := range k.list {
		if tr := &k.list[i]; tr.sym == sym && tr.basis == assumed {
			return true
		}
	}
	return false
}

// since is when the last state of the course began, start if there was none
// before. UNKNOWN goes on when some of the possible states are ruled out.
func (k *course) since(start int64) int64 {
	for i := len(k.list) - 1; i >= 0; i-- {
		tr := &k.list[i]
		_, from := tr.from.One()
		if _, to := tr.to.One(); from || to {
			return tr.t
		}
	}
	return start
}

// changingRow returns the row that a transition cites: for a set of several
// states that of the first member that changes, else of the first that stays.
func changingRow(set fsm.Set, sym fsm.Symbol) *fsm.Row {
	if s, one := set.One(); one {
		return fsm.Lookup(s, sym)
	}
	var first *fsm.Row
	for _, s := range set.States() {
		row := fsm.Lookup(s, sym)
		if row.Effect == fsm.Change {
			return row
		}
		if first == nil && row.Effect == fsm.Stay {
			first = row
		}
	}
	return first
}
