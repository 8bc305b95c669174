//go:build linux

package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The program starts itself to make loads.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-make" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// The whole program, with two small loads, one through a pipe. What is cached
// is used again, until it is another load.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds lastack")
	}
	t.Chdir("../..")
	dir := t.TempDir()
	call := func() string {
		var out, msg bytes.Buffer
		args := "-quick -loads elephant,steady-30m -tools lastack,lastack-pipe -rounds 1"
		if code := run(append(strings.Fields(args), "-dir", dir, "-o", filepath.Join(dir, "page.md")), &out, &msg); code != 0 {
			t.Fatalf("exit code %d: %s%s", code, &out, &msg)
		}
		return out.String()
	}
	making := "making " + filepath.Join(dir, "quick", "elephant")
	out := call()
	for _, want := range []string{making, "elephant     round 1  lastack ", "steady-30m   round 1  lastack-pipe ", "unknown   first "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if out := call(); strings.Contains(out, making) {
		t.Errorf("the load was made again:\n%s", out)
	}
	if err := os.Truncate(filepath.Join(dir, "quick", "elephant"), 1000); err != nil {
		t.Fatal(err)
	}
	if out := call(); !strings.Contains(out, making) {
		t.Errorf("half a load was used:\n%s", out)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "page.md")); err != nil || !strings.Contains(string(text), "### elephant") {
		t.Errorf("%v: %s", err, text)
	}
}

// What the tools say of packets is found in their output.
func TestPacketsSeen(t *testing.T) {
	for _, c := range []struct {
		tool, output string
		want         uint64
	}{
		{"lastack", "a.pcap  pcap, Ethernet, 1,014,714 packets, 684 MB, 2026-01-01\n18,000 connections\n", 1014714},
		{"lastack-ndjson", `{"type":"connection","packets":4}` + "\n" + `{"type":"summary","files":[],"packets":507479,"tcp_segments":1}` + "\n", 507479},
		{"tcpdump", "reading from file a, link-type EN10MB (Ethernet), snapshot length 96\n1 packet\n", 1},
		{"tcpdump", "1014714 packets\n", 1014714},
		{"capinfos", "File name:           a\nNumber of packets:   1014714\n", 1014714},
		{"tcptrace", "Ostermann's tcptrace\n1014714 packets seen, 1014658 TCP packets traced\n", 1014714},
		{"argus", "racount   records     total_pkts     src_pkts       dst_pkts\n    sum   151942      1014714        491673         523040\n", 1014714},
		{"softflowd", "Number of active flows: 0\nPackets processed: 757012\n", 757012},
		{"tshark", "2001:db8::3d4:32785        <-> 2001:db8:8000::3:5432          333 330 kB        299 133 kB        632 463 kB     1169.042673082       422.6129\n" +
			"203.0.113.1:1 <-> 198.51.100.1:443   0 0 bytes   1 66 bytes  1 66 bytes  1.0  0.0\n", 633},
	} {
		list, err := pick(tools, []string{c.tool}, func(t *tool) string { return t.name })
		if err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("x", 200_000) + "\n"
		if got := list[0].sum(strings.NewReader(long + c.output)); got != c.want {
			t.Errorf("%s: %d packets, want %d", c.tool, got, c.want)
		}
	}
}

// The tables name each other's rows rightly.
func TestTables(t *testing.T) {
	names := map[string]bool{}
	for i := range tools {
		names[tools[i].name] = true
	}
	used := map[string]bool{}
	for i := range workloads {
		for _, name := range workloads[i].tools {
			used[name] = true
			if !names[name] {
				t.Errorf("%s is to be read by %s, which is not known", workloads[i].name, name)
			}
		}
	}
	for name := range names {
		if !used[name] {
			t.Errorf("%s reads nothing", name)
		}
	}
	for _, g := range goals {
		if g.load != "" && !slices.ContainsFunc(workloads, func(w workload) bool { return w.name == g.load }) {
			t.Errorf("%s: there is no load %q", g.what, g.load)
		}
	}
}

// Every load, shrunk a lot, can be made, has a digest of its own, and has about
// as many packets as it should.
func TestRecipes(t *testing.T) {
	seen := map[string]string{}
	for i := range workloads {
		w := &workloads[i]
		r := w.make().shrink(500)
		n, err := r.write(io.Discard)
		if err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		want := float64(r.First)
		switch {
		case r.Flood != nil:
			want = float64(r.Flood.SYNs)
		case want == 0:
			want = float64(r.Mix.Packets)
		}
		if w.name == "elephant" {
			want = float64(n) // an answer is too large to shrink it so far
		}
		if math.Abs(float64(n)-want) > want/4 {
			t.Errorf("%s: %d packets instead of %g", w.name, n, want)
		}
		digest, err := r.digest()
		if err != nil || seen[digest] != "" {
			t.Errorf("%s: %v; the same as %q", w.name, err, seen[digest])
		}
		seen[digest] = w.name
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("%v: %g, want %g", c.values, got, c.want)
		}
	}
}

