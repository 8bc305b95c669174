package capture_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/capture"
)

func first(data []byte) (p capture.Packet, err error) {
	s, err := capture.OpenReader("f", bytes.NewReader(data))
	if err == nil {
		err = s.Next(&p)
	}
	return p, err
}

func TestPcapng(t *testing.T) {
	le, be := little, big
	resolution := func(o binary.AppendByteOrder, v uint8) []byte { return option(o, 9, v) }
	end := option(le, 0)
	one := func(o binary.AppendByteOrder, ticks uint64, options ...[]byte) []byte {
		return join(section(o), iface(o, 1, 0, options...), enhanced(o, 0, ticks, 3, "abc"))
	}
	flags := func(v uint32) []byte { return option(le, 2, v) }
	after := func(blocks ...[]byte) []byte {
		return join(section(le), iface(le, 1, 0), join(blocks...), enhanced(le, 0, 5, 3, "abc"))
	}
	abc := []string{`1 5000 EN10MB 3 0 "abc"`}
	second := []string{`2 5000 EN10MB 3 0 "abc"`}
	runReadCases(t, []readCase{
		{"little", one(le, 5), abc, ""},
		{"big", one(be, 5), abc, ""},
		{"no interfaces", section(be), nil, ""},
		{"data padded by 0 to 3 octets", join(section(le), iface(le, 1, 0),
			enhanced(le, 0, 1, 9, ""), enhanced(le, 0, 2, 9, "a"), enhanced(le, 0, 3, 9, "ab"), enhanced(le, 0, 4, 9, "abcd")),
			[]string{`1 1000 EN10MB 9 0 ""`, `2 2000 EN10MB 9 0 "a"`, `3 3000 EN10MB 9 0 "ab"`, `4 4000 EN10MB 9 0 "abcd"`}, ""},
		{"version 1.2", join(block(le, 0x0a0d0d0a, uint32(0x1a2b3c4d), uint16(1), uint16(2), ^uint64(0)), iface(le, 1, 0), enhanced(le, 0, 5, 3, "abc")), abc, ""},
		{"section with options and a length", join(block(le, 0x0a0d0d0a, uint32(0x1a2b3c4d), uint16(1), uint16(0), uint64(99), option(le, 4, "dumpcap"), end),
			iface(le, 1, 0), enhanced(le, 0, 5, 3, "abc")), abc, ""},

		{"nanoseconds", one(le, 5, resolution(le, 9), end), []string{`1 5 EN10MB 3 0 "abc"`}, ""},
		{"seconds", one(le, 5, resolution(le, 0)), []string{`1 5000000000 EN10MB 3 0 "abc"`}, ""},
		{"picoseconds", one(be, 5999, resolution(be, 12)), []string{`1 5 EN10MB 3 0 "abc"`}, ""},
		{"10^-64", one(le, 1<<63, resolution(le, 64)), []string{`1 0 EN10MB 3 0 "abc"`}, ""},
		{"2^-64", one(le, 1<<63, resolution(le, 0xc0)), []string{`1 500000000 EN10MB 3 0 "abc"`}, ""},
		{"2^-30", one(le, 3<<30+1<<29, resolution(le, 0x9e)), []string{`1 3500000000 EN10MB 3 0 "abc"`}, ""},
		{"time and offset in the upper half", one(le, 1<<32, option(le, 14, uint64(10))), []string{`1 4304967296000 EN10MB 3 0 "abc"`}, ""},
		{"negative offset", one(be, 5e6, option(be, 14, ^uint64(6))), []string{`1 -2000000000 EN10MB 3 0 "abc"`}, ""},
		{"time without bound", one(le, ^uint64(0), resolution(le, 0)), []string{`1 9000000000000000000 EN10MB 3 0 "abc"`}, ""},

		{"several interfaces", join(section(le), iface(le, 1, 0), iface(le, 276, 0, resolution(le, 9)),
			enhanced(le, 1, 7, 3, "abc"), enhanced(le, 0, 7, 3, "def")),
			[]string{`1 7 LINUX_SLL2 3 0 "abc"`, `2 7000 EN10MB 3 0 "def"`}, ""},
		{"interface between packets", join(section(le), iface(le, 1, 0), enhanced(le, 0, 7, 3, "abc"), iface(le, 101, 0), enhanced(le, 1, 7, 3, "def")),
			[]string{`1 7000 EN10MB 3 0 "abc"`, `2 7000 RAW 3 0 "def"`}, ""},
		{"sections of either order", join(section(le), iface(le, 1, 0), enhanced(le, 0, 1, 3, "abc"),
			section(be), iface(be, 101, 0), enhanced(be, 0, 2, 3, "def"), section(le), iface(le, 228, 0), enhanced(le, 0, 3, 3, "ghi")),
			[]string{`1 1000 EN10MB 3 0 "abc"`, `2 2000 RAW 3 0 "def"`, `3 3000 IPV4 3 0 "ghi"`}, ""},

		{"simple packets", join(section(le), iface(le, 1, 4), enhanced(le, 0, 7, 3, "abc"), block(le, 3, uint32(2), "de"), block(le, 3, uint32(9), "fghi")),
			[]string{`1 7000 EN10MB 3 0 "abc"`, `2 7000 EN10MB 2 0 "de"`, `3 7000 EN10MB 9 0 "fghi"`}, ""},
		{"simple packet without snaplen", join(section(be), iface(be, 1, 0), block(be, 3, uint32(5), "abcde")),
			[]string{`1 0 EN10MB 5 0 "abcde"`}, ""},
		{"obsolete packets", join(section(le), iface(le, 1, 0), iface(le, 101, 0),
			block(le, 2, uint16(1), uint16(0xffff), uint32(0), uint32(7), uint32(3), uint32(60), "abc\x00", flags(2), end)),
			[]string{`1 7000 RAW 60 2 "abc"`}, ""},

		{"inbound", join(section(le), iface(le, 1, 0), enhanced(le, 0, 1, 3, "abc", flags(1), end)), []string{`1 1000 EN10MB 3 1 "abc"`}, ""},
		{"outbound, other flags, other options", join(section(le), iface(le, 1, 0),
			enhanced(le, 0, 1, 3, "abc", option(le, 1, "comment"), flags(0xffff0006), option(le, 5, uint64(9)), end)), []string{`1 1000 EN10MB 3 2 "abc"`}, ""},
		{"direction 3 means nothing", join(section(le), iface(le, 1, 0), enhanced(le, 0, 1, 3, "abc", flags(3))), []string{`1 1000 EN10MB 3 0 "abc"`}, ""},
		{"direction does not stay", join(section(le), iface(le, 1, 0), enhanced(le, 0, 1, 3, "abc", flags(1)), enhanced(le, 0, 1, 3, "abc")),
			[]string{`1 1000 EN10MB 3 1 "abc"`, `2 1000 EN10MB 3 0 "abc"`}, ""},
		{"broken packet option", join(section(le), iface(le, 1, 0), enhanced(le, 0, 1, 3, "abc", fields(le, uint16(2), uint16(400)))), []string{`1 1000 EN10MB 3 0 "abc"`}, ""},
		{"short drop count", join(section(le), iface(le, 1, 0), enhanced(le, 0, 1, 3, "abc", option(le, 4, uint32(1)))), []string{`1 1000 EN10MB 3 0 "abc"`}, ""},
		{"short statistics", join(section(le), iface(le, 1, 0), block(le, 5, uint32(0), uint64(0), option(le, 5, uint32(1)), option(le, 7, uint32(1)))), nil, ""},
		{"short flags", join(section(le), iface(le, 1, 0), enhanced(le, 0, 1, 3, "abc", option(le, 2, uint16(1)))), []string{`1 1000 EN10MB 3 0 "abc"`}, ""},

		{"names, secrets, statistics and unknown blocks are no frames", after(
			block(le, 4, uint32(0)), block(le, 10, uint32(1), uint32(4), "keys"), block(le, 5, uint32(0), uint64(0)),
			block(le, 5, uint32(9), uint64(0)), block(le, 0x80000001), block(le, 7, "0123456789")), abc, ""},
		{"a journal entry is a frame", after(block(le, 9, "MESSAGE=x\n")), second, ""},
		{"a custom block is a frame", after(block(le, 0xbad, uint32(32473), "x")), second, ""},
		{"the other custom block too", after(block(le, 0x40000bad, uint32(32473), "x")), second, ""},
		{"large blocks to skip", after(block(le, 4, make([]byte, 3<<20)), block(le, 77, make([]byte, 16<<20-12))), abc, ""},
	})
}

