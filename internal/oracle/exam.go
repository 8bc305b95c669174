package oracle

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// exam is one examination: a record, the segments, and what was found.
type exam struct {
	conn   *report.Connection
	segs   []wire.Segment
	from   []int // side that sent each segment
	at     map[wire.FrameRef]int
	self   bool // both ends are the same socket: what it sends, it receives
	twoMSL time.Duration
	sides  [2]side
	result Result
}

// side is one end of the record.
type side struct {
	name   report.Side
	end    *report.Endpoint
	trs    []int // indices of its transitions
	silent bool  // nothing that it sent was captured
}

const (
	client = 0
	server = 1
)

func newExam(conn *report.Connection, segs []wire.Segment, twoMSL time.Duration) *exam {
	c := &exam{
		conn: conn, segs: segs, twoMSL: twoMSL,
		at:   make(map[wire.FrameRef]int, len(segs)),
		from: make([]int, len(segs)),
		self: conn.Client == conn.Server,
		sides: [2]side{
			{name: report.Client, end: &conn.Endpoints.Client, silent: true},
			{name: report.Server, end: &conn.Endpoints.Server, silent: true},
		},
	}
	for i := range segs {
		c.at[segs[i].Ref] = i
		c.from[i] = c.sender(&segs[i])
		c.sides[c.from[i]].silent = false
	}
	for i, t := range conn.Transitions {
		if k := c.sideNamed(t.Side); k >= 0 {
			c.sides[k].trs = append(c.sides[k].trs, i)
		} else {
			c.bad(place{tr: i}, "records", "a transition of side %q", t.Side)
		}
	}
	return c
}

func (c *exam) sender(s *wire.Segment) int {
	src := s.Tuple.AddrPort(int(s.Dir))
	if src == netip.AddrPortFrom(c.conn.Client.IP, c.conn.Client.Port) {
		return client
	}
	return server
}

func (c *exam) sideNamed(name report.Side) int {
	switch name {
	case report.Client:
		return client
	case report.Server:
		return server
	}
	return -1
}

// sentBy reports whether segment i was sent by a side.
func (c *exam) sentBy(i, k int) bool { return c.self || c.from[i] == k }

// place says where in a record something is wrong.
type place struct {
	side report.Side
	tr   int // -1 for none
	seg  int // index of a segment, -1 for none
	ref  wire.FrameRef
}

// of is a place that concerns a side only.
func (c *exam) of(k int) place { return place{side: c.sides[k].name, tr: -1, seg: -1} }

// whole is the place of what concerns the connection.
func whole() place { return place{tr: -1, seg: -1} }

// on is the place of transition i.
func (c *exam) on(i int) place {
	t := &c.conn.Transitions[i]
	return place{side: t.Side, tr: i, seg: -1, ref: ref(t.Frame, t.File)}
}

// with adds a segment to a place.
func (p place) with(seg int) place {
	p.seg = seg
	return p
}

func (c *exam) violation(p place, rule, format string, args []any) Violation {
	v := Violation{Side: p.side, Transition: p.tr, Rule: rule, Text: fmt.Sprintf(format, args...)}
	v.Frame = p.ref.Frame()
	if p.seg >= 0 && p.seg < len(c.segs) {
		v.Frame = c.segs[p.seg].Ref.Frame()
	}
	return v
}

// bad notes what cannot be so.
func (c *exam) bad(p place, rule, format string, args ...any) {
	c.result.Violations = append(c.result.Violations, c.violation(p, rule, format, args))
}

// unsure notes what was let pass because the segments do not tell.
func (c *exam) unsure(p place, rule, format string, args ...any) {
	c.result.Unverified = append(c.result.Unverified, c.violation(p, rule, format, args))
}

// ref makes one reference of a record's frame and file.
func ref(frame *uint64, file *int) wire.FrameRef {
	if frame == nil {
		return 0
	}
	if file == nil {
		return wire.MakeFrameRef(0, *frame)
	}
	return wire.MakeFrameRef(*file, *frame)
}

// seg finds the segment of a frame; -1 when there is none.
func (c *exam) seg(r wire.FrameRef) int {
	if i, ok := c.at[r]; ok && r != 0 {
		return i
	}
	return -1
}

// cited and confirming are the segments that a transition names, -1 for none.
func (c *exam) cited(t *report.Transition) int { return c.seg(ref(t.Frame, t.File)) }
func (c *exam) confirming(t *report.Transition) int {
	return c.seg(ref(t.ConfirmedFrame, t.ConfirmedFile))
}

// sent and received tell the kinds of symbol apart.
func sent(on string) bool     { return strings.HasPrefix(on, "snd.") }
func received(on string) bool { return strings.HasPrefix(on, "rcv.") }
func timeout(on string) bool  { return strings.HasPrefix(on, "timeout.") }
