package capture_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readCase is a capture, and what must come of it.
type readCase struct {
	name string
	data []byte
	want []string // brief
	errs string   // joined by |
}

func runReadCases(t *testing.T, cases []readCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, info := readBytes(t, c.data)
			var got []string
			for _, p := range r.packets {
				got = append(got, brief(p))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("packets (-want +got):\n%s", d)
			}
			if got := strings.Join(r.errs, "|"); got != c.errs {
				t.Errorf("error %q\n want %q", got, c.errs)
			}
			if info.Packets != uint64(len(got)) {
				t.Errorf("%d packets counted, %d read", info.Packets, len(got))
			}
		})
	}
}

func TestPcap(t *testing.T) {
	le, be := little, big
	two := func(o binary.AppendByteOrder, magic uint32) []byte {
		return join(pcapFile(o, magic, 65535, 1), record(o, 1, 2, 60, "abc"), record(o, 1700000000, 999999, 4, "defg"))
	}
	inMicro := []string{`1 1000002000 EN10MB 60 0 "abc"`, `2 1700000000999999000 EN10MB 4 0 "defg"`}
	inNano := []string{`1 1000000002 EN10MB 60 0 "abc"`, `2 1700000000000999999 EN10MB 4 0 "defg"`}
	one := func(snaplen, network uint32) []byte {
		return join(pcapFile(le, micro, snaplen, network), record(le, 1, 0, 3, "abc"))
	}
	runReadCases(t, []readCase{
		{"micro little", two(le, micro), inMicro, ""},
		{"micro big", two(be, micro), inMicro, ""},
		{"nano little", two(le, nano), inNano, ""},
		{"nano big", two(be, nano), inNano, ""},
		{"no packets", pcapFile(le, micro, 0, 1), nil, ""},
		{"snaplen 0", one(0, 1), []string{`1 1000000000 EN10MB 3 0 "abc"`}, ""},
		{"snaplen less than the packet", one(2, 1), []string{`1 1000000000 EN10MB 3 0 "abc"`}, ""},
		{"snaplen 3 GB", one(3<<30, 1), []string{`1 1000000000 EN10MB 3 0 "abc"`}, ""},
		{"SLL2", one(0, 276), []string{`1 1000000000 LINUX_SLL2 3 0 "abc"`}, ""},
		{"FCS of 4 octets", one(0, 0x24000001), []string{`1 1000000000 EN10MB 3 0 "abc"`}, ""},
		{"unknown link type", one(0, 65000), []string{`1 1000000000 65000 3 0 "abc"`}, ""},
		{"last time", join(pcapFile(be, nano, 0, 1), record(be, 1<<32-1, 1<<32-1, 0, "")),
			[]string{`1 4294967299294967295 EN10MB 0 0 ""`}, ""},
		{"empty packet", join(pcapFile(le, micro, 0, 1), record(le, 1, 0, 0, ""), record(le, 2, 0, 1, "a")),
			[]string{`1 1000000000 EN10MB 0 0 ""`, `2 2000000000 EN10MB 1 0 "a"`}, ""},
		{"captured more than original", join(pcapFile(le, micro, 0, 1), record(le, 1, 0, 2, "abc")),
			[]string{`1 1000000000 EN10MB 2 0 "abc"`}, ""},
		{"version 2.3, lengths exchanged", join(
			fields(le, micro, uint16(2), uint16(3), uint64(0), uint32(64), uint32(1)),
			fields(le, uint32(1), uint32(0), uint32(9), uint32(3), "abc"), record(le, 2, 0, 9, "def")),
			[]string{`1 1000000000 EN10MB 9 0 "abc"`, `2 2000000000 EN10MB 9 0 "def"`}, ""},
		{"version 543.0, DG/UX", join(
			fields(le, micro, uint16(543), uint16(0), uint64(0), uint32(64), uint32(1)),
			fields(le, uint32(1), uint32(0), uint32(9), uint32(3), "abc")),
			[]string{`1 1000000000 EN10MB 9 0 "abc"`}, ""},
		{"Kuznetsov's", join(pcapFile(le, modified, 0, 1),
			fields(le, uint32(1), uint32(0), uint32(3), uint32(3), uint32(7), uint16(8), uint8(4), uint8(0), "abc")),
			[]string{`1 1000000000 EN10MB 3 0 "abc"`}, ""},
	})
}

