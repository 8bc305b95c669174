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
//
// It takes two cache lines, which are written when the SYN comes and read when the embryo
// is given up: there is nothing in it twice.
type embryo struct {
	tuple wire.FourTuple
	id    uint64
	ref   wire.FrameRef // 0: the place is free

	t            int64
	seq, ack     wire.Seq
	len          uint32
	tsval, tsecr uint32
	tag          uint32 // where the table has it
	shape        shape

	window, sum, ipid, mss uint16
	scale, mptcp           uint8
	hasIPID, offload, cut  bool

	_ [3]byte // fills the last cache line
}

// shape is all of a SYN that what is counted of its embryo can depend on, but for its time,
// in one number: it is compared for every embryo that becomes final.
type shape uint64

// Where a shape has what. The options and the flags come first.
const (
	shapeFlags = 16
	shapeTTL   = shapeFlags + 16
	shapeArrow = shapeTTL + 8
	shapeSums  = shapeArrow + 8
	shapeDir   = shapeSums + 4
	shapeData  = shapeDir + 1
	shapeV6    = shapeData + 1
)

// shapeOf is that of s, of whose checksum that is known.
func shapeOf(s *wire.Segment, sums wire.Checksum) shape {
	x := shape(s.Options.Has) | shape(s.Flags)<<shapeFlags | shape(s.TTL)<<shapeTTL | shape(s.Arrow)<<shapeArrow |
		shape(sums)<<shapeSums | shape(s.Dir&1)<<shapeDir
	if s.Len > 0 {
		x |= 1 << shapeData
	}
	if s.Tuple.V6 {
		x |= 1 << shapeV6
	}
	return x
}

func (x shape) has() wire.OptionSet   { return wire.OptionSet(x) }
func (x shape) flags() wire.Flags     { return wire.Flags(x >> shapeFlags) }
func (x shape) ttl() uint8            { return uint8(x >> shapeTTL) }
func (x shape) arrow() wire.Direction { return wire.Direction(x >> shapeArrow & 0xff) }
func (x shape) sums() wire.Checksum   { return wire.Checksum(x >> shapeSums & 0xf) }
func (x shape) dir() uint8            { return uint8(x >> shapeDir & 1) }

// In the table, and where a deadline names its connection, embryos are told from
// connections by these: the highest bit of an index, and a negative number. (Sleepers
// are told by one more bit.)
const embryoBit = 1 << 31

func embryoSelf(i int32) int32 { return ^i }

// nursery holds the embryos of an Analyzer, and their order: they become final, or
// are given up for others, the oldest first.
type nursery struct {
	slab[embryo]
	life  int64 // how long an opening waits that is one SYN: see openingEnd
	queue []due // by time; of those that have gone, too
	head  int   // of the queue
	gone  int   // of those in the queue

	hatched *connection  // whose end is not scheduled yet: see await
	syn     wire.Segment // of which it was made

	moulds  map[mouldKey]*mould
	latest  [2]kind // of the last embryo that became final, by the end that is its client
	casting *kind   // the record being built is of an embryo of it; nil: of none, or that has a mould
}

// kind is a key and its mould; nil if there is none yet.
type kind struct {
	mouldKey
	*mould
}

// release gives a place back. Its entry in the queue stays, unless it is the first: it
// names another id.
func (n *nursery) release(i int32) {
	e := n.at(i)
	e.ref = 0
	n.slab.release(i)
	if d := &n.queue[n.head]; d.id == e.id {
		n.skip()
		return
	}
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
		n.gone--
		n.skip()
	}
	return nil
}

// skip passes over the first entry, of an embryo that has gone.
func (n *nursery) skip() {
	n.head++
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
	n := &a.nursery
	t := s.Time + n.life
	if k := len(n.queue); k > n.head && t < n.queue[k-1].t {
		return false // the capture's clock went back
	}
	i := n.alloc()
	if !a.table.Enter(&s.Tuple, hash, uint32(i)|embryoBit) {
		n.slab.release(i)
		return false
	}
	n.at(i).set(s, flow.TagOf(hash))
	n.queue = append(n.queue, due{t: t, id: s.Packet, self: embryoSelf(i), tag: flow.TagOf(hash)})
	a.soonest = min(a.soonest, t)
	a.live++
	a.octets += embryoOctets
	return true
}

