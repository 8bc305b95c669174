package analyzer_test

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// feed makes segments of one four-tuple by hand.
type feed struct {
	a *analyzer.Analyzer
	n uint64
}

func (f *feed) add(src, dst string, at int64, flags wire.Flags, seq, ack wire.Seq) {
	f.n++
	s := wire.Segment{Packet: f.n, Ref: wire.MakeFrameRef(0, f.n), Time: 1e18 + at, Flags: flags,
		Seq: seq, Ack: ack, Window: 1000, TTL: 64}
	s.Tuple, s.Dir = wire.NewTuple(netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst))
	f.a.Add(&s)
}

// unreachable adds an ICMP error that quotes alice's SYN.
func (f *feed) unreachable(code uint8, at int64) {
	f.n++
	e := wire.ICMPError{Packet: f.n, Ref: wire.MakeFrameRef(0, f.n), Time: 1e18 + at, Type: 3, Code: code, Seq: 100}
	e.Tuple, e.Dir = wire.NewTuple(netip.MustParseAddrPort(alice), netip.MustParseAddrPort(bob))
	f.a.AddICMP(&e)
}

// only ends the analysis, which must have found one connection.
func (f *feed) only(t *testing.T) *report.Connection {
	t.Helper()
	f.a.Close()
	var list []*report.Connection
	for r := range f.a.Records() {
		if c, ok := r.(*report.Connection); ok {
			list = append(list, c)
		}
	}
	if len(list) != 1 {
		t.Fatalf("%d connections", len(list))
	}
	return list[0]
}

const (
	alice = "192.0.2.1:40001"
	bob   = "198.51.100.1:5000"
)

// TestAddICMP: an error that the caller decoded rejects an opening.
func TestAddICMP(t *testing.T) {
	for _, c := range []struct {
		code uint8
		kind string
	}{{1, "rejected"}, {4, "unanswered"}} { // host unreachable; fragmentation needed
		f := feed{a: analyzer.New(analyzer.Options{})}
		f.add(alice, bob, 0, wire.SYN, 100, 0)
		f.unreachable(c.code, 1e6)
		if got := f.only(t).Open.Kind; got != c.kind {
			t.Errorf("code %d: %s, want %s", c.code, got, c.kind)
		}
	}
}

// TestClosesWithItself: the FIN of a socket connected to itself crosses itself.
func TestClosesWithItself(t *testing.T) {
	f := feed{a: analyzer.New(analyzer.Options{})}
	f.add(alice, alice, 0, wire.SYN, 100, 0)
	f.add(alice, alice, 1e3, wire.SYN|wire.ACK, 100, 101)
	f.add(alice, alice, 1e6, wire.FIN|wire.ACK, 101, 101)
	f.add(alice, alice, 1e6+1e3, wire.ACK, 102, 102)
	c := f.only(t)
	if c.Close.Kind != "simultaneous" || c.Close.FirstCloser != report.SideBoth {
		t.Errorf("close %+v", c.Close)
	}
}

// TestClockGoesBack: a connection does not end before it starts.
func TestClockGoesBack(t *testing.T) {
	f := feed{a: analyzer.New(analyzer.Options{})}
	f.add(alice, bob, 0, wire.SYN, 100, 0)
	f.add(alice, bob, -5e9, wire.SYN, 100, 0)
	f.unreachable(1, -6e9)
	if c := f.only(t); c.Duration < 0 || c.End.Before(c.Start) {
		t.Errorf("from %v to %v, %v s", c.Start, c.End, c.Duration)
	}
}