func TestPcapngFaults(t *testing.T) {
	le := little
	good := join(section(le), iface(le, 1, 0), enhanced(le, 0, 5, 3, "abc")) // 28 + 20 + 36 octets
	abc := []string{`1 5000 EN10MB 3 0 "abc"`}
	with := func(blocks ...[]byte) []byte { return join(good, join(blocks...)) }
	long := func(n uint32) []byte { return with(fields(le, uint32(6), n, make([]byte, 100))) }
	packet := func(kind uint32, body ...any) []byte { return with(block(le, kind, body...)) }
	runReadCases(t, []readCase{
		{"cut in the section header", good[:20], nil,
			"f: offset 0: the capture is cut off in this block: 20 of 28 octets are there"},
		{"no byte order", fields(le, uint32(0x0a0d0d0a), uint32(28), uint32(0x1a2b3c00), make([]byte, 16)), nil,
			"f: offset 0: section header with byte-order magic 0x003c2b1a"},
		{"version 2", block(le, 0x0a0d0d0a, uint32(0x1a2b3c4d), uint16(2), uint16(1), ^uint64(0)), nil,
			"f: offset 0: unknown pcapng version 2.1"},
		{"short section header", block(le, 0x0a0d0d0a, uint32(0x1a2b3c4d), uint64(1)), nil,
			"f: offset 0: section header with length 24 (at least 28 is needed)"},
		{"no byte order in a later section", with(fields(le, uint32(0x0a0d0d0a), uint32(28), uint32(0))), abc,
			"f: frame 2, offset 84: section header with byte-order magic 0x00000000"},

		{"cut in a block's head", with([]byte{6, 0, 0, 0, 32}), abc,
			"f: frame 2, offset 84: the capture is cut off in this block: 5 of 12 octets are there"},
		{"cut in a block", with(enhanced(le, 0, 5, 3, "abc")[:35]), abc,
			"f: frame 2, offset 84: the capture is cut off in this block: 35 of 36 octets are there"},
		{"length 0", long(0), abc, "f: frame 2, offset 84: block length 0"},
		{"length 8", long(8), abc, "f: frame 2, offset 84: block length 8"},
		{"length 33", long(33), abc, "f: frame 2, offset 84: block length 33, no multiple of 4"},
		{"length 16 MiB + 4", long(16<<20 + 4), abc, "f: frame 2, offset 84: block length 16777220 (at most 16777216 is believed)"},
		{"length 4 GiB - 4", long(1<<32 - 4), abc, "f: frame 2, offset 84: block length 4294967292 (at most 16777216 is believed)"},
		{"lengths differ", with(fields(le, uint32(6), uint32(36), make([]byte, 24), uint32(32))), abc,
			"f: frame 2, offset 84: block length 36 at its start, 32 at its end"},
		{"zeros after the end", with(make([]byte, 512)), abc, "f: frame 2, offset 84: block length 0"},

		{"interface too short", packet(1, uint32(1)), abc, "f: frame 2, offset 84: block of type 1 with length 16 (at least 20 is needed)"},
		{"packet too short", packet(6, make([]byte, 16)), abc, "f: frame 2, offset 84: block of type 6 with length 28 (at least 32 is needed)"},
		{"simple packet too short", packet(3), abc, "f: frame 2, offset 84: block of type 3 with length 12 (at least 16 is needed)"},
		{"statistics too short", packet(5, uint64(0)), abc, "f: frame 2, offset 84: block of type 5 with length 20 (at least 24 is needed)"},
		{"packet longer than its block", packet(6, uint32(0), uint64(0), uint32(5), uint32(5), "abcd"), abc,
			"f: frame 2, offset 84: captured length 5 in a block of 36 octets"},
		{"packet of 4 GB", packet(6, uint32(0), uint64(0), ^uint32(0), uint32(5), "abcd"), abc,
			"f: frame 2, offset 84: captured length 4294967295 in a block of 36 octets"},
		{"obsolete packet longer than its block", packet(2, uint32(0), uint64(0), uint32(5), uint32(5), "abcd"), abc,
			"f: frame 2, offset 84: captured length 5 in a block of 36 octets"},
		{"simple packet longer than its block", packet(3, uint32(5), "abcd"), abc,
			"f: frame 2, offset 84: simple packet of 5 octets in a block of 20"},
		{"unknown interface", with(enhanced(le, 1, 5, 3, "abc")), abc,
			"f: frame 2, offset 84: interface 1, but the section has described 1"},
		{"interfaces end with their section", with(section(le), enhanced(le, 0, 5, 3, "abc")), abc,
			"f: frame 2, offset 112: interface 0, but the section has described 0"},
		{"simple packet without interface", join(section(le), block(le, 3, uint32(0))), nil,
			"f: frame 1, offset 28: interface 0, but the section has described 0"},
		{"resolution of two octets", with(iface(le, 1, 0, option(le, 9, uint16(9)))), abc,
			"f: frame 2, offset 84: interface option 9 with length 2"},
		{"offset of four octets", with(iface(le, 1, 0, option(le, 14, uint32(9)))), abc,
			"f: frame 2, offset 84: interface option 14 with length 4"},
		{"interface option too long", with(iface(le, 1, 0, fields(le, uint16(2), uint16(40)))), abc,
			"f: frame 2, offset 84: interface options that exceed their block"},
		{"a fault after a journal entry counts from it", with(block(le, 9, "x"), make([]byte, 12)), abc,
			"f: frame 3, offset 100: block length 0"},
	})
}

