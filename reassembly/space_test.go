package reassembly

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

const ms = int64(1e6)

// talk drives two spaces as analyzer does: sp[0] is what A sends, sp[1] what B
// sends. Numbers are relative to base[i], so that every test also runs across
// the wrap.
type talk struct {
	t    *testing.T
	sp   [2]Space
	last [2]int64
	base [2]wire.Seq
}

// seg is one segment of a test: who sends it, when, what.
type seg struct {
	from     int
	at       int64 // milliseconds
	flags    string
	seq, ack uint32
	n        uint32 // octets
	win      uint16
	ts, ecr  uint32 // timestamps, when ts is not 0
}

func (k *talk) segment(g seg) *wire.Segment {
	s := &wire.Segment{Time: g.at * ms, Dir: uint8(g.from), Len: g.n, Window: g.win,
		Seq: k.base[g.from].Add(g.seq)}
	for _, r := range g.flags {
		s.Flags |= map[rune]wire.Flags{'S': wire.SYN, 'F': wire.FIN, 'R': wire.RST, '.': wire.ACK, 'P': wire.PSH}[r]
	}
	if s.Flags.Has(wire.ACK) {
		s.Ack = k.base[1-g.from].Add(g.ack)
	}
	if g.ts != 0 {
		s.Options.Has |= wire.OptTimestamps
		s.Options.TSVal, s.Options.TSEcr = g.ts, g.ecr
	}
	return s
}

// add places a segment and records it.
func (k *talk) add(g seg) Placement {
	s := k.segment(g)
	own, rev := &k.sp[g.from], &k.sp[1-g.from]
	p := own.Place(s, rev, k.last[g.from])
	if s.Flags.Has(wire.SYN) {
		own.ISS = s.Seq
		own.Known |= KnownISS
	}
	if s.Flags.Has(wire.FIN) {
		own.FIN = s.FINSeq()
		own.Known |= KnownFIN
	}
	own.Send(s, &p)
	rev.Receive(s)
	k.last[g.from] = s.Time
	return p
}

// bases are where the numbers of a test begin.
var bases = [][2]wire.Seq{{0, 0}, {1000, 900000}, {0xfffffff0, 0xffffff00}, {0x7ffffff8, 0x80000000}}

// each runs a test from every base.
func each(t *testing.T, f func(t *testing.T, k *talk)) {
	for _, b := range bases {
		t.Run(fmt.Sprintf("%x", b[0]), func(t *testing.T) { f(t, &talk{t: t, base: b}) })
	}
}

// open is a handshake: after it both ends are at 1, with windows of 1000.
func (k *talk) open() {
	k.add(seg{0, 0, "S", 0, 0, 0, 1000, 0, 0})
	k.add(seg{1, 10, "S.", 0, 1, 0, 1000, 0, 0})
	k.add(seg{0, 20, ".", 1, 1, 0, 1000, 0, 0})
	k.sp[0].SetScale(0)
	k.sp[1].SetScale(0)
}

// step is a segment and what Place must say of it.
type step struct {
	seg
	kind  Kind
	fresh uint32 // NewOctets
	marks string // a: Acked, s: AckedSYN, f: AckedFIN, d: DuplicateACK, uN: Unseen
}

func marks(p Placement) string {
	var b strings.Builder
	for _, m := range []struct {
		on   bool
		mark string
	}{{p.Acked, "a"}, {p.AckedSYN, "s"}, {p.AckedFIN, "f"}, {p.DuplicateACK, "d"}} {
		if m.on {
			b.WriteString(m.mark)
		}
	}
	if p.Unseen > 0 {
		fmt.Fprintf(&b, "u%d", p.Unseen)
	}
	return b.String()
}

