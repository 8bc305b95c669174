package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
	"github.com/lastack/lastack/report"
)

// shift is testscript's "shift DURATION FROM TO".
func shift(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Check(shifted(by, ts.MkAbs(args[1]), ts.MkAbs(args[2])))
}

// shifted copies a capture as another clock would have stamped it.
func shifted(by time.Duration, from, to string) error {
	set, err := capture.Open([]string{from}, capture.Options{})
	if err != nil {
		return err
	}
	defer set.Close()
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := write.NewPcap(f, set.Files()[0].Links[0], write.PcapOptions{})
	if err != nil {
		return err
	}
	for {
		var p capture.Packet
		if err := set.Next(&p); err == io.EOF {
			return w.Flush()
		} else if err != nil {
			return err
		}
		p.Time += int64(by)
		if err := w.Write(&p); err != nil {
			return err
		}
	}
}

// outline is what a report says of the connections, without times.
func outline(t *testing.T, paths ...string) (lines []string, said string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(append(paths, "--format", "ndjson"), strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("%v: exit code %d: %s", paths, code, errs.String())
	}
	for line := range bytes.Lines(out.Bytes()) {
		var kind struct{ Type string }
		if err := json.Unmarshal(line, &kind); err != nil {
			t.Fatal(err)
		}
		switch kind.Type {
		case "connection":
			var c report.Connection
			if err := json.Unmarshal(line, &c); err != nil {
				t.Fatal(err)
			}
			e := &c.Endpoints
			lines = append(lines, fmt.Sprint("connection ", c.Close.Kind, c.Close.FirstCloser, c.Close.EndedBy, e.Client.State, e.Server.State, e.Client.Packets, e.Server.Packets))
		case "finding":
			var f report.Finding
			if err := json.Unmarshal(line, &f); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprint("finding ", f.ID, f.Severity, len(f.Frames)))
		}
	}
	slices.Sort(lines)
	return lines, errs.String()
}

// TestClocks: captures of both ends say the same whatever the clock of one of them says.
func TestClocks(t *testing.T) {
	dirs, _ := filepath.Glob("../../testdata/pcaps/*/B.pcap")
	ran := 0
	for _, b := range dirs {
		dir := filepath.Dir(b)
		a, name := filepath.Join(dir, "A.pcap"), filepath.Base(dir)
		if _, err := os.Stat(a); err != nil {
			continue
		}
		switch name {
		case "refused": // a segment each way is not enough
			continue
		case "simultaneous-open": // who sent first, by microseconds, is the client
			continue
		}
		want, said := outline(t, a, b)
		if said != "" {
			t.Errorf("%s: clocks that agree: %s", name, said)
		}
		ran++
		other := filepath.Join(t.TempDir(), "B.pcap")
		by := []time.Duration{200 * time.Millisecond, -700 * time.Millisecond, 3 * time.Second, -100 * time.Second}[ran%4]
		if err := shifted(by, b, other); err != nil {
			t.Fatal(err)
		}
		got, said := outline(t, a, other)
		if !strings.Contains(said, "is corrected") || strings.Count(said, "\n") != 1 {
			t.Errorf("%s, %v: said %q", name, by, said)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s, %v:\n%s\nwant\n%s", name, by, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if ran < 40 {
		t.Errorf("%d pairs of captures", ran)
	}
}
