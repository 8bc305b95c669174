package story

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/internal/lab/packet"
	"github.com/lastack/lastack/internal/lab/truth"
)

// TestShift: both captures of a connection, and of its second incarnation,
// move together; a side without a wish stays.
func TestShift(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("198.51.100.1:2")
	frame := func(p packet.Packet) truth.Frame { return truth.Frame{Raw: p.Build(), Packet: p, TCP: true} }
	record := func() (r truth.Record) {
		for side := range r.Hosts {
			r.Hosts[side].Frames = []truth.Frame{
				frame(packet.Packet{Src: a, Dst: b, Seq: 1000, Flags: packet.SYN}),
				frame(packet.Packet{Src: b, Dst: a, Seq: 9000, Ack: 1001, Flags: packet.SYN | packet.ACK}),
				frame(packet.Packet{Src: a, Dst: b, Seq: 5000, Flags: packet.SYN}),
			}
		}
		return r
	}
	r := record()
	shift(&r, [2]uint32{0xffff_ffff, 0})
	for side, h := range r.Hosts {
		want := [][2]uint32{{0xffff_ffff, 0}, {9000, 0}, {3999, 0}}
		for i, f := range h.Frames {
			p, err := packet.Parse(f.Raw)
			if got := [2]uint32{p.Seq, p.Ack}; err != nil || got != want[i] || f.Seq != p.Seq {
				t.Errorf("at %d, frame %d: %v %v, want %v", side, i+1, got, err, want[i])
			}
		}
	}
}
