package analyzer

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/crew"
	"github.com/lastack/lastack/internal/prefetch"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// Pool is an Analyzer with several workers, for captures that are read to their
// end. Its records are the same, in the same order, however many workers there
// are: connections are dealt out to a fixed number of parts by the hash of their
// key, and what becomes final is put in order again.
//
// Like an Analyzer it is not safe for use by several goroutines: only what it
// does inside is done side by side. It neither watches a connection
// (Options.Watch) nor foretells (Options.OnOver).
type Pool struct {
	opt   Options
	parts []*Analyzer
	mask  uint64 // of the bits of a hash that name a part
	crew  *crew.Crew[*dealt]
	cur   *dealt
	free  []*dealt
	size  int // of a heap

	decoder wire.Decoder
	in      arrival // the packet that is decoded
	sum     tally   // of packets; the parts count connections
	latest  fileEnds
	now     int64
	began   bool
	encoded []byte
}

// How a capture is dealt out. The number of parts changes which connections are
// given up at Options.MaxConnections, so it must not depend on the machine.
const (
	poolParts    = 16
	poolPackets  = 8192    // decoded at a time, at most: a worker looks at one part's after the other
	poolEnds     = 256     // so many connections become final at a time when the input has ended
	usualHand    = 128     // packets of a heap that a part has room for at first
	alonePackets = 512     // with one worker: so many stay near the processor
	poolDepth    = 2       // as many such heaps wait for each worker, at most
	maxHeld      = 8       // blocks of packets that a heap holds, or one more
	maxKept      = 2 << 20 // octets of packets that a heap keeps, or a packet more
	fewest       = 256     // connections that a part holds at least, unless there is only one
)

// dealt is a heap of packets that all parts work on.
type dealt struct {
	hands  [poolParts]hand
	n      int
	clock  [poolPackets]int64 // the capture's clock at each
	latest [poolPackets]int16 // the last packet, at each, with which it did not go back; -1: none
	shares [poolParts]share   // of each part
	octets []byte             // of the segments, which are only lent to AddPackets
	kept   int                // how many
	held   []*capture.Block   // where those of AddHeld lie
	errors []wire.ICMPError
	// With ending the input is over: what is left, up to this id, becomes final.
	ending bool
	upTo   uint64
}

// A packet of a heap is numbered with 15 bits, and lies in as many lines as are asked for at
// once: neither constant is negative.
const (
	_ = uint(math.MaxInt16 - poolPackets)
	_ = uint(3*prefetch.LineSize - unsafe.Sizeof(arrival{}))
)

// hand is what is dealt to one part of a heap, in the capture's order. It lies in one
// piece: the processor sees by itself which memory comes next.
type hand []arrival

// add adds a packet. (What append is given by value is copied twice.)
func (h *hand) add(in *arrival) {
	list, n := *h, len(*h)
	if n == cap(list) {
		list = slices.Grow(list, max(n, usualHand))
	}
	list = list[:n+1]
	list[n] = *in
	if n+1 < cap(list) {
		prefetch.OwnThree(unsafe.Pointer(&list[:n+2][n+1])) // another processor had it
	}
	*h = list
}

// keep makes the octets of s the heap's own.
func (d *dealt) keep(s *wire.Segment) {
	if s.TCP == nil {
		return
	}
	if len(s.TCP) > cap(d.octets)-len(d.octets) {
		d.octets = make([]byte, 0, max(2*cap(d.octets), poolPackets*64, len(s.TCP)))
	}
	d.kept += len(s.TCP)
	from := len(d.octets)
	d.octets = append(d.octets, s.TCP...)
	s.TCP = d.octets[from:]
}

// hold holds the block that packets to come lie in, if it is not held.
func (d *dealt) hold(block *capture.Block) {
	if n := len(d.held); n == 0 || d.held[n-1] != block {
		d.held = append(d.held, block.Again())
	}
}

