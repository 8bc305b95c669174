package analyzer

import (
	"iter"
	"net/netip"
	"time"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/analyzer/flow"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
	"github.com/lastack/lastack/wire"
)

// Options say how to analyse. The zero value assumes Linux at both ends.
type Options struct {
	// Stack is assumed of hosts that no entry of Networks names; nil is Linux.
	Stack    *Stack
	Networks []NetworkStack
	// MSL, if not 0, is the maximum segment lifetime in place of every stack's.
	MSL time.Duration
	// IgnoreEncapsulation puts segments together whatever VLANs and tunnels they came
	// through. Without it those of different ones are different connections.
	IgnoreEncapsulation bool
	// VerifyChecksums leaves segments, and IPv4 packets, with a wrong checksum out, as the
	// stack does that they reach.
	VerifyChecksums bool
	// DecapPorts says what to look for in UDP on ports other than the well-known ones, or
	// in place of it.
	DecapPorts map[uint16]wire.Encapsulation
	// Limits are the thresholds of detectors; nil are the defaults.
	Limits *detect.Limits
	// Files is how many inputs the capture has: with more than one the records
	// name the file of each frame.
	Files int
	// Watch, if not 0, is the id of a connection whose segments are to be kept
	// for Ladder.
	Watch uint64
	// OnRecord, if not nil, is given each record as it becomes final, in place
	// of Records. It is valid only during the call; of a *report.Finding a copy
	// (*f) may be kept, of a *report.Connection what it points to is used again.
	OnRecord func(report.Record)
	// OnOver, if not nil, is given what is known of a connection as soon as both
	// of its ends have closed, but for a TIME-WAIT: the connection, then its
	// findings, valid only during the call. It is for those who cannot wait
	// until it is final; what comes later may change it.
	OnOver func(report.Record)
	// MaxConnections bounds the connections held at a time; 0 is a million.
	// Beyond it the one that tells least is given up and reported as evicted.
	MaxConnections int
	// MaxMemory, if not 0, bounds in the same way the octets that what is known of
	// connections takes: some 1,300 of one that is open, 200 of a SYN that nobody has
	// answered. What the program needs besides, and what the garbage collector has not
	// taken away yet, come on top.
	MaxMemory int64
	// Sift, if not nil, is for a Pool with OnRecord: it returns a Sieve for each part of
	// the connections; nil wants all. OnRecord is given only what it wants.
	Sift func() Sieve
	// Encode and OnEncoded, if not nil, are for a Pool, in place of OnRecord: the
	// workers themselves append the records to what they have written, each with
	// a function of its own that Encode returns, and OnEncoded is given the octets
	// of several records at a time, in order, valid only during the call.
	Encode    func() func(b []byte, r report.Record) []byte
	OnEncoded func(b []byte)
}

const defaultConnections = 1 << 20

// Sieve says of connections whether anybody wants their records. What it is given is
// valid only during the call, and not whole: it has no texts, and of a SYN that nobody
// answered it has only what a count can depend on.
type Sieve interface {
	// Wants is asked about a connection and its findings. If it does not want one, it
	// wants none either that is the same but for its ends, its frames and its time, and
	// has a higher ID.
	Wants(c *report.Connection, found []report.Finding) bool
	// Enough is asked when Wants did not want a connection: whether of more that are the
	// same it only has to know how many they are.
	Enough() bool
	// More is told of n more connections that Wants would not want, for it did not want
	// one that was the same, and that was Enough. c has the earliest time at which one began,
	// found the lowest frame.
	More(c *report.Connection, found []report.Finding, n int)
}

// Analyzer follows the connections of one capture. It is not safe for use by
// several goroutines. Packets, segments and ICMP errors must come in the
// capture's order.
type Analyzer struct {
	opt    Options
	stacks stackTable

	decoder wire.Decoder
	batch   [BatchSize]arrival
	errors  []wire.ICMPError // of the batch

	table   *flow.Table
	nursery nursery
	dorm    dormitory
	slab    slab[connection]
	due     deadlines
	soonest int64 // nothing is due before
	live    int
	octets  int64 // that what is held takes
	now     int64 // the capture's clock: the latest time seen
	began   bool
	taps    [poolParts]*tapTable
	trails  [poolParts]*trail
	latest  fileEnds // of each input, so far
	ends    fileEnds // the same, when the input has ended
	hand    int32    // of the search for something to evict

	// For tests: no segment takes the short way; how many did.
	unpredicted bool
	short       uint64

	out []report.Record
	rec *recordBuf // the record being built
	// text is where the texts of records lie.
	text words.Room
	// Scratch of a record: the ways of both ends, and what the detectors see.
	courses [2]course
	in      detect.Input
	late    lateDetail
	// addTransitions adds those of late.
	addTransitions func()
	found          []report.Finding // room for those of one connection
	sum            tally
	survey         *detect.Survey
	view           watch
	part           *dealer // in a Pool
}

