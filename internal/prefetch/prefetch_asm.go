//go:build (amd64 || arm64) && !purego

package prefetch

import "unsafe"

// Lines asks for n cache lines from p on. What lies there may be anything, and
// need not be memory of the program. n must not be 0.
//
//go:noescape
func Lines(p unsafe.Pointer, n int)
