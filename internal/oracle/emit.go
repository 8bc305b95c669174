package oracle

import (
	"slices"

	"github.com/lastack/lastack/wire"
)

// emission checks that a captured segment of the side is one that an endpoint
// in the record's state sends: what was sent is fact, so a state that could
// not have sent it is wrong.
func (p *player) emission(i int) {
	s := &p.segs[i]
	if p.self || !p.sentBy(i, p.k) || s.Flags.Has(wire.RST) || !p.ours(s) {
		return
	}
	var rule, why string
	for _, state := range append(p.crossed(p.sentAt(s)), p.visited...) {
		e := p.e
		e.state = state
		if rule, why = e.maySend(s); why == "" {
			return
		}
	}
	if !p.stale(i) {
		p.bad(p.of(p.k).with(i), rule, "%v in %v: %s", s.Flags, p.visited, why)
	}
}

// crossed lists the states that the side had left, as the tap sees it, by
// receipts so fresh that s may have crossed them.
func (p *player) crossed(now int64) (states []string) {
	for _, l := range p.left {
		if now <= l.until {
			states = append(states, l.state)
		}
	}
	return states
}

// sentAt is the latest moment, in the tap's time, at which the side can have
// sent s. Timestamps tell when the network held it up: with the usual tick of
// 1 ms no segment passes the tap sooner after the others than its TSval says.
// Another tick only makes the moment too early.
func (p *player) sentAt(s *wire.Segment) int64 {
	if s.Options.Has&wire.OptTimestamps == 0 || p.clock == nil {
		return s.Time
	}
	return min(s.Time, p.clock.Time+int64(int32(s.Options.TSVal-p.clock.Options.TSVal))*1e6)
}

// promptest is the segment of a side that took least time to the tap, by its
// TSval; nil without timestamps.
func (c *exam) promptest(k int) (best *wire.Segment) {
	for i := range c.segs {
		s := &c.segs[i]
		if c.from[i] != k || s.Options.Has&wire.OptTimestamps == 0 {
			continue
		}
		if best == nil || s.Time-best.Time < int64(int32(s.Options.TSVal-best.Options.TSVal))*1e6 {
			best = s
		}
	}
	return best
}

// unmeasured is the round trip taken where none was measured, in ns.
const unmeasured = 200e6

// roundTrip is the longest that a side took to answer what the tap saw pass
// to it, in ns: data or a SYN, sent once, to the ACK of it. The longest, as
// the oracle must be sure when it says that a side had time to know better.
func (c *exam) roundTrip(k int) int64 {
	most := int64(-1)
	var asked *wire.Segment
	for i := range c.segs {
		s := &c.segs[i]
		switch {
		case c.self || s.Flags.Has(wire.RST):
		case c.from[i] != k && asked != nil && asked.Seq == s.Seq && asked.Flags != s.Flags:
			// its SYN, and then its SYN,ACK
		case c.from[i] != k && s.SegLen() > 0:
			if asked != nil && !asked.Seq.Less(s.Seq) {
				asked = nil // sent again
				continue
			}
			asked = s
		case c.from[i] == k && asked != nil && s.Flags.Has(wire.ACK) && asked.End().LessEq(s.Ack):
			most = max(most, s.Time-asked.Time)
			asked = nil
		}
	}
	if most < 0 {
		return unmeasured
	}
	return most
}

// maySend says why an endpoint in this state does not send s, if so.
func (e *endpoint) maySend(s *wire.Segment) (rule, why string) {
	switch {
	case e.state == unknown:
		return "", ""
	case s.Flags.Has(wire.SYN):
		return e.maySendSYN(s)
	case !s.Flags.Has(wire.ACK):
		return "", "" // a malformed segment tells nothing
	case e.state == closed:
		return "3.10.7.1", "CLOSED sends nothing but RSTs"
	case e.state == listen:
		return "3.10.7.2", "LISTEN sends nothing but RSTs"
	case e.state == synSent:
		return "3.10.7.3", "SYN-SENT has nothing to acknowledge"
	case s.Flags.Has(wire.FIN) && !slices.Contains(sendsFIN, e.state):
		return "3.10.4", "a FIN is sent in FIN-WAIT-1, CLOSING and LAST-ACK only"
	case e.state == synReceived && s.Len > 0 && !e.passive:
		return "3.10.2", "data is queued until ESTABLISHED"
	case slices.Contains(closedToSend, e.state) && e.hasFIN && (e.fin + 1).Less(s.End()):
		return "3.10.2", "octets after the FIN"
	}
	return e.mayAck(s)
}