// New returns an Analyzer that has seen nothing.
func New(opt Options) *Analyzer {
	a := &Analyzer{opt: opt}
	if opt.Stack == nil {
		a.opt.Stack = &Stacks[0]
	}
	if opt.MaxConnections == 0 {
		a.opt.MaxConnections = defaultConnections
	}
	a.stacks = newStackTable(a.opt.Stack, opt.Networks)
	a.in.Limits = a.limits()
	a.survey = detect.NewSurvey(a.in.Limits)
	a.table = flow.New(tableSeed, a.keyAt)
	a.decoder.IgnoreIDs, a.decoder.Ports, a.decoder.Verify = opt.IgnoreEncapsulation, opt.DecapPorts, opt.VerifyChecksums
	if len(a.stacks.nets) == 0 { // else there are no embryos
		a.nursery.life = max(int64(time.Second), a.twoMSL(nil, 0))
	}
	a.dorm.begin(opt.MaxMemory)
	a.addTransitions = func() { a.transitions(a.late.c, a.late.r, a.late.now) }
	return a
}

// limits are those of the options, with what is assumed of hosts.
func (a *Analyzer) limits() *detect.Limits {
	limits := detect.Defaults()
	if a.opt.Limits != nil {
		*limits = *a.opt.Limits
	}
	limits.Ports = func(h netip.Addr) (low, high uint16) {
		s := a.stacks.of(h)
		return s.PortLow, s.PortHigh
	}
	limits.TwoMSL = func(h netip.Addr) time.Duration {
		if a.opt.MSL > 0 {
			return 2 * a.opt.MSL
		}
		return a.stacks.of(h).TwoMSL
	}
	return limits
}

// keyAt returns the key of what the table names by an index.
func (a *Analyzer) keyAt(i uint32) *wire.FourTuple {
	switch {
	case i&embryoBit != 0:
		return &a.nursery.at(int32(i &^ embryoBit)).tuple
	case i&sleeperBit != 0:
		return &a.dorm.at(int32(i &^ sleeperBit)).tuple
	}
	return &a.at(int32(i)).tuple
}

// at returns the connection at a slab index.
func (a *Analyzer) at(i int32) *connection { return a.slab.at(i) }

// alloc takes a free place of the slab.
func (a *Analyzer) alloc() *connection {
	i := a.slab.alloc()
	c := a.at(i)
	c.self, c.events = i, c.room[:0]
	return c
}

// release gives a place back.
func (a *Analyzer) release(c *connection) {
	i := c.self
	*c = connection{}
	a.slab.release(i)
}

// AddPacket decodes a captured packet and adds what is in it. p.Data is not
// kept.
func (a *Analyzer) AddPacket(p *capture.Packet) {
	in := &a.batch[0]
	a.errors = a.errors[:0]
	a.decode(p, in)
	a.take(in, nil)
}

// AddPackets is AddPacket for each of several packets, in less time: while one
// is analysed, the connections of those after it are on their way from memory.
func (a *Analyzer) AddPackets(list []capture.Packet) {
	for len(list) > 0 {
		n := min(len(list), BatchSize)
		a.errors = a.errors[:0]
		for i := range n {
			a.decode(&list[i], &a.batch[i])
		}
		a.foreseeEnds(a.batch[n-1].segment.Time)
		var guess [BatchSize]*connection
		for i := range min(n, ahead) {
			guess[i] = a.foresee(&a.batch[i])
		}
		for i := range n {
			if i+ahead < n {
				guess[i+ahead] = a.foresee(&a.batch[i+ahead])
			}
			if i+ahead/2 < n {
				foreseeMore(&a.batch[i+ahead/2], guess[i+ahead/2])
			}
			a.take(&a.batch[i], guess[i])
		}
		list = list[n:]
	}
}

