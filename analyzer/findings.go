package analyzer

import (
	"time"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// findings runs the detectors over a connection as it is now and names what they
// found in its record.
func (a *Analyzer) findings(c *connection, r *report.Connection, now int64) []report.Finding {
	return a.detect(a.input(c, r, now))
}

// detect is findings of what the detectors see.
func (a *Analyzer) detect(in *detect.Input) []report.Finding {
	r, room := in.Conn, &a.found
	if a.part != nil {
		room = &a.rec.found
	}
	list := detect.Run(in, (*room)[:0])
	if a.part == nil && (a.rec.kept || a.opt.OnRecord == nil) {
		a.found = nil // they may be kept
	} else {
		*room = list
	}
	r.Findings = r.Findings[:0]
	for i := range list {
		if f := &list[i]; len(r.Findings) == 0 || r.Findings[len(r.Findings)-1] != f.ID {
			r.Findings = append(r.Findings, f.ID)
		}
	}
	return list
}

// sifted reports whether nobody wants the records of a connection. It is counted
// all the same.
func (a *Analyzer) sifted(c *connection, in *detect.Input, now int64) bool {
	if a.part == nil || a.part.sieve == nil || a.part.sure {
		return false
	}
	a.late = lateDetail{c, in.Conn, now}
	in.Brief, in.Late = true, a.addTransitions
	found := a.detect(in)
	in.Brief, in.Late = false, nil
	a.nursery.cast(in.Conn, found)
	if a.part.sieve.Wants(in.Conn, found) {
		return false
	}
	a.sum.final(in.Conn, found)
	a.part.spare = append(a.part.spare, a.rec)
	return true
}

// lateDetail is what it takes to add the transitions to a record.
type lateDetail struct {
	c   *connection
	r   *report.Connection
	now int64
}

// input is what the detectors see of c, until the next call.
func (a *Analyzer) input(c *connection, r *report.Connection, now int64) *detect.Input {
	in := &a.in
	in.Clear()
	in.Conn, in.Now, in.Stack, in.Multi = r, stamp(now), a.opt.Stack.Name, a.opt.Files > 1
	for i := range uint8(c.flip + 1) {
		side := i
		if c.client != 0 {
			side = c.peer(i)
		}
		ep, more := &c.ep[side], c.look(side)
		sentAndAgain(&in.SYN[i], moment{ep.syn.ref, ep.syn.t}, &more.syn)
		sentAndAgain(&in.FIN[i], moment{ep.fin.ref, ep.fin.t}, &more.fin)
		sentBetween(&in.FINAcked[i], ep.finAck, more.finAcked)
		in.Last[i] = mark(moment{ep.lastRef, ep.lastTime})
		in.Unseen[i] = mark(more.missed)
		in.TwoMSL[i] = time.Duration(a.twoMSL(c, side))
		in.TimeWaits[i] = a.timeWaitOf(c, side, now)
		in.Taken[i], in.LeftUnanswered[i] = c.taken(side), ep.has(leftUnanswered)
		in.Pauses[i] = [2]time.Duration{c.ep[side].pauses.longest.duration(), c.ep[side].pauses.last.duration()}
	}
	in.SYNStamp = c.ep[c.client].syn.tsval
	if server := c.peer(c.client); c.ep[server].has(synAckSeen) {
		sentAndAgain(&in.SYNACK, c.firstReply(server), &c.look(server).synAck)
	}
	if c.x == nil {
		return in
	}
	in.Copies, in.LostNotes = c.x.copies, int(c.x.lostNote)
	sentBetween(&in.Copied, c.x.copied.first, c.x.copied.last)
	sentBetween(&in.HalfClose, c.x.half.sent.first, c.x.half.sent.last)
	in.OnlyAlert = c.x.half.alert
	for i := range c.x.resets {
		r := &c.x.resets[i]
		in.Resets = append(in.Resets, detect.ResetDetail{Time: stamp(r.t), Idle: time.Duration(r.idle), Octets: r.octets, Signs: c.signs(r), Elsewhere: r.elsewhere, Unasked: r.unasked})
	}
	for _, k := range c.x.challenges {
		in.Challenges = append(in.Challenges, detect.Challenge{ACK: mark(k.ack), RST: mark(k.rst), State: k.state.String(), Older: k.older})
	}
	for _, n := range c.x.notes {
		in.Notes = append(in.Notes, detect.Note{Kind: n.kind, Side: c.side(n.side), Frame: n.ref.Frame(),
			File: n.ref.File(), Time: stamp(n.t), Value: n.val, Idle: time.Duration(n.idle), Fits: n.fits})
	}
	if u := c.x.reuse; u != nil {
		in.ReuseHolder, in.ReuseUnsafe, in.TimeWait = c.side(u.holder), u.unsafe, mark(u.wait)
	}
	in.Taps = c.tapsInput()
	return in
}

// timeWaitOf is when side was in TIME-WAIT, as far as it is known by now.
func (a *Analyzer) timeWaitOf(c *connection, side uint8, now int64) (x detect.Span) {
	if !a.courses[side].visited.Has(fsm.TimeWait) {
		return x
	}
	list := a.courses[side].list
	for i := range list {
		if !list[i].to.Is(fsm.TimeWait) {
			continue
		}
		x.From = list[i].t
		switch {
		case i+1 < len(list):
			x.Until = list[i+1].t
		default:
			x.Until = max(a.timeWaitOver(c, side), x.From)
		}
	}
	return x
}

// taken reports whether side has sent data, and all of it was acknowledged.
func (c *connection) taken(side uint8) bool {
	sp := &c.ep[side].sp
	return c.unique(side) > 0 && sp.Has(reassembly.KnownUna|reassembly.KnownNext) && sp.Next.LessEq(sp.Una)
}

// mark fills a detect.Mark.
func mark(m moment) detect.Mark {
	if m.ref == 0 {
		return detect.Mark{}
	}
	return detect.Mark{Frame: m.ref.Frame(), File: m.ref.File(), Time: stamp(m.t)}
}

// sentBetween fills a detect.Sent, which is empty, with the first and the last of several.
func sentBetween(sent *detect.Sent, first, last moment) {
	if first.ref == 0 {
		return
	}
	sent.Frame, sent.File, sent.Time = first.ref.Frame(), first.ref.File(), stamp(first.t)
	if last.ref == 0 || last == first {
		sent.LastFrame, sent.LastFile, sent.LastTime = sent.Frame, sent.File, sent.Time
		return
	}
	sent.LastFrame, sent.LastFile, sent.LastTime = last.ref.Frame(), last.ref.File(), stamp(last.t)
}

// sentAndAgain fills a detect.Sent with a first transmission and its copies.
func sentAndAgain(sent *detect.Sent, first moment, again *repeated) {
	sentBetween(sent, first, again.last)
	sent.Copies = int(again.n)
}

// tapsInput says what is known of a second tap.
func (c *connection) tapsInput() *detect.Taps {
	t := c.x.taps
	if t == nil {
		return nil
	}
	out := &detect.Taps{BothEnds: c.bothEnds() != nil}
	for i := range uint8(c.flip + 1) {
		k := 0
		if c.side(i) == report.Server {
			k = 1
		}
		out.Copies[k], out.Delay[k], out.Frame[k] = t.copies[i], time.Duration(t.min[i]), t.ref[i].Frame()
		out.File[k], out.Heard[k] = t.ref[i].File(), mark(t.heard[i])
	}
	for _, k := range t.acks {
		out.ACKs = append(out.ACKs, [2]detect.Mark{mark(k.near), mark(k.far)})
	}
	return out
}

// fragmentAttacks are those that d has seen, as the detector takes them.
func fragmentAttacks(d *wire.Decoder) (out []detect.FragmentAttack, more uint64) {
	list, more := d.FragmentAttacks()
	for _, a := range list {
		x := detect.FragmentAttack{Src: a.Src, Dst: a.Dst, Trick: a.Trick.String(), N: a.N, Lasted: time.Duration(a.Last - a.Time)}
		for _, ref := range a.First {
			if ref != 0 {
				x.First = append(x.First, detect.Mark{Frame: ref.Frame(), File: ref.File(), Time: stamp(a.Time)})
			}
		}
		out = append(out, x)
	}
	return out, more
}
