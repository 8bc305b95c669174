package analyzer_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/report"
)

// The numbers of TestMix: they only ever rise.
const (
	wantMixOwn = 578 // of 580
	wantMixFar = 546 // of 580
)

// TestMix holds the analyzer against the kernels on a mix of everything at
// random, and its records to those reviewed: what no script and no story shows
// by itself happens here.
func TestMix(t *testing.T) {
	const dir = "testdata/mix"
	var own, far score
	compareTruth(t, dir, &own, &far, false)
	t.Logf("own tap: %d/%d exact, %d contradicted", own.exact, own.total, own.contradicted)
	t.Logf("far tap: %d/%d exact, %d contradicted", far.exact, far.total, far.contradicted)
	if own.exact < wantMixOwn || far.exact < wantMixFar || own.contradicted+far.contradicted > 0 {
		t.Errorf("want at least %d and %d exact, and none contradicted", wantMixOwn, wantMixFar)
	}
	for _, tap := range []string{"A", "B"} {
		checkMix(t, dir+"/"+tap)
	}
}

// checkMix compares the records of connections with those that were reviewed.
func checkMix(t *testing.T, name string) {
	list, _ := analyzeFile(t, analyzer.Options{}, name+".pcap.zst")
	var have []byte
	for _, c := range list {
		have = append(report.Append(have, c), '\n')
	}
	if *update {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name+".ndjson.zst", w.EncodeAll(have, nil), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	packed, err := os.ReadFile(name + ".ndjson.zst")
	if err != nil {
		t.Fatal(err)
	}
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	one, two := bytes.Split(have, []byte("\n")), bytes.Split(want, []byte("\n"))
	if len(one) != len(two) {
		t.Errorf("%s: %d records, %d were reviewed", name, len(one), len(two))
	}
	differ := 0
	for i := range min(len(one), len(two)) {
		if bytes.Equal(one[i], two[i]) {
			continue
		}
		if differ++; differ <= 3 {
			t.Errorf("%s: have\n%s\nreviewed\n%s", name, one[i], two[i])
		}
	}
	if differ > 3 {
		t.Errorf("%s: %d records differ", name, differ)
	}
}
