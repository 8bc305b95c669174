// Package reassembly follows the sequence space of each direction of a
// connection: where a segment falls, what it newly acknowledges, which octets
// the capture has missed.
//
// It stands between wire, which gives it segments, and analyzer, which turns
// its answers into symbols of the state machine. A Space is the sequence space
// that one end sends into: what its sender put there, and what its receiver
// said of it (SEG.ACK, SEG.WND). Nothing here knows of states.
package reassembly
