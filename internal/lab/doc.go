// Command lab lets two real Linux TCP stacks talk over a network that breaks
// on purpose, and records what each end's kernel sent, received and believed.
//
//	go run ./internal/lab list
//	go run ./internal/lab run NAME... [-o DIR]
//	go run ./internal/lab all [-o DIR]
//	go run ./internal/lab random -n 1000 -seed S [-o DIR]
//	go run ./internal/lab judge FOLDER...
//
// It needs root. Everything it makes (network namespaces, devices, processes
// that hold a socket, a detached tracefs mount) hangs on its own threads and
// descriptors and goes with the process; the one thing that does not, its
// tracefs instance, is removed at the end, and at the next start if it was
// killed.
//
// Its packages, each knowing only those above it, and internal/packet, which
// parses, changes and makes the packets:
//
//	netns    a network namespace with a thread, devices and its sysctls
//	path     the forwarder between two TUN devices, and its rules
//	truth    taps, trace events, inet_diag samples, and the sidecar made of them
//	story    sockets, the stories, the random mix
//	judge    the analyzer's records against the kernel's states
//	derive   what captures suffer, derived from the stories and judged
//
// docs/lab.md says how to write a story, and how the judging is done.
package main
