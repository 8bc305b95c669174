package reassembly

import (
	"slices"

	"github.com/lastack/lastack/wire"
)

// Known says which numbers of a Space the capture has shown.
type Known uint16

// Bits of Known.
const (
	KnownISS   Known = 1 << iota // the SYN was captured, or follows from an ACK
	KnownNext                    // at least one segment of the sender was captured
	KnownFIN                     // a FIN of the sender was captured, or is inferred
	KnownUna                     // the receiver has acknowledged something
	KnownRight                   // the receiver's windows are known in octets
	KnownTS                      // the sender uses timestamps
	knownSACK                    // the receiver has sent a SACK block
	timing                       // a round trip is being measured
	timedTwice                   // ... of octets that were sent again: only an echoed timestamp tells it
	probed                       // the last octet sent is a probe of a closed window
)

// Space is one sequence space: the numbers that one end sends, as the capture
// shows them. In the RFC's terms for its sender:
//
//	        Una             Edge      Next              Right
//	---------|---------------|---------|-----------------|----->
//	 acked   | captured      | gaps in | sendable        | beyond
//	         | without a gap | capture | by SND.WND      | the window
//
// The zero value is a space of which nothing is known.
//
// What a segment of either end touches stands in front, within a cache line.
type Space struct {
	Next  wire.Seq // SND.NXT: after the highest octet or control bit captured
	Una   wire.Seq // SND.UNA: the highest acknowledgment the receiver sent; RCV.NXT of the receiver at least
	Right wire.Seq // furthest right edge of the receiver's window, ever
	Wnd   uint32   // the receiver's last window: octets with KnownRight, else as sent
	wide  uint32   // the widest window it ever offered, in octets, with KnownRight

	Known   Known
	Scale   uint8 // shift of the receiver's windows, with KnownRight
	Repeats uint8 // transmissions in a row that repeat something and drew nothing (R8)

	TSNewest uint32 // newest TSval of the sender
	TSRecent uint32 // TSval of the sender that the receiver holds for PAWS (RFC 7323 section 5.3)

	timedEnd wire.Seq
	timedTS  uint32 // TSval of the segment that is timed
	gaps     *gaps  // what the capture has not seen below Next, nil when nothing is missing
	timedAt  int64
	rtt      uint32   // smallest round trip tap..receiver in microseconds, plus 1; 0: none measured
	Edge     wire.Seq // everything below has been captured

	ISS wire.Seq // initial send sequence number
	FIN wire.Seq // sequence number of the FIN

	sacked wire.Seq // the right edge of the highest SACK block that the receiver sent

	// The last transmission of what is timed, if it was sent again.
	timedAgainTS uint32
	timedAgainAt int64

	lost uint64 // octets of gaps that were given up
}

// Clone returns a copy that shares nothing with sp.
func (sp *Space) Clone() Space {
	c := *sp
	if sp.gaps != nil {
		c.gaps = &gaps{list: slices.Clone(sp.gaps.list), since: sp.gaps.since}
	}
	return c
}

// Begins reports whether what was captured before in the owner's name fits a SYN
// with number iss, the first that is captured of it. Data may stand before the
// SYN in the file, close above it. Anything else was not the owner's.
func (sp *Space) Begins(iss wire.Seq) bool {
	const near = 1 << 16
	return sp.Known&(KnownISS|KnownNext) != KnownNext || iss.Less(sp.Next) && sp.Next.Diff(iss) <= near
}

// Unsent takes back an ACK of what the owner never sent, when next, the number of
// the first pure segment that is captured of it, lies below. (By one it may be a
// probe.)
func (sp *Space) Unsent(next wire.Seq) {
	if sp.Known&(KnownNext|KnownUna) == KnownUna && next.Add(1).Less(sp.Una) {
		sp.Una = next
	}
}

// Restart forgets what was captured in the owner's name.
func (sp *Space) Restart() {
	*sp = Space{Una: sp.Una, Right: sp.Right, Wnd: sp.Wnd, wide: sp.wide, Scale: sp.Scale, rtt: sp.rtt,
		Known: sp.Known & (KnownUna | KnownRight)}
}

