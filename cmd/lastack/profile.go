package main

import (
	"os"
	"runtime/pprof"
)

// profiled runs f and writes the profiles that the settings ask for.
func (s *settings) profiled(f func() error) error {
	if s.cpuProfile != "" {
		file, err := os.Create(s.cpuProfile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	err := f()
	if s.memProfile == "" {
		return err
	}
	file, failed := os.Create(s.memProfile)
	if failed != nil {
		return firstOf(err, failed)
	}
	return firstOf(err, pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}
