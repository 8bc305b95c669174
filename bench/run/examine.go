//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// results are all that was found.
type results struct {
	Machine      machine
	Rounds       int
	Scale        int   // what the loads are divided by
	Floor        int64 // the peak of this program in octets: no other can be seen to have less
	Loads        []*loaded
	Outputs      map[string]int // different outputs of 1, 2 and 8 workers, by format
	GCOff        []string       // places in the sources where the garbage collector is switched off
	Instructions string         // a packet on the first load, or why not
	Profile      *profile
	Layers       []layer
	Goals        []verdict
}

// load returns the results of the load of that name; nil if it was not run.
func (r *results) load(name string) *loaded {
	for _, l := range r.Loads {
		if l.work.name == name {
			return l
		}
	}
	return nil
}

// examine finds what is not a matter of rounds. It looks at the first load, if
// lastack was to read it.
func (b *bench) examine(r *results) (err error) {
	r.Floor = ownPeak()
	if r.Machine, err = b.describe(); err != nil {
		return err
	}
	if r.GCOff, err = collectorOff(); err != nil {
		return err
	}
	l := r.load("first")
	if l == nil || l.tool("lastack") == nil {
		return nil
	}
	if r.Outputs, err = b.compareOutputs(l); err != nil {
		return err
	}
	r.Instructions = b.perf(l)
	if r.Profile, err = b.profile(l); err != nil {
		return err
	}
	r.Layers, err = b.layers()
	return err
}

// compareOutputs counts the different outputs of 1, 2 and 8 workers.
func (b *bench) compareOutputs(l *loaded) (map[string]int, error) {
	different := map[string]int{}
	for _, format := range []string{"text", "ndjson"} {
		sums := map[string]bool{}
		for _, workers := range []int{1, 2, 8} {
			h := sha256.New()
			cmd := exec.Command(b.lastack, "analyze", "--format", format, "--workers", strconv.Itoa(workers), l.path)
			cmd.Stdout = h
			if _, err := b.execute(cmd); err != nil {
				return nil, fmt.Errorf("%v: %w", cmd.Args, err)
			}
			sums[string(h.Sum(nil))] = true
		}
		different[format] = len(sums)
		fmt.Fprintf(b.out, "%s of 1, 2 and 8 workers: %d different\n", format, len(sums))
	}
	return different, nil
}

var off = regexp.MustCompile(`SetGCPercent\(-`)

// collectorOff finds where the sources of lastack switch the garbage collector
// off.
func collectorOff() (places []string, err error) {
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "bench") {
			return err
		}
		text, err := os.ReadFile(path)
		if off.Match(text) {
			places = append(places, path)
		}
		return err
	})
	return places, err
}

// perf counts the instructions of a packet where the kernel and the machine
// let perf do that; else it says so.
func (b *bench) perf(l *loaded) string {
	path, err := exec.LookPath("perf")
	if err != nil {
		return "not counted: there is no perf"
	}
	cmd := exec.Command(path, "stat", "-x", ",", "-e", "instructions:u", b.lastack, "analyze", l.path)
	var said bytes.Buffer
	cmd.Stderr = &said
	if _, err := b.execute(cmd); err != nil {
		return "not counted: " + err.Error()
	}
	row, err := csv.NewReader(&said).Read()
	if err == nil {
		var n float64
		if n, err = strconv.ParseFloat(row[0], 64); err == nil {
			return fmt.Sprintf("%.0f", n/float64(l.Packets))
		}
	}
	return "not counted: perf has no counter on this machine"
}
