package load

import "github.com/lastack/lastack/wire"

// conn is a connection under way.
type conn struct {
	ends  [2]host
	heads [2]head // of the frames that each end sends

	stage stage
	moves []move   // the act that is being played
	pos   int      // the move that is due
	when  [4]int64 // when the last moves passed the tap, by their position modulo 4
	lead  side     // who is a in this act

	flight flight
	cwnd   int      // segments of the next flight
	todo   [2]int   // octets that the talker is still to send, and the other after it
	talker side     // whose turn it is
	rtt    [2]int64 // from the tap to each end and back, nanoseconds
	idle   int64    // the keepalive timer, nanoseconds
	pause  int64    // before the next exchange or act
	synAt  int64    // when its last SYN was captured, or SYN,ACK
	synGap int64    // ... and how long after the one before
	until  int64    // when it is to be closed
	left   int      // packets that it is still to make

	v6, timestamps bool
	number         int // among all connections, from 0
	opening        *opening
	closing        *closing
	before         host // the server of the connection before on this four-tuple
	outcome        Outcome
}

// stage is the part of its life that a connection is in.
type stage uint8

const (
	opens stage = iota
	works
	closes
)

// host is one end of a connection.
type host struct {
	iss    wire.Seq
	next   wire.Seq // SND.NXT
	rcv    wire.Seq // RCV.NXT
	acked  wire.Seq // the last ACK it sent
	last   segment  // the last segment that took sequence space
	clock  uint32   // what its timestamps are ahead of the capture's milliseconds
	recent uint32   // TS.Recent
	id     uint16   // the IPv4 identification it used last

	// What RCV.NXT and TS.Recent were before the last segment arrived.
	oldRcv    wire.Seq
	oldRecent uint32
}

// segment is a TCP segment to be sent.
type segment struct {
	seq, ack     wire.Seq
	len          uint32
	tsval, tsecr uint32
	sack         [2]wire.Seq // the block, where the layout has one
	window       uint16
	id           uint16
	flags        wire.Flags
	layout       layout
}

// end is the sequence number after the segment.
func (s *segment) end() wire.Seq {
	return s.seq.Add(s.len + uint32(s.flags&wire.FIN) + uint32(s.flags&wire.SYN)>>1)
}

// take is what an end does with a segment that arrives.
func (h *host) take(s *segment) {
	h.oldRcv, h.oldRecent = h.rcv, h.recent
	isSYN := s.flags&wire.SYN != 0
	if blocks[s.layout].ts != 0 && (isSYN || s.seq.LessEq(h.acked)) {
		h.recent = s.tsval // RFC 7323 section 4.3
	}
	if isSYN || s.seq == h.rcv {
		h.rcv = s.end()
	}
}

// The windows that every host offers: 64,240 octets at first, then 64,256 by
// a scale of 7. No flight exceeds them.
const (
	firstWindow = 64240
	window      = 502
	scale       = 7
)
