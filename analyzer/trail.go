package analyzer

import (
	"unsafe"

	"github.com/lastack/lastack/internal/prefetch"
	"github.com/lastack/lastack/wire"
)

// trail remembers the last segments of all connections of a part, in the order in
// which they came: for a connection they would take more room than all else that
// it needs, and only those of the last moments are ever asked for.
//
// It also keeps what connections that are gone had for details, for others.
type trail struct {
	recent  circle[remembered]
	answers circle[answer]
	details spares[details]
	sides   spares[sideDetails]

	// The lists of details, each of which few connections need.
	refuted lists[refutation]
	resets  lists[reset]
	copies  lists[transmission]
	notes   lists[note]
}

// spares are things that can be used again.
type spares[T any] struct{ list []*T }

// maxSpares bounds them: nobody counts what they take.
const maxSpares = 1 << 10

// take returns a spare one, else a new one.
func (s *spares[T]) take() *T {
	n := len(s.list)
	if n == 0 {
		return new(T)
	}
	v := s.list[n-1]
	s.list = s.list[:n-1]
	return v
}

func (s *spares[T]) give(v *T) {
	if len(s.list) < maxSpares {
		s.list = append(s.list, v)
	}
}

// lists are lists whose room can be used again.
type lists[T any] struct{ spare [][]T }

// smallRoom bounds them: what is larger is not kept.
const smallRoom = 4

// begun returns a list to append to: this one, with spare room if it has none.
func (l *lists[T]) begun(list []T) []T {
	n := len(l.spare)
	if list != nil || n == 0 {
		return list
	}
	list = l.spare[n-1]
	l.spare = l.spare[:n-1]
	return list
}

func (l *lists[T]) give(list []T) {
	if list != nil && cap(list) <= smallRoom && len(l.spare) < maxSpares {
		l.spare = append(l.spare, list[:0])
	}
}

// trailSize is how many entries a circle holds. Between a segment and its copy, or
// the RST that answers it, lies at most what the path holds: over all parts these
// are 131,072 segments.
const trailSize = 1 << 13

// remembered is a segment that was captured before.
type remembered struct {
	recent
	prev uint32 // the one of the same end before it
}

// answer is the last segment with which an end sent an ACK number.
type answer struct {
	ref  wire.FrameRef
	ack  wire.Seq
	len  uint32 // payload, in octets
	prev uint32 // the one with the ACK number before
}

// circle holds the last trailSize entries that were added, by their number.
type circle[T any] struct {
	list *[trailSize]T
	last uint32 // number of the latest entry; 0 is none
}

// newTrail returns an empty trail. (Memory that nothing is written to costs nothing.)
func newTrail() *trail {
	t := &trail{}
	t.recent.list, t.answers.list = new([trailSize]remembered), new([trailSize]answer)
	return t
}

// add makes room for one more entry, whose number is then last, for the caller to
// fill in. (To take it by value would copy it twice.)
func (c *circle[T]) add() *T {
	if c.last++; c.last == 0 { // after 2^32 of them
		c.last++
	}
	// The circles of all parts are more than the caches hold: where one of the next comes is
	// asked for.
	prefetch.Own(unsafe.Pointer(&c.list[(c.last+1)%trailSize]))
	return &c.list[(c.last-1)%trailSize]
}

// at returns entry n; nil for none, and for one that is no longer held.
func (c *circle[T]) at(n uint32) *T {
	if n == 0 || c.last-n >= trailSize {
		return nil
	}
	return &c.list[(n-1)%trailSize]
}

// forgetTrail forgets what t no longer holds of the end.
func (ep *endpoint) forgetTrail(t *trail) {
	if t.recent.at(ep.recent) == nil {
		ep.recent = 0
	}
	if t.answers.at(ep.answers) == nil {
		ep.answers = 0
	}
}

// trailOf returns the trail of the part of the connections that a key's hash
// belongs to. Like what a Pool deals out, it does not depend on the machine.
func (a *Analyzer) trailOf(hash uint64) *trail {
	t := &a.trails[hash%poolParts]
	if *t == nil {
		*t = newTrail()
	}
	return *t
}
