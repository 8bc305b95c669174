package reassembly

import "github.com/lastack/lastack/wire"

// Expected reports whether s is what nearly every segment of an established
// connection is: it stands at SND.NXT, in a space of which nothing is missing;
// it has new octets, acknowledges new ones that were captured, or both; and it
// finds both windows open and leaves them so. It is the condition of header
// prediction (Van Jacobson), and spares Place, Send and Receive: Follow does
// what they would.
func (sp *Space) Expected(s *wire.Segment, rev *Space) bool {
	const both = KnownNext | KnownUna
	if s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) != wire.ACK || s.Seq != sp.Next || s.Window == 0 {
		return false
	}
	if sp.Known&rev.Known&both != both || sp.gaps != nil || rev.gaps != nil || sp.Repeats|rev.Repeats != 0 {
		return false
	}
	acked, due := uint32(s.Ack-rev.Una), uint32(rev.Next-rev.Una)
	return acked <= due && due <= maxReach && acked|s.Len != 0 && sp.Wnd != 0 && rev.Wnd != 0 && sp.Una.LessEq(sp.Next)
}

// Follow records that the space's owner sent s, a segment that is Expected, or FirstACK.
func (sp *Space) Follow(s *wire.Segment, rev *Space) {
	if s.Len > 0 {
		sp.Next = s.Seq.Add(s.Len)
		sp.Edge = sp.Next
		if sp.Known&timing == 0 {
			sp.startTiming(s)
		}
		sp.Known &^= probed
	}
	sp.stamp(s)
	if rev.Known&KnownUna == 0 {
		rev.Receive(s)
		return
	}
	rev.receiveExpected(s)
}

// receiveExpected is Receive for a segment that is Expected: its ACK is no older than
// SND.UNA, and its window is known.
func (sp *Space) receiveExpected(s *wire.Segment) {
	if sp.Known&timing != 0 && sp.timedEnd.LessEq(s.Ack) {
		sp.measured(s)
	}
	if s.Options.NSACK > 0 {
		sp.sack(s)
	}
	window := uint32(s.Window) << (sp.Scale & 31) // at most 14: the mask spares a check
	sp.Una, sp.Wnd = s.Ack, window
	if sp.Known&KnownRight != 0 {
		sp.Right = wire.MaxSeq(sp.Right, s.Ack.Add(window))
		sp.wide = max(sp.wide, window)
	}
}
