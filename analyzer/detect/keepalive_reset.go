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
		if p := in.probing(side); p != nil && p.refused != nil {
			return in.one(in.keepaliveReset(p))
		}
	}
	return nil
}

func (in *Input) keepaliveReset(p *probing) claim {
	r, prober, lost := p.refused, p.side, p.side.Peer()
	replies := in.Conn.Endpoint(lost).KeepaliveReplies
	before := ""
	proof := in.marks(r.answers(), r.mark())
	if n := len(p.replies); n > 0 {
		m := p.replies[n-1].mark()
		before = "It had answered the probes before that, the last one " + dur(r.Time.Sub(m.Time)) + " earlier (" + in.frame(m) + "), so it lost the connection in between."
		proof = append(proof, m)
	}
	return claim{
		side:       lost,
		confidence: unless(in.gappy()),
		title:      "The " + string(lost) + " answered a keepalive probe with a RST: it had lost the connection",
		explanation: say("The "+string(prober)+"'s keepalive probe ("+in.frame(r.answers())+") drew a bare RST ("+in.frame(r.mark())+"): the "+string(lost)+
			" is CLOSED and had left the connection before, unseen: restarted, failed over, or replaced by a host or middlebox that does not know it.", before),
		saw:    both(prober, "ECONNRESET", "nothing: there is no socket"),
		at:     r.Time,
		proof:  proof,
		values: in.values(report.Int("probes", in.Conn.Endpoint(prober).KeepaliveProbes), report.Int("replies", replies), report.Float("idle_s", r.Idle.Seconds())),
	}
}
