package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"github.com/lastack/lastack/capture"
)

// compress makes one stream of each piece of data.
func compress(t testing.TB, codec string, pieces ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, piece := range pieces {
		var w io.WriteCloser
		var err error
		switch codec {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "zstd":
			w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		case "xz":
			w, err = xz.WriterConfig{DictCap: 1 << 16}.NewWriter(&b)
		case "lz4":
			w = smallLZ4(t, &b)
		case "bzip2":
			w = &bzip2Writer{out: &b}
		}
		must(t, err)
		_, err = w.Write(piece)
		must(t, err)
		must(t, w.Close())
	}
	return b.Bytes()
}

// largeLZ4 compresses in the largest blocks that there are, of 4 MB.
func largeLZ4(t testing.TB, data string) []byte {
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	_, err := w.Write([]byte(data))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// smallLZ4 compresses in blocks of 64 kB, so that who unpacks it thousands of times in a
// row does not use up what 32 bits can address.
func smallLZ4(t testing.TB, to io.Writer) *lz4.Writer {
	w := lz4.NewWriter(to)
	must(t, w.Apply(lz4.BlockSizeOption(lz4.Block64Kb)))
	return w
}

var codecs = []string{"gzip", "zstd", "xz", "lz4", "bzip2"}

// plainCapture is a capture of the repository, and what it holds.
func plainCapture(t testing.TB) ([]byte, string) {
	t.Helper()
	data, err := os.ReadFile("../testdata/pcaps/zero-window/A.pcap")
	must(t, err)
	r, _ := readBytes(t, data)
	return data, facts(r.packets)
}

func TestCompression(t *testing.T) {
	data, want := plainCapture(t)
	for _, codec := range codecs {
		for name, packed := range map[string][]byte{
			"one stream":      compress(t, codec, data),
			"several streams": compress(t, codec, data[:1000], nil, data[1000:1001], data[1001:]),
		} {
			r, info := readBytes(t, packed)
			if facts(r.packets) != want || len(r.errs) > 0 {
				t.Errorf("%s, %s: differs: %v", codec, name, r.errs)
			}
			if info.Compression != codec || info.Format != "pcap" {
				t.Errorf("%s, %s: %+v", codec, name, info)
			}
		}
	}
}

// TestTools reads what the usual tools write, with the options that change
// the container.
func TestTools(t *testing.T) {
	data, want := plainCapture(t)
	for _, command := range []string{
		"gzip -9", "zstd -3", "zstd -19 --check", "zstd --no-check", "zstd --ultra -22", "zstd --long=27", "zstd --long=27 --stream-size=70176", "zstd --fast=9 --no-compress-literals",
		"lz4", "lz4 -9", "lz4 -B4 -BD", "lz4 -BX --content-size", "lz4 --no-frame-crc", "bzip2", "bzip2 -1",
		"xz", "xz -0", "xz -9e", "xz --check=none", "xz --check=crc32", "xz --check=sha256", "xz -T2 --block-size=1000", "xz --block-size=777",
	} {
		args := strings.Fields(command)
		if _, err := exec.LookPath(args[0]); err != nil {
			t.Logf("%s is not installed", args[0])
			continue
		}
		cmd := exec.Command(args[0], append(args[1:], "-c")...)
		cmd.Stdin = bytes.NewReader(data)
		packed, err := cmd.Output()
		must(t, err)
		r, _ := readBytes(t, packed)
		if facts(r.packets) != want || len(r.errs) > 0 {
			t.Errorf("%s: differs: %v", command, r.errs)
		}
	}
}

func TestCompressionFaults(t *testing.T) {
	data, _ := plainCapture(t)
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[(at+len(b))%len(b)] ^= 0x10
		return b
	}
	gz, xzz := compress(t, "gzip", data), compress(t, "xz", data)
	lz, bz := compress(t, "lz4", data), compress(t, "bzip2", data)
	zst := compress(t, "zstd", pcapOf(1<<13, 66)) // of several blocks
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"gzip checksum", flip(gz, -6), "the gzip data is damaged: invalid checksum"},
		{"gzip, then garbage", append(bytes.Clone(gz), "garbage, and more of it"...), "the gzip data is damaged: invalid header"},
		{"zstd checksum", flip(zst, -2), "the zstd data is damaged: CRC check failed"},
		{"xz checksum", flip(xzz, -30), "the xz data is damaged: block checksum does not match"},
		{"xz, then garbage", append(bytes.Clone(xzz), "garbage, and more of it"...), "the xz data is damaged: something else than a stream follows"},
		{"lz4 checksum", flip(lz, -2), "the lz4 data is damaged: invalid frame checksum: got 9d9a1e18; expected 9d8a1e18"},
		{"lz4, then garbage", append(bytes.Clone(lz), "garbage"...), "the lz4 data is damaged: something else than a frame follows"},
		{"lz4, then the format before frames", append(bytes.Clone(lz), bytes.Repeat([]byte("\x02\x21\x4c\x18"), 1<<20)...), "the lz4 data is damaged: something else than a frame follows"},
		{"lz4, then a skippable frame that is cut", append(bytes.Clone(lz), "\x53\x2a\x4d\x18\x05\x00\x00\x00abcd"...), "the lz4 data is cut off"},
		{"bzip2 checksum", flip(bz, -3), "the bzip2 data is damaged: file checksum mismatch"},
		{"bzip2, then garbage", append(bytes.Clone(bz), "garbage"...), "the bzip2 data is damaged: bad magic value in continuation file"},
		{"xz without a footer", flip(xzz, -1), "the xz data is damaged: stream footer is missing"},
	} {
		r, info := readBytes(t, c.data)
		if got := strings.Join(r.errs, "|"); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if info.Err == nil || len(r.packets) == 0 {
			t.Errorf("%s: %d packets, %v", c.name, len(r.packets), info.Err)
		}
	}
	for name, c := range map[string]struct{ data, want string }{
		"gzip":            {string(compress(t, "gzip", []byte("hello"))), "f: not a capture in a known format: looks like text (text2pcap makes a capture of a hex dump)"},
		"twice":           {string(compress(t, "xz", gz)), "f: not a capture in a known format: looks like gzip data inside other compressed data (unpack it first)"},
		"empty":           {string(compress(t, "zstd", nil)), "f: not a capture in a known format: the file is empty"},
		"cut":             {string(gz[:12]), "f: offset 0: not a capture in a known format: the gzip data is cut off"},
		"lz4, magic only": {"\x04\x22\x4d\x18", "f: offset 0: not a capture in a known format: the lz4 data is cut off"},
		"lz4, header":     {"\x04\x22\x4d\x18\x41\x40\x00\x00\x00\x00\x1a" + strings.Repeat("x", 100), "f: offset 0: not a capture in a known format: the lz4 data is damaged: invalid header checksum: got 92; expected 1a"},
		"bzip2, cut":      {"BZh91AY&SY", "f: offset 0: not a capture in a known format: the bzip2 data is cut off"},
		"bzip2, block":    {"BZh5xxxxxxxxxxxx", "f: offset 0: not a capture in a known format: the bzip2 data is damaged: bad magic value found"},
		"wrong":           {"\xfd7zXZ\x00" + strings.Repeat("x", 100), "f: offset 0: not a capture in a known format: the xz data is damaged: stream header checksum does not match"},
	} {
		_, err := capture.OpenReader("f", strings.NewReader(c.data))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v\n want %s", name, err, c.want)
		}
		if !errors.Is(err, capture.ErrNotCapture) {
			t.Errorf("%s: not ErrNotCapture", name)
		}
	}
}

