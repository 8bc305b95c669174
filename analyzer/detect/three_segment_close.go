package detect

import "github.com/lastack/lastack/report"

// The four-segment close is the textbook's and draws no finding; this one is
// as healthy, and who counts segments or states wants to know of it.
var threeSegmentClose = define(Detector{
	ID:    "three-segment-close",
	Title: "Close in three segments",
	Means: "The end that closed second put its FIN into its acknowledgment of the first FIN. " +
		"Its peer passes through FIN-WAIT-2 without staying there, and never through CLOSING.",
	Severity: info,
	Disproof: "An ACK of the first FIN that left before the second FIN, and that the capture missed, would make it a close in four segments.",
	Advice:   "Nothing to do: this is a normal close.",
	Refs:     []string{"RFC 9293 3.6", "RFC 9293 3.10.7.4", "tcp_rcv_state_process()", "tcp_fin()"},
}, finWithACK, findThreeSegmentClose)

func findThreeSegmentClose(in *Input) []claim {
	first, second, ok := in.closers()
	if !ok || in.Conn.Close.Kind != "three-segment" || in.FIN[index(second)].Frame == 0 {
		return nil
	}
	one, two := &in.FIN[index(first)], &in.FIN[index(second)]
	return in.one(claim{
		side:       second,
		confidence: unless(in.Conn.Close.Basis == "inferred"),
		at:         two.Time,
		proof:      in.marks(one.first(), two.first(), in.FINAcked[index(second)].first()),
		tell:       tellThreeSegmentClose,
	})
}

func tellThreeSegmentClose(in *Input, c *claim) {
	first, second := c.side.Peer(), c.side
	one, two := &in.FIN[index(first)], &in.FIN[index(second)]
	c.values = between(one.Time, two.Time).put(in.values(), "fin_gap_s")
	took := ""
	if w := in.Conn.Close.CloseWait; w != nil {
		c.values = append(c.values, report.Float("close_wait_s", *w))
		took = ", " + dur(seconds(*w)) + " after it received that FIN"
	}
	c.title = "The " + string(second) + "'s FIN came with its ACK of the " + string(first) + "'s FIN"
	c.explanation = "The " + string(first) + " closed first (FIN in " + in.frame(one.first()) + "). The " + string(second) +
		" closed" + took + ", and its FIN (" + in.frame(two.first()) + ") is also its first ACK of the " + string(first) +
		"'s. By this one segment the " + string(first) + either(in.proved(first, "TIME-WAIT"),
		" goes from FIN-WAIT-1 through FIN-WAIT-2 to TIME-WAIT. This is a normal close.",
		" goes from FIN-WAIT-1 through FIN-WAIT-2 to TIME-WAIT, if it arrived: nothing captured acknowledges it.")
	c.saw = both(first, "nothing, or read() = 0", "read() = 0")
}