// Add adds a segment that the caller has decoded. Its Packet numbers must
// rise.
func (a *Analyzer) Add(s *wire.Segment) {
	a.sum.packets++
	a.latest.see(s, a.opt.Files)
	a.clock(s.Time)
	a.add(s, s.Tuple.Hash(tableSeed))
}

// AddICMP adds an ICMP error that the caller has decoded.
func (a *Analyzer) AddICMP(e *wire.ICMPError) {
	a.sum.packets++
	a.clock(e.Time)
	a.icmp(e)
}

// Advance moves the capture's clock on without a packet, as a live capture
// does while nothing arrives.
func (a *Analyzer) Advance(t time.Time) { a.clock(t.UnixNano()) }

// clock takes the time of a packet. Time that goes back is counted; the clock
// stays.
func (a *Analyzer) clock(t int64) {
	if !a.began {
		a.began, a.now = true, t
	}
	if t < a.now {
		a.sum.timeWentBack++
		return
	}
	a.now = t
	a.expire(t)
}

// add runs one segment through its connection.
func (a *Analyzer) add(s *wire.Segment, hash uint64) {
	if !s.Rest {
		a.sum.segments++
	}
	if s.Flags&(wire.SYN|wire.ACK|wire.FIN|wire.RST) == wire.SYN && a.lay(s, hash) {
		a.bound()
		return
	}
	c := a.choose(s, hash)
	if c == nil {
		a.sum.strayResets++
		return
	}
	if c.predicted(s) && !a.unpredicted {
		a.short++
		c.follow(s, a.trailOf(hash))
		return
	}
	settled := s.Flags&(wire.SYN|wire.FIN|wire.RST) == 0 && len(c.events) > 0 && c.deadline == 0
	if c.handshaken(s) && !a.unpredicted {
		c.establish(s, a.trailOf(hash))
	} else if !a.unforeseen(c, s, hash) {
		a.await()
		return
	}
	a.weigh(c)
	if !settled || c.ep[0].open|c.ep[1].open != 0 {
		a.moved(c)
	}
	a.await()
	a.bound()
}

// unforeseen runs a segment through c of which nothing was known before. It reports
// false if s is a copy of another.
func (a *Analyzer) unforeseen(c *connection, s *wire.Segment, hash uint64) bool {
	if kind := a.copied(c, s, hash); kind != original {
		a.sum.copies++
		c.compat(s, false) // other tools know no copies
		a.watchCopy(c, s, kind)
		return false
	}
	p := c.add(s)
	a.watchSegment(c, s, &p)
	return true
}

// moved follows up on states of c that may have changed: when c becomes final,
// and whether it is over.
func (a *Analyzer) moved(c *connection) {
	a.schedule(c, a.deadlineOf(c))
	if a.opt.OnOver != nil {
		a.foretell(c)
	}
}

// icmp ends an opening that an ICMP error rejects. Hard and soft codes alike
// do so; fragmentation needed and Packet Too Big do not (inference.md section
// 4).
func (a *Analyzer) icmp(e *wire.ICMPError) {
	index, ok := a.table.Get(&e.Tuple)
	if !ok || !rejects(e) {
		return
	}
	defer a.await()
	for c := a.held(index); c != nil; c = a.next(c) {
		if c.reject(e) {
			a.moved(c)
			return
		}
	}
}

// rejects reports whether an ICMP error ends an opening.
func rejects(e *wire.ICMPError) bool {
	if e.V6 {
		return e.Type == 1 || e.Type == 3 || e.Type == 4
	}
	return e.Type == 3 && e.Code != 4 || e.Type == 11 || e.Type == 12
}

// Records returns the records that became final since it was last called:
// connections and findings, in the order in which they did. Each record may be
// kept. With Options.OnRecord there are none.
func (a *Analyzer) Records() iter.Seq[report.Record] {
	return func(yield func(report.Record) bool) {
		for i, r := range a.out {
			if !yield(r) {
				a.out = append(a.out[:0], a.out[i+1:]...)
				return
			}
		}
		a.out = a.out[:0]
	}
}
