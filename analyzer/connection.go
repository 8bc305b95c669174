package analyzer

import (
	"time"

	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// connection is one incarnation of a four-tuple, ep its two ends in the order
// of the canonical tuple. Nothing in it is written twice for the two sides.
//
// The fields of a connection and of an endpoint are in the order in which a
// segment needs them: what every one touches stands together, and in front. A
// segment then needs 4 cache lines of 19, and one that takes the long way most of 16.
type connection struct {
	tuple wire.FourTuple
	older int32 // slab index of the next incarnation of the key, or -1
	flags connFlags
	phase phase
	flip  uint8 // 1; 0 for a connection to itself
	quiet bool  // both ends are ESTABLISHED, and no receipt is open

	client     uint8 // the end that is the client
	role       role
	lostEvents uint8 // events that it has no room for, 255 or more
	self       int32 // own slab index

	id       uint64   // number of its first packet over all inputs
	x        *details // what only unusual connections have
	events   []event
	deadline int64 // when it becomes final by time; 0: never
	trail    *trail

	incarnation int32
	weight      uint32 // octets of what hangs on it, as the analyzer has counted them

	ep [2]endpoint

	start  int64
	first  wire.FrameRef
	last   wire.FrameRef // last and end: see latest
	end    int64
	twFrom [2]int64   // when the TIME-WAIT of each end began, or began again
	queued int64      // the time of its entry among the analyzer's deadlines, 0 for none
	kinds  [2]symbols // of the events of each end: what is not there need not be looked for

	room [mostEvents]event // of events, while they are no more
	_    [32]byte          // fills the last cache line
}

// latest is the last that was captured of the connection: a segment of either
// end, or what last and end hold (an ICMP error, a copy, the first segment).
func (c *connection) latest() moment {
	m := moment{c.last, c.end}
	for i := range c.ep {
		if ep := &c.ep[i]; ep.lastRef != 0 && (ep.lastTime > m.t || ep.lastTime == m.t && ep.lastRef > m.ref) {
			m = moment{ep.lastRef, ep.lastTime}
		}
	}
	return m
}

// role says how the client was recognised (I6).
type role uint8

const (
	roleUnknown role = iota
	roleSYN
	roleSYNACK
	roleGuess
)

var roleNames = [...]string{"guess", "syn", "syn-ack", "guess"}

// phase says where an incarnation stands among those of its key (I2).
type phase uint8

const (
	current   phase = iota // the one that segments belong to
	candidate              // a SYN on a key whose current incarnation lives
	stray                  // a candidate whose sender went on with the current numbers
	past                   // superseded, or final and remembered
)

// connFlags are what is worth a bit.
type connFlags uint16

const (
	midStream        connFlags = 1 << iota // its beginning was not captured
	simultaneousOpen                       // both ends sent a SYN without ACK
	splitOpen                              // ... after a bare ACK of the first
	fastOpen                               // the SYN carried data or asked for a cookie
	firstSYNACKInferred
	supersededFlag
	evictedFlag
	inTable     // the table has it for its key
	tappedTwice // it is seen at a second tap
	watched     // Options.Watch names it
	probing     // the last segment of end 0 was a keepalive probe; the next bit, of end 1
	probing1
	foretold   // Options.OnOver was given it
	unanswered // an end has sent something again that is not acknowledged yet
	sameISS    // its SYN has the number of that of the incarnation before: mostly a late copy
)

// probes is the bit for the last segment of an end being a keepalive probe.
func probes(end uint8) connFlags { return probing << end }

// endpoint is one end of a connection: what it sent, the numbers that it sends,
// its states.
type endpoint struct {
	// What every segment touches: of its sender both lines, of the peer the second,
	// where the numbers of a space are that change.
	lastTime         int64 // of its last segment
	lastRef          wire.FrameRef
	packets, payload uint64
	pauses           pauses
	lastAck          wire.Seq // SEG.ACK of its last segment with ACK
	lastLen          uint32   // and that segment's payload
	recent           uint32   // its latest segment in the trail
	answers          uint32   // there: its segments before the last, by their ACK number
	flags            endFlags
	ipid             uint16
	odd              uint8 // segments in a row whose numbers cannot be its own
	arrow            wire.Direction

	sp reassembly.Space

	open symbols // receipts not proved, and its own end: what its later segments may strike

	initial, shown, proved fsm.Set

	mss   uint16
	ttl   uint8 // of its first segment that was no RST
	scale uint8
	sums  [3]uint8

	// What other tools say of it (compat.go): Wireshark's bits that its segments set,
	// Zeek's states of it, and half of Zeek's history of the connection.
	complete uint8
	zeek     zeekEnd
	letters  uint32

	syn    opening
	fin    closing
	finAck moment // the first segment of the peer that covers its FIN
}

// pause is a time in which an end sent nothing, in tenths of a second, or, from an hour
// on, in tens of seconds; 0 if it was less than a second. Longer ones are greater.
type pause uint16

const (
	shortPause = int64(1e9)
	longPause  = int64(3276e9)
	inTens     = pause(1 << 15)
)

// pauseOf measures a time.
func pauseOf(d int64) pause {
	if d >= longPause {
		return inTens | pause(min(d/10e9, int64(inTens-1)))
	}
	return pause(d / 1e8)
}

func (p pause) duration() time.Duration {
	if p&inTens != 0 {
		return time.Duration(p&^inTens) * 10 * time.Second
	}
	return time.Duration(p) * time.Second / 10
}

// pauses are those between an end's segments: the longest but for the last, and the
// last.
type pauses struct{ longest, last pause }

// spokeAfter notes that an end sent something after it had been silent.
func (ep *endpoint) spokeAfter(d int64) {
	if ep.packets > 0 {
		ep.pauses = pauses{max(ep.pauses.longest, ep.pauses.last), pauseOf(d)}
	}
}

// unique is how many octets of payload the end has sent that were new.
func (c *connection) unique(x uint8) uint64 { return c.ep[x].payload - c.look(x).repeated }

// said notes that the end sent s, which has an ACK: the segment before goes to
// the trail, unless s repeats its ACK number.
func (ep *endpoint) said(s *wire.Segment, t *trail) {
	if ep.has(acked) && ep.lastAck != s.Ack {
		ep.toAnswers(t)
	}
	ep.flags |= acked
	ep.lastAck, ep.lastLen = s.Ack, s.Len
}

// unsaid notes that the end sent a segment that nothing answers, a RST or one
// without an ACK: what it said before goes to the trail.
func (ep *endpoint) unsaid(t *trail) {
	if ep.has(acked) {
		ep.toAnswers(t)
		ep.flags &^= acked
	}
}

// toAnswers remembers the end's last segment, and the ACK number that it
// carried.
func (ep *endpoint) toAnswers(t *trail) {
	a := t.answers.add()
	a.ref, a.ack, a.len, a.prev = ep.lastRef, ep.lastAck, ep.lastLen, ep.answers
	ep.answers = t.answers.last
	ep.flags |= ackMoved
}

// maxAnswers is how many ACK numbers of an end before the last are looked at (R6).
const maxAnswers = 4

// asked returns the last segment of the end that carried ack, 0 for none that
// is remembered, and its payload in octets: a bare RST names the segment that it
// answers by that number.
func (ep *endpoint) asked(ack wire.Seq, t *trail) (wire.FrameRef, uint32) {
	if ep.has(acked) && ep.lastAck == ack {
		return ep.lastRef, ep.lastLen
	}
	n := ep.answers
	for range maxAnswers {
		a := t.answers.at(n)
		if a == nil {
			break
		}
		if a.ack == ack {
			return a.ref, a.len
		}
		n = a.prev
	}
	return 0, 0
}

// firstSaid returns the lowest ACK number with which the end sent octets after its
// SYN,ACK, whose ACK number is given; false if that is not remembered.
func (ep *endpoint) firstSaid(synAck wire.Seq, t *trail) (first wire.Seq, ok bool) {
	if ep.lastLen > 0 {
		first, ok = ep.lastAck, true
	}
	n := ep.answers
	for range maxAnswers {
		a := t.answers.at(n)
		if a == nil {
			break
		}
		if a.ack == synAck {
			return first, ok
		}
		if a.len > 0 {
			first, ok = a.ack, true
		}
		n = a.prev
	}
	return 0, false
}

// endFlags are what is known of an endpoint by a bit.
type endFlags uint32

const (
	ackOfSYNRefuted  endFlags = 1 << iota
	sackPermitted             // on its SYN
	timestamps                // on its SYN
	scaleOption               // on its SYN
	likeLinux                 // the options of its SYN are in Linux's order
	synSeen                   // its SYN or SYN,ACK was captured whole, options and all
	finRepeatedFirst          // the first FIN captured of it is itself a repetition
	synAckSeen                // it sent a SYN,ACK
	ignoresRST                // it went on in TIME-WAIT after a RST (RFC 1337, F1)
	repeating                 // the last octets that it sent repeat others
	// mayHaveClosed: data waited at it when the peer's FIN came, and behind them
	// perhaps its own FIN.
	mayHaveClosed
	// finMayBeMissed: the last octets known of it were not captured, and a FIN may
	// be among them.
	finMayBeMissed
	// synMayBeOld: its SYN, older than its last segment in a connection that was
	// already open when the capture began, may be a late copy of that one's.
	synMayBeOld
	startedAnew // it opened a later incarnation
	acked       // its last segment had an ACK
	ackMoved    // it has sent more than one ACK number
	finStamped  // the first transmission of its FIN had a timestamp
	// finWhole: everything up to its FIN has been captured.
	finWhole
	// finUnordered: the capture lost the first transmission of its FIN, and whether
	// that came before or after the receipt of the peer's FIN is not known.
	finUnordered
	leftUnanswered // it closed a second or more after data that drew an ACK and no word
	hopsVary       // its first segments did not all come from as far
	greetsTLS      // its first octets begin a TLS record of a handshake
	finAckedByFIN  // the first segment that covers its FIN carried the peer's own
	saidData       // its data, and its ACKs, say nothing new to other tools: see compat
	saidACK
)

// flagIf returns f if ok.
func flagIf(f endFlags, ok bool) endFlags {
	if ok {
		return f
	}
	return 0
}

// opening is the first SYN of an end, or its SYN,ACK if it sent no SYN before.
type opening struct {
	ref   wire.FrameRef
	t     int64
	tsval uint32
	data  uint32 // octets of payload on it
}

// closing is the first transmission of an end's FIN.
type closing struct {
	ref    wire.FrameRef // 0 if it is only inferred
	t      int64
	before wire.FrameRef // its sender's segment before it
	ack    wire.Seq
	tsval  uint32 // with finStamped
}

// setFIN sets what is known of the end's FIN, and its flags.
func (ep *endpoint) setFIN(fin closing, flags endFlags) {
	ep.fin = fin
	ep.flags = ep.flags&^(finStamped|finWhole|finUnordered) | flags
}

// details are kept for connections to which something unusual happened.
type details struct {
	refuted   []refutation
	resets    []reset
	synCopies []transmission
	finCopies []transmission
	notes     []note
	lostNote  uint32
	rejected  *wire.ICMPError
	side      [2]*sideDetails // nil: nothing is known
	reuse     *reuse
	copies    uint64 // duplicates of the capture
	copied    moments
	taps      *taps
	half      halfClose

	previous   uint64  // id of the incarnation before, 0 for none
	letters    []uint8 // of Zeek's history, those that both ends have no room for
	challenges []challenge
	since      []moment      // for events without a frame, by what proves them: the earliest moment
	challenged wire.FrameRef // the RST that answers a challenge ACK, whose sender had sent a new SYN
}

// sideDetails are the details of one end.
type sideDetails struct {
	syn      repeated // its SYN, sent again
	synAck   repeated // its SYN,ACK, sent again
	fin      repeated // its FIN, sent again
	synGap   int64    // between the last two SYNs or SYN,ACKs
	synTaken uint32   // octets on its SYN that the SYN,ACK acknowledged
	reply    moment   // its first SYN,ACK, if it had sent a SYN before
	finDone  moment   // the segment that completed what lies before its FIN, if not the FIN
	finFill  moment   // the last segment below its FIN sent after it
	finAcked moment   // the last segment that covers its FIN
	pastISS  wire.Seq // ISS of its last request but one, if that had expired
	expired  bool
	// finShown is the TSval of the segment that showed a FIN the capture lost.
	finShown uint32

	letters [letterFlip - letterAgain]uint32 // how often Zeek would have noted each

	repeated                              uint64 // octets of payload that were not new
	retransmits, outOfOrder, duplicateACK uint32
	zeroWindows, probes, replies, wprobes uint32

	// What it has sent again since something of it was acknowledged: how often, and
	// when it sent it first (K5).
	unanswered     uint32
	unansweredAt   wire.Seq // SND.UNA then
	unansweredFrom int64

	missed moment     // the last ACK of its octets that the capture does not have
	unseen *unseenACK // the last ACK of octets that it had not been seen to send
}

// repeated is what was sent more than once: how often after the first time,
// and the last one.
type repeated struct {
	last  moment
	n     uint32
	tsval uint32
}

// again counts a further transmission.
func (r *repeated) again(s *wire.Segment) {
	r.n++
	r.last, r.tsval = moment{s.Ref, s.Time}, s.Options.TSVal
}

// refutation is a struck event and the frame that struck it.
type refutation struct {
	event
	by  wire.FrameRef
	why string
}

// transmission is one of a SYN or FIN that was sent more than once.
type transmission struct {
	t     int64
	ref   wire.FrameRef
	ack   wire.Seq
	tsval uint32
	side  uint8 // its sender
	hasTS bool
}

// sentAgain adds a transmission to a bounded list.
func sentAgain(list []transmission, s *wire.Segment) []transmission {
	if len(list) >= 4*maxCopies {
		return list
	}
	return append(list, transmission{t: s.Time, ref: s.Ref, ack: s.Ack, tsval: s.Options.TSVal, side: s.Dir,
		hasTS: s.Options.Has&wire.OptTimestamps != 0})
}

// moment is a frame and its time.
type moment struct {
	ref wire.FrameRef
	t   int64
}

// moments are the first and the last of several.
type moments struct{ first, last moment }

// add takes a further one.
func (m *moments) add(s *wire.Segment) {
	m.last = moment{s.Ref, s.Time}
	if m.first.ref == 0 {
		m.first = m.last
	}
}

// challenge is the refusal of a SYN by an end that still had the incarnation
// before: the ACK in the old numbers, the RST that the ACK drew, and the state
// of that end.
type challenge struct {
	ack, rst moment
	state    fsm.Set
	older    bool // the SYN's timestamp is older than the last of the incarnation before
}

// unseenACK is the last segment that acknowledged octets never captured (E5).
type unseenACK struct {
	ref       wire.FrameRef
	ack       wire.Seq
	end       wire.Seq         // SEG.SEQ+SEG.LEN of that segment
	unique    uint64           // the new octets that its sender had sent before it
	peer, own reassembly.Space // as they were before it: the space it acknowledges, its sender's
}

// halfClose measures what an end sent after it had acknowledged the peer's
// FIN.
type halfClose struct {
	from  int64
	sent  moments // the segments with new octets
	bytes uint64
	side  uint8
	seen  bool
	alert bool // nothing but a TLS alert
}

// details returns the side table, made at first use.
func (c *connection) details() *details {
	if c.x == nil {
		c.x = c.trail.details.take()
	}
	return c.x
}

// more returns the details of an end, made at first use.
func (c *connection) more(side uint8) *sideDetails {
	d := &c.details().side[side]
	if *d == nil {
		*d = c.trail.sides.take()
	}
	return *d
}

// release gives the details back, and the room of their lists.
func (d *details) release(t *trail) {
	for i, side := range d.side {
		if side != nil {
			*side = sideDetails{}
			t.sides.give(side)
			d.side[i] = nil
		}
	}
	t.refuted.give(d.refuted)
	t.resets.give(d.resets)
	t.copies.give(d.synCopies)
	t.copies.give(d.finCopies)
	t.notes.give(d.notes)
	*d = details{}
	t.details.give(d)
}

// nothing is what look returns of a connection without details.
var nothing sideDetails

// look returns the details of an end for reading.
func (c *connection) look(side uint8) *sideDetails {
	if c.x == nil || c.x.side[side] == nil {
		return &nothing
	}
	return c.x.side[side]
}

// lastSYN is the last transmission of an end's SYN.
func (c *connection) lastSYN(side uint8) (moment, uint32) {
	if r := &c.look(side).syn; r.n > 0 {
		return r.last, r.tsval
	}
	syn := &c.ep[side].syn
	return moment{syn.ref, syn.t}, syn.tsval
}

// firstReply is an end's first SYN,ACK.
func (c *connection) firstReply(side uint8) moment {
	if m := c.look(side).reply; m.ref != 0 {
		return m
	}
	return moment{c.ep[side].syn.ref, c.ep[side].syn.t}
}

// guard returns G of inference.md E3 for receiver y: how long after a segment
// was captured a segment of y may still have been sent without knowing of it.
func (c *connection) guard(y uint8) int64 {
	const least = 5e6
	rtt, ok := c.ep[c.peer(y)].sp.RTT()
	if !ok {
		return least
	}
	return rtt + rtt/2 + least
}

// peer returns the other end. A connection to itself has only one (R14).
func (c *connection) peer(x uint8) uint8 { return x ^ c.flip }

// setInitial replaces the initial states of an end, before its first event.
func (c *connection) setInitial(side uint8, set fsm.Set) {
	c.ep[side].initial = set
	c.refold(side)
}
