//go:build linux

// Command full runs the analysis of a large load once, on one core, and says
// what a packet cost: time, allocations, and the memory that was used at most.
//
//	go run ./bench/full
//
// The load is made by a process of its own, so that its memory does not count,
// and deleted afterwards; with -load it stays, and is used again.
package main