// set makes e of s. Each field is set where it is: the compiler would make an embryo of
// them elsewhere first, and copy it.
func (e *embryo) set(s *wire.Segment, tag uint32) {
	o := &s.Options
	e.tuple, e.id, e.ref, e.t, e.tag = s.Tuple, s.Packet, s.Ref, s.Time, tag
	e.seq, e.ack, e.len, e.window, e.sum, e.ipid = s.Seq, s.Ack, s.Len, s.Window, s.Sum, s.IPID
	e.shape = shapeOf(s, s.VerifyChecksum())
	e.tsval, e.tsecr, e.mss, e.scale, e.mptcp = o.TSVal, o.TSEcr, o.MSS, o.WindowScale, o.MPTCP
	e.hasIPID, e.offload, e.cut = s.HasIPID, s.Offload, s.Fragment
}

// segment fills s with what e was made of, but for the octets.
func (e *embryo) segment(s *wire.Segment) {
	*s = wire.Segment{
		Tuple: e.tuple, Packet: e.id, Ref: e.ref, Time: e.t,
		Seq: e.seq, Ack: e.ack, Len: e.len, Window: e.window, Flags: e.shape.flags(),
		Dir: e.shape.dir(), TTL: e.shape.ttl(), IPID: e.ipid, HasIPID: e.hasIPID, Arrow: e.shape.arrow(), Sum: e.sum,
		Offload: e.offload, Fragment: e.cut,
		Options: wire.Options{Has: e.shape.has(), WindowScale: e.scale, MSS: e.mss, TSVal: e.tsval, TSEcr: e.tsecr, MPTCP: e.mptcp},
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
	sums := e.shape.sums()
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
		c.deadline, a.nursery.hatched = c.start+a.nursery.life, c // as deadlineOf has it
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
		now = e.t + n.life
	}
	k := a.kindOf(e, why, now)
	switch {
	case k.mould == nil:
		n.casting = k
	case a.unwanted(k.mould, e):
		a.surveySYN(e, now)
		a.table.Remove(e.tag, uint32(i)|embryoBit)
		a.releaseEmbryo(i)
		return
	default:
		a.part.sure = true
	}
	c := a.hatch(i)
	c.deadline = now
	if why == finalEvicted {
		c.flags |= evictedFlag
	}
	a.finish(c, why)
	n.casting, a.part.sure = nil, false
}

// surveySYN adds e to what is remembered of all connections.
func (a *Analyzer) surveySYN(e *embryo, now int64) {
	client, server := e.ends()
	a.survey.AddSYN(&detect.LoneSYN{Client: client, Server: server, T: e.t, Now: now, ID: e.id, Frame: e.ref.Frame(), File: e.ref.File()})
}

// ends returns the client and the server.
func (e *embryo) ends() (client, server report.Addr) {
	dir := int(e.shape.dir())
	c, s := e.tuple.AddrPort(dir), e.tuple.AddrPort(dir^1)
	return report.Addr{IP: c.Addr(), Port: c.Port()}, report.Addr{IP: s.Addr(), Port: s.Port()}
}

// mouldKey is all that what is counted of an embryo can depend on, but for the number
// and the time of its packet: what its SYN was like, how it became final, and after how
// many seconds.
type mouldKey struct {
	shape   shape
	why     finality
	seconds int64
}

// kindOf returns the kind of an embryo that becomes final now. Of a flood it is nearly
// always the one before.
func (a *Analyzer) kindOf(e *embryo, why finality, now int64) *kind {
	k := &a.nursery.latest[e.shape.dir()]
	seconds := (now - e.t) / int64(time.Second)
	if e.shape != k.shape || why != k.why || seconds != k.seconds {
		a.settle(k.mould)
		k.mouldKey = mouldKey{e.shape, why, seconds}
		k.mould = a.nursery.moulds[k.mouldKey]
	}
	return k
}

