package wire_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// big is a segment with a FIN and that many octets of payload.
func big(v6 bool, n int) packet.TCP {
	p := segment()
	if v6 {
		p = onIPv6(p)
	}
	p.Flags, p.Payload, p.IPID = wire.FIN|wire.PSH|wire.ACK, bytes.Repeat([]byte{0x5a}, n), 77
	return p
}

// fragmented cuts a packet at the given offsets of what IP carries, multiples of 8.
func fragmented(v6 bool, raw []byte, at ...int) (out [][]byte) {
	end := len(raw) - 20
	if v6 {
		end -= 20
	}
	at = append(append([]int{0}, at...), end)
	for i := range len(at) - 1 {
		out = append(out, fragmentOf(v6, raw, at[i], at[i+1]))
	}
	return out
}

// fragmentOf is the fragment from one offset of what IP carries to another one.
func fragmentOf(v6 bool, raw []byte, from, to int) []byte {
	header, more := 20, uint16(0)
	if v6 {
		header = 40
	}
	body := raw[header:]
	if to < len(body) {
		more = 1
	}
	f := slices.Clone(raw[:header])
	if v6 {
		ext := make([]byte, 8)
		ext[0], f[6] = f[6], packet.ProtoFragment
		put16(ext[2:], uint16(from)|more)
		put16(ext[6:], 77)
		put16(f[4:], uint16(8+to-from))
		f = append(f, ext...)
	} else {
		put16(f[2:], uint16(20+to-from))
		put16(f[6:], uint16(from/8)|more<<13)
	}
	return append(f, body[from:to]...)
}

func put16(b []byte, v uint16) { b[0], b[1] = byte(v>>8), byte(v) }

// feed decodes packets one after the other and returns the segments among them.
func feed(d *wire.Decoder, packets ...[]byte) (list []wire.Segment) {
	for i, p := range packets {
		s := wire.Segment{Time: int64(i)}
		if d.Decode(packet.Raw, p, uint32(len(p)), &s) == wire.OutcomeTCP {
			list = append(list, s)
		}
	}
	return list
}

// whatItSays is the sequence space that segments take, if they are one behind the other.
func whatItSays(t *testing.T, list []wire.Segment) (from wire.Seq, octets uint32, fin bool) {
	t.Helper()
	for i := range list {
		s := &list[i]
		if i > 0 && s.Seq != from.Add(octets) {
			t.Fatalf("segment %d begins with %d, the one before ends with %d", i, s.Seq, from.Add(octets))
		}
		if fin {
			t.Fatalf("segment %d comes after the FIN", i)
		}
		if i == 0 {
			from = s.Seq
		}
		octets, fin = octets+s.Len, s.Flags.Has(wire.FIN)
		if !s.Fragment || s.Rest != (i > 0) {
			t.Errorf("segment %d: fragment %v, rest %v", i, s.Fragment, s.Rest)
		}
	}
	return from, octets, fin
}

// TestFragments: in whatever order the fragments of a segment come, with copies or without,
// what counts is the segment: once, its FIN behind its octets.
func TestFragments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		v6 := i%2 == 1
		p := big(v6, 100+r.IntN(3000))
		raw := p.Append(nil, packet.Raw)
		at := []int{8 * (1 + r.IntN(10))}
		for next := at[0] + 8*(1+r.IntN(60)); next < len(raw)-60; next += 8 * (1 + r.IntN(60)) {
			at = append(at, next)
		}
		pieces := fragmented(v6, raw, at...)
		for range r.IntN(3) {
			pieces = append(pieces, pieces[r.IntN(len(pieces))])
		}
		if i%3 > 0 {
			r.Shuffle(len(pieces), func(a, b int) { pieces[a], pieces[b] = pieces[b], pieces[a] })
		}
		var d wire.Decoder
		list := feed(&d, pieces...)
		from, octets, fin := whatItSays(t, list)
		if len(list) == 0 || len(list) > 2 || from != p.Seq || octets != uint32(len(p.Payload)) || !fin {
			t.Fatalf("%d octets cut at %v: %d segments, %d octets from %d, FIN %v", len(p.Payload), at, len(list), octets, from, fin)
		}
		attacks, _ := d.FragmentAttacks()
		for _, a := range attacks {
			if a.Trick != wire.Tiny {
				t.Fatalf("an attack: %+v", a)
			}
		}
	}
}

