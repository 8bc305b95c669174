package wire

// FragmentsHeld is how many datagrams a decoder remembers.
func FragmentsHeld(d *Decoder) int { return max(len(d.fragments.held), len(d.fragments.queue)) }

// DecodeAtLength is Decode without the short cut for what is usual.
func DecodeAtLength(d *Decoder, link uint32, data []byte, origLen uint32, s *Segment) Outcome {
	return d.decode(link, data, origLen, s)
}
