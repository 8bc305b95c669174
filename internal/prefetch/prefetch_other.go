//go:build !(amd64 || arm64) || purego

package prefetch

import "unsafe"

// Lines does nothing here.
func Lines(unsafe.Pointer, int) {}

// Four does nothing here.
func Four(p, q, r unsafe.Pointer) {}

// Own does nothing here.
func Own(unsafe.Pointer, int) {}
