package load

import (
	"io"

	"github.com/lastack/lastack/capture"
)

// First returns the first n packets of src: a capture that ends while
// connections are under way.
func First(n uint64, src capture.Source) capture.Source { return &stopped{src, n} }

type stopped struct {
	src  capture.Source
	left uint64
}

func (s *stopped) Next(p *capture.Packet) error {
	if s.left == 0 {
		return io.EOF
	}
	s.left--
	return s.src.Next(p)
}
