package capture

import (
	"cmp"
	"container/heap"
	"errors"
	"io"
	"math"
	"os"
	"slices"
)

// Options say how inputs are found and read.
type Options struct {
	Recursive bool      // take the captures below a directory, not only those in it
	Stdin     io.Reader // what "-" reads; nil means os.Stdin
	Follow    *Follow   // not nil: read on as the captures are written
}

// Bounds of a Set.
const (
	// maxFiles is what the index of a file in a frame's reference can hold.
	maxFiles = 1 << 20
	// maxActive is how many files may overlap at one time. Each holds a
	// window (up to blockSize) and a decompressor.
	maxActive = 1024
)

// Errors of a Set that concern an input as a whole.
var (
	// ErrNoCaptures is the error for a directory without captures.
	ErrNoCaptures = errors.New("no captures in this directory")

	errNoInput    = errors.New("no input")
	errStdinTwice = errors.New("standard input can be read only once")
	errTooMany    = errors.New("too many files for one run")
	errOverlap    = errors.New("too many captures that overlap in time")
)

// Set is the Source over all inputs of a run: one capture, merged by time.
//
// Within a file the order is the file's, even where its time goes back. Of
// several files the one whose next packet is earliest comes first; on equal
// times, the one named first. Files are begun when their first packet's time
// has come, so that files which do not overlap are not open together.
//
// An input that fails ends with one *Error from Next; the others are read on.
// A Set is not safe for concurrent use.
type Set struct {
	members []*member
	waiting []*member // not begun, by the time of their first packet
	ready   queue     // begun, by the time of their next packet
	current *member   // whose packet was given last; nil if there is none
	limit   int64     // current goes on while its packets are before this time
	pending []error   // of inputs that failed in Open
	number  uint64
	files   filePool
	team    aheads
	tail    *tail // nil: the set does not grow
}

// Open opens the captures that paths name: files, directories (of which only
// the files whose content is a capture count), patterns as of filepath.Match where
// there is no file of the name, and "-" for standard input.
// Formats and compressions are recognised by content.
//
// It fails when not one input could be opened; its error is then the *Error of
// the one input, or those of all, joined. When some could be, the *Error of
// each other comes from the first calls of Next.
//
// Open reads the beginning of each input: of regular files up to the first
// packet, of pipes no more than the file header; of what may be ERF, which has none,
// some records.
func Open(paths []string, opts Options) (*Set, error) {
	s := &Set{files: filePool{max: maxOpenFiles}, team: newAheads()}
	if len(paths) == 0 {
		return nil, errNoInput
	}
	if opts.Follow != nil {
		return s.follow(paths, opts)
	}
	standard := opts.Stdin
	if standard == nil {
		standard = os.Stdin
	}
	for _, path := range paths {
		if path == stdin && standard == nil {
			s.problem(path, errStdinTwice)
			continue
		}
		s.add(path, opts.Recursive, standard)
		if path == stdin {
			standard = nil
		}
	}
	return s.opened()
}

// OpenReader makes a Set of one input that r yields; name stands in errors.
func OpenReader(name string, r io.Reader) (*Set, error) {
	s := &Set{team: newAheads()}
	if err := s.join(&member{path: name, stream: r}); err != nil {
		return nil, err
	}
	return s.opened()
}

// add opens what one path names.
func (s *Set) add(path string, recursive bool, standard io.Reader) {
	files, isDir, err := find(path, recursive)
	if err != nil {
		s.problem(path, err)
	}
	members, problems := len(s.members), len(s.pending)
	for _, f := range files {
		m := &member{path: f.path}
		switch {
		case f.regular:
			m.file = &pooledFile{pool: &s.files, path: f.path}
		case f.path == stdin:
			m.stream = standard
		}
		err := s.join(m)
		if err != nil && !(f.listed && errors.Is(err, ErrNotCapture)) {
			s.problem(f.path, err)
		}
	}
	if isDir && err == nil && len(s.members) == members && len(s.pending) == problems {
		s.problem(path, ErrNoCaptures)
	}
}

// join opens m and makes it a member. All regular files but the last to join
// are closed again until their time comes; where a set grows that is for tail to do.
func (s *Set) join(m *member) error {
	if len(s.members) == maxFiles {
		return errTooMany
	}
	m.team = &s.team
	if err := m.open(); err != nil {
		m.close()
		return err
	}
	m.info.Name, m.index, m.first = m.path, len(s.members), math.MinInt64
	if m.file != nil {
		m.size = m.file.id.Size()
	}
	if m.file != nil && m.readHead() == nil {
		m.first = m.head.Time
	}
	if n := len(s.members); n > 0 && s.members[n-1].file != nil && s.tail == nil {
		s.members[n-1].close()
	}
	s.members = append(s.members, m)
	return nil
}

// problem keeps an error for Next: one for each input.
func (s *Set) problem(path string, err error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range many.Unwrap() {
			s.problem(path, err)
		}
		return
	}
	if _, ok := err.(*Error); !ok {
		err = &Error{File: path, Offset: -1, Err: err}
	}
	s.pending = append(s.pending, err)
}

// opened makes the set ready for Next, if it has anything to read.
func (s *Set) opened() (*Set, error) {
	if len(s.members) == 0 {
		if len(s.pending) == 1 {
			return nil, s.pending[0]
		}
		return nil, errors.Join(s.pending...)
	}
	s.waiting = slices.Clone(s.members)
	s.line()
	return s, nil
}

// line puts those that wait in the order in which they are begun.
func (s *Set) line() {
	slices.SortStableFunc(s.waiting, func(a, b *member) int { return cmp.Compare(a.first, b.first) })
}