func TestPcapngInfo(t *testing.T) {
	le := little
	drops := func(code uint16, n uint64) []byte { return option(le, code, n) }
	stats := func(id uint32, options ...[]byte) []byte { return block(le, 5, id, uint64(0), join(options...)) }
	dropsBefore := func(n uint64) []byte { return enhanced(le, 0, 1, 9, "abc", option(le, 4, n)) }
	for _, c := range []struct {
		name   string
		blocks [][]byte
		links  string
		drops  uint64
		known  bool
	}{
		{"nothing known", [][]byte{iface(le, 1, 0), enhanced(le, 0, 1, 1, "a")}, "[EN10MB]", 0, false},
		{"statistics without drops", [][]byte{iface(le, 1, 0), stats(0, drops(4, 9))}, "[EN10MB]", 0, false},
		{"none dropped", [][]byte{iface(le, 1, 0), stats(0, drops(5, 0))}, "[EN10MB]", 0, true},
		{"interface and system", [][]byte{iface(le, 1, 0), stats(0, drops(4, 100), drops(5, 3), drops(7, 4))}, "[EN10MB]", 7, true},
		{"the last statistics count", [][]byte{iface(le, 1, 0), stats(0, drops(5, 3)), stats(0, drops(5, 8))}, "[EN10MB]", 8, true},
		{"two interfaces", [][]byte{iface(le, 1, 0), iface(le, 1, 0), stats(0, drops(5, 3)), stats(1, drops(5, 8))}, "[EN10MB]", 11, true},
		{"two sections", [][]byte{iface(le, 1, 0), stats(0, drops(5, 3)), section(le), iface(le, 101, 0), stats(0, drops(5, 8))}, "[EN10MB RAW]", 11, true},
		{"packets tell", [][]byte{iface(le, 1, 0), dropsBefore(2), dropsBefore(3)}, "[EN10MB]", 5, true},
		{"packets and statistics tell the same", [][]byte{iface(le, 1, 0), dropsBefore(2), dropsBefore(3), stats(0, drops(5, 6))}, "[EN10MB]", 6, true},
		{"obsolete packets tell", [][]byte{iface(le, 1, 0), block(le, 2, uint16(0), uint16(9), make([]byte, 16))}, "[EN10MB]", 9, true},
		{"without bound", [][]byte{iface(le, 1, 0), dropsBefore(^uint64(0)), dropsBefore(5)}, "[EN10MB]", ^uint64(0), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, info := readBytes(t, join(section(le), join(c.blocks...)))
			if len(r.errs) > 0 {
				t.Fatal(r.errs)
			}
			var names []string
			for _, l := range info.Links {
				names = append(names, l.String())
			}
			if got := "[" + strings.Join(names, " ") + "]"; got != c.links {
				t.Errorf("link types %s, want %s", got, c.links)
			}
			if info.Dropped != c.drops || info.DroppedKnown != c.known {
				t.Errorf("dropped %d, known %t, want %d, %t", info.Dropped, info.DroppedKnown, c.drops, c.known)
			}
		})
	}
}