// TestPlace says what each kind of segment is, in conversations.
func TestPlace(t *testing.T) {
	tests := map[string][]step{
		"handshake": {
			{seg{0, 0, "S", 0, 0, 0, 1000, 0, 0}, New, 0, ""},
			{seg{1, 10, "S.", 0, 1, 0, 1000, 0, 0}, New, 0, "as"},
			{seg{0, 20, ".", 1, 1, 0, 1000, 0, 0}, Pure, 0, "as"},
			{seg{0, 30, "S", 0, 0, 0, 1000, 0, 0}, Retransmission, 0, ""},
		},
		"handshake with an ACK of nothing": {
			{seg{0, 0, "S", 0, 0, 0, 1000, 0, 0}, New, 0, ""},
			{seg{1, 9, ".", 0, 0, 0, 1000, 0, 0}, Pure, 0, "a"},
			{seg{1, 10, "S.", 0, 1, 0, 1000, 0, 0}, New, 0, "as"},
		},
		"in order": {
			{seg{0, 30, "P.", 1, 1, 10, 1000, 0, 0}, New, 10, ""},
			{seg{1, 40, ".", 1, 11, 0, 1000, 0, 0}, Pure, 0, "a"},
			{seg{1, 41, "P.", 1, 11, 20, 1000, 0, 0}, New, 20, ""},
			{seg{0, 50, "P.", 11, 21, 5, 1000, 0, 0}, New, 5, "a"},
		},
		"retransmission": {
			{seg{0, 30, "P.", 1, 1, 10, 1000, 0, 0}, New, 10, ""},
			{seg{0, 230, "P.", 1, 1, 10, 1000, 0, 0}, Retransmission, 0, ""},
			{seg{0, 231, "P.", 5, 1, 6, 1000, 0, 0}, Retransmission, 0, ""},
			{seg{0, 232, "P.", 5, 1, 16, 1000, 0, 0}, Partial, 10, ""},
			{seg{0, 233, "FP.", 11, 1, 13, 1000, 0, 0}, Partial, 3, ""},
		},
		"gap filled in time": {
			{seg{0, 30, ".", 1, 1, 10, 1000, 0, 0}, New, 10, ""},
			{seg{0, 31, ".", 21, 1, 10, 1000, 0, 0}, Beyond, 10, ""},
			{seg{0, 32, ".", 11, 1, 10, 1000, 0, 0}, OutOfOrder, 10, ""},
			{seg{0, 33, ".", 31, 1, 1, 1000, 0, 0}, New, 1, ""},
		},
		"gap filled late": {
			{seg{0, 30, ".", 1, 1, 10, 1000, 0, 0}, New, 10, ""},
			{seg{0, 31, ".", 21, 1, 10, 1000, 0, 0}, Beyond, 10, ""},
			{seg{0, 331, ".", 11, 1, 10, 1000, 0, 0}, Retransmission, 10, ""},
			{seg{0, 332, ".", 11, 1, 10, 1000, 0, 0}, Retransmission, 0, ""},
		},
		"gap filled at the limit": {
			{seg{0, 31, ".", 11, 1, 10, 1000, 0, 0}, Beyond, 10, ""},
			{seg{0, 51, ".", 1, 1, 5, 1000, 0, 0}, OutOfOrder, 5, ""}, // 10 ms to the receiver and back, 10 ms to the sender
			{seg{0, 52, ".", 6, 1, 5, 1000, 0, 0}, Retransmission, 5, ""},
		},
		"gap filled by what was sent later": {
			{seg{0, 31, ".", 11, 1, 10, 1000, 700, 1}, Beyond, 10, ""},
			{seg{0, 32, ".", 1, 1, 5, 1000, 701, 1}, Retransmission, 5, ""},
			{seg{0, 33, ".", 31, 1, 10, 1000, 705, 1}, Beyond, 10, ""},
			{seg{0, 34, ".", 6, 1, 5, 1000, 701, 1}, Retransmission, 5, ""}, // each by its own gap
			{seg{0, 35, ".", 21, 1, 5, 1000, 705, 1}, OutOfOrder, 5, ""},    // within a tick the time decides
			{seg{0, 54, ".", 26, 1, 5, 1000, 705, 1}, Retransmission, 5, ""},
		},
		"gap filled by what was sent before": {
			{seg{0, 31, ".", 11, 1, 10, 1000, 700, 1}, Beyond, 10, ""},
			{seg{0, 331, ".", 1, 1, 10, 1000, 699, 1}, OutOfOrder, 10, ""},
			{seg{0, 332, ".", 1, 1, 10, 1000, 699, 1}, Retransmission, 0, ""},
		},
		"gap filled by what has no stamp": {
			{seg{0, 31, ".", 11, 1, 10, 1000, 700, 1}, Beyond, 10, ""},
			{seg{0, 32, ".", 1, 1, 5, 1000, 0, 0}, OutOfOrder, 5, ""},
			{seg{0, 33, ".", 31, 1, 10, 1000, 0, 0}, Beyond, 10, ""},
			{seg{0, 34, ".", 21, 1, 10, 1000, 709, 1}, OutOfOrder, 10, ""},
		},
		"partly in a gap": {
			{seg{0, 31, ".", 11, 1, 10, 1000, 0, 0}, Beyond, 10, ""},
			{seg{0, 32, ".", 6, 1, 20, 1000, 0, 0}, Partial, 10, ""},
		},
		"duplicate ACK": {
			{seg{0, 30, "P.", 1, 1, 10, 1000, 0, 0}, New, 10, ""},
			{seg{1, 40, ".", 1, 1, 0, 1000, 0, 0}, Pure, 0, "d"},
			{seg{1, 41, ".", 1, 1, 0, 999, 0, 0}, Pure, 0, ""}, // a window update
			{seg{1, 42, "P.", 1, 1, 1, 999, 0, 0}, New, 1, ""},
			{seg{1, 43, ".", 2, 11, 0, 999, 0, 0}, Pure, 0, "a"},
			{seg{1, 44, ".", 2, 11, 0, 999, 0, 0}, Pure, 0, ""}, // nothing is outstanding
		},
		"keepalive": {
			{seg{0, 5000, ".", 0, 1, 0, 1000, 0, 0}, Keepalive, 0, ""},
			{seg{0, 6000, ".", 0, 1, 1, 1000, 0, 0}, Keepalive, 0, ""},
			{seg{0, 6099, ".", 0, 1, 0, 1000, 0, 0}, Old, 0, ""}, // too soon after the last
			{seg{0, 6199, ".", 0, 1, 0, 1000, 0, 0}, Keepalive, 0, ""},
			{seg{0, 7000, "F.", 0, 1, 0, 1000, 0, 0}, Retransmission, 0, ""},
			{seg{0, 8000, ".", 0, 1, 2, 1000, 0, 0}, Partial, 1, ""},
		},
		"keepalive soon after an answer": { // by its time stamp
			{seg{0, 5000, ".", 1, 1, 0, 1000, 700, 1}, Pure, 0, ""},
			{seg{0, 5001, ".", 0, 1, 0, 1000, 700, 1}, Old, 0, ""}, // it may have been held back
			{seg{0, 5002, ".", 0, 1, 0, 1000, 699, 1}, Old, 0, ""},
			{seg{0, 5003, ".", 0, 1, 1, 1000, 701, 1}, Retransmission, 0, ""}, // an octet may be data's
			{seg{0, 5004, ".", 0, 1, 0, 1000, 702, 1}, Keepalive, 0, ""},
			{seg{0, 5005, ".", 0, 1, 0, 1000, 0, 0}, Old, 0, ""},
		},
		"not a keepalive: outstanding": {
			{seg{0, 30, "P.", 1, 1, 1, 1000, 0, 0}, New, 1, ""},
			{seg{0, 5000, ".", 1, 1, 1, 1000, 0, 0}, Retransmission, 0, ""},
			{seg{0, 6000, ".", 1, 1, 0, 1000, 0, 0}, Old, 0, ""},
		},
		"not a keepalive: two below": {
			{seg{0, 30, "P.", 1, 1, 5, 1000, 0, 0}, New, 5, ""},
			{seg{1, 31, ".", 1, 6, 0, 1000, 0, 0}, Pure, 0, "a"},
			{seg{0, 5000, ".", 4, 1, 0, 1000, 0, 0}, Old, 0, ""},
			{seg{0, 6000, ".", 4, 1, 1, 1000, 0, 0}, Retransmission, 0, ""},
			{seg{0, 7000, ".", 5, 1, 0, 1000, 0, 0}, Keepalive, 0, ""},
		},
		"window probe": {
			{seg{1, 30, ".", 1, 1, 0, 0, 0, 0}, Pure, 0, ""},
			{seg{0, 250, ".", 0, 1, 0, 1000, 0, 0}, WindowProbe, 0, ""},
			{seg{0, 500, ".", 1, 1, 1, 1000, 0, 0}, WindowProbe, 1, ""},
			{seg{0, 501, ".", 2, 1, 2, 1000, 0, 0}, New, 2, ""},
			{seg{1, 600, ".", 1, 4, 0, 1000, 0, 0}, Pure, 0, "a"},
			{seg{0, 601, ".", 4, 1, 1, 1000, 0, 0}, New, 1, ""},
		},
		"window probe that was not taken": {
			{seg{1, 30, ".", 1, 1, 0, 0, 0, 0}, Pure, 0, ""},
			{seg{0, 250, ".", 1, 1, 1, 1000, 0, 0}, WindowProbe, 1, ""},
			{seg{1, 251, ".", 1, 1, 0, 0, 0, 0}, Pure, 0, "d"},
			{seg{0, 252, ".", 1, 1, 0, 1000, 0, 0}, Old, 0, ""}, // no octet: nothing new
			{seg{0, 500, ".", 1, 1, 1, 1000, 0, 0}, WindowProbe, 0, ""},
			{seg{1, 600, ".", 1, 1, 0, 1000, 0, 0}, Pure, 0, ""},
			{seg{0, 601, ".", 1, 1, 1, 1000, 0, 0}, New, 0, ""}, // the window is open: it is no probe
			{seg{0, 602, ".", 2, 1, 5, 1000, 0, 0}, New, 5, ""},
		},
		"window probe that was not taken, then more, unseen when it opened": {
			{seg{1, 30, ".", 1, 1, 0, 0, 0, 0}, Pure, 0, ""},
			{seg{0, 250, ".", 1, 1, 1, 1000, 0, 0}, WindowProbe, 1, ""},
			{seg{0, 601, ".", 1, 1, 9, 1000, 0, 0}, New, 8, ""},
		},
		"window probe of an old octet, then that octet again": {
			{seg{0, 30, ".", 1, 1, 10, 1000, 0, 0}, New, 10, ""},
			{seg{1, 31, ".", 1, 11, 0, 0, 0, 0}, Pure, 0, "a"},
			{seg{0, 250, ".", 10, 1, 1, 1000, 0, 0}, WindowProbe, 0, ""},
			{seg{1, 260, ".", 1, 11, 0, 1000, 0, 0}, Pure, 0, ""},
			{seg{0, 261, ".", 10, 1, 11, 1000, 0, 0}, Partial, 10, ""},
			{seg{1, 262, ".", 1, 20, 0, 1000, 0, 0}, Pure, 0, "a"},
			{seg{0, 500, ".", 20, 1, 1, 1000, 0, 0}, Retransmission, 0, ""},
		},
		"the last octet again, long after a probe": {
			{seg{1, 30, ".", 1, 1, 0, 0, 0, 0}, Pure, 0, ""},
			{seg{0, 250, ".", 1, 1, 1, 1000, 0, 0}, WindowProbe, 1, ""},
			{seg{1, 260, ".", 1, 1, 0, 1000, 0, 0}, Pure, 0, ""},
			{seg{0, 270, ".", 11, 1, 10, 1000, 0, 0}, Beyond, 10, ""}, // what lies between was not captured
			{seg{1, 280, ".", 1, 20, 0, 1000, 0, 0}, Pure, 0, "a"},
			{seg{0, 500, ".", 20, 1, 1, 1000, 0, 0}, Retransmission, 0, ""},
		},
		"FIN": {
			{seg{0, 30, "F.", 1, 1, 0, 1000, 0, 0}, New, 0, ""},
			{seg{1, 40, ".", 1, 1, 0, 1000, 0, 0}, Pure, 0, "d"},
			{seg{1, 41, ".", 1, 2, 0, 1000, 0, 0}, Pure, 0, "af"},
			{seg{1, 42, "P.", 1, 2, 9, 1000, 0, 0}, New, 9, ""},
			{seg{0, 43, "F.", 1, 1, 0, 1000, 0, 0}, Retransmission, 0, ""},
			{seg{1, 44, "F.", 10, 2, 0, 1000, 0, 0}, New, 0, ""},
		},
		"FIN with data, acknowledged in part": {
			{seg{0, 30, "FP.", 1, 1, 10, 1000, 0, 0}, New, 10, ""},
			{seg{1, 40, ".", 1, 11, 0, 1000, 0, 0}, Pure, 0, "a"},
			{seg{1, 41, ".", 1, 12, 0, 1000, 0, 0}, Pure, 0, "af"},
		},
		"FIN, and an ACK beyond it": {
			{seg{0, 30, "F.", 1, 1, 0, 1000, 0, 0}, New, 0, ""},
			{seg{1, 40, ".", 1, 2, 0, 1000, 0, 0}, Pure, 0, "af"},
			{seg{1, 41, ".", 1, 5, 0, 1000, 0, 0}, Pure, 0, "au3"}, // for the first time before
		},
		"ACK of what was never captured": {
			{seg{1, 30, ".", 1, 6, 0, 1000, 0, 0}, Pure, 0, "au5"},
		},
		"pure segment above": {
			{seg{0, 30, ".", 6, 1, 0, 1000, 0, 0}, Pure, 0, ""},
			{seg{0, 31, ".", 6, 1, 3, 1000, 0, 0}, New, 3, ""},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k *talk) {
				if !strings.HasPrefix(name, "handshake") {
					k.open()
				}
				for i, st := range steps {
					p := k.add(st.seg)
					if p.Kind != st.kind || p.NewOctets != st.fresh || marks(p) != st.marks {
						t.Errorf("%d: %+v is kind %d, %d new, %q; want %d, %d, %q", i, st.seg, p.Kind, p.NewOctets, marks(p), st.kind, st.fresh, st.marks)
					}
				}
			})
		})
	}
}

