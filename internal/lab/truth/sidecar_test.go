package truth

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCounters(t *testing.T) {
	c := Counters{
		Before: map[string]int64{"TcpRtoMin": 200, "TcpCurrEstab": 2, "TcpInSegs": 5},
		After:  map[string]int64{"TcpRtoMin": 200, "TcpCurrEstab": 1, "TcpInSegs": 9, "TcpOutRsts": 3},
	}
	grown := map[string]int64{"TcpCurrEstab": -1, "TcpInSegs": 4, "TcpOutRsts": 3}
	if d := cmp.Diff(grown, c.Grown()); d != "" {
		t.Error(d)
	}
	dir := t.TempDir()
	if err := (Record{Counters: [2]Counters{c, c}}).Write(dir); err != nil {
		t.Fatal(err)
	}
	var all map[string]Counters
	readJSON(t, filepath.Join(dir, "counters.json"), &all)
	if d := cmp.Diff(map[string]Counters{"A": c, "B": c}, all); d != "" {
		t.Error(d)
	}
	var kernel struct{ Counters map[string]map[string]int64 }
	readJSON(t, filepath.Join(dir, "kernel.json"), &kernel)
	if d := cmp.Diff(grown, kernel.Counters["B"]); d != "" {
		t.Error(d)
	}
}

func readJSON(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
