package detect

import (
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
	OldDuplicate                 // belongs to an earlier incarnation by its numbers
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
	SYN, FIN [2]Sent
	SYNACK   Sent
	// FINAcked is the first segment that acknowledges each side's FIN, and the
	// last.
	FINAcked [2]Sent
	// Copies counts segments captured twice; Taps, when not nil, says that
	// they were seen at two places of the path.
	Copies uint64
	Taps   *Taps
	// ReuseHolder is the side that held TIME-WAIT, and ReuseUnsafe says that
	// the new numbers lie inside the old ones without timestamps to tell them
	// apart. They mean something with Conn.Reuse.
	ReuseHolder report.Side
	ReuseUnsafe bool
	// Now is the end of what was captured so far.
	Now time.Time
	// Stack names the assumptions in force; TwoMSL is that of each side.
	Stack  string
	TwoMSL [2]time.Duration
	// Multi says that the capture has several files, so that findings name
	// them.
	Multi bool
}

// Sent is one kind of segment as it was sent: the first time and the last.
type Sent struct {
	Frame, LastFrame uint64
	File, LastFile   int
	Time, LastTime   time.Time
	Copies           int // transmissions after the first
}

// Taps describes copies seen at a second tap: how many of each side's segments,
// and the smallest delay between the taps.
type Taps struct {
	Copies [2]uint32
	Delay  [2]time.Duration
	Frame  [2]uint64
}

// Detector is one kind of finding.
type Detector struct {
	ID    string // records.md
	Title string // what it is called in lists
	Refs  []string
	Find  func(*Input) []report.Finding
}

// index returns the array index of a side.
func index(s report.Side) int {
	if s == report.Server {
		return 1
	}
	return 0
}

// Run returns the findings of one connection, in the order of All.
func Run(in *Input) []report.Finding {
	var out []report.Finding
	for i := range All {
		out = append(out, All[i].Find(in)...)
	}
	return out
}
