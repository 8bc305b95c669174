package packet

import (
	"slices"

	"github.com/lastack/lastack/wire"
)

// Shift adds seq to the numbers of the segment's sender and ack to those of
// its receiver: SEG.SEQ, SEG.ACK and SACK blocks. With the same constants for
// every segment of a connection it gives the same connection with other
// initial numbers, because TCP's arithmetic is modulo 2^32. What is no number
// of the connection stays: SEG.ACK without the ACK bit, and the SEQ of 0 in
// the RST,ACK that refuses a SYN (RFC 9293 section 3.10.7.1).
func (t *TCP) Shift(seq, ack uint32) {
	if !t.Flags.Has(wire.RST|wire.ACK) || t.Seq != 0 {
		t.Seq = t.Seq.Add(seq)
	}
	if t.Flags.Has(wire.ACK) {
		t.Ack = t.Ack.Add(ack)
	}
	t.Options = slices.Clone(t.Options)
	for o := t.Options; optionLen(o) > 0; o = o[optionLen(o):] {
		if o[0] == kindSACK {
			shiftBlocks(o[2:optionLen(o)], ack)
		}
	}
}

// shiftBlocks adds ack to each number in the blocks of a SACK option.
func shiftBlocks(p []byte, ack uint32) {
	for ; len(p) >= 4; p = p[4:] {
		be.PutUint32(p, be.Uint32(p)+ack)
	}
}

// optionLen returns the length of the option that o begins with, 0 at the end
// of the list and where it is broken.
func optionLen(o []byte) int {
	switch {
	case len(o) > 0 && o[0] == kindNOP:
		return 1
	case len(o) < 2 || o[0] == kindEnd || o[1] < 2 || int(o[1]) > len(o):
		return 0
	}
	return int(o[1])
}
