package main

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/fsm"
)

const source = `package p

const fixed = 1 < 2

var handler = func(n int) bool { return n == 0 }

func (b *box[T]) full(n, m int) (_ bool, _ int) {
	if ok := n > 0; ok {
		return false, n
	} else if !(n < m) && b.x && (m > 1 || b.y) {
		return b.test(), 2
	}
	for i := 0; i < n; i++ {
		switch {
		case i == 1, b.z:
		}
		switch n {
		case 1:
		}
	}
	return n ==
		m, 3
}

func plain() { f(func() bool { return false }, 1 != 2); return }
func other() (bool, error) { return both() }
`

// TestConditions: what is a condition, how it is called, and what becomes of it.
func TestConditions(t *testing.T) {
	list, err := conditions("p.go", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	call := names{"a/p", map[string]int{}}
	for _, c := range list {
		got = append(got, call.of(c.place, c.text))
	}
	want := []string{
		"p.handler: n == 0",
		"p.box.full: n > 0", "p.box.full: ok", "p.box.full: return false, n",
		"p.box.full: !(n < m) && b.x && (m > 1 || b.y)", "p.box.full: n < m", "p.box.full: b.x",
		"p.box.full: m > 1 || b.y", "p.box.full: m > 1", "p.box.full: b.y", "p.box.full: b.test()",
		"p.box.full: i == 1", "p.box.full: b.z", "p.box.full: n == m",
		"p.plain: return false", "p.plain: 1 != 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("have\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	text := string(wrap([]byte(source), list, 1))
	for _, want := range []string{
		"return mutant(1, n == 0) }", "if ok := mutant(2, n > 0); mutant(3, ok) {", "return mutant(4, false), n",
		"if mutant(5, !(mutant(6, n < m)) && mutant(7, b.x) && (mutant(8, mutant(9, m > 1) || mutant(10, b.y)))) {",
		"for i := 0; i < n; i++", "case mutant(12, i == 1), mutant(13, b.z):", "mutant(14, n ==\n\t\tm), 3", "mutant(16, 1 != 2))",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "p.go", text, 0); err != nil {
		t.Error(err)
	}
}

// TestNames: of two that read alike the second is called so.
func TestNames(t *testing.T) {
	call := names{"a/p", map[string]int{}}
	if got := []string{call.of("f", "x"), call.of("f", "x"), call.of("g", "x")}; !slices.Equal(got, []string{"p.f: x", "p.f: x (2)", "p.g: x"}) {
		t.Error(got)
	}
}

// TestAll makes the mutants of the real packages: every row is removed and does all
// that it does not do, and all names are different.
func TestAll(t *testing.T) {
	text := overlay{}
	every, err := text.mutateAll("../..")
	if err != nil {
		t.Fatal(err)
	}
	seen, kinds := map[string]bool{}, map[string]int{}
	for _, m := range every {
		if seen[m.name] {
			t.Errorf("two are called %s", m.name)
		}
		seen[m.name] = true
		place, what, _ := strings.Cut(m.name, ": ")
		if place == "fsm.Table" {
			kinds[strings.Fields(what)[len(strings.Fields(what))-1]]++
		}
	}
	if rows := len(fsm.Table); kinds["removed"] != rows {
		t.Errorf("%d rows are removed of %d", kinds["removed"], rows)
	}
	if !seen["fsm.Table: Of(SynSent), RcvSYN leads to LISTEN"] || seen["fsm.Table: Of(SynSent), RcvSYN leads to SYN-RECEIVED"] {
		t.Error("a row leads where it does not, and nowhere else")
	}
	for file, source := range text {
		if _, err := parser.ParseFile(token.NewFileSet(), file, source, 0); err != nil {
			t.Error(err)
		}
	}
}

func TestSurvivors(t *testing.T) {
	list, err := parseSurvivors("# a list\n\np.f: x\n\tIt is\n\tthe same.\np.f: y\n\tSo is this.\n")
	if err != nil || len(list) != 2 || list["p.f: x"] != "It is the same." {
		t.Errorf("%v %v", list, err)
	}
	for text, want := range map[string]string{
		"\twhy\n":                      "a reason for nothing",
		"p.f: x\n":                     "no reason",
		"p.f: x\n\tA.\np.f: x\n\tB.\n": "listed twice",
	} {
		if _, err := parseSurvivors(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := readSurvivors("survivors.txt"); err != nil {
		t.Error(err)
	}
}

// TestVerdict: what must not be is said, and nothing else.
func TestVerdict(t *testing.T) {
	of := &subjects[1]
	every := []mutant{{name: "dead", of: of}, {name: "alive", of: of}, {name: "listed", of: of}, {name: "no more alive", of: of}}
	v := verdict{list: every, outcomes: []outcome{killed, survived, survived, killedByTime}, partial: true,
		listed: survivors{"listed": "why", "no more alive": "why", "no more there": "why"}}
	got := v.faults(every).Error()
	for want, times := range map[string]int{"survives: alive": 1, "listed, and killed: no more alive": 1, "no such rule: no more there": 1, "per cent": 0, "\n": 2} {
		if n := strings.Count(got, want); n != times {
			t.Errorf("%q stands there %d times, want %d:\n%s", want, n, times, got)
		}
	}
	if v.partial = false; !strings.Contains(v.faults(every).Error(), "reassembly: 50.0 per cent are killed, want 98.0") {
		t.Error(v.faults(every))
	}
	var b strings.Builder
	v.write(&b)
	if want := []string{"reassembly", "4", "2", "1", "50.0", "98.0"}; !slices.Equal(strings.Fields(strings.Split(b.String(), "\n")[1]), want) {
		t.Error(b.String())
	}
	healthy := verdict{list: every[:1], outcomes: []outcome{killed}, partial: true}
	if err := healthy.faults(every); err != nil {
		t.Error(err)
	}
}

// TestUsage: what is wrong is said before anything is run.
func TestUsage(t *testing.T) {
	for want, args := range map[int][]string{2: {"-run", "("}, 0: {"-h"}} {
		if got := run(args, &strings.Builder{}, &strings.Builder{}); got != want {
			t.Errorf("%v: %d, want %d", args, got, want)
		}
	}
	var out strings.Builder
	if got := run([]string{"-list", "-run", "^fsm.Set.Is"}, &out, &out); got != 0 || out.String() != "fsm.Set.Is: set == 1<<s\n" {
		t.Errorf("%d, %s", got, out.String())
	}
}
