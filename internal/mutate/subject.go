package main

// subject is a package whose rules are changed, and what has to notice.
type subject struct {
	dir   string  // from the root of the module
	table bool    // the rows of its Table are changed, not only its conditions
	least float64 // per cent that have to be killed: raise it when more are
	tests []stage // in this order, until one fails
}

// stage is a run of a package's tests.
type stage struct {
	dir  string
	args []string
}

// The tests from outside: conversations and captures through the whole analyzer. The
// others of that package compare the analyzer with itself, and take long.
var whole = stage{"analyzer", []string{"-test.run=^(TestScripts|TestGolden)$"}}

// Random input that is long and random on purpose comes last, where the stories have
// not noticed. What runs all of the tests again and again for another purpose notices
// nothing that they do not.
const (
	long  = "^(TestStrangeInputs|TestTraits|TestBriefIsTheSame|TestBriefAllocatesNothing)$"
	never = "^TestOneOff$"
)

var subjects = []subject{
	{"fsm", true, 100, []stage{{"fsm", nil}}},
	{"reassembly", false, 98, []stage{
		// The same random segments at each run, and none written down.
		{"reassembly", []string{"-rapid.seed=1", "-rapid.nofailfile", "-rapid.shrinktime=0"}},
		whole,
	}},
	{"analyzer/detect", false, 95, []stage{
		{"analyzer/detect", []string{"-test.skip=" + long + "|" + never}},
		whole,
		{"analyzer/detect", []string{"-test.run=" + long}},
	}},
}
