package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/sample"
)

// TestEncoderAgainstEncodingJSON: over random records the Encoder says what
// encoding/json says.
func TestEncoderAgainstEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rec := sample.Record(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		want, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		got := report.Append(nil, rec)
		if bytes.ContainsFunc(got, report.Hostile) {
			t.Fatalf("hostile character in %q", got)
		}
		if diff := cmp.Diff(meaning(t, want), meaning(t, got), approximately); diff != "" {
			t.Fatalf("-encoding/json +Encoder\n%s\n%s", diff, got)
		}
		if a, b := keys(t, want), keys(t, got); !reflect.DeepEqual(a, b) {
			t.Fatalf("order of keys\n%q\n%q", a, b)
		}
	})
}

// approximately compares numbers by value and times by instant, since the
// two encoders write them in other ways.
var approximately = cmp.Comparer(func(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, err1 := a.Float64()
	y, err2 := b.Float64()
	return err1 == nil && err2 == nil && x == y && strings.ContainsAny(string(a+b), ".e")
})

// meaning decodes JSON, times in one form.
func meaning(t interface{ Fatalf(string, ...any) }, text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return oneTime(v)
}

func oneTime(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = oneTime(e)
		}
	case []any:
		for i, e := range v {
			v[i] = oneTime(e)
		}
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC().String()
		}
	}
	return v
}

// keys lists the keys of the structs in text in order. Maps, which both
// encoders sort, are part of it.
func keys(t interface{ Fatalf(string, ...any) }, text []byte) (list []string) {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		if s, ok := token.(string); ok {
			if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
				list = append(list, s)
			}
		}
	}
}

// TestRoundTrip: what is written is read back as it was.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		first := report.Append(nil, sample.Record(r))
		rec, err := report.NewReader(bytes.NewReader(first)).Next()
		if err != nil {
			t.Fatal(err)
		}
		if again := report.Append(nil, rec); !bytes.Equal(first, again) {
			t.Fatalf("\n%s\n%s", first, again)
		}
	})
}

// TestRoundTripValues compares the structs themselves, for strings that JSON
// can carry.
func TestRoundTripValues(t *testing.T) {
	for _, rec := range sample.Incident(3) {
		got, err := report.Decode(report.Append(nil, rec))
		if err != nil {
			t.Fatal(err)
		}
		ignore := cmpopts.IgnoreTypes(map[string]any{}, report.Values{})
		addr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		if diff := cmp.Diff(rec, got, ignore, addr, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-before +after\n%s", diff)
		}
	}
}

