// Package ladder draws one connection for a terminal: every segment an arrow
// between the two ends, each end's state in its own margin.
//
//	frame   time  client                                          server
//	    1  0.000  SYN-SENT        ──── SYN ────────────────────→  SYN-RECEIVED ?
//	    2  0.021  ESTABLISHED     ←──────── SYN,ACK  ack 1 ─────  SYN-RECEIVED
//
// A state is written where it is entered: with a question mark where that is
// only assumed, again without it where a later segment proves it. Between two
// states of an end runs a line, broken while the state is assumed. What did
// not arrive ends in a cross, with the reason below.
package ladder
