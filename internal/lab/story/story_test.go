package story

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/internal/lab/judge"
)

var update = flag.Bool("update", false, "write testdata/paths.txt anew, from the stories played")

const golden = "testdata/paths.txt"

func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range List() {
		if seen[s.Name] || s.Title == "" || s.Run == nil || strings.ToLower(s.Name) != s.Name {
			t.Errorf("story %q: twice, or without title or function, or not in lower case", s.Name)
		}
		seen[s.Name] = true
	}
	for name := range core {
		if !seen[name] || both[name] {
			t.Errorf("core story %q does not exist, or twice", name)
		}
	}
	for name := range both {
		if !seen[name] {
			t.Errorf("story %q, to be told over IPv6 too, does not exist", name)
		}
	}
}

// TestStories is the truth test. It plays stories, compares the states that the
// kernel went through with those in testdata/paths.txt, and judges the analyzer
// by them at both taps: all stories, or, with -short, the core ones. Each is a
// test by its name:
//
//	go test ./internal/lab/story -run 'TestStories/lost-final-ack$' -v
func TestStories(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and trace events")
	}
	h, err := openHouse(16)
	if err != nil {
		t.Fatal(err)
	}
	g := goldens{want: readGolden(t), played: make(map[string][]string), advice: newAdvice()}
	t.Cleanup(func() { h.close(); g.write(t); g.verdict(t) })
	for _, s := range longFirst(List()) {
		if !testing.Short() || core[s.Name] {
			t.Run(s.Name, func(t *testing.T) { g.compare(t, s, h.start(t, s)) })
		}
	}
}

// start plays s as soon as there is a slot, and returns what waits for it.
// Stories mostly sleep: how many are played at a time must not depend on
// -parallel, which is the number of processors.
func (h *house) start(t *testing.T, s Story) (result func() (Result, error)) {
	type outcome struct {
		Result
		error
	}
	over := make(chan outcome, 1)
	go func() {
		h.slots <- struct{}{}
		r, err := h.play(s)
		over <- outcome{r, err}
	}()
	t.Parallel()
	return func() (Result, error) { o := <-over; return o.Result, o.error }
}

// goldens are the paths in testdata, those played now, and how the analyzer's
// records agree with them.
type goldens struct {
	want map[string][]string

	mu     sync.Mutex
	played map[string][]string
	rows   []judge.Row
	advice advice
}

func (g *goldens) compare(t *testing.T, s Story, result func() (Result, error)) {
	r, err := result()
	if err == nil {
		err = r.Record.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	rows, err := judge.Folder(filepath.Join(dir, s.Name))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if rows[i].Unexplained() {
			t.Error(&rows[i])
		}
	}
	got := paths(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.played[s.Name] = got
	g.rows = append(g.rows, rows...)
	if err := g.advice.hear(filepath.Join(dir, s.Name), &r); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(g.want[s.Name], got); d != "" && !*update {
		t.Errorf("went another way than in %s (-update writes it anew):\n%s", golden, d)
	}
}

// mostExcepted is the part of all endpoints that may not be exact, for reasons
// that are named.
const mostExcepted = 0.05

// verdict prints the sums, and looks at the exceptions when all was played.
func (g *goldens) verdict(t *testing.T) {
	own, other := judge.Count(g.rows)
	t.Logf("own tap:   %v", own)
	t.Logf("other tap: %v", other)
	g.advice.verdict(t, len(g.played) == len(List()))
	if len(g.played) < len(List()) {
		return
	}
	if n := own.Excepted + other.Excepted; float64(n) > mostExcepted*float64(len(g.rows)) {
		t.Errorf("%d of %d endpoints are excepted", n, len(g.rows))
	}
	for _, name := range judge.Unused(g.rows) {
		t.Errorf("no exception any more, take it from exceptions.txt: %s", name)
	}
}

// write puts what was played into the golden file, beside the stories that
// were not, and leaves out those that are no more.
func (g *goldens) write(t *testing.T) {
	if !*update {
		return
	}
	all := make(map[string][]string)
	for _, s := range List() {
		if g.want[s.Name] != nil {
			all[s.Name] = g.want[s.Name]
		}
	}
	maps.Copy(all, g.played)
	writeGolden(t, all)
}

// unsettled are the stories whose path depends on chance.
var unsettled = map[string]bool{"ports-used-up": true, "close-wait-leak": true, "time-wait-pile-up": true, "time-wait-on-server": true, "syn-flood": true, "syn-flood-client": true, "syn-flood-cookies": true, "time-wait-recycled": true, "bulk-reordered": true, "bulk-with-loss": true}

// paths are the endpoints' paths: "A 40001-5000: SYN_SENT ...".
func paths(r Result) (out []string) {
	if unsettled[r.Story.Name] {
		return []string{"by chance"}
	}
	for side, own := range r.Record.Endpoints {
		for _, e := range own {
			out = append(out, fmt.Sprintf("%c %d-%d: %s", 'A'+side, e.Local.Port(), e.Remote.Port(), e.Path()))
		}
	}
	sort.Strings(out)
	return out
}

func readGolden(t *testing.T) map[string][]string {
	t.Helper()
	out := make(map[string][]string)
	text, err := os.ReadFile(golden)
	if err != nil && !*update {
		t.Fatal(err)
	}
	name := ""
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\n"); strings.HasPrefix(line, "  ") {
			out[name] = append(out[name], line[2:])
		} else {
			name = line
		}
	}
	return out
}

func writeGolden(t *testing.T, all map[string][]string) {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s\n", name)
		for _, line := range all[name] {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPlansDependOnSeed: the seed decides all of a plan but its rules, which
// hold functions.
func TestPlansDependOnSeed(t *testing.T) {
	row := func(seed uint64) (out []string) {
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range 50 {
			p := newPlan(r, i, time.Second)
			out = append(out, fmt.Sprint(p.port, p.opener, p.kind, p.start, p.again, p.gap, p.slow, p.rounds, p.keep, p.ends, len(p.faults), p.linger))
		}
		return out
	}
	if !slices.Equal(row(3), row(3)) || slices.Equal(row(3), row(4)) {
		t.Error("the same seed must give the same plans, another seed others")
	}
}

func TestClaims(t *testing.T) {
	a, errA := claimNumber("same")
	b, errB := claimNumber("same")
	if errA != nil || errB != nil || a.number == b.number {
		t.Fatalf("%v %v, %v %v", a, b, errA, errB)
	}
	a.release()
	b.release()
	c, err := claimNumber("same")
	defer c.release()
	if err != nil || c.number != a.number {
		t.Errorf("released %d, then got %d, %v", a.number, c.number, err)
	}
}
