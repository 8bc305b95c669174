package main

import "golang.org/x/sys/unix"

// machineMemory is how much memory the machine has, in octets; 0 if it does not say.
func machineMemory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return int64(uint64(info.Totalram) * uint64(info.Unit))
}
