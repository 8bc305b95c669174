package capture_test

import (
	"slices"
	"testing"

	"github.com/lastack/lastack/capture"
)

func TestSnoop(t *testing.T) {
	one := func(datalink uint32) []byte { return join(snoopFile(2, datalink), snoopPacket(1, 2, 0, 60, "abc")) }
	runReadCases(t, []readCase{
		{"two", join(one(4), snoopPacket(1<<32-1, 999999, 0, 4, "defg")),
			[]string{`1 1000002000 EN10MB 60 0 "abc"`, `2 4294967295999999000 EN10MB 4 0 "defg"`}, ""},
		{"no packets", snoopFile(2, 4), nil, ""},
		{"empty packet", join(snoopFile(2, 4), snoopPacket(1, 0, 0, 0, ""), snoopPacket(2, 0, 0, 1, "a")),
			[]string{`1 1000000000 EN10MB 0 0 ""`, `2 2000000000 EN10MB 1 0 "a"`}, ""},
		{"long padding", join(snoopFile(2, 4), fields(big, uint32(3), uint32(3), uint32(24+3+6), uint32(0), uint32(1), uint32(0), "abc......"), snoopPacket(2, 0, 0, 1, "a")),
			[]string{`1 1000000000 EN10MB 3 0 "abc"`, `2 2000000000 EN10MB 1 0 "a"`}, ""},
		{"IEEE 802.3", one(0), []string{`1 1000002000 EN10MB 60 0 "abc"`}, ""},
		{"IEEE 802.5", one(2), []string{`1 1000002000 IEEE802 60 0 "abc"`}, ""},
		{"FDDI", one(8), []string{`1 1000002000 FDDI 60 0 "abc"`}, ""},
		{"other", one(9), []string{`1 1000002000 NULL 60 0 "abc"`}, ""},
		{"loopback", one(14), []string{`1 1000002000 NULL 60 0 "abc"`}, ""},
		{"Fibre Channel", one(16), []string{`1 1000002000 IP_OVER_FC 60 0 "abc"`}, ""},
		{"ATM", one(18), []string{`1 1000002000 SUNATM 60 0 "abc"`}, ""},
		{"100BaseT", one(25), []string{`1 1000002000 EN10MB 60 0 "abc"`}, ""},
		{"ipnet", one(1<<31 + 5), []string{`1 1000002000 IPNET 60 0 "abc"`}, ""},
	})
}

func TestSnoopFaults(t *testing.T) {
	good := join(snoopFile(2, 4), snoopPacket(1, 0, 0, 3, "abc"))
	first := []string{`1 1000000000 EN10MB 3 0 "abc"`}
	claim := func(captured, length uint32) []byte {
		return join(good, fields(big, uint32(60), captured, length, uint32(0), uint32(1), uint32(0), "wxyz"))
	}
	runReadCases(t, []readCase{
		{"cut in the header", good[:12], nil,
			"f: offset 0: the capture is cut off in this file header: 12 of 16 octets are there"},
		{"version 1", snoopFile(1, 4), nil, "f: offset 0: unknown snoop version 1"},
		{"version of Surveyor", snoopFile(5, 4), nil, "f: offset 0: unknown snoop version 5"},
		{"HDLC", snoopFile(2, 5), nil, "f: offset 0: snoop datalink type 5 is not known"},
		{"cut in a record's header", join(good, make([]byte, 23)), first,
			"f: frame 2, offset 44: the capture is cut off in this packet record: 23 of 24 octets are there"},
		{"cut in the data", claim(100, 124), first,
			"f: frame 2, offset 44: the capture is cut off in this packet record: 28 of 124 octets are there"},
		{"more captured than the record has", claim(4, 27), first, "f: frame 2, offset 44: captured length 4 in a record of 27 octets"},
		{"length over the bound", claim(256<<10+1, 1<<20), first, "f: frame 2, offset 44: captured length 262145 (at most 262144 is possible here)"},
		{"record over the bound", claim(4, 16<<20+1), first, "f: frame 2, offset 44: record length 16777217 (at most 16777216 is believed)"},
		{"joined by cat", join(good, good), first, "f: frame 2, offset 44: a second snoop header: files joined by cat? Give them one by one"},
	})
}

// TestSnoopInfo: what a snoop file tells of itself. Drops are a sum; none means that
// nobody counted.
func TestSnoopInfo(t *testing.T) {
	_, info := readBytes(t, join(snoopFile(2, 4), snoopPacket(1, 0, 0, 3, "abc"), snoopPacket(1, 0, 7, 3, "abc"), snoopPacket(1, 0, 9, 3, "abc")))
	if info.Format != "snoop" || !info.DroppedKnown || info.Dropped != 9 || !slices.Equal(info.Used, []capture.Place{{Frame: 1, Offset: 16}}) {
		t.Errorf("%+v", info)
	}
	if _, info = readBytes(t, snoopOf(3, 60)); info.DroppedKnown || info.Dropped != 0 {
		t.Errorf("%+v", info)
	}
}
