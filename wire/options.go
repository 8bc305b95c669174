package wire

// TCP option kinds (IANA, TCP parameters).
const (
	optionEnd           = 0
	optionNOP           = 1
	optionMSS           = 2
	optionWindowScale   = 3
	optionSACKPermitted = 4
	optionSACK          = 5
	optionTimestamps    = 8
	optionMD5           = 19
	optionAO            = 29
	optionMPTCP         = 30
	optionFastOpen      = 34
	optionExperiment    = 254
)

// fastOpenMagic marks Fast Open in the experimental option (RFC 7413
// appendix A).
const fastOpenMagic = 0xf989

// timestampsLayout is how nearly every segment's options begin: NOP, NOP,
// timestamps, length 10 (RFC 7323 appendix A).
const timestampsLayout = optionNOP<<24 | optionNOP<<16 | optionTimestamps<<8 | 10

// parse reads the captured options p, all that is behind the fixed header, and
// reports whether they were closed by an end-of-list. As Linux does, an impossible
// length ends the parsing, an option of a length that is not its kind's is passed
// over, and of two of a kind the last counts.
func (o *Options) parse(p []byte) (ended bool) {
	all := p
	if len(p) >= 12 && be.Uint32(p) == timestampsLayout {
		o.timestamps(p[4:])
		p = p[12:]
	}
	for len(p) > 0 {
		switch p[0] {
		case optionEnd:
			return true
		case optionNOP:
			p = p[1:]
			continue
		}
		if len(p) < 2 || p[1] < 2 || int(p[1]) > len(p) {
			o.Has |= OptIncomplete
			return false
		}
		if !o.add(p[0], p[2:p[1]], tcpHeader+len(all)-len(p)+2) {
			o.Has |= OptIncomplete
		}
		p = p[p[1]:]
	}
	return false
}

func (o *Options) timestamps(v []byte) {
	o.Has |= OptTimestamps
	o.TSVal, o.TSEcr = be.Uint32(v), be.Uint32(v[4:8])
}

// add takes one option's value, which begins at an octet of the TCP header. It reports
// false when its length is wrong.
func (o *Options) add(kind uint8, v []byte, at int) (ok bool) {
	switch kind {
	case optionMSS:
		if ok = len(v) == 2; ok {
			o.Has |= OptMSS
			o.MSS = be.Uint16(v)
		}
	case optionWindowScale:
		if ok = len(v) == 1; ok {
			o.Has |= OptWindowScale
			o.WindowScale = v[0]
		}
	case optionSACKPermitted:
		if ok = len(v) == 0; ok {
			o.Has |= OptSACKPermitted
		}
	case optionSACK:
		return o.sack(v, at)
	case optionTimestamps:
		if ok = len(v) == 8; ok {
			if o.Has&(OptSACKPermitted|OptWindowScale) == OptSACKPermitted {
				o.Has |= OptLinuxOrder
			}
			o.timestamps(v)
		}
	case optionMPTCP:
		return o.mptcp(v)
	case optionMD5:
		if ok = len(v) == 16; ok {
			o.Has |= OptMD5
		}
	case optionAO:
		if ok = len(v) >= 2; ok {
			o.Has |= OptMD5
		}
	case optionFastOpen:
		return o.fastOpen(v)
	case optionExperiment:
		return len(v) < 2 || be.Uint16(v) != fastOpenMagic || o.fastOpen(v[2:])
	default:
		return true
	}
	return ok
}

// sack takes the blocks of a SACK option: 40 octets of options hold four.
func (o *Options) sack(v []byte, at int) bool {
	n := len(v) / 8
	if n == 0 || len(v)%8 != 0 {
		return false
	}
	o.Has |= OptSACK
	o.NSACK, o.SACKAt = uint8(n), uint8(at)
	return true
}

// fastOpen takes a cookie, of 4 to 16 octets and even, or the request for one,
// which is empty (RFC 7413 section 4.1.1).
func (o *Options) fastOpen(cookie []byte) bool {
	n := len(cookie)
	if n != 0 && (n < 4 || n > 16 || n%2 != 0) {
		return false
	}
	o.Has = o.Has&^OptFastOpenCookie | OptFastOpen
	if n > 0 {
		o.Has |= OptFastOpenCookie
	}
	return true
}

// mptcp takes the subtype of the first MPTCP option; a segment may carry two.
func (o *Options) mptcp(v []byte) bool {
	if len(v) == 0 {
		return false
	}
	if o.Has&OptMPTCP == 0 {
		o.Has |= OptMPTCP
		o.MPTCP = v[0] >> 4
	}
	return true
}
