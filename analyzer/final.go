package analyzer

import (
	"math"
	"time"

	"github.com/lastack/lastack/analyzer/flow"
	"github.com/lastack/lastack/fsm"
)

// finality says why a record is final.
type finality uint8

const (
	finalTime finality = iota
	finalEnd
	finalSuperseded
	finalEvicted
)

var finalityNames = [...]string{"time", "end-of-input", "superseded", "evicted"}

// due is an entry of the deadline heap: connection id, at slab index self, is to
// be looked at when the capture's clock passes t.
type due struct {
	t    int64
	id   uint64
	self int32
	tag  uint32 // of an embryo: where the table has it
}

// before orders entries by time, then by the connection's id.
func (d *due) before(e *due) bool { return d.t < e.t || d.t == e.t && d.id < e.id }

// deadlines are entries that come out by their order. Of the entries of a connection
// one counts: if its deadline has moved on, that goes back when it comes up; if it has
// moved nearer, there is a new one.
//
// Nearly all wait equally long, for 2MSL, so most go in by their order too: they stand
// in a row. The others make a heap.
type deadlines struct {
	row  row
	heap heap
}

// push adds an entry.
func (l *deadlines) push(d due) {
	if last := l.row.last(); last != nil && d.before(last) {
		l.heap.push(d)
		return
	}
	l.row.push(d)
}

// first returns the earliest entry, nil if there is none.
func (l *deadlines) first() *due {
	first := l.row.at(0)
	if len(l.heap) > 0 && (first == nil || l.heap[0].before(first)) {
		first = &l.heap[0]
	}
	return first
}

// pop takes the earliest entry.
func (l *deadlines) pop() due {
	if first := l.row.at(0); len(l.heap) == 0 || first != nil && first.before(&l.heap[0]) {
		d := *first
		l.row.pop()
		return d
	}
	return l.heap.pop()
}

// row holds entries in their order. It grows and shrinks at its ends, by blocks, so
// that one of millions is never copied.
type row struct {
	blocks []*[rowBlock]due
	head   int // of the first entry, in the first block
	tail   int // after the last entry, in the last block
	spare  *[rowBlock]due
}

const rowBlock = 256

// at returns the entry behind i others, nil if there are not so many.
func (r *row) at(i int) *due {
	i += r.head
	k := i / rowBlock
	if k >= len(r.blocks) || k == len(r.blocks)-1 && i%rowBlock >= r.tail {
		return nil
	}
	return &r.blocks[k][i%rowBlock]
}

func (r *row) last() *due {
	if len(r.blocks) == 0 {
		return nil
	}
	return &r.blocks[len(r.blocks)-1][r.tail-1]
}

func (r *row) push(d due) {
	if len(r.blocks) == 0 || r.tail == rowBlock {
		if r.spare == nil {
			r.spare = new([rowBlock]due)
		}
		r.blocks, r.spare, r.tail = append(r.blocks, r.spare), nil, 0
	}
	r.blocks[len(r.blocks)-1][r.tail] = d
	r.tail++
}

func (r *row) pop() {
	r.head++
	if r.head == rowBlock || len(r.blocks) == 1 && r.head == r.tail {
		r.spare, r.head = r.blocks[0], 0
		r.blocks = r.blocks[:copy(r.blocks, r.blocks[1:])]
	}
}

// heap is a heap of due, earliest first. Every entry has four below it, which lie side
// by side: the heap is half as deep as with two, and so are the ways through memory.
// (container/heap would allocate twice for each entry.)
type heap []due

// below is how many entries lie below one in the heap.
const below = 4

// push adds an entry.
func (h *heap) push(d due) {
	list := append(*h, d)
	*h = list
	i := len(list) - 1
	for i > 0 {
		up := (i - 1) / below
		if !d.before(&list[up]) {
			break
		}
		list[i] = list[up]
		i = up
	}
	list[i] = d
}

