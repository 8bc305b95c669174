package judge

import (
	"hash/maphash"
	"io"
	"net/netip"
	"slices"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/packet"
)

// Packets are the IP packets of a story as each tap has them, by the tap's name, in
// the order of its frames.
type Packets map[string][]passage

// passage is a packet that passes a tap.
type passage struct {
	id       uint64  // of its octets: the same packet at the other tap has the same
	t        float64 // seconds since the epoch
	from, to netip.AddrPort
}

var seed = maphash.MakeSeed()

// ethernet is the length of the link header that the lab writes.
const ethernet = 14

// read adds those of the capture at tap.
func (p Packets) read(tap, file string) error {
	set, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		return err
	}
	defer set.Close()
	p[tap] = nil
	var frame capture.Packet
	for {
		switch err := set.Next(&frame); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
		raw := frame.Data[min(ethernet, len(frame.Data)):]
		segment, _ := packet.Parse(raw)
		p[tap] = append(p[tap], passage{maphash.Bytes(seed, raw), float64(frame.Time) / 1e9, segment.Src, segment.Dst})
	}
}

// from reports whether the tap has anything that an endpoint sent; without packets
// nobody knows.
func (p Packets) from(tap string, e *Endpoint) bool {
	ends := e.tuple()
	return p == nil || slices.ContainsFunc(p[tap], func(x passage) bool { return x.from == ends[0] && x.to == ends[1] })
}

// atItsHost returns whether a claim about a host, at the other tap, is of a packet
// that passed the host's own tap when its kernel entered the state. If the packet
// of the kernel's is not at the other tap (it was lost before it, changed on the
// way, or put in behind it), another may stand for it.
func (p Packets) atItsHost(host, tap string) func(*step, *claim) bool {
	passed, here := make(map[uint64][]float64), make(map[uint64]bool)
	for _, x := range p[host] {
		passed[x.id] = append(passed[x.id], x.t)
	}
	for _, x := range p[tap] {
		here[x.id] = true
	}
	return func(s *step, x *claim) bool {
		if s.frame == nil || s.t == 0 || x.frame == 0 || !here[p[host][*s.frame-1].id] {
			return true
		}
		for _, t := range passed[p[tap][x.frame-1].id] {
			if s.lo-near <= t && t <= s.t+near {
				return true
			}
		}
		return false
	}
}

// frameOf returns where a tap has the packet with which a host's kernel entered a
// state, 0 where it has not.
func (p Packets) frameOf(host, tap string) func(*step) uint64 {
	return func(s *step) uint64 {
		if s.frame == nil || p == nil {
			return 0
		}
		id := p[host][*s.frame-1].id
		return uint64(slices.IndexFunc(p[tap], func(x passage) bool { return x.id == id }) + 1)
	}
}
