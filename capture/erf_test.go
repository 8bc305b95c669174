package capture_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/capture"
)

// erfSecond is a time in ERF, and in nanoseconds.
const erfSecond, erfNanoseconds = 1_700_000_000 << 32, "1700000000000000000"

func TestERF(t *testing.T) {
	one := func(kind uint8, data string) []byte { return erfPacket(kind, erfSecond, 0, 4, data) }
	want := func(s string) []string {
		return []string{strings.Replace(s, "TIME", erfNanoseconds, 1)}
	}
	runReadCases(t, []readCase{
		{"ETH", one(2, "\x00\x00abcd"), want(`1 TIME EN10MB 4 0 "abcd"`), ""},
		{"COLOR_ETH", one(11, "\x00\x00abcd"), want(`1 TIME EN10MB 4 0 "abcd"`), ""},
		{"DSM_COLOR_ETH", one(16, "\x00\x00abcd"), want(`1 TIME EN10MB 4 0 "abcd"`), ""},
		{"COLOR_HASH_ETH", one(20, "\x00\x00abcd"), want(`1 TIME EN10MB 4 0 "abcd"`), ""},
		{"IPV4", one(22, "E..."), want(`1 TIME IPV4 4 0 "E..."`), ""},
		{"IPV6", one(23, "`..."), want("1 TIME IPV6 4 0 \"`...\""), ""},
		{"HDLC_POS", one(1, "\x0f\x00\x08\x00"), want(`1 TIME C_HDLC 4 0 "\x0f\x00\b\x00"`), ""},
		{"HDLC_POS with PPP", one(1, "\xff\x03\x00!"), want(`1 TIME PPP_SERIAL 4 0 "\xff\x03\x00!"`), ""},
		{"COLOR_HDLC_POS", one(10, "\x0f\x00\x08\x00"), want(`1 TIME C_HDLC 4 0 "\x0f\x00\b\x00"`), ""},
		{"MC_HDLC", one(5, "....\x0f\x00\x08\x00"), want(`1 TIME C_HDLC 4 0 "\x0f\x00\b\x00"`), ""},
		{"extension headers", one(0x80|2, "\x83abcdefg\x04abcdefg\x00\x00abcd"), want(`1 TIME EN10MB 4 0 "abcd"`), ""},
		{"cut by the card", erfPacket(2, erfSecond, 0, 1500, "\x00\x00abcdef"), want(`1 TIME EN10MB 1500 0 "abcdef"`), ""},
		{"ATM", one(3, "cell"), []string{`1 1700000000000000000 ERF 20 0 "\x00\x00\x00\x00\x00\xf1Se\x03\x04\x00\x18\x00\x00\x00\x04cell"`}, ""},
		{"metadata and padding", join(erfPacket(27, 0, 0, 0, "meta"), erfPacket(48, 0, 0, 0, ""), one(2, "\x00\x00abcd"), erfPacket(13, erfSecond, 0, 9, "counter")),
			want(`2 TIME EN10MB 4 0 "abcd"`), ""},
		{"nanoseconds, rounded", join(erfPacket(22, erfSecond+4, 0, 1, "E"), erfPacket(22, erfSecond+2, 0, 1, "E"), erfPacket(22, erfSecond+1<<32-1, 0, 1, "E")),
			[]string{`1 1700000000000000001 IPV4 1 0 "E"`, `2 1700000000000000000 IPV4 1 0 "E"`, `3 1700000001000000000 IPV4 1 0 "E"`}, ""},
	})
}

func TestERFFaults(t *testing.T) {
	good := bytes.Repeat(erfPacket(2, erfSecond, 0, 3, "\x00\x00abc\x00\x00\x00"), 4)
	var first []string
	for i := range 4 {
		first = append(first, fmt.Sprintf(`%d %s EN10MB 3 0 "abc"`, i+1, erfNanoseconds))
	}
	header := func(kind uint8, length uint16) []byte {
		return join(good, fields(little, uint64(erfSecond), kind, uint8(4)), fields(big, length, uint16(0), uint16(4), "\x84abcdefg"))
	}
	runReadCases(t, []readCase{
		{"cut in a record's header", join(good, make([]byte, 15)), first,
			"f: frame 5, offset 96: the capture is cut off in this packet record: 15 of 16 octets are there"},
		{"cut in the data", header(2, 100), first,
			"f: frame 5, offset 96: the capture is cut off in this packet record: 24 of 100 octets are there"},
		{"zeros", join(good, make([]byte, 64)), first, "f: frame 5, offset 96: record length 0 (at least 16 is needed)"},
		{"length of the header less one", header(2, 15), first, "f: frame 5, offset 96: record length 15 (at least 16 is needed)"},
		{"no room for the header of Ethernet", header(2, 17), first, "f: frame 5, offset 96: record of type 2 with length 17 (at least 18 is needed)"},
		{"endless extension headers", header(0x80|2, 24), first, "f: frame 5, offset 96: record of type 2 with length 24 (at least 32 is needed)"},
	})
}

// TestERFInfo: links and the first packet of each, and the losses, which are told by
// those records that have no color in their place.
func TestERFInfo(t *testing.T) {
	_, info := readBytes(t, join(erfPacket(27, 0, 5, 0, ""), erfPacket(2, erfSecond, 3, 4, "\x00\x00abcd"), erfPacket(11, erfSecond, 9, 4, "\x00\x00abcd"),
		erfPacket(22, erfSecond, 4, 4, "E...")))
	if info.Format != "erf" || !info.DroppedKnown || info.Dropped != 7 ||
		!slices.Equal(info.Links, []capture.LinkType{capture.LinkEthernet, capture.LinkIPv4}) ||
		!slices.Equal(info.Used, []capture.Place{{Frame: 2, Offset: 16}, {Frame: 4, Offset: 64}}) {
		t.Errorf("%+v", info)
	}
	if _, info = readBytes(t, erfOf(3, 60)); info.DroppedKnown || info.Dropped != 0 {
		t.Errorf("%+v", info)
	}
}

