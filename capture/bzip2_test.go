package capture_test

import (
	"bytes"
	"io"
	"math/bits"
	"slices"
	"sort"
)

// bzip2Writer compresses with bzip2, which the standard library does not: one block
// after the other, with two equal tables of codes that are nearly all of one length.
type bzip2Writer struct {
	out  io.Writer
	data []byte
}

const bzip2Block = 9000 // octets, after runs are taken together

func (w *bzip2Writer) Write(p []byte) (int, error) {
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *bzip2Writer) Close() error {
	var b bitWriter
	b.octets("BZh1")
	var all uint32
	for rest := w.data; len(rest) > 0; {
		block, n := bzip2Runs(rest)
		sum := bzip2Sum(rest[:n])
		all = bits.RotateLeft32(all, 1) ^ sum
		b.octets("1AY&SY")
		b.put(sum, 32)
		b.block(block)
		rest = rest[n:]
	}
	b.octets("\x17rE8P\x90")
	b.put(all, 32)
	b.put(0, -b.n&7)
	_, err := w.out.Write(b.out)
	return err
}

// bzip2Runs makes a block of the beginning of data, of n octets: four equal ones are
// followed by how many more there are.
func bzip2Runs(data []byte) (block []byte, n int) {
	for n < len(data) && len(block) < bzip2Block {
		run := 1
		for run < 255+4 && n+run < len(data) && data[n+run] == data[n] {
			run++
		}
		block = append(block, bytes.Repeat(data[n:n+1], min(run, 4))...)
		if run >= 4 {
			block = append(block, byte(run-4))
		}
		n += run
	}
	return block, n
}

// bzip2Sum is a CRC32 that takes the upper bits first.
func bzip2Sum(data []byte) uint32 {
	sum := ^uint32(0)
	for _, c := range data {
		sum ^= uint32(c) << 24
		for range 8 {
			top := sum >> 31
			sum = sum<<1 ^ top*0x04c11db7
		}
	}
	return ^sum
}

type bitWriter struct {
	out []byte
	n   int // bits
}

func (b *bitWriter) put(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[len(b.out)-1] |= byte(v>>i&1) << (7 - b.n%8)
		b.n++
	}
}

func (b *bitWriter) octets(s string) {
	for i := range len(s) {
		b.put(uint32(s[i]), 8)
	}
}

// block writes a block from its randomized bit on.
func (b *bitWriter) block(data []byte) {
	last, origin := burrowsWheeler(data)
	b.put(0, 1)
	b.put(uint32(origin), 24)
	used := slices.Compact(slices.Sorted(slices.Values(data)))
	var groups uint32
	present := map[byte]bool{}
	for _, c := range used {
		groups |= 1 << (15 - c>>4)
		present[c] = true
	}
	b.put(groups, 16)
	for c := range 256 {
		if groups>>(15-c>>4)&1 == 1 {
			b.put(map[bool]uint32{true: 1}[present[byte(c)]], 1)
		}
	}
	symbols := moveToFront(last, used)
	end := len(used) + 1
	symbols = append(symbols, end)
	selectors := (len(symbols) + 49) / 50
	b.put(2, 3)
	b.put(uint32(selectors), 15)
	b.put(0, selectors) // the first table, always
	b.codes(symbols, end+1)
}

// codes writes two tables of n symbols, then what is to be said. A few codes are a bit
// shorter than the others, so that all bits are used.
func (b *bitWriter) codes(symbols []int, n int) {
	long := bits.Len(uint(n - 1))
	short := 1<<long - n
	for range 2 {
		b.put(uint32(long), 5)
		at := long
		for s := range n {
			want := long
			if s < short {
				want--
			}
			for ; at > want; at-- {
				b.put(3, 2)
			}
			for ; at < want; at++ {
				b.put(2, 2)
			}
			b.put(0, 1)
		}
	}
	for _, s := range symbols {
		if s < short {
			b.put(uint32(s), long-1)
		} else {
			b.put(uint32(s+short), long)
		}
	}
}

// burrowsWheeler returns the last octets of the sorted rotations of data, and the place
// of data itself among them.
func burrowsWheeler(data []byte) (last []byte, origin int) {
	twice, rotations := append(bytes.Clone(data), data...), make([]int, len(data))
	for i := range rotations {
		rotations[i] = i
	}
	sort.SliceStable(rotations, func(i, j int) bool {
		i, j = rotations[i], rotations[j]
		return bytes.Compare(twice[i:i+len(data)], twice[j:j+len(data)]) < 0
	})
	for _, r := range rotations {
		last = append(last, twice[r+len(data)-1])
	}
	return last, slices.Index(rotations, 0)
}

// moveToFront writes each octet as its place in a list that it then leads; a run of the
// place 0 is its length in digits 1 and 2, the lowest first.
func moveToFront(data, list []byte) (symbols []int) {
	list = bytes.Clone(list)
	run := 0
	flush := func() {
		for ; run > 0; run = (run - 1) / 2 {
			symbols = append(symbols, (run-1)%2)
		}
	}
	for _, c := range data {
		at := bytes.IndexByte(list, c)
		if at == 0 {
			run++
			continue
		}
		flush()
		symbols = append(symbols, at+1)
		copy(list[1:], list[:at])
		list[0] = c
	}
	flush()
	return symbols
}
