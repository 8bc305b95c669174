package analyzer_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/script"
	"github.com/lastack/lastack/report"
)

var update = flag.Bool("update", false, "rewrite golden files")

// analyzeBytes returns the connections of a capture held in memory, by id.
func analyzeBytes(t testing.TB, data []byte, opt analyzer.Options) []*report.Connection {
	t.Helper()
	list, _ := analyzeAll(t, data, opt)
	return list
}

// analyzeAll returns the connections of a capture held in memory, by id, and the
// findings.
func analyzeAll(t testing.TB, data []byte, opt analyzer.Options) (list []*report.Connection, found []*report.Finding) {
	t.Helper()
	src, err := capture.OpenReader("script", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	a := analyzer.New(opt)
	var p capture.Packet
	for src.Next(&p) == nil {
		a.AddPacket(&p)
	}
	a.Close()
	for r := range a.Records() {
		switch r := r.(type) {
		case *report.Connection:
			list = append(list, r)
		case *report.Finding:
			found = append(found, r)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list, found
}

// stateAt returns the state of a side of the script's tuple at a moment, and
// whether it is proved: the last transition of any incarnation not later.
func stateAt(list []*report.Connection, ip, frame string, at time.Time) (state string, proved bool) {
	state, proved = "", true
	for _, c := range list {
		side := report.Client
		if c.Server.IP.String() == ip {
			side = report.Server
		}
		for _, tr := range c.Transitions {
			t := tr.T
			if t == nil {
				t = tr.NotAfter
			}
			if tr.Side == side && !t.After(at) {
				state, proved = tr.To, tr.Basis == "sent" || tr.Basis == "confirmed"
			}
		}
	}
	return state, proved
}

// lookup follows a path into a JSON value; a negative index counts from the
// end.
func lookup(v any, path string) string {
	for _, key := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			i, err := strconv.Atoi(key)
			if i < 0 {
				i += len(at)
			}
			if err != nil || i < 0 || i >= len(at) {
				return "(absent)"
			}
			v = at[i]
		default:
			return "(absent)"
		}
	}
	switch at := v.(type) {
	case nil:
		return "(absent)"
	case float64:
		return strconv.FormatFloat(at, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// pathOf lists the states of a side, momentary ones in parentheses.
func pathOf(rec any, side string) string {
	var states []string
	list, _ := rec.(map[string]any)["transitions"].([]any)
	for _, tr := range list {
		m := tr.(map[string]any)
		if m["side"] != side {
			continue
		}
		to := m["to"].(string)
		if m["momentary"] == true {
			to = "(" + to + ")"
		}
		states = append(states, to)
	}
	return strings.Join(states, " ")
}

// TestScripts runs every script: the states beside each segment, and what is
// expected of the records.
func TestScripts(t *testing.T) {
	files, _ := filepath.Glob("testdata/scripts/*.txtar")
	if len(files) == 0 {
		t.Fatal("no scripts")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			sc := readScript(t, file)
			for name, v := range map[string]script.Variant{"v4": {}, "v6": {V6: true}, "wrap": {AddA: 0xffffff00, AddB: 0xffffff80},
				"swap": {Swap: true}, "twice": {Twice: true, NewIPIDs: true}, "ids": {NewIPIDs: true}} {
				if v.V6 && strings.HasPrefix(filepath.Base(file), "ipv4-") {
					continue // what it shows rests on IPv4's ids
				}
				t.Run(name, func(t *testing.T) { runScript(t, sc, v) })
			}
		})
	}
}

func readScript(t *testing.T, file string) *script.Script {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := script.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return sc
}

func runScript(t *testing.T, sc *script.Script, v script.Variant) {
	data, err := sc.Compile(v)
	if err != nil {
		t.Fatal(err)
	}
	list, found := analyzeAll(t, data, analyzer.Options{})
	a, b := script.Addrs(v)
	for i := range sc.Segments {
		seg := &sc.Segments[i]
		at := time.Unix(0, script.Start+seg.Nanos).UTC()
		for _, end := range []struct{ name, ip, want string }{{"A", a.String(), seg.StateA}, {"B", b.String(), seg.StateB}} {
			want, unproved := strings.CutSuffix(end.want, "?")
			if want == "" || i+1 < len(sc.Segments) && sc.Segments[i+1].Nanos == seg.Nanos {
				continue
			}
			got, proved := stateAt(list, end.ip, "", at)
			if got == "" {
				got = "CLOSED"
			}
			if got != want || unproved && proved {
				t.Errorf("line %d: %s is in %s (proved %v), want %s", seg.Line, end.name, got, proved, end.want)
			}
		}
	}
	records := map[string]any{}
	for _, c := range list {
		records[fmt.Sprintf("#%d", c.ID)] = plain(t, c)
	}
	findings := map[string]any{}
	for _, f := range found {
		for _, id := range f.Connections {
			findings[fmt.Sprintf("#%d %s", id, f.ID)] = plain(t, f)
		}
	}
	for _, line := range sc.Expect {
		expect(t, line, records, findings, v)
	}
	if t.Failed() {
		for _, c := range list {
			for _, tr := range c.Transitions {
				f := uint64(0)
				if tr.Frame != nil {
					f = *tr.Frame
				}
				t.Logf("#%d %s %s -> %s on %s frame %d %s", c.ID, tr.Side, tr.From, tr.To, tr.On, f, tr.Basis)
			}
		}
	}
}

// plain is a record as JSON has it.
func plain(t *testing.T, r any) (val any) {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &val); err != nil {
		t.Fatal(err)
	}
	return val
}

// expect checks one line of the script's expectations. With every frame twice
// and other numbers, frames and numbers are not compared.
func expect(t *testing.T, line string, records, findings map[string]any, v script.Variant) {
	t.Helper()
	words := strings.Fields(line)
	if words[0] == "connections" {
		if n := len(records); words[1] != strconv.Itoa(n) {
			t.Errorf("%s: have %d", line, n)
		}
		return
	}
	id := words[0]
	if v.Twice {
		n, _ := strconv.Atoi(id[1:])
		id = fmt.Sprintf("#%d", 2*n-1)
	}
	rec, ok := records[id]
	if !ok {
		t.Errorf("%s: no connection %s", line, id)
		return
	}
	switch path := words[1]; {
	case path == "path":
		if got := pathOf(rec, words[2]); got != strings.Join(words[3:], " ") {
			t.Errorf("%s: have %s", line, got)
		}
	case path == "has" || path == "lacks":
		if has := strings.Contains(" "+strings.Trim(lookup(rec, "findings"), "[]")+" ", " "+words[2]+" "); has != (path == "has") {
			t.Errorf("%s: findings are %s", line, lookup(rec, "findings"))
		}
	case path == "finding":
		got := lookup(findings[id+" "+words[2]], words[3])
		if want := strings.Join(words[4:], " "); got != want && !(v.Twice && strings.Contains(words[3], "frame")) {
			t.Errorf("%s: have %s", line, got)
		}
	case v.Twice && (strings.Contains(path, "frame") || path == "previous"), v.V6 && strings.HasPrefix(path, "rejected.") && path != "rejected.frame", v.AddA != 0 && strings.Contains(path, "isn"):
	default:
		if got := lookup(rec, path); got != strings.Join(words[2:], " ") {
			t.Errorf("%s: have %s", line, got)
		}
	}
}
