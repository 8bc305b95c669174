package analyzer

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// TestDeadlines: entries come out by time, then by id, whatever the order in
// which they went in.
func TestDeadlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h deadlines
		var want []due
		for i, n := range rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 50).Draw(t, "times") {
			d := due{t: n, id: uint64(100 - i)}
			h.push(d)
			want = append(want, d)
			if rapid.IntRange(0, 4).Draw(t, "pop") == 0 {
				slices.SortFunc(want, func(x, y due) int { return cmp.Or(cmp.Compare(x.t, y.t), cmp.Compare(x.id, y.id)) })
				if got := h.pop(); got != want[0] {
					t.Fatalf("%v, want %v", got, want[0])
				}
				want = want[1:]
			}
		}
		slices.SortFunc(want, func(x, y due) int { return cmp.Or(cmp.Compare(x.t, y.t), cmp.Compare(x.id, y.id)) })
		for _, w := range want {
			if got := h.pop(); got != w {
				t.Fatalf("%v, want %v", got, w)
			}
		}
	})
}

// TestOnOver: a connection is told of as soon as both ends have closed, once,
// and by its record when it is final.
func TestOnOver(t *testing.T) {
	var over, final []string
	name := func(r report.Record) string {
		if f, ok := r.(*report.Finding); ok {
			return f.ID
		}
		return r.(*report.Connection).Close.Kind
	}
	a := New(Options{
		OnOver:   func(r report.Record) { over = append(over, name(r)) },
		OnRecord: func(r report.Record) { final = append(final, name(r)) },
	})
	tuple, client := wire.NewTuple(netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("198.51.100.1:80"))
	n := uint64(0)
	send := func(dir uint8, flags wire.Flags, seq, ack wire.Seq) {
		n++
		a.Add(&wire.Segment{Tuple: tuple, Packet: n, Ref: wire.MakeFrameRef(0, n), Time: int64(n) * 1e6, Dir: dir, Flags: flags, Seq: seq, Ack: ack, Window: 500})
	}
	server := client ^ 1
	send(client, wire.SYN, 100, 0)
	send(server, wire.SYN|wire.ACK, 300, 101)
	send(client, wire.ACK, 101, 301)
	send(client, wire.FIN|wire.ACK, 101, 301)
	send(server, wire.FIN|wire.ACK, 301, 102)
	if over != nil {
		t.Fatalf("%v before the last ACK", over)
	}
	send(client, wire.ACK, 102, 302)
	want := []string{"three-segment", "three-segment-close"}
	if !slices.Equal(over, want) || final != nil {
		t.Fatalf("%v is over and %v final, want %v and nothing", over, final, want)
	}
	send(client, wire.ACK, 102, 302)
	a.Close()
	if !slices.Equal(over, want) || !slices.Equal(final, want) {
		t.Errorf("in the end %v was over and %v final, want %v", over, final, want)
	}
}

// TestBefore1970: the end that has sent nothing does not date a connection.
func TestBefore1970(t *testing.T) {
	tuple, dir := wire.NewTuple(netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("198.51.100.1:80"))
	a := New(Options{})
	a.Add(&wire.Segment{Tuple: tuple, Packet: 1, Ref: wire.MakeFrameRef(0, 1), Time: -1e18, Dir: dir, Flags: wire.SYN, Seq: 1, Window: 500})
	a.Close()
	for r := range a.Records() {
		if c, ok := r.(*report.Connection); ok && (!c.End.Equal(c.Start) || c.LastFrame != 1 || c.Duration != 0) {
			t.Errorf("from %v to %v, frame %d", c.Start, c.End, c.LastFrame)
		}
	}
}
