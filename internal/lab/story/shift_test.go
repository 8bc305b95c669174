package story

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/internal/lab/truth"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// TestShift: both captures of a connection, and of its second incarnation,
// move together; a side without a wish stays.
func TestShift(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("198.51.100.1:2")
	frame := func(p packet.TCP) truth.Frame {
		return truth.Frame{Raw: p.Append(nil, packet.Raw), TCP: p, Whole: true}
	}
	record := func() (r truth.Record) {
		for side := range r.Hosts {
			r.Hosts[side].Frames = []truth.Frame{
				frame(packet.TCP{Src: a, Dst: b, Seq: 1000, Flags: wire.SYN}),
				frame(packet.TCP{Src: b, Dst: a, Seq: 9000, Ack: 1001, Flags: wire.SYN | wire.ACK}),
				frame(packet.TCP{Src: a, Dst: b, Seq: 5000, Flags: wire.SYN}),
			}
		}
		return r
	}
	r := record()
	shift(&r, [2]wire.Seq{0xffff_ffff, 0})
	for side, h := range r.Hosts {
		want := [][2]wire.Seq{{0xffff_ffff, 0}, {9000, 0}, {3999, 0}}
		for i, f := range h.Frames {
			p, ok := packet.Parse(f.Raw)
			if got := [2]wire.Seq{p.Seq, p.Ack}; !ok || got != want[i] || f.Seq != p.Seq {
				t.Errorf("at %d, frame %d: %v %v, want %v", side, i+1, got, ok, want[i])
			}
		}
	}
}

// TestShiftQuote: an ICMP error quotes the segment that was shifted, and its own
// checksum stays good.
func TestShiftQuote(t *testing.T) {
	for _, pair := range [][2]string{{"192.0.2.1:1", "198.51.100.1:2"}, {"[2001:db8:a::1]:1", "[2001:db8:b::1]:2"}} {
		a, b := netip.MustParseAddrPort(pair[0]), netip.MustParseAddrPort(pair[1])
		syn := packet.TCP{Src: a, Dst: b, Seq: 1000, Flags: wire.SYN}
		e := packet.Unreachable(b.Addr(), a.Addr(), 1, syn.Append(nil, packet.Raw))
		var r truth.Record
		r.Hosts[0].Frames = []truth.Frame{{Raw: syn.Append(nil, packet.Raw), TCP: syn, Whole: true}, {Raw: e.Append(nil, packet.Raw)}}
		shift(&r, [2]wire.Seq{7, 0})
		quote, at, ok := truth.Quoted(r.Hosts[0].Frames[1].Raw)
		if !ok || quote.Seq != 7 {
			t.Errorf("%v: quoted %v, %v", a, quote.Seq, ok)
		}
		have := r.Hosts[0].Frames[1].Raw
		e.Quote = have[at:]
		if string(e.Append(nil, packet.Raw)) != string(have) {
			t.Errorf("%v: the checksum is wrong", a)
		}
	}
}
