package wire_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

func TestOptions(t *testing.T) {
	const incomplete = wire.OptIncomplete
	stamps := wire.Options{Has: wire.OptTimestamps, TSVal: 1, TSEcr: 2}
	broken := func(o wire.Options) wire.Options { o.Has |= incomplete; return o }
	for _, c := range []struct {
		name, octets string
		want         wire.Options
	}{
		{"a Linux SYN", "0204 05b4 0402 080a 00000001 00000002 01 0303 07", wire.Options{
			Has: wire.OptMSS | wire.OptSACKPermitted | wire.OptTimestamps | wire.OptWindowScale | wire.OptLinuxOrder,
			MSS: 1460, TSVal: 1, TSEcr: 2, WindowScale: 7}},
		{"a Windows SYN", "0204 05b4 01 0303 08 0101 0402", wire.Options{
			Has: wire.OptMSS | wire.OptSACKPermitted | wire.OptWindowScale, MSS: 1460, WindowScale: 8}},
		{"timestamps, aligned", "0101 080a 00000001 00000002", stamps},
		{"timestamps, first", "080a 00000001 00000002 0101", stamps},
		{"timestamps and SACK", "0101 080a 00000001 00000002 0101 0512 00000003 00000004 fffffffe 00000001", wire.Options{
			Has: wire.OptTimestamps | wire.OptSACK, TSVal: 1, TSEcr: 2, NSACK: 2, SACKAt: 36}},
		{"four SACK blocks", "0522 00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008", wire.Options{Has: wire.OptSACK, NSACK: 4, SACKAt: 22}},
		{"two SACK options: the last", "050a 00000001 00000002 050a 00000003 00000004", wire.Options{Has: wire.OptSACK, NSACK: 1, SACKAt: 32}},
		{"fast open request", "2202", wire.Options{Has: wire.OptFastOpen}},
		{"fast open cookie", "220a 0102030405060708", wire.Options{Has: wire.OptFastOpen | wire.OptFastOpenCookie}},
		{"experimental fast open request", "fe04 f989", wire.Options{Has: wire.OptFastOpen}},
		{"experimental fast open cookie", "fe0c f989 0102030405060708", wire.Options{Has: wire.OptFastOpen | wire.OptFastOpenCookie}},
		{"another experiment", "fe04 e2d4 fe03 f9 fe02", wire.Options{}},
		{"MPTCP capable", "1e04 0081", wire.Options{Has: wire.OptMPTCP, MPTCP: 0}},
		{"two MPTCP options: the first", "1e04 2081 1e04 3081", wire.Options{Has: wire.OptMPTCP, MPTCP: 2}},
		{"MD5", "1312 00000000000000000000000000000000", wire.Options{Has: wire.OptMD5}},
		{"AO without a MAC", "1d04 0102", wire.Options{Has: wire.OptMD5}},
		{"AO", "1d10 0102 000000000000000000000000", wire.Options{Has: wire.OptMD5}},
		{"two of a kind: the last", "0204 0001 0204 0002", wire.Options{Has: wire.OptMSS, MSS: 2}},
		{"a cookie, then a request", "2206 01020304 2202", wire.Options{Has: wire.OptFastOpen}},
		{"nothing after the end", "00 0204 05b4", wire.Options{}},
		{"an unknown kind that looks like timestamps", "0101 100a 00000001 00000002", wire.Options{}},
		{"unknown kinds", "4502 fd04 0000 0606 00000000 0303 05", wire.Options{Has: wire.OptWindowScale, WindowScale: 5}},

		// What does not parse loses itself, and what follows a bad length.
		{"length 0", "0204 0001 0300 0402", broken(wire.Options{Has: wire.OptMSS, MSS: 1})},
		{"length 1", "0204 0001 0301 0402", broken(wire.Options{Has: wire.OptMSS, MSS: 1})},
		{"length beyond the header", "0303 07 080a 000000", broken(wire.Options{Has: wire.OptWindowScale, WindowScale: 7})},
		{"a kind without its length", "010101 08", broken(wire.Options{})},
		{"MSS of length 3", "0203 05 0303 07", broken(wire.Options{Has: wire.OptWindowScale, WindowScale: 7})},
		{"window scale of length 4", "0304 0707 0402", broken(wire.Options{Has: wire.OptSACKPermitted})},
		{"SACK permitted of length 3", "0403 00", broken(wire.Options{})},
		{"timestamps of length 8", "0808 00000001 0000", broken(wire.Options{})},
		{"aligned timestamps of length 11", "0101 080b 00000001 00000002 00", broken(wire.Options{})},
		{"SACK without a block", "0502", broken(wire.Options{})},
		{"SACK of a block and a half", "050e 00000001 00000002 00000003", broken(wire.Options{})},
		{"fast open cookie of 2", "2204 0102", broken(wire.Options{})},
		{"fast open cookie of 5", "2207 0102030405", broken(wire.Options{})},
		{"fast open cookie of 18", "2214 000000000000000000000000000000000000", broken(wire.Options{})},
		{"experimental cookie of 3", "fe07 f989 010203", broken(wire.Options{})},
		{"MPTCP without a subtype", "1e02", broken(wire.Options{})},
		{"MD5 of length 17", "1311 000000000000000000000000000000", broken(wire.Options{})},
		{"AO of length 3", "1d03 00", broken(wire.Options{})},
		{"a wrong length does not unsay an earlier option", "0204 0001 0203 00", broken(wire.Options{Has: wire.OptMSS, MSS: 1})},
	} {
		t.Run(c.name, func(t *testing.T) {
			octets := unhex(c.octets)
			if n := len(octets) % 4; n != 0 && c.want.Has&incomplete != 0 {
				// Padding must not mend what is broken: put NOPs in front.
				octets = append(packet.NOP(nil, 4-n), octets...)
			}
			p := segment()
			p.Options = octets
			got, out := whole(packet.Ethernet, p.Append(nil, packet.Ethernet)).decode()
			if out != wire.OutcomeTCP || got.Len != 5 || string(got.Payload()) != "hello" {
				t.Errorf("outcome %d, %d octets: %q", out, got.Len, got.Payload())
			}
			if d := cmp.Diff(c.want, got.Options); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// TestSACK: the blocks are those that were sent, wherever the option is.
func TestSACK(t *testing.T) {
	blocks := []wire.SACKBlock{{Left: 0xfffffffe, Right: 1}, {Left: 2, Right: 3}, {Left: 5, Right: 1 << 31}, {Left: 7, Right: 9}}
	for n := range 1 + len(blocks) {
		for _, before := range [][]byte{nil, packet.NOP(nil, 2), packet.WindowScale(nil, 3), packet.SACK(nil, blocks[3])} {
			p := segment()
			if p.Options = before; n > 0 {
				p.Options = packet.SACK(before, blocks[:n]...)
			}
			if len(p.Options) > 40 {
				continue
			}
			s, _ := whole(packet.Ethernet, p.Append(nil, packet.Ethernet)).decode()
			var got []wire.SACKBlock
			for i := range s.Options.NSACK {
				got = append(got, s.SACK(i))
			}
			want := blocks[:n]
			if n == 0 && len(before) > 4 {
				want = blocks[3:]
			}
			if !slices.Equal(got, want) {
				t.Errorf("options %x: %v", p.Options, got)
			}
		}
	}
}

// However a SYN is cut inside its options, the options before the cut are
// there and the set is marked, unless nothing but padding is gone.
func TestCutOptions(t *testing.T) {
	p := segment()
	p.Options = append(packet.SYNOptions(nil, 1, 2), 0, 0, 0, 0)
	data := p.Append(nil, packet.Raw)
	const start = 20 + 20
	for n, want := range map[int]wire.OptionSet{
		start:      wire.OptIncomplete,
		start + 3:  wire.OptIncomplete,
		start + 4:  wire.OptMSS | wire.OptIncomplete,
		start + 5:  wire.OptMSS | wire.OptIncomplete,
		start + 6:  wire.OptMSS | wire.OptSACKPermitted | wire.OptIncomplete,
		start + 15: wire.OptMSS | wire.OptSACKPermitted | wire.OptIncomplete,
		start + 16: wire.OptMSS | wire.OptSACKPermitted | wire.OptTimestamps | wire.OptLinuxOrder | wire.OptIncomplete,
		start + 20: wire.OptMSS | wire.OptSACKPermitted | wire.OptTimestamps | wire.OptWindowScale | wire.OptLinuxOrder | wire.OptIncomplete,
		start + 21: wire.OptMSS | wire.OptSACKPermitted | wire.OptTimestamps | wire.OptWindowScale | wire.OptLinuxOrder,
	} {
		s, out := frame{packet.Raw, data[:n], uint32(len(data))}.decode()
		if out != wire.OutcomeTCP || s.Options.Has != want {
			t.Errorf("cut to %d octets: outcome %d, options %#x, want %#x", n, out, s.Options.Has, want)
		}
	}
}
