package detect

import (
	"strconv"

	"github.com/lastack/lastack/report"
)

// Notice: the program was told at once, and a rejection is a firewall or a
// router doing what it was set up to do.
var connectionRejected = define(Detector{
	ID:       "connection-rejected",
	Title:    "Connection rejected by an ICMP error",
	Means:    "An ICMP error that quotes the SYN ended connect(): a host, router or firewall on the way says that it does not go on.",
	Severity: notice,
	Disproof: "A SYN,ACK to the same SYN: a client that goes on has ignored the error.",
	Advice:   "Look at the sender of the ICMP error: it is the device that knows why. \"Prohibited\" means a firewall rule, \"unreachable\" a missing route or a host that does not answer.",
	Check:    []string{"ip route get ADDRESS", "nstat -az IcmpInDestUnreachs Icmp6InDestUnreachs"},
	Refs:     []string{"RFC 9293 3.9.2.2", "RFC 1122 4.2.3.9", "RFC 5927 4", "tcp_v4_err()"},
}, openedOtherwise, findConnectionRejected)

func findConnectionRejected(in *Input) []claim {
	if in.Conn.Open.Kind != "rejected" || in.Conn.Rejected == nil || in.SYN[0].Frame == 0 {
		return nil
	}
	m := in.rejection()
	return in.one(claim{side: report.Client, at: m.Time, proof: in.marks(in.SYN[0].first(), in.SYN[0].last(), m), tell: tellConnectionRejected})
}

// rejection is where the ICMP error stands.
func (in *Input) rejection() Mark {
	m := at(in.Conn.Rejected.Frame, in.Conn.Rejected.File)
	m.Time = in.Conn.End
	if t := in.entered(report.Client, "CLOSED"); t != nil && t.T != nil {
		m.Time = *t.T
	}
	return m
}

func tellConnectionRejected(in *Input, c *claim) {
	e, m := in.Conn.Rejected, in.rejection()
	what, saw := icmpWords(in.Conn.Client.IP.Is6(), e)
	delay := m.Time.Sub(in.SYN[0].LastTime)
	c.title = "The connection to " + in.Conn.Server.String() + " was rejected: ICMP " + what
	c.explanation = "The SYN (" + in.frame(in.SYN[0].last()) + ") was answered by an ICMP error that quotes it, \"" + what + "\" (type " + strconv.Itoa(int(e.ICMPType)) +
		", code " + strconv.Itoa(int(e.ICMPCode)) + ", " + in.frame(m) + "), after " + dur(delay) + ". The client went from SYN-SENT to CLOSED."
	c.saw = [2]string{saw, "nothing"}
	c.values = in.values(report.Int("icmp_type", int(e.ICMPType)), report.Int("icmp_code", int(e.ICMPCode)), report.Float("delay_s", delay.Seconds()))
}

// icmpError is an ICMP error in words, and the errno that Linux makes of it
// (icmp_err_convert, icmpv6_err_convert).
type icmpError struct{ what, errno string }

// unreachables are the codes of ICMP type 3 and of ICMPv6 type 1.
var unreachables = [2][]icmpError{
	{
		{"network unreachable", "ENETUNREACH"}, {"host unreachable", "EHOSTUNREACH"},
		{"protocol unreachable", "ENOPROTOOPT"}, {"port unreachable", "ECONNREFUSED"},
		{"fragmentation needed", "EMSGSIZE"}, {"source route failed", "EOPNOTSUPP"},
		{"network unknown", "ENETUNREACH"}, {"host unknown", "EHOSTDOWN"},
		{"source host isolated", "ENONET"}, {"network prohibited", "ENETUNREACH"},
		{"host prohibited", "EHOSTUNREACH"}, {"network unreachable for this type of service", "ENETUNREACH"},
		{"host unreachable for this type of service", "EHOSTUNREACH"}, {"administratively prohibited", "EHOSTUNREACH"},
		{"host precedence violation", "EHOSTUNREACH"}, {"precedence cutoff", "EHOSTUNREACH"},
	},
	{
		{"no route to the destination", "ENETUNREACH"}, {"administratively prohibited", "EACCES"},
		{"beyond the scope of the source address", "EHOSTUNREACH"}, {"address unreachable", "EHOSTUNREACH"},
		{"port unreachable", "ECONNREFUSED"}, {"source address failed policy", "EACCES"},
		{"route rejected", "EACCES"},
	},
}

// icmpWords names an ICMP error and what connect() likely returned.
func icmpWords(v6 bool, e *report.Rejected) (what, errno string) {
	family, unreachable, exceeded := 0, uint8(3), uint8(11)
	if v6 {
		family, unreachable, exceeded = 1, 1, 3
	}
	switch list := unreachables[family]; {
	case e.ICMPType == unreachable && int(e.ICMPCode) < len(list):
		return list[e.ICMPCode].what, list[e.ICMPCode].errno
	case e.ICMPType == exceeded:
		return "hop limit exceeded on the way", "EHOSTUNREACH"
	case e.ICMPType == unreachable:
		return "unreachable", "EHOSTUNREACH"
	}
	return "parameter problem", "EPROTO"
}
