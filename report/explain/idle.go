package explain

var idleFindings = []Entry{
	{
		Name: "keepalive-alive", Kind: Finding,
		Means: `Keepalive probes were sent on an idle connection and answered: the peer is alive. The finding
			gives the idle time before the first, the interval and the number.`,
		Decides: `A probe has no or one octet, the number just before the next one to be sent, nothing
			outstanding, and the peer's window is open; the answer is a pure ACK.`,
		Alike: `The same segment while something is unacknowledged is a retransmission; against a closed
			window it is a window probe. Small messages of the program at equal gaps are its own heartbeat.`,
		Refs: []string{"RFC 1122 4.2.3.6", "RFC 9293 3.8.4"},
		See:  []string{"keepalive", "keepalive-unanswered"},
	},
	{
		Name: "keepalive-unanswered", Kind: Finding,
		Means: `Keepalive probes went unanswered. The peer is down, or cannot be reached; the two look the
			same. When the last probe has failed, the prober sends a RST and its program sees ETIMEDOUT.`,
		Decides: `Probes repeated at equal gaps without any answer, up to a RST,ACK of the prober or the end
			of the capture. Nothing that was sent to the peer since its last segment is then assumed to have
			arrived.`,
		Alike: `Doubling gaps mean retransmitted data, not keepalive.`,
		Check: []string{"ss -tano   # timer:(keepalive,...)", "nstat -az TcpExtTCPAbortOnTimeout"},
		Do: `Linux takes 2 h idle and then nine probes 75 s apart, more than 11 minutes, to notice. Set
			TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT on the socket if that is too long.`,
		Refs: []string{"RFC 1122 4.2.3.6"},
		See:  []string{"tcp_keepalive_probes", "dead-peer", "TCP_USER_TIMEOUT"},
	},
	{
		Name: "keepalive-reset", Kind: Finding,
		Means: `A keepalive probe was answered by a RST: the peer, or a middlebox in between, no longer knew
			the connection. The peer had restarted, or had given up earlier.`,
		Decides: `A bare RST in answer to a probe, with the probe's acknowledgement number, from an end that
			had sent no FIN: of one that had, FIN-WAIT-2 has ended (reset-after-close).`,
		Alike: `A middlebox that forgot the connection may send the RST itself: its hop count differs.`,
		Check: []string{"uptime", "conntrack -L -p tcp"},
		Do: `If it always happens after the same idle time, see middlebox-idle-timeout; else look when the
			peer was restarted.`,
		Refs: []string{"RFC 1122 4.2.3.6", "RFC 9293 3.10.7.1"},
		See:  []string{"peer-rebooted", "middlebox-idle-timeout"},
	},
	{
		Name: "middlebox-idle-timeout", Kind: Finding, Aliases: []string{"NAT timeout", "idle timeout"},
		Means: `Something between the ends forgets idle connections after a fixed time: the first data after
			it draws a RST or silence, although neither end has closed.`,
		Decides: `Between two networks (a /24, or a /64 of IPv6, each) nothing was sent on at least 3
			connections for 30 s or more, and what came next drew a bare RST, or, from the client, was
			repeated 3 times (data, or keepalive probes) without an answer; and the shortest of these pauses is longer than any on that path which did no harm. A
			RST of a host that was restarted (peer-rebooted) does not count, nor does silence of a server that
			was not heard of on any other connection afterwards. The confidence is high when a harmless pause
			tells where the limit lies and there are more than 3, else medium. Limits in use are named where
			they lie in between: 60, 240, 300, 350, 600, 900, 1800 and 3600 s, and 432,000 s (5 days),
			nf_conntrack's for established connections.`,
		Alike: `A server that closes idle connections sends a FIN when it does so.`,
		Check: []string{"sysctl net.netfilter.nf_conntrack_tcp_timeout_established"},
		Do: `Send keepalives more often than T on either end (TCP_KEEPIDLE below it), or raise the middlebox's
			limit.`,
		Refs: []string{"RFC 5382 REQ-5"},
		See:  []string{"keepalive", "reset-no-such-connection"},
	},
	{
		Name: "dead-peer", Kind: Finding,
		Means: `One end sends the same segment again and again, at doubling gaps, and nothing comes back: the
			peer or the path is dead. The sender gives up by its own schedule; on Linux with tcp_retries2=15 no
			sooner than 924.6 s, and mostly without a RST.`,
		Decides: `Data repeated at least 3 times by the sender's timer since the other end was last heard of,
			until the capture ends or the sender stops; a FIN that is repeated is told of by its state. Below
			5 repeats that last less than 10 s it is a notice, else a warning. The finding says how long the
			silence has lasted, and when the sender's kernel gives up by the gaps that were measured. The
			confidence is medium where the capture has missed octets; a capture of one direction tells
			nothing. Where all that is sent again are full segments, and the last that came from the silent
			end says by SACK that fewer than 1,000 octets sent behind them arrived, the finding points to the
			path's MTU. It is told too of an end that is alive and hears nothing: it has sent again, 3 times or
			more, what the other had acknowledged, with an ACK number that did not move, while the other sent
			its own data again as often.`,
		Alike: `A path MTU black hole: small packets pass, full segments are dropped by a link with a smaller
			MTU, and the ICMP error about it is filtered. Where nothing small follows the full segments it looks
			as a dead peer does: ping -M do -s 1472 tells. If the peer speaks again it was an outage (outage-recovered). A bare RST from it means that it
			lost the connection.`,
		Check: []string{"ss -tino   # timer:(on,...), backoff, retrans", "nstat -az TcpExtTCPTimeouts TcpExtTCPAbortOnTimeout"},
		Do:    `Find where the packets end: capture at the peer. To notice sooner, set TCP_USER_TIMEOUT on the socket.`,
		Refs:  []string{"RFC 6298", "RFC 1122 4.2.3.5"},
		See:   []string{"tcp_retries2", "TCP_USER_TIMEOUT", "outage-recovered"},
	},
	{
		Name: "peer-rebooted", Kind: Finding,
		Means: `A host came back without its connections: it answers data or probes of old ones with RSTs.`,
		Decides: `At least 2 connections on which a host had said nothing for 1 s or more, and then answered
			data or a probe with a bare RST, which came from as far as what it had sent before (by its hop
			limit; where those had come from one distance it must be that). It was last heard of on each of them before the first of these RSTs, and
			no other connection that it had before goes on after that. The confidence is high from 3 connections on,
			medium with 2.`,
		Alike: `One connection alone may have been lost for another reason (reset-no-such-connection). A
			middlebox that forgets idle connections cuts each by its own age (middlebox-idle-timeout).`,
		Check: []string{"uptime -s", "last -x reboot"},
		Do:    `Look at the host's log for the time of the first RST.`,
		Refs:  []string{"RFC 9293 3.5.1"},
		See:   []string{"reset-no-such-connection", "keepalive-reset"},
	},
	{
		Name: "outage-recovered", Kind: Finding,
		Means: `The path was dead for a while and came back: segments were repeated at doubling gaps, then
			answered, and the connection went on. The user saw a pause at least as long as the outage, often nearly
			twice as long, because the last gap was long.`,
		Decides: `At least 3 repeats (data, FIN or probe) without an answer for at least 1 s, then an
			acknowledgement of them: the silent end was there again. The confidence is medium where the
			capture has missed octets. What a full accept queue did not take is accept-queue-overflow.`,
		Alike: `A program that was stopped: its kernel would have gone on acknowledging.`,
		Do:    `Compare the times with the network's own log.`,
		Refs:  []string{"RFC 6298"},
		See:   []string{"dead-peer"},
	},
	{
		Name: "zero-window-stall", Kind: Finding, Aliases: []string{"zero window", "window full"},
		Means: `A receiver closed its window: its buffer is full because its program does not read. The sender
			waits and probes. The network is not at fault.`,
		Decides: `A segment with window 0, probes from the other end, and the time until a segment opens the
			window again; or never.`,
		Alike: `A window that is small but not zero slows but does not stall. A RST carries window 0 as well
			and means nothing by it.`,
		Check: []string{"ss -tim   # Recv-Q, skmem", "nstat -az TcpExtTCPToZeroWindowAdv TcpExtTCPFromZeroWindowAdv"},
		Do: `Look why the receiving program does not read: it is blocked, overloaded, or waits for something
			itself. A larger buffer only delays it.`,
		Refs: []string{"RFC 9293 3.8.6.1"},
		See:  []string{"application-silent", "window probe"},
	},
}
