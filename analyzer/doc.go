// Package analyzer follows every TCP connection of a capture and says what
// state each end was in at every moment, who closed first, how it ended, and
// which frames prove it.
//
// It is the middle of the data path: it takes packets or segments, in the
// order of the capture, and gives report records as connections become final.
// An Analyzer has no global state, starts no goroutines and asks no clock: time
// is the packets' own, so the same capture always gives the same records.
//
// The files follow docs/inference.md: event.go and evidence.go are section 1,
// segment.go, receive.go and reset.go section 2, identity.go section 3,
// record.go and closing.go sections 4 and 5, final.go section 8.
package analyzer
