package analyzer_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/report"
)

// The numbers of TestKernel: they only ever rise.
const (
	wantKernelOwn = 1105 // of 1109
	wantKernelFar = 1046 // of 1102
)

// contradicted are the endpoints that the records contradict, and why.
var contradicted = map[string]string{
	"time-wait-bucket-limit-shutdown A at A": "tcp_max_tw_buckets is full: the kernel drops the TIME-WAIT at once, which no packet shows",
}

// TestKernel holds the analyzer against the kernels' states in every story of
// the lab and in a random mix, and its records to those that were reviewed:
// what no script shows by itself happens here.
func TestKernel(t *testing.T) {
	dir := unpack(t, "testdata/kernel/captures.tar.zst")
	stories, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var own, far score
	var records []byte
	for _, story := range stories {
		compareTruth(t, story, &own, &far, false)
		files, _ := filepath.Glob(filepath.Join(story, "*.pcap"))
		for _, file := range files {
			records = append(records, recordsOf(t, file)...)
		}
	}
	t.Logf("own tap: %d/%d exact, %d contradicted", own.exact, own.total, len(own.bad))
	t.Logf("far tap: %d/%d exact, %d contradicted", far.exact, far.total, len(far.bad))
	if own.exact < wantKernelOwn || far.exact < wantKernelFar {
		t.Errorf("want at least %d exact at the own tap, and %d at the other", wantKernelOwn, wantKernelFar)
	}
	for _, name := range append(own.bad, far.bad...) {
		if contradicted[name] == "" {
			t.Errorf("%s contradicts the kernel, and no reason is named", name)
		}
	}
	reviewed(t, "testdata/kernel/records.zst", records)
}

// unpack returns a directory with the files of an archive.
func unpack(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	packed, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unzstd, err := zstd.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer unzstd.Close()
	for r := tar.NewReader(unzstd); ; {
		h, err := r.Next()
		if err == io.EOF {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// recordsOf returns the records of a capture's connections, after a line with
// its name.
func recordsOf(t *testing.T, file string) []byte {
	t.Helper()
	list, _ := analyzeFile(t, analyzer.Options{}, file)
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
		if differ++; differ <= 3 {
			t.Errorf("%s: have\n%s\nreviewed\n%s", capture, one[i], two[i])
		}
	}
	t.Errorf("%d lines differ of %d, %d were reviewed (run with -update if that is meant)", differ, len(one), len(two))
}
