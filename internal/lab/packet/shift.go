package packet

import "encoding/binary"

// Shift adds seq to the sequence numbers of the segment's sender and ack to
// those of its receiver, in place: SEG.SEQ, SEG.ACK and SACK blocks, with a
// good checksum afterwards. Applied with the same constants to every segment
// of a connection, it gives the capture of the same connection with other
// initial sequence numbers, because TCP's arithmetic is modulo 2^32. Numbers
// that are not numbers of the connection stay: SEG.ACK without the ACK bit,
// and the SEQ of 0 in the RST,ACK that refuses a SYN [RFC 9293 3.10.7.1].
func Shift(raw []byte, seq, ack uint32) {
	h, err := parseIP(raw)
	if err != nil || h.proto != protoTCP || h.fragment {
		return
	}
	p, err := parseTCP(h)
	if err != nil {
		return
	}
	if !(p.Flags.Has(RST|ACK) && p.Seq == 0) {
		add(h.body[4:], seq)
	}
	if p.Flags.Has(ACK) {
		add(h.body[8:], ack)
	}
	eachOption(p.Options, func(kind byte, data []byte) {
		for ; kind == optSACK && len(data) >= 4; data = data[4:] {
			add(data, ack)
		}
	})
	Checksum(raw)
}

func add(b []byte, d uint32) {
	binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+d)
}