func TestEmptyAndUnknown(t *testing.T) {
	nan := math.NaN()
	c := &report.Connection{Duration: math.Inf(1)}
	c.Open.RTT = &nan
	text := string(report.Append(nil, c))
	for _, want := range []string{`"vlan":[]`, `"tunnel":[]`, `"findings":[]`, `"transitions":[]`, `"refuted":[]`, `"resets":[]`,
		`"possible":[],"pending":[]`, `"previous":null`, `"duration_s":0,`, `"packets":0`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	for _, never := range []string{"rtt_s", "isn", "mss", "since", "frame_files", `"file"`, "NaN", "Inf", ":null,\"vlan"} {
		if strings.Contains(text, never) {
			t.Errorf("%s in %s", never, text)
		}
	}
	f := string(report.Append(nil, &report.Finding{Values: report.NewValues(report.Any("x", nan), report.Float("f", math.Inf(-1)), report.Any("c", func() {}))}))
	if !strings.HasSuffix(f, `"values":{"c":null,"f":null,"x":null}}`) {
		t.Error(f)
	}
	if s := string(report.Append(nil, &report.Summary{})); !strings.Contains(s, `"by_open":{}`) || strings.Contains(s, "dropped") {
		t.Error(s)
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 11, 20, 4, 44, 10, 123456789, time.UTC), "2026-11-20T04:44:10.123456789Z"},
		{time.Date(2026, 11, 20, 4, 44, 10, 0, time.UTC), "2026-11-20T04:44:10.000000000Z"},
		{time.Date(2026, 11, 20, 4, 44, 10, 5, time.FixedZone("", 7200)), "2026-11-20T02:44:10.000000005Z"},
		{time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), "1969-12-31T23:59:59.999999999Z"},
		{time.Date(2100, 2, 28, 23, 59, 59, 1, time.UTC), "2100-02-28T23:59:59.000000001Z"},
		{time.Time{}, "0001-01-01T00:00:00.000000000Z"},
		{time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), "9999-12-31T23:59:59.999999999Z"},
		{time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), "0000-01-01T00:00:00.000000000Z"},
	} {
		for range 2 { // the second time from the cache
			got := string(report.Append(nil, &report.Connection{Start: c.at, End: c.at}))
			if want := `"start":"` + c.want + `","end":"` + c.want + `"`; !strings.Contains(got, want) {
				t.Errorf("%v: no %s in %s", c.at, want, got)
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", 0.2: "0.2", 60: "60", 0.000000001: "0.000000001", 7200.5: "7200.5", -0.25: "-0.25",
		0.30000000000000004: "0.30000000000000004", 1e300: "1" + strings.Repeat("0", 300), 4294967.295123456: "4294967.295123456",
	} {
		got := string(report.Append(nil, &report.Connection{Duration: f}))
		if want := `"duration_s":` + want + `,`; !strings.Contains(got, want) {
			t.Errorf("%v: no %s in %s", f, want, got)
		}
	}
}

type failing struct{ after int }

func (w *failing) Write(p []byte) (int, error) {
	if w.after -= len(p); w.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestEncoderReportsWriteErrors(t *testing.T) {
	for _, sink := range []report.Sink{report.NewEncoder(&failing{}), report.NewDocument(&failing{})} {
		var err error
		for i := 0; i < 1000 && err == nil; i++ {
			err = sink.Add(sample.Connection(uint64(i + 1)))
		}
		if err == nil || sink.Close() == nil {
			t.Errorf("%T: the error of the writer is lost", sink)
		}
	}
}

func TestDocument(t *testing.T) {
	for _, n := range []int{0, 1, 40} {
		var out bytes.Buffer
		d := report.NewDocument(&out)
		records := sample.Incident(n)
		for _, rec := range records {
			if err := d.Add(rec); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Schema      string
			Capture     *report.Capture
			Connections []*report.Connection
			Findings    []*report.Finding
			Summary     *report.Summary
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
		again := []report.Record{got.Capture}
		for _, c := range got.Connections {
			again = append(again, c)
		}
		for _, f := range got.Findings {
			again = append(again, f)
		}
		again = append(again, got.Summary)
		if got.Schema != report.Schema || len(again) != len(records) {
			t.Fatalf("schema %q, %d records of %d", got.Schema, len(again), len(records))
		}
		if a, b := sortedLines(records), sortedLines(again); !reflect.DeepEqual(a, b) {
			t.Error(cmp.Diff(a, b))
		}
	}
}

// sortedLines has every record's JSON, by kind.
func sortedLines(records []report.Record) map[string]int {
	lines := map[string]int{}
	for _, r := range records {
		lines[string(report.Append(nil, r))]++
	}
	return lines
}

func TestDocumentWithoutRecords(t *testing.T) {
	var out bytes.Buffer
	if err := report.NewDocument(&out).Close(); err != nil {
		t.Fatal(err)
	}
	const want = `{"schema":"lastack/1","capture":null,"connections":[],"findings":[],"summary":null}`
	if got := strings.ReplaceAll(out.String(), "\n", ""); got != want {
		t.Error(got)
	}
}

func TestReader(t *testing.T) {
	in := `{"type":"weather"}` + "\n" + `{"type":"finding","id":"half-close","future":1}` + "\n"
	r := report.NewReader(strings.NewReader(in))
	rec, err := r.Next()
	if f, ok := rec.(*report.Finding); !ok || f.ID != "half-close" {
		t.Fatal(rec, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatal(err)
	}
	_, err = report.NewReader(strings.NewReader("{}\n{\n")).Next()
	if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Error(err)
	}
}

func FuzzReader(f *testing.F) {
	for _, rec := range sample.Incident(1) {
		f.Add(report.Append(nil, rec))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		rec, err := report.Decode(in)
		if err != nil || rec == nil {
			return
		}
		first := report.Append(nil, rec)
		again, err := report.Decode(first)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if second := report.Append(nil, again); !bytes.Equal(first, second) {
			t.Fatalf("\n%s\n%s", first, second)
		}
	})
}

func TestEncoderDoesNotAllocate(t *testing.T) {
	e := report.NewEncoder(io.Discard)
	for _, rec := range []report.Record{sample.Connection(1), sample.LeakFinding([]uint64{1, 2, 3})} {
		if n := testing.AllocsPerRun(1000, func() { e.Add(rec) }); n >= 1 {
			t.Errorf("%T: %v allocations a record", rec, n)
		}
	}
}

func BenchmarkEncoder(b *testing.B) {
	for _, rec := range []report.Record{sample.Connection(1), sample.LeakFinding([]uint64{1, 2, 3})} {
		b.Run(fmt.Sprintf("%T", rec), func(b *testing.B) {
			b.SetBytes(int64(len(report.Append(nil, rec))))
			b.ReportAllocs()
			e := report.NewEncoder(io.Discard)
			for b.Loop() {
				e.Add(rec)
			}
		})
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	rec := sample.Connection(1)
	e := json.NewEncoder(io.Discard)
	for b.Loop() {
		e.Encode(rec)
	}
}

// TestEveryByte: at every place of strings of every length around the size of
// a machine word, each byte is written as encoding/json would.
func TestEveryByte(t *testing.T) {
	for length := 1; length <= 19; length++ {
		for at := range length {
			for c := range 256 {
				s := []byte(strings.Repeat("a", length))
				s[at] = byte(c)
				want, err := json.Marshal(string(s))
				if err != nil {
					t.Fatal(err)
				}
				got := report.Append(nil, &report.Finding{Side: report.Side(s)})
				_, rest, _ := bytes.Cut(got, []byte(`"side":`))
				value, _, _ := bytes.Cut(rest, []byte(`,"frames"`))
				if meaning(t, value) != meaning(t, want) || bytes.ContainsFunc(value, report.Hostile) {
					t.Fatalf("%q: %s, want %s", s, value, want)
				}
			}
		}
	}
}
