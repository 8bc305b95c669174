package explain

var stateEntries = []Entry{
	{
		Name: "LISTEN", Kind: State,
		Means: `A program has called listen() and waits for connections. The kernel, not the program, answers
			each SYN and completes each handshake; accept() only fetches what is complete.`,
		Decides: `A listener sends nothing by itself, so LISTEN is never read from a packet. Where a SYN is
			answered by a SYN,ACK, the end that answered is taken to have come from LISTEN.`,
		Alike: `A port that answers may belong to a load balancer or a SYN proxy and not to the host behind it.`,
		Check: []string{"ss -ltn"},
		Refs:  []string{"RFC 9293 3.3.2", "RFC 9293 3.10.7.2", "docs/tcp-lifecycle.md#opening"},
		See:   []string{"somaxconn", "accept-queue-overflow"},
	},
	{
		Name: "SYN-SENT", Kind: State,
		Means: `This end has sent a SYN and waits for a SYN,ACK. The program is inside connect().`,
		Decides: `Entered by an own SYN (a fact). Left by a SYN,ACK that acknowledges it, by a RST that
			acknowledges it, by the other side's SYN (simultaneous open), by an ICMP error that quotes the SYN, or
			by giving up. A bare ACK, right or wrong, a FIN, data, and a RST without ACK change nothing: an ACK with
			a wrong number is answered by a RST, and this end stays in SYN-SENT.`,
		Alike: `A long SYN-SENT looks the same for a host that is down, a firewall that drops, and a listener
			whose SYN queue is full.`,
		Check: []string{"ss -tan state syn-sent", "nstat -az TcpExtTCPSynRetrans"},
		Refs:  []string{"RFC 9293 3.10.7.3", "docs/tcp-lifecycle.md#opening"},
		See:   []string{"connection-unanswered", "tcp_syn_retries", "incarnation-reuse-refused"},
	},
	{
		Name: "SYN-RECEIVED", Kind: State,
		Means: `This end has received a SYN and answered with SYN,ACK; the handshake's last ACK is still to
			come. On Linux it is a small request socket that the program does not see yet (SYN_RECV in ss).`,
		Decides: `A received SYN counts when it is proved: by the SYN,ACK that answers it. Left by the ACK of
			that SYN,ACK, or by data or a FIN that carry it. When the SYN,ACK comes again, the ACK seen before was
			lost or not taken, and the end stayed here. A SYN that nothing answers makes no SYN-RECEIVED.`,
		Alike: `With SYN cookies the kernel keeps nothing between SYN,ACK and ACK; the wire looks the same.
			With a full accept queue or TCP_DEFER_ACCEPT an end stays here although the client is ESTABLISHED.`,
		Check: []string{"ss -tan state syn-recv"},
		Refs:  []string{"RFC 9293 3.10.7.2", "RFC 9293 3.10.7.4", "docs/tcp-lifecycle.md#opening"},
		See:   []string{"handshake-ack-lost", "accept-queue-overflow", "TCP_DEFER_ACCEPT", "tcp_syncookies"},
	},
	{
		Name: "ESTABLISHED", Kind: State,
		Means: `The connection is open at this end: it may send and receive. It says nothing of the other end,
			which may still be in SYN-RECEIVED, or may have vanished without a word.`,
		Decides: `The client enters it on a good SYN,ACK, the server on the ACK of its SYN,ACK. The server's
			is assumed until it sends data, a FIN, or an ACK beyond the SYN.`,
		Alike: `An idle connection whose peer has crashed is ESTABLISHED for ever: without keepalive no packet
			will ever tell. A server's ESTABLISHED does not mean that the program has called accept().`,
		Check: []string{"ss -tano state established"},
		Refs:  []string{"RFC 9293 3.3.2", "docs/tcp-lifecycle.md#three-way"},
		See:   []string{"keepalive", "dead-peer", "application-silent"},
	},
	{
		Name: "FIN-WAIT-1", Kind: State,
		Means: `This end has closed first: its FIN is sent, or queued behind data, and not acknowledged yet.`,
		Decides: `Entered when its FIN is seen (close() itself may have been earlier, by as long as data was
			queued). Left by the ACK of the FIN (FIN-WAIT-2), by the peer's FIN without that ACK (CLOSING), or by
			both in one segment (TIME-WAIT, through a FIN-WAIT-2 of no duration). An ACK of older data does not end
			it.`,
		Alike: `FIN-WAIT-1 for minutes: the peer or the path is gone and the FIN is repeated at doubling gaps,
			or the peer's window is zero and the FIN cannot leave.`,
		Check: []string{"ss -tano state fin-wait-1"},
		Refs:  []string{"RFC 9293 3.6", "RFC 9293 3.10.7.4", "docs/tcp-lifecycle.md#four-segments"},
		See:   []string{"fin-wait-1-stuck", "tcp_orphan_retries", "three-segment-close"},
	},
	{
		Name: "FIN-WAIT-2", Kind: State,
		Means: `This end has closed first and its FIN is acknowledged. It waits for the other end to close. It
			is entered on the ACK of its FIN, not on the other's FIN, which ends it.`,
		Decides: `Entered by the first segment that acknowledges the FIN; by a pure ACK it lasts, by a FIN,ACK
			it has no duration and is marked momentary. Left by the peer's FIN (TIME-WAIT) or by a RST. When the
			program has closed the descriptor (an orphan), Linux ends it silently after tcp_fin_timeout; after
			shutdown() it lasts as long as the program wants. The wire does not tell close() from shutdown(), so
			lastack keeps FIN-WAIT-2 and says when it would give up.`,
		Alike: `A half-close on purpose (the peer still sends) and a peer that forgot to close (CLOSE-WAIT
			there) are the same state: the difference is whether the peer still sends data.`,
		Check: []string{"ss -tano state fin-wait-2"},
		Refs:  []string{"RFC 9293 3.6", "RFC 9293 3.10.7.4", "docs/tcp-lifecycle.md#four-segments"},
		See:   []string{"tcp_fin_timeout", "CLOSE-WAIT", "half-close", "fin-wait-2-stuck"},
	},
	{
		Name: "CLOSE-WAIT", Kind: State,
		Means: `The other end has closed and this kernel has acknowledged it; now this program has to close
			too. The state ends when the program calls close() or exits: TCP has no timer for it and no sysctl ends
			it. Many of them mean that a program does not close its sockets.`,
		Decides: `Entered when the peer's FIN arrives in order. At a tap elsewhere that is assumed until this
			end acknowledges the FIN. Left by this end's FIN (LAST-ACK) or by a RST. The time in it is the
			program's, not the network's.`,
		Alike: `A short CLOSE-WAIT is part of every orderly close. A long one with data still flowing is a
			half-close. If keepalive is on and the peer has forgotten the connection, a RST ends the state, but the
			program still holds the descriptor.`,
		Check: []string{"ss -tanp state close-wait"},
		Do: `Find the program with ss -p. It has to call close() when read() returns 0, on every path, errors
			included, and its event loop has to go on watching the descriptor so that it learns of the FIN.`,
		Refs: []string{"RFC 9293 3.6", "docs/tcp-lifecycle.md#four-segments"},
		See:  []string{"close-wait", "close-wait-leak", "LAST-ACK"},
	},
	{
		Name: "CLOSING", Kind: State,
		Means: `Both ends closed at once: this end has sent its FIN and received the other's, but its own is
			not acknowledged yet. Usually it lasts less than a round trip.`,
		Decides: `The peer's FIN arrives while the own FIN is unacknowledged, and that segment does not
			acknowledge it. A FIN that also acknowledges never leads here. A lost ACK alone cannot either, since
			ACKs are cumulative: if only one end passes through CLOSING, its FIN was late or lost while the peer
			closed by itself.`,
		Alike: `A merged FIN,ACK (three-segment close) goes past CLOSING.`,
		Refs:  []string{"RFC 9293 3.6 figure 13", "RFC 9293 3.10.7.4", "docs/tcp-lifecycle.md#simultaneous-close"},
		See:   []string{"simultaneous-close", "three-segment-close"},
	},
	{
		Name: "LAST-ACK", Kind: State,
		Means: `This end closed second: its FIN is sent and it waits for the ACK of it. Then it is CLOSED at
			once; it never enters TIME-WAIT.`,
		Decides: `Entered from CLOSE-WAIT when its FIN is seen. Left by the ACK of the FIN, which from
			elsewhere stays assumed: nothing that this end sends can prove it. When the FIN comes again after that
			ACK was captured, the ACK was lost. Otherwise it ends by a RST or by giving up.`,
		Check: []string{"ss -tano state last-ack"},
		Refs:  []string{"RFC 9293 3.10.7.4", "docs/tcp-lifecycle.md#lost-final-ack"},
		See:   []string{"lost-final-ack", "final-ack-unseen", "last-ack-stuck", "tcp_orphan_retries"},
	},
	{
		Name: "TIME-WAIT", Kind: State,
		Means: `The end that closed first keeps the connection's addresses and numbers for 2MSL after the
			close, so that it can acknowledge a repeated FIN again, and so that late segments of this connection are
			not taken for those of a new one. It is normal and needs no cure.`,
		Decides: `Only the end that closed first holds it, or both after a simultaneous close, from the moment
			it enters; a repeated FIN starts it anew. Its end is no packet: it is a timer on the capture's clock,
			with a 2MSL that is assumed from the stack (Linux 60 s, FreeBSD 60 s, macOS 30 s, Windows 120 s, the RFC
			240 s).`,
		Alike: `It is not tcp_fin_timeout, which is about FIN-WAIT-2. On a server it costs some memory, not
			ports: all its connections share the listening port. Only the side that chooses ports can run out of
			them.`,
		Check: []string{"ss -tan state time-wait | wc -l", "nstat -az TcpExtTW TcpExtTCPTimeWaitOverflow"},
		Do: `Nothing, unless the connecting side runs out of ports; then keep connections open or pool them,
			or let the other side close first.`,
		Refs: []string{"RFC 9293 3.6.1", "RFC 1337", "RFC 6191", "docs/tcp-lifecycle.md#time-wait"},
		See:  []string{"2MSL", "port-exhaustion", "time-wait-on-server", "incarnation-reuse", "TIME-WAIT assassination", "tcp_tw_reuse"},
	},
	{
		Name: "CLOSED", Kind: State,
		Means: `There is no connection at this end: not yet, or no more. Whatever arrives for it, except a
			RST, is answered by a RST.`,
		Decides: `Reached by the ACK of the own FIN in LAST-ACK, by a RST sent or received, by the end of
			2MSL, or by giving up. A silent end (a crash, retries used up, an orphan's timeout) is reported only
			when a later RST or SYN of that end proves it, with the bounds of when it can have been.`,
		Alike: `A host that is gone and a host that has closed look the same until one of them answers.`,
		Refs:  []string{"RFC 9293 3.10.7.1", "docs/tcp-lifecycle.md#closing"},
		See:   []string{"reset-no-such-connection", "peer-rebooted"},
	},
	{
		Name: "UNKNOWN", Kind: State,
		Means: `The capture does not tell this end's state. It is lastack's own word, not TCP's: a state that
			cannot be known is not guessed.`,
		Decides: `A connection whose start was not captured begins with all seven synchronized states at
			either end. Each segment rules out those in which it could not have been sent; when one is left, that is
			the state. Until then the report says UNKNOWN and lists what is possible.`,
		Do:   `Start the capture before the connections do, or capture both directions.`,
		Refs: []string{"docs/inference.md R13"},
		See:  []string{"mid-stream", "one-way-capture"},
	},
}
