package analyzer

import (
	"fmt"
	"slices"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// maxWatched bounds the segments kept for a ladder.
const maxWatched = 1 << 20

// watch collects the segments of the connection that Options.Watch names.
type watch struct {
	rows []report.Segment
	lost uint64
	done *report.Connection
}

// watchSegment keeps s for the ladder, if its connection is watched.
func (a *Analyzer) watchSegment(c *connection, s *wire.Segment, p *reassembly.Placement) {
	if c.id != a.opt.Watch {
		return
	}
	row := c.row(s)
	row.Kind = c.kindOf(s, p)
	row.Plain = p.Kind <= reassembly.New && s.Flags&(wire.SYN|wire.FIN|wire.RST) == 0
	y := c.peer(s.Dir)
	switch {
	case c.answered(s):
		row.Kind = "keepalive reply"
	case c.challenges(s, p):
		row.Kind = "challenge ACK"
	case p.DuplicateACK:
		row.Kind = "duplicate ACK"
	}
	switch {
	case p.Unseen > 0:
		row.Note = fmt.Sprintf("acknowledges %d B more than the capture has", p.Unseen)
	case c.twFrom[y] == s.Time && c.ep[y].shown.Is(fsm.TimeWait) && c.stateSince(y) < s.Time:
		row.Note = restarted
	}
	a.keep(row)
}

const restarted = "2MSL restarted"

// stateThen is the state of the receiver of a segment when it was captured.
func stateThen(c *report.Connection, row *report.Segment) (state string) {
	for i := range c.Transitions {
		t := &c.Transitions[i]
		if when := t.T; t.Side == row.From.Peer() && when != nil && !when.After(row.Time) {
			state = t.To
		}
	}
	return state
}

// kindOf names what s was by its numbers. A reset has none of its own: what it
// did is said elsewhere, but for one more after the connection was reset.
func (c *connection) kindOf(s *wire.Segment, p *reassembly.Placement) string {
	switch {
	case s.Flags.Has(wire.RST):
		if c.resetAgain(s) {
			return "repeated RST"
		}
		return ""
	case p.Kind == reassembly.Old && (s.SegLen() > 0 || !s.Flags.Has(wire.ACK)):
		if sp := &c.ep[s.Dir].sp; sp.Has(reassembly.KnownISS|reassembly.KnownNext) && sp.ISS.LessEq(s.Seq) && s.End().LessEq(sp.Next) {
			return "copy by the network" // its sender did not send it again
		}
		return "outside every window"
	}
	return p.Kind.String()
}

// resetAgain reports whether s is a RST to an end that is closed, from the
// sender of an earlier one.
func (c *connection) resetAgain(s *wire.Segment) bool {
	if c.x == nil || len(c.x.resets) == 0 || c.x.resets[0].side != s.Dir || c.x.resets[0].ref == s.Ref {
		return false
	}
	r := c.resetOf(s.Ref)
	return r == nil || r.effect == effectVoid
}

// answered reports whether s, just added, answered a keepalive probe.
func (c *connection) answered(s *wire.Segment) bool {
	return c.x != nil && slices.ContainsFunc(c.x.notes, func(n note) bool { return n.kind == detect.ProbeReply && n.ref == s.Ref })
}

// challenges reports whether s is the pure ACK with which a synchronized end
// answers a SYN or a RST that it does not take (RFC 5961).
func (c *connection) challenges(s *wire.Segment, p *reassembly.Placement) bool {
	if s.Len > 0 || s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) != wire.ACK || p.Acked || c.x == nil || len(c.x.resets) == 0 {
		return false
	}
	r := &c.x.resets[len(c.x.resets)-1]
	return r.side != s.Dir && r.effect == effectChallenged && c.ep[r.side].lastRef == r.ref
}

// watchCopy keeps a copy of a segment.
func (a *Analyzer) watchCopy(c *connection, s *wire.Segment, kind copyKind) {
	if c.id != a.opt.Watch {
		return
	}
	row := c.row(s)
	row.Kind = [...]string{"", "capture duplicate", "second tap"}[kind]
	a.keep(row)
}

