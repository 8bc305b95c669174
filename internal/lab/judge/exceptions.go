package judge

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// exceptions.txt names what cannot be known, a line each: the story, the end,
// the tap, and why. The variants of a story share its lines.
//
//go:embed exceptions.txt
var exceptionsText string

var exceptions = func() map[[3]string]string {
	all := make(map[[3]string]string)
	for line := range strings.Lines(exceptionsText) {
		if f := strings.Fields(line); len(f) > 4 && f[0] != "#" {
			all[[3]string{f[0], f[1], f[3]}] = strings.Join(f[4:], " ")
		}
	}
	return all
}()

// nobody begins the reason of an exception by which what a record tells of is no
// endpoint at all: it is not counted.
const nobody = "no endpoint:"

// Unused lists the exceptions that none of the rows needs: "STORY END at TAP".
func Unused(rows []Row) (out []string) {
	used := make(map[[3]string]bool)
	for i := range rows {
		if r := &rows[i]; r.Verdict == Excepted {
			used[[3]string{Base(r.Capture), r.Endpoint.EP, r.Tap}] = true
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(exceptions), func(a, b [3]string) int { return slices.Compare(a[:], b[:]) }) {
		if !used[k] && !strings.HasPrefix(exceptions[k], nobody) {
			out = append(out, fmt.Sprintf("%s %s at %s", k[0], k[1], k[2]))
		}
	}
	return out
}

// exception is why the endpoint of a story cannot be exact at the tap; "" when
// it can.
func exception(story, end, tap string) string {
	if why := exceptions[[3]string{Base(story), end, tap}]; why != "" || len(tap) < 2 {
		return why
	}
	return exception(story, end, end) // both taps show no more than its own, where that shows too little
}

// Base is the story that a variant tells over IPv6, with numbers that wrap
// around, or over a slow path.
func Base(story string) string {
	for _, variant := range []string{"-v6", "-wrap", "-slow"} {
		story = strings.TrimSuffix(story, variant)
	}
	return story
}
