package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// outcome is what became of a mutant.
type outcome uint8

const (
	notRun outcome = iota
	survived
	killed
	killedByTime // it never ended
)

// runner runs test binaries.
type runner struct {
	root string // of the module
	temp string
	took map[string]time.Duration // of each stage without a mutant
}

// build writes the overlay and makes the test binaries of all that is to be run.
func (r *runner) build(o overlay, of []*subject) error {
	replace := map[string]string{}
	for file, text := range o {
		to := filepath.Join(r.temp, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return err
		}
		replace[file] = to
	}
	spec, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	file := filepath.Join(r.temp, "overlay.json")
	if err := os.WriteFile(file, spec, 0o600); err != nil {
		return err
	}
	for _, s := range of {
		for i := range s.tests {
			if err := r.compile(file, s.tests[i].dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// compile makes the test binary of a package, once.
func (r *runner) compile(overlay, dir string) error {
	if _, err := os.Stat(r.binary(dir)); err == nil {
		return nil
	}
	cmd := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", r.binary(dir), "./"+dir)
	cmd.Dir = r.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the tests of %s: %w\n%s", dir, err, out)
	}
	return nil
}

// binary is the file of a package's tests.
func (r *runner) binary(dir string) string {
	return filepath.Join(r.temp, strings.ReplaceAll(dir, "/", "-")+".test")
}

// unchanged runs all tests without a mutant: they have to pass, and say how long
// they may take.
func (r *runner) unchanged(of []*subject) error {
	r.took = map[string]time.Duration{}
	for _, s := range of {
		for i := range s.tests {
			began := time.Now()
			what, out, err := r.test(&s.tests[i], "", 10*time.Minute)
			if err == nil && what != survived {
				err = fmt.Errorf("the tests of %s fail without any mutant:\n%s", s.tests[i].dir, out)
			}
			if err != nil {
				return err
			}
			r.took[s.tests[i].key()] = time.Since(began)
		}
	}
	return nil
}

func (s *stage) key() string { return s.dir + " " + strings.Join(s.args, " ") }

// patience is how long a mutant may take. Nothing is killed by it but what never
// ends, on a slow machine too: it is many times what the tests took on this one.
func (r *runner) patience(s *stage) time.Duration { return 20*time.Second + 20*r.took[s.key()] }

// judge runs the tests on a mutant until some fail.
func (r *runner) judge(m *mutant) (outcome, error) {
	for i := range m.of.tests {
		s := &m.of.tests[i]
		if what, _, err := r.test(s, m.chose, r.patience(s)); err != nil || what != survived {
			return what, err
		}
	}
	return survived, nil
}

// limited runs a program with bounded memory: a mutant may ask for all there is.
const limited = `ulimit -v 4194304 2>/dev/null; exec "$0" "$@"`

// test runs a stage on a mutant.
func (r *runner) test(s *stage, chosen string, patience time.Duration) (outcome, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	args := append([]string{"-c", limited, r.binary(s.dir), "-test.failfast", "-test.short"}, s.args...)
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.Dir = filepath.Join(r.root, s.dir)
	cmd.Env = append(os.Environ(), variable+"="+chosen, "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return killedByTime, out, nil
	case err == nil:
		return survived, out, nil
	case !errors.As(err, &exit) || exit.ExitCode() == 126 || exit.ExitCode() == 127:
		return notRun, nil, fmt.Errorf("running the tests of %s: %w\n%s", s.dir, err, out)
	}
	return killed, out, nil
}

// judgeAll judges mutants on all processors and tells of each as it is done. The
// outcomes are in the order of the mutants.
func (r *runner) judgeAll(list []mutant, done func()) ([]outcome, error) {
	outcomes, errs := make([]outcome, len(list)), make([]error, len(list))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				outcomes[i], errs[i] = r.judge(&list[i])
				done()
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	workers.Wait()
	return outcomes, errors.Join(errs...)
}
