// Package prefetch asks the processor to fetch memory that will be needed soon,
// and does not wait for it. With more connections than the caches hold nearly
// every segment would wait for several cache lines, one after the other.
//
// Go has no such instruction, so there are a few lines of assembly for amd64 and
// arm64. Elsewhere, and with the build tag purego, the functions do nothing,
// which changes no result.
package prefetch

import "unsafe"

// LineSize is that of a cache line, in octets, of nearly every processor.
const LineSize = 64

// Of asks for the line at p.
func Of[T any](p *T) { One(unsafe.Pointer(p)) }