// maxMoulds bounds the moulds: a SYN can be made to differ in many ways.
const maxMoulds = 256

// settleEvery is how many embryos of a mould are counted at a time: so many that it is no
// work for each, so few that one who looks at a run sees it go on.
const settleEvery = 1024

// mould is what an embryo comes to, for all of a key. Those that nobody wants are counted
// when they are many.
type mould struct {
	conn   report.Connection // what is counted of it
	found  []report.Finding
	sieved bool   // nobody wants one any more, nor has to know which they are
	n      int    // those that are not counted yet: conn is filled of the first
	t      int64  // the earliest of them: not always the first, where the capture's clock goes back
	frame  uint64 // of found: the lowest of them, in its file
}

// cast makes the mould for the embryos that come to r and found.
func (n *nursery) cast(r *report.Connection, found []report.Finding) {
	if n.casting == nil || len(n.moulds) >= maxMoulds {
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
	n.moulds[n.casting.mouldKey], n.casting.mould = m, m
}

// unwanted reports whether nobody wants the record of e, of which m is the mould. It is
// counted then.
func (a *Analyzer) unwanted(m *mould, e *embryo) bool {
	if m.sieved {
		if m.count(e); m.n == settleEvery {
			a.settle(m)
		}
		return true
	}
	m.fill(e)
	if a.part.sieve.Wants(&m.conn, m.found) {
		return false
	}
	m.sieved = a.part.sieve.Enough()
	a.sum.final(&m.conn, m.found)
	return true
}

// count takes e to those that are still to be counted.
func (m *mould) count(e *embryo) {
	if m.n++; m.n == 1 {
		m.fill(e)
		return
	}
	if e.ref.Frame() < m.frame {
		m.proof(e)
	}
	if e.t < m.t {
		m.t, m.conn.Start = e.t, stamp(e.t)
	}
}

// fill makes of m what e comes to.
func (m *mould) fill(e *embryo) {
	c, t := &m.conn, stamp(e.t)
	m.t = e.t
	c.ID, c.FirstFrame, c.LastFrame, c.Start, c.End = e.id, e.ref.Frame(), e.ref.Frame(), t, t
	c.Client, c.Server = e.ends()
	for i := range m.found {
		m.found[i].Connections[0], m.found[i].T = e.id, t
	}
	m.proof(e)
}

// proof makes the frame of e that of what was found.
func (m *mould) proof(e *embryo) {
	m.frame = e.ref.Frame()
	for i := range m.found {
		f := &m.found[i]
		f.Frames[0] = m.frame
		if len(f.FrameFiles) > 0 {
			f.FrameFiles[0] = e.ref.File()
		}
	}
}

// settle counts what a mould has come to. Only the latest have something left to count.
func (a *Analyzer) settle(m *mould) {
	if m != nil && m.n > 0 {
		a.sum.finals(&m.conn, m.found, m.n)
		a.part.sieve.More(&m.conn, m.found, m.n)
		m.n = 0
	}
}

// settleAll does so when the input has ended.
func (a *Analyzer) settleAll() {
	for i := range a.nursery.latest {
		a.settle(a.nursery.latest[i].mould)
	}
}

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

// foreseeEnd asks for the place in the table of what is left at the end of the input, if it
// is an embryo.
func (a *Analyzer) foreseeEnd(self int32) {
	if _, ok := asleep(self); self < 0 && !ok {
		a.table.PrefetchTag(a.nursery.at(embryoSelf(self)).tag)
	}
}

// prefetch asks for embryo i.
func (n *nursery) prefetch(i int32) {
	prefetch.Lines(unsafe.Pointer(n.at(i)), (int(unsafe.Sizeof(embryo{}))+prefetch.LineSize-1)/prefetch.LineSize)
}
