package wire_test

import (
	"testing"
	"unsafe"

	"github.com/lastack/lastack/internal/encap"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// maxLen is the largest window: no segment is longer (RFC 7323 section 2.3).
const maxLen = 1 << 30

func addSeeds(f *testing.F) {
	for i, fr := range capturedFrames(f) {
		if i%50 == 0 {
			f.Add(fr.link, fr.orig, fr.data[:min(len(fr.data), 200)])
		}
	}
	for _, p := range []packet.TCP{segment(), onIPv6(segment())} {
		p.Options = packet.SACK(packet.SYNOptions(nil, 1, 2), wire.SACKBlock{Left: 1, Right: 2})
		p.VLAN = []uint16{7, 8}
		p.Extensions = nil
		for _, link := range packet.Links {
			f.Add(link, uint32(0), p.Append(nil, link))
		}
	}
	p := onIPv6(segment())
	p.Extensions = []packet.Extension{
		{Proto: packet.ProtoHopByHop, Data: unhex("0000 c204 00011170")},
		{Proto: packet.ProtoRouting, Data: append(unhex("0002 0001 00000000"), make([]byte, 16)...)},
		{Proto: packet.ProtoFragment, Data: unhex("0000 0001 00000007")},
	}
	f.Add(packet.Raw, uint32(0), p.Append(nil, packet.Raw))
	icmp := icmp4(3, 1, whatDrewIt(segment()))
	f.Add(packet.Ethernet, uint32(0), icmp.Append(nil, packet.Ethernet))
	for i := range encap.Cases {
		c := &encap.Cases[i]
		_, frames := c.Frames()
		f.Add(c.Link, uint32(0), frames[3])
	}
}

// FuzzDecode: no frame makes Decode panic, claim what the frame cannot hold,
// give two answers, or write to what it was lent; and the short cut for what is usual
// changes nothing.
func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, link, orig uint32, data []byte) {
		fr := frame{link, data, orig}
		before := string(data)
		var d wire.Decoder
		s := leftovers()
		out := d.Decode(link, data, orig, &s)
		if string(data) != before {
			t.Fatal("the frame was changed")
		}
		again, sameOut := fr.decode()
		if out != sameOut || diff(again, s) != "" {
			t.Fatalf("two answers: %d, %d\n%s", out, sameOut, diff(again, s))
		}
		if d := fr.shortCut(out, s); d != "" {
			t.Fatal(d)
		}
		switch out {
		case wire.OutcomeTCP:
			checkSegment(t, fr, &d, &s)
		case wire.OutcomeICMP:
			checkKey(t, &d, &d.ICMP.Tuple, d.ICMP.Dir)
			fallthrough
		default:
			if diff(untouched(), s) != "" {
				t.Fatalf("outcome %d leaves %+v", out, s)
			}
		}
		if int(out) >= wire.Outcomes {
			t.Fatalf("outcome %d", out)
		}
	})
}

func checkSegment(t *testing.T, fr frame, d *wire.Decoder, s *wire.Segment) {
	checkKey(t, d, &s.Tuple, s.Dir)
	if s.Len > maxLen || !s.Tuple.V6 && s.Len > 0xffff && !s.Offload {
		t.Fatalf("%d octets", s.Len)
	}
	if len(s.TCP) < 14 || uint32(len(s.Payload())) > s.Len || s.Flags > 0x1ff || s.Options.NSACK > 4 {
		t.Fatalf("%+v", s)
	}
	if !within(s.TCP, fr.data) {
		t.Fatal("TCP is not part of the frame")
	}
	if len(s.Payload()) > 0 && !within(s.Payload(), s.TCP) {
		t.Fatal("the payload is not part of TCP")
	}
	if headerCut(s) && (len(s.Payload()) > 0 || s.Options.Has&wire.OptIncomplete == 0 && !closedOptions(s.TCP)) {
		t.Fatalf("a cut header passes for whole: %+v", s)
	}
	if n := s.Options.NSACK; n > 0 && int(s.Options.SACKAt)+8*int(n) > len(s.TCP) {
		t.Fatalf("%d SACK blocks from octet %d of %d", n, s.Options.SACKAt, len(s.TCP))
	}
	s.VerifyChecksum()
	_ = s.Flags.String()
}

