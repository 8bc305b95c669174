package analyzer_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/report"
)

// The numbers of TestKernel: they only ever rise.
const (
	wantKernelOwn = 1849 // of 1860
	wantKernelFar = 1756 // of 1848
)

// archived unpacks the captures of the lab's stories.
func archived(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	if err := judge.Unpack("testdata/kernel/captures.tar.zst", dir); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.pcap"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	return dir, files
}

// TestKernel holds the analyzer against the kernels' states in every story of
// the lab and in a random mix, and its records to those that were reviewed:
// what no script shows by itself happens here.
func TestKernel(t *testing.T) {
	dir, files := archived(t)
	rows := judged(t, dir)
	mustReach(t, rows, wantKernelOwn, wantKernelFar)
	var records []byte
	for _, file := range files {
		records = append(records, recordsOf(t, file)...)
	}
	reviewed(t, "testdata/kernel/records.zst", records)
}

// recordsOf returns the records of a capture's connections, after a line with
// its name.
func recordsOf(t *testing.T, file string) []byte {
	t.Helper()
	list, err := judge.Records(analyzer.Options{}, file)
	if err != nil {
		t.Fatal(err)
	}
	b := fmt.Appendf(nil, "%s/%s\n", filepath.Base(filepath.Dir(file)), filepath.Base(file))
	for _, c := range list {
		b = append(report.Append(b, c), '\n')
	}
	return b
}

// reviewed compares records with those of a file, or writes them to it.
func reviewed(t *testing.T, name string, have []byte) {
	t.Helper()
	if *update {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, w.EncodeAll(have, nil), fs.FileMode(0o666)); err != nil {
			t.Fatal(err)
		}
		return
	}
	packed, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want, err := r.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(have, want) {
		return
	}
	one, two := strings.Split(string(have), "\n"), strings.Split(string(want), "\n")
	capture, differ := "", 0
	for i := range min(len(one), len(two)) {
		if !strings.HasPrefix(one[i], "{") {
			capture = one[i]
		}
		if one[i] == two[i] {
			continue
		}
		if differ++; differ <= 30 {
			have, want := around(one[i], two[i])
			t.Errorf("%s: have\n%s\nreviewed\n%s", capture, have, want)
		}
	}
	t.Errorf("%d lines differ of %d, %d were reviewed (run with -update if that is meant)", differ, len(one), len(two))
}

// around returns what stands about the first difference of two lines.
func around(a, b string) (string, string) {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	part := func(s string) string { return s[max(0, min(at-150, len(s))):min(at+150, len(s))] }
	return part(a), part(b)
}
