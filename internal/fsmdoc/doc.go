// Command fsmdoc writes docs/states.md: the state diagram and the table of
// transitions, from package fsm's table. It is run by go generate ./fsm.
package main
