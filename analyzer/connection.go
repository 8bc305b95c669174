package analyzer

import (
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// connection is one incarnation of a four-tuple. Its two ends are ep[0] and
// ep[1], in the order of the canonical tuple; sp[i] is the sequence space that
// end i sends into. Nothing in it is written twice for the two sides.
type connection struct {
	tuple wire.FourTuple
	id    uint64 // number of its first packet over all inputs
	sp    [2]reassembly.Space
	ep    [2]endpoint

	events     []event
	lostEvents uint32

	first, last wire.FrameRef
	start, end  int64
	previous    uint64 // id of the incarnation before, 0 for none
	incarnation int32
	older       int32 // slab index of the next incarnation of the key, or -1
	self        int32 // own slab index
	deadline    int64 // when it becomes final by time; 0: never
	queued      bool  // it has an entry in the analyzer's deadline heap
	client      uint8 // the end that is the client
	flip        uint8 // 1; 0 for a connection to itself
	role        role
	phase       phase
	flags       connFlags

	recent [2]recents
	x      *details // what only unusual connections have
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
	phantom                                // a SYN,ACK that nobody had asked for (I4): no record
	simultaneousOpen                       // both ends sent a SYN without ACK
	splitOpen                              // ... after a bare ACK of the first
	fastOpen                               // the SYN carried data or asked for a cookie
	firstSYNACKInferred
	supersededFlag
	evictedFlag
	finalFlag
)

// endpoint is one end of a connection: its states, and what it sent.
type endpoint struct {
	initial, shown, proved fsm.Set
	open                   symbols // receipts not proved, and its own RST: what its later segments may strike
	flags                  endFlags
	ttl                    uint8 // of its first segment that was no RST
	sums                   [3]uint8
	mss                    uint16
	scale                  uint8
	arrow                  wire.Direction
	odd                    uint8 // segments in a row whose numbers cannot be its own
	ipid                   uint16

	lastTime int64 // of its last segment
	lastRef  wire.FrameRef
	twFrom   int64 // when its TIME-WAIT began, or began again

	packets, payload, unique              uint64
	retransmits, outOfOrder, duplicateACK uint32
	zeroWindows, probes, replies, wprobes uint32

	syn    opening
	synAck reply
	fin    closing
	finAck acknowledged

	answers ring // its last segments by their ACK number
}

// endFlags are what is known of an endpoint by a bit.
type endFlags uint16

const (
	ackOfSYNRefuted  endFlags = 1 << iota
	sackPermitted             // on its SYN
	timestamps                // on its SYN
	scaleOption               // on its SYN
	synSeen                   // its SYN or SYN,ACK was captured whole, options and all
	finRepeatedFirst          // the first FIN captured of it is itself a repetition
	probing                   // its last segment was a keepalive probe
	synAckSeen                // it sent a SYN,ACK
	sentData
	fastOpenCookie
	ignoresRST // it went on in TIME-WAIT after a RST (RFC 1337, F1)
)

// opening is what is remembered of an end's SYNs.
type opening struct {
	ref     wire.FrameRef // the first
	lastRef wire.FrameRef // the last
	t, last int64
	gap     int64  // between the last two SYNs or SYN,ACKs
	tsval   uint32 // of the last
	copies  uint32 // SYNs after the first
	replies uint32 // SYN,ACKs after the first
	data    uint32 // octets of payload on it
	taken   uint32 // ... that the SYN,ACK acknowledged
}

// reply is what is remembered of an end's SYN,ACKs: the first and the last.
type reply struct {
	ref, lastRef wire.FrameRef
	t, last      int64
}

// closing is what is remembered of an end's FINs.
type closing struct {
	ref     wire.FrameRef // the first transmission
	lastRef wire.FrameRef // the last one
	doneRef wire.FrameRef // the segment that made everything up to the FIN captured
	t, last int64
	doneT   int64
	fillRef wire.FrameRef // the last segment below the FIN sent after it
	fillT   int64
	ack     wire.Seq // SEG.ACK of the first
	tsval   uint32   // of the first
	hasTS   bool
	// unordered: the capture lost it, and whether it came before or after the
	// receipt of the peer's is not known.
	unordered bool
	shownBy   uint32 // TSval of the segment that showed a FIN the capture lost
	copies    uint32 // FINs after the first
}

// acknowledged is the first segment of the peer that covers an end's FIN, and
// the last.
type acknowledged struct {
	ref, lastRef wire.FrameRef
	t, lastT     int64
	withFIN      bool // it carried the peer's own FIN
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
	missed    [2]moment    // the last ACK of octets of that end which the capture does not have
	unseen    [2]unseenACK // by the end whose octets were acknowledged
	reuse     *reuse
	copies    uint64 // duplicates of the capture
	copied    moments
	taps      *taps
	half      halfClose

	challenges []challenge
	challenged wire.FrameRef // the RST that answers a challenge ACK, whose sender had sent a new SYN
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
	tsval uint32
	side  uint8 // its sender
	hasTS bool
}

// sentAgain adds a transmission to a bounded list.
func sentAgain(list []transmission, side uint8, t int64, ref wire.FrameRef, o *wire.Options) []transmission {
	if len(list) >= 4*maxCopies {
		return list
	}
	return append(list, transmission{t: t, ref: ref, tsval: o.TSVal, side: side, hasTS: o.Has&wire.OptTimestamps != 0})
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
}

// unseenACK is the last segment that acknowledged octets never captured (E5).
type unseenACK struct {
	ref       wire.FrameRef
	ack       wire.Seq
	void      bool             // its octets were never sent
	end       wire.Seq         // SEG.SEQ+SEG.LEN of that segment
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
}

// details returns the side table, made at first use.
func (c *connection) details() *details {
	if c.x == nil {
		c.x = &details{}
	}
	return c.x
}

// ringSize is how many ACK numbers of an end are remembered (R6).
const ringSize = 8

// ring remembers an end's last ACK numbers and the last segment that carried
// each: a bare RST names the segment it answers by that number.
type ring struct {
	ref [ringSize]wire.FrameRef
	ack [ringSize]wire.Seq
	len [ringSize]uint32 // its payload, in octets
	top uint8
}

// add remembers that ref carried ack.
func (r *ring) add(ack wire.Seq, ref wire.FrameRef, octets uint32) {
	if r.ref[r.top] == 0 || r.ack[r.top] != ack {
		r.top = (r.top + 1) % ringSize
	}
	r.ack[r.top], r.ref[r.top], r.len[r.top] = ack, ref, octets
}

// lookup returns the last segment that carried ack, 0 for none, and its
// payload in octets.
func (r *ring) lookup(ack wire.Seq) (ref wire.FrameRef, octets uint32) {
	for i := range ringSize {
		k := (int(r.top) + ringSize - i) % ringSize
		if r.ref[k] != 0 && r.ack[k] == ack {
			return r.ref[k], r.len[k]
		}
	}
	return 0, 0
}

// guard returns G of inference.md E3 for receiver y: how long after a segment
// was captured a segment of y may still have been sent without knowing of it.
func (c *connection) guard(y uint8) int64 {
	const least = 5e6
	rtt, ok := c.sp[c.peer(y)].RTT()
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
