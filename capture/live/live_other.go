//go:build !linux

package live

import "github.com/lastack/lastack/capture"

// Source is a live capture. There are none on this system.
type Source struct{}

// Open returns ErrUnsupported.
func Open(string, Options) (*Source, error) { return nil, ErrUnsupported }

// Next returns ErrUnsupported.
func (*Source) Next(*capture.Packet) error { return ErrUnsupported }

// Files returns nothing.
func (*Source) Files() []capture.FileInfo { return nil }

// Close does nothing.
func (*Source) Close() error { return nil }
