package truth

import "github.com/lastack/lastack/wire"

type pick func(*numbered) bool

func sent(f *numbered) bool     { return f.sent }
func received(f *numbered) bool { return f.received }
func every(*numbered) bool      { return true }
func fin(f *numbered) bool      { return f.Whole && f.Flags.Has(wire.FIN) }
func rst(f *numbered) bool      { return f.Whole && f.Flags.Has(wire.RST) }
func ack(f *numbered) bool      { return f.Whole && f.Flags.Has(wire.ACK) }
func ackOrFin(f *numbered) bool { return ack(f) || fin(f) }
func synAck(f *numbered) bool   { return f.Whole && f.Flags.Has(wire.SYN|wire.ACK) }
func syn(f *numbered) bool      { return f.Whole && f.Flags&(wire.SYN|wire.ACK) == wire.SYN }
func anySYN(f *numbered) bool   { return f.Whole && f.Flags.Has(wire.SYN) }
func icmp(f *numbered) bool     { return !f.Whole }

// first is the first frame in [from, to] that passes both tests.
func (m *merger) first(from, to int64, p, q pick) *numbered {
	for i := range m.frames {
		if f := &m.frames[i]; f.T >= from && f.T <= to && p(f) && q(f) {
			return f
		}
	}
	return nil
}

// last is the last frame in [from, to] that passes both tests.
func (m *merger) last(from, to int64, p, q pick) *numbered {
	for i := len(m.frames) - 1; i >= 0; i-- {
		if f := &m.frames[i]; f.T >= from && f.T <= to && p(f) && q(f) {
			return f
		}
	}
	return nil
}

// receipts says which received segment can bring an endpoint into a state.
var receipts = map[string]pick{
	"SYN_RECV":    anySYN,
	"ESTABLISHED": ack,
	"CLOSE_WAIT":  every, // data can fill the hole before a FIN that came earlier
	"CLOSING":     every,
	"FIN_WAIT2":   ack,
}

// sendings says which sent segment goes with a state entered by a call.
var sendings = map[string]pick{
	"SYN_SENT":  syn,
	"FIN_WAIT1": fin,
	"LAST_ACK":  fin,
}

// cause is the frame that goes with a trace event: the segment received just
// before it that can have brought it about, or the one that it sent.
func (m *merger) cause(e Event) *numbered {
	if e.New == "CLOSE" {
		return m.causeOfClose(e)
	}
	if p, ok := sendings[e.New]; ok {
		return m.first(e.T-near/10, m.until(e), sent, p)
	}
	if p, ok := receipts[e.New]; ok {
		return m.last(m.since(e), e.T, received, p)
	}
	return nil
}

// until is the time of the event after e: what e sent, left before it.
func (m *merger) until(e Event) int64 {
	for _, x := range m.events {
		if x.T > e.T && x.Sock == e.Sock {
			return x.T + near/10
		}
	}
	return 1<<63 - 1
}

// causeOfClose prefers what was received to the RST that answers it.
func (m *merger) causeOfClose(e Event) *numbered {
	from := m.since(e)
	if f := m.last(from, e.T, received, rst); f != nil {
		return f
	}
	if f := m.last(from, e.T, received, icmp); f != nil && e.Old == "SYN_SENT" {
		return f
	}
	got, own := m.last(from, e.T, received, every), m.first(e.T-near, e.T+near, sent, rst)
	switch {
	case own != nil && !ack(own): // it answers a segment; one with ACK is the socket's own
		return got
	case own != nil:
		return own
	case e.Old == "LAST_ACK":
		return m.last(from, e.T, received, m.acksFIN(e.T))
	case e.Old == "FIN_WAIT2", e.Old == "CLOSING": // what should have led to TIME_WAIT
		return got
	}
	return nil
}

// acksFIN picks segments that acknowledge the FIN that was sent last before t.
func (m *merger) acksFIN(t int64) pick {
	own := m.last(0, t, sent, fin)
	return func(f *numbered) bool {
		return own != nil && ack(f) && !f.Ack.Less(own.Seq.Add(uint32(len(own.Payload))+1))
	}
}
