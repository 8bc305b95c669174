package analyzer

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// TestMaxMemory: what is held stays within Options.MaxMemory, is counted rightly, and
// what is given up is reported.
func TestMaxMemory(t *testing.T) {
	const most, connections = 200_000, 2000
	evicted, others := 0, 0
	a := New(Options{MaxMemory: most, OnRecord: func(r report.Record) {
		if c, ok := r.(*report.Connection); ok {
			if c.FinalBy == "evicted" {
				evicted++
			} else {
				others++
			}
		}
	}})
	server := netip.MustParseAddrPort("198.51.100.1:443")
	n, now := uint64(0), int64(1e18)
	send := func(port int, back bool, flags wire.Flags, seq, ack wire.Seq, octets uint32) {
		n++
		now += 1e5
		s := wire.Segment{Packet: n, Ref: wire.MakeFrameRef(0, n), Time: now, Seq: seq, Ack: ack, Flags: flags, Len: octets, Window: 1000, TTL: 64}
		from, to := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(port)), server
		if back {
			from, to = to, from
		}
		s.Tuple, s.Dir = wire.NewTuple(from, to)
		a.Add(&s)
	}
	for port := 1; port <= connections; port++ {
		send(port, false, wire.SYN, 0, 0, 0)
		send(port, true, wire.SYN|wire.ACK, 100, 1, 0)
		send(port, false, wire.ACK, 1, 101, 0)
		send(port, false, wire.ACK, 1, 101, 10)
		send(port, false, wire.ACK, 1, 101, 10) // again: it has details now
		if a.octets > most {
			t.Fatalf("%d octets are held, at most %d may be", a.octets, most)
		}
	}
	held := 0
	var room sorter
	for _, self := range a.byFirstFrame(&room) {
		c := a.at(self)
		weight := c.weight
		if a.weigh(c); c.weight != weight {
			t.Errorf("#%d weighs %d octets, not %d", c.id, c.weight, weight)
		}
		held++
	}
	if held < most/4000 || held+evicted != connections || others != 0 {
		t.Errorf("%d are held, %d given up, %d otherwise final, of %d", held, evicted, others, connections)
	}
	a.Close()
	if a.octets != 0 || a.live != 0 {
		t.Errorf("in the end %d octets of %d connections", a.octets, a.live)
	}
}
