package detect

import (
	"time"

	"github.com/lastack/lastack/report"
)

// Warning: one end lost a connection that the other believed to be alive, and
// what was under way is lost. A refused SYN,ACK hurt nobody: notice.
var resetNoSuchConnection = define(Detector{
	ID:    "reset-no-such-connection",
	Title: "RST from an end without the connection",
	Means: "A segment drew a bare RST with the number that it had acknowledged: its receiver has no such connection any more, or never " +
		"had it. The connection was half-open.",
	Severity: warning,
	Disproof: "A FIN or RST of that end before, which the capture missed; or a later segment of it with the old numbers: then the RST was not its own.",
	Advice: "Look for a restart of that host (uptime, logs) or of its container, a failover, a load balancer or NAT that sent the segment to another host or forgot the connection. " +
		"A crashed process alone does not do it: its kernel sends a FIN or RST at once.",
	Check: []string{"uptime", "nstat -az TcpOutRsts", "conntrack -S"},
	Refs:  []string{"RFC 9293 3.5.1", "RFC 9293 3.5.2", "RFC 9293 3.10.7.1", "tcp_v4_send_reset()"},
}, withRST, findResetNoSuchConnection)

func findResetNoSuchConnection(in *Input) []claim {
	r := in.deciding()
	switch {
	case r == nil:
	case in.refusesSYNACK(r):
		return in.one(in.unwantedSYNACK(r))
	case r.Cause == "challenge" && in.challengedBefore(r):
		return in.one(in.halfOpen(r))
	case r.Cause == "challenge" && !in.was(r.By.Peer(), "TIME-WAIT"):
		return in.one(in.startedOver(r))
	case r.Cause != "no-such-connection", in.answersProbe(r), in.untaken() != nil, len(in.notes(OldReset, r.By.Peer())) > 0:
	default:
		return in.one(in.halfOpen(r))
	}
	return nil
}

// halfOpen: a segment of an established connection drew the RST.
func (in *Input) halfOpen(r *rst) claim {
	if before, known := in.endedBefore(r); known {
		return claim{side: r.By, severity: notice, at: r.Time, proof: in.marks(before.Mark, r.answers(), r.mark()), rst: r, tell: tellKnownEnd}
	}
	c := claim{side: r.By, confidence: unless(in.gappy()), at: r.Time, proof: in.marks(r.answers(), r.mark()), rst: r, tell: tellHalfOpen}
	if in.closedUnseen(r.By) {
		c.severity, c.confidence = notice, low
	}
	return c
}

// closedUnseen reports whether an end may have closed before the capture began: of a
// connection that was open then it has nothing of that end but ACKs. (One that looks like
// a keepalive probe may be an ACK that the FIN has overtaken.) What an orphan answers, or a
// TIME-WAIT that was cut short, looks the same as an end without the connection.
func (in *Input) closedUnseen(side report.Side) bool {
	e := in.Conn.Endpoint(side)
	return in.Conn.Open.Kind == "mid-stream" && e.PayloadBytes == 0 && e.KeepaliveProbes < 2
}

func tellHalfOpen(in *Input, c *claim) {
	r, lost, other := c.rst, c.side, c.side.Peer()
	idle := ""
	if r.Idle > time.Second {
		idle = "It had sent nothing for " + dur(r.Idle) + " before that."
	}
	c.title = "The " + string(lost) + " did not know the connection any more"
	c.explanation = say("The "+string(other)+"'s segment ("+in.frame(r.answers())+") drew a bare RST ("+in.frame(r.mark())+
		") with the number that it had acknowledged: that is how a host answers that has no such connection. The "+string(lost)+
		" had left it before, by no packet in this capture: it was restarted, lost it in a failover, or was closed by a segment not seen here; or a middlebox that forgot the connection answers in its place.",
		when(c.confidence == low, "The capture began in the middle of the connection, and has nothing that the "+string(lost)+" sent before but ACKs, if anything: it may have closed before, and then this is how a closed end answers."), idle,
		when(r.Octets > 0, "The data in that segment is lost."))
	c.saw = both(lost, "nothing: there is no socket", "ECONNRESET at the next read(), EPIPE at the write() after it")
	c.values = in.values(report.Float("idle_s", r.Idle.Seconds()), report.Int("lost_bytes", r.Octets))
	if r.Elsewhere {
		in.tellInItsPlace(c, idle)
	}
}

// tellInItsPlace: by its hop limit somebody else sent the RST.
func (in *Input) tellInItsPlace(c *claim, idle string) {
	r, named, other := c.rst, c.side, c.side.Peer()
	c.title = "Another host answered in the " + string(named) + "'s name that there is no such connection"
	c.explanation = say("The "+string(other)+"'s segment ("+in.frame(r.answers())+") drew a bare RST ("+in.frame(r.mark())+
		") with the number that it had acknowledged, as from a host that has no such connection. By its hop limit it came from nearer, or farther, than all that the "+string(named)+
		" had sent: a firewall, NAT or load balancer that forgot the connection, or sent the segment to another host. The "+string(named)+" may have it still.", idle,
		when(r.Octets > 0, "The data in that segment is lost."))
	c.saw = both(named, "nothing, until a keepalive or data of its own", "ECONNRESET at the next read(), EPIPE at the write() after it")
}