// Older reports whether the timestamp of s, which the owner is said to have sent, is
// older than the newest of its timestamps.
func (sp *Space) Older(s *wire.Segment) bool {
	return s.Options.Has&wire.OptTimestamps != 0 && sp.Has(KnownTS) && int32(s.Options.TSVal-sp.TSNewest) < 0
}

// Has reports whether all of want is known.
func (sp *Space) Has(want Known) bool { return sp.Known&want == want }

// RTT returns the smallest round trip from the tap to the receiver and back,
// in nanoseconds, and whether one was measured; 0 if none was. Numbers sent more
// than once do not count (Karn).
func (sp *Space) RTT() (int64, bool) { return max(int64(sp.rtt)-1, 0) * 1000, sp.rtt != 0 }

// Outstanding reports whether the sender waits for an acknowledgment of
// something captured.
func (sp *Space) Outstanding() bool {
	return sp.Has(KnownUna|KnownNext) && sp.Una.Less(sp.Next)
}

// Captured is where the sender was by its own segments: SND.NXT, unless the receiver's
// ACK was what showed that more was sent.
func (sp *Space) Captured() wire.Seq {
	if sp.gaps != nil && sp.Una == sp.Next {
		if last := sp.gaps.list[len(sp.gaps.list)-1]; last.hi == sp.Next {
			return last.lo
		}
	}
	return sp.Next
}

// FINAcked reports whether ack covers the FIN.
func (sp *Space) FINAcked(ack wire.Seq) bool {
	return sp.Has(KnownFIN) && sp.FIN.Less(ack)
}

// Kind says what a segment was, by its place in the space.
type Kind uint8

// Kinds of segment.
const (
	Pure           Kind = iota // no new octets, at SND.NXT: an ACK, a window update, a bare RST
	New                        // octets or control bits at SND.NXT
	Beyond                     // starts after SND.NXT: the capture has missed something, so far
	OutOfOrder                 // fills what was missing, and was overtaken by what came before it
	Retransmission             // octets captured before, or missing and sent again
	Partial                    // repeats octets and adds new ones
	Keepalive                  // a keepalive probe (K1)
	WindowProbe                // a probe of a closed window
	Old                        // a pure ACK below SND.NXT, delayed or repeated by the network; or numbers that no window reaches
)

var kindNames = [...]string{
	"", "", "gap before it", "out of order", "retransmission", "partial retransmission",
	"keepalive probe", "window probe", "old ACK",
}

// String returns what a report calls the kind; nothing for plain ones.
func (k Kind) String() string { return kindNames[k] }

// Placement is where a segment falls in its sender's space.
type Placement struct {
	Kind Kind
	// NewOctets is how many octets of payload were not captured before.
	NewOctets uint32
	// Acked says that the segment acknowledges something for the first time;
	// AckedSYN and AckedFIN that it does so for the peer's SYN or FIN, and
	// Unseen how many octets of the peer it acknowledges that were never
	// captured.
	Acked    bool
	AckedSYN bool
	AckedFIN bool
	Unseen   uint32
	// DuplicateACK: a pure ACK that repeats the one before while something is
	// outstanding (RFC 5681 section 2).
	DuplicateACK bool
}

// keepaliveGap separates a keepalive probe from an old pure ACK that the
// network held back, where no time stamp does: no stack probes sooner than this after the
// last segment that it sent of its own accord.
const keepaliveGap = 100e6

