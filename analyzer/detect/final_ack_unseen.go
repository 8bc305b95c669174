package detect

import (
	"time"

	"github.com/lastack/lastack/report"
)

// Info: a FIN that is not repeated was acknowledged, so it is the capture that
// lacks something, not the connection. With repetitions it is a notice, for
// then the ACK may really have been missing.
var finalAckUnseen = define(Detector{
	ID:    "final-ack-unseen",
	Title: "Final ACK not captured",
	Means: "The last FIN was captured and no ACK of it, though it was not sent again for longer than any first retransmission " +
		"timer: most likely it was acknowledged, and the capture missed the ACK.",
	Severity: info,
	Disproof: "The FIN sent again later: then the ACK had not arrived.",
	Advice:   "Nothing to do. Capture for longer, or at the other end, to see the ACK.",
	Check:    []string{"ss -tan state last-ack"},
	Refs:     []string{"RFC 9293 3.6", "RFC 6298 5.4"},
}, finalACKMissing, findFinalAckUnseen)

// firstTimer is longer than the first retransmission timer of an established
// connection: 200 ms or more and at most a second where a round trip is short.
const firstTimer = time.Second

func findFinalAckUnseen(in *Input) []claim {
	c := &in.Conn.Close
	if c.FinalAck != "unseen" || c.EndedBy == "reset" || c.Reset != nil || in.blind() {
		return nil
	}
	out := in.claims()
	for _, side := range sides {
		fin := &in.FIN[index(side)]
		if c.FirstCloser == side || fin.Frame == 0 || in.FINAcked[index(side)].Frame != 0 || fin.Copies >= in.limit(Repeats) {
			continue
		}
		if in.Now.Sub(fin.LastTime) >= max(firstTimer, 4*in.lastGap(side)) {
			out = append(out, in.finalAckUnseen(side))
		}
	}
	return out
}

// lastGap is the time between a side's last FIN and the one before.
func (in *Input) lastGap(side report.Side) time.Duration {
	fin := &in.FIN[index(side)]
	before := fin.Time
	for _, n := range in.notes(FINAgain, side) {
		if n.Time.Before(fin.LastTime) {
			before = n.Time
		}
	}
	return fin.LastTime.Sub(before)
}

func (in *Input) finalAckUnseen(side report.Side) claim {
	fin := &in.FIN[index(side)]
	c := claim{side: side, confidence: medium, at: fin.LastTime, proof: in.fins(side), tell: tellFinalAckUnseen}
	if fin.Copies > 0 {
		c.severity, c.confidence = notice, low
	}
	return c
}

func tellFinalAckUnseen(in *Input, c *claim) {
	side, fin := c.side, &in.FIN[index(c.side)]
	silence := in.Now.Sub(fin.LastTime)
	c.title = "The ACK of the " + string(side) + "'s FIN was not captured"
	c.explanation = say("The "+string(side)+" closed last ("+in.frames(in.fins(side)...)+") and nothing captured acknowledges its FIN. It did not send it again in the "+
		dur(silence)+" until the capture ends, so the FIN was probably acknowledged by a segment that the capture missed.",
		when(fin.Copies > 0, "It had been sent again before that: the ACK, or the FIN itself, was lost at least once. Or the "+string(side)+" has given up."))
	c.saw = [2]string{"nothing", "nothing"}
	c.values = in.values(report.Float("silence_s", silence.Seconds()), report.Int("fin_retransmits", fin.Copies))
}
