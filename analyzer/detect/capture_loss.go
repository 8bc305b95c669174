package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice: not the network's fault but the capture's, and it weakens whatever
// else is said of the connection.
var captureLoss = define(Detector{
	ID:       "capture-loss",
	Title:    "The capture missed segments",
	Means:    "An end acknowledged octets that the capture does not have: they arrived, so it is the capture that lost them, not the network.",
	Severity: notice,
	Disproof: "The same octets captured elsewhere, or their sender resending them: then the ACK was of something never sent.",
	Advice:   "Capture with a larger buffer (tcpdump -B), a snap length that is just enough (-s), a filter, or on a tap that does not drop. Do not read missing segments as loss on the network.",
	Check:    []string{"tcpdump's last lines: packets dropped by kernel", "ethtool -S INTERFACE"},
	Refs:     []string{"RFC 9293 3.10.7.4"},
}, octetsMissing, findCaptureLoss)

func findCaptureLoss(in *Input) []claim {
	if in.blind() {
		return nil // one direction was not captured at all: of that there is another finding
	}
	out := in.claims()
	for i, side := range sides {
		if in.missing(side) > 0 {
			// Other paths and fragments look the same.
			out = append(out, claim{side: side, confidence: medium, at: in.Unseen[i].Time, proof: in.marks(in.Unseen[i]), tell: tellCaptureLoss})
		}
	}
	return out
}

// missing is how many acknowledged octets of a side the capture does not have.
func (in *Input) missing(side report.Side) uint64 {
	m := &in.Conn.Vantage.MissingBytes
	return [2]uint64{m.Client, m.Server}[index(side)]
}

func tellCaptureLoss(in *Input, c *claim) {
	missing := in.missing(c.side)
	size := words.Plural(missing, "byte")
	c.title = "The capture missed " + size + " that the " + string(c.side) + " sent"
	c.explanation = "The " + string(c.side.Peer()) + " acknowledged " + size + " of the " + string(c.side) + " (last in " + in.frame(in.Unseen[index(c.side)]) +
		") that were never captured. They arrived, so the capture lost them, they took another path than the tap's, or they came in IP fragments of which some are missing. What else the capture missed cannot be told, so other findings about this connection are less sure."
	c.values = in.values(report.Int("missing_bytes", missing))
}