// TestLongWindow: "zstd --long" on a pipe claims a window of 128 MiB for any
// input. It is not given to a small one, and the small one is read all the same.
func TestLongWindow(t *testing.T) {
	data, want := plainCapture(t)
	packed := longWindow(data)
	r, _ := readBytes(t, packed)
	if facts(r.packets) != want || len(r.errs) > 0 {
		t.Fatalf("differs: %v", r.errs)
	}
	r, _ = readBytes(t, packed[:len(packed)/2])
	if len(r.packets) == 0 || len(r.errs) != 1 || !strings.HasSuffix(r.errs[0], "the zstd data is cut off") {
		t.Errorf("cut: %d packets, %v", len(r.packets), r.errs)
	}
	long := pcapOf(1<<15, 66)
	r, _ = readBytes(t, longWindow(long))
	if len(r.packets) != 1<<15 || len(r.errs) > 0 {
		t.Errorf("2.7 MB: %d packets, %v", len(r.packets), r.errs)
	}
	huge := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 31 << 3}, make([]byte, 2<<20)...)
	if _, err := capture.OpenReader("f", bytes.NewReader(huge)); err == nil || !strings.Contains(err.Error(), "not supported: a window of more than 134217728 octets (unpack it first)") {
		t.Errorf("a window of 2 TB: %v", err)
	}
}

