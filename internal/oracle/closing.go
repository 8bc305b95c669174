package oracle

import (
	"slices"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// fin is a side's FIN: its number and first captured transmission.
type fin struct {
	known  bool
	seq    wire.Seq
	first  int  // index of the first captured segment that carries it
	repeat bool // the first captured one is not the first sent
	copies int  // how many more were captured
}

// closing checks how the record says that the connection ended against the
// FINs' numbers (inference C1 to C4) and the resets.
func (c *exam) closing() {
	fins := [2]fin{c.findFIN(client), c.findFIN(server)}
	c.kind(fins)
	if !c.self {
		c.closer(fins)
		c.merged(fins)
	}
	c.finalAck(fins)
	c.finRetransmits(fins)
	c.timeWaits(fins)
	c.dwell()
}

// findFIN finds the FIN that the side's last snd.FIN is about.
func (c *exam) findFIN(k int) (f fin) {
	n := c.lastOn(k, "snd.FIN")
	if n < 0 {
		return f
	}
	t := &c.conn.Transitions[n]
	at := c.cited(t)
	if at < 0 {
		f.repeat = true // it left before anything of it was captured
		at = c.nextFIN(k, max(c.confirming(t), 0))
	}
	if at < 0 {
		return f
	}
	f.known, f.seq, f.first = true, c.segs[at].FINSeq(), at
	for i := range c.segs {
		s := &c.segs[i]
		switch mine := c.sentBy(i, k); {
		case s.Flags.Has(wire.RST):
		case i > at && mine && s.Flags.Has(wire.FIN) && s.FINSeq() == f.seq:
			f.copies++
		case i < at && (mine && s.Seq == f.seq+1 || !mine && acksFIN(s, f.seq)):
			f.repeat = true
		}
	}
	return f
}

func (c *exam) lastOn(k int, on string) int {
	for _, i := range slices.Backward(c.sides[k].trs) {
		if c.conn.Transitions[i].On == on {
			return i
		}
	}
	return -1
}

func (c *exam) nextFIN(k, from int) int {
	for i := from; i < len(c.segs); i++ {
		if c.sentBy(i, k) && c.segs[i].Flags.Has(wire.FIN|wire.ACK) {
			return i
		}
	}
	return -1
}

// passed reports whether a side's path leads through a state.
func (c *exam) passed(k int, state string) bool {
	return slices.ContainsFunc(c.sides[k].trs, func(i int) bool { return c.conn.Transitions[i].To == state })
}

// closes reports whether a side sent a FIN: by its path, or (mid-stream, where
// the path may not tell) by a captured one or a state that only a FIN leads to.
func (c *exam) closes(k int) bool {
	after := func(state string) bool { return c.passed(k, state) }
	return c.lastOn(k, "snd.FIN") >= 0 ||
		c.conn.Open.Kind == "mid-stream" && (c.nextFIN(k, 0) >= 0 || slices.ContainsFunc(closedToSend, after))
}

// kind checks close.kind against the paths and the resets.
func (c *exam) kind(fins [2]fin) {
	cl := &c.conn.Close
	one, both := c.closes(client) || c.closes(server), c.closes(client) && c.closes(server)
	if c.self {
		both = one
	}
	switch cl.Kind {
	case "four-segment", "three-segment", "simultaneous":
		if !both {
			c.bad(whole(), "3.6", "%s, but not both sides sent a FIN", cl.Kind)
		}
	case "half-closed":
		if both && !c.self || !one {
			c.bad(whole(), "3.6.1", "half-closed, but not by one FIN")
		}
	case "reset":
		c.resetKind(fins)
	}
	if cl.Reset != nil {
		c.closeReset(cl.Reset)
	}
	if both && !c.self && slices.Contains([]string{"none", "half-closed", "timeout", "superseded"}, cl.Kind) {
		c.bad(whole(), "records", "%s, but both sides sent a FIN", cl.Kind)
	}
}

// resetKind: the reset came before both FINs were acknowledged.
func (c *exam) resetKind(fins [2]fin) {
	r := c.conn.Close.Reset
	if r == nil {
		c.bad(whole(), "records", "reset, but by none")
		return
	}
	at := c.seg(ref(&r.Frame, r.File))
	if at < 0 || !fins[client].known || !fins[server].known {
		return
	}
	if c.acked(server, fins[client], at) >= 0 && c.acked(client, fins[server], at) >= 0 &&
		fins[client].copies+fins[server].copies == 0 {
		c.bad(whole().with(at), "records", "reset, but both FINs had been acknowledged")
	}
}

func (c *exam) closeReset(r *report.ResetCause) {
	at := c.seg(ref(&r.Frame, r.File))
	switch {
	case at < 0 || !c.segs[at].Flags.Has(wire.RST):
		c.bad(whole(), "records", "close.reset: frame %d is no RST", r.Frame)
	case r.By != report.SideUnknown && !c.sentBy(at, c.sideNamed(r.By)):
		c.bad(whole().with(at), "records", "close.reset: not by the %s", r.By)
	}
}

// acked finds a segment of side k before index until that acknowledges a FIN.
// The ACK of a FIN of which only repeats were captured may come before them.
func (c *exam) acked(k int, f fin, until int) int {
	from := f.first + 1
	if f.repeat {
		from = 0
	}
	for i := from; i < until; i++ {
		if s := &c.segs[i]; c.sentBy(i, k) && acksFIN(s, f.seq) && !s.Flags.Has(wire.RST) {
			return i
		}
	}
	return -1
}

// acksFIN reports whether s acknowledges a FIN: exactly it, as nothing follows
// it but other incarnations.
func acksFIN(s *wire.Segment, fin wire.Seq) bool {
	return s.Flags.Has(wire.ACK) && s.Ack == fin+1
}

// closer is C1: who had the other's FIN when it sent its own. A FIN that is
// known from a repeat only says so when it does not acknowledge the other.
func (c *exam) closer(fins [2]fin) {
	cl := &c.conn.Close
	first, last := report.Side(""), report.Side("")
	var knew [2]bool
	for k := range fins {
		mine, other := fins[k], fins[1-k]
		if !mine.known || !other.known {
			return
		}
		knew[k] = acksFIN(&c.segs[mine.first], other.seq)
		if knew[k] && mine.repeat {
			c.byPath(whole())
			return
		}
	}
	switch {
	case knew[client] && knew[server]:
		c.bad(whole(), "3.6", "each FIN acknowledges the other")
		return
	case knew[client]:
		first, last = report.Server, report.Client
	case knew[server]:
		first, last = report.Client, report.Server
	default:
		first = report.SideBoth
	}
	if cl.FirstCloser != first {
		c.bad(whole(), "inference C1", "first closer %s, by the FINs' ACKs it is %s", cl.FirstCloser, first)
	}
	if k := c.sideNamed(last); k >= 0 && c.passed(k, timeWait) {
		c.bad(c.of(k), "3.10.7.4", "TIME-WAIT, but its FIN acknowledged the peer's")
	}
	c.byPath(whole())
}

// byPath is 3.6: who closes first goes to FIN-WAIT-1, who closes after it has
// the other's FIN to LAST-ACK.
func (c *exam) byPath(p place) {
	cl := &c.conn.Close
	active := [2]bool{c.passed(client, finWait1), c.passed(server, finWait1)}
	want := report.SideBoth
	switch {
	case active[client] && active[server]:
	case active[client] && c.passed(server, lastAck):
		want = report.Client
	case active[server] && c.passed(client, lastAck):
		want = report.Server
	default:
		return
	}
	if cl.FirstCloser != want {
		c.bad(p, "3.6", "first closer %s, by the states it is %s", cl.FirstCloser, want)
	}
	crossed := cl.Kind == "simultaneous"
	if crossed != (want == report.SideBoth) && cl.Kind != "reset" {
		c.bad(p, "3.6", "%s, but by the states the first closer is %s", cl.Kind, want)
	}
}

// merged is C2: whether the passive closer's first ACK of the FIN carried its
// own FIN.
func (c *exam) merged(fins [2]fin) {
	cl := &c.conn.Close
	x := c.sideNamed(cl.FirstCloser)
	if x < 0 || !fins[x].known || !fins[1-x].known || fins[1-x].repeat {
		return
	}
	i := c.acked(1-x, fins[x], len(c.segs))
	if i < 0 {
		return
	}
	want := "four-segment"
	if s := &c.segs[i]; s.Flags.Has(wire.FIN) && s.FINSeq() == fins[1-x].seq {
		want = "three-segment"
	}
	if cl.Kind != want && cl.Kind != "reset" {
		c.bad(whole().with(i), "inference C2", "%s, but the first ACK of the FIN makes it %s", cl.Kind, want)
	}
}

// finalAck checks final_ack: whether the last FIN's ACK was captured, and the
// FIN came again after it.
func (c *exam) finalAck(fins [2]fin) {
	cl := &c.conn.Close
	if cl.FinalAck == "" || c.self || !fins[client].known || !fins[server].known {
		return
	}
	seen, again := true, false
	for k := range fins {
		at := c.acked(1-k, fins[k], len(c.segs))
		seen = seen && at >= 0
		again = again || at >= 0 && c.nextFIN(k, at+1) >= 0
	}
	switch {
	case cl.FinalAck != "unseen" && !seen:
		c.bad(whole(), "inference C4", "final_ack %s, but a FIN is never acknowledged", cl.FinalAck)
	case cl.FinalAck == "unseen" && seen:
		c.bad(whole(), "inference C4", "final_ack unseen, but both FINs are acknowledged")
	case cl.FinalAck == "lost" && !again:
		c.bad(whole(), "inference C4", "final_ack lost, but no FIN came again after its ACK")
	}
}

// finRetransmits recounts the FINs that were captured again.
func (c *exam) finRetransmits(fins [2]fin) {
	told := [2]int{c.conn.Close.FINRetransmits.Client, c.conn.Close.FINRetransmits.Server}
	for k, f := range fins {
		if !f.known || c.self {
			continue
		}
		lo, hi := f.copies-c.duplicates(k, wire.FIN), f.copies
		if f.repeat {
			hi++ // the first one captured was one, too
		}
		if told[k] < lo || told[k] > hi {
			c.bad(c.of(k), "records", "%d FIN retransmissions, captured are %d to %d", told[k], lo, hi)
		}
	}
}

// timeWaits checks who is in TIME-WAIT and until when.
func (c *exam) timeWaits(fins [2]fin) {
	for k := range c.sides {
		s := &c.sides[k]
		switch {
		case s.end.State != timeWait && s.end.TimeWaitUntil != nil:
			c.bad(c.of(k), "records", "time_wait_until in %s", s.end.State)
		case s.end.State == timeWait && s.end.TimeWaitUntil == nil:
			c.bad(c.of(k), "records", "TIME-WAIT without an end")
		case s.end.State == timeWait:
			c.until(k, *s.end.TimeWaitUntil, fins)
		}
		if n := c.lastOn(k, "timeout.2MSL"); n >= 0 && c.conn.Transitions[n].T != nil {
			c.until(k, *c.conn.Transitions[n].T, fins)
		}
	}
}

// until checks the end of TIME-WAIT: 2MSL after it was entered, or after a
// retransmission of the remote FIN (3.10.7.4, fifth and eighth), surely after
// one that the side was seen to acknowledge. Linux takes every segment with an
// ACK for one.
func (c *exam) until(k int, end time.Time, fins [2]fin) {
	const tolerance = time.Millisecond
	n := c.entry(k)
	if n < 0 || c.conn.Transitions[n].T == nil {
		return
	}
	restart := end.Add(-c.twoMSL)
	entered := *c.conn.Transitions[n].T
	starts, atLeast := c.restarts(k, c.cited(&c.conn.Transitions[n]), entered, fins[1-k])
	near := func(t time.Time) bool { return t.Sub(restart).Abs() <= tolerance }
	switch {
	case !slices.ContainsFunc(starts, near):
		c.bad(c.of(k), "3.10.7.4", "TIME-WAIT until %v: 2MSL earlier nothing restarts it (entered %v)", end, entered)
	case restart.Add(tolerance).Before(atLeast):
		c.bad(c.of(k), "3.10.7.4", "TIME-WAIT until %v, but a FIN acknowledged at %v restarted it", end, atLeast)
	}
}

func (c *exam) entry(k int) int {
	for _, i := range slices.Backward(c.sides[k].trs) {
		if c.conn.Transitions[i].To == timeWait {
			return i
		}
	}
	return -1
}

// restarts lists the moments at which 2MSL may have begun to run, and the last
// at which it surely did.
func (c *exam) restarts(k, entry int, entered time.Time, peer fin) (list []time.Time, sure time.Time) {
	list, sure = []time.Time{entered}, entered
	pending := -1
	for i := entry + 1; i < len(c.segs); i++ {
		s := &c.segs[i]
		at := time.Unix(0, s.Time)
		switch {
		case c.sentBy(i, 1-k) && s.Flags.Has(wire.ACK) && !s.Flags.Has(wire.RST) && !at.Before(entered):
			list = append(list, at)
			if peer.known && s.Flags.Has(wire.FIN) && s.FINSeq() == peer.seq {
				pending = i
			}
		case c.sentBy(i, k) && pending >= 0 && acksFIN(s, peer.seq) && echoes(s, &c.segs[pending]):
			sure = time.Unix(0, c.segs[pending].Time)
			list = append(list, at)
			pending = -1
		}
	}
	return list, sure
}

// echoes reports whether a segment's TSecr shows that its sender had received
// another segment (RFC 7323 section 3).
func echoes(by, s *wire.Segment) bool {
	return by.Options.Has&s.Options.Has&wire.OptTimestamps != 0 && int32(by.Options.TSEcr-s.Options.TSVal) >= 0
}

// dwell checks close_wait_s: from CLOSE-WAIT to LAST-ACK.
func (c *exam) dwell() {
	cl := &c.conn.Close
	if cl.CloseWait == nil {
		return
	}
	for k := range c.sides {
		var in, out *time.Time
		for _, i := range c.sides[k].trs {
			switch t := &c.conn.Transitions[i]; {
			case t.To == closeWait:
				in = t.T
			case t.From == closeWait:
				out = t.T
			}
		}
		if in != nil && out != nil && (out.Sub(*in)-seconds(*cl.CloseWait)).Abs() > time.Millisecond {
			c.bad(c.of(k), "records", "close_wait_s %v, but CLOSE-WAIT lasted %v", *cl.CloseWait, out.Sub(*in))
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
