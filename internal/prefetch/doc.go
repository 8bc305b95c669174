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

// Of asks for all of *p.
func Of[T any](p *T) { Lines(unsafe.Pointer(p), lines(p)) }

// OwnOf is Of for what will be written.
func OwnOf[T any](p *T) { Own(unsafe.Pointer(p), lines(p)) }

// lines is how many lines *p takes, at least.
func lines[T any](p *T) int { return int(unsafe.Sizeof(*p)+LineSize-1) / LineSize }
