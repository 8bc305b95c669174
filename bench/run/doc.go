//go:build linux

// Command run measures lastack beside the other programs that read captures,
// and writes what it found to docs/performance.md:
//
//	go run ./bench/run                 # all loads in full
//	go run ./bench/run -quick          # a twentieth of each: does it work?
//	go run ./bench/run -loads first -tools lastack,tcpdump -rounds 9
//	go run ./bench/run -check          # counts instructions, for CI
//
// It needs Linux, Go and the tools of tools.go, which it installs if it is
// run by root on Debian.
//
// The loads (loads.go) are made by internal/gen/load from fixed seeds, so that
// they are the same everywhere, and are kept in a folder for the next time.
// Each tool reads each load once to warm the page cache, and is asked how many
// packets it saw; then all take turns, a round after the other, with their
// output dropped. A round's times are compared only with each other: what
// slows the machine down for a while slows all of them down.
//
// Every run is a process of its own. Its time is from its start to its end,
// its processor time and its peak of resident memory are those that the kernel
// counted for it. As a process begins as a copy of the one that started it,
// its peak is never less than that of this program, which therefore makes the
// loads in other processes and keeps small.
//
// -check is for CI, where times tell nothing: it counts the instructions that
// a packet takes with valgrind, twice, on a smaller and a larger load, so that
// the start of the program cancels out, and holds them against
// bench/run/instructions.txt.
package main