// TestFragmentMissing: without the last fragment the first counts, but for the FIN, whose
// place nobody knows.
func TestFragmentMissing(t *testing.T) {
	p := big(false, 1000)
	pieces := fragmented(false, p.Append(nil, packet.Raw), 400, 800)
	var d wire.Decoder
	list := feed(&d, pieces[0], pieces[1])
	if len(list) != 1 || list[0].Len != 400-20 || list[0].Flags != wire.PSH|wire.ACK || len(list[0].Payload()) != 380 {
		t.Fatalf("%+v", list)
	}
	if list := feed(&d, pieces[2]); len(list) != 1 || list[0].Len != 620 || list[0].Flags != p.Flags || list[0].Seq != p.Seq.Add(380) {
		t.Errorf("%+v", list)
	}
	if list := feed(&d, pieces...); len(list) != 0 {
		t.Errorf("copies count: %+v", list)
	}
}

// TestFragmentIDAgain: an id that is used anew is that of another segment.
func TestFragmentIDAgain(t *testing.T) {
	p, q := big(false, 1000), big(false, 1000)
	q.Seq = q.Seq.Add(1000)
	var d wire.Decoder
	list := feed(&d, append(fragmented(false, p.Append(nil, packet.Raw), 400), fragmented(false, q.Append(nil, packet.Raw), 400)...)...)
	if len(list) != 4 || list[2].Seq != q.Seq {
		t.Errorf("%d segments: %+v", len(list), list)
	}
}

// TestFragmentTime: after half a minute, a minute in IPv6, a datagram is given up.
func TestFragmentTime(t *testing.T) {
	for _, c := range []struct {
		v6      bool
		seconds int64
		want    int
	}{{false, 29, 2}, {false, 31, 1}, {true, 59, 2}, {true, 61, 1}} {
		p := big(c.v6, 1000)
		var d wire.Decoder
		n := 0
		for i, data := range fragmented(c.v6, p.Append(nil, packet.Raw), 400) {
			s := wire.Segment{Time: int64(i) * c.seconds * 1e9}
			if d.Decode(packet.Raw, data, uint32(len(data)), &s) == wire.OutcomeTCP {
				n++
			}
		}
		if n != c.want {
			t.Errorf("%+v: %d segments", c, n)
		}
	}
}

// TestFragmentIDLater: of two datagrams with an id the first never became whole. The other one
// is no attack.
func TestFragmentIDLater(t *testing.T) {
	p, q := big(false, 1000), big(false, 1200)
	var d wire.Decoder
	feed(&d, fragmented(false, p.Append(nil, packet.Raw), 400, 800)[:2]...)
	n := 0
	for _, data := range fragmented(false, q.Append(nil, packet.Raw), 800) {
		s := wire.Segment{Time: 2e9}
		if d.Decode(packet.Raw, data, uint32(len(data)), &s) == wire.OutcomeTCP {
			n++
		}
	}
	if attacks, _ := d.FragmentAttacks(); n != 2 || len(attacks) > 0 {
		t.Errorf("%d segments, %+v", n, attacks)
	}
}

// TestFragmentDistance: a sender whose ids go round within a moment (RFC 4963) has sent many
// fragments in between. What has the id of a datagram that lost one is then another datagram,
// and so it is to Linux, in IPv4.
func TestFragmentDistance(t *testing.T) {
	for others, want := range map[int]int{20: 0, 40: 2} {
		p, q := big(false, 1000), big(false, 1000)
		q.Seq = q.Seq.Add(1000)
		var d wire.Decoder
		feed(&d, fragmented(false, p.Append(nil, packet.Raw), 400)[:1]...)
		for i := range others {
			o := big(false, 100)
			o.IPID = uint16(1000 + i)
			feed(&d, fragmented(false, o.Append(nil, packet.Raw), 80)...)
		}
		n := 0
		for _, s := range feed(&d, fragmented(false, q.Append(nil, packet.Raw), 400)...) {
			if !s.Seq.Less(q.Seq) {
				n++
			}
		}
		if n != want {
			t.Errorf("after %d others %d segments, want %d", others, n, want)
		}
	}
}