// sample are results of three loads.
func sample() *results {
	took := func(name string, mb int64, seconds ...float64) *taken {
		tk := &taken{tool: &tool{name: name, args: words("analyze FILE")}}
		for _, s := range seconds {
			tk.Rounds = append(tk.Rounds, cost{Wall: time.Duration(s * 1e9), CPU: time.Duration(s * 2e9), Memory: mb * 1e6})
		}
		return tk
	}
	stopped := took("argus", 9000, 60)
	stopped.Beyond = "more than 1m0s"
	load := func(i int, packets uint64, tools ...*taken) *loaded {
		return &loaded{work: &workloads[i], stock: stock{Packets: packets, Size: 1e9}, Tools: tools}
	}
	flood := slices.IndexFunc(workloads, func(w workload) bool { return w.name == "flood" })
	return &results{
		Rounds: 3, Scale: 1, Floor: 12e6, Outputs: map[string]int{"text": 1, "ndjson": 2}, Instructions: "1",
		Machine: machine{CPU: "abacus", Cores: 2, Tools: []string{"tcpdump 1"}},
		Loads: []*loaded{
			load(0, 1e7, took("lastack", 100, 1, 2, 9), took("tcpdump", 12, 1, 1, 3), stopped),
			load(flood, 1e7, took("lastack", 100, 1, 1, 1)),
		},
		Profile: divide([]share{{"github.com/lastack/lastack/wire.(*Decoder).Decode", 3e8, 0}, {"runtime.memmove", 1e8, 0}}, 1e7),
		Layers:  []layer{{"read", 10, 0, 1}, {"decode", 20, 0, 1}},
	}
}

func TestGoals(t *testing.T) {
	r := sample()
	r.judge()
	got := map[string]string{}
	outcome := functionsOfPages["outcome"].(func(verdict) string)
	for _, v := range r.Goals {
		got[v.load+": "+v.what] = outcome(v)
	}
	for what, want := range map[string]string{
		"first: time of lastack / tcpdump --count":               "missed", // 1, 2 and 3 times
		"first: time of argus / lastack":                         "unknown",
		"first: peak memory of lastack":                          "met",
		"flood: speed of lastack":                                "met",
		"elephant: time of lastack / tcpdump --count":            "unknown",
		"first: different outputs of 1, 2 and 8 workers, text":   "met",
		"first: different outputs of 1, 2 and 8 workers, ndjson": "missed",
		": places where the garbage collector is switched off":   "met",
		"steady-100m: peak memory / that of steady-30m":          "unknown",
		"concurrent: peak memory of lastack":                     "unknown",
		"first: time of lastack --format ndjson / text":          "unknown",
		"tenth: time of tshark -z conv,tcp / lastack":            "unknown",
	} {
		if got[what] != want {
			t.Errorf("%s: %q, want %q", what, got[what], want)
		}
	}
}

// The page has a table for each load and says which goals are missed.
func TestPage(t *testing.T) {
	r := sample()
	r.judge()
	name := filepath.Join(t.TempDir(), "page.md")
	if err := r.save(name); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<!-- Made by `go run ./bench/run`",
		"| first | time of lastack / tcpdump --count | 2 times | at most 1.5 times | missed |",
		"| `lastack analyze FILE` | 1.000 | 2.000 | 9.000 | 2.000 | 200.0 | 5.00 | 4.00 | 100 | 2.00 |",
		"| ended: more than 1m0s |",
		"| ≤ 12 |",
		"10,000,000 packets",
		"| decoding headers | 30.0 | 75.0 % |",
		"| `wire.(*Decoder).Decode` | 30.0 | 75.0 % |",
		"- first: time of lastack / tcpdump --count is 2 times, wanted at most 1.5 times.",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page has not: %s", want)
		}
	}
	if strings.Contains(string(text), "<no value>") || t.Failed() {
		t.Logf("%s", text)
	}
}

