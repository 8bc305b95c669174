//go:build (amd64 || arm64) && !purego

package prefetch

import "unsafe"

// Lines asks for n cache lines from p on. What lies there may be anything, and
// need not be memory of the program. n must not be 0.
//
//go:noescape
func Lines(p unsafe.Pointer, n int)

// Four asks for the line at p, the two from q on, and the one at r: as Lines, but
// called once.
//
//go:noescape
func Four(p, q, r unsafe.Pointer)

// One is Lines for one line.
//
//go:noescape
func One(p unsafe.Pointer)

// Three is Lines for three.
//
//go:noescape
func Three(p unsafe.Pointer)

// Own asks for a line that will be written: it is taken from other processors. What lies
// there must be memory of the program.
//
//go:noescape
func Own(p unsafe.Pointer)

// OwnThree is Own for three lines.
//
//go:noescape
func OwnThree(p unsafe.Pointer)