// TestMidStream: the first segment of an end is new if it takes numbers, else
// pure, whatever its number; its ACK is the first.
func TestMidStream(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		if p := k.add(seg{0, 0, "P.", 500, 700, 10, 100, 0, 0}); p.Kind != New || p.NewOctets != 10 || marks(p) != "a" {
			t.Errorf("first data: %+v", p)
		}
		if p := k.add(seg{1, 1, ".", 700, 500, 0, 100, 0, 0}); p.Kind != Pure || marks(p) != "a" {
			t.Errorf("first ACK: %+v", p)
		}
		a := &k.sp[0]
		if a.Edge != k.base[0].Add(510) || a.Next != a.Edge || a.Una != k.base[0].Add(500) || a.Has(KnownISS) || a.Has(KnownRight) {
			t.Errorf("A's space: %+v", a)
		}
		if !a.Outstanding() || k.sp[1].Outstanding() {
			t.Error("Outstanding")
		}
	})
}

// TestMidStreamFIN: the first ACK captured of a FIN is the first, wherever the
// numbers lie.
func TestMidStreamFIN(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.add(seg{0, 0, "F.", 0, 700, 0, 100, 0, 0})
		if p := k.add(seg{1, 1, ".", 700, 1, 0, 100, 0, 0}); marks(p) != "af" {
			t.Errorf("ACK of the FIN: %q", marks(p))
		}
	})
}

