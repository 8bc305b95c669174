package analyzer_test

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/wire"
)

// TestNoAllocations: data and ACKs of an established connection cost none, and
// neither do keepalive probes once they have been noted.
func TestNoAllocations(t *testing.T) {
	a := analyzer.New(analyzer.Options{})
	client, server := netip.MustParseAddrPort("192.0.2.1:40001"), netip.MustParseAddrPort("198.51.100.1:80")
	n, now := uint64(0), int64(1e18)
	seq, ack := wire.Seq(1000), wire.Seq(5000)
	var seg wire.Segment
	send := func(fromClient bool, flags wire.Flags, s, k wire.Seq, octets uint32) {
		n++
		now += 1e6
		src, dst := client, server
		if !fromClient {
			src, dst = server, client
		}
		seg = wire.Segment{Packet: n, Ref: wire.MakeFrameRef(0, n), Time: now, Seq: s, Ack: k, Flags: flags,
			Len: octets, Window: 60000, TTL: 64, IPID: uint16(n), HasIPID: true}
		seg.Tuple, seg.Dir = wire.NewTuple(src, dst)
		a.Add(&seg)
	}
	send(true, wire.SYN, seq-1, 0, 0)
	send(false, wire.SYN|wire.ACK, ack-1, seq, 0)
	send(true, wire.ACK, seq, ack, 0)
	exchange := func() {
		send(true, wire.ACK|wire.PSH, seq, ack, 100)
		seq += 100
		send(false, wire.ACK, ack, seq, 0)
		send(false, wire.ACK|wire.PSH, ack, seq, 1000)
		ack += 1000
		send(true, wire.ACK, seq, ack, 0)
	}
	exchange()
	if got := testing.AllocsPerRun(1000, exchange); got != 0 {
		t.Errorf("%v allocations in four segments", got)
	}
	probe := func() {
		now += 10e9
		send(true, wire.ACK, seq-1, ack, 0)
		send(false, wire.ACK, ack, seq, 0)
	}
	for range 20 {
		probe()
	}
	if got := testing.AllocsPerRun(100, probe); got != 0 {
		t.Errorf("%v allocations in a probe and its answer", got)
	}
}