// pop takes the earliest entry.
func (h *heap) pop() due {
	list := *h
	first, last := list[0], list[len(list)-1]
	list = list[:len(list)-1]
	*h = list
	if len(list) == 0 {
		return first
	}
	i := 0
	for {
		down := below*i + 1
		if down >= len(list) {
			break
		}
		least := down
		for k := down + 1; k < min(down+below, len(list)); k++ {
			if list[k].before(&list[least]) {
				least = k
			}
		}
		if !list[least].before(&last) {
			break
		}
		list[i] = list[least]
		i = least
	}
	list[i] = last
	return first
}

// schedule sets when c becomes final by time.
func (a *Analyzer) schedule(c *connection, t int64) {
	c.deadline = t
	if t == 0 || c.queued != 0 && c.queued <= t {
		return
	}
	c.queued = t
	a.enqueue(due{t: t, id: c.id, self: c.self})
}

// enqueue adds an entry.
func (a *Analyzer) enqueue(d due) {
	a.due.push(d)
	a.soonest = min(a.soonest, d.t)
}

// expire makes final what the clock has passed. Before a.soonest there is nothing.
func (a *Analyzer) expire(now int64) {
	if now < a.soonest {
		return
	}
	a.expireAll(now)
	a.soonest = math.MaxInt64
	if d := a.due.first(); d != nil {
		a.soonest = d.t
	}
	if n := &a.nursery; n.head < len(n.queue) {
		a.soonest = min(a.soonest, n.queue[n.head].t)
	}
}

func (a *Analyzer) expireAll(now int64) {
	for first := a.nextDue(now); first != nil; first = a.nextDue(now) {
		if _, ok := asleep(first.self); first.self < 0 && !ok {
			d := *first
			a.part.dueAt(&d)
			a.finishEmbryo(embryoSelf(d.self), finalTime)
			continue
		}
		d := a.due.pop()
		if next := a.due.first(); next != nil && next.self >= 0 {
			a.at(next.self).prefetch()
		}
		if i, ok := asleep(d.self); ok {
			if s := a.dorm.at(i); !s.held || s.id != d.id {
				continue
			}
			c := a.wake(i)
			c.queued, d.self = d.t, c.self
		}
		c := a.at(d.self)
		if c.id != d.id || c.queued != d.t {
			continue // it had to go before, and another has its place; or it has an entry for another time
		}
		c.queued = 0
		switch {
		case c.deadline == 0:
		case c.deadline > d.t:
			a.schedule(c, c.deadline) // it comes up again in its order
		default:
			if a.part != nil {
				a.part.dueAt(&d)
			}
			a.finish(c, finalTime)
		}
	}
}

// deadlineOf returns when c becomes final if nothing more is captured of it
// (inference.md section 8), or 0 if time alone never makes it so.
func (a *Analyzer) deadlineOf(c *connection) int64 {
	if c.phase == past {
		return c.deadline
	}
	one, two := &c.ep[0], &c.ep[1]
	closed := func(ep *endpoint) bool { return ep.shown.Is(fsm.Closed) || ep.shown.Is(fsm.Listen) }
	switch {
	case one.shown.Is(fsm.TimeWait), two.shown.Is(fsm.TimeWait):
		return max(a.timeWaitEnd(c, 0), a.timeWaitEnd(c, 1))
	case closed(one) && closed(two) || c.flip == 0 && closed(one):
		return c.latest().t + max(a.twoMSL(c, 0), a.twoMSL(c, 1))
	case one.shown.Intersects(fsm.Synchronized) && two.shown.Intersects(fsm.Synchronized):
		return 0
	case !one.proved.Intersects(fsm.Synchronized) && !two.proved.Intersects(fsm.Synchronized):
		return a.openingEnd(c)
	}
	return 0
}

// timeWaitEnd returns when the TIME-WAIT of an end runs out, 0 if it is in
// another state.
func (a *Analyzer) timeWaitEnd(c *connection, side uint8) int64 {
	if !c.ep[side].shown.Is(fsm.TimeWait) {
		return 0
	}
	since := c.twFrom[side]
	if c.changedAfter(side, since) {
		since = max(since, c.stateSince(side))
	}
	return since + a.twoMSL(c, side)
}