// Place says where s falls, without changing anything. rev is the space of
// the other direction, last the time of the sender's segment before.
func (sp *Space) Place(s *wire.Segment, rev *Space, last int64) Placement {
	p := Placement{Kind: sp.kind(s, rev, last)}
	switch p.Kind {
	case New, Beyond:
		p.NewOctets = s.Len
		if s.Seq.Less(sp.Next) && sp.Has(KnownNext) {
			p.NewOctets-- // the probe's
		}
	case WindowProbe:
		if s.Seq == sp.Next {
			p.NewOctets = s.Len
		}
	case Partial:
		p.NewOctets = uint32(s.End().Diff(sp.Next)) - uint32(s.Flags&wire.FIN)
		p.NewOctets += sp.gaps.within(s.DataSeq(), sp.Next)
	case OutOfOrder, Retransmission:
		p.NewOctets = sp.gaps.within(s.DataSeq(), s.DataSeq().Add(s.Len))
	}
	if s.Flags.Has(wire.ACK) {
		rev.placeACK(s, sp, &p)
	}
	return p
}

// kind decides Placement.Kind.
func (sp *Space) kind(s *wire.Segment, rev *Space, last int64) Kind {
	n := s.SegLen()
	if !sp.Has(KnownNext) {
		switch {
		case sp.isFirstProbe(s):
			return sp.probeKind(s, s.Time-keepaliveGap)
		case n == 0:
			return Pure
		}
		return New
	}
	switch d := s.Seq.Diff(sp.Next); {
	case d == 0 && n == 0:
		return Pure
	case d == 0:
		if sp.Has(KnownUna) && sp.Wnd == 0 && s.Len == 1 && n == 1 {
			return WindowProbe
		}
		return New
	case d > maxReach, d < -maxReach:
		return Old // no window reaches so far: it is not of this connection
	case d > 0 && n == 0:
		return Pure
	case d > 0:
		return Beyond
	case sp.isProbe(s, d):
		return sp.probeKind(s, last)
	case d == -1 && sp.Has(probed|KnownUna) && sp.Una == s.Seq && s.Len > 0:
		if sp.Wnd == 0 && s.Len == 1 {
			return WindowProbe // the same octet again
		}
		return New // it was not taken: the data begin with it
	case n == 0:
		return Old
	case sp.Next.Less(s.End()):
		return Partial
	}
	if g := sp.gaps.first(s.Seq, s.End()); g == nil || sp.sentAgain(s, rev, g) {
		return Retransmission
	}
	return OutOfOrder
}

// sentAgain reports whether s, which fills a gap, was sent after the segment that showed
// it. Their time stamps tell, if they are not alike; else it was if it comes later than the
// receiver can have asked for it.
func (sp *Space) sentAgain(s *wire.Segment, rev *Space, g *gap) bool {
	if g.stamped && s.Options.Has&wire.OptTimestamps != 0 && s.Options.TSVal != g.ts {
		return int32(s.Options.TSVal-g.ts) > 0
	}
	return s.Time-sp.gaps.since > max((int64(sp.rtt)+int64(rev.rtt))*1000, keepaliveGap/10)
}

// isProbe reports whether s has the form of a probe: nothing but an ACK, no
// more than one octet, one below SND.NXT, with nothing outstanding [K1].
func (sp *Space) isProbe(s *wire.Segment, below int32) bool {
	return below == -1 && s.Len <= 1 && s.Flags&(wire.SYN|wire.FIN|wire.RST) == 0 &&
		s.Flags.Has(wire.ACK) && sp.Has(KnownUna) && sp.Una == sp.Next
}

// isFirstProbe reports whether s, the first segment captured of the sender, is
// a probe: the receiver had acknowledged the octet after its number before.
func (sp *Space) isFirstProbe(s *wire.Segment) bool {
	return sp.Has(KnownUna) && s.Seq.Add(1) == sp.Una && s.Len <= 1 && s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK
}

// newer reports whether the time stamp of s says that it was sent after all that its sender
// had sent.
func (sp *Space) newer(s *wire.Segment) bool {
	return s.Options.Has&wire.OptTimestamps != 0 && sp.Has(KnownTS) && int32(s.Options.TSVal-sp.TSNewest) > 0
}

// probeKind tells a probe of a closed window from one of a silent peer, and
// both from an old ACK that was held back. An end that has just answered the peer's probe
// may send its own at once: its time stamp then tells.
func (sp *Space) probeKind(s *wire.Segment, last int64) Kind {
	switch {
	case sp.Wnd == 0:
		return WindowProbe
	case s.Time-last >= keepaliveGap, s.Len == 0 && sp.newer(s):
		return Keepalive
	case s.Len == 0:
		return Old
	}
	return Retransmission
}

