package wire

import (
	"hash/fnv"
	"slices"
	"strconv"
	"sync"
)

// tunnelKind says how one hop of a tunnel path carries packets.
type tunnelKind uint8

// The kinds of tunnel. An id is part of the path only where both directions
// of a connection share it. Hence none for GTP and L2TP, whose ids differ by
// direction, and nothing at all for MPLS and NSH, whose labels and paths do too
// and which the last hop takes off in one direction only.
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
	tunnelERSPAN
	tunnelERSPANSession
	tunnelBackbone
	tunnelTeredo
	tunnelL2TP
	tunnelLISP
)

var tunnelKinds = [...]struct {
	name string
	id   bool // it has an id
}{
	tunnelVLAN:          {"vlan", true}, // beyond the two of FourTuple.VLAN, or inside a tunnel
	tunnelPPPoE:         {"pppoe", true},
	tunnelIPIP:          {"ipip", false},
	tunnel6in4:          {"6in4", false},
	tunnel4in6:          {"4in6", false},
	tunnel6in6:          {"6in6", false},
	tunnelGRE:           {"gre", false},
	tunnelGREKey:        {"gre", true},
	tunnelEtherIP:       {"etherip", false},
	tunnelVXLAN:         {"vxlan", true},
	tunnelGeneve:        {"geneve", true},
	tunnelGTP:           {"gtp", false},
	tunnelERSPAN:        {"erspan", false},
	tunnelERSPANSession: {"erspan", true},
	tunnelBackbone:      {"pbb", true},
	tunnelTeredo:        {"teredo", false},
	tunnelL2TP:          {"l2tp", false},
	tunnelLISP:          {"lisp", true},
}

// tunnelHop is the last hop of a tunnel path, and the number of the path up to
// it.
type tunnelHop struct {
	parent uint32
	id     uint32
	kind   tunnelKind
}

// number hashes a path. It depends on nothing but the path, so that every
// decoder gives it the same number, unless another path that it has met has it.
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
	var known bool
	if t.Tunnel, known = d.numberOf(hop); known || len(d.tunnels) >= maxTunnels {
		return
	}
	if d.tunnels == nil {
		d.tunnels = make(map[uint32]tunnelHop)
	}
	d.tunnels[t.Tunnel] = hop
	if d.Tunnels != nil {
		d.Tunnels.add(t.Tunnel, hop)
	}
}

// numberOf returns the number of a path, and whether it is to be kept: its hash, or one of the
// next numbers, if another path has that. The hash can be aimed at: few are tried.
func (d *Decoder) numberOf(hop tunnelHop) (n uint32, known bool) {
	const tries = 16
	first := hop.number()
	for n = first; n-first < tries; n++ {
		have, taken := d.tunnels[n]
		if n != 0 && (!taken || have == hop) {
			return n, taken
		}
	}
	return first, true
}

// Tunnels are the tunnel paths that some decoders have met together. It is safe for use by
// several goroutines. The zero value is ready.
type Tunnels struct {
	mu   sync.Mutex
	hops map[uint32]tunnelHop
}

func (t *Tunnels) add(number uint32, hop tunnelHop) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hops == nil {
		t.hops = map[uint32]tunnelHop{}
	}
	t.hops[number] = hop
}

func (t *Tunnels) hop(number uint32) (tunnelHop, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	hop, known := t.hops[number]
	return hop, known
}

// hop returns the last hop of a path, if the decoder has met it, or another one that it
// shares paths with.
func (d *Decoder) hop(number uint32) (tunnelHop, bool) {
	hop, known := d.tunnels[number]
	if !known && d.Tunnels != nil {
		return d.Tunnels.hop(number)
	}
	return hop, known
}

// TunnelPath names the hops of a FourTuple.Tunnel that this decoder has met,
// outermost first, such as "gre:7", "vxlan:42". It is nil for 0; a number
// whose name is not known prints as itself ("#1a2b3c4d").
func (d *Decoder) TunnelPath(number uint32) []string {
	var path []string
	for number != 0 && len(path) <= maxDepth { // numbers that collide might go round
		hop, known := d.hop(number)
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
