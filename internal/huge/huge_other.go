//go:build !linux

package huge

// Advise does nothing here.
func Advise[T any]([]T) {}

// Populate does nothing here.
func Populate[T any]([]T) {}