// TestMidStreamProbe: the first segment captured of an end repeats the octet
// below the number that its peer acknowledged before: it is a probe, and what
// follows begins at that number. With a second octet, or a FIN, it is none.
func TestMidStreamProbe(t *testing.T) {
	tests := map[string]struct {
		first  seg
		window uint16 // of the peer
		kind   Kind
		next   uint32
	}{
		"keepalive":              {seg{0, 1, ".", 499, 700, 0, 100, 0, 0}, 100, Keepalive, 500},
		"keepalive of an octet":  {seg{0, 1, ".", 499, 700, 1, 100, 0, 0}, 100, Keepalive, 500},
		"of a closed window":     {seg{0, 1, ".", 499, 700, 0, 100, 0, 0}, 0, WindowProbe, 500},
		"two octets":             {seg{0, 1, ".", 499, 700, 2, 100, 0, 0}, 100, New, 501},
		"a FIN":                  {seg{0, 1, "F.", 499, 700, 0, 100, 0, 0}, 100, New, 500},
		"two below":              {seg{0, 1, ".", 498, 700, 0, 100, 0, 0}, 100, Pure, 498},
		"at the number, no data": {seg{0, 1, ".", 500, 700, 0, 100, 0, 0}, 100, Pure, 500},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, k *talk) {
				k.add(seg{1, 0, ".", 700, 500, 0, c.window, 0, 0})
				p := k.add(c.first)
				if a := &k.sp[0]; p.Kind != c.kind || a.Next != k.base[0].Add(c.next) || a.gaps != nil {
					t.Errorf("%+v, next %d; want kind %d, next %d", p, a.Next-k.base[0], c.kind, c.next)
				}
				if c.kind != Keepalive && c.kind != WindowProbe {
					return
				}
				if p := k.add(seg{0, 200, ".", 500, 700, 9, 100, 0, 0}); p.Kind != New || p.NewOctets != 9 {
					t.Errorf("data after it: %+v", p)
				}
			})
		})
	}
}

// TestWindowCutOff: a window that the capture cut off is not a closed one, so
// an octet sent into it is no probe.
func TestWindowCutOff(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		cut := k.segment(seg{1, 0, ".", 700, 500, 0, 0, 0, 0})
		cut.TCP = make([]byte, 14)
		k.sp[0].Receive(cut)
		k.add(seg{0, 1, ".", 500, 700, 9, 100, 0, 0})
		if p := k.add(seg{0, 2, ".", 509, 700, 1, 100, 0, 0}); p.Kind != New {
			t.Errorf("an octet: %+v", p)
		}
	})
}

// TestReordered: without a round trip what fills a gap within 10 ms was put out
// of order by the network, later it was sent again.
func TestReordered(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.add(seg{0, 0, ".", 1, 1, 10, 1000, 0, 0})
		k.add(seg{0, 31, ".", 31, 1, 10, 1000, 0, 0})
		if p := k.add(seg{0, 41, ".", 21, 1, 10, 1000, 0, 0}); p.Kind != OutOfOrder {
			t.Errorf("within the time: %+v", p)
		}
		if p := k.add(seg{0, 42, ".", 11, 1, 10, 1000, 0, 0}); p.Kind != Retransmission {
			t.Errorf("after it: %+v", p)
		}
	})
}

// TestFilledAfterItsACK: a gap that only the receiver's ACK has shown has no time stamp.
func TestFilledAfterItsACK(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		k.add(seg{0, 30, ".", 1, 1, 10, 1000, 700, 1})
		k.sp[0].Unseen(k.base[0].Add(21), 31*ms)
		if p := k.add(seg{0, 32, ".", 11, 1, 10, 1000, 702, 1}); p.Kind != OutOfOrder {
			t.Errorf("%+v", p)
		}
	})
}