func checkKey(t *testing.T, d *wire.Decoder, k *wire.FourTuple, dir uint8) {
	if dir > 1 || k.AddrPort(1).Compare(k.AddrPort(0)) < 0 || k.VLAN[0] == 0 && k.VLAN[1] != 0 {
		t.Fatalf("key %v, %v, dir %d, VLANs %v", k.AddrPort(0), k.AddrPort(1), dir, k.VLAN)
	}
	if path := d.TunnelPath(k.Tunnel); (k.Tunnel != 0) != (len(path) > 0) {
		t.Fatalf("tunnel %d is %q", k.Tunnel, path)
	}
}

// within reports whether part is a subslice of all.
func within(part, all []byte) bool {
	p, a := uintptr(unsafe.Pointer(unsafe.SliceData(part))), uintptr(unsafe.Pointer(unsafe.SliceData(all)))
	return p >= a && p+uintptr(len(part)) <= a+uintptr(len(all))
}

// FuzzAgainstGopacket: where gopacket decodes a frame as well, both agree in
// every field.
func FuzzAgainstGopacket(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, link, orig uint32, data []byte) {
		fr := frame{link, data, max(orig%(1<<17), uint32(len(data)))}
		want, ok := oracle(fr)
		got, out := fr.decode()
		if !ok || out != wire.OutcomeTCP {
			return
		}
		if d := diff(want, got); d != "" {
			t.Fatalf("(-gopacket +wire)\n%s", d)
		}
	})
}

// FuzzFragments: whatever fragments of a packet come, in whatever order, no octet of it
// counts that it has not, none comes after its FIN, and little is remembered.
func FuzzFragments(f *testing.F) {
	f.Add(false, []byte{0, 50, 50, 100, 100, 0xff})
	f.Add(true, []byte{100, 0xff, 50, 100, 0, 50, 50, 100})
	f.Add(false, []byte{0, 1, 1, 2, 2, 0xff, 0, 1})
	p4, p6 := big(false, 1500), big(true, 1500)
	block := wire.SACKBlock{Left: 7, Right: 9}
	p4.Options = packet.SACK(nil, block)
	p6.Options = p4.Options
	raw := [2][]byte{p4.Append(nil, packet.Raw), p6.Append(nil, packet.Raw)}
	f.Fuzz(func(t *testing.T, v6 bool, cuts []byte) {
		p, data := &p4, raw[0]
		if v6 {
			p, data = &p6, raw[1]
		}
		body := len(data) - 20
		if v6 {
			body -= 20
		}
		var d wire.Decoder
		for i := 0; i+1 < len(cuts); i += 2 {
			from, to := int(cuts[i])*8, min(int(cuts[i+1])*8, body)
			if cuts[i+1] == 0xff {
				to = body
			}
			if from >= to || from == 0 && to == body {
				continue
			}
			one := fragmentOf(v6, data, from, to)
			s := leftovers()
			s.Time = int64(i) * 1e8
			if d.Decode(packet.Raw, one, uint32(len(one)), &s) != wire.OutcomeTCP {
				continue
			}
			end := p.Seq.Add(uint32(len(p.Payload)))
			if s.Seq.Less(p.Seq) || end.Less(s.Seq.Add(s.Len)) || s.Flags.Has(wire.FIN) && s.Seq.Add(s.Len) != end {
				t.Fatalf("%d octets from %d, flags %v", s.Len, s.Seq-p.Seq, s.Flags)
			}
			if !s.Fragment || uint32(len(s.Payload())) > s.Len {
				t.Fatalf("%+v", s)
			}
			if s.Options.NSACK != 1 || s.SACK(0) != block {
				t.Fatalf("%d SACK blocks, %v", s.Options.NSACK, s.SACK(0))
			}
		}
		if n := wire.FragmentsHeld(&d); n > 2 {
			t.Fatalf("%d datagrams are held of one", n)
		}
	})
}
