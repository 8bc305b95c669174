package detect

import "github.com/lastack/lastack/report"

// Rare and legal between two ends that call each other (hole punching): info.
// A socket connected to itself is nearly always an accident: notice.
var simultaneousOpen = define(Detector{
	ID:       "simultaneous-open",
	Title:    "Both ends opened at the same time",
	Means:    "The ends' SYNs crossed: each went from SYN-SENT through SYN-RECEIVED to ESTABLISHED, and none of them was listening.",
	Severity: info,
	Disproof: "A SYN,ACK that answers the first SYN and left before the second SYN.",
	Advice:   "Nothing to do where it is meant, as in hole punching. Middleboxes that do not know this exchange may block it.",
	Check:    []string{"ss -tan state established"},
	Refs:     []string{"RFC 9293 3.5 figure 7", "tcp_rcv_synsent_state_process()"},
}, openedOtherwise, findSimultaneousOpen)

func findSimultaneousOpen(in *Input) []claim {
	c := in.Conn
	switch {
	case c.Client == c.Server && in.was(report.Client, "ESTABLISHED"):
		return in.one(claim{severity: notice, at: in.SYN[0].Time, proof: in.marks(in.SYN[0].first(), in.SYNACK.first()), tell: tellSelfConnection})
	case c.Open.Kind != "simultaneous", in.SYN[0].Frame == 0, in.SYN[1].Frame == 0:
		return nil
	}
	proof := in.marks(in.SYN[0].first(), in.SYN[1].first(), in.SYNACK.first())
	for _, side := range sides {
		if t := in.entered(side, "ESTABLISHED"); t != nil && t.Frame != nil {
			proof = append(proof, at(*t.Frame, t.File))
		}
	}
	return in.one(claim{at: in.SYN[1].Time, proof: proof, tell: tellSimultaneousOpen})
}

func tellSimultaneousOpen(in *Input, c *claim) {
	gap := in.SYN[1].Time.Sub(in.SYN[0].Time).Abs()
	c.title = "Both ends sent a SYN, " + dur(gap) + " apart"
	c.explanation = "The SYNs (" + in.frames(in.SYN[0].first(), in.SYN[1].first()) + ") crossed: each end took the other's in SYN-SENT, " +
		"went to SYN-RECEIVED and answered with a SYN,ACK. It is one connection, and neither end was a listener."
	c.saw = [2]string{"connect() succeeded", "connect() succeeded"}
	c.values = in.values(report.Float("syn_gap_s", gap.Seconds()))
}

// tellSelfConnection: a socket connected to its own address and port.
func tellSelfConnection(in *Input, c *claim) {
	c.title = "The socket " + in.Conn.Client.String() + " connected to itself"
	c.explanation = "Both ends are the same address and port: the SYN (" + in.frame(in.SYN[0].first()) +
		") came back to the socket that had sent it, which took it for a simultaneous open. Whatever the program writes, it reads itself."
	c.advice = "Nothing listened on this port, which lies in the range of the ephemeral ones, and connect() happened to choose it. " +
		"Give the service a port outside net.ipv4.ip_local_port_range or reserve it, and compare getsockname() with getpeername()."
	c.check = []string{"sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports"}
	c.saw = [2]string{"connect() succeeded; it reads what it wrote", "it is the same program"}
	c.values = in.values()
}
