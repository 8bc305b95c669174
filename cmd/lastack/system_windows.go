package main

import (
	"errors"
	"syscall"
)

func ignoreSIGPIPE() {}

// brokenPipeOfSystem knows Windows' words for a closed pipe:
// ERROR_BROKEN_PIPE and ERROR_NO_DATA.
func brokenPipeOfSystem(err error) bool {
	return errors.Is(err, syscall.Errno(109)) || errors.Is(err, syscall.Errno(232))
}
