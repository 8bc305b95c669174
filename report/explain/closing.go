package explain

var closingFindings = []Entry{
	{
		Name: "three-segment-close", Kind: Finding, Aliases: []string{"merged FIN,ACK", "three-way close"},
		Means: `The end that closed second acknowledged the first FIN and sent its own in one segment. It is
			normal: the second program closed before its kernel's delayed ACK left. The close took three segments
			and not four.`,
		Decides: `The first segment that acknowledges the first closer's FIN carries the other's FIN, with or
			without data. By RFC 9293 the ACK is processed before the FIN, so the first closer goes FIN-WAIT-1,
			FIN-WAIT-2 (for no time), TIME-WAIT, and the second CLOSE-WAIT, LAST-ACK.`,
		Alike: `A simultaneous close: there neither FIN acknowledges the other, and both ends pass through CLOSING.`,
		Refs:  []string{"RFC 9293 3.6", "RFC 9293 3.10.7.4"},
		See:   []string{"simultaneous-close", "FIN-WAIT-2", "CLOSING"},
	},
	{
		Name: "simultaneous-close", Kind: Finding,
		Means: `Both ends closed before either had the other's FIN. The FINs crossed; both ends pass through
			CLOSING and both hold TIME-WAIT. Nobody was first.`,
		Decides: `Neither FIN acknowledges the other. This is read from the numbers and not from the order of
			the capture, which depends on where it was taken.`,
		Alike: `A three-segment close seen near the second closer: there the second FIN acknowledges the first.`,
		Refs:  []string{"RFC 9293 3.6 figure 13"},
		See:   []string{"CLOSING", "three-segment-close"},
	},
	{
		Name: "lost-final-ack", Kind: Finding, Aliases: []string{"last ACK lost"},
		Means: `The ACK of the last FIN was captured but did not arrive: the FIN came again. The second closer
			stayed in LAST-ACK for one retransmission time-out longer; the first closer acknowledges again from
			TIME-WAIT, and its 2MSL begins anew. This is what TIME-WAIT is for.`,
		Decides: `The second closer's FIN is captured again later than a round trip from the tap after the ACK
			of it was captured. A second ACK proves that the first closer holds TIME-WAIT; a RST in its place proves
			that TIME-WAIT was gone.`,
		Alike: `Within a round trip, the repeated FIN and the ACK merely crossed. Where no ACK was captured,
			the tap cannot tell whether the FIN or the ACK was lost (final-ack-unseen, fin-retransmitted).`,
		Check: []string{"nstat -az TcpRetransSegs TcpExtTCPTimeouts"},
		Do:    `Nothing for one. Many in one direction mean loss on that path.`,
		Refs:  []string{"RFC 9293 3.6.1", "RFC 9293 3.10.7.4"},
		See:   []string{"LAST-ACK", "TIME-WAIT", "final-ack-unseen"},
	},
	{
		Name: "final-ack-unseen", Kind: Finding,
		Means: `Both ends sent their FIN, but the ACK of the last one is not in the capture. It may have been
			lost before the tap, never been sent, or the capture may have ended or dropped it. The second closer is
			in LAST-ACK as far as anyone can tell.`,
		Decides: `The last FIN was captured, no segment acknowledges it, and no RST ended the connection.`,
		Alike:   `lost-final-ack, where the ACK was captured and the FIN came again all the same.`,
		Do:      `If there are many, look whether the capture drops packets, and whether it stops too early.`,
		Refs:    []string{"RFC 9293 3.6"},
		See:     []string{"lost-final-ack", "last-ack-stuck", "capture-loss"},
	},
	{
		Name: "time-wait-missing", Kind: Finding,
		Means: `The first closer had no TIME-WAIT left when it was needed: it answered a repeated FIN with a
			RST and not with an ACK. The second closer's program may see ECONNRESET for a connection that was closed
			in good order.`,
		Decides: `The end that closed first, or one of two that closed at once, had acknowledged the other's
			FIN; the FIN was repeated, and less than 2MSL after that first ACK it drew a bare RST with the
			number that the FIN acknowledges. No RST had come before: it might have ended the TIME-WAIT. The
			confidence is medium where the capture has missed octets of the connection.`,
		Alike: `After 2MSL a RST is the right answer. An RST from a middlebox that had forgotten the
			connection has another hop count.`,
		Check: []string{"nstat -az TcpExtTCPTimeWaitOverflow", "sysctl net.ipv4.tcp_max_tw_buckets"},
		Do: `On Linux the usual reason is tcp_max_tw_buckets: over that limit a TIME-WAIT is dropped at once.
			Raise it; it costs a few hundred bytes each. A reboot or an assassinated TIME-WAIT look the same.`,
		Refs: []string{"RFC 9293 3.6.1"},
		See:  []string{"tcp_max_tw_buckets", "time-wait-assassination"},
	},
	{
		Name: "fin-retransmitted", Kind: Finding,
		Means: `A FIN was sent more than once: it or the ACK of it was lost, or the other end is gone.`,
		Decides: `The same FIN captured again. The first one counts for who closed first; a repeat proves
			nothing new about that.`,
		Alike: `A FIN that the capture holds twice (see capture-duplicates).`,
		Do:    `Nothing for one. If it is repeated at doubling gaps without an answer, see the stuck findings.`,
		Refs:  []string{"RFC 9293 3.8.1"},
		See:   []string{"lost-final-ack", "fin-wait-1-stuck", "last-ack-stuck"},
	},
	{
		Name: "half-close", Kind: Finding, Aliases: []string{"shutdown", "half-closed"},
		Means: `One end closed its sending side and the other went on sending for a while. This is legal and
			useful: "I have said everything, now I listen" (shutdown(SHUT_WR)). The finding says for how long and
			how much.`,
		Decides: `New data from one end after it acknowledged the other's FIN, and it was acknowledged.`,
		Alike: `Without data afterwards it may be a half-close, or a program that has forgotten to close
			(close-wait).`,
		Do: `Nothing, if the protocol means it so. Some middleboxes and NATs shorten their idle time-out after
			the first FIN.`,
		Refs: []string{"RFC 9293 3.6.1", "shutdown(2)"},
		See:  []string{"half-close-data-lost", "close-wait", "FIN-WAIT-2"},
	},
	{
		Name: "half-close-data-lost", Kind: Finding,
		Means: `One end went on sending after the other's FIN and got a RST: the other program had closed both
			directions, or its FIN-WAIT-2 had timed out. The data was lost, although the sender's send() may have
			succeeded.`,
		Decides: `Data after the acknowledged FIN, answered by a RST from the end that had closed. A notice,
			where the data was a TLS alert, or at most 128 octets within two round trips of the FIN: a last word
			that no program waits for. A notice too, where the client had sent nothing after the server's half
			of a TLS 1.3 handshake but its own last flight, of at most 88 octets: it had asked nothing, and up
			to 4 kB that come then are session tickets, as after a health check that closes at once. For that
			the server's first octets must be in the capture, not only their headers.`,
		Alike: `A RST because of unread data comes at once with the close, before new data.`,
		Check: []string{"nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose"},
		Do: `The closing program should use shutdown(SHUT_WR), read until 0, then close(). tcp_fin_timeout is
			no cure: it is about closed descriptors, and data that reaches one of those draws a RST at once.`,
		Refs: []string{"RFC 9293 3.10.7.1", "RFC 1122 4.2.2.13"},
		See:  []string{"half-close", "reset-after-close", "tcp_fin_timeout"},
	},
	{
		Name: "close-wait", Kind: Finding,
		Means: `One end took the other's FIN and has not closed. That is a notice with an age, and not yet a
			fault: every close passes through CLOSE-WAIT, and a half-close stays in it on purpose.`,
		Decides: `The FIN was acknowledged, and no FIN or RST of this end was captured until the end of the capture.`,
		Alike:   `A capture that ends a moment later would have shown the FIN. A close whose FIN the capture missed.`,
		Check:   []string{"ss -tanp state close-wait"},
		Do:      `Look at the age. If it grows from capture to capture, see close-wait-leak.`,
		Refs:    []string{"RFC 9293 3.6"},
		See:     []string{"CLOSE-WAIT", "close-wait-leak", "half-close"},
	},
	{
		Name: "close-wait-leak", Kind: Finding, Aliases: []string{"CLOSE-WAIT leak", "socket leak", "EMFILE"},
		Means: `A program does not close its sockets: they pile up in CLOSE-WAIT, each holding a descriptor,
			until accept() and open() fail with EMFILE. The network is not at fault, and no sysctl ends CLOSE-WAIT.`,
		Decides: `Counted are the sockets of one listener, or of one client towards one service, that are in
			CLOSE-WAIT when the capture ends: the peer's FIN was acknowledged, and this end has neither closed
			nor sent anything for 1 s. It is a leak, of high confidence, when at least 3 of them have waited
			for 60 s; or, of medium confidence, when a listener was seen to close at least 20 others and at
			least 5 have waited ten times as long as 95 % of those took, to close or to be reset, and 10 s at least (a sixth of those 60 s). It is critical when
			1,024 descriptors are used up, or will be within 10 minutes at the rate at which the sockets came
			in the last minute (or, where the oldest is younger than a minute and a half, on average). Sockets of a
			listener count too that a RST ended after 60 s in CLOSE-WAIT: a keepalive, or data, found no socket at
			the client any more.`,
		Alike: `Half-closed connections that still carry data. A program that closes late but does close: then
			the count does not grow.`,
		Check: []string{"ss -tanp state close-wait", "ls /proc/PID/fd | wc -l", "grep 'open files' /proc/PID/limits"},
		Do: `Call close() when read() returns 0 and on every error path; go on watching a descriptor that has
			nothing to say, or its FIN is never noticed. Restarting the program frees the sockets; a higher
			descriptor limit only buys time.`,
		Refs: []string{"RFC 9293 3.6"},
		See:  []string{"CLOSE-WAIT", "application-silent"},
	},
	{
		Name: "fin-wait-1-stuck", Kind: Finding,
		Means: `An end has closed and nobody acknowledges its FIN: the other host or the path is gone, or its
			window is zero so that data before the FIN cannot leave. The socket belongs to no program any more.`,
		Decides: `Three repeats of the FIN without an answer; or FIN-WAIT-1 for 60 s, and the FIN repeated so
			lately that the next repeat is not overdue. A FIN that is not sent again was acknowledged, by what the
			capture missed.`,
		Alike: `A peer that is only slow acknowledges within a few round trips.`,
		Check: []string{"ss -tano state fin-wait-1", "sysctl net.ipv4.tcp_orphan_retries"},
		Do: `Nothing on this host: it gives up after tcp_orphan_retries. If there are thousands, look who
			vanishes (mobile clients, a firewall that forgets idle connections).`,
		Refs: []string{"RFC 9293 3.10.7.4"},
		See:  []string{"FIN-WAIT-1", "tcp_orphan_retries", "dead-peer"},
	},
	{
		Name: "fin-wait-2-stuck", Kind: Finding,
		Means: `An end has closed, its FIN is acknowledged, and the other end does not close: usually the
			other program sits in CLOSE-WAIT.`,
		Decides: `FIN-WAIT-2 for 60 s or more without data from the peer.`,
		Alike: `A half-close on purpose has data. On Linux, if the program has closed its descriptor, the
			state ends silently after tcp_fin_timeout; the wire does not show which it was.`,
		Check: []string{"ss -tano state fin-wait-2"},
		Do:    `Look at the other end for CLOSE-WAIT.`,
		Refs:  []string{"RFC 9293 3.6", "RFC 1122 4.2.2.13"},
		See:   []string{"FIN-WAIT-2", "close-wait", "tcp_fin_timeout"},
	},
	{
		Name: "last-ack-stuck", Kind: Finding,
		Means: `The second closer repeats its FIN and gets no ACK: the first closer, or the path to it, is
			gone. It gives up by itself.`,
		Decides: `Three repeats of the FIN without an answer; or LAST-ACK for 60 s, and the FIN repeated so
			lately that the next repeat is not overdue (else it is final-ack-unseen).`,
		Alike: `A first closer without TIME-WAIT answers with a RST, which ends LAST-ACK at once.`,
		Check: []string{"ss -tano state last-ack", "sysctl net.ipv4.tcp_orphan_retries"},
		Do:    `Nothing on this host. Many of them: a firewall that drops a connection's state on the first FIN.`,
		Refs:  []string{"RFC 9293 3.10.7.4"},
		See:   []string{"LAST-ACK", "lost-final-ack", "tcp_orphan_retries"},
	},
	{
		Name: "application-silent", Kind: Finding,
		Means: `The handshake is complete and the kernel acknowledges the client's data, but the program never
			sends a byte: it hangs, or it has not even called accept() and the connection waits in the queue, for
			instance because no descriptor is left.`,
		Decides: `Counted by listener are the connections whose handshake is complete, whose client's data or
			FIN was acknowledged, and on which the server sent neither data nor FIN nor RST, in a capture that
			misses nothing of them. A client that has closed counts when its connection is 250 ms old and its
			FIN two round trips; one that aborts, when it had waited for 1 s; one that has done neither, when
			it has waited for 1 s until the capture ends. It is a warning when a client closed and the longest
			has waited for 10 s (high confidence from 3 that gave up on, or when the listener had answered others,
			else medium, as where it goes on answering others), or when at least 3 aborted and the listener
			answered nobody for 10 s, nor who came after the first of them; or, of medium confidence, when 5 wait, it answered
			nobody who came later, nor anybody in the last 10 s, and the longest has waited half as long again as
			it ever took to answer; a notice when one gave up sooner
			(medium from 1 s or 3 of them on, else low), or, of low confidence, when none gave up but at least
			3 have waited, the longest for 30 s, they are more than half as many as the listener answered, and it answered nobody in the last 10 s. Where all have been answered before, it is a warning of
			medium confidence when at least 3 clients closed a second or more after data that drew nothing but an
			ACK, the server stays in CLOSE-WAIT, and it answered nobody for 10 s.`,
		Alike: `A protocol in which only the client speaks. An overflowing accept queue: there the data is not
			even acknowledged. A socket that answered and then was not closed is a leak.`,
		Check: []string{"ss -ltn", "ss -tanp", "ls /proc/PID/fd | wc -l"},
		Do:    `Look at the program: its threads' stacks, its descriptor limit (EMFILE in accept()), its event loop.`,
		Refs:  []string{"accept(2)"},
		See:   []string{"close-wait-leak", "accept-queue-overflow"},
	},
}
