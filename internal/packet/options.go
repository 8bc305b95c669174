package packet

import "github.com/lastack/lastack/wire"

// TCP option kinds.
const (
	kindEnd           = 0
	kindNOP           = 1
	kindMSS           = 2
	kindWindowScale   = 3
	kindSACKPermitted = 4
	kindSACK          = 5
	kindTimestamps    = 8
	kindFastOpen      = 34
)

// The functions below append one TCP option each, without padding.

// NOP appends n no-operations.
func NOP(o []byte, n int) []byte {
	for range n {
		o = append(o, kindNOP)
	}
	return o
}

// MSS appends a maximum segment size, in octets.
func MSS(o []byte, mss uint16) []byte { return be.AppendUint16(append(o, kindMSS, 4), mss) }

// WindowScale appends a shift count.
func WindowScale(o []byte, shift uint8) []byte { return append(o, kindWindowScale, 3, shift) }

// SACKPermitted appends the permission to send SACK.
func SACKPermitted(o []byte) []byte { return append(o, kindSACKPermitted, 2) }

// Timestamps appends a timestamp option.
func Timestamps(o []byte, val, ecr uint32) []byte {
	return be.AppendUint32(be.AppendUint32(append(o, kindTimestamps, 10), val), ecr)
}

// SACK appends blocks; with timestamps three fit, alone four.
func SACK(o []byte, blocks ...wire.SACKBlock) []byte {
	o = append(o, kindSACK, uint8(2+8*len(blocks)))
	for _, b := range blocks {
		o = be.AppendUint32(be.AppendUint32(o, uint32(b.Left)), uint32(b.Right))
	}
	return o
}

// FastOpen appends a Fast Open cookie, or with none the request for one.
func FastOpen(o []byte, cookie []byte) []byte {
	return Option(o, kindFastOpen, cookie)
}

// Option appends an option of any kind.
func Option(o []byte, kind uint8, value []byte) []byte {
	return append(append(o, kind, uint8(2+len(value))), value...)
}

// SYNOptions appends what a Linux host puts into its SYN: MSS 1460, SACK
// permitted, timestamps, window scale 7.
func SYNOptions(o []byte, tsval, tsecr uint32) []byte {
	o = Timestamps(SACKPermitted(MSS(o, 1460)), tsval, tsecr)
	return WindowScale(NOP(o, 1), 7)
}

// TimestampOptions appends the timestamps of any other segment, aligned.
func TimestampOptions(o []byte, tsval, tsecr uint32) []byte {
	return Timestamps(NOP(o, 2), tsval, tsecr)
}

// SetSACK lets s, which was not decoded from octets, carry blocks.
func SetSACK(s *wire.Segment, blocks ...wire.SACKBlock) {
	const header = 20
	s.TCP = SACK(make([]byte, header), blocks...)
	s.TCP[12] = uint8((len(s.TCP)+3)/4) << 4
	s.Options.Has |= wire.OptSACK
	s.Options.NSACK, s.Options.SACKAt = uint8(len(blocks)), header+2
}
