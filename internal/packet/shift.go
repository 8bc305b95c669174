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

// ShiftQuote is Shift for the segment that an ICMP error quotes: raw is its packet
// from the IP header on, at the octet where the quote begins. The checksum of the
// error stays good (RFC 1624).
func ShiftQuote(raw []byte, at int, seq, ack uint32) {
	quote := raw[at:]
	header := 40
	if quote[0]>>4 == 4 {
		header = int(quote[0]&15) * 4
	}
	if len(quote) < header+14 {
		return
	}
	p := quote[header : header+14 : header+14]
	sum := raw[at-6 : at-4] // eight octets before the quote begins the ICMP header
	change := uint64(^be.Uint16(sum)) + uint64(^Fold16(Add16(p)))
	be.PutUint32(p[4:], be.Uint32(p[4:])+seq)
	if wire.Flags(be.Uint16(p[12:])).Has(wire.ACK) {
		be.PutUint32(p[8:], be.Uint32(p[8:])+ack)
	}
	be.PutUint16(sum, ^Fold16(change+Add16(p)))
}
