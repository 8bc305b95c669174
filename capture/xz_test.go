package capture

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

func TestAfford(t *testing.T) {
	for _, c := range []struct {
		before, out, dictionary int64
		want                    bool
	}{
		{0, 0, maxDictionary, true},
		{freeDictionaries - 100, 0, 100, true},
		{freeDictionaries - 100, 0, 101, false},
		{freeDictionaries, 2, 2 * dictionaryPerOctet, true},
		{freeDictionaries, 2, 2*dictionaryPerOctet + 1, false},
	} {
		x := xzReader{dictionaries: c.before, out: c.out}
		if got := x.afford(c.dictionary); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// TestXZCounts: what came out is counted over all blocks and streams.
func TestXZCounts(t *testing.T) {
	var packed bytes.Buffer
	for range 2 {
		w, err := xz.WriterConfig{BlockSize: 1000, DictCap: 1 << 16}.NewWriter(&packed)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(make([]byte, 2500))
		w.Close()
	}
	src, _ := decompress(&packed)
	n, err := io.Copy(io.Discard, src)
	x := src.(*decoded).out.(*xzReader)
	if n != 5000 || err != nil || x.out != n || x.dictionaries != 6<<16 {
		t.Errorf("%d octets, %v; counted %d, dictionaries of %d", n, err, x.out, x.dictionaries)
	}
}

func TestBlockHeader(t *testing.T) {
	for _, c := range []struct {
		header string // from the flags on
		size   int64
		err    string
	}{
		{"\x00\x21\x01\x16", 8 << 20, ""},
		{"\x00\x21\x01\x00", 4096, ""},
		{"\x00\x21\x01\x1c", 64 << 20, ""},
		{"\x00\x21\x01\x1d", 0, "not supported: dictionary of 100663296 octets"},
		{"\x00\x21\x01\x29", 0, "lzma: "},
		{"\xc0\xff\x7f\x88\x27\x21\x01\x28", 5000, ""}, // 5,000 octets need no 4 GiB
		{"\x80\x05\x21\x01\x16", 4096, ""},
		{"\x40\xff\x7f\x21\x01\x16", 8 << 20, ""},
		{"\x04\x21\x01\x16", 0, "not supported: block flags 0x4 "},
		{"\x01\x04\x00\x21\x01\x16", 0, "not supported: block flags 0x1 "},
		{"\x00\x03\x01\x00", 0, "not supported: filter 03 01 00 "},
		{"\x00\x21\x02\x16", 0, "not supported: filter 21 02 16 "},
		{"\x00\x21", 0, "not supported: filter 21 00 00 "},
		{"\x80\xff", 0, "not supported: filter 00 00 00 "},
	} {
		size, err := blockDictionary([]byte(c.header))
		if size != c.size || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("% x: %d, %v", c.header, size, err)
		}
	}
}

func TestStreamHeader(t *testing.T) {
	for header, want := range map[string]string{
		"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46": "",
		"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x47": "stream header checksum does not match",
		"\xfd7zXZ\x00\x00\x05\x70\xe6\xb3\x31": "unknown stream flags 00 05",
		"\xfd7zXZ\x00\x01\x04\xa7\xe7\xaf\x5f": "unknown stream flags 01 04",
		"\xfd7zXY\x00\x00\x04\xe6\xd6\xb4\x46": "something else than a stream follows",
		"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4":     io.ErrUnexpectedEOF.Error(),
	} {
		x := &xzReader{src: counted{Reader: bufio.NewReader(strings.NewReader(header))}}
		err := x.stream()
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q: %v, want %q", header, err, want)
		}
	}
}
