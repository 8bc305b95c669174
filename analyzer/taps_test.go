package analyzer_test

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// crossing is one segment of alice's connection as two taps have it, A near alice and B
// near bob, in a file each.
type crossing struct {
	a, b     float64 // when it passes each tap, in milliseconds; 0: it does not
	flags    wire.Flags
	seq, ack wire.Seq
	len      uint32
	fromB    bool
	other    bool // of another connection: both captures go on
}

// opened are a handshake and a request with its answer, 10 ms apart, at both taps.
var opened = []crossing{
	{a: 1, b: 11, flags: wire.SYN, seq: 0},
	{a: 22, b: 12, fromB: true, flags: wire.SYN | wire.ACK, seq: 0, ack: 1},
	{a: 23, b: 33, flags: wire.ACK, seq: 1, ack: 1},
	{a: 24, b: 34, flags: wire.ACK, seq: 1, ack: 1, len: 10},
	{a: 45, b: 35, fromB: true, flags: wire.ACK, seq: 1, ack: 11, len: 100},
	{a: 46, b: 56, flags: wire.ACK, seq: 11, ack: 101},
}

// TestTapsAtBothEnds: what one tap has and the other has not (D5).
func TestTapsAtBothEnds(t *testing.T) {
	for name, c := range map[string]struct {
		list   []crossing // after opened
		states string     // of both ends
		found  []string   // beside two-taps
	}{
		"what the server answers reaches only its own tap": {[]crossing{
			{a: 1000, b: 1010, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 1011, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 1300, b: 1310, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 1311, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 1900, b: 1910, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 1911, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 3100, b: 3110, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 3111, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 5500, b: 5510, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 5511, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 10300, b: 10310, flags: wire.ACK, seq: 11, ack: 101, len: 10},
		}, "ESTABLISHED ESTABLISHED", []string{"dead-peer"}},
		"what the server answers reaches the client again": {[]crossing{
			{a: 1000, b: 1010, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 1011, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 1300, b: 1310, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 1311, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 1900, b: 1910, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 1911, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 3100, b: 3110, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{b: 3111, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
			{a: 5500, b: 5510, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{a: 5521, b: 5511, fromB: true, flags: wire.ACK, seq: 101, ack: 21},
		}, "ESTABLISHED ESTABLISHED", []string{"outage-recovered"}},
		"a RST in the server's name, of the path": {[]crossing{
			{a: 1000, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{a: 1010, fromB: true, flags: wire.RST, seq: 101},
		}, "CLOSED? ESTABLISHED", []string{"reset-injected"}},
		"a RST in the server's name, while it sends": {[]crossing{
			{a: 1021, b: 1011, fromB: true, flags: wire.ACK, seq: 101, ack: 11, len: 50},
			{a: 1022, flags: wire.ACK, seq: 11, ack: 151},
			{a: 1032, fromB: true, flags: wire.RST, seq: 151},
			{b: 1240, fromB: true, flags: wire.ACK, seq: 101, ack: 11, len: 50},
			{b: 1660, fromB: true, flags: wire.ACK, seq: 101, ack: 11, len: 50},
			{b: 2500, fromB: true, flags: wire.ACK, seq: 101, ack: 11, len: 50},
		}, "CLOSED? ESTABLISHED", []string{"dead-peer", "reset-injected"}},
		"what the RST answers was held up on the path": {[]crossing{
			{a: 5000, b: 5900, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{a: 5911, b: 5901, fromB: true, flags: wire.RST, seq: 101},
		}, "CLOSED? CLOSED", []string{"reset-no-such-connection"}},
		"a RST in the server's name, at the right time": {[]crossing{
			{a: 1000, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{a: 1021, fromB: true, flags: wire.RST, seq: 101},
			{a: 2000, b: 2010, flags: wire.SYN, other: true},
		}, "CLOSED? ESTABLISHED", []string{"reset-injected"}},
		"the same, where the server's capture has ended": {[]crossing{
			{a: 1000, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{a: 1021, fromB: true, flags: wire.RST, seq: 101},
			{a: 2000, flags: wire.SYN, other: true},
		}, "CLOSED? CLOSED?", []string{"reset-no-such-connection"}},
		"the same, where the server's capture misses some": {[]crossing{
			{a: 951, fromB: true, flags: wire.ACK, seq: 101, ack: 11, len: 10},
			{a: 1000, flags: wire.ACK, seq: 11, ack: 111, len: 10},
			{a: 1021, fromB: true, flags: wire.RST, seq: 111},
			{a: 2000, b: 2010, flags: wire.SYN, other: true},
		}, "CLOSED? CLOSED", []string{"reset-no-such-connection"}},
		"a RST whose copy is late": {[]crossing{
			{a: 1000, b: 1010, flags: wire.ACK, seq: 11, ack: 101, len: 10},
			{a: 1091, b: 1011, fromB: true, flags: wire.RST, seq: 101},
			{a: 2000, b: 2010, flags: wire.SYN, other: true},
		}, "CLOSED? CLOSED", []string{"reset-no-such-connection"}},
		"a RST that the path lost": {[]crossing{
			{b: 1000, fromB: true, flags: wire.RST | wire.ACK, seq: 101, ack: 11},
			{a: 2000, b: 2010, flags: wire.SYN, other: true},
		}, "ESTABLISHED CLOSED", []string{"reset-abort"}},
		"the same, where the client's capture has ended": {[]crossing{
			{b: 1000, fromB: true, flags: wire.RST | wire.ACK, seq: 101, ack: 11},
			{b: 2010, flags: wire.SYN, other: true},
		}, "CLOSED? CLOSED", []string{"reset-abort"}},
		"a FIN that the path lost": {[]crossing{
			{b: 1000, fromB: true, flags: wire.FIN | wire.ACK, seq: 101, ack: 11},
			{a: 2000, b: 2010, flags: wire.SYN, other: true},
		}, "ESTABLISHED FIN-WAIT-1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			con, found := cross(t, slices.Concat(opened, c.list))
			want := append(slices.Clone(c.found), "two-taps")
			states := stateOf(&con.Endpoints.Client) + " " + stateOf(&con.Endpoints.Server)
			if states != c.states || !slices.Equal(found, want) {
				t.Errorf("%s, found %v, want %s, %v", states, found, c.states, want)
			}
		})
	}
}

// TestHandshakeNotTaken: the ACK of the handshake came to the server's tap before the
// SYN,ACK came again, or it did not.
func TestHandshakeNotTaken(t *testing.T) {
	for came, want := range map[float64]string{33: "accept-queue-overflow", 0: "handshake-ack-lost"} {
		list := []crossing{opened[0], opened[1], {a: 23, b: came, flags: wire.ACK, seq: 1, ack: 1},
			{a: 1030, b: 1020, fromB: true, flags: wire.SYN | wire.ACK, seq: 0, ack: 1},
			{a: 1031, b: 1041, flags: wire.ACK, seq: 1, ack: 1},
			{a: 2000, b: 2010, flags: wire.ACK, seq: 1, ack: 1, len: 10},
			{a: 2021, b: 2011, fromB: true, flags: wire.ACK, seq: 1, ack: 11, len: 100}}
		if _, found := cross(t, list); !slices.Contains(found, want) {
			t.Errorf("the ACK came at %v: found %v, want %s", came, found, want)
		}
	}
}

// stateOf is an end's state, with ? if it is not proved.
func stateOf(e *report.Endpoint) string {
	if e.State != e.ConfirmedState {
		return e.State + "?"
	}
	return e.State
}

// cross analyses what both taps have of one connection, and returns its record and what
// was found, sorted.
func cross(t *testing.T, list []crossing) (con *report.Connection, found []string) {
	t.Helper()
	src, dst := netip.MustParseAddrPort(alice), netip.MustParseAddrPort(bob)
	var all []wire.Segment
	frames := [2]uint64{}
	for i, g := range list {
		for file, at := range []float64{g.a, g.b} {
			if at == 0 {
				continue
			}
			frames[file]++
			s := wire.Segment{Ref: wire.MakeFrameRef(file, frames[file]), Time: 1e18 + int64(at*1e6), Flags: g.flags, Seq: g.seq, Ack: g.ack,
				Len: g.len, Window: 60000, TTL: 64}
			if g.flags&wire.RST == 0 {
				s.Options.Has |= wire.OptTimestamps
				s.Options.TSVal = uint32(i + 1)
			}
			s.Tuple, s.Dir = wire.NewTuple(src, dst)
			switch {
			case g.fromB:
				s.Tuple, s.Dir = wire.NewTuple(dst, src)
			case g.other:
				s.Tuple, s.Dir = wire.NewTuple(netip.AddrPortFrom(src.Addr(), src.Port()+1), dst)
			}
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b wire.Segment) int { return cmp.Compare(a.Time, b.Time) })
	an := analyzer.New(analyzer.Options{Files: 2})
	for i := range all {
		all[i].Packet = uint64(i + 1)
		an.Add(&all[i])
	}
	an.Close()
	for r := range an.Records() {
		switch r := r.(type) {
		case *report.Connection:
			if r.Client.Port == src.Port() {
				con = r
			}
		case *report.Finding:
			if slices.Contains(r.Connections, 1) {
				found = append(found, strings.Clone(r.ID))
			}
		}
	}
	slices.Sort(found)
	return con, found
}
