package reassembly

import (
	"fmt"
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// established returns both spaces of a connection in which 100 octets of the
// sender wait for their ACK, and a segment with 50 more.
func established() (sp, rev Space, s wire.Segment) {
	sp = Space{Next: 1100, Una: 1000, Right: 3000, Wnd: 2000, wide: 2000, Edge: 1100, Known: KnownNext | KnownUna | KnownRight}
	rev = Space{Next: 5020, Una: 5000, Right: 7000, Wnd: 2000, wide: 2000, Edge: 5020, Known: KnownNext | KnownUna | KnownRight}
	s = wire.Segment{Seq: 1100, Ack: 5020, Len: 50, Flags: wire.ACK, Window: 1980}
	return sp, rev, s
}

// TestExpected: each single thing that is unusual keeps a segment from being
// expected; the limits are inside.
func TestExpected(t *testing.T) {
	furthest := wire.Seq(maxReach)
	hole := &gaps{list: []gap{{lo: 1010, hi: 1020}}}
	for _, c := range []struct {
		name string
		turn func(sp, rev *Space, s *wire.Segment)
		want bool
	}{
		{"data and an ACK", func(_, _ *Space, _ *wire.Segment) {}, true},
		{"data alone", func(_, _ *Space, s *wire.Segment) { s.Ack = 5000 }, true},
		{"an ACK alone, of one octet", func(_, _ *Space, s *wire.Segment) { s.Len, s.Ack = 0, 5001 }, true},
		{"an ACK alone, of everything", func(_, _ *Space, s *wire.Segment) { s.Len = 0 }, true},
		{"pushed", func(_, _ *Space, s *wire.Segment) { s.Flags |= wire.PSH }, true},
		{"nothing new", func(_, _ *Space, s *wire.Segment) { s.Len, s.Ack = 0, 5000 }, false},
		{"no ACK", func(_, _ *Space, s *wire.Segment) { s.Flags = wire.PSH }, false},
		{"SYN", func(_, _ *Space, s *wire.Segment) { s.Flags |= wire.SYN }, false},
		{"FIN", func(_, _ *Space, s *wire.Segment) { s.Flags |= wire.FIN }, false},
		{"RST", func(_, _ *Space, s *wire.Segment) { s.Flags |= wire.RST }, false},
		{"below SND.NXT", func(_, _ *Space, s *wire.Segment) { s.Seq-- }, false},
		{"above SND.NXT", func(_, _ *Space, s *wire.Segment) { s.Seq++ }, false},
		{"ACK below SND.UNA", func(_, _ *Space, s *wire.Segment) { s.Ack = 4999 }, false},
		{"ACK above SND.NXT", func(_, _ *Space, s *wire.Segment) { s.Ack = 5021 }, false},
		{"closes its window", func(_, _ *Space, s *wire.Segment) { s.Window = 0 }, false},
		{"into a closed window", func(sp, _ *Space, _ *wire.Segment) { sp.Wnd = 0 }, false},
		{"opens its window", func(_, rev *Space, _ *wire.Segment) { rev.Wnd = 0 }, false},
		{"a gap of its own", func(sp, _ *Space, _ *wire.Segment) { sp.gaps = hole }, false},
		{"a gap of the peer", func(_, rev *Space, _ *wire.Segment) { rev.gaps = hole }, false},
		{"its repetitions", func(sp, _ *Space, _ *wire.Segment) { sp.Repeats = 1 }, false},
		{"the peer's repetitions", func(_, rev *Space, _ *wire.Segment) { rev.Repeats = 1 }, false},
		{"SND.NXT not known", func(sp, _ *Space, _ *wire.Segment) { sp.Known &^= KnownNext }, false},
		{"SND.UNA not known", func(sp, _ *Space, _ *wire.Segment) { sp.Known &^= KnownUna }, false},
		{"the peer's SND.NXT not known", func(_, rev *Space, _ *wire.Segment) { rev.Known &^= KnownNext }, false},
		{"the peer's SND.UNA not known", func(_, rev *Space, _ *wire.Segment) { rev.Known &^= KnownUna }, false},
		{"everything acknowledged before", func(sp, _ *Space, _ *wire.Segment) { sp.Una = 1100 }, true},
		{"more acknowledged than sent", func(sp, _ *Space, _ *wire.Segment) { sp.Una = 1101 }, false},
		{"the peer: more acknowledged than sent", func(_, rev *Space, s *wire.Segment) { rev.Una, s.Ack = 5021, 5021 }, false},
		{"as much as a window can hold", func(_, rev *Space, s *wire.Segment) { rev.Una = rev.Next - furthest }, true},
		{"more than a window can hold", func(_, rev *Space, s *wire.Segment) { rev.Una = rev.Next - furthest - 1 }, false},
		{"beyond any window that was captured", func(sp, _ *Space, _ *wire.Segment) { sp.Right, sp.wide = 999, 100 }, true},
		{"an ACK beyond any window that was captured", func(_, rev *Space, _ *wire.Segment) { rev.Right, rev.wide = 4999, 20 }, true},
	} {
		sp, rev, s := established()
		c.turn(&sp, &rev, &s)
		if got := sp.Expected(&s, &rev); got != c.want {
			t.Errorf("%s: expected %v, want %v", c.name, got, c.want)
		}
	}
}

// handshake returns both spaces of a connection whose SYN,ACK was captured, and the
// segment that acknowledges it.
func handshake() (sp, rev Space, s wire.Segment) {
	sp = Space{Next: 1001, Una: 1001, Right: 3001, Wnd: 2000, wide: 2000, Edge: 1001, ISS: 1000,
		Known: KnownISS | KnownNext | KnownUna | KnownRight}
	rev = Space{Next: 5001, Edge: 5001, ISS: 5000, Wnd: 2000, Known: KnownISS | KnownNext | timing, timedEnd: 5001}
	s = wire.Segment{Seq: 1001, Ack: 5001, Flags: wire.ACK, Window: 1980, Time: 5e6}
	return sp, rev, s
}

// TestFirstACK: each single thing that is unusual keeps a segment from being the first
// acknowledgment and nothing else.
func TestFirstACK(t *testing.T) {
	hole := &gaps{list: []gap{{lo: 10, hi: 20}}}
	for _, c := range []struct {
		name string
		turn func(sp, rev *Space, s *wire.Segment)
		want bool
	}{
		{"the third segment", func(_, _ *Space, _ *wire.Segment) {}, true},
		{"pushed", func(_, _ *Space, s *wire.Segment) { s.Flags |= wire.PSH }, true},
		{"no ACK", func(_, _ *Space, s *wire.Segment) { s.Flags = wire.PSH }, false},
		{"FIN", func(_, _ *Space, s *wire.Segment) { s.Flags |= wire.FIN }, false},
		{"data", func(_, _ *Space, s *wire.Segment) { s.Len = 1 }, false},
		{"closes its window", func(_, _ *Space, s *wire.Segment) { s.Window = 0 }, false},
		{"SND.NXT not known", func(sp, _ *Space, _ *wire.Segment) { sp.Known &^= KnownNext }, false},
		{"SND.UNA not known", func(sp, _ *Space, _ *wire.Segment) { sp.Known &^= KnownUna }, false},
		{"the peer's SND.NXT not known", func(_, rev *Space, _ *wire.Segment) { rev.Known &^= KnownNext }, false},
		{"acknowledged before", func(_, rev *Space, _ *wire.Segment) { rev.Known |= KnownUna }, false},
		{"below SND.NXT", func(_, _ *Space, s *wire.Segment) { s.Seq-- }, false},
		{"above SND.NXT", func(_, _ *Space, s *wire.Segment) { s.Seq++ }, false},
		{"not all of it", func(_, _ *Space, s *wire.Segment) { s.Ack-- }, false},
		{"more than that", func(_, _ *Space, s *wire.Segment) { s.Ack++ }, false},
		{"a gap of its own", func(sp, _ *Space, _ *wire.Segment) { sp.gaps = hole }, false},
		{"a gap of the peer", func(_, rev *Space, _ *wire.Segment) { rev.gaps = hole }, false},
		{"its repetitions", func(sp, _ *Space, _ *wire.Segment) { sp.Repeats = 1 }, false},
		{"the peer's repetitions", func(_, rev *Space, _ *wire.Segment) { rev.Repeats = 1 }, false},
	} {
		sp, rev, s := handshake()
		c.turn(&sp, &rev, &s)
		if got := sp.FirstACK(&s, &rev); got != c.want {
			t.Errorf("%s: the first acknowledgment: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestFollowFirst: Follow does of a first acknowledgment, too, what Place, Send and Receive
// do.
func TestFollowFirst(t *testing.T) {
	sp, rev, s := handshake()
	if !sp.FirstACK(&s, &rev) {
		t.Fatal("it is not the first acknowledgment")
	}
	followed(t, "the third segment", sp, rev, &s)
}

// followed holds Follow to Place, Send and Receive.
func followed(t *testing.T, name string, sp, rev Space, s *wire.Segment) {
	t.Helper()
	sp2, rev2 := sp, rev
	sp.Follow(s, &rev)
	p := sp2.Place(s, &rev2, 0)
	sp2.Send(s, &p)
	rev2.Receive(s)
	if sp != sp2 || rev != rev2 || p.Kind > New || p.NewOctets != s.Len {
		t.Errorf("%s:\n%+v %+v\n%+v %+v, %+v", name, sp, rev, sp2, rev2, p)
	}
}

// TestFollow: it does what Place, Send and Receive do, also behind a probe of a
// window that has opened since, with a SACK block, and where no window is known in octets.
func TestFollow(t *testing.T) {
	for _, octets := range []uint32{0, 50} {
		for turn := range 16 {
			stamped, behindProbe, sacked, scaled := turn&1 != 0, turn&2 != 0, turn&4 != 0, turn&8 == 0
			sp, rev, s := established()
			if behindProbe {
				sp.Una, sp.Known = 1099, sp.Known|probed
			}
			if !scaled {
				rev.Known &^= KnownRight
			}
			s.Len, s.Time, s.Window = octets, 77e9, 2500 // it grows
			if stamped {
				s.Options = wire.Options{Has: wire.OptTimestamps, TSVal: 9, TSEcr: 8}
			}
			if sacked {
				packet.SetSACK(&s, wire.SACKBlock{Left: 5030, Right: 5040})
			}
			if !sp.Expected(&s, &rev) {
				t.Fatal("it is not expected")
			}
			followed(t, fmt.Sprintf("%d octets, stamped %v, behind a probe %v, sacked %v, scaled %v", octets, stamped, behindProbe, sacked, scaled), sp, rev, &s)
		}
	}
}