// TestFragmentAttacks: what no sender does is none of the segment, and is told.
func TestFragmentAttacks(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		p := big(v6, 1000)
		raw := p.Append(nil, packet.Raw)
		clean := fragmented(v6, raw, 400, 800)
		other := fragmented(v6, raw, 392, 792)
		large := slices.Clone(clean[2])
		if v6 {
			put16(large[42:], 0xfff8)
		} else {
			put16(large[6:], 0x1fff)
		}
		for name, c := range map[string]struct {
			pieces [][]byte
			want   wire.Trick
			n      int
		}{
			"teardrop":  {[][]byte{clean[0], other[1], clean[1], clean[2]}, wire.Overlap, 1},
			"tiny":      {fragmented(v6, raw, 8), wire.Tiny, 1},
			"in flags":  {fragmented(v6, raw, 16), wire.Tiny, 1},
			"oversized": {[][]byte{clean[0], large}, wire.Oversized, 1},
		} {
			var d wire.Decoder
			list := feed(&d, c.pieces...)
			attacks, _ := d.FragmentAttacks()
			if len(attacks) != 1 || attacks[0].Trick != c.want || attacks[0].Src != p.Src.Addr() || attacks[0].Dst != p.Dst.Addr() {
				t.Errorf("%s: %+v", name, attacks)
			}
			if len(list) != c.n {
				t.Errorf("%s: %d segments", name, len(list))
			}
		}
	}
}

// TestFragmentsOfTunnel: the outer packet was cut, within the inner one. The inner segment
// counts as one that was cut itself.
func TestFragmentsOfTunnel(t *testing.T) {
	p := big(false, 1000)
	for name, raw := range map[string][]byte{
		"ipip":  serialize(t, p.Append(nil, packet.Raw), ip4(4)),
		"vxlan": serialize(t, p.Append(nil, packet.Ethernet), ip4(17), udp(4789), octets(unhex("08000000 00002a00"))),
	} {
		for _, at := range [][]int{{600}, {48, 600}, {24, 600}, {96}, {96, 104}} {
			pieces := fragmented(false, raw, at...)
			for _, reverse := range []bool{false, true} {
				if reverse {
					slices.Reverse(pieces)
				}
				var d wire.Decoder
				list := feed(&d, pieces...)
				from, octets, fin := whatItSays(t, list)
				if from != p.Seq || octets != 1000 || !fin {
					t.Errorf("%s cut at %v, reverse %v: %d octets from %d, FIN %v", name, at, reverse, octets, from, fin)
				}
			}
		}
	}
}

// TestFragmentsAreBounded: a million datagrams that never become whole take little room.
func TestFragmentsAreBounded(t *testing.T) {
	p := big(false, 1000)
	first := fragmented(false, p.Append(nil, packet.Raw), 400)[0]
	var d wire.Decoder
	var s wire.Segment
	for i := range 1_000_000 {
		put16(first[4:], uint16(i))
		put16(first[14:], uint16(i>>16))
		d.Decode(packet.Raw, first, uint32(len(first)), &s)
	}
	if wire.FragmentsHeld(&d) > 1<<12 {
		t.Errorf("%d datagrams are held", wire.FragmentsHeld(&d))
	}
}

// TestFragmentsOfFragments: what was cut before a tunnel is cut again outside of it. The segment
// counts once, whatever comes first, and nothing panics.
func TestFragmentsOfFragments(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		p := big(false, 1000)
		var frames [][]byte
		for i, inner := range fragmented(false, p.Append(nil, packet.Raw), 600) {
			outer := serialize(t, inner, ip4(4))
			if v6 {
				outer = serialize(t, inner, ip6(4))
			} else {
				put16(outer[4:], uint16(500+i))
			}
			pieces := fragmented(v6, outer, 104)
			if v6 {
				for _, f := range pieces {
					put16(f[46:], uint16(500+i))
				}
			}
			frames = append(frames, pieces...)
		}
		for range 2 {
			var d wire.Decoder
			from, octets, fin := whatItSays(t, feed(&d, frames...))
			if from != p.Seq || octets != 1000 || !fin {
				t.Errorf("IPv6 %v: %d octets from %d, FIN %v", v6, octets, from, fin)
			}
			slices.Reverse(frames)
		}
	}
}

