package ladder_test

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/golden"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/ladder"
	"github.com/lastack/lastack/report/term"
)

func render(t interface{ Fatal(...any) }, l *report.Ladder, opt ladder.Options) string {
	var out bytes.Buffer
	if err := ladder.Render(&out, l, opt); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for name, l := range sample.Ladders() {
		t.Run(name, func(t *testing.T) {
			golden.Check(t, name+".txt", render(t, l, ladder.Options{}))
			golden.Check(t, name+"-80.txt", render(t, l, ladder.Options{Look: term.Look{Width: 80, ASCII: true}}))
		})
	}
	lost := sample.LostFinalAck()
	lost.Findings = []*report.Finding{sample.LostAckFinding(1)}
	lost.Assumptions = &report.Assumptions{MSL: 30, Stack: "linux"}
	lost.Dropped = 3
	golden.Check(t, "colour.txt", render(t, lost, ladder.Options{Look: term.Look{Color: true}}))
	golden.Check(t, "full.txt", render(t, lost, ladder.Options{Full: true, Look: term.Look{
		AbsoluteSeq: true, Time: term.Epoch, Names: report.NamesLinux, Width: 120,
	}}))
	golden.Check(t, "delta.txt", render(t, lost, ladder.Options{Look: term.Look{Time: term.Delta, Names: report.NamesNetstat}}))
	golden.Check(t, "ipv6-80.txt", render(t, &report.Ladder{
		Connection: sample.V6(sample.LostFinalAck().Connection), Segments: lost.Segments, Files: []string{"a.pcap", "b.pcap"},
	}, ladder.Options{Look: term.Look{Width: 80}}))
}

var colours = regexp.MustCompile(`\x1b\[[0-9;]+m`)

// TestHostileLadders: random ladders with hostile strings do not break out of
// their lines.
func TestHostileLadders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		l := &report.Ladder{Connection: &report.Connection{}}
		if r.IntN(2) == 0 {
			names := []string{"lost-final-ack", "dead-peer", "simultaneous-close", "mid-stream"}
			l = sample.Ladders()[names[r.IntN(len(names))]]
		}
		if r.IntN(2) == 0 {
			sample.Fill(r, l.Connection)
		}
		for range r.IntN(5) {
			var s report.Segment
			sample.Fill(r, &s)
			if r.IntN(2) == 0 {
				s.From = report.Server
			}
			at := r.IntN(len(l.Segments) + 1)
			l.Segments = append(l.Segments[:at:at], append([]report.Segment{s}, l.Segments[at:]...)...)
		}
		sample.Fill(r, &l.Files)
		opt := ladder.Options{Full: r.IntN(2) == 0, Look: term.Look{
			Width: 76 + r.IntN(60), Color: r.IntN(2) == 0, ASCII: r.IntN(2) == 0, AbsoluteSeq: r.IntN(2) == 0,
			Time: term.TimeMode(r.IntN(4)), Names: report.Names(r.IntN(3)),
		}}
		for _, line := range strings.Split(render(t, l, opt), "\n") {
			if opt.Color {
				line = colours.ReplaceAllString(line, "")
			}
			if strings.ContainsFunc(line, report.Hostile) || !utf8.ValidString(line) {
				t.Fatalf("hostile: %q", line)
			}
			if w := term.Width(line); w > opt.Width {
				t.Fatalf("%d columns of %d: %q", w, opt.Width, line)
			}
			if opt.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
				t.Fatalf("not ASCII: %q", line)
			}
		}
	})
}

var frameColumn = regexp.MustCompile(`(?m)^ +([0-9]+)(?:-([0-9]+))? `)

// TestNoFrameIsForgotten: every segment is drawn, or is in a range that a
// fold names, in the order of the capture; in full, each has a line.
func TestNoFrameIsForgotten(t *testing.T) {
	for name, l := range sample.Ladders() {
		for _, full := range []bool{false, true} {
			next, lines := l.Segments[0].Frame, 0
			for _, m := range frameColumn.FindAllStringSubmatch(render(t, l, ladder.Options{Full: full}), -1) {
				from, _ := strconv.ParseUint(m[1], 10, 64)
				to, _ := strconv.ParseUint(cmp.Or(m[2], m[1]), 10, 64)
				if from != next {
					t.Errorf("%s: frame %d follows %d", name, from, next-1)
				}
				next = to + 1
				lines++
			}
			if last := l.Segments[len(l.Segments)-1].Frame; next != last+1 {
				t.Errorf("%s: ends with frame %d of %d", name, next-1, last)
			}
			if full && lines != len(l.Segments) {
				t.Errorf("%s: %d lines for %d segments", name, lines, len(l.Segments))
			}
		}
	}
}

