package analyzer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// TestEventRoom: a connection has room for the events of most closes, then takes some for
// nearly all, and for whatever may come; beyond the limit events are counted and dropped.
func TestEventRoom(t *testing.T) {
	c := New(Options{}).alloc()
	c.flip, c.trail = 1, newTrail()
	rooms := map[int]bool{}
	for range maxEvents + 5 {
		c.push(event{sym: fsm.SndData})
		rooms[cap(c.events)] = true
	}
	for _, want := range []int{mostEvents, 16, 24, maxEvents} {
		if !rooms[want] {
			t.Errorf("never room for %d: %v", want, rooms)
		}
	}
	if len(rooms) != 4 || len(c.events) != maxEvents || c.lostEvents != 5 {
		t.Errorf("%d events, %d lost, room for %v", len(c.events), c.lostEvents, rooms)
	}
}

// TestNotes: of one kind the first and the last few are kept, whatever there is
// of others.
func TestNotes(t *testing.T) {
	c := &connection{flip: 1, trail: newTrail()}
	for n := range uint64(20) {
		c.note(detect.DataAgain, 0, &wire.Segment{Ref: wire.MakeFrameRef(0, 2*n+1)}, 0)
		if n%4 == 0 {
			c.note(detect.ZeroWindow, 0, &wire.Segment{Ref: wire.MakeFrameRef(0, 2*n+2)}, 0)
		}
	}
	kept := map[detect.NoteKind][]uint64{}
	for i := range c.x.notes {
		kept[c.x.notes[i].kind] = append(kept[c.x.notes[i].kind], c.x.notes[i].ref.Frame())
	}
	want := []uint64{1, 3, 5, 7, 9, 27, 29, 31, 33, 35, 37, 39}
	got := kept[detect.DataAgain]
	if len(got) != len(want) || len(kept[detect.ZeroWindow]) != 5 || c.x.lostNote != 8 {
		t.Fatalf("kept %v, lost %d", kept, c.x.lostNote)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("kept %v, want %v", got, want)
		}
	}
}

// told is a segment between two addresses: its time in seconds, its sender (0 or
// 1), control bits and numbers.
type told struct {
	at       float64
	from     int
	flags    wire.Flags
	seq, ack wire.Seq
}

// run analyses segments between two addresses.
func run(opt Options, ends [2]string, list []told) (out []*report.Connection) {
	a := New(opt)
	for i, g := range list {
		n := uint64(i + 1)
		s := wire.Segment{Packet: n, Ref: wire.MakeFrameRef(0, n), Time: 1e18 + int64(g.at*1e9), Flags: g.flags, Seq: g.seq, Ack: g.ack, Window: 1000, TTL: 64}
		s.Tuple, s.Dir = wire.NewTuple(netip.MustParseAddrPort(ends[g.from]), netip.MustParseAddrPort(ends[1-g.from]))
		a.Add(&s)
	}
	a.Close()
	for r := range a.Records() {
		if c, ok := r.(*report.Connection); ok {
			out = append(out, c)
		}
	}
	return out
}

// TestNetworkStack: 2MSL is that of the stack that the host's network is given.
func TestNetworkStack(t *testing.T) {
	var windows *Stack
	for i := range Stacks {
		if Stacks[i].TwoMSL == 120*time.Second {
			windows = &Stacks[i]
		}
	}
	opt := Options{Networks: []NetworkStack{{netip.MustParsePrefix("192.0.2.0/24"), windows}}}
	closed := []told{{0, 0, wire.SYN, 0, 0}, {0.01, 1, wire.SYN | wire.ACK, 300, 1}, {0.02, 0, wire.FIN | wire.ACK, 1, 301},
		{0.03, 1, wire.FIN | wire.ACK, 301, 2}, {0.04, 0, wire.ACK, 2, 302}}
	for host, want := range map[string]time.Duration{"192.0.2.1:40001": 120 * time.Second, "203.0.113.1:40001": 60 * time.Second} {
		list := run(opt, [2]string{host, "198.51.100.1:80"}, closed)
		until := list[0].Endpoints.Client.TimeWaitUntil
		if until == nil || until.Sub(time.Unix(0, 1e18).UTC()).Round(time.Second) != want {
			t.Errorf("%s: TIME-WAIT until %v, want %v", host, until, want)
		}
	}
}

// TestFinalWithItself: a connection to itself has one end, and is final 2MSL
// after that is CLOSED.
func TestFinalWithItself(t *testing.T) {
	self := [2]string{"192.0.2.1:40001", "192.0.2.1:40001"}
	all := []told{{0, 0, wire.SYN, 100, 0}, {0.001, 0, wire.SYN | wire.ACK, 100, 101}, {1, 0, wire.ACK, 101, 101},
		{2, 0, wire.RST | wire.ACK, 101, 101}, {100, 0, wire.ACK, 101, 101}}
	for name, told := range map[string][]told{"whole": all, "from the middle": all[2:]} {
		list := run(Options{}, self, told)
		if len(list) != 2 || list[0].FinalBy != "time" {
			t.Errorf("%s: %d connections, the first final by %s", name, len(list), list[0].FinalBy)
		}
	}
}