// placeACK says what s, a segment of the other end, newly acknowledges of sp.
func (sp *Space) placeACK(s *wire.Segment, own *Space, p *Placement) {
	if !sp.Has(KnownUna) || sp.Una.Less(s.Ack) {
		p.Acked = true
		p.AckedSYN = sp.Has(KnownISS) && (!sp.Has(KnownUna) || sp.Una.LessEq(sp.ISS)) && sp.ISS.Less(s.Ack)
		p.AckedFIN = sp.FINAcked(s.Ack) && !(sp.Has(KnownUna) && sp.FINAcked(sp.Una))
		if d := s.Ack.Diff(sp.Next); sp.Has(KnownNext) && d > 0 && d <= maxReach {
			p.Unseen = uint32(d)
		}
		return
	}
	p.DuplicateACK = p.Kind == Pure && s.Ack == sp.Una && sp.Outstanding() &&
		s.Flags&(wire.SYN|wire.FIN|wire.RST) == 0 && sp.scaled(s) == sp.Wnd && own.Has(KnownNext)
}

// Send records that the space's owner sent s, which p has placed.
func (sp *Space) Send(s *wire.Segment, p *Placement) {
	end := s.End()
	if !sp.Has(KnownNext) {
		sp.Known |= KnownNext
		sp.Edge, sp.Next = s.Seq, s.Seq
		if p.Kind == Keepalive || p.Kind == WindowProbe {
			sp.Edge, sp.Next = sp.Una, sp.Una
		}
	}
	switch further := sp.Next.Less(end); {
	case p.Kind == New, further && p.Kind != WindowProbe && p.Kind != Old:
		sp.Known &^= probed
	case further && p.Kind == WindowProbe:
		sp.Known |= probed
	}
	switch p.Kind {
	case New, WindowProbe:
		if sp.gaps == nil {
			sp.Edge = wire.MaxSeq(sp.Edge, end)
		}
	case Beyond, Pure:
		if sp.Next.Less(s.Seq) {
			stamped := s.Options.Has&wire.OptTimestamps != 0
			sp.open(gap{lo: sp.Next, hi: s.Seq, ts: s.Options.TSVal, stamped: stamped}, s.Time)
		}
	case OutOfOrder, Retransmission, Partial:
		sp.fill(s)
	}
	if p.Kind == Old {
		return
	}
	sp.Next = wire.MaxSeq(sp.Next, end)
	sp.time(s, p, end)
	sp.stamp(s)
}

// fill records octets below SND.NXT and moves the edge over what is now whole.
func (sp *Space) fill(s *wire.Segment) {
	sp.gaps = sp.gaps.remove(s.Seq, s.End())
	sp.Edge = wire.MaxSeq(sp.Next, s.End())
	sp.bound()
}

// bound keeps the gaps within their bounds, and the edge at the lowest.
func (sp *Space) bound() {
	if sp.gaps == nil {
		return
	}
	una := sp.gaps.list[0].lo
	if sp.Has(KnownUna) {
		una = sp.Una
	}
	sp.lost += uint64(sp.gaps.bound(una))
	sp.Edge = sp.gaps.list[0].lo
}

// Octets is how much memory sp takes beside its own.
func (sp *Space) Octets() uintptr { return sp.gaps.octets() }

// time starts measuring a round trip with new octets, and notes when they are
// sent again.
func (sp *Space) time(s *wire.Segment, p *Placement, end wire.Seq) {
	switch {
	case p.Kind == New && sp.Known&timing == 0 && end != s.Seq:
		sp.startTiming(s)
	case sp.Known&timing != 0 && (p.Kind == Retransmission || p.Kind == Partial) && s.Seq.Less(sp.timedEnd):
		sp.Known |= timedTwice
		sp.timedAgainAt, sp.timedAgainTS = s.Time, s.Options.TSVal
	}
}

