package analyzer

// slabSize is how many places a slab grows by.
const slabSize = 256

// slab holds things that others name by their index: an index stays that of its thing
// for as long as the thing is held, and nothing is ever moved.
type slab[T any] struct {
	chunks []*[slabSize]T
	free   []int32
}

// at returns what is at an index.
func (s *slab[T]) at(i int32) *T { return &s.chunks[uint32(i)/slabSize][uint32(i)%slabSize] }

// places is how many there are, taken or free.
func (s *slab[T]) places() int { return len(s.chunks) * slabSize }

// taken is how many of them are.
func (s *slab[T]) taken() int { return s.places() - len(s.free) }

// alloc takes a free place.
func (s *slab[T]) alloc() int32 {
	if len(s.free) == 0 {
		base := int32(s.places())
		s.chunks = append(s.chunks, new([slabSize]T))
		for i := int32(slabSize) - 1; i >= 0; i-- {
			s.free = append(s.free, base+i)
		}
	}
	i := s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	return i
}

// release gives a place back.
func (s *slab[T]) release(i int32) { s.free = append(s.free, i) }
