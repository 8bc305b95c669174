package explain

var openingFindings = []Entry{
	{
		Name: "simultaneous-open", Kind: Finding,
		Means: `Both ends sent a SYN to each other before either had received one; each then answered with a
			SYN,ACK. It is legal and rare: both programs used connect() with fixed ports, as hole punching through
			NAT does.`,
		Decides: `Two SYNs on one four-tuple in opposite directions, neither acknowledging the other, followed
			by SYN,ACKs with the same sequence numbers.`,
		Alike: `A split handshake: the second SYN comes after a bare ACK of the first. Two programs that
			merely connect to each other's listeners use different ports.`,
		Do:   `Nothing. Firewalls that know only three-way handshakes may drop it.`,
		Refs: []string{"RFC 9293 3.5 figure 7"},
		See:  []string{"SYN-RECEIVED"},
	},
	{
		Name: "fast-open", Kind: Finding, Aliases: []string{"TFO", "TCP Fast Open"},
		Means: `The client sent data in its SYN (TCP Fast Open), with a cookie that the server had given it
			before. The finding says whether the server took the data with the SYN,ACK, took part of it, or ignored
			it, so that it was sent again.`,
		Decides: `A SYN with a fast-open option and payload; the number that the SYN,ACK acknowledges says how
			much was taken.`,
		Alike: `Data in a SYN without the option is legal too, but Linux ignores it.`,
		Check: []string{"sysctl net.ipv4.tcp_fastopen", "nstat -az TcpExtTCPFastOpenActive TcpExtTCPFastOpenPassive TcpExtTCPFastOpenActiveFail"},
		Do: `If the data is ignored every time, the server lacks the setting (bit 2 of tcp_fastopen, and
			TCP_FASTOPEN on the listener), or a middlebox removes the option.`,
		Refs: []string{"RFC 7413"},
	},
	{
		Name: "syn-retransmitted", Kind: Finding,
		Means: `The client's SYN had to be sent again: the SYN or its answer was lost, or the listener dropped
			it. Each repeat costs the user a second, then two, then four.`,
		Decides: `The same SYN (same initial sequence number) captured more than once before an answer. If the
			copy on the wire was captured near the client, it was lost beyond the tap or not answered.`,
		Alike: `A copy made by the capture itself (both within 5 ms, identical) is not a retransmission. A SYN
			with another initial number is another connection.`,
		Check: []string{"nstat -az TcpExtTCPSynRetrans", "nstat -az TcpExtListenOverflows TcpExtListenDrops"},
		Do: `Compare with a capture at the server: is the SYN there? If it is and no answer leaves, look at
			the listener's queue; if not, at the path and at firewalls.`,
		Refs: []string{"RFC 6298", "RFC 9293 3.8.1"},
		See:  []string{"tcp_syn_retries", "connection-unanswered", "accept-queue-overflow"},
	},
	{
		Name: "syn-ack-retransmitted", Kind: Finding,
		Means: `The server sent its SYN,ACK again: it had not got, or not taken, the ACK that completes the
			handshake.`,
		Decides: `The same SYN,ACK captured again. Whether an ACK was captured in between tells the cases
			apart: none (the SYN,ACK was lost, or the client is gone), one that was lost, or one that was not taken.`,
		Alike: `TCP_DEFER_ACCEPT makes Linux repeat the SYN,ACK once although the ACK came. A full accept
			queue makes it repeat although ACK and data came.`,
		Check: []string{"nstat -az TcpExtListenOverflows TcpExtListenDrops", "ss -tan state syn-recv"},
		Do:    `A single one is ordinary loss. Many to one listener: see accept-queue-overflow.`,
		Refs:  []string{"RFC 9293 3.10.7.4"},
		See:   []string{"handshake-ack-lost", "accept-queue-overflow", "tcp_synack_retries"},
	},
	{
		Name: "handshake-ack-lost", Kind: Finding,
		Means: `The last segment of the handshake was lost. The client is ESTABLISHED and may send; the server
			stays in SYN-RECEIVED until its repeated SYN,ACK is acknowledged again, or until data with the ACK
			arrives.`,
		Decides: `At a tap on the client's side: the ACK was captured and the SYN,ACK came again later than a
			round trip to the server explains. At the server's side the ACK is simply not there.`,
		Alike: `An ACK that arrived but was not taken, because the accept queue was full or because of
			TCP_DEFER_ACCEPT. From the client's side that cannot be told apart for certain; the confidence says so.`,
		Do: `Nothing for a single one. If the client's first data had to be resent as well, suspect the accept
			queue.`,
		Refs: []string{"RFC 9293 3.10.7.4"},
		See:  []string{"accept-queue-overflow", "syn-ack-retransmitted"},
	},
	{
		Name: "connection-refused", Kind: Finding, Aliases: []string{"ECONNREFUSED"},
		Means: `The SYN was answered by a RST: nothing listens on that port, or a firewall rejects with a
			reset. The program sees ECONNREFUSED at once.`,
		Decides: `A RST,ACK with sequence number 0 that acknowledges exactly the SYN, while the client was in
			SYN-SENT.`,
		Alike: `A RST without such an ACK does not end SYN-SENT. A SYN answered by the old numbers of a
			TIME-WAIT is a refused reuse. A hop count that differs from the server's other packets points to a
			firewall.`,
		Check: []string{"ss -ltnp", "nstat -az TcpOutRsts"},
		Do: `Is the service running, on this address, on this port, on this address family? If it is, look for
			a rule that rejects with tcp-reset.`,
		Refs: []string{"RFC 9293 3.10.7.1", "RFC 9293 3.10.7.3"},
		See:  []string{"connection-rejected", "connection-unanswered"},
	},
	{
		Name: "connection-rejected", Kind: Finding, Aliases: []string{"EHOSTUNREACH"},
		Means: `An ICMP error that quotes the SYN ended the attempt: a router or a host said that it cannot be
			reached, or that it is prohibited. The program sees EHOSTUNREACH, ECONNREFUSED or the like.`,
		Decides: `An ICMP or ICMPv6 unreachable message quoting a SYN whose sender is in SYN-SENT.
			Fragmentation needed and Packet Too Big do not count. In an open connection such errors change no state.`,
		Alike: `A RST in answer to the SYN is connection-refused.`,
		Check: []string{"ip route get ADDRESS", "nstat -az IcmpInDestUnreachs"},
		Do:    `The source address of the ICMP packet is the device that refused; its type and code say why.`,
		Refs:  []string{"RFC 9293 3.9.2.2", "RFC 792", "RFC 4443"},
		See:   []string{"connection-refused"},
	},
	{
		Name: "connection-unanswered", Kind: Finding, Aliases: []string{"ETIMEDOUT"},
		Means: `SYNs were sent, repeated at doubling gaps, and nothing came back. The program hangs in
			connect() for up to 127 s on Linux (131 s with the linear time-outs of kernels from 6.5 on), then sees
			ETIMEDOUT.`,
		Decides: `SYNs without any answer until the client gave up, or until the capture ended. From the
			third SYN on it is a warning; one or two, as of a client with a short time limit, are a notice.`,
		Alike: `A dropping firewall, a host that is down, a route that goes nowhere, a full SYN queue, and a
			capture that misses the answers (see one-way-capture) all look the same at the client. SYNs that are
			unanswered while others to the same listener are answered in the same seconds point to the queue.`,
		Check: []string{"nstat -az TcpExtListenDrops TcpExtTCPReqQFullDrop TcpExtTCPReqQFullDoCookies"},
		Do: `Capture at the server: if the SYN arrives there, look at the listener and the host's firewall; if
			not, at the path.`,
		Refs: []string{"RFC 9293 3.8.3"},
		See:  []string{"tcp_syn_retries", "syn-retransmitted", "one-way-capture"},
	},
	{
		Name: "accept-queue-overflow", Kind: Finding, Aliases: []string{"listen overflow", "backlog"},
		Means: `The listener's queue of complete connections is full, because the program does not call
			accept() fast enough. Linux then ignores the ACK of the handshake: the client believes that it is
			connected, its data is not acknowledged, the SYN,ACK is repeated.`,
		Decides: `The SYN,ACK comes again although the client's ACK, and better its data, were captured and
			the data is resent unacknowledged; or the SYN,ACK comes again twice or more, each time answered. With
			tcp_abort_on_overflow=1 a RST comes instead, as from a listener that was closed just then: that is a
			notice, and a warning of medium confidence for a listener that did so to 3 clients, served others that
			came later, and refused no SYN from 0.2 s before to 5 s after: one that was closed, as in a restart,
			refuses those too, one with a full queue drops them.`,
		Alike: `Near the client, a lost ACK looks alike for a single connection. TCP_DEFER_ACCEPT repeats the
			SYN,ACK once, at its end.`,
		Check: []string{"nstat -az TcpExtListenOverflows TcpExtListenDrops", "ss -ltn   # Recv-Q is the queue, Send-Q its limit"},
		Do: `Find out why the program does not accept: a blocked event loop, too few workers, no descriptors
			left (EMFILE). A longer queue (the backlog of listen(), capped by somaxconn) helps against bursts only.`,
		Refs: []string{"listen(2)", "tcp_check_req() in Linux"},
		See:  []string{"somaxconn", "tcp_abort_on_overflow", "application-silent", "TCP_DEFER_ACCEPT"},
	},
	{
		Name: "syn-flood", Kind: Finding,
		Means: `Very many SYNs a second reach a listener and hardly any handshake is completed: an attack, a
			port scan from forged addresses, or a client population that cannot receive the answers.`,
		Decides: `At least 100 SYNs a second to one listener, of which nine in ten were neither completed by the
			client nor refused (by the listener's RST, or ICMP). Of these fewer than a third were sent again, and
			at least a tenth could have been: they are older than 1.2 s when the capture ends. A RST by which the
			client answers the SYN,ACK completes nothing: a living host whose address was forged, or a tool beside
			its kernel. Where most are ended so the backlog does not fill, and it is a warning. The confidence is
			high when they come from several addresses, medium from a single one. In a capture of nothing but SYNs
			and one SYN,ACK for each it is a notice of low confidence: a filter may have left out the rest.`,
		Alike: `A broken return path makes honest clients look like a flood: then they repeat their SYNs at 1,
			3, 7 s, which a flood usually does not. A load test completes its handshakes.`,
		Check: []string{"nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtSyncookiesFailed TcpExtTCPReqQFullDoCookies", "ss -tan state syn-recv | wc -l"},
		Do:    `Leave SYN cookies on (tcp_syncookies=1, the default) and filter upstream.`,
		Refs:  []string{"RFC 4987"},
		See:   []string{"tcp_syncookies", "tcp_max_syn_backlog"},
	},
}
