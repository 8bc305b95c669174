package detect

import (
	"time"

	"github.com/lastack/lastack/report"
)

// Notice: the other program gets an error, but many programs close so on
// purpose.
var resetAbort = define(Detector{
	ID:    "reset-abort",
	Title: "Aborted with a RST",
	Means: "An end that had the connection ended it with a RST instead of a FIN. What was under way in either direction is lost, and " +
		"there is no TIME-WAIT.",
	Severity: notice,
	Disproof: "A segment of the same end after the RST, or the RST missing in a capture at that end: then somebody else sent it.",
	Advice:   "If it is not meant: look in that program for SO_LINGER with time 0, for close() while data waits unread, and for a process killed with data unread.",
	Check:    []string{"nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose TcpExtTCPAbortOnMemory TcpExtTCPAbortOnTimeout TcpOutRsts TcpEstabResets"},
	Refs:     []string{"RFC 9293 3.10.5", "RFC 1122 4.2.2.13", "tcp_send_active_reset()", "__tcp_close()"},
}, withRST, findResetAbort)

func findResetAbort(in *Input) []claim {
	r := in.deciding()
	if r == nil || r.Cause != "abort" || in.refusesSYNACK(r) {
		return nil
	}
	return in.one(claim{
		side:       r.By,
		confidence: unless(r.Effect != "closed" || in.gappy()),
		at:         r.Time,
		proof:      in.marks(in.FIN[index(r.By.Peer())].first(), r.mark()),
		rst:        r,
		tell:       tellResetAbort,
	})
}

func tellResetAbort(in *Input, c *claim) {
	r, sender, receiver := c.rst, c.rst.By, c.rst.By.Peer()
	c.title = "The " + string(sender) + " aborted the connection with a RST"
	c.explanation = say("The "+string(sender)+"'s "+either(r.Form == "rst", "RST", "RST,ACK")+" ("+in.frame(r.mark())+") answers nothing and carries its own next number: a host that had the connection ended it, and is CLOSED.",
		in.abortedAfter(r), either(r.Effect == "closed", "The "+string(receiver)+" is CLOSED by it, if it arrived.", "Its number is not the one that the "+string(receiver)+" has to accept at once (effect: "+r.Effect+")."),
		"Causes: "+in.abortCauses(r)+". The capture cannot tell these apart.")
	c.saw = both(sender, "nothing: it ended the connection itself, or was killed", "ECONNRESET at the next read(), EPIPE at the write() after it")
	c.values = in.values(report.Float("idle_s", r.Idle.Seconds()), report.Float("open_s", r.Time.Sub(in.Conn.Start).Seconds()))
}

// abortedAfter says what had happened before the abort.
func (in *Input) abortedAfter(r *rst) string {
	fin := &in.FIN[index(r.By.Peer())]
	switch {
	case fin.Frame != 0 && !fin.Time.After(r.Time):
		return "It came " + dur(r.Time.Sub(fin.Time)) + " after the " + string(r.By.Peer()) + "'s FIN (" + in.frame(fin.first()) + "), out of CLOSE-WAIT."
	case in.gaveUpProbing(r):
		return "It came one interval after the last of its keepalive probes: its answers were captured here and may not have reached it."
	}
	return ""
}

// gaveUpProbing reports whether the RST comes as long after a probe as the
// probes came after each other.
func (in *Input) gaveUpProbing(r *rst) bool {
	probes := in.notes(Probe, r.By)
	n := len(probes)
	if n < 2 {
		return false
	}
	interval := probes[n-1].Time.Sub(probes[n-2].Time)
	return (r.Time.Sub(probes[n-1].Time) - interval).Abs() < interval/10+20*time.Millisecond
}

// abortCauses lists what can have made a host send such a RST, as far as it
// fits.
func (in *Input) abortCauses(r *rst) string {
	own, peer := in.Conn.Endpoint(r.By), in.Conn.Endpoint(r.By.Peer())
	return when(in.gaveUpProbing(r), "keepalive that gave up, ") + "SO_LINGER with time 0" +
		when(peer.UniqueBytes > 0, ", close() or a killed process with data unread") +
		when(r.By == report.Server && own.UniqueBytes == 0, ", a listener that was closed before its program had accepted the connection") +
		", memory pressure"
}

// refusesSYNACK reports whether the RST is the client's answer to a SYN,ACK
// that it does not want: it had not opened yet.
func (in *Input) refusesSYNACK(r *rst) bool {
	return in.Conn.Open.Kind == "incomplete" && r.By == report.Client && r.Form == "rst" && in.SYNACK.Frame != 0
}
