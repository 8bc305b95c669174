package wire

import (
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/google/gopacket/layers"
)

// tunnelKind says how one hop of a tunnel path carries packets.
type tunnelKind uint8

// The kinds of tunnel. An id is part of the path only where both directions
// of a connection share it. Hence none for GTP, whose endpoint ids differ by
// direction, and nothing at all for MPLS, whose labels do too and which the
// last hop takes off in one direction only.
const (
	tunnelVLAN tunnelKind = iota
	tunnelPPPoE
	tunnelIPIP
	tunnel6in4
	tunnel4in6
	tunnel6in6
	tunnelGRE
	tunnelGREKey
	tunnelEtherIP
	tunnelVXLAN
	tunnelGeneve
	tunnelGTP
)

var tunnelKinds = [...]struct {
	name string
	id   bool // it has an id
}{
	tunnelVLAN:    {"vlan", true}, // beyond the two of FourTuple.VLAN, or inside a tunnel
	tunnelPPPoE:   {"pppoe", true},
	tunnelIPIP:    {"ipip", false},
	tunnel6in4:    {"6in4", false},
	tunnel4in6:    {"4in6", false},
	tunnel6in6:    {"6in6", false},
	tunnelGRE:     {"gre", false},
	tunnelGREKey:  {"gre", true},
	tunnelEtherIP: {"etherip", false},
	tunnelVXLAN:   {"vxlan", true},
	tunnelGeneve:  {"geneve", true},
	tunnelGTP:     {"gtp", false},
}

// tunnelHop is the last hop of a tunnel path, and the number of the path up to
// it.
type tunnelHop struct {
	parent uint32
	id     uint32
	kind   tunnelKind
}

// number hashes a path. It depends on nothing but the path, so that every
// decoder gives it the same number.
func (h tunnelHop) number() uint32 {
	var b [9]byte
	be.PutUint32(b[:], h.parent)
	be.PutUint32(b[4:], h.id)
	b[8] = byte(h.kind)
	f := fnv.New32a()
	f.Write(b[:])
	return max(f.Sum32(), 1)
}

func (h tunnelHop) String() string {
	k := tunnelKinds[h.kind]
	if !k.id {
		return k.name
	}
	return k.name + ":" + strconv.FormatUint(uint64(h.id), 10)
}

// maxTunnels bounds the tunnel paths whose names are kept. Those beyond it
// keep connections apart all the same, but print as a number.
const maxTunnels = 1 << 16

// enter notes that the packet goes on inside a tunnel.
func (d *Decoder) enter(t *FourTuple, kind tunnelKind, id uint32) {
	if d.IgnoreIDs {
		return
	}
	hop := tunnelHop{parent: t.Tunnel, kind: kind, id: id}
	t.Tunnel = hop.number()
	if _, known := d.tunnels[t.Tunnel]; known || len(d.tunnels) >= maxTunnels {
		return
	}
	if d.tunnels == nil {
		d.tunnels = make(map[uint32]tunnelHop)
	}
	d.tunnels[t.Tunnel] = hop
}

// TunnelPath names the hops of a FourTuple.Tunnel that this decoder has met,
// outermost first, such as "gre:7", "vxlan:42". It is nil for 0; a number
// whose name is not known prints as itself ("#1a2b3c4d").
func (d *Decoder) TunnelPath(number uint32) []string {
	var path []string
	for number != 0 && len(path) <= maxDepth { // numbers that collide might go round
		hop, known := d.tunnels[number]
		if !known {
			path = append(path, "#"+strconv.FormatUint(uint64(number), 16))
			break
		}
		path = append(path, hop.String())
		number = hop.parent
	}
	slices.Reverse(path)
	return path
}

