package capture_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/lastack/lastack/capture"
)

// TestHostileMemory: small inputs whose headers claim a lot make the readers
// allocate little.
func TestHostileMemory(t *testing.T) {
	le := little
	head := func(n uint32) []byte { return fields(le, uint32(6), n, make([]byte, 24)) }
	for name, data := range map[string][]byte{
		"pcap, snaplen and length 3 GB":    join(pcapFile(le, micro, 3<<30, 1), fields(le, uint64(0), uint32(3<<30), uint32(3<<30))),
		"pcap, the longest believed":       join(pcapFile(le, micro, 3<<30, 1), fields(le, uint64(0), uint32(16<<20-16), uint32(0))),
		"pcapng, block of 4 GB":            join(section(le), iface(le, 1, 0), head(1<<32-4)),
		"pcapng, the longest believed":     join(section(le), iface(le, 1, 0), head(16<<20)),
		"pcapng, snaplen 4 GB":             join(section(le), iface(le, 1, ^uint32(0)), block(le, 3, ^uint32(0))),
		"pcapng, 65,536 interfaces, twice": bytes.Repeat(join(section(le), bytes.Repeat(iface(le, 7, 0), 1<<16)), 2),
		"zstd, window of 128 MiB":          longWindow(make([]byte, 100)),
		"zstd, window of 2 TB":             join([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 31 << 3}, make([]byte, 3<<20)),
		"zstd, content of 8 EB":            {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 1, 0, 0},
		"zstd, skippable frame of 4 GB":    {0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 0},
		"xz, dictionary of 4 GiB":          xzFile(xzBlock(40)),
		"snoop, length 3 GB":               join(snoopFile(2, 4), fields(big, uint32(60), uint32(3<<30), uint32(3<<30+24), make([]byte, 12))),
		"snoop, padding of 4 GB":           join(snoopFile(2, 4), fields(big, uint32(60), uint32(60), ^uint32(0), make([]byte, 12))),
		"snoop, the longest believed":      join(snoopFile(2, 4), fields(big, uint32(60), uint32(60), uint32(16<<20), make([]byte, 12))),
		"erf, 200,000 empty records":       bytes.Repeat(erfPacket(27, 0, 0, 0, ""), 200_000),
		"lz4, content of 8 EB":             {0x04, 0x22, 0x4d, 0x18, 0x48, 0x70, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0x90},
		"lz4, many frames of large blocks": bytes.Repeat(largeLZ4(t, "a"), 10_000),
		"lz4, many frames":                 bytes.Repeat(compress(t, "lz4", []byte("a")), 10_000),
		"lz4, skippable frame of 4 GB":     join(compress(t, "lz4", []byte("a")), []byte{0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff, 0}),
		"bzip2, many streams":              bytes.Repeat(compress(t, "bzip2", []byte("a")), 10_000),
		"gzip, endless name":               join([]byte{0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0}, bytes.Repeat([]byte("a"), 4<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			if got := allocated(func() { drainBytes(data) }); got > 64<<20 {
				t.Errorf("%d octets of input made it allocate %d", len(data), got)
			}
		})
	}
}

// TestBombMemory: what expands a thousandfold streams through.
func TestBombMemory(t *testing.T) {
	bomb := join(pcapFile(little, micro, 0, 1), make([]byte, 256<<20))
	for _, codec := range []string{"gzip", "zstd", "lz4"} {
		packed := compress(t, codec, bomb)
		if got := allocated(func() { drainBytes(packed) }); got > 64<<20 || len(packed) > 2<<20 {
			t.Errorf("%s: %d octets of input made it allocate %d", codec, len(packed), got)
		}
	}
}

// allocated is how many octets f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func drainBytes(data []byte) (packets int, err error) {
	s, err := capture.OpenReader("f", bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	return drain(s)
}

// TestAllocations: none per packet, also where blocks end inside packets and
// where two files are merged.
func TestAllocations(t *testing.T) {
	const n = 20000
	dir := t.TempDir()
	for name, data := range map[string][]byte{"pcap": pcapOf(n, 66), "pcapng": pcapngOf(n, 66), "erf": erfOf(n, 66), "snoop": snoopOf(n, 66)} {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	for _, names := range [][]string{{"pcap"}, {"pcapng"}, {"erf"}, {"snoop"}, {"pcap", "pcapng"}, {"erf", "snoop"}} {
		s, err := capture.Open(in(dir, names...), capture.Options{})
		must(t, err)
		var p capture.Packet
		for range n / 2 { // the windows have their size then
			must(t, s.Next(&p))
		}
		if a := testing.AllocsPerRun(n/2-2, func() { err = s.Next(&p) }); a != 0 || err != nil {
			t.Errorf("%v: %v allocations a packet, %v", names, a, err)
		}
		s.Close()
	}
}

func TestNoGoroutines(t *testing.T) {
	data, _ := plainCapture(t)
	before := runtime.NumGoroutine()
	for _, codec := range codecs {
		if _, err := drainBytes(compress(t, codec, data)); err != io.EOF {
			t.Error(err)
		}
	}
	after := runtime.NumGoroutine()
	for range 1000 { // one that has handed out its last may still be about to end
		if after <= before {
			return
		}
		time.Sleep(time.Millisecond)
		after = runtime.NumGoroutine()
	}
	t.Errorf("%d goroutines became %d", before, after)
}