func TestFileInfo(t *testing.T) {
	le := little
	data := join(section(le), iface(le, 1, 0), enhanced(le, 0, 9, 60, "abc"), enhanced(le, 0, 7, 40, "de"), block(le, 3, uint32(2), "fg"), make([]byte, 12))
	_, got := readBytes(t, data)
	if at, broken := got.TruncatedAt(); at != int64(len(data)-12) || !broken {
		t.Errorf("truncated at %d, %t", at, broken)
	}
	want := capture.FileInfo{
		Name: "f", Format: "pcapng", Links: []capture.LinkType{1}, Used: []capture.Place{{Frame: 1, Offset: 48}}, Packets: 3, Bytes: 102, CapturedBytes: 7,
		First: 7000, Last: 9000, Untimed: 1,
	}
	got.Err = nil
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	_, sound := readBytes(t, data[:len(data)-12])
	if at, broken := sound.TruncatedAt(); at != 0 || broken {
		t.Errorf("sound, but truncated at %d", at)
	}
}

// TestManyInterfaces: a section of nothing but interfaces has a bound.
func TestManyInterfaces(t *testing.T) {
	one := iface(little, 1, 0)
	data := join(section(little), bytes.Repeat(one, 1<<16), enhanced(little, 1<<16-1, 5, 3, "abc"))
	if r, _ := readBytes(t, data); len(r.packets) != 1 || len(r.errs) != 0 {
		t.Errorf("%d packets, %v", len(r.packets), r.errs)
	}
	data = join(section(little), bytes.Repeat(one, 1<<16+1))
	r, _ := readBytes(t, data)
	if got := strings.Join(r.errs, "|"); got != "f: frame 1, offset 1310748: more than 65536 interfaces" {
		t.Error(got)
	}
}

func TestLinkNames(t *testing.T) {
	for l, want := range map[capture.LinkType]string{
		0: "NULL", 1: "EN10MB", 12: "RAW", 101: "RAW", 105: "IEEE802_11", 108: "LOOP", 113: "LINUX_SLL", 127: "IEEE802_11_RADIO",
		228: "IPV4", 229: "IPV6", 276: "LINUX_SLL2", 147: "USER0", 60000: "60000",
	} {
		if got := l.String(); got != want {
			t.Errorf("%d is %q, want %q", uint32(l), got, want)
		}
	}
}
