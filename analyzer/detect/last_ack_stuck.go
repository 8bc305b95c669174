package detect

// Notice: both programs have closed; only a kernel still waits, and it stops
// by itself.
var lastAckStuck = define(Detector{
	ID:    "last-ack-stuck",
	Title: "LAST-ACK: the FIN is not acknowledged",
	Means: "The end that closed last repeats its FIN and gets no answer: its peer or the path is gone, or every ACK is lost. " +
		"It gives up by itself, without a packet.",
	Severity: notice,
	Disproof: "Any later segment of the peer that acknowledges the FIN, or a RST from it.",
	Advice: "Nothing to do for a single one: the kernel gives up by itself (Linux: tcp_orphan_retries, where 0 stands for 8). " +
		"Many of them point to a peer or a path that vanished, or to a firewall that forgets connections at the first FIN.",
	Check: []string{"ss -tano state last-ack", "nstat -az TcpExtTCPTimeouts TcpExtTCPAbortOnTimeout", "sysctl net.ipv4.tcp_orphan_retries"},
	Refs:  []string{"RFC 9293 3.6", "RFC 9293 3.8.3", "tcp_orphan_retries()", "tcp_retransmit_timer()"},
}, leftClosing, findLastAckStuck)

func findLastAckStuck(in *Input) []claim { return in.allStuck("LAST-ACK") }
