package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/gopacket/pcapgo"
)

func call(args ...string) (code int, out, errs string) {
	var o, e strings.Builder
	code = run(args, &o, &e)
	return code, o.String(), e.String()
}

func TestUsage(t *testing.T) {
	if code, out, _ := call("list"); code != 0 || !strings.Contains(out, "lost-final-ack ") {
		t.Errorf("list: %d, %q", code, out)
	}
	if got := doubleDash([]string{"random", "-n", "3", "-seed", "5", "-seed=6"}); !slices.Equal(got, []string{"random", "-n", "3", "--seed", "5", "--seed=6"}) {
		t.Error(got)
	}
	for _, args := range [][]string{{"run"}, {"run", "no-such-story"}, {"nonsense"}, {"all", "extra"}} {
		if code, _, errs := call(args...); code != 2 || !strings.HasPrefix(errs, "lab: ") {
			t.Errorf("%v: %d, %q", args, code, errs)
		}
	}
}

// TestRun plays one story through the program and looks at what it wrote.
func TestRun(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: network namespaces and trace events")
	}
	dir := t.TempDir()
	code, out, errs := call("run", "four-segment-close", "-o", dir)
	if code != 0 || !strings.Contains(out, "exact    SYN-SENT@1 ESTABLISHED@2 FIN-WAIT-1@8 FIN-WAIT-2?a@9 TIME-WAIT@10") {
		t.Fatalf("%d, %q, %q", code, out, errs)
	}
	for _, name := range []string{"truth.json", "tracepoint.json", "kernel.json", "counters.json", "README.md"} {
		if _, err := os.Stat(filepath.Join(dir, "four-segment-close", name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"A.pcap", "B.pcap"} {
		if n := frames(t, filepath.Join(dir, "four-segment-close", name)); n != 11 {
			t.Errorf("%s: %d frames, want 11", name, n)
		}
	}
}

func frames(t *testing.T, name string) (n int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := r.ReadPacketData(); err != nil {
			return n
		}
		n++
	}
}

// TestNeedsRoot: without root it says so and plays nothing.
func TestNeedsRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		if err := syscall.Seteuid(65534); err != nil {
			t.Skip(err)
		}
		defer func() {
			if err := syscall.Seteuid(0); err != nil {
				t.Fatal(err)
			}
		}()
	}
	if code, _, errs := call("run", "refused", "-o", t.TempDir()); code != 2 || !strings.Contains(errs, "needs root") {
		t.Errorf("%d, %q", code, errs)
	}
}