// TestERFChain: how much of a chain of records makes ERF.
func TestERFChain(t *testing.T) {
	record := func(seconds uint64) []byte {
		return erfPacket(2, seconds<<32, 0, 60, "\x00\x00"+strings.Repeat("x", 62))
	}
	one, year := record(1.7e9), uint64(365*24*3600)
	long := bytes.Repeat(one, 3)
	flags := bytes.Clone(one)
	flags[9] |= 0x80
	for name, c := range map[string]struct {
		data []byte
		want bool
	}{
		"one":                       {one, true},
		"one, cut":                  {one[:79], false},
		"one, and a beginning":      {join(one, one[:15]), true},
		"two, the second cut":       {join(one, one[:20]), true},
		"three, the last is none":   {join(one, one, make([]byte, 80)), false},
		"four, the last is none":    {join(long, make([]byte, 80)), false},
		"five, the last is none":    {join(long, one, make([]byte, 80)), true},
		"a second back":             {join(one, record(1.7e9-1), one), true},
		"two seconds back":          {join(one, record(1.7e9-2), one), false},
		"a year on":                 {join(one, record(1.7e9+year)), true},
		"more than a year on":       {join(one, record(1.7e9+year+1)), false},
		"1989":                      {record(6e8), false},
		"reserved flag":             {flags, false},
		"type 0":                    {erfPacket(0, erfSecond, 0, 4, "...."), false},
		"type 31":                   {erfPacket(31, erfSecond, 0, 4, "...."), true},
		"type 32":                   {erfPacket(32, erfSecond, 0, 4, "...."), false},
		"nothing on the wire":       {erfPacket(2, erfSecond, 0, 0, "...."), false},
		"too short for its header":  {erfPacket(2, erfSecond, 0, 4, ""), false},
		"too short for extensions":  {erfPacket(0x80|22, erfSecond, 0, 4, ""), false},
		"padding between":           {join(one, erfPacket(48, 0, 0, 0, ""), one, one), true},
		"metadata without a time":   {join(erfPacket(27, 0, 0, 0, "abc"), one), true},
		"a frame without a time":    {erfPacket(22, 0, 0, 4, "E..."), false},
		"first octets of a program": {join(fields(little, uint64(erfSecond|0x464c457f)), one[8:]), true},
	} {
		_, err := capture.OpenReader("f", bytes.NewReader(c.data))
		if (err == nil) != c.want || err != nil && !errors.Is(err, capture.ErrNotCapture) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNothingElseIsERF: other files are not taken for ERF, whole or cut.
func TestNothingElseIsERF(t *testing.T) {
	var others [][]byte
	for _, pattern := range []string{"*", "../go.*", "../docs/*", "../testdata/pcaps/*/*", "../cmd/lastack/default.pgo", "../analyzer/testdata/kernel/*"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if data, err := os.ReadFile(name); err == nil {
				others = append(others, data)
			}
		}
	}
	if len(others) < 100 {
		t.Fatalf("%d files", len(others))
	}
	if program, err := os.Executable(); err == nil {
		data, err := os.ReadFile(program)
		must(t, err)
		for len(data) > 1<<12 {
			others = append(others, data[:min(len(data), 1<<16)])
			data = data[1<<12:]
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := make([]byte, 16+r.IntN(500))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		others = append(others, b)
	}
	wrong := 0
	for _, data := range others {
		if s, err := capture.OpenReader("f", bytes.NewReader(data)); err == nil && s.Files()[0].Format == "erf" {
			wrong++
		}
	}
	if wrong > 1 { // of the random ones, one may be
		t.Errorf("%d of %d are", wrong, len(others))
	}
}

// TestERFAgainstWireshark: mergecap writes ERF, and tshark reads ours.
func TestERFAgainstWireshark(t *testing.T) {
	tool(t, "mergecap")
	tool(t, "tshark")
	dir := t.TempDir()
	for _, name := range sound(t)[:6] {
		converted := filepath.Join(dir, "erf")
		run(t, "mergecap", "-F", "erf", "-w", converted, name)
		ours, _ := readFiles(t, name)
		theirs, infos := readFiles(t, converted)
		for i := range theirs.packets { // it puts the FCS behind the frame
			p := &theirs.packets[i]
			p.OrigLen, p.Data = p.OrigLen-4, p.Data[:len(p.Data)-4]
		}
		if facts(theirs.packets) != facts(ours.packets) || len(theirs.errs) > 0 || infos[0].Format != "erf" {
			t.Errorf("%s as ERF differs: %v", name, theirs.errs)
		}
	}
	path := filepath.Join(dir, "ours")
	must(t, os.WriteFile(path, smallERF(t), 0o600))
	r, _ := readFiles(t, path)
	out := run(t, "tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "tcp.seq_raw")
	var want strings.Builder
	for _, p := range r.packets {
		fmt.Fprintf(&want, "%d\t%d.%09d\t%d\t%d\n", p.Frame, p.Time/1e9, p.Time%1e9, p.OrigLen, big32(p.Data[38:]))
	}
	if out != want.String() {
		t.Errorf("we read\n%stshark reads\n%s", want.String(), out)
	}
}

func big32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
