package report_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/lastack/lastack/report"
)

// TestValues: in order of the names, the last of two with the same name, each
// as what it is, and read back as it was written.
func TestValues(t *testing.T) {
	list := report.NewValues(report.Float("z_s", 0.25), report.Int("b", -3), report.Int("n", uint64(math.MaxUint64)), report.Bool("t", true),
		report.Int("b", 4), report.Any("a", []string{"x"}), report.Bool("f", false), report.Int("m", int64(math.MinInt64)))
	const want = `{"a":["x"],"b":4,"f":false,"m":-9223372036854775808,"n":18446744073709551615,"t":true,"z_s":0.25}`
	text, err := json.Marshal(list)
	if err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	for name, v := range map[string]any{"b": uint64(4), "f": false, "t": true, "m": int64(math.MinInt64), "z_s": 0.25, "": nil, "aa": nil, "zz": nil} {
		if got := list.Get(name); got != v {
			t.Errorf("%q is %v (%T), want %v (%T)", name, got, got, v, v)
		}
	}
	var back report.Values
	if err := json.Unmarshal(text, &back); err != nil || back.Get("n") != json.Number("18446744073709551615") {
		t.Errorf("%v, %v", back, err)
	}
	if text, _ := json.Marshal(back); string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	if err := json.Unmarshal([]byte(`[1]`), &back); err == nil {
		t.Error("a list is taken for an object")
	}
}
