// Command mutate tells whether the tests would notice if a rule were another: it
// removes each row of fsm's table of transitions and has it lead anywhere else, and
// negates each condition of packages reassembly and analyzer/detect, one at a time,
// and runs the tests that ought to fail. What survives has to be listed in
// survivors.txt with the reason why no test can tell it.
//
//	go run ./internal/mutate            all of it
//	go run ./internal/mutate -run kind  what has a name that matches
//	go run ./internal/mutate -list      the names
//
// Nothing is compiled per mutant. Each condition C of a package becomes
// mutant(17, C), which is C unless the environment names number 17; so one test
// binary holds all mutants, and is run for each. The rewritten files take the place
// of the real ones by go test's -overlay: the tree is not touched.
//
// A mutant is called by its function and the text of its condition, not by its
// line, so that the list of survivors does not age with what stands around them.
package main
