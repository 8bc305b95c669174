package analyzer

import (
	"slices"
	"time"
	"unsafe"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/analyzer/flow"
	"github.com/lastack/lastack/internal/prefetch"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// embryo is a connection of which one SYN was captured, and nothing else: of a scan
// or a flood there are millions, and of nearly all nothing else ever comes. It is the
// segment, as far as what comes later may ask for it. When something comes, the
// connection is made of it as if it had been made at once.
type embryo struct {
	tuple wire.FourTuple
	hash  uint64
	id    uint64
	ref   wire.FrameRef // 0: the place is free
	t     int64

	seq, ack     wire.Seq
	len          uint32
	tsval, tsecr uint32

	flags             wire.Flags
	has               wire.OptionSet
	window, sum, ipid uint16
	mss               uint16

	dir, ttl, scale, mptcp uint8
	arrow                  wire.Direction
	hasIPID, offload, cut  bool
	sums                   wire.Checksum
}

// In the table, and where a deadline names its connection, embryos are told from
// connections by these: the highest bit of an index, and a negative number. (Sleepers
// are told by one more bit.)
const embryoBit = 1 << 31

func embryoSelf(i int32) int32 { return ^i }

// nursery holds the embryos of an Analyzer, and their order: they become final, or
// are given up for others, the oldest first.
type nursery struct {
	slab[embryo]
	queue []due // by time; of those that have gone, too
	head  int   // of the queue
	gone  int   // of those in the queue

	hatched *connection  // whose end is not scheduled yet: see await
	syn     wire.Segment // of which it was made

	moulds  map[mouldKey]*mould
	last    *mould   // that of key
	key     mouldKey // of the last embryo that became final
	casting bool     // the record being built is of an embryo of that key
}

// release gives a place back. Its entry in the queue stays: it names another id.
func (n *nursery) release(i int32) {
	n.at(i).ref = 0
	n.slab.release(i)
	if n.gone++; n.gone > 1024 && 2*n.gone > len(n.queue)-n.head {
		n.queue = slices.DeleteFunc(n.queue[n.head:], func(d due) bool { return !n.holds(&d) })
		n.head, n.gone = 0, 0
	}
}

// holds reports whether the embryo of an entry is still there.
func (n *nursery) holds(d *due) bool {
	e := n.at(embryoSelf(d.self))
	return e.ref != 0 && e.id == d.id
}

// oldest returns the entry of the oldest embryo, nil if there is none.
func (n *nursery) oldest() *due {
	for n.head < len(n.queue) {
		if d := &n.queue[n.head]; n.holds(d) {
			return d
		}
		n.skip()
	}
	return nil
}

// skip passes over the first entry, of an embryo that has gone.
func (n *nursery) skip() {
	n.head++
	n.gone--
	if n.head == len(n.queue) {
		n.queue, n.head, n.gone = n.queue[:0], 0, 0
	} else if n.head > 4096 && 2*n.head > len(n.queue) {
		n.queue = slices.Delete(n.queue, 0, n.head)
		n.head = 0
	}
}

// lay keeps s as an embryo, if it opens a connection and is nothing but a SYN. Only
// a part of a Pool has embryos: what it holds is seen by nobody before it is final.
// Where hosts have timers of their own, embryos would not become final in their order.
func (a *Analyzer) lay(s *wire.Segment, hash uint64) bool {
	if a.part == nil || len(a.stacks.nets) > 0 || s.Options.NSACK > 0 || len(s.TCP) < 20 || len(s.TCP) > maxSummed || s.Tuple.Self() {
		return false
	}
	if _, ok := a.table.GetHashed(&s.Tuple, hash); ok {
		return false
	}
	n := &a.nursery
	t := s.Time + a.embryoLife()
	if k := len(n.queue); k > n.head && t < n.queue[k-1].t {
		return false // the capture's clock went back
	}
	i := n.alloc()
	n.at(i).set(s, hash)
	n.queue = append(n.queue, due{t: t, id: s.Packet, self: embryoSelf(i), tag: flow.TagOf(hash)})
	a.soonest = min(a.soonest, t)
	a.table.PutHashed(&s.Tuple, hash, uint32(i)|embryoBit)
	a.live++
	a.octets += embryoOctets
	return true
}

// set makes e of s.
func (e *embryo) set(s *wire.Segment, hash uint64) {
	o := &s.Options
	*e = embryo{
		tuple: s.Tuple, hash: hash, id: s.Packet, ref: s.Ref, t: s.Time,
		seq: s.Seq, ack: s.Ack, len: s.Len, tsval: o.TSVal, tsecr: o.TSEcr,
		flags: s.Flags, has: o.Has, window: s.Window, sum: s.Sum, ipid: s.IPID, mss: o.MSS,
		dir: s.Dir, ttl: s.TTL, scale: o.WindowScale, mptcp: o.MPTCP,
		arrow: s.Arrow, hasIPID: s.HasIPID, offload: s.Offload, cut: s.Fragment,
		sums: s.VerifyChecksum(),
	}
}

// segment fills s with what e was made of, but for the octets.
func (e *embryo) segment(s *wire.Segment) {
	*s = wire.Segment{
		Tuple: e.tuple, Packet: e.id, Ref: e.ref, Time: e.t,
		Seq: e.seq, Ack: e.ack, Len: e.len, Window: e.window, Flags: e.flags,
		Dir: e.dir, TTL: e.ttl, IPID: e.ipid, HasIPID: e.hasIPID, Arrow: e.arrow, Sum: e.sum,
		Offload: e.offload, Fragment: e.cut,
		Options: wire.Options{Has: e.has, WindowScale: e.scale, MSS: e.mss, TSVal: e.tsval, TSEcr: e.tsecr, MPTCP: e.mptcp},
	}
}

// releaseEmbryo gives the place of an embryo back.
func (a *Analyzer) releaseEmbryo(i int32) {
	a.nursery.release(i)
	a.live--
	a.octets -= embryoOctets
}

// hatch makes a connection of embryo i, which goes.
func (a *Analyzer) hatch(i int32) *connection {
	e, s := a.nursery.at(i), &a.nursery.syn
	e.segment(s)
	sums := e.sums
	a.releaseEmbryo(i)
	c := a.open(s, nil, current) // in the place that the embryo had in the table
	c.begin(s)
	if sums != wire.ChecksumUnknown {
		c.ep[s.Dir].sums[sums-1]++
	}
	a.weigh(c)
	return c
}

// held returns the connection that the table names: an embryo is hatched, a sleeper
// woken. When what comes of the packet is known, await follows.
func (a *Analyzer) held(index uint32) *connection {
	switch {
	case index&embryoBit != 0:
		c := a.hatch(int32(index &^ embryoBit))
		c.deadline, a.nursery.hatched = c.start+a.embryoLife(), c // as deadlineOf has it
		return c
	case index&sleeperBit != 0:
		c := a.wake(int32(index &^ sleeperBit))
		a.schedule(c, c.deadline)
		return c
	}
	return a.at(int32(index))
}

// await schedules the end of the connection that was hatched for a packet, if that has
// not changed it: nearly always it has, and then it was no use to have scheduled it.
func (a *Analyzer) await() {
	if c := a.nursery.hatched; c != nil {
		a.nursery.hatched = nil
		a.schedule(c, c.deadline)
	}
}

// finishEmbryo makes embryo i final, because of why.
func (a *Analyzer) finishEmbryo(i int32, why finality) {
	n, e, now := &a.nursery, a.nursery.at(i), a.now
	if why == finalTime {
		now = e.t + a.embryoLife()
	}
	if key := e.key(why, now); key != n.key {
		n.key, n.last = key, n.moulds[key]
	}
	if m := n.last; m != nil {
		m.fill(e)
		if !a.part.wanted(&m.conn, m.found) {
			m.n++
			client, server := &m.conn.Client, &m.conn.Server
			a.survey.AddSYN(*client, *server, e.t, now, detect.Mark{Frame: e.ref.Frame(), File: e.ref.File(), Time: stamp(e.t)}, e.id)
			a.table.DeleteHashed(&e.tuple, e.hash)
			a.releaseEmbryo(i)
			return
		}
		a.part.sure = true
	} else {
		n.casting = true
	}
	c := a.hatch(i)
	c.deadline = now
	if why == finalEvicted {
		c.flags |= evictedFlag
	}
	a.finish(c, why)
	n.casting, a.part.sure = false, false
}

// mouldKey is all that what is counted of an embryo can depend on, but for the number
// and the time of its packet: how it became final, after how many seconds, and what its
// SYN was like.
type mouldKey struct {
	why      finality
	seconds  int64
	has      wire.OptionSet
	flags    wire.Flags
	data, v6 bool
	dir, ttl uint8
	arrow    wire.Direction
	sums     wire.Checksum
}

func (e *embryo) key(why finality, now int64) mouldKey {
	return mouldKey{why: why, seconds: (now - e.t) / int64(time.Second), has: e.has, flags: e.flags, data: e.len > 0, v6: e.tuple.V6,
		dir: e.dir, ttl: e.ttl, arrow: e.arrow, sums: e.sums}
}

// maxMoulds bounds the moulds: a SYN can be made to differ in many ways.
const maxMoulds = 256

// mould is what an embryo comes to, for all of a key: it is counted once they are
// many.
type mould struct {
	conn  report.Connection // what is counted of it
	found []report.Finding
	n     int // of how many nobody wanted more
}

// cast makes the mould for the embryos that come to r and found.
func (n *nursery) cast(r *report.Connection, found []report.Finding) {
	if !n.casting || len(n.moulds) >= maxMoulds {
		return
	}
	m := &mould{conn: report.Connection{
		Type: r.Type, Incarnation: r.Incarnation, RoleBasis: r.RoleBasis, Duration: r.Duration, FinalBy: r.FinalBy,
		Findings: slices.Clone(r.Findings), Confidence: r.Confidence,
		Vantage: report.Vantage{Near: r.Vantage.Near, Basis: r.Vantage.Basis}, Open: report.Open{Kind: r.Open.Kind},
		Close: report.Close{Kind: r.Close.Kind, FirstCloser: r.Close.FirstCloser, EndedBy: r.Close.EndedBy, Basis: r.Close.Basis},
	}}
	m.conn.Endpoints.Client.State, m.conn.Endpoints.Server.State = r.Endpoints.Client.State, r.Endpoints.Server.State
	for _, f := range found {
		if len(f.Frames) != 1 || len(f.Connections) != 1 {
			return
		}
		f.Frames, f.FrameFiles, f.Connections = slices.Clone(f.Frames), slices.Clone(f.FrameFiles), slices.Clone(f.Connections)
		m.found = append(m.found, f)
	}
	if n.moulds == nil {
		n.moulds = map[mouldKey]*mould{}
	}
	n.moulds[n.key], n.last = m, m
}

// fill makes of m what e comes to.
func (m *mould) fill(e *embryo) {
	c, t := &m.conn, stamp(e.t)
	client, server := e.tuple.AddrPort(int(e.dir)), e.tuple.AddrPort(int(e.dir^1))
	c.ID, c.FirstFrame, c.LastFrame, c.Start, c.End = e.id, e.ref.Frame(), e.ref.Frame(), t, t
	c.Client, c.Server = report.Addr{IP: client.Addr(), Port: client.Port()}, report.Addr{IP: server.Addr(), Port: server.Port()}
	for i := range m.found {
		f := &m.found[i]
		f.Frames[0], f.Connections[0], f.T = e.ref.Frame(), e.id, t
		if len(f.FrameFiles) > 0 {
			f.FrameFiles[0] = e.ref.File()
		}
	}
}

// settle counts what the moulds have come to.
func (n *nursery) settle(t *tally) {
	for _, m := range n.moulds {
		t.finals(&m.conn, m.found, m.n)
		m.n = 0
	}
}

// embryoLife is how long an opening waits that is one SYN: see openingEnd.
func (a *Analyzer) embryoLife() int64 { return max(int64(time.Second), a.twoMSL(nil, 0)) }

// nextDue returns the earliest of what is due by now, nil if nothing is: an entry of
// the deadlines, or the oldest embryo's.
func (a *Analyzer) nextDue(now int64) *due {
	first := a.due.first()
	if n := &a.nursery; n.head < len(n.queue) && n.queue[n.head].t <= now {
		if d := n.oldest(); d != nil && (first == nil || d.before(first)) {
			first = d
		}
	}
	if first == nil || first.t > now {
		return nil
	}
	return first
}

// foresee asks for what is needed to give up the embryos that are the oldest but a
// few.
func (n *nursery) foresee(t *flow.Table) {
	if k := n.head + ahead; k < len(n.queue) {
		t.PrefetchTag(n.queue[k].tag)
		n.prefetch(embryoSelf(n.queue[k].self))
	}
}

// prefetch asks for embryo i.
func (n *nursery) prefetch(i int32) {
	prefetch.Lines(unsafe.Pointer(n.at(i)), (int(unsafe.Sizeof(embryo{}))+prefetch.LineSize-1)/prefetch.LineSize)
}
