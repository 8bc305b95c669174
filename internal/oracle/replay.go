package oracle

import (
	"slices"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// Within one segment of the capture a side's transitions come in three places.
const (
	before = iota // what the segment only proves
	itself        // what it does to its sender
	behind        // what it does to its receiver
)

// moment is when in the capture a transition takes place.
type moment struct{ seg, phase int }

func (m moment) less(n moment) bool {
	return m.seg < n.seg || m.seg == n.seg && m.phase < n.phase
}

// player plays one side of a record again.
type player struct {
	*exam
	k       int // the side
	e       endpoint
	life    int           // index of the segment with which this life of the endpoint began
	other   []wire.Seq    // ISNs of SYNs that are of other incarnations, by the side
	visited []string      // states the side was in during the current segment
	left    []past        // states it left by a receipt, which may have come later to it than to the tap
	guard   int64         // how much later, in ns
	peerEnd wire.Seq      // the furthest that the peer is ever seen to have sent
	scale   int           // shift count of its windows
	clock   *wire.Segment // what TSvals are reckoned from
}

// past is a state that a side may still have been in.
type past struct {
	state string
	until int64 // ns since the epoch
}

// replay plays a side: every captured segment as sent or on its way, and the
// record's transitions at their moments.
func (c *exam) replay(k int) {
	trs := c.sides[k].trs
	if len(trs) == 0 {
		return
	}
	p := &player{exam: c, k: k}
	p.e.state = c.conn.Transitions[trs[0]].From
	p.clock, p.scale = c.promptest(k), c.shift(k)
	p.guard = 3*c.roundTrip(k)/2 + 5e6
	at := p.schedule()
	n := 0
	play := func(until moment) {
		for ; n < len(trs) && !until.less(at[n]); n++ {
			p.transition(trs[n])
		}
	}
	for i := range c.segs {
		p.visited = append(p.visited[:0], p.e.state)
		play(moment{i, before})
		if c.sentBy(i, k) {
			p.own(i)
			play(moment{i, itself})
		}
		if c.sentBy(i, 1-k) {
			p.peers(i)
		}
		play(moment{i, behind})
		p.emission(i)
	}
	play(moment{len(c.segs), behind})
}

// schedule finds each transition's moment. They never go back: a receipt that
// was put behind a later segment keeps its own frame.
func (p *player) schedule() []moment {
	var last moment
	trs := p.sides[p.k].trs
	list := make([]moment, len(trs))
	for n, i := range trs {
		m := p.moment(&p.conn.Transitions[i])
		if m.less(last) {
			m = last
		}
		list[n], last = m, m
	}
	return list
}

func (p *player) moment(t *report.Transition) moment {
	seg, proof := p.cited(t), p.confirming(t)
	switch {
	case seg >= 0 && sent(t.On), seg >= 0 && t.On == "superseded" && p.sentBy(seg, p.k):
		return moment{seg, itself}
	case seg >= 0 && proof >= 0 && p.behindOwn(t, seg) >= proof:
		return moment{proof, before}
	case seg >= 0:
		return moment{p.behindOwn(t, seg), behind}
	case proof >= 0:
		return p.soonest(moment{proof, before}, t)
	case t.Frame != nil:
		return moment{p.first(func(s *wire.Segment) bool { return s.Ref > ref(t.Frame, t.File) }), before}
	}
	return p.soonest(moment{len(p.segs), before}, t)
}

// soonest is m, or the end of the time in which an unseen transition happened, if
// that is earlier.
func (p *player) soonest(m moment, t *report.Transition) moment {
	if at := latest(t); at != nil {
		m.seg = min(m.seg, p.first(func(s *wire.Segment) bool { return s.Time >= at.UnixNano() }))
	}
	return m
}

// behindOwn is the segment behind which a receipt was put: its own, or the
// side's last segment until t.
func (p *player) behindOwn(t *report.Transition, seg int) int {
	if t.T == nil {
		return seg
	}
	at := seg
	for i := seg + 1; i < len(p.segs) && p.segs[i].Time <= t.T.UnixNano(); i++ {
		if p.sentBy(i, p.k) && p.segs[i].Time > p.segs[seg].Time {
			at = i
		}
	}
	return at
}

func (p *player) first(is func(*wire.Segment) bool) int {
	for i := range p.segs {
		if is(&p.segs[i]) {
			return i
		}
	}
	return len(p.segs)
}

// own takes in a segment that the side sent.
func (p *player) own(i int) {
	s := &p.segs[i]
	if s.Flags.Has(wire.RST) || !p.ours(s) {
		return
	}
	p.e.sent(s)
	if s.Flags.Has(wire.ACK) && p.e.hasIRS && near(s.Ack, p.e.irs) {
		p.e.advertised(s, p.scale)
	}
}

// ours reports whether a segment that the side sent is of this life of its
// endpoint. A SYN with another number begins another incarnation, and what
// comes in its numbers is that one's.
func (p *player) ours(s *wire.Segment) bool {
	if p.forged(s) {
		return false
	}
	if s.Flags.Has(wire.SYN) && p.another(s) {
		p.other = append(p.other, s.Seq)
		return false
	}
	for _, isn := range p.other {
		if d := s.Seq.Diff(isn); 0 <= d && d < 1<<20 {
			return false
		}
	}
	isn := p.sides[p.k].end.ISN
	switch {
	case p.e.hasISS:
		return follows(s.Seq, p.e.iss)
	case p.e.hasNXT:
		return near(s.Seq, p.e.nxt)
	case p.e.state == unknown:
		return true
	}
	return isn != nil && follows(s.Seq, wire.Seq(*isn)) // of the life to come
}

// another reports whether a SYN of the side is not the one of this life.
func (p *player) another(s *wire.Segment) bool {
	isn := p.sides[p.k].end.ISN
	switch {
	case p.e.hasISS:
		return s.Seq != p.e.iss
	case isn == nil:
		return true // mid-stream
	}
	return s.Seq != wire.Seq(*isn)
}

// forged reports a SYN or FIN that was damaged on its way, and a segment that
// acknowledges far more than the peer ever sends: no endpoint has such an
// RCV.NXT.
func (p *player) forged(s *wire.Segment) bool {
	const slack = 1 << 16 // the capture may lack the peer's last octets
	if s.Flags&(wire.SYN|wire.FIN) != 0 && s.VerifyChecksum() == wire.ChecksumBad {
		return true
	}
	if !s.Flags.Has(wire.ACK) || !p.e.hasIRS {
		return false
	}
	return p.peerEnd.Add(slack).Less(s.Ack)
}

// peers takes in a segment that the other side sent.
func (p *player) peers(i int) {
	s := &p.segs[i]
	switch {
	case s.Flags.Has(wire.RST):
	case p.e.hasIRS && near(s.Seq, p.e.irs):
		p.e.rx.add(s)
	case !p.e.hasIRS && p.e.state == unknown:
		if len(p.e.rx.have) == 0 {
			p.e.rx.base = s.Seq
		}
		p.e.rx.add(s)
	}
}

// sent notes what a segment shows of SND.NXT and the FIN.
func (e *endpoint) sent(s *wire.Segment) {
	e.sentUpTo(s.End())
	if s.Flags.Has(wire.FIN | wire.ACK) {
		e.fin, e.hasFIN = s.FINSeq(), true
	}
}

func (e *endpoint) sentUpTo(end wire.Seq) {
	if !e.hasNXT {
		e.nxt, e.hasNXT = end, true
	}
	e.nxt = wire.MaxSeq(e.nxt, end)
}

// unscaled stands for a shift count that is not known.
const unscaled = -1

// advertised notes what a segment shows of RCV.NXT and the window.
func (e *endpoint) advertised(s *wire.Segment, shift int) {
	if !e.hasACK {
		e.acked, e.hasACK = s.Ack, true
	}
	e.acked = wire.MaxSeq(e.acked, s.Ack)
	if shift == unscaled || !s.WindowKnown() {
		e.hasEdge = false
		return
	}
	if s.Flags.Has(wire.SYN) {
		shift = 0 // RFC 7323 section 2.2
	}
	edge := s.Ack.Add(uint32(s.Window) << shift)
	if !e.hasEdge && s.Flags.Has(wire.SYN) {
		e.edge, e.hasEdge = edge, true
	}
	e.edge = wire.MaxSeq(e.edge, edge)
}

// shift is the shift count of a side's windows, by both ends' SYNs.
func (c *exam) shift(side int) int {
	var have [2]bool
	var shift [2]int
	for i := range c.segs {
		s := &c.segs[i]
		if !s.Flags.Has(wire.SYN) {
			continue
		}
		if s.Options.Has&wire.OptIncomplete != 0 {
			return unscaled
		}
		k := c.from[i]
		have[k] = true
		if s.Options.Has&wire.OptWindowScale != 0 {
			shift[k] = 1 + int(min(s.Options.WindowScale, 14))
		}
	}
	switch {
	case c.self:
		return shift[client] - 1
	case !have[client] || !have[server]:
		return unscaled
	case shift[client] == 0 || shift[server] == 0:
		return 0
	}
	return shift[side] - 1
}

// begin starts a life of the endpoint, at the SYN that it sends or receives.
func (p *player) begin(i int, passive bool) {
	p.e = endpoint{state: p.e.state, passive: passive, silent: p.sides[p.k].silent}
	p.life = i
	p.other = nil
}

// mySYN sets ISS.
func (p *player) mySYN(i int) {
	s := &p.segs[i]
	p.e.iss, p.e.hasISS = s.Seq, true
	p.e.nxt, p.e.hasNXT = s.End(), true
	p.e.unseen = p.furthest(p.k, s.Seq, i)
}

// furthest is the end of what a side ever sent, from segment i on, in the life
// with an initial sequence number.
func (p *player) furthest(k int, iss wire.Seq, i int) wire.Seq {
	end := iss + 1
	for ; i < len(p.segs); i++ {
		s := &p.segs[i]
		if !p.sentBy(i, k) || s.Flags.Has(wire.RST) {
			continue
		}
		if s.Flags.Has(wire.SYN) && s.Seq != iss {
			break
		}
		if near(s.Seq, end) {
			end = wire.MaxSeq(end, s.End())
		}
	}
	return end
}

// peerSYN sets IRS, and takes in what was captured of the peer since.
func (p *player) peerSYN(i, until int) {
	p.peerISN(p.segs[i].Seq, i, until)
}

func (p *player) peerISN(irs wire.Seq, i, until int) {
	p.e.irs, p.e.hasIRS = irs, true
	p.peerEnd = p.furthest(1-p.k, irs, i)
	p.e.rx = stream{base: irs}
	p.e.hasACK = false
	for ; i <= until && i < len(p.segs); i++ {
		if p.sentBy(i, 1-p.k) {
			p.peers(i)
		}
	}
}

// visit moves the endpoint to the state the record says.
func (p *player) visit(to string) {
	p.e.state = to
	if !slices.Contains(p.visited, to) {
		p.visited = append(p.visited, to)
	}
}
