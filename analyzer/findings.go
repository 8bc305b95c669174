package analyzer

import (
	"time"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// findings runs the detectors over a connection that is final and names what
// they found in its record.
func (a *Analyzer) findings(c *connection, r *report.Connection) []report.Finding {
	list := detect.Run(a.input(c, r))
	for i := range list {
		if f := &list[i]; len(r.Findings) == 0 || r.Findings[len(r.Findings)-1] != f.ID {
			r.Findings = append(r.Findings, f.ID)
		}
	}
	return list
}

// input is what the detectors see of c.
func (a *Analyzer) input(c *connection, r *report.Connection) *detect.Input {
	in := &detect.Input{Conn: r, Now: stamp(a.now), Stack: a.opt.Stack.Name, Multi: a.opt.Files > 1}
	for i := range uint8(c.flip + 1) {
		side := i
		if c.client != 0 {
			side = c.peer(i)
		}
		ep := &c.ep[side]
		in.SYN[i] = sent2(ep.syn.ref, ep.syn.lastRef, ep.syn.t, ep.syn.last, ep.syn.copies)
		in.FIN[i] = sent2(ep.fin.ref, ep.fin.lastRef, ep.fin.t, ep.fin.last, ep.fin.copies)
		in.FINAcked[i] = sent2(ep.finAck.ref, ep.finAck.lastRef, ep.finAck.t, ep.finAck.lastT, 0)
		in.TwoMSL[i] = time.Duration(a.twoMSL(c, side))
	}
	if server := &c.ep[c.peer(c.client)]; server.has(synAckSeen) {
		in.SYNACK = sent2(server.synAck.ref, server.synAck.lastRef, server.synAck.t, server.synAck.last, server.syn.replies)
	}
	if c.x == nil {
		return in
	}
	in.Copies, in.LostNotes = c.x.copies, int(c.x.lostNote)
	for _, n := range c.x.notes {
		in.Notes = append(in.Notes, detect.Note{Kind: n.kind, Side: c.side(n.side), Frame: n.ref.Frame(),
			File: n.ref.File(), Time: stamp(n.t), Value: n.val})
	}
	if u := c.x.reuse; u != nil {
		in.ReuseHolder, in.ReuseUnsafe = c.side(u.holder), u.unsafe
	}
	in.Taps = c.tapsInput()
	return in
}

// sent2 fills a detect.Sent.
func sent2(ref, last wire.FrameRef, t, lastT int64, copies uint32) detect.Sent {
	if ref == 0 {
		return detect.Sent{}
	}
	if last == 0 {
		last, lastT = ref, t
	}
	return detect.Sent{Frame: ref.Frame(), File: ref.File(), Time: stamp(t),
		LastFrame: last.Frame(), LastFile: last.File(), LastTime: stamp(lastT), Copies: int(copies)}
}

// tapsInput says what is known of a second tap.
func (c *connection) tapsInput() *detect.Taps {
	t := c.x.taps
	if t == nil {
		return nil
	}
	out := &detect.Taps{}
	for i := range uint8(c.flip + 1) {
		k := 0
		if c.side(i) == report.Server {
			k = 1
		}
		out.Copies[k], out.Delay[k], out.Frame[k] = t.copies[i], time.Duration(t.min[i]), t.ref[i].Frame()
	}
	return out
}