// FirstACK reports whether s, of the space's owner, is the first acknowledgment of what
// rev, the space of the other end, begins with, and nothing else. Like a segment that is
// Expected it may be followed.
func (sp *Space) FirstACK(s *wire.Segment, rev *Space) bool {
	const both = KnownNext | KnownUna
	return s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK && s.Len == 0 && s.Window != 0 &&
		sp.Known&both == both && rev.Known&both == KnownNext && s.Seq == sp.Next && s.Ack == rev.Next &&
		sp.gaps == nil && rev.gaps == nil && sp.Repeats|rev.Repeats == 0
}

// startTiming begins to measure the round trip of s.
func (sp *Space) startTiming(s *wire.Segment) {
	sp.Known |= timing
	sp.timedEnd = s.End()
	sp.timedAt, sp.timedTS = s.Time, s.Options.TSVal
}

// stamp takes the segment's timestamp: the newest that the sender used, and
// the one its receiver keeps for PAWS, which only a segment at the left edge
// may set (RFC 7323 section 4.3).
func (sp *Space) stamp(s *wire.Segment) {
	if s.Options.Has&wire.OptTimestamps == 0 || s.Flags.Has(wire.RST) {
		return
	}
	v := s.Options.TSVal
	if !sp.Has(KnownTS) {
		sp.Known |= KnownTS
		sp.TSNewest, sp.TSRecent = v, v
		return
	}
	if int32(v-sp.TSNewest) > 0 {
		sp.TSNewest = v
	}
	if int32(v-sp.TSRecent) > 0 && (!sp.Has(KnownUna) || s.Seq.LessEq(sp.Una)) {
		sp.TSRecent = v
	}
}

// Receive records what s, a segment of the receiver, says of the space: its
// ACK and its window.
func (sp *Space) Receive(s *wire.Segment) {
	if !s.Flags.Has(wire.ACK) {
		if s.Flags.Has(wire.SYN) {
			sp.Wnd = uint32(s.Window)
		}
		return
	}
	if sp.Known&timing != 0 && sp.timedEnd.LessEq(s.Ack) {
		sp.measured(s)
	}
	if !sp.Has(KnownUna) {
		sp.Known |= KnownUna
		sp.Una = s.Ack
		sp.Right = s.Ack
		if !s.WindowKnown() {
			sp.Wnd = 1<<16 - 1 // not known is not closed
		}
	}
	if s.Flags.Has(wire.RST) || !s.WindowKnown() { // its window means nothing, or was cut off
		sp.Una = wire.MaxSeq(sp.Una, s.Ack)
		return
	}
	if s.Options.NSACK > 0 {
		sp.sack(s)
	}
	window := sp.scaled(s)
	if sp.Una.LessEq(s.Ack) {
		sp.Una, sp.Wnd = s.Ack, window
	}
	if sp.Has(KnownRight) {
		sp.Right = wire.MaxSeq(sp.Right, s.Ack.Add(window))
		sp.wide = max(sp.wide, window)
	}
}

// sack notes the SACK blocks of s, a segment of the receiver.
func (sp *Space) sack(s *wire.Segment) {
	for i := range s.Options.NSACK {
		b := s.SACK(i)
		if !sp.Has(knownSACK) || sp.sacked.Less(b.Right) {
			sp.Known |= knownSACK
			sp.sacked = b.Right
		}
	}
}

// Sacked returns how far the receiver has got something, if it said so by SACK and
// that lies beyond what it has acknowledged.
func (sp *Space) Sacked() (right wire.Seq, ok bool) {
	return sp.sacked, sp.Has(knownSACK|KnownUna) && sp.Una.Less(sp.sacked)
}

// Widest is the widest window that the receiver ever offered, in octets; 0
// without KnownRight.
func (sp *Space) Widest() uint32 { return sp.wide }

