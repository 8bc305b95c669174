package wire

// Flags are the TCP control bits as they stand in octets 12 and 13 of the
// header (RFC 9293 section 3.1; AE is RFC 9768's). Test bits, never equality:
// ECE, CWR, AE, PSH and URG ride along with every other combination.
type Flags uint16

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE

	flagMask = AE<<1 - 1
)

// Has reports whether every bit of want is set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// flagLetters are tcpdump's names of the bits, in its order, which is that of
// the bits.
const flagLetters = "FSRP.UEWe"

// String writes the set as tcpdump does: "S", "S.", "P.", "F.", "R", ".", and
// "none" for no bits.
func (f Flags) String() string {
	var b [len(flagLetters)]byte
	n := 0
	for i := range len(flagLetters) {
		if f&(1<<i) != 0 {
			b[n] = flagLetters[i]
			n++
		}
	}
	if n == 0 {
		return "none"
	}
	return string(b[:n])
}