// TestFragmentChecksum: where checksums are verified a segment counts when it is whole, and not
// if its checksum is wrong; one that a card was to fill in is not wrong.
func TestFragmentChecksum(t *testing.T) {
	for sum, want := range map[packet.Sum]wire.Outcome{packet.Good: wire.OutcomeTCP, packet.Partial: wire.OutcomeTCP, packet.Zero: wire.OutcomeTCP, packet.Bad: wire.OutcomeChecksum} {
		p := big(false, 1001)
		p.Sum = sum
		d := wire.Decoder{Verify: true}
		out := wire.OutcomeFragment
		pieces := fragmented(false, p.Append(nil, packet.Raw), 400, 800)
		for i, data := range pieces {
			put16(data[10:], 0) // the IP checksum is not filled in
			s := leftovers()
			if out = d.Decode(packet.Raw, data, uint32(len(data)), &s); i < len(pieces)-1 && out != wire.OutcomeFragment {
				t.Errorf("%v: fragment %d: outcome %d", sum, i, out)
			}
			if out == wire.OutcomeTCP && (s.Len != 1001 || s.Rest || !s.Flags.Has(wire.FIN)) {
				t.Errorf("%v: %+v", sum, s)
			}
		}
		if out != want {
			t.Errorf("%v: outcome %d, want %d", sum, out, want)
		}
	}
}

// TestFragmentsCut: of a fragment that was not captured whole the octets that are missing are not
// zeros: what lies behind them is not decoded, and lengths are those of the IP headers.
func TestFragmentsCut(t *testing.T) {
	p := big(false, 1000)
	p.Options = packet.SYNOptions(nil, 7, 8)
	pieces := fragmented(false, p.Append(nil, packet.Raw), 24, 400)
	for cut := range 21 {
		var d wire.Decoder
		var last wire.Segment
		for _, i := range []int{2, 1, 0} {
			data := pieces[i]
			if i == 1 {
				data = data[:20+cut]
			}
			s := wire.Segment{}
			if d.Decode(packet.Raw, data, uint32(len(pieces[i])), &s) == wire.OutcomeTCP {
				last = s
			}
		}
		header := len(p.Append(nil, packet.Raw)) - 20 - 1000
		if known := 24 + min(cut/8*8, header-24); last.Len != 1000 || len(last.TCP) > 24+cut || last.Options.Has&wire.OptIncomplete == 0 != (known >= header) {
			t.Errorf("%d octets of the second: %d octets, %d known, options %b", cut, last.Len, len(last.TCP), last.Options.Has)
		}
	}
}

// TestFragmentTimes: IPv4 traffic does not end the time of IPv6 datagrams.
func TestFragmentTimes(t *testing.T) {
	p4, p6 := big(false, 1000), big(true, 1000)
	six, four := fragmented(true, p6.Append(nil, packet.Raw), 400), fragmented(false, p4.Append(nil, packet.Raw), 400)
	var d wire.Decoder
	var got []wire.Outcome
	for _, x := range []struct {
		at   int64
		data []byte
	}{{0, six[0]}, {1e9, four[0]}, {40e9, four[1]}, {50e9, six[1]}} {
		s := wire.Segment{Time: x.at}
		got = append(got, d.Decode(packet.Raw, x.data, uint32(len(x.data)), &s))
	}
	if want := []wire.Outcome{wire.OutcomeTCP, wire.OutcomeTCP, wire.OutcomeFragment, wire.OutcomeTCP}; !slices.Equal(got, want) {
		t.Errorf("outcomes %v, want %v", got, want)
	}
}