// TestEdges: SND.NXT, the contiguous edge and what the capture misses.
func TestEdges(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		a := &k.sp[0]
		check := func(what string, next, edge uint32, whole bool, missing uint64) {
			t.Helper()
			if a.Next != k.base[0].Add(next) || a.Edge != k.base[0].Add(edge) || a.Whole(a.Next) != whole || a.Missing() != missing {
				t.Errorf("%s: next %d, edge %d, whole %v, missing %d; want %d, %d, %v, %d", what, a.Next-k.base[0], a.Edge-k.base[0],
					a.Whole(a.Next), a.Missing(), next, edge, whole, missing)
			}
		}
		check("open", 1, 1, true, 0)
		k.add(seg{0, 30, ".", 11, 1, 10, 1000, 0, 0})
		check("gap", 21, 1, false, 0)
		if a.gaps == nil {
			t.Error("no gap")
		}
		k.add(seg{0, 31, ".", 31, 1, 10, 1000, 0, 0})
		check("second gap", 41, 1, false, 0)
		k.add(seg{0, 32, ".", 3, 1, 4, 1000, 0, 0})
		check("inside the first", 41, 1, false, 0)
		k.add(seg{0, 33, ".", 1, 1, 2, 1000, 0, 0})
		check("its beginning", 41, 7, false, 0)
		k.add(seg{1, 34, ".", 1, 9, 0, 1000, 0, 0})
		check("acknowledged into the gap", 41, 7, false, 2)
		k.add(seg{0, 35, ".", 7, 1, 4, 1000, 0, 0})
		check("its end", 41, 21, false, 0)
		k.add(seg{1, 36, ".", 1, 31, 0, 1000, 0, 0})
		check("the second acknowledged", 41, 21, true, 10)
		if a.Whole(k.base[0].Add(32)) != true || a.Whole(k.base[0].Add(21)) != true {
			t.Error("Whole below the acknowledged")
		}
		k.add(seg{0, 400, ".", 15, 1, 20, 1000, 0, 0})
		check("filled across", 41, 41, true, 0)
		if a.gaps != nil {
			t.Error("a gap is left")
		}
	})
}

// TestWholeBetween: Whole looks only below the number asked for.
func TestWholeBetween(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		k.add(seg{0, 30, ".", 1, 1, 9, 1000, 0, 0})
		k.add(seg{0, 31, ".", 20, 1, 5, 1000, 0, 0})
		for upto, want := range map[uint32]bool{5: true, 10: true, 11: false, 20: false, 25: false} {
			if got := k.sp[0].Whole(k.base[0].Add(upto)); got != want {
				t.Errorf("Whole(%d) = %v", upto, got)
			}
		}
	})
}

// TestUnseen: an ACK of what was not captured opens a gap behind SND.NXT.
func TestUnseen(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		b := &k.sp[1]
		b.Unseen(k.base[1].Add(101), 30*ms)
		if b.Next != k.base[1].Add(101) || b.Edge != k.base[1].Add(1) || b.Missing() != 0 {
			t.Errorf("%+v", b)
		}
		b.Unseen(k.base[1].Add(101+50), 30*ms)
		if len(b.gaps.list) != 1 || b.Next != k.base[1].Add(151) {
			t.Errorf("touching gaps: %+v", b.gaps.list)
		}
		k.add(seg{0, 31, ".", 1, 101, 0, 1000, 0, 0})
		if b.Missing() != 100 {
			t.Errorf("missing %d, want 100", b.Missing())
		}
		var fresh Space
		fresh.Unseen(7, 0)
		if !fresh.Has(KnownNext) || fresh.Next != 7 || fresh.Edge != 7 || fresh.gaps != nil {
			t.Errorf("of an unknown space: %+v", fresh)
		}
	})
}

// TestManyGaps: beyond the limit the lowest gap is given up and counted.
func TestManyGaps(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		a := &k.sp[0]
		for i := uint32(0); i < maxGaps+3; i++ {
			k.add(seg{0, 30, ".", 3 + 3*i, 1, 1, 1000, 0, 0})
		}
		if len(a.gaps.list) != maxGaps || a.Missing() != 3*2 || a.Edge != k.base[0].Add(1+3*3) {
			t.Errorf("%d gaps, %d lost, edge %d", len(a.gaps.list), a.Missing(), a.Edge-k.base[0])
		}
		k.add(seg{0, 31, ".", 1, 1, 3 * (maxGaps + 3), 1000, 0, 0})
		if a.gaps != nil || a.Missing() != 6 || a.Edge != k.base[0].Add(1+3*(maxGaps+3)) {
			t.Errorf("after all came: %v, %d lost, edge %d", a.gaps, a.Missing(), a.Edge-k.base[0])
		}
	})
}

// TestFallingNumbers: segments that come from the top down cut one gap into
// ever more; the bound holds there too.
func TestFallingNumbers(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		a := &k.sp[0]
		for i := uint32(2 * maxGaps); i > 0; i-- {
			k.add(seg{0, 30 + int64(2*maxGaps-i), ".", 20 * i, 1, 10, 1000, 0, 0})
		}
		if len(a.gaps.list) != maxGaps {
			t.Errorf("%d gaps", len(a.gaps.list))
		}
	})
}

// TestFarGaps: gaps further behind than any window reaches are given up.
func TestFarGaps(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		b := &k.sp[1]
		b.Unseen(k.base[1].Add(11), 0)
		k.add(seg{1, 30, ".", 11, 1, 1, 1000, 0, 0})
		b.Unseen(k.base[1].Add(1+maxReach), 0)
		if len(b.gaps.list) != 2 || b.Edge != k.base[1].Add(1) {
			t.Errorf("as far as a window: %v", b.gaps.list)
		}
		b.Unseen(k.base[1].Add(2+maxReach), 0)
		if len(b.gaps.list) != 1 || b.lost != 10+maxReach-11 || b.Edge != k.base[1].Add(1+maxReach) {
			t.Errorf("further: %v, %d lost", b.gaps.list, b.lost)
		}
	})
}

