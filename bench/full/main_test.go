//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestMain lets the test binary make the load for itself, as the program does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-make" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

var few = []string{"-packets", "20000", "-connections", "400", "-concurrent", "100", "-rate", "5"}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	var out, msg bytes.Buffer
	args := append(few, "-load", path("load"), "-o", path("records"), "-cpuprofile", path("cpu"), "-memprofile", path("mem"))
	if code := run(args, &out, &msg); code != 0 {
		t.Fatalf("exit code %d: %s", code, &msg)
	}
	for _, want := range []string{`^2\d{4} packets in `, `ns of CPU a packet`, `allocations a packet`, `\d MB at most`} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("%s is not in %q", want, &out)
		}
	}
	for _, name := range []string{"load", "records", "cpu", "mem"} {
		if info, err := os.Stat(path(name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTrouble(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"-h"}, 0},
		{[]string{"-nonsense"}, 2},
		{[]string{"-packets", "0"}, 1}, // the other process refuses it
		{[]string{"-load", t.TempDir()}, 1},
		{append(few, "-o", filepath.Join(t.TempDir(), "no", "folder")), 1},
	} {
		var out, msg bytes.Buffer
		if code := run(c.args, &out, &msg); code != c.code || code != 0 && msg.Len() == 0 {
			t.Errorf("%v: exit code %d, message %q", c.args, code, &msg)
		}
	}
}
