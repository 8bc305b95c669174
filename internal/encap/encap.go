// Package encap wraps TCP packets in everything that lastack takes off: link headers, tags
// and tunnels. Its cases are the captures of testdata/pcaps/encapsulated, which tshark
// reads, too (internal/differ); tests of the decoder take them one by one. It stands outside
// the data path, and the decoding that it is there to test has no part in it.
package encap

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

var be, le = binary.BigEndian, binary.LittleEndian

// Case is one way in which packets are wrapped.
type Case struct {
	Name  string // of its capture
	Group string // of its capture: link, tag or tunnel
	Link  uint32 // the link type of the frames
	V6    bool   // what is wrapped must be IPv6
	VLAN  string // the ids that the record has, as it prints them
	Path  string // the tunnels that the record has
	Alone bool   // it has no capture: Wireshark 4.0 does not read the link type, or what it expects is not public
	Wrap  Wrap
}

// Wrap makes a frame of an IP packet that goes one way, or the other.
type Wrap func(ip []byte, back bool) []byte

// then is what f makes of what w makes.
func (w Wrap) then(f Wrap) Wrap {
	return func(p []byte, back bool) []byte { return f(w(p, back), back) }
}

// over puts one header after the other around w's packet: the last is the outermost.
func over(list ...Wrap) Wrap {
	w := list[0]
	for _, f := range list[1:] {
		w = w.then(f)
	}
	return w
}

// octets are those of a header by their hexadecimal digits.
func octets(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err) // a case is written wrong
	}
	return b
}

// before puts fixed octets before a packet.
func before(s string) Wrap {
	header := octets(s)
	return func(p []byte, _ bool) []byte { return slices.Concat(header, p) }
}

// either puts other octets before a packet that goes back.
func either(there, back string) Wrap {
	h := [2][]byte{octets(there), octets(back)}
	return func(p []byte, b bool) []byte {
		if b {
			return slices.Concat(h[1], p)
		}
		return slices.Concat(h[0], p)
	}
}

// version returns 0x0800 or 0x86dd for an IP packet.
func version(p []byte) uint16 {
	if p[0]>>4 == 6 {
		return 0x86dd
	}
	return 0x0800
}

const macs, backMACs = "001b21000001 001b21000002", "001b21000002 001b21000001"

// ethernet puts an Ethernet header with that EtherType before a packet; 0 stands for that
// of its version.
func ethernet(etherType uint16) Wrap {
	return func(p []byte, back bool) []byte {
		h := octets(macs)
		if back {
			h = octets(backMACs)
		}
		if etherType == 0 {
			return slices.Concat(be.AppendUint16(h, version(p)), p)
		}
		return slices.Concat(be.AppendUint16(h, etherType), p)
	}
}

// tag puts what a VLAN tag has, and the EtherType of a packet or the one given.
func tag(id, etherType uint16) Wrap {
	return func(p []byte, _ bool) []byte {
		h := be.AppendUint16(nil, id)
		if etherType == 0 {
			etherType := version(p)
			return slices.Concat(be.AppendUint16(h, etherType), p)
		}
		return slices.Concat(be.AppendUint16(h, etherType), p)
	}
}

// typed puts an EtherType before a packet, the one of its version.
func typed(p []byte, _ bool) []byte { return slices.Concat(be.AppendUint16(nil, version(p)), p) }

// ip4 puts an IPv4 header before what it carries.
func ip4(proto byte) Wrap {
	return func(p []byte, back bool) []byte {
		h := octets("45 00 0000 0000 4000 40 00 0000 cb007101 cb007102")
		if back {
			copy(h[12:], octets("cb007102 cb007101"))
		}
		be.PutUint16(h[2:], uint16(20+len(p)))
		h[9] = proto
		sum4(h)
		return slices.Concat(h, p)
	}
}

// ip6 puts an IPv6 header before what it carries.
func ip6(next byte) Wrap {
	return func(p []byte, back bool) []byte {
		h := octets("60000000 0000 00 40 20010db8000f00000000000000000001 20010db8000f00000000000000000002")
		if back {
			h[23], h[39] = 2, 1
		}
		be.PutUint16(h[4:], uint16(len(p)))
		h[6] = next
		return slices.Concat(h, p)
	}
}

// udp puts a UDP header before what it carries. Its source port is one of those that
// hosts choose, another one for each direction, or the same port where that is the custom.
func udp(port uint16, same bool) Wrap {
	return func(p []byte, back bool) []byte {
		h := make([]byte, 8)
		source := uint16(50001)
		switch {
		case same:
			source = port
		case back:
			source = 50002
		}
		be.PutUint16(h, source)
		be.PutUint16(h[2:], port)
		be.PutUint16(h[4:], uint16(8+len(p)))
		return slices.Concat(h, p)
	}
}

// gre puts a GRE header before what it carries: flags, a protocol (0: that of a packet's
// version) and what the flags announce.
func gre(flags, protocol uint16, more string) Wrap {
	rest := octets(more)
	return func(p []byte, _ bool) []byte {
		kind := protocol
		if kind == 0 {
			kind = version(p)
		}
		return slices.Concat(be.AppendUint16(be.AppendUint16(nil, flags), kind), rest, p)
	}
}

// within puts what carries packets into IPv4 in Ethernet.
func within(list ...Wrap) Wrap { return over(append(list, ethernet(0))...) }
