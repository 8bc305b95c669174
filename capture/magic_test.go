package capture_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/lastack/lastack/capture"
)

func TestNotCapture(t *testing.T) {
	erf := fields(little, uint32(1<<31), uint32(1700000000), uint8(2), uint8(4), []byte{0, 80}, []byte{0, 0}, []byte{0, 62}, make([]byte, 60))
	tar := append(make([]byte, 257), "ustar\x0000"...)
	tar[0] = 'a'
	for _, c := range []struct{ data, want string }{
		{"", "the file is empty"},
		{"\xff\xfe", "only 2 octets"},
		{"\xd4\xc3\xb2", "only 3 octets"},
		{"\xff\xfe\xfd\xfc\xfb", "begins with ff fe fd fc"},
		{"hello, world\n", "looks like text (text2pcap makes a capture of a hex dump)"},
		{"a", "looks like text (text2pcap makes a capture of a hex dump)"},
		{"12:00:01.5 IP a > b: Flags [S]\n" + strings.Repeat("\u00e9", 400), "looks like text (text2pcap makes a capture of a hex dump)"},
		{"text, then \x00\x01", "begins with 74 65 78 74"},
		{"\x7fELF\x02\x01", "looks like a program (ELF)"},
		{"btsnoop\x00", "looks like a Bluetooth log (btsnoop), which has no TCP connections of IP (editcap -F pcapng converts it)"},
		{strings.Repeat("\x01", 72) + "\x02\x00\x02\xc0", "looks like a Windows event trace of netsh or pktmon (pktmon etl2pcap or etl2pcapng converts it)"},
		{"PK\x03\x04....", "looks like a zip archive (unpack it first)"},
		{"BZh", "looks like text (text2pcap makes a capture of a hex dump)"},
		{"\x02\x21\x4c\x18", "looks like lz4 data in the format before frames (unpack it first)"},
		{"<!DOCTYPE html><html>", "looks like a web page (did the download fail?)"},
		{"snoop\x00\x00", "begins with 73 6e 6f 6f"},
		{"\xa1\xb2\x34\xcd....", "looks like a capture in a variant of pcap that nothing reads"},
		{string(make([]byte, 4096)), "looks like zeros (a hole, or a disk that was full)"},
		{string(erf), "may be an ERF capture that is cut off in its first record"},
		{string(tar), "looks like a tar archive (unpack it first)"},
	} {
		_, err := capture.OpenReader("f", strings.NewReader(c.data))
		if want := "f: not a capture in a known format: " + c.want; err == nil || err.Error() != want {
			t.Errorf("%.20q: %v\n want %s", c.data, err, want)
		}
		if !errors.Is(err, capture.ErrNotCapture) {
			t.Errorf("%.20q: not ErrNotCapture", c.data)
		}
	}
}

// TestNames: a name is data, and stays as it is.
func TestNames(t *testing.T) {
	const name = "a\x1b[31m\n.pcap"
	_, err := capture.OpenReader(name, bytes.NewReader(nil))
	if e, ok := errors.AsType[*capture.Error](err); !ok || e.File != name || !strings.HasPrefix(err.Error(), name+": ") {
		t.Errorf("%q", err)
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("block length 0")
	for _, c := range []struct {
		err  capture.Error
		want string
	}{
		{capture.Error{File: "a.pcapng", Frame: 17, Offset: 1284, Err: cause}, "a.pcapng: frame 17, offset 1284: block length 0"},
		{capture.Error{File: "a.pcapng", Offset: 0, Err: cause}, "a.pcapng: offset 0: block length 0"},
		{capture.Error{File: "a.pcapng", Offset: -1, Err: cause}, "a.pcapng: block length 0"},
		{capture.Error{File: "a.pcapng", Frame: 17, Offset: -1, Err: cause}, "a.pcapng: frame 17: block length 0"},
	} {
		if got := c.err.Error(); got != c.want || !errors.Is(&c.err, cause) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