func TestProfile(t *testing.T) {
	out := `File: lastack
Showing nodes accounting for 30000us, 100% of 30000us total
      flat  flat%   sum%        cum   cum%
   20000us 66.67% 66.67%    20000us 66.67%  github.com/lastack/lastack/analyzer.(*connection).fold (partial-inline)
   10000us 33.33%   100%    10000us 33.33%  runtime.memmove
         0     0%   100%    10000us 33.33%  main.main
`
	p := divide(functions([]byte(out)), 1000)
	p.Files = p.under("/src", functions([]byte("4000us 1% 2% 4000us 3%  /src/wire/tcp.go\n6000us 1% 2% 6000us 3%  /src/wire/tcp.go\n5000us 1% 2% 5000us 3%  /go/runtime/proc.go\n")), 1000)
	want := &profile{Files: []share{{"wire/tcp.go", 10_000, 1. / 3}}, Total: 30_000, Groups: []share{{"analyzer: endpoints and inference", 20_000, 2. / 3}, {"copying, clearing and comparing memory", 10_000, 1. / 3}},
		Top: []share{{"analyzer.(*connection).fold", 20_000, 2. / 3}, {"runtime.memmove", 10_000, 1. / 3}}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

// Each function belongs to the group that one would look for it in.
func TestGroups(t *testing.T) {
	for function, want := range map[string]string{
		"github.com/klauspost/compress/zstd.(*Decoder).Read":         "decompression",
		"internal/runtime/syscall.Syscall6":                          "reading: system calls",
		"github.com/lastack/lastack/capture.(*pcap).Next":            "reading: records of the file",
		"github.com/lastack/lastack/analyzer/flow.(*Table).find":     "look-up of connections",
		"github.com/lastack/lastack/analyzer/detect.Run":             "detectors",
		"github.com/lastack/lastack/analyzer.(*Analyzer).AddPackets": "analyzer: endpoints and inference",
		"runtime.gcDrain":           "garbage collection",
		"runtime.mallocgcSmallScan": "allocation",
		"runtime.chansend":          "handing over between goroutines",
		"runtime.memmove":           "copying, clearing and comparing memory",
		"runtime.rt0_go":            "the rest of the runtime",
		"net/http.Get":              "other",
	} {
		if got := groups[groupOf(function)].name; got != want {
			t.Errorf("%s belongs to %q, want %q", function, got, want)
		}
	}
}

func TestBenchmarks(t *testing.T) {
	got := benchmarks([]byte("goos: linux\nBenchmark/read-gz-2   3   7445540 ns/op   1.038 B/packet   0.5 allocs/packet   14.68 ns/packet\nPASS\n"))
	if diff := cmp.Diff([]layer{{"read-gz", 14.68, 0.5, 1.038}}, got); diff != "" {
		t.Error(diff)
	}
}

// A tenth more instructions are allowed, not more; less is fine; what is not
// noted, or no longer counted, is not.
func TestCompare(t *testing.T) {
	for _, c := range []struct {
		text, ndjson float64
		noted        string
		fails        string
	}{
		{1050, 2000, "# of old\ntext 1000\nndjson 2000\n", ""},
		{500, 2000, "text 1000\nndjson 2000\n", ""},
		{1200, 2000, "text 1000\nndjson 2000\n", "text: "},
		{1000, 2000, "text 1000\n", "ndjson: "},
		{1000, 2000, "text 1000\nndjson 2000\njson 5\n", "json: "},
	} {
		b := &bench{out: io.Discard}
		err := b.compare(map[string]float64{"text": c.text, "ndjson": c.ndjson}, []byte(c.noted))
		if (err != nil) != (c.fails != "") || err != nil && !strings.HasPrefix(err.Error(), c.fails) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	text := note(map[string]float64{"text": 12.4, "ndjson": 13.6})
	if !regexp.MustCompile(`(?s)^# .*-update\ntext 12\nndjson 14\n$`).Match(text) {
		t.Errorf("%s", text)
	}
}

// A run that exceeds a limit is ended, and said to.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		timeout time.Duration
		memory  int64
		want    string
	}{{50 * time.Millisecond, 1 << 40, "more than 50ms"}, {time.Minute, 1, "more than 0 GB"}} {
		b := &bench{settings: settings{timeout: c.timeout, maxMemory: c.memory}}
		sleep := tool{name: "sleep", command: "sleep", args: words("20")}
		got, err := b.run(&sleep, &loaded{work: &workloads[0]})
		if err != nil || got.Beyond != c.want || got.Wall > 10*time.Second {
			t.Errorf("%+v, %v; want %s", got, err, c.want)
		}
	}
	b := &bench{settings: settings{timeout: time.Minute, maxMemory: 1 << 40}}
	if _, err := b.run(&tool{command: "false"}, &loaded{work: &workloads[0]}); err == nil {
		t.Error("no error for a tool that fails")
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range []string{"-nonsense", "x", "-rounds 0", "-loads first,second", "-tools vi", "-without vi", "-tools tshark -without tshark"} {
		var msg bytes.Buffer
		if code := run(strings.Fields(args), io.Discard, &msg); code != 2 || msg.Len() == 0 {
			t.Errorf("%s: exit code %d: %s", args, code, &msg)
		}
	}
	if code := run([]string{"-h"}, io.Discard, io.Discard); code != 0 {
		t.Errorf("-h: exit code %d", code)
	}
}

// The page of the project is written only after all loads in full.
func TestWhereThePageGoes(t *testing.T) {
	for args, want := range map[string]string{"": page, "-quick": "", "-loads first": "", "-without argus": "", "-quick -o x.md": "x.md", "-rounds 1": page} {
		b := &bench{}
		if err := b.parse(strings.Fields(args), io.Discard); err != nil || b.output != want {
			t.Errorf("%q: %q, %v; want %q", args, b.output, err, want)
		}
	}
}
