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
		Decides: `A bare RST in answer to a probe, with the probe's acknowledgement number.`,
		Alike:   `A middlebox that forgot the connection may send the RST itself: its hop count differs.`,
		Check:   []string{"uptime", "conntrack -L -p tcp"},
		Do: `If it always happens after the same idle time, see middlebox-idle-timeout; else look when the
			peer was restarted.`,
		Refs: []string{"RFC 1122 4.2.3.6", "RFC 9293 3.10.7.1"},
		See:  []string{"peer-rebooted", "middlebox-idle-timeout"},
	},
	{
		Name: "middlebox-idle-timeout", Kind: Finding, Aliases: []string{"NAT timeout", "idle timeout"},
		Means: `Something between the ends forgets idle connections after a fixed time: the first data after
			it draws a RST or silence, although neither end has closed.`,
		Decides: `On several connections, data after the same idle time T is reset or lost while shorter
			pauses do no harm. Familiar values: 60, 240, 300, 350, 600, 900 and 3600 s; 432,000 s (5 days) is
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
		Decides: `Repeats without an answer until the capture ends or the sender stops. The finding says how
			long the silence has lasted and when each end would give up by the schedule measured.`,
		Alike: `If the peer speaks again it was an outage (outage-recovered). A bare RST from it means that it
			lost the connection.`,
		Check: []string{"ss -tino   # timer:(on,...), backoff, retrans", "nstat -az TcpExtTCPTimeouts TcpExtTCPAbortOnTimeout"},
		Do:    `Find where the packets end: capture at the peer. To notice sooner, set TCP_USER_TIMEOUT on the socket.`,
		Refs:  []string{"RFC 6298", "RFC 1122 4.2.3.5"},
		See:   []string{"tcp_retries2", "TCP_USER_TIMEOUT", "outage-recovered"},
	},
	{
		Name: "peer-rebooted", Kind: Finding,
		Means: `A host came back without its connections: it answers data or probes of old ones with RSTs.`,
		Decides: `A bare RST to data or a probe after silence, and the same on a second connection to that
			host, or its time stamps went back.`,
		Alike: `One connection alone may have been lost for another reason (reset-no-such-connection). Current
			Linux draws its time stamps per connection, so that they do not show a reboot.`,
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
		Decides: `Repeats without an answer, then an acknowledgement or data from the peer that had been silent.`,
		Alike:   `A program that was stopped: its kernel would have gone on acknowledging.`,
		Do:      `Compare the times with the network's own log.`,
		Refs:    []string{"RFC 6298"},
		See:     []string{"dead-peer"},
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
