//go:build !linux

package huge

// Advise does nothing here.
func Advise[T any]([]T) {}
