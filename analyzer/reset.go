package analyzer

import (
	"math/bits"
	"slices"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// maxResets bounds the resets remembered of one connection.
const maxResets = 16

// reset is one RST segment.
type reset struct {
	ref     wire.FrameRef
	answers wire.FrameRef // the segment that it answers, 0 for none
	t       int64
	lag     int64 // since the peer's last segment, with answers
	seq     wire.Seq
	ack     wire.Seq
	peerAck wire.Seq // the highest ACK that its sender had sent before
	payload uint32
	tsval   uint32
	hasTS   bool
	side    uint8
	bare    bool // no ACK bit
	effect  effect
	// What was so when it came, for its cause.
	sender, receiver fsm.Set
	signs            detect.Sign // of an injection
	idle             int64
	repeats          uint8
	probed           bool   // its sender's last segment was a keepalive probe
	octets           uint32 // payload of the segment that it answers
	challenge        bool   // it answers a challenge ACK
	foreign          bool   // its alleged sender's own tap shows that it did not send it
	elsewhere        bool   // it came from nearer, or farther, than its sender's segments
	unasked          bool   // its sender closed after a TLS handshake without a request
	old              bool   // it is an earlier incarnation's by its ACK, and its sender's no more
}

// effect is what a RST did to its receiver.
type effect uint8

const (
	effectUnknown effect = iota
	effectClosed
	effectChallenged // in the window but not at its edge: a challenge ACK (RFC 5961 section 3)
	effectIgnored    // outside the window
	effectVoid       // its receiver was closed already
)

var effectNames = [...]string{"unknown", "closed", "challenged", "ignored", "void"}

// resetOf returns the remembered RST of frame ref.
func (c *connection) resetOf(ref wire.FrameRef) *reset {
	if c.x == nil {
		return nil
	}
	for i := range c.x.resets {
		if c.x.resets[i].ref == ref {
			return &c.x.resets[i]
		}
	}
	return nil
}

// sentRST: what a RST says of X (R6, R7).
func (c *connection) sentRST(s *wire.Segment) {
	x := s.Dir
	r := c.makeReset(s)
	c.remember(r)
	lingers := c.answersOwnFIN(x, &r)
	if r.bare && !lingers {
		c.voidAnswered(x, &r)
	}
	if c.staysOpen(x, &r) || c.isStray(x, &r) || suspicious(r.signs) {
		return
	}
	e := event{t: s.Time, ref: s.Ref, sym: fsm.SndRST, side: x, basis: sent}
	orphan := fsm.Of(fsm.FinWait1, fsm.FinWait2)
	mute := fsm.Of(fsm.Closing, fsm.LastAck, fsm.TimeWait) // they send no RST, not even on an abort [3.10.5]
	ignores := lingers || r.octets > 0 && c.ep[x].shown.Intersects(orphan) && !c.gaveUp(x, r.t)
	switch {
	case r.elsewhere, r.signs&detect.SignNotSent != 0:
		e.basis = assumed // that it is X's: it came from elsewhere, or X's own tap does not have it
	case c.ep[x].shown&^mute == 0 || r.bare && r.answers != 0 && !ignores:
		// Only an endpoint without the connection answers so, or a closed
		// socket that gets data: it ended before, unseen [3.10.7.1].
		e.basis, e.by, e.ref, e.sym = inferred, s.Ref, 0, silentEnd(c.ep[x].shown)
		c.unseenSince(s.Ref, c.ep[x].lastTime)
	}
	if c.ep[x].shown.Is(fsm.Closed) {
		return
	}
	c.push(e)
}

// answersOwnFIN reports whether r answers the segment with which x's FIN was
// acknowledged for the first time: x had the connection a moment ago, took that ACK,
// and does not wait for the peer (TCP_LINGER2 below 0, too many orphans).
func (c *connection) answersOwnFIN(x uint8, r *reset) bool {
	return r.bare && r.answers != 0 && r.answers == c.ep[x].finAck.ref && c.ep[x].shown.Is(fsm.FinWait2)
}

// gaveUp reports whether x, whose FIN is not acknowledged, has not sent it again for
// so long that it has stopped to: for more than twice the last gap, or, if it never
// did, than any first time-out (RFC 6298).
func (c *connection) gaveUp(x uint8, t int64) bool {
	if !c.ep[x].shown.Is(fsm.FinWait1) {
		return false
	}
	last, gap := c.ep[x].fin.t, int64(3e9)
	if c.x != nil {
		for _, k := range c.x.finCopies {
			if k.side == x && k.t > last {
				last, gap = k.t, k.t-last
			}
		}
	}
	return t-last > 2*gap+gap/2
}

// silentEnd is the symbol of an end that only a RST shows, by the state in
// which it came.
func silentEnd(set fsm.Set) fsm.Symbol {
	s, one := set.One()
	switch {
	case !one || s == fsm.TimeWait:
		return fsm.SndRST
	case s == fsm.SynSent || s == fsm.SynReceived:
		return fsm.TimeoutSYN
	case s == fsm.FinWait2:
		return fsm.TimeoutFinWait2
	}
	return fsm.TimeoutUser
}

// remember keeps a RST for the record, as far as there is room.
func (c *connection) remember(r reset) {
	if d := c.details(); len(d.resets) < maxResets {
		d.resets = append(c.trail.resets.begun(d.resets), r)
	}
}

// leastRTO is the shortest retransmission time-out of common stacks. A host that does
// not know a segment answers it sooner, however busy the path is.
const leastRTO = 200e6

// makeReset collects what the segment and the moment say.
func (c *connection) makeReset(s *wire.Segment) reset {
	x, y := s.Dir, c.peer(s.Dir)
	ep := &c.ep[x]
	r := reset{ref: s.Ref, t: s.Time, seq: s.Seq, ack: s.Ack, payload: s.Len, side: x,
		tsval: s.Options.TSVal, hasTS: s.Options.Has&wire.OptTimestamps != 0,
		bare: !s.Flags.Has(wire.ACK), sender: ep.shown, receiver: c.ep[y].shown,
		peerAck: c.ep[y].sp.Una, repeats: c.ep[x].sp.Repeats, probed: c.flags&probes(x) != 0}
	if ep.lastTime != 0 {
		r.idle = s.Time - ep.lastTime
	}
	if r.bare {
		limit := max(c.guard(x), leastRTO)
		if _, ok := c.ep[y].sp.RTT(); !ok {
			limit = 1e9 // nobody knows how far away it is
		}
		if lag := s.Time - c.lastBefore(y, s); lag <= limit {
			r.answers, r.octets = c.ep[y].asked(s.Seq, c.trail)
			r.lag = lag
		}
	}
	if sp := &c.ep[y].sp; !r.bare && s.Seq == 0 && c.ep[y].syn.ref != 0 && sp.ISS.Less(s.Ack) && s.Ack.LessEq(sp.Next) {
		syn, _ := c.lastSYN(y)
		r.answers = syn.ref
	}
	r.signs = c.injectionSigns(s)
	r.elsewhere = c.fromElsewhere(s)
	r.unasked = r.bare && c.unasked(x)
	r.challenge = c.x != nil && c.x.challenged == s.Ref || c.answersChallenge(&r)
	return r
}

// answersChallenge reports whether r answers the challenge ACK that an earlier
// RST of the same end drew, whose number was in the window and not exact.
func (c *connection) answersChallenge(r *reset) bool {
	if c.x == nil || r.answers == 0 || r.octets > 0 {
		return false
	}
	for i := range c.x.resets {
		// Its sender has sent nothing since: else it was not its own.
		if k := &c.x.resets[i]; k.side == r.side && k.effect == effectChallenged && k.ref < r.answers && c.ep[r.side].lastTime <= k.t {
			return true
		}
	}
	return false
}

// flightsTLS are the octets of a TLS 1.3 client's last flight: perhaps a
// change_cipher_spec of 6, a Finished by SHA-256 or SHA-384, and, where no request could
// be as long, perhaps a close_notify (RFC 8446 sections 4.4.4, 5.2 and D.4). Its first
// request makes it longer by 22 octets and what it asks.
var flightsTLS = [...]int32{58, 64, 74, 80, 58 + 24, 64 + 24}

// unasked reports whether x, which has opened the connection and has sent a FIN, sent
// nothing between the first octets of the other end, of TLS, and that FIN but the last
// flight of a handshake: it asked nothing, so what comes then is no answer.
func (c *connection) unasked(x uint8) bool {
	ep, own := &c.ep[c.peer(x)], &c.ep[x].sp
	if x != c.client || !ep.has(greetsTLS) || !own.Has(reassembly.KnownFIN|reassembly.KnownISS) {
		return false
	}
	first, ok := ep.firstSaid(own.ISS.Add(1), c.trail)
	return ok && slices.Contains(flightsTLS[:], int32(own.FIN.Diff(first)))
}

// voidAnswered strikes what the segment that a bare RST answers brought to X:
// X had no connection for it (R6). When an ACK of X's SYN was refuted before,
// all that are not proved go.
func (c *connection) voidAnswered(x uint8, r *reset) {
	if r.answers == 0 || c.find(x, fsm.RcvRST, assumed, confirmed) >= 0 {
		return // or it had one, and a RST has ended it since
	}
	all := c.ep[x].has(ackOfSYNRefuted)
	kinds := setOf(fsm.RcvFIN, fsm.RcvACKOfSYN, fsm.RcvSYNACK)
	if r.octets == 0 {
		// Data draws a RST from a socket that nobody reads any more, after its
		// ACK was taken; what else draws one was taken by nobody.
		kinds |= setOf(fsm.RcvACKOfFIN)
	}
	// Had it taken another copy of the SYN,ACK, it would have acknowledged that.
	y := c.peer(x)
	never := r.answers == c.firstReply(y).ref || r.answers == c.look(y).synAck.last.ref
	c.strike(x, kinds, r.ref, "answered-by-reset", func(e *event) bool {
		return e.ref == r.answers || all && e.sym == fsm.RcvACKOfSYN || never && e.sym == fsm.RcvSYNACK
	})
}

// staysOpen: in SYN-SENT and SYN-RECEIVED a bare RST with a number outside
// what X has sent answers a wrong ACK, and X goes on opening (R7).
func (c *connection) staysOpen(x uint8, r *reset) bool {
	own := &c.ep[x].sp
	if !r.bare || !c.ep[x].shown.Intersects(fsm.Of(fsm.SynSent, fsm.SynReceived)) || !own.Has(reassembly.KnownISS) {
		return false
	}
	return r.seq.Less(own.ISS) || own.Next.Less(r.seq)
}

// isStray: a RST whose number is neither its sender's SND.NXT nor the ACK of a
// segment that its sender received was not sent by X (R7).
func (c *connection) isStray(x uint8, r *reset) bool {
	own := &c.ep[x].sp
	if !own.Has(reassembly.KnownNext) || r.answers != 0 {
		return false
	}
	if r.seq == own.Next || own.Has(reassembly.KnownFIN) && r.seq == own.FIN {
		return false
	}
	if c.flags&midStream != 0 && c.ep[x].payload == 0 && r.seq == own.Next.Add(1) {
		return false // what was captured of X may be nothing but probes, one below SND.NXT
	}
	// A window that shrank, or data that was never captured, can put SND.NXT
	// elsewhere; then only an acceptable number counts as X's.
	return !(own.Has(reassembly.KnownUna) && own.Una == r.seq)
}

// receivedRST: what a RST does to Y (R4).
func (c *connection) receivedRST(y uint8, s *wire.Segment) {
	eff := c.resetEffect(y, s)
	if r := c.resetOf(s.Ref); r != nil {
		r.effect = eff
	}
	if eff != effectClosed || c.ep[s.Dir].sp.Repeats >= deadAfter && !c.atReceiver(s.Dir, s.Ref) {
		return
	}
	c.receive(y, fsm.RcvRST, s)
}

// resetEffect decides R4.
func (c *connection) resetEffect(y uint8, s *wire.Segment) effect {
	own, rev, ep := &c.ep[s.Dir].sp, &c.ep[y].sp, &c.ep[y]
	switch {
	case ep.shown.Is(fsm.Closed), ep.shown.Is(fsm.Listen):
		return effectVoid
	case ep.shown.Is(fsm.SynSent):
		if s.Flags.Has(wire.ACK) && rev.ISS.Less(s.Ack) && s.Ack.LessEq(rev.Next) {
			return effectClosed
		}
		return effectIgnored
	case ep.has(ignoresRST) && ep.shown.Is(fsm.TimeWait):
		return effectIgnored
	case !own.Has(reassembly.KnownUna):
		return effectClosed // RCV.NXT is not known: any counts, as assumed
	case c.atEdge(y, s.Seq):
		return effectClosed
	case s.Seq.Less(own.Una):
		return effectIgnored
	case own.Has(reassembly.KnownRight) && own.Right.Less(s.Seq):
		return effectIgnored
	}
	return effectChallenged
}

// ownTap is a round trip from the tap to an end that says that the tap is at
// that end.
const ownTap = 1e6

// atEdge reports whether seq is Y's RCV.NXT: the last number it acknowledged,
// or the end of what it has surely got since; after a FIN Linux takes the
// FIN's own number too, and the right edge of the highest SACK block.
func (c *connection) atEdge(y uint8, seq wire.Seq) bool {
	own, ep := &c.ep[c.peer(y)].sp, &c.ep[y]
	if seq == own.Edge || own.Whole(own.Next) && seq == own.Next {
		return true
	}
	// Below what was sent since Y's last ACK: exact if that was lost on the way.
	// At Y's own tap it was not.
	if rtt, ok := c.ep[c.peer(y)].sp.RTT(); seq == own.Una && !(ok && rtt < ownTap) {
		return true
	}
	if right, ok := own.Sacked(); ok && seq == right {
		return true
	}
	gotFIN := ep.shown.Intersects(fsm.Of(fsm.CloseWait, fsm.Closing, fsm.LastAck))
	return gotFIN && own.Has(reassembly.KnownFIN) && seq == own.FIN
}

// suspicious reports whether so many signs speak for an injected RST that it says
// nothing of its alleged sender (C7).
func suspicious(signs detect.Sign) bool { return bits.OnesCount16(uint16(signs)) >= 2 }

// fromElsewhere reports whether s, a RST, has passed more routers, or fewer, than the
// segments of X, which all came from as far: another host sent it in X's name, or at
// another place of the path.
func (c *connection) fromElsewhere(s *wire.Segment) bool {
	const few = 2 // segments that tell how far away X is
	ep, d := &c.ep[s.Dir], hops(s.TTL)
	if ep.ttl == 0 || ep.packets < few || ep.has(hopsVary) || d == hops(ep.ttl) {
		return false
	}
	last := c.trail.recent.at(ep.recent)
	if last != nil && last.before(s) == 0 { // s itself
		last = c.trail.recent.at(last.prev)
	}
	return last == nil || d != hops(last.ttl) // else the path has changed since
}

// injectionSigns collects what speaks for a RST that X did not send (C7).
func (c *connection) injectionSigns(s *wire.Segment) (signs detect.Sign) {
	ep, own := &c.ep[s.Dir], &c.ep[s.Dir].sp
	d := int(s.TTL) - int(ep.ttl)
	if c.onlyCame(s) {
		signs |= detect.SignNotSent
	}
	if c.atReceiver(s.Dir, s.Ref) {
		d -= c.x.taps.ttl[s.Dir] // between the taps are routers, too
	}
	if ep.ttl != 0 && (d > 2 || d < -2) {
		signs |= detect.SignTTL
	}
	if s.HasIPID && s.IPID != 0 && ep.ipid != 0 && !follows(ep.ipid, s.IPID) && c.idsRun(s) {
		signs |= detect.SignIPID
	}
	if c.answeredTooSoon(s) {
		signs |= detect.SignTooSoon
	}
	if s.Flags.Has(wire.ACK) && s.Seq == own.Next && own.Has(reassembly.KnownTS) && (ep.has(likeLinux) || !ep.has(synSeen)) &&
		s.Options.Has&(wire.OptTimestamps|wire.OptIncomplete) == 0 {
		signs |= detect.SignNoTimestamp
	}
	if s.Len > 0 {
		signs |= detect.SignPayload
	}
	answers, _ := c.ep[c.peer(s.Dir)].asked(s.Seq, c.trail)
	if answers == 0 && own.Has(reassembly.KnownNext) && s.Seq.Less(own.Next) && s.Seq != 0 && own.Next.Diff(s.Seq) > 1 && own.Una != s.Seq {
		signs |= detect.SignBehind
	}
	return signs
}

// follows reports whether IPv4 id b comes after a in a run.
func follows(a, b uint16) bool {
	const most = 64 // segments of other connections between them
	d := b - a
	return d > 0 && d <= most
}

// idsRun reports whether the IPv4 ids of the segments that X sent before s run: of some
// stacks they are drawn at random.
func (c *connection) idsRun(s *wire.Segment) bool {
	ep, steps := &c.ep[s.Dir], 0
	var after *remembered
	for n, left := ep.recent, recentSize; left > 0; left-- {
		r := c.trail.recent.at(n)
		if r == nil {
			break
		}
		n = r.prev
		if r.ipid == s.IPID && r.before(s) == 0 {
			continue // s itself
		}
		if after != nil {
			if !follows(r.ipid, after.ipid) {
				return false
			}
			steps++
		}
		after = r
	}
	return steps > 0
}

// answeredTooSoon reports whether s, a bare RST of X, answers none of Y's last segments:
// it was captured sooner after one than the path to X and back takes at least, and later
// after the one before than it takes at most.
func (c *connection) answeredTooSoon(s *wire.Segment) bool {
	const least = 10e6 // below that other things take as long as the path
	y := c.peer(s.Dir)
	rtt, ok := c.ep[y].sp.RTT()
	guard := c.guard(s.Dir)
	if c.atReceiver(s.Dir, s.Ref) { // it would have come from the other tap, which took the times
		rtt = c.roundTrip()
		guard = max(guard, rtt+rtt/2)
	}
	if s.Flags.Has(wire.ACK) || !ok || rtt < least || c.flags&midStream != 0 {
		return false
	}
	soon := false
	for n, left := c.ep[y].recent, recentSize; left > 0; left-- {
		r := c.trail.recent.at(n)
		if r == nil {
			break
		}
		switch lag := r.before(s); {
		case lag < rtt-rtt/4:
			soon = true
		default:
			return soon && lag > guard
		}
		n = r.prev
	}
	return false
}
