package encap

import (
	"slices"
	"strings"
)

// The headers that have a length of what follows, or other numbers to reckon.

func plain(p []byte, _ bool) []byte { return p }

func zeros(n int) string { return strings.Repeat("00", n) }

// ppp puts the protocol before a packet.
func ppp(p []byte, _ bool) []byte {
	if version(p) == 0x86dd {
		return slices.Concat(octets("0057"), p)
	}
	return slices.Concat(octets("0021"), p)
}

// pppoe puts the header of a session before a PPP frame.
func pppoe(p []byte, _ bool) []byte {
	return slices.Concat(be.AppendUint16(octets("11 00 0007"), uint16(len(p))), p)
}

// pptp puts version 1 of GRE before a PPP frame: the id of a call is the receiver's.
func pptp(p []byte, back bool) []byte {
	h := be.AppendUint16(octets("3001 880b"), uint16(len(p)))
	if back {
		return slices.Concat(h, octets("0002 00000001"), p)
	}
	return slices.Concat(h, octets("0001 00000001"), p)
}

// length puts an Ethernet header with a length before a frame of LLC.
func length(p []byte, back bool) []byte { return ethernet(uint16(len(p)))(p, back) }

// fcs puts a frame check sequence behind a frame; nobody checks it.
func fcs(p []byte, back bool) []byte { return behind(4)(p, back) }

// behind puts n octets behind a frame.
func behind(n int) Wrap {
	return func(p []byte, _ bool) []byte { return slices.Concat(p, make([]byte, n)) }
}

// eoip puts the header of tunnel 5 of MikroTik's Ethernet over IP before a frame.
func eoip(p []byte, _ bool) []byte {
	h := be.AppendUint16(octets("2001 6400"), uint16(len(p)))
	return slices.Concat(le.AppendUint16(h, 5), p)
}

// trimNSH makes the header of 24 octets that p begins with, or of 8, say how long it is.
func trimNSH(p []byte, _ bool) []byte {
	p = slices.Clone(p)
	n := 2
	if len(p) >= 24 && slices.Equal(p[8:24], make([]byte, 16)) {
		n = 6
	}
	p[1] = p[1]&^0x3f | byte(n)
	if n == 2 {
		p[2] = 2 // no metadata but what has a length
	}
	return p
}

// nflog puts the attributes of Linux's netfilter log before a packet.
func nflog(p []byte, _ bool) []byte {
	h := octets("02 00 0000 0800 0100 0800 01 00 0500 0a00 00 000000")
	h = le.AppendUint16(h, uint16(4+len(p)))
	return slices.Concat(le.AppendUint16(h, 9), p, make([]byte, -len(p)&3))
}

// ipnet puts Solaris's header before an IPv4 packet.
func ipnet(p []byte, _ bool) []byte {
	h := be.AppendUint32(octets("01 02 0001"), uint32(len(p)))
	return slices.Concat(h, octets("00000001 00000001 00000000 00000000"), p)
}

// pktap is the header that macOS puts before an Ethernet frame, with flags.
func pktap(flags string) string {
	name := "656e30" + zeros(21)
	return "6c000000 01000000 01000000" + name + flags + "000000" + "02000000" + "0e000000 00000000" + zeros(108-52)
}

// gtp puts the header of GTP-U before a packet: the id of a tunnel is the receiver's.
func gtp(flags, optional, extension string) Wrap {
	rest := octets(optional + extension)
	return func(p []byte, back bool) []byte {
		h := be.AppendUint16(octets(flags), uint16(len(rest)+len(p)))
		id := uint32(1)
		if back {
			id = 2
		}
		return slices.Concat(be.AppendUint32(h, id), rest, p)
	}
}

// l2tpLength fills in the length of a message that says it has one.
func l2tpLength(p []byte, _ bool) []byte {
	p = slices.Clone(p)
	be.PutUint16(p[2:], uint16(len(p)))
	return p
}

// authenticated puts an authentication header between IP and TCP.
func authenticated(p []byte, _ bool) []byte {
	p = slices.Insert(slices.Clone(p), 20, octets("06 04 0000 00000001 00000001 000000000000000000000000")...)
	p[9] = 51
	be.PutUint16(p[2:], uint16(len(p)))
	sum4(p)
	return p
}
