// Package fsm is the state machine of one TCP endpoint as an observer can run
// it: RFC 9293's states, the symbols that a capture gives, and one table that
// decides every pair of them.
//
// It knows no segments and no numbers. Whether an ACK covers the FIN, or a
// reset is acceptable, is decided below (package reassembly) and above
// (package analyzer); the table sees only the symbol. The same table serves
// both ends of a connection and, member by member, the set of states of an
// endpoint whose beginning was not captured.
package fsm

//go:generate go run ../internal/fsmdoc ../docs/states.md
