package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// scratch is room that what detectors put together for a look is taken from,
// so that most of it costs no allocation, and what several of them ask for.
// Everything but frames, files, values and text is good for one look.
type scratch struct {
	claims []claim
	notes  []Note
	rsts   []rst
	struck []*report.Refuted
	stalls []stall
	marks  struct {
		room []Mark
		used int
	}

	frames []uint64
	files  []int
	values []report.Value
	text   words.Room

	deciding remembered[rst]
	untaken  remembered[untaken]
	probing  [2]remembered[probing]
}

// room returns the scratch room of in.
func (in *Input) room() *scratch {
	if in.scratch == nil {
		in.scratch = new(scratch)
	}
	return in.scratch
}

// begin begins a look: it forgets the last one.
func (s *scratch) begin() {
	s.notes, s.rsts, s.struck, s.stalls, s.marks.used = s.notes[:0], s.rsts[:0], s.struck[:0], s.stalls[:0], 0
	s.deciding.asked, s.untaken.asked, s.probing[0].asked, s.probing[1].asked = false, false, false, false
}

// remembered is something about a connection that is worked out once a look.
type remembered[T any] struct {
	asked, found bool
	it           T
}

// get returns it, nil if there is no such thing; find works it out.
func (r *remembered[T]) get(find func() (T, bool)) *T {
	if !r.asked {
		r.asked = true
		r.it, r.found = find()
	}
	if !r.found {
		return nil
	}
	return &r.it
}

// takeMarks returns an empty list with room for n marks and some more.
func (s *scratch) takeMarks(n int) []Mark {
	m, n := &s.marks, n+8
	if len(m.room)-m.used < n {
		m.room, m.used = make([]Mark, max(2*len(m.room), 64, n)), 0
	}
	from := m.used
	m.used += n
	return m.room[from:from:m.used]
}

// takeFrames returns room for the numbers in a finding, which may be kept.
func (s *scratch) takeFrames(n int) []uint64 { return take(&s.frames, n, 20*maxProof) }

// takeFiles is takeFrames for the files that the frames are of.
func (s *scratch) takeFiles(n int) []int { return take(&s.files, n, 20*maxProof) }

// takeValues returns an empty list with room for n values, which may be kept.
func (s *scratch) takeValues(n int) []report.Value { return take(&s.values, n, 64)[:0] }

// take cuts a list of n off a block, and begins a new one when the block is
// used up.
func take[T any](block *[]T, n, size int) []T {
	if len(*block) < n {
		*block = make([]T, max(n, size))
	}
	list := (*block)[:n:n]
	*block = (*block)[n:]
	return list
}
