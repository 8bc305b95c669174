package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning once the SYN came three times: a program waits in connect(), for two
// minutes by default. A single SYN without an answer may be a scan: notice.
var connectionUnanswered = define(Detector{
	ID:       "connection-unanswered",
	Title:    "SYN never answered",
	Means:    "Nothing answered the SYN: neither SYN,ACK nor RST nor an ICMP error. The program waits in connect() until it gives up.",
	Severity: warning,
	Disproof: "An answer captured elsewhere on the path: then it was lost on the way back, or the capture missed it.",
	Advice: "Find out where the SYN goes: host down, a firewall that drops instead of rejecting, no route back, or a listener whose queues are full " +
		"(then other clients' SYNs are answered in the same seconds). Capture at the server to see whether it arrives.",
	Check: []string{"nstat -az TcpExtTCPSynRetrans TcpExtTCPAbortOnTimeout", "nstat -az TcpExtListenOverflows TcpExtListenDrops TcpExtTCPReqQFullDrop", "sysctl net.ipv4.tcp_syn_retries"},
	Refs:  []string{"RFC 9293 3.8.3", "RFC 6298 5.7", "tcp_write_timeout()"},
}, openedOtherwise, findConnectionUnanswered)

func findConnectionUnanswered(in *Input) []claim {
	syn := &in.SYN[0]
	if in.Conn.Open.Kind != "unanswered" || syn.Frame == 0 || in.refusedReuse() || in.Conn.Close.Reset != nil {
		return nil
	}
	if syn.Copies == 0 && in.Now.Sub(syn.Time) < 3*time.Second {
		return nil // the capture may just have ended
	}
	c := claim{
		side:       report.Server,
		confidence: unless(syn.Copies == 0),
		at:         syn.LastTime,
		proof:      append(in.marksOf(in.notes(SYNAgain, report.Client)), syn.first(), syn.last()),
		tell:       tellConnectionUnanswered,
	}
	if syn.Copies < 2 {
		c.severity = notice
	}
	return in.one(c)
}

func tellConnectionUnanswered(in *Input, c *claim) {
	syn := &in.SYN[0]
	waited := in.Now.Sub(syn.Time)
	c.title = in.Conn.Server.String() + " did not answer " + either(syn.Copies == 0, "a SYN", words.Plural(syn.Copies+1, "SYN")+" in "+dur(syn.span()))
	c.explanation = say("The SYN ("+in.frame(syn.first())+") "+either(syn.Copies == 0, "was not repeated: the client gave up at once, as a scan does, or with a short time limit of its own.",
		"was repeated "+times(syn.Copies)+" ("+in.frames(append(in.marksOf(in.notes(SYNAgain, report.Client)), syn.last())...)+")."),
		either(in.Last[1].Frame != 0, "What came back ("+in.frame(in.Last[1])+" is the last) has other numbers: it does not answer this SYN, as from an end that holds another connection on these ports.",
			"Nothing answered in the "+dur(waited)+" that were captured after the first SYN. Whether it was dropped on the way, at the server, or its answer was lost, the capture does not tell."))
	c.saw = [2]string{"a connect() that waits, then ETIMEDOUT", "nothing"}
	c.values = in.values(report.Int("tries", syn.Copies+1), report.Float("trying_s", syn.span().Seconds()), report.Float("waited_s", waited.Seconds()))
}
