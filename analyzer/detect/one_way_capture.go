package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice: nothing is wrong with the connection, but half of what is asked
// about it cannot be answered.
var oneWayCapture = define(Detector{
	ID:       "one-way-capture",
	Title:    "Only one direction captured",
	Means:    "One end's segments acknowledge what the other sent, and nothing of the other was captured: the tap sees one direction only. The other end's states are inferred, and losses cannot be told from silence.",
	Severity: notice,
	Disproof: "A segment of the other end anywhere in the capture.",
	Advice:   "Capture both directions: mirror both, or capture on the host itself. Where routes differ, capture on both of them and give the files together.",
	Refs:     []string{"RFC 9293 3.10.7.4"},
}, oneDirection, findOneWayCapture)

func findOneWayCapture(in *Input) []claim {
	if !in.blind() {
		return nil
	}
	c := in.Conn
	seen := report.Client
	if c.Endpoints.Client.Packets == 0 {
		seen = report.Server
	}
	return in.one(claim{side: seen, at: c.Start, proof: in.marks(at(c.FirstFrame, c.FirstFile), at(c.LastFrame, c.LastFile)), tell: tellOneWayCapture})
}

func tellOneWayCapture(in *Input, c *claim) {
	conn, seen, unseen := in.Conn, string(c.side), string(c.side.Peer())
	c.title = "Only the " + seen + "'s segments were captured"
	c.explanation = "The " + seen + "'s segments (" + in.frames(at(conn.FirstFrame, conn.FirstFile), at(conn.LastFrame, conn.LastFile)) + " are the first and last) acknowledge what the " +
		unseen + " sent, and none of that was captured. The " + unseen + "'s states are inferred from these ACKs."
	if inside := words.Inside(conn); inside != "" {
		c.explanation += " These segments came " + inside + ": if the other direction came in something else, --ignore-encapsulation puts the two together."
	}
	c.values = in.values(report.Int("packets", conn.Endpoint(c.side).Packets))
}