// margins has, for each line with a frame, the words of the two margins.
func margins(out string) map[string][2]string {
	heads := regexp.MustCompile(`(?m)^ frame +time  client +server$`).FindString(out)
	left, right := strings.Index(heads, "client"), strings.Index(heads, "server")
	rows := map[string][2]string{}
	for _, line := range strings.Split(out, "\n") {
		if len(line) > left && strings.TrimSpace(line[:left]) != "" && frameColumn.MatchString(line) {
			line += strings.Repeat(" ", 120)
			client, _, _ := strings.Cut(line[left:], "  ")
			rows[strings.Fields(line)[0]] = [2]string{client, strings.TrimSpace(line[right:])}
		}
	}
	return rows
}

func TestMargins(t *testing.T) {
	for name, want := range map[string]map[string][2]string{
		"lost-final-ack": {
			"1": {"SYN-SENT", "SYN-RECEIVED ?"}, "2": {"ESTABLISHED ?", "SYN-RECEIVED"}, "3": {"ESTABLISHED", "ESTABLISHED ?"},
			"4-7": {"|", "ESTABLISHED"}, "8": {"FIN-WAIT-1", "CLOSE-WAIT ?"}, "9": {"FIN-WAIT-2 ?", "CLOSE-WAIT"},
			"10": {"TIME-WAIT ?", "LAST-ACK"}, "11": {"TIME-WAIT", "|"}, "12": {"|", "|"}, "13": {"|", "CLOSED ?"},
		},
		// The server's receipt of frame 8 is put off behind its own FIN.
		"simultaneous-close": {"8": {"FIN-WAIT-1", "|"}, "9": {"CLOSING ?", "FIN-WAIT-1"}, "10": {"CLOSING", "TIME-WAIT ?"}},
		// FIN-WAIT-2 has no duration.
		"three-segment": {"8": {"FIN-WAIT-1", "CLOSE-WAIT ?"}, "9": {"TIME-WAIT ?", "LAST-ACK"}, "10": {"TIME-WAIT", "CLOSED ?"}},
		"mid-stream":    {"5": {"UNKNOWN", "UNKNOWN"}, "8": {":", ":"}},
	} {
		got := margins(render(t, sample.Ladders()[name], ladder.Options{Look: term.Look{ASCII: true}}))
		for frame, states := range want {
			if got[frame] != states {
				t.Errorf("%s, frame %s: %q, want %q", name, frame, got[frame], states)
			}
		}
	}
}

// TestCopiesAndRefutations: what the capture has twice is left out unless all
// is asked for, and a receipt that was refuted says why.
func TestCopiesAndRefutations(t *testing.T) {
	l := sample.LostFinalAck()
	dup := l.Segments[3]
	dup.Frame, dup.Kind, dup.Plain = 99, "capture duplicate", false
	l.Segments = slices.Insert(l.Segments, 4, dup)
	for i := range l.Segments {
		l.Segments[i].Lost = false
	}
	few, all := render(t, l, ladder.Options{}), render(t, l, ladder.Options{Full: true})
	if strings.Contains(few, "capture duplicate") || !strings.Contains(few, "1 segment left out that the capture has twice") {
		t.Error(few)
	}
	if !strings.Contains(all, "(capture duplicate)") {
		t.Error(all)
	}
	if words := strings.Join(strings.Fields(few), " "); !strings.Contains(words, "×") ||
		!strings.Contains(words, "did not reach the server: the FIN came again") {
		t.Error(few)
	}
}

func TestEmptyLadder(t *testing.T) {
	out := render(t, &report.Ladder{Connection: &report.Connection{ID: 7}}, ladder.Options{})
	if !strings.HasPrefix(out, "#7  ?:0 > ?:0\n") {
		t.Error(out)
	}
}
