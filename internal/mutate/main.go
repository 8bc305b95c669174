package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/term"
)

// settings are what the flags set.
type settings struct {
	chosen *regexp.Regexp // names of mutants; nil for all
	list   bool
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0, 1 for a mutant that ought not to live or be listed,
// or for trouble, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "mutate:", err)
		return 2
	}
	if err := s.all(stdout); err != nil {
		fmt.Fprintln(stderr, "mutate:", err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("mutate", flag.ContinueOnError)
	f.SetOutput(stderr)
	name := f.String("run", "", "only the mutants whose names match this `REGEXP`")
	f.BoolVar(&s.list, "list", false, "list the names and run nothing")
	err := f.Parse(args)
	switch {
	case err != nil:
		return nil, err
	case f.NArg() > 0:
		return nil, errors.New("usage: mutate [-run REGEXP] [-list]")
	case *name != "":
		s.chosen, err = regexp.Compile(*name)
	}
	return s, err
}

// all makes the mutants, runs those that are chosen and says what became of them.
func (s *settings) all(out io.Writer) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	listed, err := readSurvivors(filepath.Join(root, "internal/mutate/survivors.txt"))
	if err != nil {
		return err
	}
	text := overlay{}
	every, err := text.mutateAll(root)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(every), func(m mutant) bool { return s.chosen != nil && !s.chosen.MatchString(m.name) })
	if s.list {
		for i := range list {
			fmt.Fprintln(out, list[i].name)
		}
		return nil
	}
	outcomes, err := judged(root, text, list)
	if err != nil {
		return err
	}
	v := verdict{list: list, outcomes: outcomes, listed: listed, partial: s.chosen != nil}
	v.write(out)
	return v.faults(every)
}

// judged builds the tests and runs them on the mutants.
func judged(root string, text overlay, list []mutant) ([]outcome, error) {
	temp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	r := &runner{root: root, temp: temp}
	var of []*subject
	for i := range list {
		if !slices.Contains(of, list[i].of) {
			of = append(of, list[i].of)
		}
	}
	if err := r.build(text, of); err != nil {
		return nil, err
	}
	if err := r.unchanged(of); err != nil {
		return nil, err
	}
	done, end := progress(len(list))
	defer end()
	return r.judgeAll(list, done)
}

// progress returns what counts on a terminal, and what clears its line.
func progress(total int) (done, end func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func() {}, func() {}
	}
	var n atomic.Int64
	done = func() { fmt.Fprintf(os.Stderr, "\r%d of %d mutants", n.Add(1), total) }
	return done, func() { fmt.Fprint(os.Stderr, "\r\x1b[K") }
}

// moduleRoot is the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
