package wire

// FrameRef names a frame: the index of its file in the capture (20 bits) and
// its number in that file from 1, as Wireshark shows it (44 bits). Zero means
// no frame.
type FrameRef uint64

const frameBits = 44

// MakeFrameRef packs a file index and a frame number.
func MakeFrameRef(file int, frame uint64) FrameRef {
	return FrameRef(uint64(file)<<frameBits | frame&(1<<frameBits-1))
}

// Frame returns the frame's number in its file, from 1.
func (r FrameRef) Frame() uint64 { return uint64(r) & (1<<frameBits - 1) }

// File returns the index of the frame's file.
func (r FrameRef) File() int { return int(r >> frameBits) }

// Direction says whether the capturing host itself sent or received a packet.
type Direction uint8

// What cooked captures and pcapng's epb_flags tell of a packet's direction.
const (
	DirectionUnknown Direction = iota
	Inbound                    // received by the capturing host
	Outbound                   // sent by the capturing host
)

// SACKBlock is one block of a SACK option: [Left, Right) was received out of
// order (RFC 2018 section 3).
type SACKBlock struct{ Left, Right Seq }

// Options are the TCP options that state inference reads. A field is
// meaningful only when its bit in Has is set.
type Options struct {
	Has         OptionSet
	WindowScale uint8  // shift count, as sent (values over 14 count as 14, RFC 7323 2.3)
	NSACK       uint8  // number of SACK blocks: see Segment.SACK
	MSS         uint16 // octets
	MPTCP       uint8  // subtype of the first MPTCP option (RFC 8684 section 8)
	SACKAt      uint8  // where in Segment.TCP the first SACK block is
	TSEcr       uint32 // before TSVal as Ack is before Seq
	TSVal       uint32
}

// OptionSet says which options a segment carried.
type OptionSet uint16

// Bits of OptionSet.
const (
	OptMSS OptionSet = 1 << iota
	OptWindowScale
	OptSACKPermitted
	OptTimestamps
	OptSACK
	OptFastOpen       // TCP Fast Open cookie or cookie request (RFC 7413)
	OptFastOpenCookie // ... and it carried a cookie
	OptMPTCP          // an MPTCP option; its subtype is in Options.MPTCP
	OptMD5            // TCP-MD5 or TCP-AO
	// OptIncomplete says that the header was cut by the capture or its options
	// do not parse: an option that is not in the set may have been there all
	// the same.
	OptIncomplete
	// OptLinuxOrder says that SACK-permitted came before timestamps, and window scale
	// not before either: the order of tcp_options_write(), and of no other stack in use.
	OptLinuxOrder
)

// Checksum is what the TCP checksum of a segment says.
type Checksum uint8

// Results of Segment.VerifyChecksum.
const (
	ChecksumUnknown Checksum = iota // the segment was not captured whole, or the field is zero
	ChecksumGood
	ChecksumPartial // only the pseudo-header is summed: the tap is before the sender's card
	ChecksumBad
)

// Segment is one TCP segment as captured, decoded. It borrows the packet's
// bytes and is valid until the next packet is read.
type Segment struct {
	Tuple  FourTuple
	Packet uint64   // number of the packet over all inputs, from 1
	Ref    FrameRef // file and frame
	Time   int64    // nanoseconds since the Unix epoch, by the capture's clock

	Ack, Seq Seq    // in an order in which both are stored at once, as octets 4 to 11 of the header
	Len      uint32 // octets of payload, by the IP header (not what was captured)
	Window   uint16 // as sent, not scaled; see WindowKnown
	Flags    Flags
	Dir      uint8 // index in Tuple of the sender
	TTL      uint8 // or hop limit
	IPID     uint16
	HasIPID  bool // IPv4, or IPv6 with a fragment header (its low 16 bits)
	Arrow    Direction
	Sum      uint16 // the TCP checksum field as captured, 0 if it was cut off

	// Offload says that the IP length was 0, as a host leaves it to its card:
	// Len was reckoned from the frame. Fragment says that it came in IP fragments:
	// this is what the first of them carries, or all of it, or, with Rest, what the
	// others carry: see fragment.go.
	Offload, Fragment, Rest bool
	// LaterFIN says that this is what a first fragment carries of a segment with a FIN, which
	// comes behind what the others carry.
	LaterFIN bool

	Options Options

	// TCP is its header and payload, as far as they were captured, never beyond the IP
	// length; of a Rest the header alone.
	TCP []byte
}

// Payload is the captured part of the payload.
func (s *Segment) Payload() []byte {
	if len(s.TCP) < tcpHeader {
		return nil
	}
	return s.TCP[min(int(s.TCP[12]>>4)*4, len(s.TCP)):]
}

// SACK returns the i-th SACK block, of Options.NSACK; an empty one if TCP does not hold it.
// Few segments have any, so they are left where they came.
func (s *Segment) SACK(i uint8) SACKBlock {
	at := int(s.Options.SACKAt) + 8*int(i)
	if at+8 > len(s.TCP) {
		return SACKBlock{}
	}
	b := s.TCP[at:]
	return SACKBlock{Seq(be.Uint32(b)), Seq(be.Uint32(b[4:]))}
}

// SegLen is SEG.LEN: the sequence space that the segment takes, counting SYN
// and FIN (RFC 9293 section 3.4).
func (s *Segment) SegLen() uint32 {
	return s.Len + uint32(s.Flags&FIN) + uint32(s.Flags&SYN)>>1
}

// End is the sequence number after the segment's last octet or control bit.
func (s *Segment) End() Seq { return s.Seq.Add(s.SegLen()) }

// WindowKnown reports whether the capture reaches as far as the window field:
// with a short snaplen Window may be 0 because it was cut off. A segment that
// was not decoded from octets (nil TCP) knows the Window it was given.
func (s *Segment) WindowKnown() bool { return s.TCP == nil || len(s.TCP) >= tcpWindowEnd }

// FINSeq is the sequence number that the FIN has, if the segment carries one.
func (s *Segment) FINSeq() Seq { return s.End() - 1 }

// DataSeq is the sequence number of the first octet of payload.
func (s *Segment) DataSeq() Seq { return s.Seq.Add(uint32(s.Flags&SYN) >> 1) }

// ICMPError is an ICMP or ICMPv6 error that quotes a TCP segment. Tuple and
// Dir are those of the quoted segment: Dir is the end that had sent it.
type ICMPError struct {
	Tuple  FourTuple
	Packet uint64
	Ref    FrameRef
	Time   int64
	Seq    Seq // sequence number of the quoted segment
	Dir    uint8
	V6     bool // ICMPv6
	Type   uint8
	Code   uint8
}

// Outcome says what a frame turned out to be.
type Outcome uint8

// Outcomes is how many there are.
const Outcomes = int(OutcomeTooDeep) + 1

// Outcomes of decoding a frame. The names are those of the summary's
// "skipped" object, but for OutcomeTCP and OutcomeICMP.
const (
	OutcomeTCP       Outcome = iota // Segment is filled
	OutcomeICMP                     // ICMPError is filled
	OutcomeNotIP                    // no IP packet inside
	OutcomeNotTCP                   // IP, but neither TCP nor an error that quotes TCP
	OutcomeMalformed                // headers contradict each other or are cut before the control bits
	OutcomeFragment                 // a fragment that says nothing yet, or nothing new
	OutcomeLink                     // a link type without a decoder
	OutcomeChecksum                 // with Decoder.Verify: TCP or IP with a wrong checksum
	OutcomeTooDeep                  // more encapsulations around it than anybody nests on purpose
)
