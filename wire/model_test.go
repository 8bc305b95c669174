package wire_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
	"pgregory.net/rapid"
)

// option is an encoded TCP option and what it must do to the decoded ones.
type option struct {
	data  []byte
	apply func(*wire.Options)
}

func has(bits wire.OptionSet) func(*wire.Options) {
	return func(o *wire.Options) { o.Has |= bits }
}

// anyOption draws a well-formed option.
var anyOption = rapid.Custom(func(t *rapid.T) option {
	n16, n32 := rapid.Uint16(), rapid.Uint32()
	switch rapid.IntRange(0, 10).Draw(t, "kind") {
	case 0:
		v := n16.Draw(t, "mss")
		return option{packet.MSS(nil, v), func(o *wire.Options) { o.Has |= wire.OptMSS; o.MSS = v }}
	case 1:
		v := rapid.Byte().Draw(t, "scale")
		return option{packet.WindowScale(nil, v), func(o *wire.Options) { o.Has |= wire.OptWindowScale; o.WindowScale = v }}
	case 2:
		return option{packet.SACKPermitted(nil), has(wire.OptSACKPermitted)}
	case 3:
		v, e := n32.Draw(t, "val"), n32.Draw(t, "ecr")
		lead := rapid.IntRange(0, 2).Draw(t, "nops")
		return option{packet.Timestamps(packet.NOP(nil, lead), v, e), func(o *wire.Options) { o.Has |= wire.OptTimestamps | linuxOrder(o); o.TSVal, o.TSEcr = v, e }}
	case 4:
		blocks := make([]wire.SACKBlock, rapid.IntRange(1, 4).Draw(t, "blocks"))
		for i := range blocks {
			blocks[i] = wire.SACKBlock{Left: wire.Seq(n32.Draw(t, "left")), Right: wire.Seq(n32.Draw(t, "right"))}
		}
		return option{packet.SACK(nil, blocks...), func(o *wire.Options) {
			o.Has, o.NSACK = o.Has|wire.OptSACK, uint8(len(blocks))
		}}
	case 5:
		n := rapid.SampledFrom([]int{0, 4, 8, 16}).Draw(t, "cookie")
		data := packet.FastOpen(nil, make([]byte, n))
		if rapid.Bool().Draw(t, "experimental") {
			data = packet.Option(nil, 254, append([]byte{0xf9, 0x89}, make([]byte, n)...))
		}
		return option{data, func(o *wire.Options) {
			o.Has = o.Has&^wire.OptFastOpenCookie | wire.OptFastOpen
			if n > 0 {
				o.Has |= wire.OptFastOpenCookie
			}
		}}
	case 6:
		sub := rapid.Uint8Range(0, 15).Draw(t, "subtype")
		return option{packet.Option(nil, 30, []byte{sub<<4 | 1, 2}), func(o *wire.Options) {
			if o.Has&wire.OptMPTCP == 0 {
				o.Has, o.MPTCP = o.Has|wire.OptMPTCP, sub
			}
		}}
	case 7:
		return option{packet.Option(nil, 19, make([]byte, 16)), has(wire.OptMD5)}
	case 8:
		return option{packet.Option(nil, 29, make([]byte, 14)), has(wire.OptMD5)}
	case 9:
		kind := rapid.SampledFrom([]uint8{6, 14, 27, 69, 253, 255}).Draw(t, "unknown")
		return option{packet.Option(nil, kind, make([]byte, rapid.IntRange(0, 6).Draw(t, "length"))), has(0)}
	}
	return option{packet.NOP(nil, 1), has(0)}
})

// sample is a frame and the segment that must come out of it.
type sample struct {
	frame
	tcp     packet.TCP
	want    wire.Segment
	payload []byte // captured
}

// anySample draws a segment with everything around it that the fast path
// knows, and cuts it at any octet after the control bits, or not.
var anySample = rapid.Custom(func(t *rapid.T) sample {
	v6 := rapid.Bool().Draw(t, "v6")
	p := packet.TCP{
		Src: anyAddrPort(v6).Draw(t, "src"), Dst: anyAddrPort(v6).Draw(t, "dst"),
		Seq: wire.Seq(rapid.Uint32().Draw(t, "seq")), Ack: wire.Seq(rapid.Uint32().Draw(t, "ack")),
		Flags:  wire.Flags(rapid.Uint16Range(0, 0x1ff).Draw(t, "flags")),
		Window: rapid.Uint16().Draw(t, "window"), Urgent: rapid.Uint16().Draw(t, "urgent"),
		Payload: rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "payload"),
	}
	p.TTL = rapid.Uint8Range(1, 255).Draw(t, "ttl")
	want := wire.Segment{
		Seq: p.Seq, Ack: p.Ack, Len: uint32(len(p.Payload)), Flags: p.Flags, TTL: p.TTL,
	}
	for _, o := range rapid.SliceOfN(anyOption, 0, 6).Draw(t, "options") {
		if len(p.Options)+len(o.data) <= 40 {
			if o.data[0] == 5 {
				want.Options.SACKAt = uint8(20 + len(p.Options) + 2)
			}
			p.Options = append(p.Options, o.data...)
			o.apply(&want.Options)
		}
	}
	want.Tuple, want.Dir = wire.NewTuple(p.Src, p.Dst)
	link := drawEnvelope(t, &p, &want)

	data := p.Append(nil, link)
	tcp := data[len(data)-20-(len(p.Options)+3)&^3-len(p.Payload):]
	want.Sum = uint16(tcp[16])<<8 | uint16(tcp[17])
	want.Window = p.Window
	want.TCP = tcp
	payload := p.Payload
	f := whole(link, data)
	if rapid.Bool().Draw(t, "cut") {
		n := rapid.IntRange(len(data)-len(tcp)+14, len(data)).Draw(t, "snaplen")
		f.data = data[:n]
		cutWant(&want, n-(len(data)-len(tcp)), len(tcp)-len(p.Payload))
		payload = payload[:len(payload)-min(len(payload), len(data)-n)]
	} else if p.Offload = rapid.Bool().Draw(t, "offload"); p.Offload {
		f = whole(link, p.Append(nil, link))
		want.Offload = true
	} else if link == packet.Ethernet {
		padding := make([]byte, rapid.IntRange(0, 20).Draw(t, "padding"))
		f = whole(link, append(slices.Clip(data), padding...))
	}
	return sample{f, p, want, payload}
})

