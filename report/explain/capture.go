package explain

var captureFindings = []Entry{
	{
		Name: "capture-duplicates", Kind: Finding,
		Means: `The capture has packets twice that were on the wire once, for instance because it was taken on
			several interfaces or on a mirror port of both directions. They are counted and left out, never taken
			for retransmissions.`,
		Decides: `Same addresses, ports, numbers, flags, window, length, TCP checksum and time stamps within 5
			ms (or a round trip, where IPv4 ids are equal and not 0).`,
		Alike: `A real retransmission usually has a new time stamp value, another IP id, and comes later.`,
		Do:    `Capture on one interface (not on "any"), or mirror one direction of each port.`,
		Refs:  []string{"docs/inference.md D1"},
		See:   []string{"two-taps"},
	},
	{
		Name: "capture-loss", Kind: Finding,
		Means: `The capture itself has missed packets: octets are acknowledged that it does not have. States
			are still followed, but counts of bytes and retransmissions are too low.`,
		Decides: `An acknowledgement of octets that were never captured, unless its sender later shows that it
			had not received them.`,
		Alike: `Loss in the network: there the octets are not acknowledged, and come again.`,
		Check: []string{"tcpdump's last lines: packets dropped by kernel", "capinfos FILE"},
		Do:    `Capture with a larger buffer (tcpdump -B), a filter, or a smaller snaplen.`,
		Refs:  []string{"docs/inference.md E5"},
		See:   []string{"one-way-capture"},
	},
	{
		Name: "two-taps", Kind: Finding,
		Means: `The same path was captured at two places, in one file or in several. One copy drives the
			states; the other is counted, and where it is missing it shows a loss between the taps. With a NAT
			between them, or a tunnel, the two are connections of their own; then it says which are one.`,
		Decides: `Identical segments with a constant difference of hop count, or a constant delay over most of
			a connection, in both directions. Of two connections: the same sequence numbers at both ends, and two
			seconds between their SYNs at most.`,
		Alike: `A capture with single packets twice (capture-duplicates).`,
		Do:    `Nothing: two taps tell more than one. Where the clocks of two files differ, lastack corrects that (--keep-clocks: not).`,
		Refs:  []string{"docs/inference.md D2"},
		See:   []string{"capture-duplicates"},
	},
	{
		Name: "one-way-capture", Kind: Finding,
		Means: `Only one direction of the traffic was captured: the acknowledgements move, but nothing of the
			other side is there. Much can then only be inferred.`,
		Decides: `One side's acknowledgement numbers advance although no segment of the other side was captured.`,
		Alike:   `A connection that nobody answers: there the acknowledgements do not move.`,
		Do:      `Capture both directions: routing may be asymmetric, or the mirror port may be set to one direction.`,
		Refs:    []string{"docs/inference.md R13"},
		See:     []string{"UNKNOWN", "mid-stream"},
	},
	{
		Name: "mid-stream", Kind: Finding,
		Means: `The connection was open before the capture began. Who opened it, the window scale and the
			options are not known, and the states only as far as later segments tell.`,
		Decides: `The first segment captured is no SYN.`,
		Alike:   `A SYN that the capture dropped looks the same; the SYN,ACK that follows then tells.`,
		Do:      `Start the capture earlier, if the beginning matters.`,
		Refs:    []string{"docs/inference.md R13"},
		See:     []string{"UNKNOWN"},
	},
	{
		Name: "evicted", Kind: Finding,
		Means: `lastack gave up following this connection to keep within its memory. It is counted; its end is
			not known.`,
		Decides: `The limit of connections followed at a time was reached, and this one told least.`,
		Do:      `Give lastack more memory, or look at a part of the capture (a filter, a shorter time).`,
		Refs:    []string{"docs/inference.md section 8"},
	},
	{
		Name: "fragment-attack", Kind: Finding,
		Means: `IP fragments of one packet overlap, lie beyond the largest packet, or cut the TCP header in
			two: the way to slip something past a firewall, or to crash an old stack. Honest senders make none of
			them.`,
		Decides: `Fragments of one packet that come within a second and cover the same octets with other bounds;
			one that lies beyond 65,535 octets; of TCP, a first fragment of less than 20 octets, or one that begins
			within them.`,
		Alike: `Ordinary fragmentation of large packets neither overlaps nor splits the header. Duplicated
			fragments are identical. An id that is used again for another packet, after more than a second.`,
		Do:   `Drop overlapping fragments at the border; avoid fragmentation of TCP altogether (path MTU discovery).`,
		Refs: []string{"RFC 1858", "RFC 3128", "RFC 5722"},
	},
}
