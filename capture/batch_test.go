package capture_test

import (
	"bytes"
	"io"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/lastack/lastack/capture"
)

// readBatches is readAll by NextBatch, with batches of size n. The data of a
// batch is looked at only when the whole batch is there.
func readBatches(t testing.TB, src capture.BatchSource, n int) (r result) {
	t.Helper()
	batch := make([]capture.Packet, n)
	for {
		got, err := src.NextBatch(batch)
		if err == io.EOF {
			return r
		}
		if err != nil {
			r.errs = append(r.errs, err.Error())
			continue
		}
		if got < 1 || got > n {
			t.Fatalf("a batch of %d packets, of at most %d", got, n)
		}
		for _, p := range batch[:got] {
			p.Data = bytes.Clone(p.Data)
			r.packets = append(r.packets, p)
		}
	}
}

// checkBatches reads regular files again, in batches: they give the same
// packets, errors and counts as r, which was read one by one.
func checkBatches(t testing.TB, r result, infos []capture.FileInfo, paths []string) {
	t.Helper()
	if slices.ContainsFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || !info.Mode().IsRegular()
	}) {
		return
	}
	for _, n := range []int{1, 2, 7, 64} {
		s, err := capture.Open(paths, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := readBatches(t, s, n)
		s.Close()
		sameResult(t, r, got)
		if again := s.Files(); !reflect.DeepEqual(again, infos) {
			t.Fatalf("in batches of %d: %+v\none by one: %+v", n, again, infos)
		}
	}
}

func sameResult(t testing.TB, one, batches result) {
	t.Helper()
	if len(one.packets) != len(batches.packets) || len(one.errs) != len(batches.errs) {
		t.Fatalf("%d packets and %v in batches, %d and %v one by one",
			len(batches.packets), batches.errs, len(one.packets), one.errs)
	}
	for i := range one.packets {
		p, q := one.packets[i], batches.packets[i]
		if !bytes.Equal(p.Data, q.Data) {
			t.Fatalf("packet %d: % x in a batch, % x alone", i+1, q.Data, p.Data)
		}
		if p.Data, q.Data = nil, nil; !reflect.DeepEqual(p, q) {
			t.Fatalf("packet %d: %+v in a batch, %+v alone", i+1, q, p)
		}
	}
	for i := range one.errs {
		if one.errs[i] != batches.errs[i] {
			t.Fatalf("%v in batches, %v one by one", batches.errs[i], one.errs[i])
		}
	}
}

// TestBatchOfEveryCapture reads the captures of the repository in batches, and
// each with another one, which is nearly always a merge.
func TestBatchOfEveryCapture(t *testing.T) {
	files := sound(t)
	for i := range files {
		readFiles(t, files[i])
		readFiles(t, files[i], files[(i+1)%len(files)])
	}
}

// TestSingly: any Source is a BatchSource of single packets.
func TestSingly(t *testing.T) {
	read := func() capture.Source {
		s, err := capture.OpenReader("f", bytes.NewReader(smallPcapng(t)))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hidden := struct{ capture.Source }{read()}
	got := readBatches(t, capture.Batches(hidden), 64)
	if len(got.packets) == 0 {
		t.Fatal("no packets")
	}
	sameResult(t, readBatches(t, capture.Batches(read()), 64), got)
}
