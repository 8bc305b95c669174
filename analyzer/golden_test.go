package analyzer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
)

// captures lists the captures of testdata/pcaps.
func captures(t testing.TB) []string {
	t.Helper()
	files, _ := filepath.Glob("../testdata/pcaps/*/*.pcap")
	if len(files) == 0 {
		t.Fatal("no captures found")
	}
	return files
}

// ndjson returns all records of a capture, as analyze --format ndjson writes
// them but for the first line.
func ndjson(t testing.TB, file string) []byte {
	t.Helper()
	src, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	a := analyzer.New(analyzer.Options{})
	var p capture.Packet
	for src.Next(&p) == nil {
		a.AddPacket(&p)
	}
	a.Close()
	var buf bytes.Buffer
	enc := report.NewEncoder(&buf)
	for r := range a.Records() {
		if err := enc.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Add(a.Summary()); err != nil {
		t.Fatal(err)
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestGolden compares the records of each capture with those reviewed: the
// .ndjson beside it.
func TestGolden(t *testing.T) {
	for _, file := range captures(t) {
		got := ndjson(t, file)
		golden := strings.TrimSuffix(file, ".pcap") + ".ndjson"
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s: the records differ from %s (look at both, then run with -update):\n%s", file, golden, firstDifference(got, want))
		}
	}
}

// firstDifference shows the first line on which two texts differ.
func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			old := "(nothing)"
			if i < len(w) {
				old = w[i]
			}
			return fmt.Sprintf("have %s\nwant %s", g[i], old)
		}
	}
	return "lines are missing at the end"
}

// TestVerdicts holds the records against what the READMEs of the captures say
// in words, transcribed in verdicts.txt: lines "CAPTURE TAP #ID PATH VALUE",
// where TAP is A, B or AB for both.
func TestVerdicts(t *testing.T) {
	raw, err := os.ReadFile("testdata/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]map[string]any{}
	checked := map[string]bool{}
	for n, line := range strings.Split(string(raw), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "# ") {
			continue
		}
		name, taps, id, path, want := words[0], words[1], words[2], words[3], strings.Join(words[4:], " ")
		for _, tap := range strings.Split(taps, "") {
			key := name + "/" + tap
			if records[key] == nil {
				records[key] = decoded(t, "../testdata/pcaps/"+key+".pcap")
			}
			checked[name] = true
			rec, ok := records[key][id]
			if !ok {
				t.Errorf("verdicts.txt:%d: %s has no connection %s", n+1, key, id)
				continue
			}
			got := ""
			switch path {
			case "has", "lacks":
				found := strings.Contains(" "+strings.Trim(lookup(rec, "findings"), "[]")+" ", " "+want+" ")
				if found != (path == "has") {
					t.Errorf("verdicts.txt:%d: %s %s: findings are %s", n+1, key, id, lookup(rec, "findings"))
				}
				continue
			case "path.client", "path.server":
				got = pathOf(rec, strings.TrimPrefix(path, "path."))
			default:
				got = lookup(rec, path)
			}
			if got != want {
				t.Errorf("verdicts.txt:%d: %s %s %s is %s, want %s", n+1, key, id, path, got, want)
			}
		}
	}
	dirs, _ := filepath.Glob("../testdata/pcaps/*/truth.json")
	for _, d := range dirs {
		if name := filepath.Base(filepath.Dir(d)); !checked[name] {
			t.Errorf("no verdict for %s", name)
		}
	}
}

// decoded returns the connections of a capture as JSON values, by "#ID".
func decoded(t testing.TB, file string) map[string]any {
	out := map[string]any{}
	for _, line := range bytes.Split(ndjson(t, file), []byte("\n")) {
		var v map[string]any
		if len(line) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		if v["type"] == "connection" {
			out[fmt.Sprintf("#%v", v["id"])] = v
		}
	}
	return out
}

// TestMirror: with the addresses of a capture swapped, the report is the same
// with the sides' places in the key swapped: nothing depends on which address
// is lower. The records name client and server, so they must not change but
// for the addresses and what is derived from them.
func TestMirror(t *testing.T) {
	for _, file := range captures(t) {
		plain, mirrored := mirror(t, file, false), mirror(t, file, true)
		if len(plain) != len(mirrored) {
			t.Errorf("%s: %d records, mirrored %d", file, len(plain), len(mirrored))
			continue
		}
		for i := range plain {
			if plain[i] != mirrored[i] {
				t.Errorf("%s: mirrored, the record differs:\n%s\n%s", file, plain[i], mirrored[i])
			}
		}
	}
}

// mirror analyses a capture, with all addresses turned over octet by octet if
// swap is set, and returns the records without addresses.
func mirror(t *testing.T, file string, swap bool) []string {
	src, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	a := analyzer.New(analyzer.Options{})
	var p capture.Packet
	for src.Next(&p) == nil {
		data := bytes.Clone(p.Data)
		const icmp = 1
		if swap {
			for i := 26; i < 34; i++ {
				data[i] ^= 0xff // the complement of an address sorts the other way
				if data[23] == icmp {
					data[i+28] ^= 0xff // and in the segment that it cites
				}
			}
		}
		p.Data = data
		a.AddPacket(&p)
	}
	a.Close()
	var out []string
	for r := range a.Records() {
		c, ok := r.(*report.Connection)
		if !ok {
			continue
		}
		c.Client.IP, c.Server.IP = c.Server.IP, c.Client.IP
		c.CommunityID, c.WiresharkFilter = "", ""
		c.Client, c.Server = report.Addr{}, report.Addr{}
		raw, _ := json.Marshal(c)
		out = append(out, string(raw))
	}
	sort.Strings(out)
	return out
}
