package main

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// made is a view by hand: a frame for each word, which is the letter of its stream in
// small, or "-" for a frame without TCP, and then "r", "k" or "u" for its marks. Streams
// have a completeness of 31.
func made(words string) *view {
	v, at := &view{}, map[byte]int32{}
	letters := map[rune]marks{'r': retransmission, 'k': keepalive, 'u': reuse}
	for i, w := range strings.Fields(words) {
		f := frame{protocol: "arp", stream: none}
		if w[0] != '-' {
			n, ok := at[w[0]]
			if !ok {
				n = int32(len(v.streams))
				at[w[0]] = n
				v.streams = append(v.streams, stream{name: w[:1], first: uint64(i + 1), completeness: 31})
			}
			f = frame{protocol: "tcp", stream: n, marks: isTCP, remark: w[1:]}
			for _, letter := range w[1:] {
				f.marks |= letters[letter]
			}
		}
		v.frames = append(v.frames, f)
	}
	return v
}

// shown are differences as the program prints them.
func shown(list []difference) (out []string) {
	for i := range list {
		out = append(out, list[i].String())
	}
	return out
}

// TestCompare: each kind of difference is seen, and nothing else.
func TestCompare(t *testing.T) {
	for _, k := range []struct {
		name, ours, theirs string
		want               []string
	}{
		{"the same", "a ar b ak - b", "x xr y xk - y", nil},
		{"in another order", "a b", "b a", nil},
		{"a frame that lastack misses", "a - a", "x x x", []string{"c 2 tcp: lastack arp, tshark tcp"}},
		{"one that tshark misses", "a a", "x -", []string{"c 2 tcp: lastack tcp, tshark arp"}},
		{"a connection that lastack misses", "a - a", "x y x",
			[]string{"c 2 tcp: lastack arp, tshark tcp", "c 2 connection: lastack none, tshark y"}},
		{"fewer frames", "a", "x x x", []string{"c 2 frames: lastack 1, tshark 3",
			"c 2 tcp: lastack no frame, tshark tcp", "c 3 tcp: lastack no frame, tshark tcp"}},
		{"fewer, without a segment", "a", "x -", []string{"c 2 frames: lastack 1, tshark 2"}},
		{"no frames", "", "x", []string{"c 1 frames: lastack 0, tshark 1",
			"c 1 tcp: lastack no frame, tshark tcp", "c 1 connection: lastack none, tshark x"}},
		{"two that are one to tshark", "a a a b b", "x x x x x", []string{
			"c 4 stream: lastack b, tshark x", "c 4 connection: lastack b, tshark none", "c 5 stream: lastack b, tshark x"}},
		{"divided elsewhere", "a a a b b", "x x y y y", []string{"c 3 stream: lastack a, tshark y"}},
		{"marks", "a ar a a", "x x xk xu", []string{"c 2 retransmission: lastack r, tshark -",
			"c 3 keepalive: lastack -, tshark k", "c 4 reuse: lastack -, tshark u"}},
	} {
		if got := shown(compare("c", made(k.ours), made(k.theirs))); !slices.Equal(got, k.want) {
			t.Errorf("%s: have\n%s\nwant\n%s", k.name, strings.Join(got, "\n"), strings.Join(k.want, "\n"))
		}
	}
}

// TestCompareWholes: what streams and captures are as wholes is compared, too.
func TestCompareWholes(t *testing.T) {
	ours, theirs := made("a a"), made("x x")
	theirs.streams[0].completeness = 15
	ours.broken = "cut"
	want := []string{"c 1 completeness: lastack 31, tshark 15", "c 3 reading: lastack not to its end, tshark to its end"}
	if got := shown(compare("c", ours, theirs)); !slices.Equal(got, want) {
		t.Error(got)
	}
	outside := made("a a")
	outside.frames[1].stream = none // a RST that belongs to no connection
	if got := shown(compare("c", outside, made("x x"))); !slices.Equal(got, []string{"c 2 stream: lastack none, tshark x"}) {
		t.Error(got)
	}
}

// judged is what a list makes of two views of a capture.
func judged(t *testing.T, text string, whole bool, ours, theirs *view) string {
	t.Helper()
	l, err := parseList(text)
	if err != nil {
		t.Fatal(err)
	}
	v := verdict{all: []*compared{compareViews("c", ours, theirs)}, listed: l, whole: whole}
	if err := v.faults(); err != nil {
		return err.Error()
	}
	return ""
}

