package markdown_test

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/golden"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/markdown"
	"github.com/lastack/lastack/report/term"
)

func render(t interface{ Fatal(...any) }, opt markdown.Options, records []report.Record, ladders ...*report.Ladder) string {
	var out bytes.Buffer
	m := markdown.New(&out, opt)
	for _, rec := range records {
		if err := m.Add(rec); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range ladders {
		if err := m.AddLadder(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	incident := sample.Incident(2)
	mid := sample.MidStream().Connection
	mid.ID = 99
	incident = append(incident[:len(incident)-1], mid, incident[len(incident)-1])
	golden.Check(t, "incident.md", render(t, markdown.Options{}, incident, sample.LostFinalAck()))
	golden.Check(t, "top-1.md", render(t, markdown.Options{Top: 1, Look: term.Look{Names: report.NamesLinux, ASCII: true}}, incident, sample.SimultaneousClose()))
	golden.Check(t, "nothing.md", render(t, markdown.Options{}, sample.Incident(0)))
	golden.Check(t, "cut-off.md", render(t, markdown.Options{}, sample.Incident(1)[:3]))
	hostile := sample.Incident(1)
	hostile[0] = sample.Capture("../a|b`c <script>alert(1)</script>\n# not a heading \x1b[31m.pcap")
	hostile[len(hostile)-1].(*report.Summary).Files[0].Name = hostile[0].(*report.Capture).Files[0].Name
	f := hostile[2].(*report.Finding)
	f.Severity, f.Title, f.Explanation = "warning", "*bold* [link](http://example.com) | bar", "- no list"
	f.Advice, f.Check = "1. no list", []string{"echo `date` | cat"}
	golden.Check(t, "hostile.md", render(t, markdown.Options{}, hostile))
}

// withoutSpans takes the code spans out of a line, as CommonMark finds them: a
// run of backticks up to the next run of the same length.
func withoutSpans(line string) string {
	var b strings.Builder
	for line != "" {
		if strings.HasPrefix(line, "\\") && len(line) > 1 {
			b.WriteString(line[:2])
			line = line[2:]
			continue
		}
		run := len(line) - len(strings.TrimLeft(line, "`"))
		if end := closing(line[run:], run); run > 0 && end >= 0 {
			line = line[run+end:]
			continue
		}
		n := max(run, 1)
		b.WriteString(line[:n])
		line = line[n:]
	}
	return b.String()
}

// closing is where in s the run of n backticks that closes a span ends, -1
// for nowhere.
func closing(s string, n int) int {
	for at := 0; ; {
		next := strings.IndexByte(s[at:], '`')
		if next < 0 {
			return -1
		}
		at += next
		run := len(s[at:]) - len(strings.TrimLeft(s[at:], "`"))
		at += run
		if run == n {
			return at
		}
	}
}

// TestHostileRecords: no string of the records becomes Markdown or HTML.
func TestHostileRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var records []report.Record
		for range 1 + r.IntN(10) {
			records = append(records, sample.Record(r))
		}
		l := sample.LostFinalAck()
		sample.Fill(r, l.Connection)
		opt := markdown.Options{All: r.IntN(2) == 0, Look: term.Look{Names: report.Names(r.IntN(3))}}
		checkLines(t, render(t, opt, records, l))
	})
}

// columns is how many bars a row of each table has, by its heading.
func bars(line string) int { return strings.Count(line, "|") - strings.Count(line, `\|`) }

func checkLines(t *rapid.T, out string) {
	fence, columns := "", 0
	for _, line := range strings.Split(out, "\n") {
		if strings.ContainsFunc(line, report.Hostile) || !utf8.ValidString(line) {
			t.Fatalf("hostile: %q", line)
		}
		if ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]; len(ticks) >= 3 && strings.Trim(line, "`") == "text" && fence == "" {
			fence = ticks
			continue
		} else if fence != "" {
			if line == fence {
				fence = ""
			}
			continue // nothing means anything in here
		}
		if strings.HasPrefix(line, "|") {
			if columns == 0 {
				columns = bars(line)
			}
			if bars(line) != columns {
				t.Fatalf("%d bars, not %d: %q", bars(line), columns, line)
			}
		} else {
			columns = 0
		}
		checkText(t, line)
	}
	if fence != "" {
		t.Fatalf("a block is not closed")
	}
}

// ours are the beginnings of lines that the renderer itself makes.
var ours = regexp.MustCompile("^(\\| |\\|-|# TCP connections|## (What stands out|How they opened and closed|Connections, worst first|Ladders)$|" +
	"### |> \\*\\*Mind:\\*\\* |- (What the programs saw|What to do|To check|It would be otherwise if|Proof|In Wireshark(, the first [0-9,]+ of [0-9,]+ findings)?|See): |\\*\\*)")

func checkText(t *rapid.T, line string) {
	bare := withoutSpans(line)
	for _, bad := range []string{"<", "](", "http://", "![", "@"} {
		if i := strings.Index(bare, bad); i >= 0 && (i == 0 || bare[i-1] != '\\') && !strings.Contains(bare, `\`+bad) {
			t.Fatalf("%q in %q", bad, line)
		}
	}
	if line != "" && strings.ContainsAny(line[:1], "#>-+*=|`~") && !ours.MatchString(line) && !strings.HasPrefix(line, "`") {
		t.Fatalf("means something: %q", line)
	}
}
