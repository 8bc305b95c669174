package truth

import (
	"encoding/binary"
	"slices"
	"testing"
)

// page builds a ring-buffer page: its time stamp, and words in pairs of
// (type, delta) followed by what the type says.
func page(stamp uint64, words ...uint32) []byte {
	b := binary.NativeEndian.AppendUint64(nil, stamp)
	b = binary.NativeEndian.AppendUint64(b, uint64(4*len(words)))
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return append(b, make([]byte, 64)...) // the rest of the page is old
}

func head(kind, delta uint32) uint32 { return kind | delta<<5 }

func TestEachEvent(t *testing.T) {
	b := page(1000,
		head(1, 5), 0xaa, // a record of 4 octets, 5 ns later
		head(typeExtend, 3), 2, // 3 + 2<<27 ns pass
		head(2, 1), 0xbb, 0xbc, // 8 octets
		head(0, 7), 8, 0xcc, // the long form: length 8 with its own word
		head(typePadding, 9), 8, 0, // skipped
		head(typeStamp, 6), 3, // absolute: 6 + 3<<27
		head(1, 1), 0xdd,
	)
	var times []uint64
	var first []uint32
	err := eachEvent(b, func(at uint64, record []byte) {
		times = append(times, at)
		first = append(first, binary.NativeEndian.Uint32(record))
	})
	late := uint64(1000 + 5 + 3 + 2<<27 + 1)
	if err != nil || !slices.Equal(times, []uint64{1005, late, late + 7, 6 + 3<<27 + 1}) {
		t.Errorf("times %v, %v", times, err)
	}
	if !slices.Equal(first, []uint32{0xaa, 0xbb, 0xcc, 0xdd}) {
		t.Errorf("records %x", first)
	}
}

func TestLostEvents(t *testing.T) {
	b := page(1, head(1, 1), 2)
	binary.NativeEndian.PutUint64(b[8:], 8|missedEvents)
	if err := eachEvent(b, func(uint64, []byte) {}); err == nil {
		t.Error("lost events were not noticed")
	}
}

func FuzzEachEvent(f *testing.F) {
	f.Add(page(1000, head(1, 5), 0xaa, head(0, 7), 8, 0xcc))
	f.Add(page(7, head(typePadding, 0), 0xffffffff))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		_ = eachEvent(b, func(_ uint64, record []byte) { n += len(record) })
		if n > len(b) {
			t.Errorf("%d octets of records in %d", n, len(b))
		}
	})
}
