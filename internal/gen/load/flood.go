package load

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/wire"
)

// FloodConfig says what a SYN flood is like.
type FloodConfig struct {
	Seed     uint64
	SYNs     int     // each of another source address and port
	Rate     float64 // of SYNs in a second of the capture's clock
	Answered float64 // share that the server answers, from 0 to 1
	Snaplen  int     // octets of a frame at most
}

func (cfg *FloodConfig) check() error {
	switch {
	case cfg.SYNs < 1 || cfg.SYNs > maxSYNs:
		return fmt.Errorf("%d SYNs (1 to %d are possible)", cfg.SYNs, maxSYNs)
	case !(cfg.Rate >= 1e-3 && cfg.Rate <= 1e8):
		return fmt.Errorf("%g SYNs a second", cfg.Rate)
	case !(cfg.Answered >= 0 && cfg.Answered <= 1):
		return errShare
	case cfg.Snaplen < minSnaplen:
		return fmt.Errorf("snaplen %d (at least %d)", cfg.Snaplen, minSnaplen)
	}
	return nil
}

// maxSYNs keeps far below the number of sources that there are.
const maxSYNs = 1 << 30

// Flood is a capture.Source that makes the SYNs of spoofed sources to one
// server, which keeps silent or answers, and is never answered itself.
type Flood struct {
	cfg     FloodConfig
	frames  Generator // makes them, and draws the random numbers
	heads   [2]head   // from the source 0.0.0.0, port 0, and to it
	tried   uint64    // numbers of sources that were tried
	syns    int
	packets uint64
	unheard bool // the last SYN is to be answered
	source  source
	syn     segment
}

// source is where a SYN pretends to come from.
type source struct {
	address uint32
	port    uint16
}

// NewFlood returns a Flood at its beginning.
func NewFlood(cfg FloodConfig) (*Flood, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	g, err := New(Config{Seed: cfg.Seed, Connections: 1, Packets: 1, Rate: 1, Concurrent: 1, Snaplen: cfg.Snaplen, Payload: 1})
	if err != nil {
		return nil, err
	}
	g.now = begin
	f := &Flood{cfg: cfg, frames: *g}
	from, to := netip.AddrPortFrom(netip.IPv4Unspecified(), 0), netip.MustParseAddrPort("198.51.100.1:443")
	f.heads = [2]head{client: makeHead(from, to, 52), server: makeHead(to, from, 64)}
	return f, nil
}

// Next makes the next packet. p.Data is valid until the next call.
func (f *Flood) Next(p *capture.Packet) error {
	g := &f.frames
	switch {
	case f.unheard:
		f.answer()
	case f.syns == f.cfg.SYNs:
		return io.EOF
	default:
		f.attack()
	}
	f.packets++
	*p = capture.Packet{Number: f.packets, Frame: f.packets, Time: g.now, Link: capture.LinkEthernet,
		OrigLen: uint32(g.size), Data: g.buf[:min(g.size, f.cfg.Snaplen)]}
	return nil
}

// attack makes the SYN of the next source.
func (f *Flood) attack() {
	g := &f.frames
	r := g.rng.Uint64()
	f.syns++
	f.source = f.next()
	f.syn = segment{seq: wire.Seq(r), id: uint16(r >> 32), window: firstWindow, flags: wire.SYN, layout: synPlain}
	f.unheard = g.chance(f.cfg.Answered)
	g.now += 1 + g.within(int64(2e9/f.cfg.Rate))
	f.emit(client, &f.syn)
}

// answer makes the SYN,ACK that answers the last SYN.
func (f *Flood) answer() {
	g := &f.frames
	f.unheard = false
	g.now++
	f.emit(server, &segment{seq: wire.Seq(g.rng.Uint64()), ack: f.syn.seq + 1, window: firstWindow, flags: wire.SYN | wire.ACK, layout: synPlain})
}

// emit makes the frame of s, with the source filled in.
func (f *Flood) emit(x side, s *segment) {
	h := f.heads[x]
	sum := uint64(f.source.address>>16) + uint64(f.source.address&0xffff)
	h.ip += sum
	h.tcp += sum + uint64(f.source.port)
	be.PutUint32(h.octets[6*(x^1)+2:], f.source.address) // its MAC address ends like it
	be.PutUint32(h.octets[ethernetHeader+12+4*x:], f.source.address)
	be.PutUint16(h.octets[ethernetHeader+ipv4Header+2*x:], f.source.port)
	f.frames.size = f.frames.frame(&h, s)
}

// next returns a source that was not there before. Counting in steps of an odd
// number reaches each of the 2^48 sources once; those that no host has are
// left out.
func (f *Flood) next() source {
	const step = 0x9e3779b97f4b // 2^48 by the golden ratio
	for {
		f.tried++
		n := (f.tried*step + f.cfg.Seed) & (1<<48 - 1)
		s := source{address: uint32(n >> 16), port: uint16(n)}
		if first := s.address >> 24; first != 0 && first != 127 && first < 224 && s.port != 0 {
			return s
		}
	}
}
