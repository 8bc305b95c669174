package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
)

// start is where a record or block begins, and how many packets are before.
type start struct{ offset, packets int }

// pcapStarts walks over a little-endian pcap.
func pcapStarts(data []byte) []start {
	starts := []start{{}}
	for at, n := 24, 0; at <= len(data); n++ {
		starts = append(starts, start{at, n})
		if at == len(data) {
			break
		}
		at += 16 + int(binary.LittleEndian.Uint32(data[at+8:]))
	}
	return starts
}

// pcapngStarts walks over a little-endian pcapng.
func pcapngStarts(data []byte) []start {
	var starts []start
	for at, n := 0, 0; at <= len(data); {
		starts = append(starts, start{at, n})
		if at == len(data) {
			break
		}
		if data[at] == 6 {
			n++
		}
		at += int(binary.LittleEndian.Uint32(data[at+4:]))
	}
	return starts
}

// snoopStarts walks over a snoop file.
func snoopStarts(data []byte) []start {
	starts := []start{{}}
	for at, n := 16, 0; at <= len(data); n++ {
		starts = append(starts, start{at, n})
		if at == len(data) {
			break
		}
		at += int(binary.BigEndian.Uint32(data[at+8:]))
	}
	return starts
}

// erfStarts walks over an ERF file.
func erfStarts(data []byte) []start {
	var starts []start
	for at, n := 0, 0; at <= len(data); {
		starts = append(starts, start{at, n})
		if at == len(data) {
			break
		}
		if kind := data[at+8] & 0x7f; kind != 27 && kind != 48 {
			n++
		}
		at += int(binary.BigEndian.Uint16(data[at+10:]))
	}
	return starts
}

// smallCapture is one of the repository, under 2,000 octets.
func smallCapture(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("../testdata/pcaps/refused/A.pcap")
	must(t, err)
	longer, err := os.ReadFile("../testdata/pcaps/three-segment-close/A.pcap")
	must(t, err)
	return append(data, longer[24:]...)
}

func smallPcapng(t testing.TB) []byte {
	t.Helper()
	r, _ := readBytes(t, smallCapture(t))
	var b bytes.Buffer
	w, err := write.NewPcapng(&b, write.Section{Application: "test", Comment: "cut me"})
	must(t, err)
	for i := range r.packets {
		if i%3 == 0 {
			_, err := w.AddInterface(write.Interface{Link: r.packets[i].Link, Name: "eth0"})
			must(t, err)
		}
		must(t, w.Write(i/3, &r.packets[i], write.Note{Comment: fmt.Sprint("packet ", i)}))
	}
	must(t, w.WriteStats(0, write.Stats{Received: 99, Dropped: 1}))
	must(t, w.Flush())
	return b.Bytes()
}

// smallSnoop and smallERF are the packets of smallCapture.
func smallSnoop(t testing.TB) []byte {
	r, _ := readBytes(t, smallCapture(t))
	file := snoopFile(2, 4)
	for _, p := range r.packets {
		file = append(file, snoopPacket(uint32(p.Time/1e9), uint32(p.Time%1e9/1e3), 0, p.OrigLen, string(p.Data))...)
	}
	return file
}

func smallERF(t testing.TB) (file []byte) {
	r, _ := readBytes(t, smallCapture(t))
	for i, p := range r.packets {
		kind, extension := []uint8{2, 11, 0x80 | 16}[i%3], ""
		if kind > 0x80 {
			extension = "\x90abcdefg\x11abcdefg"
		}
		at := r.packets[0].Time + int64(i)*1e6 // in order, unlike what was joined
		file = append(file, erfPacket(kind, erfTicks(at), 0, uint16(p.OrigLen), extension+"\x00\x00"+string(p.Data))...)
		if i%4 == 3 {
			file = append(file, erfPacket(48, 0, 0, 0, "..........")...)
		}
	}
	return file
}