// sendsFIN are the states that a FIN leads to, in which it may be sent again;
// closedToSend those in which a SEND is refused.
var (
	sendsFIN     = []string{finWait1, closing, lastAck}
	closedToSend = []string{finWait1, finWait2, closing, lastAck, timeWait}
	hadFIN       = []string{closeWait, closing, lastAck, timeWait}
)

func (e *endpoint) maySendSYN(s *wire.Segment) (rule, why string) {
	withACK := s.Flags.Has(wire.ACK)
	switch {
	case e.state == synSent && !withACK, e.state == synReceived && withACK:
		return "", ""
	case e.state == synReceived && !e.passive:
		return "", "" // the SYN again, before the SYN,ACK
	case withACK && e.state == finWait1 && e.early:
		return "", "" // from the front of the retransmission queue (3.10.8)
	case withACK:
		return "3.10.7.2", "a SYN,ACK is sent in SYN-RECEIVED only"
	}
	return "3.10.1", "a SYN is sent in SYN-SENT only"
}

// mayAck holds SEG.ACK against the receipt of the peer's FIN: who has
// received it acknowledges it from then on, and who acknowledges it has
// received it (3.10.7.4, eighth).
func (e *endpoint) mayAck(s *wire.Segment) (rule, why string) {
	fin, ok := e.peerFIN()
	if !ok || !near(s.Ack, fin) {
		return "", ""
	}
	acks, had := fin.Less(s.Ack), slices.Contains(hadFIN, e.state)
	switch {
	case acks && !had:
		return "3.10.7.4", "it acknowledges the peer's FIN"
	case had && !acks:
		return "3.10.7.4", "it does not acknowledge the peer's FIN"
	}
	return "", ""
}

// peerFIN is the number of the peer's FIN, if one ends what was captured.
func (e *endpoint) peerFIN() (wire.Seq, bool) {
	if len(e.rx.fins) == 0 {
		return 0, false
	}
	end := e.rx.base.Add(uint32(e.rx.have[len(e.rx.have)-1].hi))
	return end - 1, e.rx.finAt(end - 1)
}

// stale reports a copy of an earlier segment of the side, or one that the
// network delayed: it was sent in a state of long ago (inference E7).
func (p *player) stale(i int) bool {
	s := &p.segs[i]
	for j := p.life; j < i; j++ {
		if p.sentBy(j, p.k) && (copyOf(&p.segs[j], s) || overtook(&p.segs[j], s)) {
			return true
		}
	}
	return false
}

// copyOf reports whether b is the very packet a, captured again.
func copyOf(a, b *wire.Segment) bool {
	const soon = 5e6 // ns
	return alike(a, b) && (a.HasIPID && a.IPID != 0 || b.Time-a.Time < soon)
}

// alike reports whether nothing in two segments tells them apart.
func alike(a, b *wire.Segment) bool {
	return a.Seq == b.Seq && a.Ack == b.Ack && a.Len == b.Len && a.Flags == b.Flags &&
		a.Window == b.Window && a.Sum == b.Sum && a.IPID == b.IPID &&
		a.Options.TSVal == b.Options.TSVal && a.Options.TSEcr == b.Options.TSEcr
}

// overtook reports whether a, captured before b, was sent after it.
func overtook(a, b *wire.Segment) bool {
	if !near(a.Seq, b.Seq) {
		return false
	}
	if a.Options.Has&b.Options.Has&wire.OptTimestamps != 0 {
		if d := int32(a.Options.TSVal - b.Options.TSVal); d != 0 {
			return d > 0
		}
	}
	return a.Flags.Has(wire.ACK) && !a.Flags.Has(wire.RST) && b.Flags.Has(wire.ACK) && near(a.Ack, b.Ack) && b.Ack.Less(a.Ack)
}
