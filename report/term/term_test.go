package term_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/term"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "ü": 1, "u\u0308": 1, "日本": 4, "─→": 2, "한": 2, "😀": 2, "ｆ": 2} {
		if got := term.Width(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"short", 5, "short"}, {"abcdefghij", 9, "abc...hij"}, {"abcdefghij", 8, "abc...ij"}, {"abcdefghij", 3, "..."},
		{"abcdefghij", 0, ""}, {"abcdefghij", -1, ""}, {"日本語のファイル", 9, "日...ル"},
	} {
		if got := term.Fit(c.s, c.n); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.s, c.n, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 10, ""}, {"one two three", 8, "one two|three"}, {"one two three", 7, "one two|three"}, {"one  two\nthree", 20, "one two three"},
		{"abcdefgh ij", 3, "abc|def|gh|ij"}, {"a abcdef b", 3, "a|abc|def|b"}, {"日本語", 4, "日本|語"}, {"日本", 1, "日|本"},
	} {
		if got := strings.Join(term.Wrap(c.s, c.n), "|"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.s, c.n, got, c.want)
		}
	}
}

// TestWrapKeepsEverything: no line is too wide and no character is lost but
// spaces, whatever the text.
func TestWrapKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom(sample.Strings())).Draw(t, "s")
		n := rapid.IntRange(2, 30).Draw(t, "n")
		lines := term.Wrap(s, n)
		for _, l := range lines {
			if term.Width(l) > n {
				t.Fatalf("%q in %d", l, n)
			}
		}
		if got, want := strings.Join(lines, ""), strings.Join(strings.Fields(s), ""); strings.ReplaceAll(got, " ", "") != want {
			t.Fatalf("%q, want %q", got, want)
		}
		if f := term.Fit(s, n); term.Width(f) > n || utf8.ValidString(s) && !utf8.ValidString(f) {
			t.Fatalf("%q in %d", f, n)
		}
	})
}

func TestCharset(t *testing.T) {
	ascii, utf := term.Look{ASCII: true}, term.Look{}
	for in, want := range map[string][2]string{
		"plain": {"plain", "plain"}, "日本\x1b[31m": {`??\x1b[31m`, `日本\x1b[31m`}, "\xff": {`\xff`, `\xff`},
	} {
		if got := [2]string{ascii.Clean(in), utf.Clean(in)}; got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestMoments(t *testing.T) {
	start := time.Date(2026, 11, 20, 4, 44, 10, 123456789, time.UTC)
	at := start.Add(1500 * time.Millisecond)
	berlin := time.FixedZone("CET", 3600)
	for mode, want := range map[string]string{"rel": "1.500 s", "abs": "05:44:11.623", "delta": "1.500 s", "epoch": "1795149851.623456 s"} {
		m, ok := term.ParseTimeMode(mode)
		l := term.Look{Time: m, Location: berlin}
		if got := l.Moment(at, start) + l.MomentUnit(); !ok || got != want {
			t.Errorf("%s: %s, want %s", mode, got, want)
		}
	}
	if _, ok := term.ParseTimeMode("relative"); ok {
		t.Error("relative is read")
	}
	if got := (&term.Look{Location: berlin}).Date(at); got != "2026-11-20 05:44:11 +01:00" {
		t.Error(got)
	}
	if got := (&term.Look{}).Date(at); got != "2026-11-20 04:44:11 UTC" {
		t.Error(got)
	}
	same := time.Date(2026, 1, 1, 12, 12, 12, 250e6, time.UTC)
	if got := (&term.Look{}).Instant(same); got != "2026-01-01 12:12:12.250000 UTC" {
		t.Error(got)
	}
	if got := (&term.Look{Location: berlin}).Instant(same.Truncate(time.Second)); got != "2026-01-01 13:12:12 +01:00" {
		t.Error(got)
	}
}

func TestColumns(t *testing.T) {
	for width, want := range map[int]int{0: 100, -5: 100, 10: 40, 80: 80, 300: 300} {
		if got := (&term.Look{Width: width}).Columns(); got != want {
			t.Errorf("%d: %d", width, got)
		}
	}
}

// TestEveryStateHasAColour, and states next to each other differ in it.
func TestEveryStateHasAColour(t *testing.T) {
	seen := map[string]string{}
	for _, s := range report.States() {
		got := term.Paint(true).State(s, false, "x")
		if s == report.Unknown {
			if got != "x" {
				t.Error("UNKNOWN has a colour: it is outline only")
			}
			continue
		}
		if !strings.HasPrefix(got, "\x1b[") || !strings.HasSuffix(got, "x\x1b[0m") {
			t.Errorf("%s: %q", s, got)
		}
		if assumed := term.Paint(true).State(s, true, "x"); assumed == got {
			t.Errorf("%s: assumed looks like proved", s)
		}
		seen[got] += s + " "
	}
	if len(seen) < 9 {
		t.Errorf("%d colours: %v", len(seen), seen)
	}
	if got := term.Paint(false).State("CLOSED", true, "x"); got != "x" {
		t.Errorf("%q", got)
	}
}
