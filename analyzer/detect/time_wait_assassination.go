package detect

import "github.com/lastack/lastack/report"

// Notice: the risk it opens (an old segment taken by a new connection) is real
// and very small.
var timeWaitAssassination = define(Detector{
	ID:       "time-wait-assassination",
	Title:    "TIME-WAIT ended by a RST",
	Means:    "A RST came to an end in TIME-WAIT and ended it early (RFC 1337). TIME-WAIT is there to keep old segments out of the next connection on these ports; now the ports are free at once.",
	Severity: notice,
	Disproof: "A segment of that end from TIME-WAIT after the RST: then it ignored it (tcp_rfc1337=1).",
	Advice:   "Nothing to do for a single one: timestamps and random initial numbers guard the next connection. tcp_rfc1337=1 makes Linux ignore such RSTs.",
	Check:    []string{"sysctl net.ipv4.tcp_rfc1337", "ss -tan state time-wait"},
	Refs:     []string{"RFC 1337 1", "RFC 9293 3.6", "tcp_timewait_state_process()"},
}, withRST, findTimeWaitAssassination)

func findTimeWaitAssassination(in *Input) []claim {
	all := in.resets()
	for i := range all {
		r := &all[i]
		victim := r.By.Peer()
		if r.Cause != "time-wait-assassination" || r.Effect != "closed" || in.Conn.Endpoint(victim).State != "CLOSED" {
			continue
		}
		tw := in.entered(victim, "TIME-WAIT")
		if tw == nil || tw.T == nil {
			continue
		}
		c := claim{
			side:       victim,
			confidence: medium, // the wire does not tell whether tcp_rfc1337 is on
			at:         r.Time,
			proof:      in.marks(r.answers(), r.mark()),
			rst:        r,
			tell:       tellTimeWaitAssassination,
		}
		if tw.Frame != nil {
			c.proof = append(c.proof, at(*tw.Frame, tw.File))
		}
		return in.one(c)
	}
	return nil
}

func tellTimeWaitAssassination(in *Input, c *claim) {
	r, victim, killer := c.rst, string(c.side), string(c.rst.By)
	age := r.Time.Sub(*in.entered(c.side, "TIME-WAIT").T)
	left := in.TwoMSL[index(c.side)] - age
	c.title = "A RST ended the " + victim + "'s TIME-WAIT after " + dur(age) + ", " + dur(left) + " early"
	c.explanation = say("The "+victim+" had been in TIME-WAIT for "+dur(age)+" when a RST with exactly the number it expects came ("+in.frame(r.mark())+").",
		either(r.answers().Frame != 0, "The RST answers an ACK that the "+victim+" sent out of TIME-WAIT ("+in.frame(r.answers())+
			"): the "+killer+", which had closed for good, does not know the connection any more.",
			either(same(in.lateACK(r.By), r.mark()) && in.FIN[index(r.By)].Copies > 0,
				"It answers one of the "+victim+"'s ACKs, which came when the "+killer+" had closed for good by another one.",
				"It answers nothing in this capture: an abort that came late, or a forged RST.")),
		"Unless tcp_rfc1337 is on there, the TIME-WAIT is over, "+dur(left)+" before its 2MSL ("+dur(in.TwoMSL[index(c.side)])+", assumed).")
	c.saw = [2]string{"nothing", "nothing"}
	c.values = in.values(report.Float("age_s", age.Seconds()), report.Float("early_s", left.Seconds()))
}