// drawEnvelope draws link type, VLAN tags, and IP header.
func drawEnvelope(t *rapid.T, p *packet.TCP, want *wire.Segment) (link uint32) {
	link = rapid.SampledFrom(packet.Links).Draw(t, "link")
	if v6 := want.Tuple.V6; v6 && link == packet.IPv4 || !v6 && link == packet.IPv6 {
		link = packet.Raw
	}
	cooked := link == packet.SLL || link == packet.SLL2
	if cooked || link == packet.Ethernet {
		for i := range rapid.IntRange(0, 2).Draw(t, "tags") {
			id := rapid.Uint16Range(1, 4095).Draw(t, "vlan")
			p.VLAN = append(p.VLAN, rapid.Uint16Range(0, 15).Draw(t, "priority")<<12|id)
			want.Tuple.VLAN[i] = id
		}
	}
	if cooked {
		p.Direction = wire.Direction(rapid.IntRange(0, 2).Draw(t, "direction"))
		want.Arrow = p.Direction
	}
	if want.Tuple.V6 {
		drawExtensions(t, p, want)
		return link
	}
	p.IPID, want.HasIPID = rapid.Uint16().Draw(t, "ipid"), true
	want.IPID = p.IPID
	p.IPFlags = rapid.SampledFrom([]uint16{0, 0x4000}).Draw(t, "flags")
	p.IPOptions = make([]byte, rapid.IntRange(0, 40).Draw(t, "ip options"))
	for i := range p.IPOptions {
		p.IPOptions[i] = 1
	}
	if rapid.Bool().Draw(t, "AH") {
		p.Extensions = []packet.Extension{ah}
	}
	return link
}

// drawExtensions draws IPv6 extension headers.
func drawExtensions(t *rapid.T, p *packet.TCP, want *wire.Segment) {
	pad := func(n int) []byte { // n times 8 octets, filled by one PadN
		b := make([]byte, 8*n)
		b[1], b[2], b[3] = uint8(n-1), 1, uint8(8*n-4)
		return b
	}
	all := []packet.Extension{
		{Proto: packet.ProtoHopByHop, Data: pad(1)},
		{Proto: packet.ProtoDestination, Data: pad(3)},
		{Proto: packet.ProtoRouting, Data: make([]byte, 8)},
		{Proto: packet.ProtoFragment, Data: []byte{0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78}},
		ah,
		{Proto: packet.ProtoDestination, Data: pad(1)},
	}
	for _, e := range all {
		if !rapid.Bool().Draw(t, "extension") {
			continue
		}
		p.Extensions = append(p.Extensions, e)
		if e.Proto == packet.ProtoFragment { // atomic
			want.HasIPID, want.IPID = true, 0x5678
		}
	}
}

// cutWant cuts the expectation to n octets of TCP, header octets of which are
// its header.
func cutWant(want *wire.Segment, n, header int) {
	want.TCP = want.TCP[:n]
	if n < 16 {
		want.Window = 0
	}
	if n < 18 {
		want.Sum = 0
	}
	if n < header {
		want.Options = wire.Options{Has: wire.OptIncomplete} // what is left of them is options_test's
	}
}

func TestDecodeAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anySample.Draw(t, "sample")
		got, out := c.decode()
		if out != wire.OutcomeTCP {
			t.Fatalf("outcome %d of %x", out, c.data)
		}
		if d := c.shortCut(out, got); d != "" {
			t.Fatal(d)
		}
		if headerCut(&got) {
			if got.Options.Has&wire.OptIncomplete == 0 && !closedOptions(got.TCP) {
				t.Fatalf("a cut header's options pass for complete: %x", got.TCP)
			}
			got.Options, c.want.Options = wire.Options{}, wire.Options{}
		}
		if d := diff(c.want, got); d != "" {
			t.Fatalf("frame %x (-want +got)\n%s", c.data, d)
		}
		if !bytes.Equal(got.Payload(), c.payload) {
			t.Fatalf("frame %x: payload %x, want %x", c.data, got.Payload(), c.payload)
		}
		if got.WindowKnown() != (len(got.TCP) >= 16) {
			t.Fatalf("WindowKnown of %d octets: %v", len(got.TCP), got.WindowKnown())
		}
	})
}

func headerCut(s *wire.Segment) bool { return len(s.TCP) < int(s.TCP[12]>>4)*4 }

// closedOptions reports whether an end-of-list stands among the captured
// options (only its padding may have been cut).
func closedOptions(tcp []byte) bool {
	for i := 20; i < len(tcp); {
		switch tcp[i] {
		case 0:
			return true
		case 1:
			i++
		default:
			if i+1 >= len(tcp) {
				return false
			}
			i += int(tcp[i+1])
		}
	}
	return false
}
