package capture_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/lastack/lastack/capture"
)

// checkRead is what holds for any input: reading ends, in an error at most;
// frames rise by one or more; packets lie within what was read; and the same
// input octet by octet gives the same.
func checkRead(t *testing.T, data []byte) {
	whole, err := capture.OpenReader("f", bytes.NewReader(data))
	slow, slowErr := capture.OpenReader("f", &trickle{data})
	if (err == nil) != (slowErr == nil) {
		t.Fatalf("at once %v, slowly %v", err, slowErr)
	}
	if err != nil {
		if _, ok := errors.AsType[*capture.Error](err); !ok {
			t.Fatalf("%T: %v", err, err)
		}
		return
	}
	checkReadBatches(t, data)
	var p, q capture.Packet
	for n, frame := uint64(1), uint64(0); ; n++ {
		err, slowErr := whole.Next(&p), slow.Next(&q)
		if err != nil || slowErr != nil {
			checkEnd(t, whole, err, slowErr)
			return
		}
		if p.Number != n || p.Frame <= frame || p.Time != q.Time || p.Link != q.Link || !bytes.Equal(p.Data, q.Data) {
			t.Fatalf("packet %d: %+v and %+v", n, p, q)
		}
		frame = p.Frame
	}
}

// checkReadBatches: read in batches, the input gives what it gives one by one.
func checkReadBatches(t *testing.T, data []byte) {
	var results [2]result
	for i, n := range []int{1, 5} {
		s, err := capture.OpenReader("f", bytes.NewReader(data))
		if err != nil {
			return
		}
		results[i] = readBatches(t, s, n)
	}
	sameResult(t, results[0], results[1])
}

func checkEnd(t *testing.T, s *capture.Set, err, slowErr error) {
	t.Helper()
	if err == nil || slowErr == nil || err.Error() != slowErr.Error() {
		t.Fatalf("at once %v, slowly %v", err, slowErr)
	}
	e, failed := errors.AsType[*capture.Error](err)
	if !failed && err != io.EOF {
		t.Fatalf("%T: %v", err, err)
	}
	if info := s.Files()[0]; info.Err != e {
		t.Fatalf("Next says %v, the file %v", e, info.Err)
	}
	var p capture.Packet
	if err := s.Next(&p); err != io.EOF {
		t.Fatalf("after the end: %v", err)
	}
}

func FuzzPcap(f *testing.F) {
	f.Add(smallCapture(f))
	for _, o := range []struct{ magic uint32 }{{micro}, {nano}, {modified}} {
		f.Add(join(pcapFile(little, o.magic, 0, 1), record(little, 1, 2, 60, "abcabcabcabc"), record(little, 1, 2, 0, "")))
		f.Add(join(pcapFile(big, o.magic, 3<<30, 276), record(big, 1, 2, 60, "abcabcabcabc"), record(big, 1, 2, 0, "")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 4 && !bytes.Contains([]byte("\x34\xcd\xb2\xa1 \xa1\xb2\xcd\x34 \x4d\x3c\xb2\xa1 \xa1\xb2\x3c\x4d"), data[:4]) {
			copy(data, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00") // stay with pcap
		}
		checkRead(t, data)
	})
}

func FuzzPcapng(f *testing.F) {
	f.Add(smallPcapng(f))
	le, be := little, big
	f.Add(join(section(le), iface(le, 1, 4, option(le, 9, uint8(9)), option(le, 14, uint64(1))),
		enhanced(le, 0, 1, 3, "abc", option(le, 2, uint32(1)), option(le, 4, uint64(9))), block(le, 3, uint32(9), "abcd"),
		block(le, 2, uint32(0), uint64(1), uint32(3), uint32(3), "abc"), block(le, 5, uint32(0), uint64(0), option(le, 5, uint64(3))),
		section(be), iface(be, 276, 0, option(be, 9, uint8(0xc0))), enhanced(be, 0, 1<<60, 3, "abc"), block(be, 9, "x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		copy(data, "\x0a\x0d\x0d\x0a") // stay with pcapng
		checkRead(t, data)
	})
}

func FuzzSnoop(f *testing.F) {
	f.Add(smallSnoop(f))
	f.Add(join(snoopFile(2, 8), snoopPacket(1, 2, 3, 60, "abcde"), snoopPacket(1, 2, 3, 0, "")))
	f.Fuzz(func(t *testing.T, data []byte) {
		copy(data, "snoop\x00\x00\x00\x00\x00\x00\x02") // stay with snoop
		checkRead(t, data)
	})
}

func FuzzERF(f *testing.F) {
	f.Add(smallERF(f))
	f.Add(join(erfPacket(0x80|27, 0, 0, 4, "\x10abcdefg..."), erfPacket(48, 0, 0, 0, "..."), erfPacket(0x80|16, erfTicks(1e18), 7, 60, "\x91abcdefg\x05abcdefg\x00\x00frame"),
		erfPacket(22, erfTicks(1e18), 7, 60, "E..."), erfPacket(3, erfTicks(1e18), 7, 60, "cell")))
	f.Fuzz(func(t *testing.T, data []byte) {
		chain := bytes.Repeat(erfPacket(2, erfTicks(1e18), 0, 3, "\x00\x00abc"), 4) // stay with ERF
		checkRead(t, append(chain, data...))
		checkRead(t, data)
	})
}

// FuzzOpen takes any octets, compressed ones among them.
func FuzzOpen(f *testing.F) {
	data := smallCapture(f)
	for _, codec := range codecs {
		f.Add(compress(f, codec, data[:500], data[500:]))
	}
	f.Add(longWindow(data))
	f.Add(xzFile(xzBlock(20)))
	f.Add(join(compress(f, "lz4", data), []byte("\x50\x2a\x4d\x18\x01\x00\x00\x00a"), compress(f, "lz4", data)))
	f.Add(smallERF(f))
	f.Add(smallSnoop(f))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, data) })
}