// TestFarNumbers: what no window reaches moves nothing.
func TestFarNumbers(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		before := k.sp[0]
		if p := k.add(seg{0, 30, ".", 2 + maxReach, 1, 5, 1000, 50, 1}); p.Kind != Old || p.NewOctets != 0 {
			t.Errorf("far data: %+v", p)
		}
		if p := k.add(seg{0, 30, ".", 0x100000000 - maxReach, 1, 5, 1000, 50, 1}); p.Kind != Old {
			t.Errorf("far behind: %+v", p)
		}
		if p := k.add(seg{0, 30, ".", 1 + 0x100000000 - maxReach, 1, 5, 1000, 0, 0}); p.Kind != Retransmission {
			t.Errorf("just in reach behind: %+v", p)
		}
		if k.sp[0] != before {
			t.Errorf("it moved the space: %+v", k.sp[0])
		}
		if p := k.add(seg{0, 31, ".", 1 + maxReach, 1, 5, 1000, 0, 0}); p.Kind != Beyond {
			t.Errorf("just in reach: %+v", p)
		}
		for ack, want := range map[uint32]uint32{1 + maxReach: maxReach, 2 + maxReach: 0} {
			p := k.sp[0].Place(k.segment(seg{0, 32, ".", 1, ack, 0, 1000, 0, 0}), &k.sp[1], 0)
			if p.Unseen != want {
				t.Errorf("ACK of %d: %d unseen, want %d", ack, p.Unseen, want)
			}
		}
	})
}

// TestWindow: the right edge is the furthest ever offered, scaled but on a
// SYN, and the last window is that of the newest ACK.
func TestWindow(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.add(seg{0, 0, "S", 0, 0, 0, 111, 0, 0})
		if k.sp[1].Wnd != 111 || k.sp[1].Has(KnownUna) {
			t.Errorf("a SYN's window: %+v", k.sp[1])
		}
		k.add(seg{1, 10, "S.", 0, 1, 0, 500, 0, 0})
		a := &k.sp[0]
		a.SetScale(20) // counts as 14 (RFC 7323 section 2.3)
		if a.Scale != 14 || a.Right != k.base[0].Add(501) || a.Wnd != 500 {
			t.Errorf("after the SYN,ACK: right %d, wnd %d, scale %d", a.Right-k.base[0], a.Wnd, a.Scale)
		}
		a.Scale = 2
		k.add(seg{1, 20, ".", 1, 1, 0, 200, 0, 0})
		if a.Right != k.base[0].Add(801) || a.Wnd != 800 {
			t.Errorf("scaled: right %d, wnd %d", a.Right-k.base[0], a.Wnd)
		}
		k.add(seg{1, 30, ".", 1, 1, 0, 100, 0, 0})
		if a.Right != k.base[0].Add(801) || a.Wnd != 400 {
			t.Errorf("shrunk: right %d, wnd %d", a.Right-k.base[0], a.Wnd)
		}
		k.add(seg{0, 31, ".", 1, 1, 100, 111, 0, 0})
		k.add(seg{1, 40, ".", 1, 101, 0, 0, 0, 0})
		if a.Una != k.base[0].Add(101) || a.Wnd != 0 {
			t.Errorf("closed: una %d, wnd %d", a.Una-k.base[0], a.Wnd)
		}
		k.add(seg{1, 41, ".", 1, 51, 0, 900, 0, 0}) // old: its window counts for the edge only
		if a.Una != k.base[0].Add(101) || a.Wnd != 0 || a.Right != k.base[0].Add(51+3600) {
			t.Errorf("old ACK: una %d, wnd %d, right %d", a.Una-k.base[0], a.Wnd, a.Right-k.base[0])
		}
		k.add(seg{1, 42, "R.", 1, 111, 0, 999, 0, 0})
		if a.Una != k.base[0].Add(111) || a.Wnd != 0 {
			t.Errorf("a RST's window counts: una %d wnd %d", a.Una-k.base[0], a.Wnd)
		}
	})
}

// TestOutOfReach: a number is out of reach a whole window beyond the edge.
func TestOutOfReach(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.add(seg{1, 0, ".", 1, 1, 0, 77, 0, 0})
		a := &k.sp[0]
		if a.OutOfReach(k.base[0].Add(1 << 20)) {
			t.Error("with an unknown edge")
		}
		a.SetScale(0)
		k.add(seg{1, 1, ".", 1, 1, 0, 50, 0, 0})
		for n, want := range map[uint32]bool{78: false, 155: false, 156: true} {
			if a.OutOfReach(k.base[0].Add(n)) != want {
				t.Errorf("OutOfReach(%d) = %v", n, !want)
			}
		}
		k.add(seg{1, 2, ".", 1, 1, 0, 100, 0, 0})
		if a.OutOfReach(k.base[0].Add(201)) || !a.OutOfReach(k.base[0].Add(202)) {
			t.Error("after a wider window")
		}
		var fresh Space
		fresh.SetScale(0)
		if fresh.OutOfReach(5) {
			t.Error("with nothing acknowledged")
		}
	})
}

// TestUnknownScale: without both SYNs the windows are not octets, and no right
// edge is known.
func TestUnknownScale(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.add(seg{1, 0, ".", 1, 1, 0, 77, 0, 0})
		a := &k.sp[0]
		if a.Has(KnownRight) || a.Wnd != 77 || a.Right != k.base[0].Add(1) {
			t.Errorf("%+v", a)
		}
		a.SetScale(3)
		if a.Right != k.base[0].Add(78) {
			t.Errorf("right %d", a.Right-k.base[0])
		}
		a.SetScale(9)
		if a.Scale != 3 {
			t.Error("the scale changed")
		}
	})
}