// encapsulated decodes what an EtherType other than IP and VLAN announces.
func (d *Decoder) encapsulated(s *Segment, etherType uint16, p []byte, cut uint32) Outcome {
	switch etherType {
	case etherBridged:
		if len(p) < 14 {
			return OutcomeMalformed
		}
		return d.network(s, be.Uint16(p[12:]), p[14:], cut)
	case etherPPPoE:
		return d.pppoe(s, p, cut)
	case etherPPP, etherMPLS, etherMPLSUp:
		return d.generic(s, layers.EthernetType(etherType), p, cut)
	}
	if snap := etherType < etherLengths && len(p) > 0 && p[0] == 0xaa; snap {
		return d.generic(s, layers.EthernetTypeLLC, p, cut)
	}
	return OutcomeNotIP
}

// tunnel decodes the protocols that carry packets in IP.
func (d *Decoder) tunnel(s *Segment, proto uint8, p []byte, cut uint32) Outcome {
	out := OutcomeNotTCP
	switch proto {
	case protoUDP:
		out = d.udp(s, p, cut)
	case protoIPv4:
		d.enter(&s.Tuple, pick(s.Tuple.V6, tunnel4in6, tunnelIPIP), 0)
		out = d.network(s, etherIPv4, p, cut)
	case protoIPv6:
		d.enter(&s.Tuple, pick(s.Tuple.V6, tunnel6in6, tunnel6in4), 0)
		out = d.network(s, etherIPv6, p, cut)
	case protoGRE, protoEtherIP, protoMPLS:
		out = d.generic(s, layers.IPProtocol(proto), p, cut)
	}
	if out == OutcomeNotIP {
		return OutcomeNotTCP // the outer packet was IP
	}
	return out
}

func pick(v6 bool, yes, no tunnelKind) tunnelKind {
	if v6 {
		return yes
	}
	return no
}

// udp decodes tunnels in UDP, told by their well-known destination port.
func (d *Decoder) udp(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 8 {
		return OutcomeNotTCP
	}
	switch be.Uint16(p[2:]) {
	case 4789, 8472: // the latter is Linux's default
		return d.generic(s, layers.LayerTypeVXLAN, p[8:], cut)
	case 6081:
		return d.generic(s, layers.LayerTypeGeneve, p[8:], cut)
	case 2152:
		return d.gtp(s, p[8:], cut)
	case 6635:
		return d.generic(s, layers.LayerTypeMPLS, p[8:], cut)
	}
	return OutcomeNotTCP
}

// pppoe takes off a PPPoE session header (RFC 2516 section 4). gopacket's
// panics on a frame that is cut.
func (d *Decoder) pppoe(s *Segment, p []byte, cut uint32) Outcome {
	if len(p) < 6 {
		return OutcomeMalformed
	}
	if p[0] != 0x11 || p[1] != 0 {
		return OutcomeNotIP
	}
	d.enter(&s.Tuple, tunnelPPPoE, uint32(be.Uint16(p[2:])))
	return d.generic(s, layers.LayerTypePPP, p[6:], cut)
}

// gtp takes off the header of a GTP-U packet (3GPP TS 29.281 section 5).
// gopacket's refuses frames that are cut, and prints to standard output.
func (d *Decoder) gtp(s *Segment, p []byte, cut uint32) Outcome {
	const (
		versionAndType = 0xf0 // of the first octet
		gtp1           = 0x30
		extended       = 0x04
		anyOptional    = 0x07 // extension, sequence number or N-PDU number
		userData       = 0xff // message type
	)
	if len(p) < 12 || p[0]&versionAndType != gtp1 || p[1] != userData {
		return OutcomeNotTCP
	}
	flags := p[0]
	p = p[8:]
	if flags&anyOptional != 0 {
		more := flags&extended != 0 && p[3] != 0
		for p = p[4:]; more; {
			if len(p) == 0 || p[0] == 0 || int(p[0])*4 > len(p) {
				return OutcomeMalformed
			}
			n := int(p[0]) * 4
			more, p = p[n-1] != 0, p[n:]
		}
	}
	d.enter(&s.Tuple, tunnelGTP, 0)
	return d.network(s, etherTypeByVersion(p), p, cut)
}
