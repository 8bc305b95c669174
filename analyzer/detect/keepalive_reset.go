package detect

import "github.com/lastack/lastack/report"

// Warning, as for every connection that one end has lost.
var keepaliveReset = define(Detector{
	ID:       "keepalive-reset",
	Title:    "Keepalive probe answered with a RST",
	Means:    "A keepalive probe drew a RST: the peer's host is there and does not know the connection any more. It had left it before, without a packet.",
	Severity: warning,
	Disproof: "A FIN or RST of that end before, which the capture missed; or a later segment of it with the old numbers.",
	Advice:   "Look for a restart of that host or container, a failover, or a load balancer or NAT that sends the segments to another host now. The prober's program has to connect again.",
	Check:    []string{"uptime", "nstat -az TcpOutRsts TcpExtTCPKeepAlive"},
	Refs:     []string{"RFC 9293 3.8.4", "RFC 9293 3.5.1", "RFC 9293 3.10.7.1", "tcp_v4_send_reset()"},
}, keepaliveSent, findKeepaliveReset)

func findKeepaliveReset(in *Input) []claim {
	for _, side := range sides {
		// One that had sent its FIN has closed, and is told of so.
		if p := in.probing(side); p != nil && p.refused != nil && in.FIN[index(side.Peer())].Frame == 0 {
			return in.one(in.keepaliveReset(p))
		}
	}
	return nil
}

func (in *Input) keepaliveReset(p *probing) claim {
	r := p.refused
	c := claim{
		side:       p.side.Peer(),
		confidence: unless(in.gappy()),
		at:         r.Time,
		proof:      in.marks(r.answers(), r.mark()),
		rst:        r,
		tell:       tellKeepaliveReset,
	}
	if n := len(p.replies); n > 0 {
		c.proof = append(c.proof, p.replies[n-1].mark())
	}
	return c
}

func tellKeepaliveReset(in *Input, c *claim) {
	r, lost, prober := c.rst, c.side, c.side.Peer()
	before := ""
	if replies := in.probing(prober).replies; len(replies) > 0 {
		m := replies[len(replies)-1].mark()
		before = "It had answered the probes before that, the last one " + dur(r.Time.Sub(m.Time)) + " earlier (" + in.frame(m) + "), so it lost the connection in between."
	}
	c.title = "The " + string(lost) + " answered a keepalive probe with a RST: it had lost the connection"
	c.explanation = say("The "+string(prober)+"'s keepalive probe ("+in.frame(r.answers())+") drew a bare RST ("+in.frame(r.mark())+"): the "+string(lost)+
		" is CLOSED and had left the connection before, unseen: restarted, failed over, or replaced by a host or middlebox that does not know it.", before)
	c.saw = both(prober, "ECONNRESET", "nothing: there is no socket")
	c.values = in.values(report.Int("probes", in.Conn.Endpoint(prober).KeepaliveProbes), report.Int("replies", in.Conn.Endpoint(lost).KeepaliveReplies), report.Float("idle_s", r.Idle.Seconds()))
}