// Shift adds nanoseconds to all times of a file, an index into Files: its clock was
// that much behind the others'. It is for a Set that nothing has been read of.
func (s *Set) Shift(file int, by int64) {
	m := s.members[file]
	m.shift, m.info.Shift = by, by
	if m.first != math.MinInt64 {
		m.first = shifted(m.first, by)
	}
	if m.hasHead {
		m.head.Time = shifted(m.head.Time, by)
	}
	slices.SortFunc(s.waiting, func(a, b *member) int { return cmp.Compare(a.index, b.index) })
	s.line()
}

// Next fills p with the next packet of all inputs. It returns an *Error once
// for each input that fails, and io.EOF at the end of all. On an error p is
// undefined.
func (s *Set) Next(p *Packet) error {
	if s.current != nil {
		err := s.current.next(p)
		if err == nil && p.Time < s.limit {
			s.deliver(p)
			return nil
		}
		if err := s.yield(p, err); err != nil {
			return err
		}
	}
	if err := s.pick(); err != nil {
		return err
	}
	*p = s.current.head
	s.deliver(p)
	return nil
}

// NextBatch is Next for as many packets as have been read already: it ends
// where another input's turn comes, and where a window would have to move.
func (s *Set) NextBatch(b []Packet) (n int, err error) {
	if err := s.Next(&b[0]); err != nil {
		return 0, err
	}
	n = 1 + s.current.more(b[1:], s.limit)
	s.deliverAll(b[1:n])
	return n, nil
}

// Hold implements Holder. It is for after a NextBatch that returned packets.
func (s *Set) Hold() *Block { return s.current.reader.hold() }

func (s *Set) deliver(p *Packet) {
	s.number++
	p.Number = s.number
	p.File = s.current.index
	s.current.info.count(1, uint64(p.OrigLen), uint64(len(p.Data)), p.Time, p.Time)
}

// deliverAll is deliver for many of the current input: they are summed up first, not each
// added to what is known of the file.
func (s *Set) deliverAll(list []Packet) {
	var octets, captured uint64
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	number, file := s.number, s.current.index
	for i := range list {
		p := &list[i]
		number++
		p.Number, p.File = number, file
		octets += uint64(p.OrigLen)
		captured += uint64(len(p.Data))
		first, last = min(first, p.Time), max(last, p.Time)
	}
	s.number = number
	s.current.info.count(len(list), octets, captured, first, last)
}

// yield puts the current input back in line with its next packet, or ends it
// if there is none.
func (s *Set) yield(next *Packet, err error) error {
	m := s.current
	s.current = nil
	if err != nil {
		return m.end(err)
	}
	m.head = *next
	heap.Push(&s.ready, m)
	return nil
}

// pick makes the input with the earliest packet the current one.
func (s *Set) pick() error {
	for {
		if err := s.beginDue(); err != nil {
			return err
		}
		if len(s.ready) > 0 {
			break
		}
		if s.tail == nil {
			return io.EOF
		}
		if err := s.tail.await(); err != nil && len(s.pending) == 0 {
			return err
		}
	}
	s.current = heap.Pop(&s.ready).(*member)
	s.limit = s.ready.earliest(math.MaxInt64)
	if len(s.waiting) > 0 {
		s.limit = min(s.limit, s.waiting[0].first)
	}
	return nil
}

// beginDue begins the inputs whose time has come.
func (s *Set) beginDue() error {
	if len(s.pending) > 0 {
		err := s.pending[0]
		s.pending = s.pending[1:]
		return err
	}
	for len(s.waiting) > 0 && s.waiting[0].first <= s.ready.earliest(math.MaxInt64) {
		m := s.waiting[0]
		s.waiting = s.waiting[1:]
		if err := s.begin(m); err != nil {
			return err
		}
	}
	return nil
}

// begin puts m in line with its first packet.
func (s *Set) begin(m *member) error {
	if len(s.ready) == maxActive {
		return m.end(&Error{File: m.path, Offset: -1, Err: errOverlap})
	}
	if m.reader == nil {
		m.beside = true
		if err := m.open(); err != nil {
			return m.end(err)
		}
	}
	if err := m.readHead(); err != nil {
		return m.end(err)
	}
	heap.Push(&s.ready, m)
	return nil
}

// Files describes the captures of the set, as far as they are read; a
// packet's File is an index into it. Inputs that could not be opened are not
// among them.
func (s *Set) Files() []FileInfo {
	infos := make([]FileInfo, len(s.members))
	for i, m := range s.members {
		m.describe()
		infos[i] = m.info
		infos[i].Links, infos[i].Used = slices.Clone(m.info.Links), slices.Clone(m.info.Used)
	}
	return infos
}

// Progress returns how many octets of the inputs have been read, as they lie in the
// files, compressed or not, and how many there are; 0 where nobody knows, as of a pipe.
func (s *Set) Progress() (read, total int64) {
	for _, m := range s.members {
		if m.file == nil || s.tail != nil {
			return read, 0
		}
		off := m.file.offset()
		read, total = read+off, total+m.size
		if m.reader == nil && m.info.Packets > 0 { // it was read to its end, or given up
			read += m.size - off
		}
	}
	return read, total
}

// Close gives up all inputs. Standard input, and what OpenReader was given,
// are left open.
func (s *Set) Close() error {
	var errs []error
	for _, m := range s.members {
		errs = append(errs, m.close())
	}
	s.current, s.ready, s.waiting, s.pending = nil, nil, nil, nil
	return errors.Join(errs...)
}
