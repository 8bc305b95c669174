//go:build !(amd64 || arm64) || purego

package prefetch

import "unsafe"

// Lines does nothing here.
func Lines(unsafe.Pointer, int) {}

// Four does nothing here.
func Four(p, q, r unsafe.Pointer) {}

// One does nothing here.
func One(unsafe.Pointer) {}

// Three does nothing here.
func Three(unsafe.Pointer) {}

// Own does nothing here.
func Own(unsafe.Pointer) {}

// OwnThree does nothing here.
func OwnThree(unsafe.Pointer) {}