func (a *Analyzer) keep(row report.Segment) {
	if len(a.view.rows) >= maxWatched {
		a.view.lost++
		return
	}
	a.view.rows = append(a.view.rows, row)
}

// row is s as a ladder shows it.
func (c *connection) row(s *wire.Segment) report.Segment {
	sp := &c.ep[c.peer(s.Dir)].sp
	scaled := sp.Has(reassembly.KnownRight)
	r := report.Segment{Frame: s.Ref.Frame(), File: s.Ref.File(), Time: stamp(s.Time), From: c.side(s.Dir),
		Flags: s.Flags.String(), Seq: uint32(s.Seq), Ack: uint32(s.Ack), HasAck: s.Flags.Has(wire.ACK),
		Len: s.Len, Window: uint32(s.Window), WindowCut: !s.WindowKnown(), ScaleKnown: scaled}
	if scaled && !s.Flags.Has(wire.SYN) {
		r.Window <<= sp.Scale
	}
	o := &s.Options
	if s.Flags.Has(wire.SYN) {
		if o.Has&wire.OptMSS != 0 {
			r.Options = append(r.Options, fmt.Sprintf("mss %d", o.MSS))
		}
		if o.Has&wire.OptWindowScale != 0 {
			r.Options = append(r.Options, fmt.Sprintf("ws %d", o.WindowScale))
		}
		if o.Has&wire.OptSACKPermitted != 0 {
			r.Options = append(r.Options, "sack")
		}
		if o.Has&wire.OptTimestamps != 0 {
			r.Options = append(r.Options, "ts")
		}
		if o.Has&wire.OptFastOpen != 0 {
			r.Options = append(r.Options, "fast open")
		}
	}
	if o.Has&wire.OptMPTCP != 0 {
		r.Options = append(r.Options, "mptcp")
	}
	return r
}

// Ladder returns the segments of the connection that Options.Watch names, once
// its record is final; nil if there was no such connection.
func (a *Analyzer) Ladder() *report.Ladder {
	if a.view.done == nil {
		return nil
	}
	l := &report.Ladder{Connection: a.view.done, Segments: a.view.rows, Dropped: a.view.lost}
	for i := range l.Segments {
		if row := &l.Segments[i]; row.Note == restarted && stateThen(l.Connection, row) != "TIME-WAIT" {
			row.Note = "" // what seemed to have led there was struck since
		}
	}
	for _, f := range l.Connection.Refuted {
		for i := range l.Segments {
			row := &l.Segments[i]
			file := 0
			if f.File != nil {
				file = *f.File
			}
			if row.Frame == f.Frame && row.File == file && row.From != f.Side {
				row.Lost, row.LostWhy = true, lostWhy(f.Why)
			}
		}
	}
	return l
}

// lostWhy says in words why a segment is known not to have arrived.
func lostWhy(why string) string {
	switch why {
	case whyFINAgain:
		return "lost: the FIN came again"
	case whySYNACKAgain:
		return "lost or not taken: the SYN,ACK came again"
	case "not-echoed":
		return "lost or late: later timestamps do not echo it"
	case "acknowledged-unsent":
		return "void: it acknowledges what was never sent"
	case "data-in-its-place":
		return "it was no FIN: data came at its number"
	case "sent-after-icmp":
		return "not taken: its receiver went on"
	case whyNotInOrder:
		return "waiting for what comes before it, by a SACK"
	case whySYNAgain:
		return "lost: the SYN came again"
	case "fin-not-acknowledged":
		return "lost: later segments do not acknowledge it"
	case "sent-after-reset":
		return "lost or not taken: its receiver went on"
	case "answered-by-reset":
		return "not taken: answered by a RST"
	case whyDead:
		return "not assumed to arrive: the peer is silent"
	}
	return why
}
