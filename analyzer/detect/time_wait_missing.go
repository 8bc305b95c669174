package detect

import (
	"github.com/lastack/lastack/report"
)

// Notice: a program may see an error, for a connection that was closed in good order.
var timeWaitMissing = define(Detector{
	ID:    "time-wait-missing",
	Title: "A TIME-WAIT that was gone too soon",
	Means: "The end that closed first had no TIME-WAIT left when it was needed: it had acknowledged the other's FIN, and answered that FIN, when it came again, " +
		"with a RST and not with an ACK. The other's program may see ECONNRESET.",
	Severity: notice,
	Disproof: "A restart of that host in between, or a RST that had ended its TIME-WAIT and was not captured; a RST from a middlebox that had forgotten the connection.",
	Advice:   "On Linux the usual reason is tcp_max_tw_buckets: over that limit a TIME-WAIT is dropped at once. Raise it; each costs a few hundred bytes.",
	Check:    []string{"nstat -az TcpExtTCPTimeWaitOverflow", "sysctl net.ipv4.tcp_max_tw_buckets"},
	Refs:     []string{"RFC 9293 3.6.1", "tcp_time_wait()"},
}, withRST, findTimeWaitMissing)

func findTimeWaitMissing(in *Input) []claim {
	all := in.resets()
	for i := range all {
		r := &all[i]
		x := r.By
		y := x.Peer()
		fin, acked := &in.FIN[index(y)], &in.FINAcked[index(y)]
		switch {
		case in.Conn.Close.FirstCloser != x && in.Conn.Close.FirstCloser != report.SideBoth, r.Form != "rst", fin.Copies == 0, acked.Frame == 0, in.FIN[index(x)].Frame == 0:
		case !acked.Time.Before(r.Time), r.Time.Sub(acked.Time) >= in.TwoMSL[index(x)], !has(in.fins(y), r.answers()):
		case in.resetBefore(r):
		default:
			return in.one(claim{side: x, at: r.Time, proof: in.marks(fin.first(), acked.first(), r.answers(), r.mark()), rst: r,
				confidence: unless(in.gappy()), tell: tellTimeWaitMissing})
		}
	}
	return nil
}

// resetBefore reports whether a RST came before r, which may have ended a TIME-WAIT.
func (in *Input) resetBefore(r *rst) bool {
	all := in.resets()
	for i := range all {
		if all[i].Time.Before(r.Time) {
			return true
		}
	}
	return false
}

func tellTimeWaitMissing(in *Input, c *claim) {
	r, x := c.rst, c.side
	y := x.Peer()
	fin, acked := &in.FIN[index(y)], &in.FINAcked[index(y)]
	after := r.Time.Sub(acked.Time)
	c.title = "The " + string(x) + " had no TIME-WAIT left " + dur(after) + " after the close"
	c.explanation = "The " + string(x) + " acknowledged the " + string(y) + "'s FIN (" + in.frame(fin.first()) + ", acknowledged in " + in.frame(acked.first()) +
		") and should have held TIME-WAIT for " + dur(in.TwoMSL[index(x)]) + ". The ACK did not arrive, the FIN came again (" + in.frame(r.answers()) +
		"), and drew a bare RST (" + in.frame(r.mark()) + ") " + dur(after) + " after that ACK: there was no TIME-WAIT any more. " +
		"On Linux that is so over tcp_max_tw_buckets."
	c.saw = both(x, "nothing: its close() had returned", "ECONNRESET, if it still reads or waits for the close")
	c.values = in.values(report.Float("after_s", after.Seconds()))
}
