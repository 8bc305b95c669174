package capture_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/lastack/lastack/capture"
)

// numbered is a pcap of n packets, each full of its own number.
func numbered(n, length int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = le.AppendUint16(le.AppendUint16(b, 2), 4)
	b = le.AppendUint32(le.AppendUint32(le.AppendUint32(le.AppendUint32(b, 0), 0), 65535), 1)
	for i := range n {
		for _, v := range []int{i, 0, length, length} {
			b = le.AppendUint32(b, uint32(v))
		}
		b = append(b, bytes.Repeat([]byte{byte(i), byte(i >> 8)}, length/2)...)
	}
	return b
}

// TestHold: what is held stays as it is while more is read, through many blocks; what
// is released is used again.
func TestHold(t *testing.T) {
	const packets, length, late = 40_000, 200, 100
	set, err := capture.OpenReader("numbered", bytes.NewReader(numbered(packets, length)))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	type kept struct {
		block *capture.Block
		list  [][]byte
		first int
	}
	var waiting []kept
	seen := 0
	check := func(k kept) {
		for i, data := range k.list {
			n := k.first + i
			if len(data) != length || data[0] != byte(n) || data[1] != byte(n>>8) || data[length-1] != byte(n>>8) {
				t.Fatalf("packet %d is now % x", n, data[:2])
			}
		}
		k.block.Release()
	}
	batch := make([]capture.Packet, 32)
	blocks := map[*capture.Block]bool{}
	for {
		n, err := set.NextBatch(batch)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		k := kept{block: set.Hold(), first: seen}
		blocks[k.block] = true
		for i := range n {
			k.list = append(k.list, batch[i].Data)
		}
		seen += n
		if waiting = append(waiting, k); len(waiting) > late {
			check(waiting[0])
			waiting = waiting[1:]
		}
	}
	for _, k := range waiting {
		check(k)
	}
	if seen != packets {
		t.Errorf("%d packets, want %d", seen, packets)
	}
	if len(blocks) < 4 || len(blocks) > 12 {
		t.Errorf("%d blocks for %d octets of which %d are held at a time", len(blocks), packets*length, late*32*length)
	}
}