// share is what one part makes of a heap.
type share struct {
	items []item
	bytes []byte       // encoded, in the order of items
	back  []*recordBuf // delivered: their room can be used again
}

// item is a connection that became final, and its findings.
type item struct {
	key   place
	rec   *recordBuf
	found []report.Finding
	end   int // of its octets in share.bytes
}

// place orders what becomes final within a heap as one Analyzer would: at which
// packet; before that is looked at, or by it; among what was due then, by when
// and whose.
type place struct {
	at int32
	by bool
	t  int64
	id uint64
}

func (p *place) compare(q *place) int {
	switch {
	case p.at != q.at:
		return cmp.Compare(p.at, q.at)
	case p.by != q.by:
		if q.by {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(p.t, q.t), cmp.Compare(p.id, q.id))
}

// dealer is what an Analyzer knows as a part of a Pool.
type dealer struct {
	heap   *dealt
	share  *share
	next   int32 // after its last packet in the heap: nothing of it happens before
	now    int32 // the packet whose time it is
	key    place
	spare  []*recordBuf
	left   []int32 // at the end of the input, by id
	encode func([]byte, report.Record) []byte
	sieve  Sieve // nil: all records are wanted
	sure   bool  // that of the connection being finished is
}

// NewPool returns a Pool that has seen nothing, with that many workers; fewer
// than two do all within the calls.
func NewPool(opt Options, workers int) *Pool {
	if opt.MaxConnections == 0 {
		opt.MaxConnections = defaultConnections
	}
	p := &Pool{opt: opt}
	p.decoder.Tunnels = &wire.Tunnels{} // the parts name them
	p.decoder.IgnoreIDs, p.decoder.Ports, p.decoder.Verify = opt.IgnoreEncapsulation, opt.DecapPorts, opt.VerifyChecksums
	parts := poolParts
	if opt.MaxConnections < poolParts*fewest {
		parts = 1
	}
	opt.MaxConnections /= parts
	opt.MaxMemory /= int64(parts)
	var connections quarry[connection]
	var embryos quarry[embryo]
	var sleepers quarry[sleeper]
	for range parts {
		a := New(opt)
		a.part = &dealer{}
		a.slab.quarry, a.nursery.quarry, a.dorm.quarry = &connections, &embryos, &sleepers
		a.decoder.Tunnels = p.decoder.Tunnels
		if opt.Encode != nil {
			a.part.encode = opt.Encode()
		}
		if opt.Sift != nil {
			a.part.sieve = opt.Sift()
		}
		p.parts = append(p.parts, a)
	}
	workers = min(max(workers, 1), parts)
	p.size = poolPackets
	if workers == 1 {
		p.size = alonePackets
	}
	p.crew = crew.New(workers, poolDepth, p.work)
	p.mask = uint64(parts - 1)
	for range poolDepth + 2 {
		p.free = append(p.free, &dealt{})
	}
	p.cur = p.take()
	return p
}

// take returns a heap that is free.
func (p *Pool) take() *dealt {
	d := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	d.n, d.octets, d.kept, d.errors, d.ending = 0, d.octets[:0], 0, d.errors[:0], false
	for i := range d.hands {
		d.hands[i] = d.hands[i][:0]
	}
	return d
}

// AddPackets decodes captured packets and deals them out. Their Data is not kept.
// What has become final meanwhile is delivered.
func (p *Pool) AddPackets(list []capture.Packet) {
	for i := range list {
		p.add(&list[i], false)
	}
}

// AddHeld is AddPackets for packets whose Data is held by block, which the Pool
// releases when it has no need of them any more. That spares a copy.
func (p *Pool) AddHeld(list []capture.Packet, block *capture.Block) {
	for i := range list {
		p.cur.hold(block) // for each: the heap may be handed out, and come back, between two
		p.add(&list[i], true)
	}
	block.Release()
	if len(p.cur.held) >= maxHeld {
		p.put()
	}
}

// add decodes a packet and deals it out. Its data is held, or copied.
func (p *Pool) add(packet *capture.Packet, held bool) {
	d, in := p.cur, &p.in
	s := &in.segment
	s.Packet, s.Time, s.Ref = packet.Number, packet.Time, wire.MakeFrameRef(packet.File, packet.Frame)
	in.outcome = p.decoder.Decode(uint32(packet.Link), packet.Data, packet.OrigLen, s)
	p.sum.packet(in.outcome)
	p.latest.see(s, p.opt.Files)
	in.at, in.behind = int16(d.n), p.clock(s.Time)
	switch in.outcome {
	case wire.OutcomeTCP:
		if packet.Direction != capture.DirectionUnknown {
			s.Arrow = wire.Direction(packet.Direction)
		}
		if !held {
			d.keep(s)
		}
		in.hash = s.Tuple.Hash(tableSeed)
		p.deal()
	case wire.OutcomeICMP:
		e := p.decoder.ICMP
		e.Packet, e.Time, e.Ref = s.Packet, s.Time, s.Ref
		in.nth, in.hash = uint16(len(d.errors)), e.Tuple.Hash(tableSeed)
		d.errors = append(d.errors, e)
		p.deal()
	}
	if d.n++; d.n == p.size || d.kept >= maxKept {
		p.put()
	}
}

// clock takes the time of a packet, and reports whether it is before the capture's clock,
// which does not go back.
func (p *Pool) clock(t int64) (behind bool) {
	d := p.cur
	last := int16(d.n)
	switch {
	case !p.began:
		p.began, p.now = true, t
	case t >= p.now:
		p.now = t
	default:
		behind = true
		p.sum.timeWentBack++
		if last = -1; d.n > 0 {
			last = d.latest[d.n-1]
		}
	}
	d.clock[d.n], d.latest[d.n] = p.now, last
	return behind
}

// deal gives the packet to the part that has its key.
// The table of a part uses other bits of the hash.
func (p *Pool) deal() {
	p.cur.hands[p.in.hash&p.mask].add(&p.in)
}

// put hands the heap to the workers and delivers what they have done.
func (p *Pool) put() {
	p.crew.Put(p.cur)
	for p.crew.Ready() || len(p.free) == 0 {
		p.deliver(p.crew.Next())
	}
	p.cur = p.take()
}

// Flush delivers all that the packets so far have made final.
func (p *Pool) Flush() {
	if p.cur.n > 0 {
		p.put()
	}
	for p.crew.Under() > 0 {
		p.deliver(p.crew.Next())
	}
}

// Close ends the input: every connection that is left becomes final and is
// delivered.
func (p *Pool) Close() {
	p.Flush()
	var room sorter
	for _, a := range p.parts {
		a.part.left, a.dorm.closing = a.byFirstFrame(&room), true
		a.ends = p.latest
	}
	room = nil
	for _, upTo := range p.ends() {
		p.cur.ending, p.cur.upTo = true, upTo
		p.put()
	}
	p.Flush()
	p.crew.Close()
	for _, a := range p.parts {
		a.settleAll()
	}
	p.survey()
}

// ends returns the ids up to which the connections that are left become final with each
// heap: about poolEnds of them at a time, at most twice as many. Of each part some ids are
// looked at, for a million connections may be left.
func (p *Pool) ends() (list []uint64) {
	n, every := len(p.parts), poolEnds/len(p.parts)
	for _, a := range p.parts {
		for i := every - 1; i < len(a.part.left); i += every {
			list = append(list, a.idOf(a.part.left[i]))
		}
	}
	slices.Sort(list)
	k := 0
	for i := n - 1; i < len(list); i += n {
		list[k] = list[i]
		k++
	}
	return append(list[:k], math.MaxUint64) // and the rest
}

// survey delivers what all connections together show.
func (p *Pool) survey() {
	whole := p.parts[0].survey
	for _, a := range p.parts[1:] {
		whole.Merge(a.survey)
	}
	whole.AddFragments(fragmentAttacks(&p.decoder))
	found := whole.Findings()
	for i := range found {
		p.sum.findings.add(found[i].ID, 1)
		if p.opt.Encode == nil {
			p.opt.OnRecord(&found[i])
		} else {
			p.encoded = p.parts[0].part.encode(p.encoded, &found[i])
		}
	}
	if len(p.encoded) > 0 {
		p.opt.OnEncoded(p.encoded)
		p.encoded = p.encoded[:0]
	}
}

// deliver gives the caller, in order, what became final in a heap.
func (p *Pool) deliver(d *dealt) {
	var at [poolParts]int
	for {
		best := -1
		for i := range p.parts {
			items := d.shares[i].items
			if at[i] < len(items) && (best < 0 || items[at[i]].key.compare(&d.shares[best].items[at[best]].key) < 0) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		p.give(&d.shares[best], at[best])
		at[best]++
	}
	if len(p.encoded) > 0 {
		p.opt.OnEncoded(p.encoded)
		p.encoded = p.encoded[:0]
	}
	for _, b := range d.held {
		b.Release()
	}
	d.held = d.held[:0]
	p.free = append(p.free, d)
}

// give delivers the i-th item of a share.
func (p *Pool) give(s *share, i int) {
	it := &s.items[i]
	if p.opt.Encode != nil {
		from := 0
		if i > 0 {
			from = s.items[i-1].end
		}
		p.encoded = append(p.encoded, s.bytes[from:it.end]...)
		return
	}
	p.opt.OnRecord(&it.rec.conn)
	for k := range it.found {
		p.opt.OnRecord(&it.found[k])
	}
	s.back = append(s.back, it.rec)
}

// Summary returns the counts. It is for when the input has ended.
func (p *Pool) Summary() *report.Summary {
	t := tally{packets: p.sum.packets, timeWentBack: p.sum.timeWentBack, skipped: p.sum.skipped,
		undecoded: p.decoder.Undecoded(), findings: slices.Clone(p.sum.findings)}
	for _, a := range p.parts {
		t.add(&a.sum)
	}
	return t.summary()
}

// add adds what a part has counted.
func (t *tally) add(part *tally) {
	t.segments += part.segments
	t.copies += part.copies
	t.strayResets += part.strayResets
	t.connections += part.connections
	for _, m := range [...]struct{ to, from *counts }{
		{&t.byOpen, &part.byOpen}, {&t.byClose, &part.byClose}, {&t.byCloser, &part.byCloser}, {&t.byCause, &part.byCause},
		{&t.states, &part.states}, {&t.findings, &part.findings}, {&t.lifetimes, &part.lifetimes},
	} {
		for _, k := range *m.from {
			m.to.add(k.name, k.n)
		}
	}
}

// work is what one worker does of a heap: the packets of its parts, of one part after the
// other, so that what a part needs for all of its packets is fetched once.
func (p *Pool) work(worker int, d *dealt) {
	for i := worker; i < len(p.parts); i += p.crew.Workers() {
		p.parts[i].begin(d, i)
		p.parts[i].run(d.hands[i])
		p.parts[i].end(d)
	}
}

// run analyses packets in their order, while the connections of those after them are on
// their way from memory: see ahead.
func (a *Analyzer) run(in hand) {
	for i := range min(len(in), 2*ahead) {
		a.table.Prefetch(in[i].hash)
	}
	var guess [ahead]*connection // of those to come, by their place modulo ahead
	for i := range min(len(in), ahead) {
		guess[i] = a.foresee(&in[i])
	}
	i := 0
	for ; len(in) > 2*ahead; in = in[1:] {
		next := (*[2*ahead + 1]arrival)(in)                          // one check of bounds for all
		prefetch.Three(unsafe.Pointer(&in[min(3*ahead, len(in)-1)])) // another processor has dealt it out
		a.table.Prefetch(next[2*ahead].hash)
		c := guess[i%ahead]
		guess[i%ahead] = a.foresee(&next[ahead])
		foreseeMore(&next[ahead/2], guess[(i+ahead/2)%ahead])
		a.turn(&next[0], c)
		i++
	}
	for k := range in {
		c := guess[i%ahead]
		if k+ahead < len(in) {
			guess[i%ahead] = a.foresee(&in[k+ahead])
		}
		if k+ahead/2 < len(in) {
			foreseeMore(&in[k+ahead/2], guess[(i+ahead/2)%ahead])
		}
		a.turn(&in[k], c)
		i++
	}
}

// begin makes a ready for a heap, of which it is the i-th part.
func (a *Analyzer) begin(d *dealt, i int) {
	p := a.part
	p.heap, p.share, p.next, p.now = d, &d.shares[i], 0, 0
	p.spare = append(p.spare, p.share.back...)
	p.share.items, p.share.bytes, p.share.back = p.share.items[:0], p.share.bytes[:0], p.share.back[:0]
	if d.n > 0 {
		a.began = true
		a.foreseeEnds(d.clock[d.n-1])
	}
}

// end takes the clock to the end of the heap, and the input to its end if the heap
// says so.
func (a *Analyzer) end(d *dealt) {
	p := a.part
	if last := int32(d.n) - 1; p.next <= last {
		a.tick(last, d.clock[last])
	}
	if !d.ending {
		return
	}
	n := slices.IndexFunc(p.left, func(self int32) bool { return a.idOf(self) > d.upTo })
	if n < 0 {
		n = len(p.left)
	}
	a.close(p.left[:n])
	p.left = p.left[n:]
}

// turn analyses a packet of the heap, whose connection is probably c.
func (a *Analyzer) turn(in *arrival, c *connection) {
	p, at, clock := a.part, int32(in.at), in.segment.Time
	if in.behind {
		clock = p.heap.clock[at]
	}
	a.tick(at, clock)
	if a.sum.segments%drowseEvery == 0 { // the heaps differ with the workers
		a.drowse(1)
	}
	p.next = at + 1
	if a.usual(in, c) {
		return // nothing can have become final
	}
	p.key = place{at: at, by: true}
	a.dispatch(in, p.heap.errors)
}

// tick takes the clock to that of packet n. As with one Analyzer, nothing becomes final
// by time while packets only go back.
func (a *Analyzer) tick(n int32, clock int64) {
	p := a.part
	p.now, a.now = n, clock
	if clock >= a.soonest && int32(p.heap.latest[n]) >= p.next {
		a.expire(clock)
	}
}

// dueAt notes the place of what is due: at the first packet after the part's
// last with which the clock reaches that time.
func (p *dealer) dueAt(d *due) {
	clock := p.heap.clock[p.next : p.now+1]
	i, _ := slices.BinarySearch(clock, d.t)
	at := p.next + int32(i)
	for int32(p.heap.latest[at]) != at { // one that went back
		at++
	}
	p.key = place{at: at, t: d.t, id: d.id}
}

// add takes what became final.
func (p *dealer) add(rec *recordBuf, found []report.Finding) {
	it := item{key: p.key}
	if n := len(p.share.items); n > 0 && it.key.compare(&p.share.items[n-1].key) < 0 {
		it.key = p.share.items[n-1].key
	}
	if p.encode == nil {
		it.rec, it.found = rec, found
		p.share.items = append(p.share.items, it)
		return
	}
	b := p.encode(p.share.bytes, &rec.conn)
	for i := range found {
		b = p.encode(b, &found[i])
	}
	p.share.bytes, it.end = b, len(b)
	p.share.items = append(p.share.items, it)
}

// room returns a place for a record; what was in it has been delivered.
func (p *dealer) room(last *recordBuf) *recordBuf {
	if p.encode != nil && last != nil {
		return last // it was encoded
	}
	if n := len(p.spare); n > 0 {
		b := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return b
	}
	return &recordBuf{refuted: []report.Refuted{}, resets: []report.Reset{}}
}