// TestFaults: a frame that is missed, a new difference and an entry that does not occur
// each fail, and what is listed does not.
func TestFaults(t *testing.T) {
	const missed, again = "c 2 tcp: lastack arp, tshark tcp", "* retransmission: lastack r, tshark -"
	for _, k := range []struct {
		name, list   string
		whole        bool
		ours, theirs string
		want         string
	}{
		{"nothing", "", true, "a a", "x x", ""},
		{"missed", "", true, "a -", "x x", "not listed: " + missed},
		{"missed, and another is listed", "c 3 tcp: lastack arp, tshark tcp\n\tWhy.\n", false, "a - -", "x x x", "not listed: " + missed},
		{"listed", missed + "\n\tWhy.\n", true, "a -", "x x", ""},
		{"listed with other words", "c 2 tcp: lastack not_ip, tshark tcp\n\tWhy.\n", false, "a -", "x x",
			"not listed: " + missed + "\nlisted, and does not occur: c 2 tcp: lastack not_ip, tshark tcp"},
		{"new", "", true, "a ar", "x x", "not listed: c 2 retransmission: lastack r, tshark -"},
		{"by a rule", again + "\n\tWhy.\n", true, "a ar ar", "x x x", ""},
		{"new beside a rule", again + "\n\tWhy.\n", true, "a ar a", "x x xr", "not listed: c 3 retransmission: lastack -, tshark r"},
		{"stale", missed + "\n\tWhy.\n", true, "a a", "x x", "listed, and does not occur: " + missed},
		{"a stale rule", again + "\n\tWhy.\n", true, "a a", "x x", "listed, and does not occur: " + again},
		{"stale in a part of the captures", missed + "\n\tWhy.\n", false, "a a", "x x", "listed, and does not occur: " + missed},
		{"of a capture that was not looked at", "d" + missed[1:] + "\n" + again + "\n\tWhy.\n", false, "a a", "x x", ""},
	} {
		if got := judged(t, k.list, k.whole, made(k.ours), made(k.theirs)); got != k.want {
			t.Errorf("%s: have\n%s\nwant\n%s", k.name, got, k.want)
		}
	}
}

