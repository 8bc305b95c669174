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
	n := in.Copies
	if in.twoTaps() {
		n -= min(n, in.tapCopies())
	}
	e := &in.Conn.Endpoints
	packets := e.Client.Packets + e.Server.Packets
	if n == 0 || 2*n < packets {
		return nil
	}
	return in.one(claim{
		title: words.Plural(n, "segment") + " of this connection " + either(n == 1, "was", "were") + " captured twice",
		explanation: words.Plural(n, "segment") + " of " + words.Count(packets) + " came again within a round trip with the same numbers, checksum and timestamps (" +
			when(n > 1, "the first and last: ") + in.frames(in.Copied.first(), in.Copied.last()) + "). They are no retransmissions and are counted once.",
		at:     in.Copied.Time,
		proof:  in.marks(in.Copied.first(), in.Copied.last()),
		values: in.values(report.Int("copies", n), report.Int("packets", packets)),
	})
}

// tapCopies is how many copies a second tap explains.
func (in *Input) tapCopies() uint64 {
	if in.Taps == nil {
		return 0
	}
	return uint64(in.Taps.Copies[0]) + uint64(in.Taps.Copies[1])
}
