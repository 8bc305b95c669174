package detect

import "github.com/lastack/lastack/report/words"

// Info: the analysis takes each segment once; only whoever counts packets with
// another tool is misled.
var captureDuplicates = define(Detector{
	ID:       "capture-duplicates",
	Title:    "Segments captured twice",
	Means:    "Segments occur twice with the same numbers, checksum and timestamps, too close together for a retransmission: a mirror port that copies both directions, two interfaces of one host, or a network that doubles packets. They are counted once.",
	Severity: info,
	Disproof: "Different IPv4 ids, or a gap longer than a round trip: then they are retransmissions.",
	Advice:   "Capture on one interface, or mirror one direction of each port. For this analysis there is nothing to do; for other tools, editcap -d removes them.",
	Refs:     []string{"RFC 9293 3.8.1"},
}, findCaptureDuplicates)

func findCaptureDuplicates(in *Input) []claim {
	n := in.Copies
	if in.twoTaps() {
		n -= min(n, in.tapCopies())
	}
	if n == 0 {
		return nil
	}
	e := &in.Conn.Endpoints
	packets := e.Client.Packets + e.Server.Packets
	return []claim{{
		confidence: unless(3*n < packets),
		title:      words.Plural(n, "segment") + " of this connection " + either(n == 1, "was", "were") + " captured twice",
		explanation: words.Plural(n, "segment") + " of " + words.Count(packets) + " came again within a round trip with the same numbers, checksum and timestamps (" + when(n > 1, "the first and last: ") +
			in.frames(in.Copied.first(), in.Copied.last()) + "). " + either(3*n < packets,
			"With so few of them the network may have doubled them, rather than the capture.", "The capture has nearly everything twice.") +
			" They are no retransmissions and are counted once.",
		at:     in.Copied.Time,
		proof:  []Mark{in.Copied.first(), in.Copied.last()},
		values: map[string]any{"copies": n, "packets": packets},
	}}
}

// tapCopies is how many copies a second tap explains.
func (in *Input) tapCopies() uint64 {
	if in.Taps == nil {
		return 0
	}
	return uint64(in.Taps.Copies[0]) + uint64(in.Taps.Copies[1])
}
