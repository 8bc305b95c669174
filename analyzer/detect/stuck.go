package detect

import (
	"slices"
	"time"

	"github.com/lastack/lastack/report"
)

// stuckIn reports whether a side is stuck, when the capture ends, in one of the
// states in which its FIN waits for an ACK: it has repeated the FIN often enough, or
// waited for long enough.
func (in *Input) stuckIn(side report.Side, states ...string) bool {
	fin := &in.FIN[index(side)]
	return slices.Contains(states, in.Conn.Endpoint(side).State) && fin.Frame != 0 &&
		in.FINAcked[index(side)].Frame == 0 && !in.blind() &&
		(fin.Copies >= in.limit(Repeats) || in.age(side) >= in.atLeast(StuckFor) && in.repeatsStill(side))
}

// repeatsStill reports whether a FIN was sent again, and the next time is not overdue
// when the capture ends: one that is not sent again was acknowledged by what the capture
// missed (RFC 6298 5.4).
func (in *Input) repeatsStill(side report.Side) bool {
	fin := &in.FIN[index(side)]
	return fin.Copies > 0 && in.Now.Sub(fin.LastTime) <= 3*in.lastGap(side)
}

// stuck says that a side's FIN is not answered.
func (in *Input) stuck(side report.Side) claim {
	return claim{
		side:       side,
		confidence: unless(in.gappy()),
		at:         in.FIN[index(side)].LastTime,
		proof:      append(in.fins(side), in.Last[index(side.Peer())]),
		tell:       tellStuck,
	}
}

func tellStuck(in *Input, c *claim) {
	side, fin := c.side, &in.FIN[index(c.side)]
	age := in.age(side)
	c.title = "The " + string(side) + "'s FIN was never acknowledged: " + in.Conn.Endpoint(side).State + " for " + dur(age)
	c.explanation = say("Nothing captured acknowledges the "+string(side)+"'s FIN ("+in.frame(fin.first())+").",
		"It was sent again "+times(fin.Copies)+", for the last time "+dur(fin.span())+" after the first.",
		in.peerSince(side.Peer(), fin.Time),
		"When the "+string(side)+"'s kernel gives up it does so without a packet: it may have done so already.")
	c.saw = both(side, "nothing: its close() had returned", "nothing")
	c.values = in.values(report.Float("age_s", age.Seconds()), report.Int("fin_retransmits", fin.Copies),
		report.Float("retransmitting_s", fin.span().Seconds()))
}

// peerSince says whether the peer has spoken since the FIN.
func (in *Input) peerSince(peer report.Side, fin time.Time) string {
	last := in.Last[index(peer)]
	switch {
	case last.Frame == 0:
		return ""
	case last.Time.After(fin):
		return "The " + string(peer) + " is alive, it sent " + in.frame(last) + " afterwards: the FIN, or data before it, does not reach it, or its ACKs do not reach the tap."
	}
	return "The " + string(peer) + " has been silent since " + in.frame(last) + ": it is gone or cannot be reached; the capture cannot tell these apart."
}
