package markdown

import (
	"strings"

	"github.com/lastack/lastack/report"
)

// special are the characters that mean something in the middle of a line.
// HTML's own are written as entities, which no renderer unwraps.
var special = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`,
	"#", `\#`, "|", `\|`, "~", `\~`, "!", `\!`, "$", `\$`, "@", `\@`, "://", `\://`, "www.", `www\.`,
)

// text makes a string a piece of a line that shows as it is.
func text(s string) string {
	s = special.Replace(report.Sanitize(s))
	// At the start of a line some more have a meaning.
	trimmed := strings.TrimLeft(s, " ")
	number := strings.TrimLeft(trimmed, "0123456789")
	switch {
	case trimmed == "":
		return trimmed
	case strings.ContainsAny(trimmed[:1], "-+="):
		return `\` + trimmed
	case len(number) < len(trimmed) && listMark(number):
		return trimmed[:len(trimmed)-len(number)] + `\` + number
	}
	return trimmed
}

// listMark reports whether what follows a number makes it the number of a list.
func listMark(s string) bool {
	return s == "." || s == ")" || strings.HasPrefix(s, ". ") || strings.HasPrefix(s, ") ")
}

// code makes a string a code span: nothing in it means anything but a run of
// backticks, so the span is fenced with a longer one.
func code(s string) string {
	s = report.Sanitize(s)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	fence := strings.Repeat("`", longest(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell makes a code span of a table: there even a quoted bar ends the cell.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// fence is what opens and closes a block of lines, longer than any run of
// backticks in them.
func fence(block string) string { return strings.Repeat("`", max(3, longest(block, '`')+1)) }

// longest is the length of the longest run of c in s.
func longest(s string, c byte) int {
	best, run := 0, 0
	for i := range len(s) {
		if run++; s[i] != c {
			run = 0
		}
		best = max(best, run)
	}
	return best
}
