package explain

var sysctlEntries = []Entry{
	{
		Name: "tcp_fin_timeout", Kind: Term,
		Means: `How long Linux keeps an orphan in FIN-WAIT-2, that is, after the program has closed the
			descriptor and while the peer has not sent its FIN. Default 60 s. It is not the length of TIME-WAIT,
			which is fixed at 60 s, and it does nothing for CLOSE-WAIT.`,
		Do:    `Leave it. It shortens neither TIME-WAIT nor a shortage of ports.`,
		Check: []string{"sysctl net.ipv4.tcp_fin_timeout"},
		Refs:  []string{"tcp(7)", "docs/tcp-lifecycle.md#tcp_fin_timeout-is-not-time-wait"},
		See:   []string{"FIN-WAIT-2", "TIME-WAIT", "orphan", "TCP_LINGER2"},
	},
	{
		Name: "tcp_tw_reuse", Kind: Term,
		Means: `Lets Linux, when it connects, take a tuple that is in its own TIME-WAIT for more than a
			second, if time stamps are in use. 1: always; 2: on loopback only (the default since 4.19); 0: never. It
			concerns outgoing connections only: it does nothing on the side that accepts.`,
		Do:    `A help for a client or proxy that runs out of ports; pooling connections is better.`,
		Check: []string{"sysctl net.ipv4.tcp_tw_reuse", "nstat -az TcpExtTWRecycled"},
		Refs:  []string{"RFC 6191", "tcp_twsk_unique() in Linux", "docs/tcp-lifecycle.md#tcp_tw_reuse-is-for-the-end-that-connects"},
		See:   []string{"port-exhaustion", "incarnation-reuse", "tcp_tw_recycle"},
	},
	{
		Name: "tcp_tw_recycle", Kind: Term,
		Means: `A former Linux setting that dropped TIME-WAIT early and compared time stamps per host instead
			of per connection, so that SYNs of clients behind one NAT were dropped at random. It was removed in
			Linux 4.12.`,
		Do:   `Take it out of old configurations. On a kernel that still has it, turn it off.`,
		Refs: []string{"Linux commit 4396e46187ca (4.12)", "docs/tcp-lifecycle.md#tcp_tw_recycle-is-gone"},
		See:  []string{"tcp_tw_reuse", "PAWS"},
	},
	{
		Name: "tcp_max_tw_buckets", Kind: Term,
		Means: `How many TIME-WAITs a Linux host (a network namespace) keeps; the default follows its memory.
			One too many is dropped at once: "time wait bucket table overflow" in the log. A late FIN then draws a
			RST, and old segments are no longer fenced off.`,
		Do:    `Raise it rather than lower it; a TIME-WAIT takes a few hundred bytes.`,
		Check: []string{"sysctl net.ipv4.tcp_max_tw_buckets", "nstat -az TcpExtTCPTimeWaitOverflow"},
		Refs:  []string{"tcp(7)"},
		See:   []string{"time-wait-missing", "time-wait-on-server"},
	},
	{
		Name: "tcp_orphan_retries", Kind: Term,
		Means: `How often Linux repeats a segment for a connection that no program holds any more (FIN-WAIT-1,
			LAST-ACK, CLOSING). The default 0 stands for 8, which is more than 100 s; fewer if the path is known to
			be broken.`,
		Check: []string{"sysctl net.ipv4.tcp_orphan_retries", "ss -tano state fin-wait-1"},
		Refs:  []string{"RFC 1122 4.2.3.5", "tcp(7)"},
		See:   []string{"fin-wait-1-stuck", "last-ack-stuck", "orphan"},
	},
	{
		Name: "tcp_retries2", Kind: Term, Aliases: []string{"tcp_retries1"},
		Means: `How often Linux repeats unacknowledged data before it gives an open connection up. The default
			15 means, with the shortest time-out of 200 ms doubling up to 120 s, no sooner than 924.6 s, and on slow
			paths longer. The program then sees ETIMEDOUT; usually no RST is sent. (tcp_retries1, default 3, is when
			it asks for another route.)`,
		Do:    `For one program use TCP_USER_TIMEOUT rather than this.`,
		Check: []string{"sysctl net.ipv4.tcp_retries2", "ss -tino"},
		Refs:  []string{"RFC 1122 4.2.3.5", "RFC 6298"},
		See:   []string{"dead-peer", "TCP_USER_TIMEOUT"},
	},
	{
		Name: "tcp_keepalive_time", Kind: Term,
		Means: `How long a connection with SO_KEEPALIVE is idle before Linux sends the first probe: 7200 s by
			default. Per socket: TCP_KEEPIDLE. It does nothing for sockets without SO_KEEPALIVE.`,
		Check: []string{"sysctl net.ipv4.tcp_keepalive_time"},
		Refs:  []string{"tcp(7)", "RFC 1122 4.2.3.6"},
		See:   []string{"keepalive", "tcp_keepalive_intvl", "tcp_keepalive_probes", "TCP_KEEPIDLE"},
	},
	{
		Name: "tcp_keepalive_intvl", Kind: Term,
		Means: `The time between two keepalive probes that are not answered: 75 s by default. Per socket:
			TCP_KEEPINTVL.`,
		Check: []string{"sysctl net.ipv4.tcp_keepalive_intvl"},
		Refs:  []string{"tcp(7)"},
		See:   []string{"keepalive", "tcp_keepalive_time", "tcp_keepalive_probes"},
	},
	{
		Name: "tcp_keepalive_probes", Kind: Term,
		Means: `How many keepalive probes may go unanswered before Linux resets the connection: 9 by default.
			Nine at 75 s are 675 s, more than 11 minutes: with the 7200 s before, a dead peer is noticed 7,875 s
			after the last sign of life. Per socket: TCP_KEEPCNT.`,
		Check: []string{"sysctl net.ipv4.tcp_keepalive_probes"},
		Refs:  []string{"tcp(7)", "docs/tcp-lifecycle.md#nine-probes-are-11-minutes"},
		See:   []string{"keepalive", "keepalive-unanswered", "tcp_keepalive_time"},
	},
	{
		Name: "tcp_syn_retries", Kind: Term, Aliases: []string{"tcp_syn_linear_timeouts"},
		Means: `How often Linux repeats a SYN: 6 by default, at 1, 3, 7, 15, 31 and 63 s; connect() fails
			after 127 s. With tcp_syn_linear_timeouts=4 (the default from 6.5 on) the first repeats come a second
			apart: 1, 2, 3, 4, 5, 7, 11, 19, 35 and 67 s, and it fails after 131 s.`,
		Check: []string{"sysctl net.ipv4.tcp_syn_retries net.ipv4.tcp_syn_linear_timeouts"},
		Refs:  []string{"RFC 9293 3.8.3", "tcp(7)"},
		See:   []string{"connection-unanswered", "syn-retransmitted"},
	},
	{
		Name: "tcp_synack_retries", Kind: Term,
		Means: `How often Linux repeats a SYN,ACK: 5 by default, at 1, 3, 7, 15 and 31 s; after 63 s the
			request is forgotten. The client, which may be ESTABLISHED, is not told; its next segment draws a RST.`,
		Check: []string{"sysctl net.ipv4.tcp_synack_retries"},
		Refs:  []string{"tcp(7)"},
		See:   []string{"syn-ack-retransmitted", "accept-queue-overflow"},
	},
	{
		Name: "tcp_abort_on_overflow", Kind: Term,
		Means: `What Linux does with a completed handshake when the accept queue is full. 0 (the default):
			ignore the ACK, repeat the SYN,ACK, and let the client try again. 1: send a RST.`,
		Do:    `Leave it at 0 unless a quick failure is better than a slow success.`,
		Check: []string{"sysctl net.ipv4.tcp_abort_on_overflow", "nstat -az TcpExtListenOverflows"},
		Refs:  []string{"tcp(7)"},
		See:   []string{"accept-queue-overflow", "somaxconn"},
	},
	{
		Name: "somaxconn", Kind: Term, Aliases: []string{"net.core.somaxconn", "listen backlog"},
		Means: `The upper limit for the accept queue of a listener: the queue is the smaller of this and the
			backlog given to listen(). 4096 by default since Linux 5.4, 128 before. A change counts for a listener
			only when it calls listen() again.`,
		Check: []string{"sysctl net.core.somaxconn", "ss -ltn   # Send-Q is the limit in force"},
		Refs:  []string{"listen(2)"},
		See:   []string{"accept-queue-overflow", "tcp_max_syn_backlog"},
	},
	{
		Name: "tcp_max_syn_backlog", Kind: Term,
		Means: `A limit for requests whose handshake is not complete (SYN-RECEIVED), per listener. On current
			Linux the accept queue's limit also bounds them; when it is passed, SYN cookies are sent or, without
			them, SYNs are dropped.`,
		Check: []string{"sysctl net.ipv4.tcp_max_syn_backlog", "nstat -az TcpExtTCPReqQFullDrop TcpExtTCPReqQFullDoCookies"},
		Refs:  []string{"tcp(7)"},
		See:   []string{"syn-flood", "tcp_syncookies"},
	},
	{
		Name: "tcp_syncookies", Kind: Term, Aliases: []string{"SYN cookie", "SYN cookies"},
		Means: `When the queue of half-open requests is full, Linux answers SYNs without keeping anything: the
			SYN,ACK's number encodes the request, and the ACK brings it back. 1 (the default): when needed; 2:
			always; 0: never. Without time stamps such a connection loses window scaling and SACK.`,
		Alike: `From the wire a cookie looks like any SYN,ACK; it is just never repeated.`,
		Check: []string{"sysctl net.ipv4.tcp_syncookies", "nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv TcpExtSyncookiesFailed"},
		Refs:  []string{"RFC 4987 3.6"},
		See:   []string{"syn-flood", "SYN-RECEIVED"},
	},
	{
		Name: "tcp_rfc1337", Kind: Term,
		Means: `0 (the default): a RST with the exact number ends TIME-WAIT on Linux. 1: it is ignored there,
			as RFC 1337 recommends.`,
		Check: []string{"sysctl net.ipv4.tcp_rfc1337"},
		Refs:  []string{"RFC 1337"},
		See:   []string{"time-wait-assassination", "incarnation-reuse-refused"},
	},
	{
		Name: "tcp_timestamps", Kind: Term, Aliases: []string{"timestamps", "TSval"},
		Means: `TCP time stamps (on by default): every segment carries its sender's clock and echoes the
			other's. They give exact round-trip times, protect against old segments (PAWS), and let a new connection
			into TIME-WAIT safely. Current Linux adds a random offset per pair of hosts.`,
		Do:    `Leave them on.`,
		Check: []string{"sysctl net.ipv4.tcp_timestamps"},
		Refs:  []string{"RFC 7323"},
		See:   []string{"PAWS", "incarnation-reuse", "tcp_tw_reuse"},
	},
	{
		Name: "ip_local_port_range", Kind: Term, Aliases: []string{"ephemeral ports", "ephemeral port range", "source ports"},
		Means: `The ports that Linux chooses from when it connects: 32768 to 60999 by default, 28,232 of them,
			towards each destination address and port. Divided by the 60 s of TIME-WAIT that is 470 connections a
			second that can last. (Windows: 49152 to 65535, 16,384 ports.)`,
		Check: []string{"sysctl net.ipv4.ip_local_port_range"},
		Refs:  []string{"RFC 6056", "ip(7)"},
		See:   []string{"port-exhaustion", "time-wait-pile-up"},
	},
	{
		Name: "nf_conntrack", Kind: Term, Aliases: []string{"conntrack", "nf_conntrack_tcp_timeout_established"},
		Means: `Linux's connection tracking, used by its firewall and NAT. It has a state machine and
			time-outs of its own: 432,000 s (5 days) for established connections, 120 s for TIME-WAIT and FIN-WAIT,
			60 s for CLOSE-WAIT by default. When it forgets or has no room, packets are dropped or rejected that the
			ends think valid.`,
		Check: []string{"conntrack -S", "sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max", "sysctl -a 2>/dev/null | grep nf_conntrack_tcp_timeout"},
		Refs:  []string{"Documentation/networking/nf_conntrack-sysctl.rst in Linux"},
		See:   []string{"middlebox-idle-timeout"},
	},
}
