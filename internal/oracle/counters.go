package oracle

import "github.com/lastack/lastack/wire"

// count is what a side's captured segments add up to.
type count struct {
	packets, payload uint64
	unique           uint64
	again            uint64 // segments with sequence space of which none was new
	overlap          uint64 // segments of which some was not new, or below the rest
	twins            uint64 // copies that the capture holds twice
	twinBytes        uint64
	zero             uint64 // zero windows
	end              int64  // number after the furthest octet, also of those not captured
	acked            wire.Seq
	acks             bool
	shared           bool // segments of other incarnations are among them
}

// counters recounts the segments and octets of each side, naively.
func (c *exam) counters() {
	counts := [2]count{c.recount(client), c.recount(server)}
	shared := counts[client].shared || counts[server].shared
	for k, n := range counts {
		if !c.self || k == client {
			n.shared = shared
			c.compare(k, n)
		}
	}
}

func (c *exam) recount(k int) (n count) {
	var rx, text stream
	var isn wire.Seq
	started := false
	n.shared = c.conn.Previous != nil || c.conn.Open.Kind == "mid-stream"
	if told := c.sides[k].end.ISN; told != nil {
		isn, started = wire.Seq(*told), true
	}
	rx.base, text.base = isn, isn
	for i := range c.segs {
		s := &c.segs[i]
		if !c.sentBy(i, k) || s.Ref.Frame() > c.conn.LastFrame {
			n.sawAck(s)
			continue
		}
		if !started {
			isn, started = s.Seq, true
			rx.base, text.base = isn, isn
		}
		if s.Flags.Has(wire.SYN) && s.Seq != isn || !near(s.Seq, isn) && !s.Flags.Has(wire.RST) {
			n.shared = true
		}
		n.packets++
		n.payload += uint64(s.Len)
		if s.Window == 0 && s.WindowKnown() && !s.Flags.Has(wire.RST) {
			n.zero++
		}
		if c.twin(k, i) || s.Flags&(wire.SYN|wire.FIN|wire.RST) != 0 && s.VerifyChecksum() == wire.ChecksumBad {
			n.twins++
			n.twinBytes += uint64(s.Len)
		}
		n.take(&rx, s)
		if !s.Flags.Has(wire.RST) {
			n.unique += uint64(text.addText(s))
		}
	}
	return n
}

// sawAck notes what the peer acknowledged: what is captured later than its
// ACK was sent again.
func (n *count) sawAck(s *wire.Segment) {
	if s.Flags.Has(wire.ACK) && !s.Flags.Has(wire.RST) && (!n.acks || n.acked.Less(s.Ack)) {
		n.acked, n.acks = s.Ack, true
	}
}

// take puts a segment into the stream and counts what of it was there.
func (n *count) take(rx *stream, s *wire.Segment) {
	if s.Flags.Has(wire.RST) {
		return
	}
	below := int64(s.Seq.Diff(rx.base)) < n.end || n.acks && s.End().LessEq(n.acked)
	n.end = max(n.end, int64(s.End().Diff(rx.base)))
	if s.SegLen() == 0 {
		return
	}
	fresh := rx.add(s)
	if fresh == 0 && !s.Flags.Has(wire.SYN|wire.ACK) { // in a simultaneous open it is no repetition
		n.again++
	}
	if fresh < int64(s.SegLen()) || below {
		n.overlap++
	}
}

// twin reports a segment that nothing tells apart from an earlier one of the
// same second: the capture's doing, maybe.
func (c *exam) twin(k, i int) bool {
	for j := i - 1; j >= 0; j-- {
		if c.segs[i].Time-c.segs[j].Time > 1e9 {
			return false
		}
		if c.sentBy(j, k) && alike(&c.segs[j], &c.segs[i]) {
			return true
		}
	}
	return false
}

// duplicates counts twins that carry a control bit.
func (c *exam) duplicates(k int, bit wire.Flags) (n int) {
	for i := range c.segs {
		if c.sentBy(i, k) && c.segs[i].Flags.Has(bit) && c.twin(k, i) {
			n++
		}
	}
	return n
}

// compare holds the record's counters against the recount. With segments of
// other incarnations among them the recount is an upper bound.
func (c *exam) compare(k int, n count) {
	e := c.sides[k].end
	c.within(k, "packets", e.Packets, n.packets-n.twins, n.packets, n.shared)
	c.within(k, "payload_bytes", e.PayloadBytes, n.payload-n.twinBytes, n.payload, n.shared)
	garbage := min(n.unique, e.KeepaliveProbes) // octets of probes whose own octet was not captured
	c.within(k, "unique_bytes", e.UniqueBytes, n.unique-garbage, n.unique, n.shared)
	probes := e.KeepaliveProbes + e.WindowProbes + n.twins
	c.within(k, "retransmits", e.Retransmits, n.again-min(n.again, probes), n.overlap, n.shared)
	c.within(k, "zero_windows", e.ZeroWindows, 0, n.zero, true)
	if e.UniqueBytes > e.PayloadBytes || e.Retransmits > e.Packets || e.OutOfOrder > e.Packets ||
		e.DuplicateAcks > e.Packets || e.KeepaliveProbes > e.Packets {
		c.bad(c.of(k), "records", "counters contradict each other: %+v", *e)
	}
}

func (c *exam) within(k int, name string, told, lo, hi uint64, upper bool) {
	switch {
	case upper && told > hi:
		c.bad(c.of(k), "records", "%s %d, captured are at most %d", name, told, hi)
	case !upper && (told < lo || told > hi):
		c.bad(c.of(k), "records", "%s %d, captured are %d to %d", name, told, lo, hi)
	}
}
