package analyzer

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// compat lets the machines of other tools take s, which its receiver dropped if bad
// says so: zeek.go, and Wireshark's completeness. The short way asks only whether data,
// or an ACK, of its sender say anything new to them: see follow.
func (c *connection) compat(s *wire.Segment, bad bool) {
	plain := s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK
	if plain && c.ep[s.Dir].has(said(s)) {
		c.zeekCounts(s)
		return
	}
	first := c.ep[0].letters == 0
	c.ep[s.Dir].complete |= completeness(s, first)
	c.zeek(s, bad)
	c.ep[s.Dir].flags |= flagIf(said(s), plain && !first)
}

// said is the flag for s, data or an ACK, having been told to other tools' machines.
func said(s *wire.Segment) endFlags {
	if s.Len > 0 {
		return saidData
	}
	return saidACK
}

// Bits of Wireshark's tcp.completeness.
const (
	completeSYN = 1 << iota
	completeSYNACK
	completeACK
	completeData
	completeFIN
	completeRST
)

// completeness is what s adds to Wireshark's completeness of its conversation
// (epan/dissectors/packet-tcp.c). A SYN counts if the conversation begins with it, and of
// the first frame nothing else; a FIN only with an ACK.
func completeness(s *wire.Segment, first bool) (n uint8) {
	data := uint8(0)
	if s.Len > 0 {
		data = completeData
	}
	switch kind := s.Flags & (wire.SYN | wire.ACK); {
	case first && kind == wire.SYN:
		return completeSYN | data
	case first:
		return 0
	case kind == wire.SYN|wire.ACK:
		n = completeSYNACK
	case kind == wire.ACK && data == 0:
		n = completeACK
	case kind == wire.ACK:
		n = data
	}
	if s.Flags.Has(wire.FIN | wire.ACK) {
		n |= completeFIN
	}
	if s.Flags.Has(wire.RST) {
		n |= completeRST
	}
	return n
}

// endReasons are IPFIX's flowEndReason (RFC 5102 section 5.11.3): by how the connection
// ended, if its end was seen, else by why its record is final. No record ends by IPFIX's
// active timeout, 2.
var endReasons = map[string]int{
	"fin": endDetected, "reset": endDetected, "superseded": endDetected,
	"time": endIdle, "end-of-input": endForced, "evicted": endResources,
}

const (
	endIdle      = 1
	endDetected  = 3
	endForced    = 4
	endResources = 5
)

// fillCompat says what other tools call the connection.
func (a *Analyzer) fillCompat(c *connection, r *report.Connection) {
	b := &a.rec.compat
	var room [128]byte
	history := c.appendHistory(room[:0])
	b.complete = int(c.ep[0].complete | c.ep[1].complete)
	why := r.Close.EndedBy
	if _, ok := endReasons[why]; !ok {
		why = r.FinalBy
	}
	b.reason = endReasons[why]
	b.Compat = report.Compat{ZeekConnState: c.connState(history), ZeekHistory: a.text.Text(history),
		WiresharkCompleteness: &b.complete, IPFIXFlowEndReason: &b.reason}
	r.Compat = &b.Compat
}
