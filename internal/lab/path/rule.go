package path

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// Side names an end of the network: A or B.
type Side int

// The two ends. A is the client's in most stories.
const (
	A Side = iota
	B
)

// Other is the opposite end.
func (s Side) Other() Side { return 1 - s }

// String is "A" or "B".
func (s Side) String() string { return string(rune('A' + s)) }

// Segment is what a rule looks at: a parsed packet, who sent it, and what the
// same connection sent before it.
type Segment struct {
	packet.TCP
	From Side
	Raw  []byte
	// Fins counts the packets with FIN seen from either side of this
	// connection before this one.
	Fins [2]int
}

// Match decides whether a rule applies to a segment.
type Match func(Segment) bool

// All matches what every one of ms matches.
func All(ms ...Match) Match {
	return func(s Segment) bool {
		for _, m := range ms {
			if !m(s) {
				return false
			}
		}
		return true
	}
}

// Not matches what m does not.
func Not(m Match) Match { return func(s Segment) bool { return !m(s) } }

// From matches the packets that side sends.
func From(side Side) Match { return func(s Segment) bool { return s.From == side } }

// Flag matches packets with all of these control bits.
func Flag(f wire.Flags) Match { return func(s Segment) bool { return s.Flags.Has(f) } }

// Port matches packets of connections that use this port at either end.
func Port(p uint16) Match {
	return func(s Segment) bool { return s.Src.Port() == p || s.Dst.Port() == p }
}

// Chance matches each segment with probability p, by random numbers that only
// depend on the seed and the segments seen.
func Chance(p float64, seed uint64) Match {
	r := rand.New(rand.NewPCG(seed, 0))
	return func(Segment) bool { return r.Float64() < p }
}

// The matches that stories use most.
var (
	Any    Match = func(Segment) bool { return true }
	Data   Match = func(s Segment) bool { return len(s.Payload) > 0 }
	Pure   Match = func(s Segment) bool { return s.Flags&(wire.SYN|wire.FIN|wire.RST|wire.ACK) == wire.ACK && !Data(s) }
	FIN          = Flag(wire.FIN)
	RST          = Flag(wire.RST)
	SYNACK       = Flag(wire.SYN | wire.ACK)
	SYN          = All(Flag(wire.SYN), Not(Flag(wire.ACK)))
	// AckOfFIN matches a pure ACK sent after the other side's first FIN.
	AckOfFIN Match = func(s Segment) bool { return Pure(s) && s.Fins[s.From.Other()] > 0 }
)

// Delivery is one packet that comes out of a rule: its octets, how much
// longer than usual it takes, and whether it goes back to the sender.
type Delivery struct {
	Raw   []byte
	Later time.Duration
	Back  bool
}

// Action says what becomes of a matched segment. It must not change Raw.
type Action struct {
	Name string
	Do   func(Segment) []Delivery
}

// Drop loses the segment.
var Drop = Action{"drop", func(Segment) []Delivery { return nil }}

// Pass delivers the segment as if there were no rules.
var Pass = Action{"pass", func(s Segment) []Delivery { return []Delivery{{Raw: s.Raw}} }}

// Later delivers it later than usual by d, behind what was sent after it.
func Later(d time.Duration) Action {
	return Action{"delay", func(s Segment) []Delivery { return []Delivery{{Raw: s.Raw, Later: d}} }}
}

// Twice delivers it, and once more after d.
func Twice(d time.Duration) Action {
	return Action{"duplicate", func(s Segment) []Delivery { return []Delivery{{Raw: s.Raw}, {Raw: s.Raw, Later: d}} }}
}

// Rewrite delivers what f makes of it, with good checksums.
func Rewrite(f func(*packet.TCP)) Action {
	return Action{"rewrite", func(s Segment) []Delivery {
		f(&s.TCP)
		return []Delivery{{Raw: s.Append(nil, packet.Raw)}}
	}}
}

// BadChecksum delivers it with a wrong TCP checksum.
var BadChecksum = Action{"bad checksum", func(s Segment) []Delivery {
	raw := append([]byte(nil), s.Raw...)
	raw[len(raw)-len(s.Payload)-len(s.Options)-4] ^= 0x55
	return []Delivery{{Raw: raw}}
}}

// Fragments delivers it in fragments of at most size octets, a multiple of 8,
// after the IP header. No router cuts IPv6: it passes whole.
func Fragments(size int) Action {
	return Action{"fragment", func(s Segment) (out []Delivery) {
		if !s.Src.Addr().Is4() {
			return Pass.Do(s)
		}
		header := int(s.Raw[0]&15) * 4
		for at := header; at < len(s.Raw); at += size {
			end := min(at+size, len(s.Raw))
			flags := uint16(at-header) / 8
			if end < len(s.Raw) {
				flags |= packet.MoreFragments
			}
			f := slices.Concat(s.Raw[:header], s.Raw[at:end])
			putIPv4(f[:header], len(f), flags)
			out = append(out, Delivery{Raw: f})
		}
		return out
	}}
}

// putIPv4 changes the total length and the fragment field in an IPv4 header.
func putIPv4(header []byte, total int, flags uint16) {
	binary.BigEndian.PutUint16(header[2:], uint16(total))
	binary.BigEndian.PutUint16(header[6:], flags)
	binary.BigEndian.PutUint16(header[10:], 0)
	binary.BigEndian.PutUint16(header[10:], ^packet.Fold16(packet.Add16(header)))
}

// quoted is how many octets of a packet an ICMP error quotes at most: it stays
// within 576 (RFC 1812 section 4.3.2.3), and 1280 (RFC 4443 section 2.4).
const quoted = 500

// Reject loses it and sends its sender an ICMP destination unreachable of
// this code, as a router or the addressee does.
func Reject(code uint8) Action {
	return Action{"reject", func(s Segment) []Delivery {
		e := packet.Unreachable(s.Dst.Addr(), s.Src.Addr(), code, s.Raw[:min(len(s.Raw), quoted)])
		e.IPFlags = packet.DontFragment
		return []Delivery{{Raw: e.Append(nil, packet.Raw), Back: true}}
	}}
}

// Rule applies an action to the segments that match: all of them, or, with
// Count, to that many after the first Skip.
type Rule struct {
	Match Match
	Do    Action
	Skip  int
	Count int
	// Idle says that there may be nothing for it to do.
	Idle bool

	seen int
}

// acted reports whether the rule has acted on a segment.
func (r *Rule) acted() bool { return r.seen > r.Skip }

// take reports whether the rule acts on s, and counts.
func (r *Rule) take(s Segment) bool {
	if !r.Match(s) {
		return false
	}
	r.seen++
	return r.seen > r.Skip && (r.Count == 0 || r.seen <= r.Skip+r.Count)
}
