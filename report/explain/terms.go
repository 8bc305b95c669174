package explain

var termEntries = []Entry{
	{
		Name: "2MSL", Kind: Term, Aliases: []string{"MSL", "maximum segment lifetime"},
		Means: `Twice the maximum segment lifetime: how long TIME-WAIT lasts. One MSL for the last ACK to
			arrive or be lost, one for a repeated FIN to come back. The RFC assumes 2 minutes for an MSL; systems
			use less: 2MSL is 60 s on Linux and FreeBSD, 30 s on macOS, 120 s on Windows, 240 s by the RFC.`,
		Decides: `It is a timer and no packet shows it, so lastack assumes it from --stack, or takes --msl,
			and prints it as an assumption. Time is the capture's.`,
		Alike: `tcp_fin_timeout, also 60 s, is another timer.`,
		Refs:  []string{"RFC 9293 3.4.2", "RFC 9293 3.6.1", "docs/tcp-lifecycle.md#how-long-it-lasts"},
		See:   []string{"TIME-WAIT", "tcp_fin_timeout"},
	},
	{
		Name: "incarnation", Kind: Term,
		Means: `One connection among several that use the same pair of addresses and ports one after the
			other. Sequence numbers, time stamps and TIME-WAIT keep incarnations apart.`,
		Decides: `A SYN with a new initial number opens a candidate; when the other end acknowledges it, it
			becomes the current incarnation. Idle time never splits a connection. Until then a segment belongs to
			the incarnation whose numbers are nearest.`,
		Refs: []string{"RFC 9293 3.4.1"},
		See:  []string{"incarnation-reuse", "old-duplicate"},
	},
	{
		Name: "challenge ACK", Kind: Term,
		Means: `A pure ACK with the true numbers, sent in answer to a SYN on an open connection, or to a RST
			that is in the window but not exact, to find out whether the other end means it. If it really has lost
			the connection, it answers with an exact RST.`,
		Decides: `A pure ACK right after a SYN on an open connection, or after a RST whose number was not the
			expected one. A RST that was only challenged ends nothing.`,
		Alike: `The ACK that a TIME-WAIT sends to a SYN it does not accept.`,
		Check: []string{"nstat -az TcpExtTCPChallengeACK TcpExtTCPSYNChallenge"},
		Refs:  []string{"RFC 5961 3 and 4", "RFC 9293 3.10.7.4"},
		See:   []string{"reset-injected", "incarnation-reuse-refused"},
	},
	{
		Name: "PAWS", Kind: Term, Aliases: []string{"protect against wrapped sequence numbers"},
		Means: `Protection against wrapped sequence numbers: a segment with a time stamp older than the last
			one taken is dropped, except a RST. It also keeps segments of an earlier incarnation out, and is why a
			SYN with a newer time stamp is safe in TIME-WAIT.`,
		Decides: `A segment that is old by its time stamp is void: it changes no state and proves nothing.`,
		Alike: `Several clients behind one NAT have unrelated time stamps; only the removed tcp_tw_recycle was
			confused by that.`,
		Check: []string{"nstat -az TcpExtPAWSActive TcpExtPAWSEstab"},
		Refs:  []string{"RFC 7323 5"},
		See:   []string{"tcp_timestamps", "tcp_tw_recycle"},
	},
	{
		Name: "keepalive", Kind: Term, Aliases: []string{"SO_KEEPALIVE", "keepalive probe"},
		Means: `A test whether an idle peer is still there: a segment with a number that is already
			acknowledged, which a living peer answers with an ACK, a restarted one with a RST, a dead one not at
			all. It is off unless the program sets SO_KEEPALIVE. On Linux it begins after 2 h of silence and gives
			up after nine probes 75 s apart: more than 11 minutes after the first.`,
		Decides: `ACK set, no SYN, FIN or RST, length 0 or 1, number one below the next to be sent, nothing
			outstanding, the peer's window not zero. The octet it may carry never becomes data.`,
		Alike: `HTTP keep-alive is another thing: it means that a connection serves several requests. Messages
			of the program at equal gaps are its own heartbeat.`,
		Check: []string{"ss -tano   # timer:(keepalive,...)", "sysctl net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes"},
		Refs:  []string{"RFC 1122 4.2.3.6", "RFC 9293 3.8.4", "docs/tcp-lifecycle.md#keepalive"},
		See:   []string{"keepalive-alive", "keepalive-unanswered", "keepalive-reset", "tcp_keepalive_time"},
	},
	{
		Name: "window probe", Kind: Term, Aliases: []string{"zero-window probe", "persist timer"},
		Means: `While the receiver's window is zero the sender probes at growing gaps, so that a lost window
			update does not stop the connection for ever.`,
		Decides: `A segment with an old number or one new octet while the peer's window is zero.`,
		Alike:   `A keepalive probe: there the window is open.`,
		Refs:    []string{"RFC 9293 3.8.6.1"},
		See:     []string{"zero-window-stall"},
	},
	{
		Name: "retransmission", Kind: Term, Aliases: []string{"RTO", "retransmission time-out"},
		Means: `A segment sent again because it was not acknowledged in time: after a time-out (at least 200
			ms on Linux, doubling each time) or after three duplicate ACKs.`,
		Decides: `Octets captured before, or missing for longer than a round trip. If the first copy was
			captured it was lost after the tap, otherwise before it or by the capture. A SYN or FIN keeps its number
			when repeated.`,
		Alike: `Copies that the capture itself made; out-of-order arrival within a round trip; a keepalive probe.`,
		Refs:  []string{"RFC 6298", "RFC 5681"},
		See:   []string{"dead-peer", "capture-duplicates"},
	},
	{
		Name: "duplicate ACK", Kind: Term,
		Means: `An ACK without data that repeats the last acknowledgement and window, because a segment
			arrived out of order. Three of them make the sender resend without waiting for its timer.`,
		Alike: `A window update changes the window; a keepalive reply answers a probe.`,
		Refs:  []string{"RFC 5681 2"},
	},
	{
		Name: "RST", Kind: Term, Aliases: []string{"reset"},
		Means: `The segment that ends a connection at once, without an answer: nothing is delivered any more
			and the other program sees ECONNRESET. It counts only if its number is right: in SYN-SENT it has to
			acknowledge the SYN, elsewhere it must have exactly the next expected number.`,
		Decides: `By its form and history: RST,ACK with number 0 refuses a SYN; a bare RST with the number
			that a segment acknowledged says "no such connection"; a RST,ACK with the sender's own next number
			aborts a living socket. Later segments from its receiver show that it was not taken; later segments of
			its sender, that it was forged.`,
		Refs: []string{"RFC 9293 3.5.2", "RFC 9293 3.5.3", "RFC 5961 3", "docs/tcp-lifecycle.md#reset"},
		See:  []string{"connection-refused", "reset-abort", "reset-no-such-connection", "reset-after-close", "reset-injected"},
	},
	{
		Name: "FIN", Kind: Term,
		Means: `The control bit that says: I have no more data to send. It takes a sequence number, so it is
			acknowledged and, if lost, sent again. Each direction has its own. The kernel sends it when the program
			calls close() or shutdown(), or ends, also by kill -9.`,
		Decides: `It counts for the receiver when all octets before it have arrived. Who closed first is read
			from the numbers: the end whose FIN the other's FIN acknowledges was first.`,
		Alike: `kill -9 is not a RST: the kernel closes the descriptors. Only unread data or SO_LINGER with
			time 0 turns a close into a RST.`,
		Refs: []string{"RFC 9293 3.6", "docs/tcp-lifecycle.md#closing"},
		See:  []string{"three-segment-close", "simultaneous-close", "SO_LINGER"},
	},
	{
		Name: "orphan", Kind: Term, Aliases: []string{"orphaned socket"},
		Means: `A connection whose program has closed its descriptor while the kernel still has to finish it
			(FIN-WAIT-1, FIN-WAIT-2, LAST-ACK, CLOSING). Linux gives up on it by itself: tcp_orphan_retries,
			tcp_fin_timeout.`,
		Check: []string{"cat /proc/net/sockstat", "ss -tano state fin-wait-1"},
		Refs:  []string{"tcp(7)"},
		See:   []string{"tcp_orphan_retries", "tcp_fin_timeout"},
	},
	{
		Name: "half-open", Kind: Term, Aliases: []string{"half-open connection"},
		Means: `One end is ESTABLISHED and the other has lost the connection in a crash or by a time-out. It
			is found out when the living end sends something (a RST comes back), by keepalive, or when the other
			connects again on the same ports.`,
		Decides: `An open connection whose segment draws a bare RST, or a SYN that the holder answers with an
			ACK of the old numbers and the sender with a RST.`,
		Alike: `Half-closed is another thing: one direction closed in good order.`,
		Refs:  []string{"RFC 9293 3.5.1", "docs/tcp-lifecycle.md#half-open"},
		See:   []string{"peer-rebooted", "keepalive-reset", "half-close"},
	},
	{
		Name: "tap", Kind: Term, Aliases: []string{"vantage", "vantage point"},
		Means: `The place on the path where the capture was taken. What the tap saw leave one end need not
			have reached the other: that is why states of the far end are assumed until it proves them, and why two
			captures of one connection differ.`,
		Decides: `Surest first: the direction marks of cooked captures and pcapng; checksums that are not
			filled in yet; a hop count of exactly 64, 128 or 255; then the delays from SYN to SYN,ACK and from there
			to the ACK: the shorter of the two points to the nearer end.`,
		Refs: []string{"docs/inference.md E5"},
		See:  []string{"assumed", "two-taps"},
	},
	{
		Name: "assumed", Kind: Term, Aliases: []string{"?", "proved", "confirmed", "inferred", "basis"},
		Means: `What a segment says of its sender is a fact; that it reached the other end is an assumption
			until that end shows it. A state that rests on an assumption has a question mark. "Confirmed" means that
			a later segment proved it; "inferred" that nothing captured says it but later segments imply it;
			"refuted" that it was assumed and then shown to be wrong.`,
		Decides: `By what the receiver sends afterwards: an ACK beyond a FIN proves that it came; the same
			SYN,ACK or FIN again shows that what it waited for did not come.`,
		Refs: []string{"docs/inference.md section 1"},
		See:  []string{"tap", "UNKNOWN"},
	},
	{
		Name: "momentary", Kind: Term,
		Means: `A state of no duration: entered and left by one segment, as FIN-WAIT-2 when the FIN comes with
			the ACK. The records keep it, since the kernel passes through it too; reports for people leave it out.`,
		See: []string{"three-segment-close", "FIN-WAIT-2"},
	},
	{
		Name: "myths", Kind: Term, Aliases: []string{"often told wrong", "misconceptions"},
		Means: `What is often told wrong of TCP, and what is true.
			(1) FIN-WAIT-2 begins with the ACK of the FIN; the other end's FIN ends it.
			(2) tcp_fin_timeout is a limit for FIN-WAIT-2 of orphans; TIME-WAIT is 60 s on Linux whatever it says.
			(3) Nine keepalive probes 75 s apart are more than 11 minutes, not 18 hours.
			(4) A dead peer is not noticed by itself: keepalive is off unless the program asks for it.
			(5) kill -9 sends a FIN, or a RST if received data was unread.
			(6) CLOSE-WAIT has no time-out; only the program ends it, or a connection that breaks.
			(7) A lost ACK does not make CLOSING, since ACKs are cumulative; a FIN that was late or lost does.
			(8) A close of three segments is as good as one of four: ACK and FIN share a segment.
			(9) TIME-WAIT is held by the end that closes first, client or server, or by both.
			(10) TIME-WAIT uses up no ports of a server, only of an end that chooses ports.
			(11) SO_REUSEADDR is for bind(): it does not cure a client's shortage of ports.
			(12) tcp_tw_recycle is gone since Linux 4.12.
			(13) tcp_tw_reuse is for the end that connects.
			(14) TIME-WAIT lets a connection in that is certainly newer.
			(15) An ACK is the kernel's word: the program may have read, and accepted, nothing.
			(16) Half-open (one end has lost the connection) is not half-closed (one direction is closed).
			(17) close() is not a half-close: data that comes afterwards draws a RST; shutdown(SHUT_WR) is one.
			(18) A RST is neither acknowledged nor repeated; if it is lost, the other end does not know.
			(19) A RST needs the right number, or it ends nothing.
			(20) A lost ACK of the handshake does no harm: the SYN,ACK comes again, or data brings the ACK.
			(21) An acknowledgement names the next number that is expected, not the last that came.`,
		Refs: []string{"docs/tcp-lifecycle.md#often-told-wrong, with the proof of each"},
		See:  []string{"FIN-WAIT-2", "tcp_fin_timeout", "CLOSE-WAIT", "TIME-WAIT", "SO_REUSEADDR", "keepalive", "RST"},
	},
}