// TestCut reads every beginning of captures. Whatever is whole is delivered;
// the error names the frame and the offset of what is not; nothing panics.
func TestCut(t *testing.T) {
	pcap, ng, snoop, erf := smallCapture(t), smallPcapng(t), smallSnoop(t), smallERF(t)
	erfs := erfStarts(erf)
	for _, c := range []struct {
		name   string
		data   []byte
		starts []start
		least  int // what is shorter is not recognised
	}{
		{"pcap", pcap, pcapStarts(pcap), 4},
		{"pcapng", ng, pcapngStarts(ng), 4},
		{"snoop", snoop, snoopStarts(snoop), 8},
		{"erf", erf, erfs, erfs[1].offset},
	} {
		whole, _ := readBytes(t, c.data)
		if last := c.starts[len(c.starts)-1]; last != (start{len(c.data), len(whole.packets)}) || last.packets < 10 {
			t.Fatalf("%s: walked to %+v of %d octets, %d packets", c.name, last, len(c.data), len(whole.packets))
		}
		t.Run(c.name, func(t *testing.T) {
			at := c.starts[0]
			for n := range len(c.data) {
				if i := slices.IndexFunc(c.starts, func(s start) bool { return s.offset == n }); i >= 0 {
					at = c.starts[i]
				}
				checkCut(t, whole.packets, c.data[:n], at, c.least)
			}
		})
		for _, codec := range codecs {
			t.Run(c.name+" "+codec, func(t *testing.T) {
				packed := compress(t, codec, c.data)
				for n := range len(packed) {
					checkCutPacked(t, whole.packets, packed[:n], c.starts)
				}
			})
		}
	}
}

// checkCut cuts in or just before the structure at.
func checkCut(t *testing.T, whole []capture.Packet, data []byte, at start, least int) {
	t.Helper()
	n := len(data)
	packets, failure := readCut(t, data)
	if facts(packets) != facts(whole[:at.packets]) {
		t.Errorf("cut at %d: %d packets, want %d", n, len(packets), at.packets)
	}
	frame := uint64(at.packets + 1)
	if at.offset == 0 {
		frame = 0
	}
	switch {
	case n < least:
		if !errors.Is(failure, capture.ErrNotCapture) {
			t.Errorf("cut at %d: %v", n, failure)
		}
	case n == at.offset:
		if failure != nil {
			t.Errorf("cut at %d, between two structures: %v", n, failure)
		}
	case failure == nil || failure.Offset != int64(at.offset) || failure.Frame != frame || !errors.Is(failure, io.ErrUnexpectedEOF):
		t.Errorf("cut at %d: %v, want frame %d, offset %d", n, failure, frame, at.offset)
	}
}

// checkCutPacked: how much comes out is the decompressor's affair, but it is
// a beginning, and the fault lies where it ends.
func checkCutPacked(t *testing.T, whole []capture.Packet, packed []byte, starts []start) {
	t.Helper()
	n := len(packed)
	packets, failure := readCut(t, packed)
	if failure == nil {
		t.Fatalf("cut at %d: no error after %d packets", n, len(packets))
	}
	if len(packets) > len(whole) || facts(packets) != facts(whole[:len(packets)]) {
		t.Errorf("cut at %d: the %d packets are not the first", n, len(packets))
	}
	at := start{int(failure.Offset), int(failure.Frame) - 1}
	if failure.Frame > 0 && (at.packets != len(packets) || !slices.Contains(starts, at)) {
		t.Errorf("cut at %d: %v after %d packets", n, failure, len(packets))
	}
}

// readCut reads to the end or to the one error, which must stay the only one.
func readCut(t *testing.T, data []byte) (packets []capture.Packet, failure *capture.Error) {
	t.Helper()
	s, err := capture.OpenReader("f", bytes.NewReader(data))
	if err != nil {
		return nil, err.(*capture.Error)
	}
	r := readAll(t, s)
	if len(r.errs) > 1 {
		t.Fatal(r.errs)
	}
	info := s.Files()[0]
	if (info.Err == nil) != (len(r.errs) == 0) {
		t.Errorf("error %v, but the file says %v", r.errs, info.Err)
	}
	return r.packets, info.Err
}
