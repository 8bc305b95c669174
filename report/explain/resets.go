package explain

var resetFindings = []Entry{
	{
		Name: "reset-abort", Kind: Finding, Aliases: []string{"ECONNRESET", "abort"},
		Means: `One program ended a living connection with a RST and not with a FIN. What it had not sent is
			lost, and the other program sees ECONNRESET.`,
		Decides: `A RST with the sender's own next sequence number (Linux, BSD and Windows send RST,ACK),
			before it had sent a FIN, and not in answer to something that its kernel did not know. The reasons that
			the wire cannot tell apart: SO_LINGER with time 0, close() with unread data in the receive buffer, a
			process that ended with unread data, TCP_LINGER2, shortage of memory.`,
		Alike: `kill -9 by itself does not abort: the kernel closes the descriptors and sends FIN; only unread
			data turns that into a RST. A bare RST whose number is the ACK of the segment before it means that no
			connection was known.`,
		Check: []string{"nstat -az TcpExtTCPAbortOnClose TcpExtTCPAbortOnData TcpExtTCPAbortOnLinger TcpExtTCPAbortOnMemory TcpEstabResets"},
		Do: `Read until 0 before close(). Look for SO_LINGER in the program, and for a load balancer that cuts
			idle connections this way.`,
		Refs: []string{"RFC 9293 3.10.5", "RFC 1122 4.2.2.13", "RFC 2525 2.17"},
		See:  []string{"SO_LINGER", "reset-after-close", "reset-injected"},
	},
	{
		Name: "reset-no-such-connection", Kind: Finding,
		Means: `A segment was answered by a RST because its receiver knew of no such connection: the process
			or the host had been restarted, its connection had timed out, or a middlebox had forgotten it.`,
		Decides: `A bare RST within a round trip after a segment, with that segment's acknowledgement number
			as its sequence number. Where its hop limit says that it came from nearer, or farther, than all that
			its alleged sender had sent, the finding says that another host sent it, and that end's state is
			not proved by it. A notice of low confidence, where the connection was open before the capture
			began, and that end sent nothing in it before but ACKs: it may have closed before.`,
		Alike: `The same form comes from an orphan in FIN-WAIT that gets data (reset-after-close), from
			SYN-RECEIVED (a full or closed listener), and from SYN-SENT (a wrong ACK).`,
		Check: []string{"uptime", "nstat -az TcpOutRsts"},
		Do: `Look when the other process started. If it always happens after the same idle time, see
			middlebox-idle-timeout.`,
		Refs: []string{"RFC 9293 3.10.7.1", "RFC 9293 3.5.1"},
		See:  []string{"peer-rebooted", "middlebox-idle-timeout", "keepalive-reset"},
	},
	{
		Name: "reset-after-close", Kind: Finding, Aliases: []string{"EPIPE"},
		Means: `One end had closed completely, got data or a FIN all the same, and answered with a RST. What
			was sent after the close is lost; the sender sees ECONNRESET, then EPIPE.`,
		Decides: `A RST from an end that had sent its FIN, in answer to data or FIN that arrived afterwards.`,
		Alike:   `A half-close takes such data. An abort comes without a FIN before.`,
		Check:   []string{"nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose"},
		Do: `Often harmless (a client that stops reading, a keep-alive connection that both want to end).
			Otherwise use shutdown(SHUT_WR) and read to the end before close().`,
		Refs: []string{"RFC 9293 3.10.7.1", "RFC 1122 4.2.2.13"},
		See:  []string{"half-close-data-lost", "SO_LINGER"},
	},
	{
		Name: "reset-injected", Kind: Finding, Aliases: []string{"forged RST"},
		Means: `A RST that probably neither end has sent: a firewall, an intrusion detector or a censor forged
			it to cut the connection.`,
		Decides: `Data from the same sender after it decides alone, else two signs: a hop count off the
			sender's usual one by more than two, an answer sooner than the path takes, an IP id that is neither 0 nor
			next in the sender's run, time stamps missing from a RST,ACK of Linux that carries the sender's next
			number, payload, a number behind data that the sender has sent already, RSTs to both ends within a round
			trip. An unusual id or missing options on a bare RST of Linux are no sign: it always sends those so; nor
			are they of stacks that draw ids at random or put no time stamps on a RST.`,
		Alike: `An offload engine or a load balancer that ends connections on the host's behalf also changes
			hop count and id.`,
		Do:   `Capture at both ends: the RST that only the receiver sees was forged on the way.`,
		Refs: []string{"Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets, NDSS 2009", "RFC 5961"},
		See:  []string{"challenge ACK", "reset-abort"},
	},
	{
		Name: "time-wait-assassination", Kind: Finding, Aliases: []string{"TIME-WAIT assassination", "assassination"},
		Means: `A RST reached an end in TIME-WAIT and ended it early. Usually an old duplicate segment drew an
			ACK from TIME-WAIT, and the other end, already CLOSED, answered that ACK with a RST. The protection that
			TIME-WAIT gives is gone before its time.`,
		Decides: `A RST with exactly the expected number arrives at an end in TIME-WAIT. Whether the host
			ignores it (tcp_rfc1337=1) the wire cannot tell, so the CLOSED that follows is assumed.`,
		Alike: `The RST that a client in SYN-SENT sends in a refused reuse also kills TIME-WAIT, on purpose
			(incarnation-reuse-refused).`,
		Check: []string{"sysctl net.ipv4.tcp_rfc1337"},
		Do:    `Harmless for one connection. Where ports are reused fast, tcp_rfc1337=1 makes Linux ignore such RSTs.`,
		Refs:  []string{"RFC 1337", "RFC 9293 3.10.7.4"},
		See:   []string{"TIME-WAIT", "tcp_rfc1337", "old-duplicate"},
	},
}