// TestList: how a list is read, and what it may not say.
func TestList(t *testing.T) {
	l, err := parseList("# a list\n\nc 1 tcp: x\nc 2 tcp: x\n\tBoth\n\tthe same.\nc 3 tcp: x\n\tAlone.\n\n* reuse: x\n\tA rule.\n")
	if err != nil || len(l) != 4 || l["c 1 tcp: x"] != "Both the same." || l["c 2 tcp: x"] != "Both the same." || l["c 3 tcp: x"] != "Alone." {
		t.Errorf("%v %v", l, err)
	}
	braces := "c 9 tcp: x\nk{,-v6}/{A,B} {1,2} tcp: x\n\tAll.\n"
	if l, err = parseList(braces); err != nil || len(l) != 9 || l["c 9 tcp: x"] != "All." || l["k/A 1 tcp: x"] != "All." || l["k-v6/B 2 tcp: x"] != "All." {
		t.Errorf("%v %v", l, err)
	}
	for text, want := range map[string]string{
		"\twhy\n":                     "a reason for nothing",
		"c 1 tcp: x\n\tA.\n\n\tB.\n":  "a reason for nothing",
		"c 1 tcp: x\n":                "no reason",
		"c {1,2 tcp: x\n\tWhy.\n":     "not closed",
		"c {1,1} tcp: x\n\tWhy.\n":    "listed twice: c 1 tcp: x",
		"c 1 tcp: x\n\nc 2 tcp: x\n":  "no reason",
		"a\n\tA.\na\n\tB.\n":          "listed twice",
		"* tcp: lastack a, tshark b":  "no rule",
		"* stream: lastack a":         "no rule",
		"* connection: x\n\tWhy.\n":   "no rule",
		"* frames: x\n\tWhy.\n":       "no rule",
		"* reading: x\n\tWhy.\n":      "no rule",
		"* \n\tWhy.\n":                "no rule",
		"* nothing there\n\tReason\n": "no rule",
	} {
		if _, err := parseList(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := readList("differences.txt"); err != nil {
		t.Error(err)
	}
}

// TestParse: tshark's lines.
func TestParse(t *testing.T) {
	line := func(fields string, analysis ...string) string {
		return fields + strings.Join(analysis, "") + strings.Repeat("\t", 10-strings.Count(strings.Join(analysis, ""), "\t")) + "\n"
	}
	v, err := parse(strings.NewReader(
		line("1\teth:ethertype:ip:tcp\t4\t31") + line("2\teth:ethertype:ip:tcp:data\t4\t31", "\t1") +
			line("3\teth:ethertype:ip:icmp:ip:tcp\t4\t31", "\t1") + line("4\teth:ethertype:ip:gre:ip:tcp\t5\t7", "\t\t\t\t1") +
			line("5\teth:ethertype:ip:tcp\t\t") + line("6\teth:ethertype:arp\t\t")))
	if err != nil {
		t.Fatal(err)
	}
	want := made("a ar - bk c -")
	for i := range want.frames {
		if got := v.frames[i].marks; got != want.frames[i].marks {
			t.Errorf("frame %d: %b", i+1, got)
		}
	}
	if v.frames[1].remark != "retransmission" || v.frames[4].stream != none || len(v.streams) != 2 || v.streams[1] != (stream{"stream 5", 4, 7}) {
		t.Errorf("%+v", v)
	}
	for text, want := range map[string]string{
		"1\ttcp\n": "fields", line("2\ttcp\t1\t1"): "frame 2 comes after frame 0",
		line("x\ttcp\t1\t1"): "invalid syntax", line("1\ttcp\t1\tx"): "invalid syntax", line("1\ttcp\tx\t1"): "invalid syntax",
	} {
		if _, err := parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestAnalyzed: lastack's view of a capture has every frame of it, each in its connection.
func TestAnalyzed(t *testing.T) {
	v, err := analyzed("../../testdata/pcaps/rejected-by-icmp/A.pcap")
	if err != nil {
		t.Fatal(err)
	}
	if len(v.frames) != 2 || v.frames[0].marks != isTCP || v.frames[1] != (frame{protocol: "icmp", stream: none}) ||
		!slices.Equal(v.streams, []stream{{"connection 1", 1, 1}}) {
		t.Errorf("%+v", v)
	}
	v, err = analyzed("../../testdata/pcaps/reuse-refused/A.pcap")
	if err != nil {
		t.Fatal(err)
	}
	if len(v.streams) != 2 || v.frames[11].marks&reuse == 0 || v.frames[12].stream != 0 || v.frames[14].marks&retransmission == 0 {
		t.Errorf("%+v", v)
	}
	// More connections than are watched while it is read once.
	if v, err = analyzed("../../testdata/pcaps/syn-flood/B.pcap"); err != nil || len(v.streams) <= watchers {
		t.Errorf("%v %d", err, len(v.streams))
	}
	for i, f := range v.frames {
		if f.stream == none {
			t.Errorf("frame %d is in no connection", i+1)
		}
	}
	broken := t.TempDir() + "/a.pcap"
	if err := os.WriteFile(broken, []byte("no capture"), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err = analyzed(broken); err != nil || v.broken == "" || len(v.frames) != 0 {
		t.Errorf("%v %+v", err, v)
	}
}

// TestViewPut: what cannot be is an error, not a difference.
func TestViewPut(t *testing.T) {
	v := made("a -")
	for number, want := range map[uint64]string{0: "not in the capture", 3: "not in the capture", 1: "is in a and in a", 2: "not TCP"} {
		if err := v.put(number, 0, "", 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v, want %s", number, err, want)
		}
	}
}

// TestFind: a folder, a file and an archive, each under the name that the list has for it.
func TestFind(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	unpacked := t.TempDir()
	files, err := find(root, unpacked, []string{"../../testdata/pcaps/captured-twice", "../../testdata/pcaps/half-open-syn/B.pcap",
		"../../analyzer/testdata/kernel/captures.tar.zst"})
	if err != nil || len(files) < 500 {
		t.Fatalf("%v %d", err, len(files))
	}
	for i, want := range []string{"testdata/pcaps/captured-twice/A.pcap", "testdata/pcaps/half-open-syn/B.pcap", "kernel/abort-in-close-wait/A.pcap"} {
		if files[i].name != want {
			t.Errorf("%s, want %s", files[i].name, want)
		}
		if _, err := os.Stat(files[i].path); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{"no-such-file", "differ_test.go/x.tar.zst", t.TempDir()} {
		if _, err := find(root, unpacked, []string{path}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestMissing: without tshark it fails, and says why.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := findTshark(); !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "tshark is missing") {
		t.Error(err)
	}
}

// TestUsage: what is wrong is said before anything is compared.
func TestUsage(t *testing.T) {
	for want, args := range map[int][]string{2: {"-no-such-flag"}, 0: {"-h"}, 1: {t.TempDir()}} {
		if got := run(args, &strings.Builder{}, &strings.Builder{}); got != want {
			t.Errorf("%v: %d, want %d", args, got, want)
		}
	}
}
