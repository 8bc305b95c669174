package detect

import (
	"math/bits"
	"time"

	"github.com/lastack/lastack/report"
)

// NoteKind names something unusual that a segment was.
type NoteKind uint8

// Kinds of note.
const (
	SYNAgain     NoteKind = iota // a SYN sent again
	SYNACKAgain                  // a SYN,ACK sent again
	FINAgain                     // a FIN sent again
	DataAgain                    // octets sent again; Value is how many
	Probe                        // a keepalive probe; Value is its octets of payload
	ProbeReply                   // an ACK that answers a keepalive probe
	WindowProbe                  // a probe of a closed window
	ZeroWindow                   // a window closes
	WindowOpened                 // it opens again
	Strange                      // numbers that cannot be its sender's (E1)
	BadChecksum                  // a SYN, FIN or RST whose checksum is wrong
	OldDuplicate                 // belongs to an earlier incarnation by its numbers; Value is its octets of payload
	OldReset                     // a RST of an earlier incarnation, with the number that the receiver expects in this one
	SmallCame                    // reports that something behind a hole came, which is shorter than a full segment; Value is its octets
	DeafAgain                    // octets sent again that were acknowledged, while what the other sent is not; Value is the ACK number
	Answered                     // the first segment after several repetitions of the other end drew nothing; Value is for how many milliseconds they did
)

// Note is one unusual segment. Of one kind and side the first and the last few
// are kept.
type Note struct {
	Kind  NoteKind
	Side  report.Side // its sender
	Frame uint64
	File  int
	Time  time.Time
	Value uint32
	// Idle is how long nothing of the connection had been captured before it.
	Idle time.Duration
	// Fits says of an OldDuplicate that neither the window nor the timestamps
	// of the present incarnation keep it out.
	Fits bool
}

// Mark is one segment, or an ICMP error: where it stands in the capture.
// Frame 0 is none.
type Mark struct {
	Frame uint64
	File  int
	Time  time.Time
}

// Input is all that a detector sees of one connection.
type Input struct {
	Conn *report.Connection
	// Notes are the unusual segments, in order; LostNotes is how many more
	// there were.
	Notes     []Note
	LostNotes int
	// SYN, SYNACK and FIN are the first and last transmissions of each side,
	// by side index (0 client, 1 server); Frame 0 where none was captured.
	// The server's SYN is its SYN,ACK unless both ends sent a SYN.
	SYN, FIN [2]Sent
	SYNStamp uint32 // TSval of the client's SYN; 0: none
	SYNACK   Sent
	// FINAcked is the first segment that acknowledges each side's FIN, and the
	// last.
	FINAcked [2]Sent
	// Last is the last segment of each side.
	Last [2]Mark
	// HalfClose is the first and the last segment with new octets that an end
	// sent after it had acknowledged the other's FIN (Conn.HalfClose).
	// OnlyAlert says that it was nothing but a TLS alert.
	HalfClose Sent
	OnlyAlert bool
	// Resets has, for each of Conn.Resets, what the record does not hold.
	Resets []ResetDetail
	// Unseen is the last segment that acknowledges octets of each side which
	// the capture does not have.
	Unseen [2]Mark
	// Copies counts segments captured twice, Copied is the first and the last
	// of them; Taps, when not nil, says that they were seen at two places of
	// the path.
	Copies uint64
	Copied Sent
	Taps   *Taps
	// ReuseHolder is the side that held TIME-WAIT, and ReuseUnsafe says that
	// the new numbers lie inside the old ones without timestamps to tell them
	// apart. They mean something with Conn.Reuse. TimeWait is the segment of
	// the earlier incarnation that took the holder into TIME-WAIT.
	ReuseHolder report.Side
	ReuseUnsafe bool
	TimeWait    Mark
	// Challenges are the refusals of this connection's SYN by an end that
	// still had the earlier incarnation.
	Challenges []Challenge
	// TimeWaits is when each side was in TIME-WAIT.
	TimeWaits [2]Span
	// Taken says of each side that it sent data, and that all of it was acknowledged.
	Taken [2]bool
	// LeftUnanswered says of each side that it closed a second or more after data that drew
	// an ACK and nothing else.
	LeftUnanswered [2]bool
	// Pauses are times in which each side sent nothing, before it sent something that
	// was no RST: the longest but for the last, and the last. Short ones are not noted.
	Pauses [2][2]time.Duration
	// Now is the end of what was captured so far.
	Now time.Time
	// Stack names the assumptions in force; TwoMSL is that of each side.
	Stack  string
	TwoMSL [2]time.Duration
	// Limits are the thresholds; nil are the defaults.
	Limits *Limits
	// Multi says that the capture has several files, so that findings name
	// them.
	Multi bool
	// Brief says that only what a count needs is wanted of a finding: ID,
	// Severity, Confidence, Connections, ConnectionsTotal, Side, and of Frames and
	// FrameFiles the first. Its texts, T, Values, SeenBy, Check, Refs and the filter
	// stay empty, and no room is taken for them.
	Brief bool
	// Late, if not nil, adds Conn.Transitions, which are not there yet: few detectors
	// ask for them.
	Late func()

	scratch *scratch
}

