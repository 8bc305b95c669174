package detect

import (
	"strings"

	"github.com/lastack/lastack/report"
)

// Info: every capture of a living host begins with some.
var midStream = define(Detector{
	ID:       "mid-stream",
	Title:    "Open before the capture began",
	Means:    "The beginning of the connection was not captured: which end is the client is a guess, window scales are unknown, and the states are a set that later segments narrow.",
	Severity: info,
	Disproof: "Its SYN or SYN,ACK in an earlier file: give the files together.",
	Advice:   "Nothing to do. To see the opening, begin the capture earlier, or give the earlier files of a rotated capture too.",
	Refs:     []string{"RFC 9293 3.10.7.4", "RFC 7323 2.2"},
}, openedOtherwise, findMidStream)

func findMidStream(in *Input) []claim {
	c := in.Conn
	if c.Open.Kind != "mid-stream" {
		return nil
	}
	return in.one(claim{at: c.Start, proof: in.marks(at(c.FirstFrame, c.FirstFile)), tell: tellMidStream})
}

func tellMidStream(in *Input, c *claim) {
	conn := in.Conn
	var unknown []string
	for _, side := range sides {
		if e := conn.Endpoint(side); e.State == report.Unknown && len(e.Possible) > 0 {
			unknown = append(unknown, "The "+string(side)+" may be in "+strings.Join(e.Possible, ", ")+".")
		}
	}
	c.title = "The connection was open before its first captured segment"
	c.explanation = say("Its first segment in the capture ("+in.frame(at(conn.FirstFrame, conn.FirstFile))+") is no SYN. That "+conn.Client.String()+" is the client is a guess from the ports; windows cannot be scaled.",
		strings.Join(unknown, " "))
	c.values = in.values(report.Float("duration_s", conn.Duration))
}
