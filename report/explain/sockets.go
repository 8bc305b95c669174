package explain

var socketEntries = []Entry{
	{
		Name: "SO_LINGER", Kind: Term,
		Means: `What close() does with unsent data. Off (the default): close() returns at once and the kernel
			sends the rest, then a FIN. On with a time: close() waits for it at most that long. On with time 0:
			unsent data is thrown away and a RST is sent in place of a FIN, and there is no TIME-WAIT.`,
		Do:    `Do not use time 0 to get rid of TIME-WAIT: it loses data and gives the peer ECONNRESET.`,
		Check: []string{"nstat -az TcpExtTCPAbortOnData"},
		Refs:  []string{"socket(7)", "RFC 9293 3.10.5"},
		See:   []string{"reset-abort", "TIME-WAIT"},
	},
	{
		Name: "TCP_LINGER2", Kind: Term,
		Means: `The lifetime of this socket's FIN-WAIT-2 after close(), in place of tcp_fin_timeout. A
			negative value skips FIN-WAIT-2: the connection is reset.`,
		Refs: []string{"tcp(7)"},
		See:  []string{"tcp_fin_timeout", "FIN-WAIT-2"},
	},
	{
		Name: "SO_REUSEADDR", Kind: Term,
		Means: `Lets bind() take a local port, given by number, although connections on it are still in
			TIME-WAIT: what a listener needs to be restarted at once. It does not shorten TIME-WAIT, and by itself it
			does not let a client use a whole tuple again that is in TIME-WAIT: that is for connect() to say. With a
			port that the kernel chooses, the option changes nothing. With a port bound by number, Linux takes the
			tuple if the old connection had time stamps; without them connect() fails with EADDRNOTAVAIL.`,
		Alike: `Without it, bind() of a restarted listener fails with EADDRINUSE. SO_REUSEPORT is another
			thing: several listeners share one port.`,
		Do:   `Set it on every listening socket before bind().`,
		Refs: []string{"socket(7)", "ip(7)", "docs/tcp-lifecycle.md#so_reuseaddr-is-for-bind"},
		See:  []string{"port-exhaustion", "time-wait-on-server", "EADDRINUSE"},
	},
	{
		Name: "SO_REUSEPORT", Kind: Term,
		Means: `Lets several sockets listen on the same address and port; the kernel spreads new connections
			over them by a hash. Each has an accept queue of its own: a worker that is stuck leaves its queue's
			connections waiting while the others are idle.`,
		Check: []string{"ss -ltnp"},
		Refs:  []string{"socket(7)"},
		See:   []string{"accept-queue-overflow"},
	},
	{
		Name: "TCP_USER_TIMEOUT", Kind: Term, Aliases: []string{"user timeout"},
		Means: `How long, in milliseconds, sent data may stay unacknowledged (or unsent because of a zero
			window) before the kernel gives the connection up with ETIMEDOUT. It takes the place of tcp_retries2 for
			this socket, and with keepalive it also decides when probes have failed.`,
		Refs: []string{"tcp(7)", "RFC 5482"},
		See:  []string{"tcp_retries2", "dead-peer", "keepalive"},
	},
	{
		Name: "TCP_DEFER_ACCEPT", Kind: Term,
		Means: `A listener with this option hands a connection to accept() only when its first data has come.
			Until then Linux ignores the handshake's bare ACK: the server stays in SYN-RECEIVED, and at the end of
			the time it repeats the SYN,ACK once more to draw another ACK.`,
		Alike: `An overflowing accept queue: there the SYN,ACK comes more often, and data is not acknowledged
			either.`,
		Refs: []string{"tcp(7)"},
		See:  []string{"SYN-RECEIVED", "accept-queue-overflow"},
	},
	{
		Name: "TCP_KEEPIDLE", Kind: Term, Aliases: []string{"TCP_KEEPINTVL", "TCP_KEEPCNT"},
		Means: `Keepalive for one socket: TCP_KEEPIDLE is the idle time before the first probe, TCP_KEEPINTVL
			the time between probes, TCP_KEEPCNT how many may fail. SO_KEEPALIVE has to be on.`,
		Refs: []string{"tcp(7)"},
		See:  []string{"keepalive", "tcp_keepalive_time"},
	},
	{
		Name: "TCP_NODELAY", Kind: Term, Aliases: []string{"Nagle", "TCP_CORK"},
		Means: `Turns off Nagle's algorithm, which holds a small segment back while an earlier one is
			unacknowledged. Together with the other end's delayed ACK Nagle costs 40 ms (Linux) to 200 ms for a
			request that is written in two pieces.`,
		Do:   `Set it for request and response protocols, and write a message in one call.`,
		Refs: []string{"RFC 896", "RFC 1122 4.2.3.4", "tcp(7)"},
		See:  []string{"delayed ACK"},
	},
	{
		Name: "delayed ACK", Kind: Term,
		Means: `A receiver may wait up to 500 ms (Linux: 40 to 200 ms) before it acknowledges, to let the ACK
			ride on data. A close within that time is why most closes take three segments: the FIN takes the ACK
			along.`,
		Refs: []string{"RFC 1122 4.2.3.2", "RFC 9293 3.8.6.3"},
		See:  []string{"three-segment-close", "TCP_NODELAY"},
	},
	{
		Name: "EADDRINUSE", Kind: Term,
		Means: `bind() or listen() fails because the port is taken: another listener has it, or connections of
			the former one are in TIME-WAIT and SO_REUSEADDR was not set.`,
		Check: []string{"ss -tanp sport = :PORT"},
		Refs:  []string{"bind(2)"},
		See:   []string{"SO_REUSEADDR"},
	},
}
