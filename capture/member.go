package capture

import (
	"io"
	"math"
	"os"
)

// member is one input of a Set.
type member struct {
	index  int
	path   string
	file   *pooledFile // a regular file
	stream io.Reader   // or standard input, or what OpenReader was given
	opened *os.File    // or a FIFO or device, once it is open
	team   *aheads
	tail   *tail  // not nil: it may grow
	ahead  *ahead // nil: it is read by the caller alone
	codec  io.Closer
	reader reader // nil when not open
	head   Packet // the next packet, if hasHead
	first  int64  // time of the first packet; MinInt64 if not known
	size   int64  // of a regular file, in octets
	shift  int64  // added to its times: see Set.Shift
	info   FileInfo

	hasHead bool
	beside  bool // others are read at the same time
}

// open opens the input and reads its file header.
func (m *member) open() (err error) {
	src := m.stream
	switch {
	case m.file != nil:
		m.file.rewind()
		src = m.file
		if m.tail != nil {
			src = grower{src, m}
		}
	case src == nil:
		if m.opened, err = os.Open(m.path); err != nil {
			return &Error{File: m.path, Offset: -1, Err: plain(err)}
		}
		src = m.opened
	}
	src, m.info.Compression = decompress(src)
	m.codec, _ = src.(io.Closer)
	// What reads a pipe may be told of before it waits, on the caller's goroutine.
	if m.file != nil && m.tail == nil && (m.info.Compression != "" || m.beside) {
		m.ahead = &ahead{src: src, team: m.team}
		src = m.ahead
	}
	m.reader, err = newReader(m.path, src)
	return err
}

// readHead reads the next packet ahead.
func (m *member) readHead() error {
	if m.hasHead {
		return nil
	}
	err := m.next(&m.head)
	m.hasHead = err == nil
	return err
}

// next is the reader's next, by the time of the set.
func (m *member) next(p *Packet) error {
	err := m.reader.next(p)
	if m.shift != 0 && err == nil {
		p.Time = shifted(p.Time, m.shift)
	}
	return err
}

// more is the reader's more, by the time of the set.
func (m *member) more(b []Packet, before int64) int {
	if m.shift == 0 {
		return m.reader.more(b, before)
	}
	if before != math.MaxInt64 {
		before = shifted(before, -m.shift)
	}
	n := m.reader.more(b, before)
	for i := range b[:n] {
		b[i].Time = shifted(b[i].Time, m.shift)
	}
	return n
}

// shifted adds to a time, and stops at what an int64 holds.
func shifted(t, by int64) int64 {
	sum := t + by
	switch {
	case by > 0 && sum < t:
		return math.MaxInt64
	case by < 0 && sum > t:
		return math.MinInt64
	}
	return sum
}

// end closes m for good, at its end or with the *Error that err is.
func (m *member) end(err error) error {
	m.close()
	if err == io.EOF {
		return nil
	}
	m.info.Err, _ = err.(*Error)
	return err
}

func (m *member) describe() {
	if m.reader != nil {
		m.reader.describe(&m.info)
	}
}

// close lets go of what m holds; a regular file can be opened again.
func (m *member) close() error {
	m.suspend()
	switch {
	case m.file != nil:
		return m.file.Close()
	case m.opened != nil:
		err := m.opened.Close()
		m.opened = nil
		return err
	}
	return nil
}

// suspend is close for a regular file that may be gone when it is opened again: its
// descriptor stays.
func (m *member) suspend() {
	m.describe()
	m.reader, m.head, m.hasHead = nil, Packet{}, false
	m.ahead.close()
	if m.codec != nil {
		m.codec.Close()
	}
	m.ahead, m.codec = nil, nil
}

// queue is a heap of members by the time of their next packet, then by index.
type queue []*member

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	if q[i].head.Time != q[j].head.Time {
		return q[i].head.Time < q[j].head.Time
	}
	return q[i].index < q[j].index
}
func (q *queue) Push(m any) { *q = append(*q, m.(*member)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	m := (*q)[last]
	*q = (*q)[:last]
	return m
}

// earliest is the time of the first in line, or none if there is nobody.
func (q queue) earliest(none int64) int64 {
	if len(q) == 0 {
		return none
	}
	return q[0].head.Time
}
