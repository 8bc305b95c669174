package detect

import "github.com/lastack/lastack/report"

// Harmless, but it leaves TIME-WAIT at both ends, which surprises who counts
// them.
var simultaneousClose = define(Detector{
	ID:    "simultaneous-close",
	Title: "Both ends closed at the same time",
	Means: "Each end sent its FIN before it had received the other's. Both become active closers: FIN-WAIT-1, CLOSING, " +
		"TIME-WAIT, and both keep the pair of ports for 2MSL.",
	Severity: info,
	Disproof: "A FIN that acknowledges the other one, sent before both of these and missed by the capture.",
	Advice:   "Nothing to do. Where TIME-WAIT must stay off one host, let the protocol say which side closes first.",
	Check:    []string{"ss -tan state time-wait", "ss -tan state closing"},
	Refs:     []string{"RFC 9293 3.6 figure 13", "RFC 9293 3.10.7.4", "tcp_fin()"},
}, finsCrossed, findSimultaneousClose)

func findSimultaneousClose(in *Input) []claim {
	if in.Conn.Close.Kind != "simultaneous" {
		return nil
	}
	return in.one(claim{
		confidence: unless(in.Conn.Close.Basis == "inferred"),
		proof: in.marks(in.FIN[0].first(), in.FIN[1].first(), in.FINAcked[0].first(), in.FINAcked[1].first(),
			in.FINAcked[0].last(), in.FINAcked[1].last()),
		tell: tellSimultaneousClose,
	})
}

func tellSimultaneousClose(in *Input, c *claim) {
	gap := between(in.FIN[0].Time, in.FIN[1].Time)
	gap.Duration = gap.Abs()
	through := ""
	if one := in.closingAlone(); one != "" {
		through = "Only the " + string(one) + " went through CLOSING: its own FIN reached the " + string(one.Peer()) + " late or not at all."
	} else if in.was(report.Client, "CLOSING") {
		through = "Both go through CLOSING to TIME-WAIT."
	}
	c.title = "Both ends closed on their own" + gap.say(", ", " apart")
	c.explanation = say("Neither FIN ("+in.frames(in.FIN[0].first(), in.FIN[1].first())+gap.say(", ", " apart")+
		") acknowledges the other: each end had closed before it knew of the other's close.", through,
		"Both hold TIME-WAIT for 2MSL ("+dur(in.TwoMSL[0])+" at the client, "+dur(in.TwoMSL[1])+" at the server, assumed).")
	c.saw = [2]string{"nothing: it had closed", "nothing: it had closed"}
	c.values = gap.put(in.values(), "fin_gap_s")
}

// closingAlone returns the one end that was in CLOSING, if the other was not
// (C3: its FIN was lost or late).
func (in *Input) closingAlone() report.Side {
	client, server := in.was(report.Client, "CLOSING"), in.was(report.Server, "CLOSING")
	switch {
	case client && !server:
		return report.Client
	case server && !client:
		return report.Server
	}
	return ""
}
