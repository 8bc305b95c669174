package detect

import (
	"time"

	"github.com/lastack/lastack/report"
)

// Notice: the first timer is a second, so one lost SYN is felt by whoever
// waits for connect().
var synRetransmitted = define(Detector{
	ID:       "syn-retransmitted",
	Title:    "SYN sent again",
	Means:    "The client had to repeat its SYN before the server answered: connect() took that much longer.",
	Severity: notice,
	Disproof: "A SYN,ACK that left before the repetition and that the capture missed.",
	Advice:   "Nothing to do for a single one. Many of them to one listener point to a full SYN or accept queue there, many to one network to loss or a firewall's rate limit.",
	Check:    []string{"nstat -az TcpExtTCPSynRetrans", "nstat -az TcpExtListenDrops TcpExtListenOverflows"},
	Refs:     []string{"RFC 9293 3.8.1", "RFC 6298 2.1", "tcp_retransmit_timer()"},
}, synAgain, findSYNRetransmitted)

// initialTimer is the first timer of a SYN or SYN,ACK: a second (RFC 6298
// section 2.1), less what a clock may be off.
const initialTimer = 900 * time.Millisecond

func findSYNRetransmitted(in *Input) []claim {
	again := in.synAgain()
	if len(again) == 0 {
		return nil
	}
	return in.one(claim{
		side:       report.Client,
		confidence: unless(in.blind()),
		at:         again[len(again)-1].Time,
		proof:      append(in.marksOf(again), in.SYN[0].first(), in.SYNACK.first()),
		notes:      again,
		tell:       tellSYNRetransmitted,
	})
}

func tellSYNRetransmitted(in *Input, c *claim) {
	syn, again, n := &in.SYN[0], c.notes, len(c.notes)
	first, last := again[0], again[n-1]
	delay := last.Time.Sub(syn.Time)
	if last.Frame == syn.LastFrame {
		n = syn.Copies
	}
	c.title = "The client's SYN was sent again " + either(n == 1, "after "+dur(delay), times(n)+": "+dur(delay)+" lost in connect()")
	c.explanation = say("The SYN ("+in.frame(syn.first())+") was repeated ("+in.frames(in.marksOf(again)...)+") before a SYN,ACK was captured"+
		when(in.SYNACK.Frame != 0, " ("+in.frame(in.SYNACK.first())+")")+".",
		either(first.Time.Sub(syn.Time) < initialTimer, "The first repetition came sooner than a SYN's first timer of 1 s: Linux repeats the SYN at once after a segment with wrong numbers.", in.whereSYNLost()))
	c.saw = [2]string{"connect() took " + dur(delay) + " longer", "nothing"}
	c.values = in.values(report.Int("syn_retransmits", n), report.Float("delay_s", delay.Seconds()))
}

// synAgain returns the client's repetitions of a SYN that had no answer yet,
// of a connection that was answered at last.
func (in *Input) synAgain() []Note {
	c := in.Conn
	if c.Open.SYNRetransmits == 0 || in.SYN[0].Frame == 0 || in.refusedReuse() {
		return nil
	}
	switch c.Open.Kind {
	case "unanswered", "refused", "rejected", "mid-stream":
		return nil // their own findings tell of it
	}
	return in.pick(in.Notes, func(n *Note) bool {
		answered := in.SYNACK.Frame != 0 && !n.Time.Before(in.SYNACK.Time)
		return n.Kind == SYNAgain && n.Side == report.Client && !answered && !in.tooSoon(n.Time.Sub(in.SYN[0].Time))
	})
}

// whereSYNLost says where the SYN, or its answer, was lost.
func (in *Input) whereSYNLost() string {
	if in.Conn.Vantage.Near == report.Server {
		return "The tap is near the server, so the SYN had come that far: the server's host did not take it, or its SYN,ACK was not captured."
	}
	return "The SYN was lost after the tap, or dropped by the server's host, or its SYN,ACK was lost before the tap."
}