// TestRTT: the smallest time from new octets to their ACK; what was sent twice
// counts only with the timestamp of the last transmission.
func TestRTT(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		a := &k.sp[0]
		want := func(what string, wantMS int64, ok bool) {
			t.Helper()
			if got, have := a.RTT(); have != ok || got != wantMS*ms {
				t.Errorf("%s: %v %v, want %d ms %v", what, got, have, wantMS, ok)
			}
		}
		want("nothing", 0, false)
		k.open()
		want("handshake", 10, true)
		k.add(seg{0, 30, ".", 1, 1, 10, 1000, 0, 0})
		k.add(seg{0, 32, ".", 11, 1, 10, 1000, 0, 0})
		k.add(seg{1, 34, ".", 1, 6, 0, 1000, 0, 0})
		want("part of it", 10, true)
		k.add(seg{1, 37, ".", 1, 21, 0, 1000, 0, 0})
		want("data", 7, true)
		k.add(seg{0, 40, ".", 21, 1, 10, 1000, 0, 0})
		k.add(seg{0, 45, ".", 21, 1, 10, 1000, 0, 0})
		k.add(seg{1, 46, ".", 1, 31, 0, 1000, 0, 0})
		want("sent twice", 7, true)
		k.add(seg{0, 50, ".", 31, 1, 10, 1000, 100, 1})
		k.add(seg{0, 55, ".", 31, 1, 10, 1000, 105, 1})
		k.add(seg{1, 56, ".", 1, 41, 0, 1000, 200, 100})
		want("sent twice, the first echoed", 6, true)
		k.add(seg{0, 57, ".", 41, 1, 1, 1000, 107, 1})
		k.add(seg{0, 58, ".", 41, 1, 1, 1000, 108, 1})
		k.add(seg{1, 59, ".", 1, 42, 0, 1000, 200, 106})
		want("sent twice, another echoed", 6, true)
		k.add(seg{0, 60, ".", 42, 1, 9, 1000, 110, 1})
		k.add(seg{0, 65, ".", 42, 1, 9, 1000, 115, 1})
		k.add(seg{1, 68, ".", 1, 51, 0, 1000, 210, 115})
		want("sent twice, the last echoed", 3, true)
		k.add(seg{0, 70, ".", 51, 1, 10, 1000, 120, 1})
		k.add(seg{0, 71, ".", 61, 1, 10, 1000, 121, 1})
		k.add(seg{0, 72, ".", 61, 1, 10, 1000, 122, 1}) // not the one that is timed
		k.add(seg{1, 72, ".", 1, 61, 0, 1000, 220, 0})
		want("another sent twice", 2, true)
		k.add(seg{0, 74, ".", 71, 1, 10, 1000, 123, 1})
		k.add(seg{0, 75, ".", 71, 1, 0, 1000, 123, 1}) // an old ACK does not disturb
		k.add(seg{1, 75, ".", 1, 81, 0, 1000, 225, 0})
		want("an old ACK between", 1, true)
		k.add(seg{0, 76, ".", 81, 1, 10, 1000, 124, 1})
		k.add(seg{0, 78, ".", 81, 1, 12, 1000, 125, 1}) // sent again, with more
		k.add(seg{1, 78, ".", 1, 93, 0, 1000, 226, 0})
		want("sent again with more", 1, true)
		k.add(seg{0, 80, ".", 93, 1, 10, 1000, 130, 1})
		k.add(seg{1, 79, ".", 1, 103, 0, 1000, 230, 0})
		want("time went back", 0, true)
	})
}

// TestRTTOfMore: octets that were sent again together with new ones do not tell the
// round trip either.
func TestRTTOfMore(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		k.add(seg{0, 100, ".", 1, 1, 10, 1000, 0, 0})
		k.add(seg{0, 105, ".", 1, 1, 20, 1000, 0, 0})
		k.add(seg{1, 106, ".", 1, 21, 0, 1000, 0, 0})
		if got, _ := k.sp[0].RTT(); got != 10*ms {
			t.Errorf("%d ms, want the handshake's 10", got/ms)
		}
	})
}

// TestUnsent: an ACK is taken back only while nothing else tells what was sent.
func TestUnsent(t *testing.T) {
	for _, c := range []struct {
		name      string
		known     Known
		next, una wire.Seq
	}{
		{"an ACK of what follows", KnownUna, 100, 100},
		{"a probe", KnownUna, 199, 200},
		{"of what was captured", KnownUna | KnownNext, 100, 200},
		{"nothing acknowledged", 0, 100, 200},
	} {
		for _, base := range bases {
			sp := Space{Known: c.known, Una: base[0].Add(200)}
			sp.Unsent(base[0].Add(uint32(c.next)))
			if want := base[0].Add(uint32(c.una)); sp.Una != want {
				t.Errorf("%s: %d, want %d", c.name, sp.Una, want)
			}
		}
	}
}

// TestSacked: the highest block counts, as long as it lies beyond SND.UNA.
func TestSacked(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		sack := func(ack uint32, rights ...uint32) {
			s := k.segment(seg{1, 50, ".", 1, ack, 0, 1000, 0, 0})
			var blocks []wire.SACKBlock
			for _, right := range rights {
				blocks = append(blocks, wire.SACKBlock{Right: k.base[0].Add(right)})
			}
			packet.SetSACK(s, blocks...)
			k.sp[0].Receive(s)
		}
		want := func(right uint32, beyond bool) {
			t.Helper()
			if got, ok := k.sp[0].Sacked(); ok != beyond || ok && got != k.base[0].Add(right) {
				t.Errorf("%d %v, want %d %v", got-k.base[0], ok, right, beyond)
			}
		}
		want(0, false)
		sack(1, 300, 200)
		want(300, true)
		sack(1, 250, 400)
		want(400, true)
		sack(350)
		want(400, true)
		sack(400)
		want(0, false)
	})
}

