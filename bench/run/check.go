//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// noted is where the instructions a packet are noted.
const noted = "bench/run/instructions.txt"

// more is how many more instructions than noted are allowed. A count repeats
// within 1 %.
const more = 0.10

// checks are what is counted. One worker on one core takes the same path every
// time, and without the garbage collector and without what only some
// processors have, instructions do not depend on the machine. What is saved by
// the start of the program does not count: each is counted on two loads.
var checks = []struct {
	name string
	args []string
}{
	{"text", words("analyze --workers 1 -o FILE.out FILE")},
	{"ndjson", words("analyze --workers 1 --format ndjson -o FILE.out FILE")},
}

var countingEnvironment = []string{"GOMAXPROCS=1", "GOGC=off", "GODEBUG=cpu.all=off"}

// sizes of the loads, packets.
var sizes = [2]int{20_000, 120_000}

// checkInstructions counts, and compares or notes what it counted.
func (b *bench) checkInstructions() error {
	if runtime.GOARCH != "amd64" {
		fmt.Fprintf(b.out, "not counted: %s is for amd64\n", noted)
		return nil
	}
	valgrind := tool{command: "valgrind", pkg: "valgrind"}
	if err := b.provide([]tool{valgrind}); err != nil {
		fmt.Fprintf(b.out, "not counted: %v\n", err)
		return nil
	}
	if err := os.MkdirAll(b.dir, 0o777); err != nil {
		return err
	}
	if err := b.build(); err != nil {
		return err
	}
	found := map[string]float64{}
	for _, c := range checks {
		n, err := b.instructions(c.args)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		found[c.name] = n
	}
	if b.update {
		return os.WriteFile(noted, note(found), 0o666)
	}
	text, err := os.ReadFile(noted)
	if err != nil {
		return err
	}
	return b.compare(found, text)
}

// instructions counts those of a packet, by which the larger load differs from
// the smaller one.
func (b *bench) instructions(args []string) (float64, error) {
	var packets, instructions [len(sizes)]float64
	for i, n := range sizes {
		path := filepath.Join(b.dir, fmt.Sprintf("check-%d.pcap", n))
		made, err := makeCheck(path, n)
		if err != nil {
			return 0, err
		}
		packets[i] = float64(made)
		if instructions[i], err = count1(b.lastack, on(args, path)); err != nil {
			return 0, err
		}
	}
	return (instructions[1] - instructions[0]) / (packets[1] - packets[0]), nil
}

// makeCheck makes a load like the first one, of n packets.
func makeCheck(path string, n int) (packets uint64, err error) {
	r := mix(n, n/55, n/200, 150, nil)
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	packets, err = r.write(f)
	return packets, errors.Join(err, f.Close())
}

var refs = regexp.MustCompile(`I +refs: +([\d,]+)`)

// count1 counts the instructions of one run, with valgrind.
func count1(program string, args []string) (float64, error) {
	cmd := exec.Command("valgrind", append([]string{"--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=" + os.DevNull, program}, args...)...)
	cmd.Env = append(environment(), countingEnvironment...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	m := refs.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%v counted nothing: %s", cmd.Args, out)
	}
	return strconv.ParseFloat(strings.ReplaceAll(string(m[1]), ",", ""), 64)
}

// note is the text of the file.
func note(found map[string]float64) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "# Instructions a packet, by valgrind (%s, amd64). Made by: go run ./bench/run -update\n", runtime.Version())
	for _, c := range checks {
		fmt.Fprintf(&text, "%s %.0f\n", c.name, found[c.name])
	}
	return text.Bytes()
}

// compare holds what was found against what is noted.
func (b *bench) compare(found map[string]float64, text []byte) error {
	var worse []string
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var name string
		var old float64
		if n, _ := fmt.Sscan(lines.Text(), &name, &old); n < 2 {
			continue
		}
		now, ok := found[name]
		change := now/old - 1
		fmt.Fprintf(b.out, "%-8s %6.0f instructions a packet, noted are %.0f: %+.1f %%\n", name, now, old, 100*change)
		if !ok || change > more {
			worse = append(worse, name)
		}
		delete(found, name)
	}
	for name := range found {
		worse = append(worse, name)
	}
	slices.Sort(worse)
	if len(worse) > 0 {
		return fmt.Errorf("%s: more than %.0f %% more instructions than in %s, or not noted there; where that is meant: go run ./bench/run -update",
			strings.Join(worse, ", "), 100*more, noted)
	}
	return nil
}
