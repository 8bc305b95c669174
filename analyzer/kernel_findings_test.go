package analyzer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/report"
)

// untold are findings that no story of the lab shows, and why.
var untold = map[string]string{
	"capture-duplicates":       "about the capture, not the kernels: internal/lab/derive makes captures with packets twice",
	"two-taps":                 "about the capture: internal/lab/derive puts both taps into one",
	"capture-loss":             "about the capture: internal/lab/derive leaves segments out",
	"final-ack-unseen":         "about the capture: internal/lab/derive leaves the final ACK out",
	"evicted":                  "about --max-connections: see TestBound",
	"fin-wait-2-stuck":         "takes a minute in FIN-WAIT-2: a script shows it",
	"incarnation-reuse-unsafe": "Linux lets no such SYN into a TIME-WAIT, other stacks do: its script shows it",
}

// TestKernelFindings holds what is found in every story of the lab to what was
// reviewed: where each finding has to appear, and where it has to be silent.
func TestKernelFindings(t *testing.T) {
	_, files := archived(t)
	told := map[string]bool{}
	var b strings.Builder
	for _, file := range files {
		fmt.Fprintf(&b, "%s: %s\n", filepath.Base(filepath.Dir(file))+" "+strings.TrimSuffix(filepath.Base(file), ".pcap"), foundIn(t, file, told))
	}
	const golden = "testdata/kernel/findings.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	have, reviewed := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(have), len(reviewed)) {
		if have[i] != reviewed[i] {
			t.Errorf("have     %s\nreviewed %s (run with -update if that is meant)", have[i], reviewed[i])
		}
	}
	if len(have) != len(reviewed) {
		t.Errorf("%d lines, %d were reviewed", len(have), len(reviewed))
	}
	for i := range detect.All {
		if id := detect.All[i].ID; told[id] == (untold[id] != "") {
			t.Errorf("%s: occurs in a story: %v; the reason why not: %q", id, told[id], untold[id])
		}
	}
}

// TestOneDetectorOff: without a detector its own findings are missing, and no other: no
// detector needs another, and each is tested by itself. Looked at are some stories with
// the finding, and some without.
func TestOneDetectorOff(t *testing.T) {
	dir, _ := archived(t)
	reviewed, err := os.ReadFile("testdata/kernel/findings.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(reviewed)), "\n")
	for i := range detect.All {
		id := detect.All[i].ID
		t.Run(id, func(t *testing.T) {
			on := detect.All[i]
			defer func() { detect.All[i] = on }()
			detect.All[i] = detect.Detector{ID: id}
			missing := 0
			for _, line := range someWith(lines, id) {
				capture, found, _ := strings.Cut(line, ": ")
				name, tap, _ := strings.Cut(capture, " ")
				want := without(found, id)
				if got := foundIn(t, filepath.Join(dir, name, tap+".pcap"), map[string]bool{}); got != want {
					t.Errorf("%s: %s, want %s", capture, got, want)
				}
				if want != found {
					missing++
				}
			}
			if missing == 0 && untold[id] == "" {
				t.Error("nothing is missing anywhere")
			}
		})
	}
}

// someWith picks three lines with the finding, and one in 25 of the others.
func someWith(lines []string, id string) (some []string) {
	with := 0
	for i, line := range lines {
		switch told := strings.Contains(line+",", " "+id+" "); {
		case strings.HasPrefix(line, "random-"): // as many as all others together
		case told && with < 3:
			with++
			some = append(some, line)
		case !told && i%25 == len(id)%25:
			some = append(some, line)
		}
	}
	return some
}

// without takes the findings of one kind from a line of foundIn.
func without(found, id string) string {
	list := slices.DeleteFunc(strings.Split(found, ", "), func(f string) bool {
		return slices.Contains(strings.Fields(f)[:min(2, len(strings.Fields(f)))], id)
	})
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ", ")
}

// foundIn lists the kinds of finding of a capture, with how many there are if several:
// "3 three-segment-close info high".
func foundIn(t *testing.T, file string, told map[string]bool) string {
	t.Helper()
	opt := analyzer.Options{Limits: judge.Limits(filepath.Base(filepath.Dir(file)))}
	n := map[string]int{}
	opt.OnRecord = func(r report.Record) {
		if f, ok := r.(*report.Finding); ok {
			n[fmt.Sprintf("%02d %s %s %s", slices.Index(report.FindingIDs(), f.ID), f.ID, f.Severity, f.Confidence)]++
			told[f.ID] = true
		}
	}
	if _, err := judge.Records(opt, file); err != nil {
		t.Fatal(err)
	}
	var list []string
	for kind := range n {
		list = append(list, kind)
	}
	slices.Sort(list)
	for i, kind := range list {
		if list[i] = kind[3:]; n[kind] > 1 {
			list[i] = fmt.Sprintf("%d %s", n[kind], list[i])
		}
	}
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ", ")
}