// longWindow is data in a zstd frame of raw blocks with a window of 128 MiB.
func longWindow(data []byte) []byte {
	const logWindow = 27
	b := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (logWindow - 10) << 3}
	for len(data) > 0 {
		n := min(len(data), 10<<10)
		header := uint32(n) << 3
		if n == len(data) {
			header |= 1
		}
		b = append(b, byte(header), byte(header>>8), byte(header>>16))
		b = append(b, data[:n]...)
		data = data[n:]
	}
	return b
}

// TestSkippable: frames of lz4 that are to be skipped are, between others.
func TestSkippable(t *testing.T) {
	data, want := plainCapture(t)
	skip := []byte("\x5f\x2a\x4d\x18\x03\x00\x00\x00abc")
	r, _ := readBytes(t, join(compress(t, "lz4", data[:1000]), skip, skip, compress(t, "lz4", data[1000:]), skip))
	if facts(r.packets) != want || len(r.errs) > 0 {
		t.Errorf("differs: %v", r.errs)
	}
	for _, name := range []string{"lz4", "zstd"} { // what follows tells whose frame it is
		if r, _ := readBytes(t, join(skip, compress(t, name, data))); facts(r.packets) != want || len(r.errs) > 0 {
			t.Errorf("%s after a frame to skip differs: %v", name, r.errs)
		}
	}
}

// TestExpansion: a kilobyte of bzip2 does not become a gigabyte.
func TestExpansion(t *testing.T) {
	zeros := compress(t, "bzip2", join(pcapFile(little, micro, 0, 1), make([]byte, 4<<20)))
	r, _ := readBytes(t, zeros)
	if len(r.errs) > 0 || len(r.packets) != 4<<20/16 {
		t.Errorf("%d packets, %v", len(r.packets), r.errs)
	}
	one := compress(t, "bzip2", make([]byte, 4<<20))
	_, err := drainBytes(join(compress(t, "bzip2", pcapFile(little, micro, 0, 1)), bytes.Repeat(one, 60)))
	if err == nil || !strings.HasSuffix(err.Error(), "the bzip2 data is damaged: next to no data makes too much") {
		t.Error(err)
	}
}

// TestXZDictionary: a block header may claim 4 GiB; nothing like it is taken.
func TestXZDictionary(t *testing.T) {
	for name, c := range map[string]struct {
		blocks []byte
		want   string
	}{
		"4 GiB":       {xzBlock(40), "the xz data is not supported: dictionary of 4294967295 octets (at most 67108864) (unpack it first)"},
		"128 MiB":     {xzBlock(30), "the xz data is not supported: dictionary of 134217728 octets (at most 67108864) (unpack it first)"},
		"many blocks": {bytes.Repeat(xzBlock(28), 1000), "the xz data is damaged: large dictionaries for next to no data"},
	} {
		_, err := capture.OpenReader("f", bytes.NewReader(xzFile(c.blocks)))
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// xzFile is a stream without a check.
func xzFile(blocks []byte) []byte {
	header := []byte("\xfd7zXZ\x00\x00\x00")
	header = binary.LittleEndian.AppendUint32(header, crc32.ChecksumIEEE(header[6:]))
	return append(header, blocks...)
}

// xzBlock is a block without data whose header claims a dictionary.
func xzBlock(dictionary byte) []byte {
	b := []byte{2, 0, 0x21, 1, dictionary, 0, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return append(b, 0, 0, 0, 0) // end of LZMA2, padding; no check
}

// TestSlowCompressedInput: a decompressor may get its input octet by octet.
func TestSlowCompressedInput(t *testing.T) {
	data, want := plainCapture(t)
	for _, codec := range codecs {
		s, err := capture.OpenReader("f", &trickle{compress(t, codec, data)})
		must(t, err)
		r := readAll(t, s)
		if d := cmp.Diff(want, facts(r.packets)); d != "" || len(r.errs) > 0 {
			t.Errorf("%s: %v\n%s", codec, r.errs, d)
		}
	}
}

// trickle gives one octet at a time.
type trickle struct{ rest []byte }

func (s *trickle) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:1], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// TestDamage turns over each octet of compressed captures. The formats have
// checks: what is read without an error is what was written.
func TestDamage(t *testing.T) {
	data := smallCapture(t)
	whole, _ := readBytes(t, data)
	for _, codec := range codecs {
		packed := compress(t, codec, data[:700], data[700:])
		for i := range packed {
			packed[i] ^= 0xff
			if r, _ := readBytes(t, packed); len(r.errs) == 0 && facts(r.packets) != facts(whole.packets) {
				t.Errorf("%s: octet %d of %d is wrong, and nobody says so", codec, i, len(packed))
			}
			packed[i] ^= 0xff
		}
	}
}
