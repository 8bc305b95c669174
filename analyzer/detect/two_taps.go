package detect

import (
	"strconv"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Info: it is how the capture was made.
var twoTaps = define(Detector{
	ID:       "two-taps",
	Title:    "One path captured at two places",
	Means:    "The same segments were captured at two places of their path, in both directions. One copy drives the states; the other shows what was lost between the taps.",
	Severity: info,
	Disproof: "Hop limits and delays that do not agree from segment to segment: then they are retransmissions.",
	Advice:   "Nothing to do. The clocks of the two taps should agree to a millisecond; if not, give one capture alone.",
	Refs:     []string{"RFC 9293 3.8.1"},
}, capturedTwice, findTwoTaps)

func findTwoTaps(in *Input) []claim {
	if !in.twoTaps() {
		return nil
	}
	return in.one(claim{at: in.Conn.Start, proof: in.marks(in.Taps.mark(0), in.Taps.mark(1)), tell: tellTwoTaps})
}

func tellTwoTaps(in *Input, c *claim) {
	t, n, packets := in.Taps, in.tapCopies(), in.packets()
	text := func(i int) string {
		return words.Plural(uint64(t.Copies[i]), "segment") + " of the " + string(sides[i]) + ", " + dur(t.Delay[i].Abs()) + " apart or more (" + in.frame(t.mark(i)) + ")"
	}
	c.title = strconv.FormatUint(n, 10) + " of " + words.Count(packets) + " segments were captured at two places of the path"
	c.explanation = "Seen twice: " + text(0) + ", and " + text(1) + ". The capture was made at two places of one path, or of one host. " +
		"Each segment counts once; a segment seen at one place only may have been lost between them."
	c.values = in.values(report.Int("copies", n), report.Int("packets", packets), report.Float("delay_client_s", t.Delay[0].Seconds()), report.Float("delay_server_s", t.Delay[1].Seconds()))
}

// twoTaps reports whether a second tap saw most segments of either side; a few
// copies are doubled by something else.
func (in *Input) twoTaps() bool {
	t, e := in.Taps, &in.Conn.Endpoints
	return t != nil && t.Copies[0] > 0 && t.Copies[1] > 0 &&
		2*uint64(t.Copies[0]) >= e.Client.Packets && 2*uint64(t.Copies[1]) >= e.Server.Packets
}

// mark is the first copy of a side's segments.
func (t *Taps) mark(i int) Mark { return Mark{Frame: t.Frame[i], File: t.File[i]} }
