package analyzer

import (
	"sync"
	"unsafe"

	"github.com/lastack/lastack/internal/huge"
	"github.com/lastack/lastack/internal/prefetch"
)

// slabSize is how many places a slab grows by.
const slabSize = 256

// slab holds things that others name by their index: an index stays that of its thing
// for as long as the thing is held, and nothing is ever moved.
type slab[T any] struct {
	chunks [][]T // (pointers to arrays would be read through to see that they are not nil)
	free   []int32
	quarry *quarry[T] // nil: it has one of its own
}

// at returns what is at an index.
func (s *slab[T]) at(i int32) *T { return &s.chunks[uint32(i)/slabSize][uint32(i)%slabSize] }

// places is how many there are, taken or free.
func (s *slab[T]) places() int { return len(s.chunks) * slabSize }

// taken is how many of them are.
func (s *slab[T]) taken() int { return s.places() - len(s.free) }

// alloc takes a free place. That of the next to come is asked for: most are cold.
func (s *slab[T]) alloc() int32 {
	if len(s.free) == 0 {
		s.grow()
	}
	n := len(s.free) - 1
	i := s.free[n]
	s.free = s.free[:n]
	if n > 0 {
		touched := int(min(unsafe.Sizeof(*new(T)), firstTouched))
		prefetch.Lines(unsafe.Pointer(s.at(s.free[n-1])), (touched+prefetch.LineSize-1)/prefetch.LineSize)
	}
	return i
}

// firstTouched is how many octets of a thing are touched at first, at most.
const firstTouched = 8 * prefetch.LineSize

// grow adds places.
func (s *slab[T]) grow() {
	if s.quarry == nil {
		s.quarry = &quarry[T]{}
	}
	base := int32(s.places())
	s.chunks = append(s.chunks, s.quarry.chunk())
	for i := int32(slabSize) - 1; i >= 0; i-- {
		s.free = append(s.free, base+i)
	}
}

// release gives a place back.
func (s *slab[T]) release(i int32) { s.free = append(s.free, i) }

// quarry is where the slabs of all parts of a Pool, which are used side by side, get their
// chunks from: out of blocks that are large enough for large pages, when there are many.
type quarry[T any] struct {
	mu    sync.Mutex
	block []T // what is left of it
	given int // chunks
}

// mostChunks bounds a block. It is also at most half of what there is: the garbage
// collector takes all of it for used.
const mostChunks = 64

// chunk returns room for slabSize things.
func (q *quarry[T]) chunk() []T {
	c := q.cut()
	huge.Populate(c)
	return c
}

// cut cuts a chunk off the block, or off a new one.
func (q *quarry[T]) cut() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.block) == 0 {
		q.block = make([]T, slabSize*min(max(q.given/2, 1), mostChunks))
		huge.Advise(q.block)
	}
	c := q.block[:slabSize:slabSize]
	q.block = q.block[slabSize:]
	q.given++
	return c
}
