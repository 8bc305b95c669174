package analyzer

import (
	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// note is one unusual segment. Of one kind the first and the last few are
// kept.
type note struct {
	t    int64
	idle int64 // since the segment before, of either end
	ref  wire.FrameRef
	val  uint32
	kind detect.NoteKind
	side uint8
	fits bool // of an old duplicate: nothing keeps it out of the present incarnation
}

// maxNotes bounds the notes of one kind of one connection.
const maxNotes = detect.Remembered

// note remembers that s was unusual. Beyond the limit the middle ones give
// way: the first and the last of a kind tell most.
func (c *connection) note(kind detect.NoteKind, side uint8, s *wire.Segment, val uint32) {
	d := c.details()
	n := note{t: s.Time, ref: s.Ref, val: val, kind: kind, side: side, idle: s.Time - max(c.ep[0].lastTime, c.ep[1].lastTime)}
	same, mid := 0, -1
	for i := range d.notes {
		if d.notes[i].kind == kind {
			same++
			if same == maxNotes/2 {
				mid = i
			}
		}
	}
	if same >= maxNotes {
		d.notes = append(d.notes[:mid], d.notes[mid+1:]...)
		d.lostNote++
	}
	if d.notes = c.trail.notes.begun(d.notes); d.notes == nil {
		d.notes = make([]note, 0, smallRoom)
	}
	d.notes = append(d.notes, n)
}

// count takes s into the sender's counters and names what was unusual.
func (c *connection) count(s *wire.Segment, p *reassembly.Placement) {
	x := s.Dir
	ep := &c.ep[x]
	if ep.packets < fewPackets || s.Flags&(wire.SYN|wire.FIN|wire.RST) != 0 {
		c.firstOf(s)
	}
	if !s.Rest {
		ep.packets++
	}
	ep.payload += uint64(s.Len)
	if n := s.Len - p.NewOctets; n > 0 {
		c.more(x).repeated += uint64(n)
	}
	switch {
	case p.NewOctets > 0:
		ep.flags &^= repeating
	case s.Len > 0 && p.Kind == reassembly.Retransmission:
		ep.flags |= repeating
	}
	if p.Kind > reassembly.New {
		c.countKind(s, p)
	}
	c.countACK(s, p)
}

// countKind counts what is not plainly new.
func (c *connection) countKind(s *wire.Segment, p *reassembly.Placement) {
	if p.Kind == reassembly.Beyond || p.Kind == reassembly.Old {
		return
	}
	more := c.more(s.Dir)
	switch p.Kind {
	case reassembly.Retransmission, reassembly.Partial:
		more.retransmits++
		if s.Len > 0 && s.Flags&wire.SYN == 0 {
			c.note(detect.DataAgain, s.Dir, s, s.Len)
			c.deaf(s)
		}
	case reassembly.OutOfOrder:
		more.outOfOrder++
	case reassembly.Keepalive:
		more.probes++
		c.note(detect.Probe, s.Dir, s, s.Len)
	case reassembly.WindowProbe:
		more.wprobes++
		c.note(detect.WindowProbe, s.Dir, s, s.Len)
	}
}

// countACK counts duplicate ACKs, answers to keepalive probes and closed
// windows.
func (c *connection) countACK(s *wire.Segment, p *reassembly.Placement) {
	if s.Flags.Has(wire.RST) {
		return // what its sender had done before tells its cause
	}
	if c.flags&(probing|probing1) != 0 || p.Kind == reassembly.Keepalive || p.DuplicateACK {
		c.countProbes(s, p)
	}
	x, peer := s.Dir, &c.ep[c.peer(s.Dir)].sp
	if s.Window != 0 && peer.Wnd != 0 || s.Flags.Has(wire.SYN) || !s.WindowKnown() {
		return
	}
	switch closed := peer.Wnd == 0 && peer.Has(reassembly.KnownUna); {
	case s.Window == 0:
		c.more(x).zeroWindows++
		if !closed {
			c.note(detect.ZeroWindow, x, s, 0)
		}
	case closed:
		c.note(detect.WindowOpened, x, s, 0)
	}
}

// countProbes counts duplicate ACKs and answers to keepalive probes, and notes whose
// last segment was a probe.
func (c *connection) countProbes(s *wire.Segment, p *reassembly.Placement) {
	x, y := s.Dir, c.peer(s.Dir)
	pure := s.Len == 0 && s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK
	if pure && p.Kind == reassembly.Pure && c.flags&probes(y) != 0 && s.Ack == c.ep[y].sp.Next {
		c.more(x).replies++
		c.note(detect.ProbeReply, x, s, 0)
		p.DuplicateACK = false
	} else if p.DuplicateACK {
		c.more(x).duplicateACK++
		c.cameBehind(s)
	}
	if p.Kind != reassembly.Keepalive { // else the peer's own probe is not answered yet
		c.flags &^= probes(y)
	}
	switch {
	case p.Kind == reassembly.Keepalive:
		c.flags |= probes(x)
	case !pure: // its own answer to a probe of the peer leaves its probe open
		c.flags &^= probes(x)
	}
}

// fewPackets is how many of an end's segments firstOf sees at least.
const fewPackets = 4

// deaf notes that an end sends again what was acknowledged, and does not acknowledge what
// it was sent: perhaps it gets nothing.
func (c *connection) deaf(s *wire.Segment) {
	own, rev := &c.ep[s.Dir].sp, &c.ep[c.peer(s.Dir)].sp
	if s.Flags.Has(wire.ACK) && own.Has(reassembly.KnownUna) && s.Seq.Add(s.Len).LessEq(own.Una) &&
		rev.Has(reassembly.KnownNext) && s.Ack.Less(rev.Next) {
		c.note(detect.DeafAgain, s.Dir, s, uint32(s.Ack))
	}
}

// cameBehind notes a duplicate ACK that reports, by its first SACK block, that little
// came behind a hole: where what fills the hole is longer, its length may be the reason.
func (c *connection) cameBehind(s *wire.Segment) {
	const full = 1000
	if s.Options.NSACK == 0 {
		return
	}
	b := s.SACK(0)
	if n := b.Right.Diff(b.Left); s.Ack.Less(b.Left) && n > 0 && n < full {
		c.note(detect.SmallCame, s.Dir, s, uint32(n))
	}
}

// maxSummed is how many octets a segment has at most whose checksum is looked at.
const maxSummed = 2048

// firstOf takes what only few segments need to tell: the TTL, whether
// checksums hold, the side of the tap, whether it begins with TLS.
func (c *connection) firstOf(s *wire.Segment) {
	ep := &c.ep[s.Dir]
	if s.Flags&wire.RST == 0 {
		if ep.ttl == 0 {
			ep.ttl = s.TTL
		}
		ep.flags |= flagIf(hopsVary, s.TTL != ep.ttl && hops(s.TTL) != hops(ep.ttl))
	}
	if s.Arrow != wire.DirectionUnknown {
		ep.arrow = s.Arrow
	}
	if ep.payload == 0 && s.Len > 0 {
		ep.flags |= flagIf(greetsTLS, isTLSHandshake(s.Payload()))
	}
	if len(s.TCP) > maxSummed {
		return
	}
	if v := s.VerifyChecksum(); v != wire.ChecksumUnknown && ep.sums[v-1] < 255 {
		ep.sums[v-1]++
	}
}

// hops is how many routers a packet has passed by its hop limit, which hosts begin at one
// of few.
func hops(ttl uint8) uint8 {
	for _, full := range [...]uint8{32, 64, 128} {
		if ttl <= full {
			return full - ttl
		}
	}
	return 255 - ttl
}

// badChecksum reports whether s, a SYN, FIN or RST, has a wrong checksum while
// its sender's others hold: its receiver dropped it.
func (c *connection) badChecksum(s *wire.Segment) bool {
	const enough = 3
	return c.ep[s.Dir].sums[wire.ChecksumGood-1] >= enough && s.VerifyChecksum() == wire.ChecksumBad
}

// halfClosed measures what X sends once it has acknowledged the peer's FIN.
// What comes with X's own FIN alone is a three-segment close.
func (c *connection) halfClosed(s *wire.Segment, p *reassembly.Placement) {
	x := s.Dir
	ack := &c.ep[c.peer(x)].finAck
	if p.NewOctets == 0 || ack.ref == 0 || c.flip == 0 {
		return
	}
	h := &c.details().half
	if !h.seen {
		if s.Flags.Has(wire.FIN) || s.LaterFIN {
			return
		}
		*h = halfClose{side: x, from: ack.t, seen: true, alert: true}
	}
	if h.side == x {
		h.alert = h.alert && isTLSAlert(s)
		h.sent.add(s)
		h.bytes += uint64(p.NewOctets)
	}
}

// isTLSAlert reports whether the payload of s is one TLS record with an alert, in which
// an end that was told to close mostly says that it does: so by its type, or, in TLS 1.3,
// where that is encrypted, by its length (RFC 8446 sections 5.1, 5.2 and 6).
func isTLSAlert(s *wire.Segment) bool {
	const header, alert, data, longest, sealed = 5, 21, 23, 64, 19
	p := s.Payload()
	if len(p) < header || p[1] != 3 || p[3] != 0 || s.Len != header+uint32(p[4]) {
		return false
	}
	return p[0] == alert && p[4] <= longest || p[0] == data && p[4] == sealed
}

// isTLSHandshake reports whether p begins a TLS record of a handshake (RFC 8446 section
// 5.1).
func isTLSHandshake(p []byte) bool { return len(p) > 1 && p[0] == 22 && p[1] == 3 }

// reject records that an ICMP error ended the opening of the end whose SYN it
// quotes.
func (c *connection) reject(e *wire.ICMPError) bool {
	sp, ep := &c.ep[e.Dir].sp, &c.ep[e.Dir]
	if !sp.Has(reassembly.KnownISS) || sp.ISS != e.Seq || !ep.shown.Intersects(fsm.Of(fsm.SynSent, fsm.SynReceived)) {
		return false
	}
	d := c.details()
	if d.rejected == nil {
		kept := *e
		d.rejected = &kept
	}
	if e.Time >= c.end { // else the capture's clock went back
		c.end, c.last = e.Time, e.Ref
	}
	return c.push(event{t: e.Time, ref: e.Ref, sym: fsm.RcvICMP, side: e.Dir})
}
