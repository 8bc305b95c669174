package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Info: the analysis takes each segment once; only whoever counts packets with
// another tool is misled.
var captureDuplicates = define(Detector{
	ID:       "capture-duplicates",
	Title:    "Segments captured twice",
	Means:    "Segments occur twice with the same numbers, checksum and timestamps, too close together for a retransmission: a mirror port that copies both directions, or two interfaces of one host. They are counted once.",
	Severity: info,
	Disproof: "Different IPv4 ids, or a gap longer than a round trip: then they are retransmissions.",
	Advice:   "Capture on one interface, or mirror one direction of each port. For this analysis there is nothing to do; for other tools, editcap -d removes them.",
	Refs:     []string{"RFC 9293 3.8.1"},
}, capturedTwice, findCaptureDuplicates)

// Fewer copies than half of the segments are no sign of the capture: a network
// doubles a packet now and then, and a host may send the same RST twice.
func findCaptureDuplicates(in *Input) []claim {
	if n := in.doubled(); n == 0 || 2*n < in.packets() {
		return nil
	}
	return in.one(claim{at: in.Copied.Time, proof: in.marks(in.Copied.first(), in.Copied.last()), tell: tellCaptureDuplicates})
}

func tellCaptureDuplicates(in *Input, c *claim) {
	n, packets := in.doubled(), in.packets()
	c.title = words.Plural(n, "segment") + " of this connection " + either(n == 1, "was", "were") + " captured twice"
	c.explanation = words.Plural(n, "segment") + " of " + words.Count(packets) + " came again within a round trip with the same numbers, checksum and timestamps (" +
		when(n > 1, "the first and last: ") + in.frames(in.Copied.first(), in.Copied.last()) + "). They are no retransmissions and are counted once."
	c.values = in.values(report.Int("copies", n), report.Int("packets", packets))
}

// packets is how many segments the connection has.
func (in *Input) packets() uint64 {
	e := &in.Conn.Endpoints
	return e.Client.Packets + e.Server.Packets
}

// doubled is how many copies no second tap explains.
func (in *Input) doubled() uint64 {
	n := in.Copies
	if in.twoTaps() {
		n -= min(n, in.tapCopies())
	}
	return n
}

// tapCopies is how many copies a second tap explains.
func (in *Input) tapCopies() uint64 {
	if in.Taps == nil {
		return 0
	}
	return uint64(in.Taps.Copies[0]) + uint64(in.Taps.Copies[1])
}
