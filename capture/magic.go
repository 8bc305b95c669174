package capture

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrNotCapture is wrapped by the error for an input whose content is not
// known for a capture in a format that can be read.
var ErrNotCapture = errors.New("not a capture in a known format")

// notCapture says what an input that begins with these octets looks like.
func notCapture(begin []byte) error {
	if len(begin) == 0 {
		return fmt.Errorf("%w: the file is empty", ErrNotCapture)
	}
	for _, m := range otherMagics {
		if len(begin) >= m.at && bytes.HasPrefix(begin[m.at:], []byte(m.magic)) {
			return fmt.Errorf("%w: looks like %s", ErrNotCapture, m.is)
		}
	}
	switch {
	case looksText(begin):
		return fmt.Errorf("%w: looks like text (text2pcap makes a capture of a hex dump)", ErrNotCapture)
	case looksERF(begin) && erfLength(begin) > len(begin):
		return fmt.Errorf("%w: may be an ERF capture that is cut off in its first record", ErrNotCapture)
	case len(begin) < 4:
		return fmt.Errorf("%w: only %d octets", ErrNotCapture, len(begin))
	}
	return fmt.Errorf("%w: begins with % x", ErrNotCapture, begin[:4])
}

const (
	convert = " (editcap -F pcapng converts it)"
	unpack  = " (unpack it first)"
)

// otherMagics are formats that are often met in place of a capture.
var otherMagics = []struct {
	at    int
	magic string
	is    string
}{
	{0, "\xa1\xb2\x34\xcd", "a capture in a variant of pcap that nothing reads"},
	{0, "\xcd\x34\xb2\xa1", "a capture in a variant of pcap that nothing reads"},
	{0, "\xa1\x2b\x3c\x4d", "a capture in Navtel's variant of pcap"},
	{0, "\x4d\x3c\x2b\xa1", "a capture in Navtel's variant of pcap"},
	{0, "\xa1\xb2\xc3\xcb", "a saved BPF program"},
	{0, "\xcb\xc3\xb2\xa1", "a saved BPF program"},
	{0, "\x1c\x00\x01\xac", "an IXIA capture" + convert},
	{0, "\x1c\x00\x01\xab", "an IXIA capture" + convert},
	{0, "\xac\x01\x00\x1c", "an IXIA capture" + convert},
	{0, "\xab\x01\x00\x1c", "an IXIA capture" + convert},
	{0, "RTSS", "a Network Monitor capture" + convert},
	{0, "GMBU", "a Network Monitor capture" + convert},
	{0, "TRSNIFF data", "a Sniffer capture" + convert},
	{0, "XCP\x00", "a NetXRay capture" + convert},
	{0, "\x7fver", "a Peek capture" + convert},
	{0, "\xaa\xaa\xaa\xaa", "a 5Views capture" + convert},
	{0, "iptrace 1.0", "an AIX iptrace capture" + convert},
	{0, "iptrace 2.0", "an AIX iptrace capture" + convert},
	{0, "TR\x00\x64\x00", "an HP-UX nettl capture" + convert},
	{0, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x07\xd0\x00", "an HP-UX nettl capture" + convert},
	{0, "\x00\x00\x02\x00\x12\x05\x00\x10", "a Tektronix K12 capture" + convert},
	{0, "\x05VNF", "a Visual Networks capture" + convert},
	{0, "EyeSDN", "an EyeSDN capture" + convert},
	{0, "TCPIPtrace", "a VMS TCPIPtrace capture" + convert},
	{0, "TCPtrace", "a VMS TCPtrace capture" + convert},
	{0, "btsnoop\x00", "a Bluetooth log (btsnoop), which has no TCP connections of IP" + convert},
	{72, "\x02\x00\x01\xc0", "a Windows event trace of netsh or pktmon (pktmon etl2pcap or etl2pcapng converts it)"},
	{72, "\x02\x00\x02\xc0", "a Windows event trace of netsh or pktmon (pktmon etl2pcap or etl2pcapng converts it)"},
	{0, "\x1f\x8b", "gzip data inside other compressed data" + unpack},
	{0, "\x28\xb5\x2f\xfd", "zstd data inside other compressed data" + unpack},
	{0, "\xfd7zXZ\x00", "xz data inside other compressed data" + unpack},
	{0, "BZh91AY&SY", "bzip2 data inside other compressed data" + unpack},
	{0, "\x04\x22\x4d\x18", "lz4 data inside other compressed data" + unpack},
	{0, "\x02\x21\x4c\x18", "lz4 data in the format before frames" + unpack},
	{0, "\x1f\x9d", "compress (.Z) data" + unpack},
	{0, "\x5d\x00\x00", "lzma data" + unpack},
	{0, "LZIP", "lzip data" + unpack},
	{0, "PK\x03\x04", "a zip archive" + unpack},
	{0, "7z\xbc\xaf\x27\x1c", "a 7z archive" + unpack},
	{0, "Rar!", "a rar archive" + unpack},
	{257, "ustar", "a tar archive" + unpack},
	{0, "<!DOCTYPE", "a web page (did the download fail?)"},
	{0, "<!doctype", "a web page (did the download fail?)"},
	{0, "<html", "a web page (did the download fail?)"},
	{0, "<HTML", "a web page (did the download fail?)"},
	{0, "<?xml", "XML"},
	{0, "\x7fELF", "a program (ELF)"},
	{0, "MZ", "a Windows program"},
	{0, "%PDF", "a PDF document"},
	{0, "\x89PNG", "a picture (PNG)"},
	{0, "\x00\x00\x00\x00", "zeros (a hole, or a disk that was full)"},
}

// looksText reports whether the beginning is UTF-8 without control characters
// but white space and escapes; its last character may be cut.
func looksText(b []byte) bool {
	b = b[:min(len(b), 512)]
	for rest := b; len(rest) > 0; {
		c, n := utf8.DecodeRune(rest)
		if c == utf8.RuneError && n == 1 {
			return len(rest) < len(b) && !utf8.FullRune(rest)
		}
		if c < ' ' && !bytes.ContainsRune([]byte("\t\n\r\f\x1b"), c) {
			return false
		}
		rest = rest[n:]
	}
	return true
}