// changedAfter reports whether the shown state of an end may have begun after t.
func (c *connection) changedAfter(side uint8, t int64) bool {
	for i := range c.events {
		if e := &c.events[i]; e.t > t && e.side == side {
			return true
		}
	}
	return c.start > t
}

// timeWaitOver is timeWaitEnd of a connection whose course has been traced.
func (a *Analyzer) timeWaitOver(c *connection, side uint8) int64 {
	if !c.ep[side].shown.Is(fsm.TimeWait) {
		return 0
	}
	since := a.courses[side].end.t
	if len(a.courses[side].list) == 0 {
		since = c.start
	}
	return max(c.twFrom[side], since) + a.twoMSL(c, side)
}

// openingEnd returns when an opening that nobody completes is over: twice its
// last gap and a second after the last try, at least 2MSL.
func (a *Analyzer) openingEnd(c *connection) int64 {
	gap := max(c.look(0).synGap, c.look(1).synGap)
	return c.latest().t + max(2*gap+int64(time.Second), a.twoMSL(c, 0), a.twoMSL(c, 1))
}

// twoMSL is 2MSL of an end, in nanoseconds.
func (a *Analyzer) twoMSL(c *connection, side uint8) int64 {
	if a.opt.MSL > 0 {
		return 2 * int64(a.opt.MSL)
	}
	return int64(a.stackOf(c, side).TwoMSL)
}

func (a *Analyzer) stackOf(c *connection, side uint8) *Stack {
	if len(a.stacks.nets) == 0 {
		return a.stacks.fallback
	}
	return a.stacks.of(c.tuple.AddrPort(int(side)).Addr())
}

// timers gives both ends the timeouts that the clock has passed: 2MSL, and for
// an opening that became final by time its end, of which no packet tells. What the
// courses have is complete then.
func (a *Analyzer) timers(c *connection, now int64, why finality) {
	for side := range uint8(2) {
		if end := a.timeWaitOver(c, side); end != 0 && end <= now {
			a.timeout(c, &event{t: end, sym: fsm.Timeout2MSL, side: side, basis: byTimer})
		}
		if why == finalTime && c.ep[side].shown.Intersects(openingStates) && c.phase != stray {
			c.unseenSince(0, c.lastTry(side))
			a.timeout(c, &event{t: now, sym: fsm.TimeoutSYN, side: side, basis: byTimer})
		}
	}
}

var openingStates = fsm.Of(fsm.SynSent, fsm.SynReceived)

// timeout adds an event of a timer, and what it changes to the course.
func (a *Analyzer) timeout(c *connection, e *event) {
	if c.push(*e) {
		a.courses[e.side].follow(c, e.side, len(c.events)-1)
	}
}

// lastTry is when an end last sent a SYN or SYN,ACK.
func (c *connection) lastTry(side uint8) int64 {
	syn, _ := c.lastSYN(side)
	return max(syn.t, c.firstReply(side).t, c.look(side).synAck.last.t)
}

// finish makes the record of c and forgets c.
func (a *Analyzer) finish(c *connection, why finality) {
	now := a.now
	if why == finalTime {
		now = c.deadline // whatever packet moved the clock past it
	}
	if c.flags&tappedTwice != 0 {
		c.compareTaps(a.ends)
	}
	a.trace(c)
	a.timers(c, now, why)
	if c.flags&supersededFlag != 0 && why == finalTime {
		why = finalSuperseded
	}
	a.emit(c, why, now)
	a.forget(c)
}

// forget takes c out of its key's list and frees its place.
func (a *Analyzer) forget(c *connection) {
	hash := a.table.Hash(&c.tuple)
	index, ok := a.table.GetHashed(&c.tuple, hash)
	switch {
	case !ok:
	case int32(index) != c.self:
		a.unlink(a.at(int32(index)), c)
	case c.older >= 0:
		heir := a.at(c.older)
		a.enter(heir, hash) // it has the same key
		if heir.phase == candidate {
			heir.phase = current
		}
	default:
		a.table.Remove(flow.TagOf(hash), index)
	}
	a.live--
	a.octets -= connectionOctets + int64(c.weight)
	if c.x != nil {
		c.x.release(c.trail)
	}
	a.release(c)
}
