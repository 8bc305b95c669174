package explain

var timeWaitFindings = []Entry{
	{
		Name: "incarnation-reuse", Kind: Finding, Aliases: []string{"reuse", "port reuse"},
		Means: `A client used the same addresses and ports again while the other end still held TIME-WAIT of
			the connection before, and was let in. This is legal and safe when the new numbers or time stamps are
			newer.`,
		Decides: `A SYN inside 2MSL of the last close, answered by a SYN,ACK. The finding says which rule let
			it in: a newer time stamp; without time stamps (or with an equal one) a sequence number above the last
			one received; or the end that held TIME-WAIT connected itself. A SYN,ACK numbered 65537 above the old
			connection's next number shows a Linux that held TIME-WAIT.`,
		Alike: `After 2MSL it is simply a new connection. A SYN with the same initial number is a retransmission.`,
		Check: []string{"nstat -az TcpExtTWRecycled"},
		Do: `Nothing. If reuse comes within seconds at a high rate, the client is short of ports: see
			port-exhaustion.`,
		Refs: []string{"RFC 6191", "RFC 1122 4.2.2.13", "RFC 9293 3.6.1"},
		See:  []string{"incarnation-reuse-refused", "incarnation-reuse-unsafe", "tcp_tw_reuse", "incarnation"},
	},
	{
		Name: "incarnation-reuse-refused", Kind: Finding,
		Means: `A SYN met the TIME-WAIT of the connection before and was not accepted: the holder answered
			with an ACK of the old numbers, the client with a RST, which ended TIME-WAIT, and a repeated SYN got
			through. The user waits for that repeat.`,
		Decides: `SYN, bare ACK with old numbers, RST with that ACK's number, the same SYN again. The client
			stays in SYN-SENT throughout. Current Linux repeats the SYN about 10 ms after the wrong ACK; others take
			1 to 3 s; the gap measured is in the finding. Where the RST is ignored it repeats until 2MSL ends.`,
		Alike: `The same exchange with an ESTABLISHED holder is half-open discovery: the old connection had
			died at one end only.`,
		Check: []string{"nstat -az TcpExtTCPChallengeACK TcpExtTCPACKSkippedTimeWait", "sysctl net.ipv4.tcp_timestamps"},
		Do: `Turn time stamps on at both ends, and look that nothing on the path (NAT, a proxy) removes or
			rewrites them; draw source ports from a larger range or at random.`,
		Refs: []string{"RFC 9293 3.10.7.3", "RFC 9293 3.10.7.4", "RFC 6191"},
		See:  []string{"incarnation-reuse", "TIME-WAIT", "challenge ACK"},
	},
	{
		Name: "incarnation-reuse-unsafe", Kind: Finding,
		Means: `The new connection's numbers lie inside those of the one before and there are no time stamps:
			a late segment of the old connection could be taken for data of the new one.`,
		Decides: `A SYN accepted inside 2MSL whose initial number is within the sequence space that the old
			connection used, without time stamps on both.`,
		Alike: `With time stamps PAWS rejects the late segments, whatever the numbers.`,
		Do:    `Turn time stamps on. Do not shorten TIME-WAIT.`,
		Refs:  []string{"RFC 9293 3.4.3", "RFC 7323 5", "RFC 1337"},
		See:   []string{"old-duplicate", "PAWS"},
	},
	{
		Name: "old-duplicate", Kind: Finding,
		Means: `A segment of an earlier connection arrived in a later one on the same ports. TIME-WAIT exists
			to make this impossible.`,
		Decides: `The segment's numbers fit the earlier incarnation and not the present one. The finding
			quotes them and says whether the receiver would have accepted them.`,
		Alike: `An ordinary delayed duplicate belongs to the same connection.`,
		Do:    `Find out how the ports came to be used again so soon.`,
		Refs:  []string{"RFC 1337", "RFC 9293 3.4.3"},
		See:   []string{"incarnation-reuse-unsafe", "TIME-WAIT"},
	},
	{
		Name: "time-wait-pile-up", Kind: Finding,
		Means: `Very many connections between one client address and one service are in TIME-WAIT at the side
			that chooses ports: a good part of its port range is taken.`,
		Decides: `At least 1,000 connections of one client address to one service (address and port) are in
			TIME-WAIT at the client at one time, and port-exhaustion is not told of them. It is a warning when
			they are more than half of the port range that is assumed of the stack (28,232 ports on Linux,
			16,384 on Windows). The rate that lasts is the range divided by 2MSL: 470 connections a second on
			Linux, where 2MSL is 60 s.`,
		Alike: `TIME-WAIT at the server takes no ports (time-wait-on-server).`,
		Check: []string{"ss -tan state time-wait | wc -l", "sysctl net.ipv4.ip_local_port_range"},
		Do: `In this order: keep connections open or pool them; let the other end close first; more source
			addresses or destination ports, a wider ip_local_port_range; tcp_tw_reuse=1 on the connecting host. No
			sysctl shortens TIME-WAIT on Linux; tcp_fin_timeout does not touch it.`,
		Refs: []string{"RFC 9293 3.6.1"},
		See:  []string{"port-exhaustion", "tcp_tw_reuse", "tcp_fin_timeout", "ip_local_port_range"},
	},
	{
		Name: "time-wait-on-server", Kind: Finding,
		Means: `The server closes first and therefore holds TIME-WAIT. This is usually harmless: it costs a
			little memory and counts against tcp_max_tw_buckets, but no ports, since all connections share the
			listening port.`,
		Decides: `At least 1,000 connections of one listener are in TIME-WAIT at the server at one time: it
			closed them first. That is a note for its memory, some 300 bytes each, never a warning.`,
		Alike: `Port shortage is a matter of the side that connects.`,
		Check: []string{"nstat -az TcpExtTCPTimeWaitOverflow", "sysctl net.ipv4.tcp_max_tw_buckets"},
		Do: `Nothing, unless TIME-WAITs are dropped for the bucket limit or clients come back with the same
			port within a minute. To restart a listener at once, the program sets SO_REUSEADDR before bind().`,
		Refs: []string{"RFC 9293 3.6.1"},
		See:  []string{"tcp_max_tw_buckets", "SO_REUSEADDR", "time-wait-missing"},
	},
	{
		Name: "port-exhaustion", Kind: Finding, Aliases: []string{"EADDRNOTAVAIL", "ephemeral port exhaustion"},
		Means: `The connecting host has no free source port left towards one service, because the others are
			in TIME-WAIT. connect() fails with EADDRNOTAVAIL, or new connections come no faster than old ports
			become free.`,
		Decides: `Of the connections of one client address to one service that leave a TIME-WAIT at the
			client, each takes its port until that ends. High confidence: at one time they take nine in ten of
			the port range that is assumed of the stack, or of another if others were used (from 49152 on, if none
			below was, and some above 60999: the range of Windows, macOS and FreeBSD). Medium: they take nine in ten of a narrower range,
			which shows by itself: at least 32 ports without a gap, first those of one parity and then the
			others, as Linux chooses them. Where a connection took its port over from a TIME-WAIT
			(tcp_tw_reuse) ports do not run out, and it is time-wait-pile-up. The rate that lasts is the range
			divided by 2MSL.`,
		Alike: `A client that is just busy leaves gaps in its range. A program that binds its ports itself,
			one after the other, does not take one parity first.`,
		Check: []string{"ss -tan dst ADDRESS | wc -l", "sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse"},
		Do: `In this order: keep connections open or pool them; let the other end close first; more source
			addresses, more destination addresses or ports, a wider range; tcp_tw_reuse=1 on the connecting host.
			SO_REUSEADDR adds no ports: it changes nothing where the kernel chooses them.`,
		Refs: []string{"RFC 6056", "ip(7)"},
		See:  []string{"time-wait-pile-up", "ip_local_port_range", "tcp_tw_reuse", "SO_REUSEADDR"},
	},
}
