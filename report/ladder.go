package report

import "time"

// Ladder is one connection with every segment of it, in capture order: what
// `lastack show` draws. The states in the margins follow from the
// connection's transitions, so they are those known at the end.
type Ladder struct {
	Connection *Connection
	Segments   []Segment
	// Dropped is how many segments were left out because the connection has
	// more than the limit that was asked for.
	Dropped uint64
	// Findings are those that name the connection, nil where they were not
	// kept; then their ids, in the connection, stand for them.
	Findings []*Finding
	// Assumptions are those of the analysis, nil where they were not kept.
	Assumptions *Assumptions
	// Files are the names of the inputs, by index, where there are several.
	Files []string
}

// Segment is one segment of a ladder.
type Segment struct {
	Frame uint64
	File  int
	Time  time.Time
	From  Side
	// Flags is written as tcpdump does: "S", "S.", "P.", "F.", "R".
	Flags  string
	Seq    uint32 // raw; relative to Endpoint.ISN where that is known
	Ack    uint32 // raw; only with "." in Flags
	HasAck bool
	Len    uint32 // octets of payload
	Window uint32 // octets, scaled where the scale is known
	// WindowCut says that the capture ends before the window.
	WindowCut bool
	// ScaleKnown says that Window is scaled.
	ScaleKnown bool
	// Options are those worth a word, as text: "mss 1460", "ws 7", "sack",
	// "ts", "fast-open cookie".
	Options []string
	// Kind names what the segment was where it was not plainly new:
	// "retransmission", "spurious retransmission", "out of order",
	// "keepalive probe", "keepalive reply", "window probe", "duplicate ACK",
	// "capture duplicate", "challenge ACK", "second tap", "ICMP", ...
	Kind string
	// Lost says that later segments prove that it did not arrive; LostWhy
	// says which and why in a few words.
	Lost    bool
	LostWhy string
	// Note is a further remark, such as "2MSL restarted".
	Note string
	// Plain marks new data and the pure ACKs of it: what may be folded.
	Plain bool
}

// Record is one line of the stream: *Capture, *Connection, *Finding or
// *Summary.
type Record interface{ recordType() string }

func (*Capture) recordType() string    { return "capture" }
func (*Connection) recordType() string { return "connection" }
func (*Finding) recordType() string    { return "finding" }
func (*Summary) recordType() string    { return "summary" }