// challengedBefore reports whether an earlier RST of the same end had drawn a
// challenge ACK: then this one answers that.
func (in *Input) challengedBefore(r *rst) bool {
	all := in.resets()
	for i := range all {
		if o := &all[i]; o.By == r.By && o.Effect == "challenged" && o.Time.Before(r.Time) {
			return true
		}
	}
	return false
}

// ending is a segment by which an end left a connection.
type ending struct {
	Mark
	damaged bool // its checksum was wrong
}

// endedBefore returns an earlier segment by which the same end had left the
// connection, and which its peer did not take, if there is one.
func (in *Input) endedBefore(r *rst) (e ending, ok bool) {
	for i := range in.Notes {
		if n := &in.Notes[i]; n.Kind == BadChecksum && n.Side == r.By && n.Time.Before(r.Time) {
			return ending{n.mark(), true}, true
		}
	}
	all := in.resets()
	for i := range all {
		if o := &all[i]; o.By == r.By && o.Time.Before(r.Time) {
			return ending{o.mark(), false}, true
		}
	}
	return e, false
}

// tellKnownEnd: the end had tried to end the connection before.
func tellKnownEnd(in *Input, c *claim) {
	r, gone, other := c.rst, c.side, c.side.Peer()
	before, _ := in.endedBefore(r)
	why := either(before.damaged, "its checksum was wrong", "it did not have the number that the "+string(other)+" expected, or did not arrive")
	c.title = "The " + string(gone) + " had ended the connection already, by a segment that was not taken"
	c.explanation = say("The "+string(other)+"'s segment ("+in.frame(r.answers())+") drew a bare RST ("+in.frame(r.mark())+"): the "+string(gone)+" has no such connection any more. It had ended it before ("+
		in.frame(before.Mark)+"), but that segment did not count: "+why+".",
		when(r.Octets > 0, "The data in the segment that drew the RST is lost."))
	c.advice = "Nothing to do about this RST: it repairs the loss of the first. For the first, see what is said of connections that are aborted."
	c.saw = both(gone, "nothing: it had ended the connection", "ECONNRESET at the next read(), EPIPE at the write() after it")
	c.values = in.values(report.Float("idle_s", r.Idle.Seconds()))
}

// startedOver: the RST answers the challenge to a new SYN (RFC 9293 figure 9).
func (in *Input) startedOver(r *rst) claim {
	return claim{side: r.By, at: r.Time, proof: in.marks(r.answers(), r.mark()), rst: r, tell: tellStartedOver}
}

func tellStartedOver(in *Input, c *claim) {
	r, lost, other := c.rst, c.side, c.side.Peer()
	c.title = "The " + string(lost) + " opened a new connection on these ports while the " + string(other) + " still had this one"
	c.explanation = "The " + string(lost) + " sent a new SYN on the ports of this connection. The " + string(other) +
		", which still had it, answered with a challenge ACK (" + in.frame(r.answers()) + "); that drew a RST (" + in.frame(r.mark()) +
		"), by which the " + string(other) + " learned that the old connection is gone. The " + string(lost) + " had left it before, without a packet in this capture."
	c.saw = both(lost, "nothing: the old socket is gone, its new connect() takes a little longer", "ECONNRESET on the old connection")
	c.values = in.values(report.Float("idle_s", r.Idle.Seconds()))
}

// unwantedSYNACK: the client answered the SYN,ACK with a RST.
func (in *Input) unwantedSYNACK(r *rst) claim {
	return claim{
		side:     report.Client,
		severity: notice,
		at:       r.Time,
		proof:    in.marks(in.SYN[0].first(), in.SYNACK.first(), in.SYNACK.last(), r.mark()),
		rst:      r,
		tell:     tellUnwantedSYNACK,
	}
}

func tellUnwantedSYNACK(in *Input, c *claim) {
	delay := between(in.SYN[0].Time, c.rst.Time)
	c.title = "The client answered the SYN,ACK with a RST"
	c.explanation = "The SYN,ACK (" + in.frame(in.SYNACK.first()) + ") drew a bare RST of the client (" + in.frame(c.rst.mark()) + ")" + delay.say(", ", " after its SYN ("+in.frame(in.SYN[0].first())+")") +
		": there was no socket in SYN-SENT any more. The program had closed it or given up, the SYN was an old one, " +
		"its address was forged, or it was a scan that only wants to know whether the port is open."
	c.disproof = "An ACK of this SYN,ACK by the client."
	c.advice = "Nothing to do for a single one. Many from one address are a scan; if the delay is long, the client's time limit is shorter than the server's answer takes."
	c.saw = [2]string{"nothing, or a connect() that it had cancelled", "nothing: accept() never returned it"}
	c.values = delay.put(in.values(), "delay_s")
}