// Span is a time, in nanoseconds since the epoch; From 0 is none.
type Span struct{ From, Until int64 }

// Clear makes in empty again and keeps the room that its lists have.
func (in *Input) Clear() {
	notes, resets, challenges, limits, room := in.Notes[:0], in.Resets[:0], in.Challenges[:0], in.Limits, in.scratch
	*in = Input{} // at its place: as one value with the others it would be put together elsewhere, and copied
	in.Notes, in.Resets, in.Challenges, in.Limits, in.scratch = notes, resets, challenges, limits, room
}

// Sent is one kind of segment as it was sent: the first time and the last.
type Sent struct {
	Frame, LastFrame uint64
	File, LastFile   int
	Time, LastTime   time.Time
	Copies           int // transmissions after the first
}

// Challenge is the refusal of a SYN (inference.md T3): the ACK with old numbers
// that answered it, the RST that the ACK drew, and the state in which the end
// that refused held the earlier incarnation.
type Challenge struct {
	ACK, RST Mark
	State    string
	Older    bool // the SYN's timestamp is older than the last of the connection before
}

// ResetDetail is what was so when a RST came.
type ResetDetail struct {
	Time time.Time
	// Idle is how long its sender had sent nothing.
	Idle time.Duration
	// Octets is the payload of the segment that it answers.
	Octets uint32
	// Signs are those of an injection.
	Signs Sign
	// Elsewhere says that by its hop limit it came from nearer, or farther, than all that
	// its sender had sent.
	Elsewhere bool
	// Unasked says that its sender closed after a TLS handshake without a request.
	Unasked bool
}

// Sign is a set of signs that a RST does not come from its sender (C7).
type Sign uint16

// Signs of an injected RST.
const (
	SignTTL          Sign = 1 << iota // another hop limit than its sender's
	SignIPID                          // an IPv4 id outside the run of its sender's
	SignNoTimestamp                   // no timestamp option where its sender's stack has one
	SignBehind                        // a number behind what its sender had sent
	SignContradicted                  // its sender went on
	SignBothEnds                      // RSTs to both ends within a round trip
	SignTooSoon                       // an answer sooner than the path takes
	SignPayload                       // octets of payload, of which stacks send none with a RST
	SignNotSent                       // the tap near its sender has not shown it, the one near its receiver has
)

// Taps describes copies seen at a second tap: how many of each side's segments,
// the smallest delay between the taps, and the first copy.
type Taps struct {
	Copies [2]uint32
	Delay  [2]time.Duration
	Frame  [2]uint64
	File   [2]int
	// BothEnds says that there is a tap near each end, in a file of its own. Heard is
	// then the last segment of each side that came to the other's tap, and ACKs are
	// those that may have completed the handshake: as they were sent, and as they came.
	BothEnds bool
	Heard    [2]Mark
	ACKs     [][2]Mark
}

// Detector is one kind of finding: what it means, what is to be said of every
// finding of it, and the function that looks for it.
type Detector struct {
	ID    string // records.md
	Title string // what it is called in lists
	Means string // what it is, in a sentence or two
	// Severity is that of the ordinary case, by this scale. info: healthy, or
	// of interest only to who looks for it. notice: something went wrong or
	// looks odd, and nobody has to act on a single one. warning: a program was
	// hurt, or somebody ought to act. critical is left to findings over many
	// connections.
	Severity string
	Disproof string   // what would show otherwise
	Advice   string   // what to do; that there is nothing to do, where that is so
	Check    []string // commands that tell more on the hosts
	Refs     []string // RFC sections, functions of the Linux kernel

	needs  trait
	find   func(*Input) []claim
	survey func(*Survey) []overall // of what is found over many connections
}

// Overall reports whether the detector finds things over many connections only, not in one.
func (d *Detector) Overall() bool { return d.find == nil }

// index returns the array index of a side.
func index(s report.Side) int {
	if s == report.Server {
		return 1
	}
	return 0
}

// Run adds the findings of one connection to list, in the order of All.
func Run(in *Input, list []report.Finding) []report.Finding {
	if in.empty() {
		return list
	}
	traits := in.traits()
	if traits == 0 {
		return list
	}
	in.room().begin()
	var asked uint64
	for ; traits != 0; traits &= traits - 1 {
		asked |= askedBy[bits.TrailingZeros32(uint32(traits))]
	}
	for ; asked != 0; asked &= asked - 1 {
		list = All[bits.TrailingZeros64(asked)].add(in, list)
	}
	return list
}

// empty reports whether the record is of nothing to judge: a stray SYN, or the
// late FINs, RSTs and ACKs of a connection that was over before
// (inference.md section 8).
func (in *Input) empty() bool {
	c := in.Conn
	if c.Open.Kind == "stray-syn" {
		return true
	}
	client, server := &c.Endpoints.Client, &c.Endpoints.Server
	return c.Open.Kind == "mid-stream" && c.FinalBy != "evicted" &&
		client.PayloadBytes+server.PayloadBytes+client.KeepaliveProbes+server.KeepaliveProbes == 0
}

// Lookup returns the detector with the given id.
func Lookup(id string) (*Detector, bool) {
	for i := range All {
		if All[i].ID == id {
			return &All[i], true
		}
	}
	return nil, false
}
