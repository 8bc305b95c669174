package analyzer

import (
	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// maxIncarnations bounds the incarnations and candidates of one key that are
// held at a time (I2).
const maxIncarnations = 8

// choose returns the connection that s belongs to, made when there is none.
func (a *Analyzer) choose(s *wire.Segment, hash uint64) *connection {
	index, ok := a.table.GetHashed(&s.Tuple, hash)
	if !ok {
		if s.Flags.Has(wire.RST) {
			return nil // a RST from an endpoint without a connection creates none (R7)
		}
		return a.open(s, nil, current)
	}
	head := a.held(index)
	switch {
	case s.Flags&(wire.SYN|wire.ACK|wire.RST) == wire.SYN:
		return a.chooseSYN(head, s)
	case s.Flags&(wire.SYN|wire.ACK|wire.RST) == wire.SYN|wire.ACK:
		return a.chooseSYNACK(head, s)
	case head.older < 0:
		return head
	}
	c := a.nearest(head, s)
	a.settleCandidates(head, c, s)
	if c.phase == past && head.phase == current && s.Time-head.start > head.guard(head.peer(s.Dir)) {
		head.oldDuplicate(s)
		a.moved(head)
	}
	return c
}

// oldDuplicate: s belongs to an earlier incarnation by its numbers (T5). Whether
// c would have taken it all the same is noted. A RST with exactly RCV.NXT is: no
// end looks at its ACK.
func (c *connection) oldDuplicate(s *wire.Segment) {
	y := c.peer(s.Dir)
	switch {
	case !s.Flags.Has(wire.RST):
		c.note(detect.OldDuplicate, s.Dir, s, s.Len)
		c.x.notes[len(c.x.notes)-1].fits = c.mayProcess(y, s) && !c.tooOldACK(y, s)
	case c.resetEffect(y, s) == effectClosed:
		c.note(detect.OldReset, s.Dir, s, 0)
		r := c.makeReset(s)
		r.old, r.effect = true, effectClosed
		c.remember(r)
		c.receive(y, fsm.RcvRST, s)
	}
}

// tooOldACK reports whether Y drops s for its ACK, more than a window below what
// was acknowledged before (RFC 5961 section 5.2).
func (c *connection) tooOldACK(y uint8, s *wire.Segment) bool {
	sp := &c.ep[y].sp
	return sp.Has(reassembly.KnownUna|reassembly.KnownRight) && s.Ack.Add(sp.Widest()).Less(sp.Una)
}

// chooseSYN: the incarnation whose ISS it repeats, else the second SYN of a
// simultaneous or split opening, else a new incarnation: at once when nothing
// of the current one lives or when nobody ever answered it, otherwise as a
// candidate (I2, I3).
func (a *Analyzer) chooseSYN(head *connection, s *wire.Segment) *connection {
	x := s.Dir
	for c := head; c != nil; c = a.next(c) {
		if c.isSYN(s) {
			if c == head && c.over(x, s) {
				k, _ := a.openSameISS(head, s)
				return k
			}
			a.settleCandidates(head, c, s)
			return c
		}
	}
	y := head.peer(x)
	for c := a.next(head); c != nil; c = a.next(c) {
		if c.phase == candidate && c.awaitsSYN(x) {
			return c
		}
	}
	if head.phase == current && head.awaitsSYN(x) {
		return head
	}
	closed := fsm.Of(fsm.Closed)
	switch {
	case head.ep[x].shown == closed && head.ep[y].shown == closed, head.ep[y].packets == 0:
		return a.succeed(head, s, x)
	}
	c := a.open(s, head, candidate)
	c.ep[x].flags |= flagIf(synMayBeOld, head.mayHaveSent(s))
	return c
}

// mayHaveSent reports whether s, a SYN, may be a late copy of that of c, which was
// open before the capture began: its number lies close below those captured, or its
// timestamp is older.
func (c *connection) mayHaveSent(s *wire.Segment) bool {
	last := &c.ep[s.Dir].sp
	if last.Has(reassembly.KnownISS) {
		return false
	}
	if last.Has(reassembly.KnownTS) && s.Options.Has&wire.OptTimestamps != 0 {
		return last.Older(s)
	}
	return last.Has(reassembly.KnownNext) && last.Begins(s.Seq)
}

// isSYN reports whether s is the SYN of c, or a copy of it. One with data, of
// which its answer was captured first, began as many octets before the ISS that
// was inferred from that.
func (c *connection) isSYN(s *wire.Segment) bool {
	sp := &c.ep[s.Dir].sp
	if !sp.Has(reassembly.KnownISS) {
		return false
	}
	if c.ep[s.Dir].syn.ref == 0 && s.Seq.Less(sp.ISS) && sp.ISS.LessEq(s.Seq.Add(s.Len)) {
		sp.ISS = s.Seq
	}
	return sp.ISS == s.Seq
}

// over reports whether c was established and has ended at both ends, so that a
// SYN of x with the ISS of c, much later than the last and with no older timestamp,
// is hardly a copy of its SYN.
func (c *connection) over(x uint8, s *wire.Segment) bool {
	const muchLater = 3e9 // than any stack sends a SYN again for the first time
	return c.ep[x].syn.ref != 0 && c.gone(x) && c.gone(c.peer(x)) && s.Time-c.lastTry(x) > muchLater+2*c.look(x).synGap &&
		!c.ep[x].sp.Older(s) && c.reached(x, fsm.Of(fsm.Established))
}

// openSameISS returns the candidate that s, a SYN with the ISS of an incarnation before
// or its answer, belongs to, and whether it has opened it: that of a late copy, until its opener
// acknowledges the answer. Small stacks choose the same ISS again.
func (a *Analyzer) openSameISS(head *connection, s *wire.Segment) (k *connection, anew bool) {
	for k := a.next(head); k != nil; k = a.next(k) {
		if sp := &k.ep[s.Dir].sp; k.flags&sameISS != 0 && k.phase == candidate && (sp.ISS == s.Seq || !sp.Has(reassembly.KnownISS)) {
			return k, false
		}
	}
	k = a.open(s, head, candidate)
	k.flags |= sameISS
	k.ep[s.Dir].flags |= flagIf(synMayBeOld, !s.Flags.Has(wire.ACK))
	return k, true
}

// answerOld: s is X's answer, with an ISS of its own, to a SYN of c, which it had
// answered before and been ESTABLISHED by. So c is over at X, and a late copy of the
// SYN came to its listener; or its opener chose the same ISS again. k is a request
// that Y has not made until it completes it.
func (a *Analyzer) answerOld(head, c *connection, s *wire.Segment) *connection {
	x, y := s.Dir, c.peer(s.Dir)
	k, anew := a.openSameISS(head, s)
	if !anew {
		return k
	}
	c.endedUnseen(x, s)
	k.flags |= firstSYNACKInferred
	sp := &k.ep[y].sp
	sp.ISS, sp.Next, sp.Edge = s.Ack-1, s.Ack, s.Ack
	sp.Known |= reassembly.KnownISS | reassembly.KnownNext
	k.setInitial(x, fsm.Of(fsm.Listen))
	e := c.receivedSYN(x, s)
	if e.t <= c.ep[x].lastTime {
		e.t = s.Time // it had been under way since
	}
	k.push(e)
	return k
}

// opened: the opener of c, whose SYN seemed a late copy, completes the handshake.
func (c *connection) opened(opener uint8, s *wire.Segment) {
	if c.flags&sameISS == 0 || c.kinds[opener].has(fsm.SndSYN) {
		return
	}
	c.push(event{t: c.start, by: s.Ref, sym: fsm.SndSYN, side: opener, basis: inferred})
	c.push(event{t: c.start, ref: c.first, by: s.Ref, sym: fsm.RcvSYNACK, side: opener, basis: confirmed})
}

// gone reports whether an end has closed, for good or but for its TIME-WAIT.
func (c *connection) gone(side uint8) bool {
	return c.ep[side].shown&^fsm.Of(fsm.Closed, fsm.Listen, fsm.TimeWait) == 0
}

// succeed opens a connection with s, which takes the place of head. opener
// sent its SYN.
func (a *Analyzer) succeed(head *connection, s *wire.Segment, opener uint8) *connection {
	c := a.open(s, head, current)
	a.supersede(head, c, opener)
	return c
}

// awaitsSYN reports whether a SYN of x, whose ISS is not known, would be the
// second one of a simultaneous or split opening.
func (c *connection) awaitsSYN(x uint8) bool {
	return !c.ep[x].sp.Has(reassembly.KnownISS) && c.ep[c.peer(x)].shown.Is(fsm.SynSent)
}

// chooseSYNACK: the incarnation whose SYN it acknowledges; a candidate becomes
// current by it.
func (a *Analyzer) chooseSYNACK(head *connection, s *wire.Segment) *connection {
	x := s.Dir
	for c := head; c != nil; c = a.next(c) {
		y := c.peer(x)
		syn := &c.ep[y].sp
		if c.ep[x].syn.ref != 0 && c.ep[x].sp.ISS == s.Seq && !syn.Has(reassembly.KnownISS) {
			return c // a simultaneous open, of which the peer's SYN was not captured
		}
		if !syn.Has(reassembly.KnownISS) || !syn.ISS.Less(s.Ack) || syn.ISS.Add(1+c.ep[y].syn.data).Less(s.Ack) {
			continue
		}
		if c.phase == candidate && c.ep[y].syn.ref != 0 && !c.ep[y].has(synMayBeOld) {
			a.promote(head, c, y)
		}
		switch anew := c.ep[x].sp.Has(reassembly.KnownISS) && c.ep[x].sp.ISS != s.Seq && !c.pastRequest(s); {
		case anew && a.saidBefore(head, s):
			continue // it is a copy of another's
		case anew && c.kinds[x].has(fsm.RcvSYN) && (c.reached(x, fsm.Of(fsm.Established)) || c.find(x, fsm.SndRST, sent) >= 0):
			return a.answerOld(head, c, s)
		case anew && c.kinds[x].has(fsm.RcvSYN):
			c.secondRequest(x, s)
		}
		return c
	}
	if closed := fsm.Of(fsm.Closed); head.ep[0].shown == closed && head.ep[1].shown == closed {
		return a.succeed(head, s, head.peer(x))
	}
	if own := &head.ep[x].sp; head.flags&midStream != 0 && own.Begins(s.Seq) {
		return a.nearest(head, s)
	}
	return a.open(s, head, candidate) // its SYN was not captured, or never was (I4)
}

// saidBefore reports whether an incarnation has the numbers of s, a SYN,ACK, as its
// sender's ISS and an answer to its peer's SYN.
func (a *Analyzer) saidBefore(head *connection, s *wire.Segment) bool {
	for c := head; c != nil; c = a.next(c) {
		own, syn := &c.ep[s.Dir].sp, &c.ep[c.peer(s.Dir)].sp
		if own.Has(reassembly.KnownISS) && own.ISS == s.Seq && syn.Has(reassembly.KnownISS) && syn.ISS.Less(s.Ack) &&
			!syn.ISS.Add(1+c.ep[c.peer(s.Dir)].syn.data).Less(s.Ack) {
			return true
		}
	}
	return false
}

// secondRequest: x answers the same SYN with another ISS. Its first request
// had gone: by a RST that it had received, or it had expired, unseen (I3).
func (c *connection) secondRequest(x uint8, s *wire.Segment) {
	if i := c.find(x, fsm.RcvRST, assumed); i >= c.request(x) {
		c.confirm(i, s.Ref)
	} else {
		c.push(event{t: s.Time, by: s.Ref, sym: fsm.TimeoutSYN, side: x, basis: inferred})
	}
	more := c.more(x)
	more.pastISS, more.expired = c.ep[x].sp.ISS, true
	c.ep[x].sp = reassembly.Space{ISS: s.Seq, Known: reassembly.KnownISS}
	c.scale()
	syn, _ := c.lastSYN(c.peer(x))
	c.push(event{t: syn.t, ref: syn.ref, by: s.Ref, sym: fsm.RcvSYN, side: x, basis: confirmed})
	c.ep[x].flags &^= ackOfSYNRefuted
}

// pastRequest reports whether s is a late copy of the SYN,ACK of a request that
// had expired before the present one.
func (c *connection) pastRequest(s *wire.Segment) bool {
	more := c.look(s.Dir)
	return s.Flags.Has(wire.SYN|wire.ACK) && more.expired && more.pastISS == s.Seq
}

// nearest returns the incarnation whose numbers are nearest to those of s: the
// larger of the distances of SEG.SEQ and SEG.ACK from what the two ends would
// send next. Numbers not known are left out (I2).
func (a *Analyzer) nearest(head *connection, s *wire.Segment) *connection {
	best, least := head, ^uint32(0)
	bare, y := s.Flags&(wire.RST|wire.ACK) == wire.RST, head.peer(s.Dir)
	for c := head; c != nil; c = a.next(c) {
		d, ok := c.distance(s)
		later := bare && d == least && best.ep[y].lastTime < c.ep[y].lastTime // it answers the last that came
		if ok && (d < least || later) {
			best, least = c, d
		}
	}
	return best
}

// distance is how far the numbers of s are from those of c.
func (c *connection) distance(s *wire.Segment) (uint32, bool) {
	x, y := s.Dir, c.peer(s.Dir)
	var d uint32
	known := false
	take := func(have, want wire.Seq) {
		n := have.Diff(want)
		d, known = max(d, uint32(max(n, -n))), true
	}
	refusal := s.Flags.Has(wire.RST|wire.ACK) && s.Seq == 0
	if c.ep[x].sp.Has(reassembly.KnownNext) && !refusal {
		take(s.Seq, c.ep[x].sp.Next)
	}
	if c.ep[y].sp.Has(reassembly.KnownNext) && s.Flags.Has(wire.ACK) {
		take(s.Ack, c.ep[y].sp.Next)
	}
	return d, known
}

// settleCandidates looks at what s, which belongs to c, says of the candidates
// of its key: an acknowledgment of a candidate's SYN makes it current; its
// sender going on with the current numbers makes it a stray SYN; a RST in the
// old numbers proves it genuine, and the old state of its sender gone.
func (a *Analyzer) settleCandidates(head, c *connection, s *wire.Segment) {
	if c.phase == candidate {
		a.settleOwn(head, c, s)
		return
	}
	if c.phase != current {
		return
	}
	for k := a.next(head); k != nil; k = a.next(k) {
		if k.phase != candidate || k.ep[s.Dir].syn.ref == 0 || k.find(s.Dir, fsm.SndSYN) < 0 {
			continue
		}
		switch {
		case s.Flags.Has(wire.RST):
			c.endBy(s.Dir, k.ep[s.Dir].syn.t, k.ep[s.Dir].syn.ref)
			c.details().challenged = s.Ref
			y := c.peer(s.Dir)
			d := k.details()
			d.challenges = append(d.challenges, challenge{ack: moment{c.ep[y].lastRef, c.ep[y].lastTime},
				rst: moment{s.Ref, s.Time}, state: c.ep[y].shown, older: c.olderSYN(k, s.Dir)})
		case s.Time-k.ep[s.Dir].syn.t > c.guard(s.Dir) && !c.ep[s.Dir].sp.Next.Less(s.Seq) && s.SegLen()+s.Len > 0:
			k.phase = stray
		}
	}
}

// olderSYN reports whether the timestamp of the SYN with which x opens k is older
// than the last that c had of x.
func (c *connection) olderSYN(k *connection, x uint8) bool {
	return k.ep[x].has(timestamps) && c.ep[x].sp.Has(reassembly.KnownTS) && int32(k.ep[x].syn.tsval-c.ep[x].sp.TSNewest) < 0
}

// settleOwn: s belongs to candidate c.
func (a *Analyzer) settleOwn(head, c *connection, s *wire.Segment) {
	y := c.peer(s.Dir)
	opener := y
	if c.ep[y].has(synAckSeen) && c.kinds[s.Dir].has(fsm.SndSYN) {
		opener = s.Dir
	}
	answered := c.ep[y].syn.ref != 0 && s.Flags.Has(wire.ACK) &&
		c.ep[y].sp.ISS.Less(s.Ack) && s.Ack.LessEq(c.ep[y].sp.Next)
	switch {
	case answered && s.Flags.Has(wire.RST):
		// It refused the new SYN, so its old connection is gone too (R7).
		head.endedUnseen(s.Dir, s)
	case answered && c.flags&firstSYNACKInferred != 0: // y sent a SYN,ACK, its SYN was not captured
		c.opened(s.Dir, s)
		a.promote(head, c, s.Dir)
	case answered:
		a.promote(head, c, opener)
	case c.ep[s.Dir].syn.ref != 0 && head.oneWay() && s.Flags.Has(wire.ACK) && c.ep[s.Dir].sp.ISS.Less(s.Seq):
		a.promote(head, c, s.Dir)
	}
}

// endedUnseen records that side's end of c was gone when it sent s.
func (c *connection) endedUnseen(side uint8, s *wire.Segment) {
	if c.ep[side].shown.Is(fsm.Closed) {
		return
	}
	c.unseenSince(s.Ref, c.ep[side].lastTime)
	c.push(event{t: s.Time, by: s.Ref, sym: silentEnd(c.ep[side].shown), side: side, basis: inferred})
}

// oneWay reports whether only one end was ever captured.
func (c *connection) oneWay() bool {
	return (c.ep[0].packets == 0) != (c.ep[1].packets == 0) && c.flip == 1
}

// promote makes candidate c the current incarnation in place of head. opener
// sent its SYN.
func (a *Analyzer) promote(head, c *connection, opener uint8) {
	c.ep[opener].flags &^= synMayBeOld
	a.unlink(head, c)
	a.supersede(head, c, opener)
}

// supersede puts c in front of head, whose ends, as far as they still live,
// end with c's SYN.
func (a *Analyzer) supersede(head, c *connection, opener uint8) {
	c.phase = current
	a.measureReuse(head, c, opener)
	t, ref := c.start, c.first
	if syn := &c.ep[opener].syn; syn.ref != 0 {
		t, ref = syn.t, syn.ref
	}
	if head.phase == current {
		head.ep[opener].flags |= startedAnew
		head.endBy(opener, t, ref)
		accepted := moment{ref, t}
		if syn, _ := c.lastSYN(opener); syn.ref != 0 {
			accepted = syn // the copy that was let in
		}
		head.endBy(head.peer(opener), accepted.t, accepted.ref)
		head.phase = past
		head.flags |= supersededFlag
		a.schedule(head, t+a.twoMSL(head, opener))
	}
	for k := a.next(head); k != nil; k = a.next(k) {
		if k.phase == candidate && k.start < c.start { // given up for this one
			k.phase = past
			k.endBy(opener, t, ref)
			k.flags |= supersededFlag
			a.schedule(k, t+a.twoMSL(k, opener))
		}
	}
	c.older = head.self
	head.flags &^= inTable
	a.enter(c, c.tuple.Hash(tableSeed))
	a.trim(c)
}

// endBy ends one end of c because a new incarnation began.
func (c *connection) endBy(side uint8, t int64, ref wire.FrameRef) {
	if c.ep[side].shown.Is(fsm.Closed) || c.ep[side].shown.Is(fsm.Listen) {
		return
	}
	c.push(event{t: t, ref: ref, sym: fsm.Superseded, side: side, basis: superseded})
}

// open makes a connection of its first segment s and links it to the key,
// before head if it is current, else behind it.
func (a *Analyzer) open(s *wire.Segment, head *connection, ph phase) *connection {
	c := a.alloc()
	c.tuple, c.id, c.phase = s.Tuple, s.Packet, ph
	c.first, c.start = s.Ref, s.Time
	c.last, c.end = s.Ref, s.Time
	c.older, c.incarnation, c.flip = -1, 1, 1
	hash := s.Tuple.Hash(tableSeed)
	c.trail = a.trailOf(hash)
	if c.tuple.Self() {
		c.flip = 0
	}
	for i := range c.ep {
		c.ep[i].initial = fsm.Of(fsm.Closed)
		if s.Flags&wire.SYN == 0 {
			c.ep[i].initial = fsm.Synchronized
		}
		c.ep[i].shown, c.ep[i].proved = c.ep[i].initial, c.ep[i].initial
	}
	if s.Flags&wire.SYN == 0 {
		c.flags |= midStream
	}
	if c.id == a.opt.Watch {
		c.flags |= watched
	}
	c.takeRole(s)
	a.live++
	a.dorm.opened++
	a.octets += connectionOctets
	switch {
	case head == nil:
		a.enter(c, hash)
	case ph == candidate:
		c.details().previous, c.incarnation = head.id, head.incarnation+1
		c.older = head.older
		head.older = c.self
		a.trim(head)
	default:
		c.details().previous, c.incarnation = head.id, head.incarnation+1
	}
	return c
}

// enter makes c the first of the connections of its key, whose hash is given.
func (a *Analyzer) enter(c *connection, hash uint64) {
	c.flags |= inTable
	a.table.PutHashed(&c.tuple, hash, uint32(c.self))
}

// takeRole decides which end is the client from the first segment (I6).
func (c *connection) takeRole(s *wire.Segment) {
	switch {
	case s.Flags&(wire.SYN|wire.ACK) == wire.SYN:
		c.client, c.role = s.Dir, roleSYN
	case s.Flags.Has(wire.SYN | wire.ACK):
		c.client, c.role = c.peer(s.Dir), roleSYNACK
	default:
		c.client, c.role = guessClient(&c.tuple), roleGuess
	}
}

// guessClient takes the lower port for the server's.
func guessClient(t *wire.FourTuple) uint8 {
	if t.Port[0] < t.Port[1] {
		return 1
	}
	return 0
}

// next returns the incarnation that follows c in the list of its key, or nil.
func (a *Analyzer) next(c *connection) *connection {
	if c.older < 0 {
		return nil
	}
	return a.at(c.older)
}

// unlink takes c out of the list that head begins.
func (a *Analyzer) unlink(head, c *connection) {
	for k := head; k != nil; k = a.next(k) {
		if k.older == c.self {
			k.older = c.older
			c.older = -1
			return
		}
	}
}

// trim finalises the oldest of a key's incarnations beyond the limit.
func (a *Analyzer) trim(head *connection) {
	n := 0
	var last *connection
	for c := head; c != nil; c = a.next(c) {
		n, last = n+1, c
	}
	if n > maxIncarnations {
		a.finish(last, finalSuperseded)
	}
}