// TestTimestamps: the newest TSval, and the one that the receiver keeps for
// PAWS: only a segment at or below the left edge sets it, and a RST's counts
// for nothing.
func TestTimestamps(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		a := &k.sp[0]
		check := func(what string, newest, recent uint32) {
			t.Helper()
			if a.TSNewest != newest || a.TSRecent != recent {
				t.Errorf("%s: newest %d, recent %d; want %d, %d", what, a.TSNewest, a.TSRecent, newest, recent)
			}
		}
		if a.Has(KnownTS) {
			t.Error("timestamps without any")
		}
		const wrap = 0xfffffffa
		k.add(seg{0, 30, ".", 1, 1, 10, 1000, wrap, 1})
		check("first", wrap, wrap)
		k.add(seg{0, 31, ".", 11, 1, 10, 1000, wrap + 2, 1})
		check("not at the left edge", wrap+2, wrap)
		k.add(seg{0, 32, ".", 1, 1, 10, 1000, wrap + 5, 1})
		check("at the left edge", wrap+5, wrap+5)
		k.add(seg{0, 33, ".", 1, 1, 10, 1000, wrap + 1, 1})
		check("older", wrap+5, wrap+5)
		k.add(seg{0, 34, ".", 1, 1, 10, 1000, 9, 1}) // beyond the wrap
		check("wrapped", 9, 9)
		k.add(seg{0, 35, "R", 1, 0, 0, 1000, 99, 1})
		check("a RST's", 9, 9)
		k.add(seg{0, 36, ".", 1, 1, 10, 1000, 0, 0})
		check("none", 9, 9)
	})
}

// TestFINAcked: the FIN is covered by a number beyond it.
func TestFINAcked(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		a := &k.sp[0]
		if a.FINAcked(k.base[0].Add(5)) {
			t.Error("without a FIN")
		}
		k.add(seg{0, 30, "FP.", 1, 1, 10, 1000, 0, 0})
		for n, want := range map[uint32]bool{10: false, 11: false, 12: true, 13: true} {
			if a.FINAcked(k.base[0].Add(n)) != want {
				t.Errorf("FINAcked(%d) = %v", n, !want)
			}
		}
	})
}

// TestCaptured: what only an ACK shows was not captured; what is sent behind it was.
func TestCaptured(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		a := &k.sp[0]
		at := func(when string, want uint32) {
			if got := a.Captured(); got != k.base[0].Add(want) {
				t.Errorf("%s: %d, want %d", when, got-k.base[0], want)
			}
		}
		at("open", 1)
		k.add(seg{0, 30, ".", 1, 1, 10, 1000, 0, 0})
		at("data", 11)
		k.add(seg{1, 40, ".", 1, 11, 0, 1000, 0, 0})
		at("acknowledged", 11)
		k.add(seg{1, 50, ".", 1, 31, 0, 1000, 0, 0}) // 20 octets that the capture has not
		at("more acknowledged", 11)
		k.add(seg{0, 60, ".", 31, 1, 10, 1000, 0, 0})
		at("data behind the gap", 41)
		k.add(seg{1, 70, ".", 1, 41, 0, 1000, 0, 0})
		at("that acknowledged", 41)
		k.add(seg{0, 80, ".", 61, 1, 0, 1000, 0, 0}) // 20 octets more, by its own number
		at("a pure segment behind a gap", 61)
		k.add(seg{1, 90, ".", 1, 51, 0, 1000, 0, 0})
		at("some of that acknowledged", 61)
	})
}

// TestKindNames: each kind that a report names has a word of its own.
func TestKindNames(t *testing.T) {
	seen := map[string]Kind{}
	for k := Beyond; k <= Old; k++ {
		if name := k.String(); name == "" || seen[name] != 0 {
			t.Errorf("kind %d is called %q", k, name)
		} else {
			seen[name] = k
		}
	}
	if Pure.String() != "" || New.String() != "" {
		t.Error("plain segments have a name")
	}
}

// TestClone: filling the gaps of a space leaves its clone as it was.
func TestClone(t *testing.T) {
	var sp, rev Space
	send := func(seq wire.Seq, n uint32) {
		s := wire.Segment{Seq: seq, Len: n, Flags: wire.ACK}
		p := sp.Place(&s, &rev, 0)
		sp.Send(&s, &p)
	}
	send(100, 10)
	send(120, 10)
	was := sp.Clone()
	send(110, 10)
	if sp.gaps != nil || was.gaps == nil || was.gaps.within(100, 130) != 10 || was.Next != 130 {
		t.Errorf("the clone changed: %+v, gaps %+v", was, was.gaps)
	}
}

// TestBurst: of a burst every second segment is lost, the receiver tells what it has, and all
// that is missing comes again: the capture has all of it, and has seen it once.
func TestBurst(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		const lost = maxGaps - 1
		for i := uint32(0); i < lost; i++ {
			k.add(seg{0, 30, ".", 11 + 20*i, 1, 10, 1000, 0, 0})
			k.add(seg{1, 31, ".", 1, 1, 0, 1000, 0, 0})
		}
		for i := uint32(0); i < lost; i++ {
			if p := k.add(seg{0, 300, ".", 1 + 20*i, 1, 10, 1000, 0, 0}); p.NewOctets != 10 {
				t.Fatalf("hole %d: %+v", i, p)
			}
			k.add(seg{1, 310, ".", 1, 21 + 20*i, 0, 1000, 0, 0})
		}
		if a := &k.sp[0]; a.gaps != nil || a.Missing() != 0 {
			t.Errorf("%d octets are missing", a.Missing())
		}
	})
}

// TestAckedGaps: of what the receiver has, and the capture has not, few gaps are remembered.
func TestAckedGaps(t *testing.T) {
	each(t, func(t *testing.T, k *talk) {
		k.open()
		a := &k.sp[0]
		for i := uint32(0); i < 100; i++ {
			k.add(seg{0, 30, ".", 11 + 20*i, 1, 10, 1000, 0, 0})
			k.add(seg{1, 31, ".", 1, 21 + 20*i, 0, 1000, 0, 0})
		}
		if len(a.gaps.list) > maxAckedGaps+1 || a.Missing() != 100*10 || a.Octets() > 2000 {
			t.Errorf("%d gaps in %d octets, %d missing", len(a.gaps.list), a.Octets(), a.Missing())
		}
	})
}