// OutOfReach reports whether no window can have let seq in: it lies beyond the
// furthest right edge that was captured by more than the widest window, so that
// even an edge that the capture missed is not enough.
func (sp *Space) OutOfReach(seq wire.Seq) bool {
	return sp.Has(KnownRight|KnownUna) && sp.Right.Add(sp.wide).Less(seq)
}

// measured ends the round trip being measured with its answer. Of octets that
// were sent again it counts only when the answer echoes the timestamp of the
// first transmission or of the last.
func (sp *Space) measured(s *wire.Segment) {
	at := sp.timedAt
	if sp.Has(timedTwice) {
		switch stamped := s.Options.Has&wire.OptTimestamps != 0; {
		case stamped && s.Options.TSEcr == sp.timedAgainTS:
			at = sp.timedAgainAt
		case !stamped || s.Options.TSEcr != sp.timedTS:
			at = -1
		}
	}
	sp.Known &^= timing | timedTwice
	if at < 0 {
		return
	}
	sp.Measured(s.Time - at)
}

// Measured takes a round trip, in nanoseconds. Anything over an hour counts as an hour.
func (sp *Space) Measured(rtt int64) {
	us := uint32(min(max(rtt, 0)/1000, 3600e6))
	if sp.rtt == 0 || us+1 < sp.rtt {
		sp.rtt = us + 1
	}
}

// scaled returns the window of s, a segment of the receiver, in octets. The
// window of a SYN is never scaled (RFC 7323 section 2.2).
func (sp *Space) scaled(s *wire.Segment) uint32 {
	if s.Flags.Has(wire.SYN) {
		return uint32(s.Window)
	}
	return uint32(s.Window) << sp.Scale
}

// SetScale records that the receiver's windows are known in octets, shifted by
// shift (RFC 7323 section 2.3 limits it to 14). What it offered so far was on
// SYNs, whose windows are not shifted.
func (sp *Space) SetScale(shift uint8) {
	if sp.Has(KnownRight) {
		return
	}
	sp.Known |= KnownRight
	sp.Scale = min(shift, 14)
	if sp.Has(KnownUna) {
		sp.Right = wire.MaxSeq(sp.Right, sp.Una.Add(sp.Wnd))
		sp.wide = sp.Wnd
	}
}

// Unseen moves SND.NXT up to ack: the receiver has acknowledged octets that
// the capture did not see.
func (sp *Space) Unseen(ack wire.Seq, now int64) {
	if !sp.Has(KnownNext) {
		sp.Known |= KnownNext
		sp.Next, sp.Edge = ack, ack
		return
	}
	sp.open(gap{lo: sp.Next, hi: ack}, now)
	sp.Next = ack
}

// maxReach is how far the lowest gap may lie below SND.NXT: no window is
// larger (RFC 7323 section 2.3).
const maxReach = 1 << 30

// open opens a gap above SND.NXT. Gaps that fall too far behind are given up.
func (sp *Space) open(more gap, now int64) {
	if sp.gaps != nil && uint32(more.hi-sp.gaps.list[0].lo) > maxReach {
		sp.lost += uint64(sp.gaps.within(sp.gaps.list[0].lo, sp.Next))
		sp.gaps = nil
	}
	sp.gaps = sp.gaps.add(more, now)
	sp.bound()
}

// Whole reports whether every octet below upto is known to have been sent: it
// was captured, or the receiver has acknowledged it.
func (sp *Space) Whole(upto wire.Seq) bool {
	if sp.gaps == nil {
		return true
	}
	from := sp.gaps.list[0].lo
	if sp.Has(KnownUna) {
		from = wire.MaxSeq(from, sp.Una)
	}
	return sp.gaps.within(from, upto) == 0
}

// HasGaps reports whether the capture has missed something below SND.NXT.
func (sp *Space) HasGaps() bool { return sp.gaps != nil }

// Missing returns how many octets below SND.UNA the capture has missed.
func (sp *Space) Missing() uint64 {
	if sp.gaps == nil || !sp.Has(KnownUna) {
		return sp.lost
	}
	return sp.lost + uint64(sp.gaps.within(sp.gaps.list[0].lo, sp.Una))
}
