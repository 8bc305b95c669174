package report

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
)

// Sorter hands rows back in the order of their keys, rows with equal keys in
// the order in which they came. What it is given stays in memory up to Limit
// and goes to a temporary file beyond it, so a report of any size can be
// sorted. Without keys it is a buffer of any size. The zero value is ready.
type Sorter struct {
	// Limit is how many bytes are kept in memory; 0 stands for 16 MB.
	Limit int
	// Dir is where the temporary file goes; "" is the system's place.
	Dir string

	data  []byte
	rows  []sorterRow
	file  *os.File
	runs  []int64 // where each run ends in the file
	bytes int64   // length of the file
}

// sorterRow is where a row lies in data: its key, and after it the rest.
type sorterRow struct{ at, key, end int }

const (
	sorterLimit  = 16 << 20
	sorterRowMem = 24 // bytes of a sorterRow
)

// Add takes a copy of a row.
func (s *Sorter) Add(key, row []byte) error {
	at := len(s.data)
	s.data = append(append(s.data, key...), row...)
	s.rows = append(s.rows, sorterRow{at, at + len(key), len(s.data)})
	if len(s.data)+sorterRowMem*len(s.rows) < cmp.Or(s.Limit, sorterLimit) {
		return nil
	}
	return s.spill()
}

func (s *Sorter) sort() {
	slices.SortStableFunc(s.rows, func(a, b sorterRow) int {
		return bytes.Compare(s.data[a.at:a.key], s.data[b.at:b.key])
	})
}

// spill writes the rows in memory, sorted, as another run of the file.
func (s *Sorter) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.Dir, "lastack-")
		if err != nil {
			return err
		}
		s.file = f
		// Where the system allows it the name goes at once, so that nothing
		// is left behind however the process ends.
		_ = os.Remove(f.Name())
	}
	s.sort()
	w := bufio.NewWriterSize(s.file, 1<<16)
	for _, r := range s.rows {
		var head [2 * binary.MaxVarintLen64]byte
		n := binary.PutUvarint(head[:], uint64(r.key-r.at))
		n += binary.PutUvarint(head[n:], uint64(r.end-r.key))
		w.Write(head[:n]) // an error stays in w until Flush
		w.Write(s.data[r.at:r.end])
		s.bytes += int64(n + r.end - r.at)
	}
	s.runs = append(s.runs, s.bytes)
	s.data, s.rows = s.data[:0], s.rows[:0]
	return w.Flush()
}

// Each calls fn with every row in order; the row is fn's until it returns.
// An error of fn ends it and is returned.
func (s *Sorter) Each(fn func(row []byte) error) error {
	if s.file == nil {
		s.sort()
		for _, r := range s.rows {
			if err := fn(s.data[r.key:r.end]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	return s.merge(fn)
}

// merge reads all runs at once, the smallest key first.
func (s *Sorter) merge(fn func(row []byte) error) error {
	var m mergeHeap
	var from int64
	for i, end := range s.runs {
		r := &run{number: i, in: bufio.NewReader(io.NewSectionReader(s.file, from, end-from))}
		from = end
		if ok, err := r.next(); err != nil {
			return err
		} else if ok {
			m = append(m, r)
		}
	}
	heap.Init(&m)
	for len(m) > 0 {
		if err := fn(m[0].row[m[0].key:]); err != nil {
			return err
		}
		if ok, err := m[0].next(); err != nil {
			return err
		} else if ok {
			heap.Fix(&m, 0)
		} else {
			heap.Pop(&m)
		}
	}
	return nil
}

// Close forgets the rows and removes the temporary file.
func (s *Sorter) Close() error {
	s.data, s.rows, s.runs, s.bytes = nil, nil, nil, 0
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	err := f.Close()
	if rm := os.Remove(f.Name()); !errors.Is(rm, os.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// run is one sorted stretch of the file and its current row.
type run struct {
	number int
	in     *bufio.Reader
	row    []byte // key and rest
	key    int    // length of the key
}

func (r *run) next() (bool, error) {
	key, err := binary.ReadUvarint(r.in)
	if err == io.EOF {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	rest, err := binary.ReadUvarint(r.in)
	if err != nil {
		return false, err
	}
	r.key = int(key)
	r.row = slices.Grow(r.row[:0], int(key+rest))[:key+rest]
	_, err = io.ReadFull(r.in, r.row)
	return err == nil, err
}

// mergeHeap orders runs by their current row, the earlier run first.
type mergeHeap []*run

func (m mergeHeap) Len() int { return len(m) }
func (m mergeHeap) Less(i, j int) bool {
	a, b := m[i], m[j]
	return cmp.Or(bytes.Compare(a.row[:a.key], b.row[:b.key]), cmp.Compare(a.number, b.number)) < 0
}
func (m mergeHeap) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *mergeHeap) Push(x any)   { *m = append(*m, x.(*run)) }
func (m *mergeHeap) Pop() any {
	last := len(*m) - 1
	r := (*m)[last]
	*m = (*m)[:last]
	return r
}
