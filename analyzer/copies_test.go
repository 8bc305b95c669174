package analyzer_test

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// tapped is one segment of alice's connection as a tap has it.
type tapped struct {
	at    float64 // milliseconds
	fromB bool
	flags wire.Flags
	seq   wire.Seq
	ack   wire.Seq
	id    uint16 // IPv4's, 0 for none
	file  int
	ttl   uint8
	ts    uint32
}

// TestCopies: the same segment at two places of its path, in one file or in
// two, is one segment (D1, D2); sent again, it is two. The path takes 40 ms.
func TestCopies(t *testing.T) {
	for name, c := range map[string]struct {
		gap     float64 // from a segment to the same again, in milliseconds
		file    int
		ttl     uint8
		ids, ts bool
		again   bool   // it was sent again
		finding string // of copies
	}{
		"two files, the same id, within half a second":      {gap: 300, file: 1, ttl: 64, ids: true, finding: "two-taps"},
		"two files, the same id, later":                     {gap: 600, file: 1, ttl: 64, ids: true, again: true},
		"two files, the same id, at once":                   {gap: 1, file: 1, ttl: 64, ids: true, finding: "two-taps"},
		"one file, the same id, after a round trip":         {gap: 300, ttl: 64, ids: true, again: true},
		"one file, the same id, within a round trip":        {gap: 20, ttl: 64, ids: true, finding: "two-taps"},
		"one file, the same id, at once":                    {gap: 1, ttl: 64, ids: true, finding: "capture-duplicates"},
		"one file, the same id, at once, a router passed":   {gap: 1, ttl: 63, ids: true, finding: "two-taps"},
		"two files, no ids, at once":                        {gap: 4, file: 1, ttl: 64, finding: "two-taps"},
		"two files, no ids, after a round trip":             {gap: 300, file: 1, ttl: 64, again: true},
		"two files, the same timestamp":                     {gap: 300, file: 1, ttl: 64, ts: true, finding: "two-taps"},
		"two files, the same timestamp, longer than a path": {gap: 2500, file: 1, ttl: 64, ts: true, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			list := []tapped{{at: 0, flags: wire.SYN, ttl: 64}, {at: 20, fromB: true, flags: wire.SYN | wire.ACK, seq: 300, ack: 1, ttl: 64},
				{at: 40, flags: wire.ACK, seq: 1, ack: 301, ttl: 64}}
			for i := range 4 {
				for side := range 2 {
					g := tapped{at: 3000 * float64(2*i+side+1), fromB: side == 1, flags: wire.ACK, seq: 1, ack: 301, ttl: 64}
					if g.fromB {
						g.seq, g.ack = 301, 1
					}
					if c.ids {
						g.id = uint16(100 + i)
					}
					if c.ts {
						g.ts = uint32(100 + i)
					}
					same := g
					same.at, same.file, same.ttl = g.at+c.gap, c.file, c.ttl
					list = append(list, g, same)
				}
			}
			want := uint64(6)
			if c.again {
				want = 10
			}
			if con, finding := tap(t, list); con.Endpoints.Client.Packets != want || finding != c.finding {
				t.Errorf("%d segments of the client, want %d; found %q, want %q", con.Endpoints.Client.Packets, want, finding, c.finding)
			}
		})
	}
}

// TestCopiesOfSYNs: before a round trip is known a SYN with the same id is a
// copy within half a second.
func TestCopiesOfSYNs(t *testing.T) {
	list := []tapped{{at: 0, flags: wire.SYN, id: 1, ttl: 64}, {at: 300, flags: wire.SYN, id: 1, ttl: 63},
		{at: 400, fromB: true, flags: wire.SYN | wire.ACK, seq: 300, ack: 1, id: 101, ttl: 64},
		{at: 700, fromB: true, flags: wire.SYN | wire.ACK, seq: 300, ack: 1, id: 101, ttl: 63}}
	con, finding := tap(t, list)
	if con.Endpoints.Client.Packets != 1 || con.Endpoints.Server.Packets != 1 || finding != "two-taps" {
		t.Errorf("%d and %d segments, found %q", con.Endpoints.Client.Packets, con.Endpoints.Server.Packets, finding)
	}
}

// tap analyses segments, which must be of one connection, and returns its record
// and what was found of copies.
func tap(t *testing.T, list []tapped) (*report.Connection, string) {
	t.Helper()
	a := analyzer.New(analyzer.Options{Files: 2})
	for i, g := range list {
		n := uint64(i + 1)
		s := wire.Segment{Packet: n, Ref: wire.MakeFrameRef(g.file, n), Time: 1e18 + int64(g.at*1e6), Flags: g.flags, Seq: g.seq, Ack: g.ack,
			Window: 1000, TTL: g.ttl, IPID: g.id, HasIPID: g.id != 0}
		if g.ts != 0 {
			s.Options.Has |= wire.OptTimestamps
			s.Options.TSVal = g.ts
		}
		src, dst := netip.MustParseAddrPort(alice), netip.MustParseAddrPort(bob)
		if g.fromB {
			src, dst = dst, src
		}
		s.Tuple, s.Dir = wire.NewTuple(src, dst)
		a.Add(&s)
	}
	a.Close()
	var con *report.Connection
	found := ""
	for r := range a.Records() {
		switch r := r.(type) {
		case *report.Connection:
			if con != nil {
				t.Fatalf("connections #%d and #%d", con.ID, r.ID)
			}
			con = r
		case *report.Finding:
			if r.ID == "two-taps" || r.ID == "capture-duplicates" {
				found += r.ID
			}
		}
	}
	return con, found
}
