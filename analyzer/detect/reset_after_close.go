package detect

import "time"

// Notice: the closer did not wait for the other end, which gets an error. A
// RST after both FINs were acknowledged hurts nobody: info.
var resetAfterClose = define(Detector{
	ID:       "reset-after-close",
	Title:    "RST from an end that had closed",
	Means:    "An end that had sent its FIN sent a RST later: something came for a socket that was gone, or the program gave up what was left of the connection.",
	Severity: notice,
	Disproof: "A segment of the same end after the RST with the old numbers: then the RST was not its own.",
	Advice:   "If the other program reports errors: the end that closes first should read until read() returns 0 before close(). Otherwise there is nothing to do.",
	Check:    []string{"nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose TcpExtTCPAbortOnLinger TcpExtTCPTimeWaitOverflow TcpOutRsts", "sysctl net.ipv4.tcp_fin_timeout net.ipv4.tcp_max_tw_buckets"},
	Refs:     []string{"RFC 9293 3.5.2", "RFC 9293 3.6", "RFC 1122 4.2.2.13", "tcp_fin_time()", "tcp_time_wait()"},
}, withRST, findResetAfterClose)

func findResetAfterClose(in *Input) []claim {
	r := in.deciding()
	if r == nil || r.Cause != "after-close" || in.lostToClosed() != nil {
		return nil
	}
	c := claim{
		side:       r.By,
		confidence: unless(in.gappy()),
		at:         r.Time,
		proof:      in.marks(in.FIN[index(r.By)].first(), r.answers(), r.mark()),
		rst:        r,
		tell:       tellResetAfterClose,
	}
	if in.Conn.Close.EndedBy == "fin" {
		c.severity = info
	}
	return in.one(c)
}

func tellResetAfterClose(in *Input, c *claim) {
	r, closed, other := c.rst, c.side, c.side.Peer()
	fin := &in.FIN[index(closed)]
	since := between(fin.Time, r.Time)
	c.title = "The " + string(closed) + " sent a RST " + since.say("", " ") + "after its FIN"
	c.values = since.put(in.values(), "after_fin_s")
	c.saw = both(closed, "nothing: it had closed", "ECONNRESET or EPIPE, if it still used the connection")
	head := "The " + string(closed) + " had closed (" + in.frame(fin.first()) + ") and sent a RST " + since.say("", " ") + "later (" + in.frame(r.mark()) + ")"
	switch {
	case in.Conn.Close.EndedBy == "fin":
		c.explanation = head + when(r.answers().Frame != 0, ", in answer to "+in.frame(r.answers())) + ", after both FINs had been acknowledged. No data is lost by it."
		c.saw = [2]string{"nothing", "nothing"}
	case has(in.fins(other), r.answers()):
		c.explanation = head + ", in answer to the " + string(other) + "'s FIN (" + in.frame(r.answers()) + "): its socket was gone by then. " +
			either(since.Duration >= time.Second, "Its FIN-WAIT-2 had timed out (Linux: tcp_fin_timeout, 60 s unless set lower), or it", "It") +
			" keeps no TIME-WAIT (tcp_max_tw_buckets reached), or it was restarted. " +
			"The " + string(other) + " goes from LAST-ACK to CLOSED by the RST; nothing is lost by that."
		c.saw = both(closed, "nothing: it had closed", "nothing: it had closed too")
	case r.answers().Frame != 0:
		c.explanation = head + ", in answer to a segment of the " + string(other) + " (" + in.frame(r.answers()) + "): its socket was gone, or closed in both directions."
	default:
		c.explanation = head + ", in answer to nothing: its program gave up the half that was still open (close() with data unread, SO_LINGER with time 0, TCP_LINGER2) or was killed. " +
			"What the " + string(other) + " sent in the meantime may be lost."
	}
}