func TestPcapFaults(t *testing.T) {
	le := little
	good := join(pcapFile(le, micro, 65535, 1), record(le, 1, 0, 3, "abc"))
	first := []string{`1 1000000000 EN10MB 3 0 "abc"`}
	claim := func(snaplen, caplen uint32) []byte {
		return join(pcapFile(le, micro, snaplen, 1), record(le, 1, 0, 3, "abc"), fields(le, uint32(2), uint32(0), caplen, caplen, "xyz"))
	}
	runReadCases(t, []readCase{
		{"cut in the header", good[:20], nil,
			"f: offset 0: the capture is cut off in this file header: 20 of 24 octets are there"},
		{"unknown version", fields(le, micro, uint16(2), uint16(5), make([]byte, 16)), nil,
			"f: offset 0: unknown pcap version 2.5"},
		{"unknown major version", fields(le, micro, uint16(3), uint16(4), make([]byte, 16)), nil,
			"f: offset 0: unknown pcap version 3.4"},
		{"unknown version of DG/UX", fields(le, micro, uint16(543), uint16(1), make([]byte, 16)), nil,
			"f: offset 0: unknown pcap version 543.1"},
		{"cut in a record's header", join(good, make([]byte, 15)), first,
			"f: frame 2, offset 43: the capture is cut off in this packet record: 15 of 16 octets are there"},
		{"cut in the data", claim(0, 100), first,
			"f: frame 2, offset 43: the capture is cut off in this packet record: 19 of 116 octets are there"},
		{"length over tcpdump's bound", claim(65535, 256<<10+1), first,
			"f: frame 2, offset 43: captured length 262145 (at most 262144 is possible here)"},
		{"length at tcpdump's bound", claim(96, 256<<10), first,
			"f: frame 2, offset 43: the capture is cut off in this packet record: 19 of 262160 octets are there"},
		{"snaplen and length of 3 GB", claim(3<<30, 3<<30), first,
			"f: frame 2, offset 43: captured length 3221225472 (at most 16777200 is possible here)"},
		{"joined by cat", join(good, good), first,
			"f: frame 2, offset 43: a second pcap header: files joined by cat? Give them one by one"},
	})
}

func TestPcapLongPackets(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	r, _ := readBytes(t, join(pcapFile(big, nano, 1<<20, 1), record(big, 1, 0, 1<<20, long), record(big, 2, 0, 1, "a"), record(big, 3, 0, 1<<20, long)))
	if len(r.errs) > 0 || len(r.packets) != 3 || string(r.packets[0].Data) != long || string(r.packets[2].Data) != long {
		t.Errorf("%d packets, %v", len(r.packets), r.errs)
	}
}

// TestCapacity: whoever appends to a packet must not write over the next one.
func TestCapacity(t *testing.T) {
	for name, data := range map[string][]byte{
		"pcap":   join(pcapFile(little, micro, 0, 1), record(little, 1, 0, 3, "abc"), record(little, 1, 0, 3, "def")),
		"pcapng": join(section(little), iface(little, 1, 0), enhanced(little, 0, 1, 3, "abc"), enhanced(little, 0, 1, 3, "def")),
		"simple": join(section(little), iface(little, 1, 0), block(little, 3, uint32(3), "abc")),
	} {
		p, err := first(data)
		if err != nil || len(p.Data) != 3 || cap(p.Data) != 3 {
			t.Errorf("%s: length %d, capacity %d, %v", name, len(p.Data), cap(p.Data), err)
		}
	}
}
