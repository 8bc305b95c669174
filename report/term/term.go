package term

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width is the number of columns that s takes in a terminal.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// wide are the blocks of characters that take two columns (Unicode Standard
// Annex 11: wide and fullwidth), roughly.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1}, {0x231a, 0x231b, 1}, {0x2e80, 0x303e, 1}, {0x3041, 0xa4cf, 1}, {0xa960, 0xa97c, 1},
		{0xac00, 0xd7a3, 1}, {0xf900, 0xfaff, 1}, {0xfe30, 0xfe6f, 1}, {0xff00, 0xff60, 1}, {0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{{0x16fe0, 0x1b2ff, 1}, {0x1f300, 0x1f64f, 1}, {0x1f680, 0x1faff, 1}, {0x20000, 0x3fffd, 1}},
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// Pad adds spaces after s until it is n columns wide.
func Pad(s string, n int) string { return s + spaces(n-Width(s)) }

// PadLeft adds them before s.
func PadLeft(s string, n int) string { return spaces(n-Width(s)) + s }

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// Fit cuts s to n columns, with "..." for what it takes from the middle: the
// ends of paths and addresses tell more than their middle.
func Fit(s string, n int) string {
	if Width(s) <= n {
		return s
	}
	const dots = "..."
	if n <= len(dots) {
		return dots[:max(n, 0)]
	}
	room := n - len(dots)
	return cut(s, room-room/2) + dots + cutTail(s, room/2)
}

// cut returns the beginning of s that fits in n columns.
func cut(s string, n int) string {
	for i, r := range s {
		if n -= runeWidth(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// cutTail returns the end of s that fits in n columns.
func cutTail(s string, n int) string {
	at := len(s)
	for at > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:at])
		if n -= runeWidth(r); n < 0 {
			break
		}
		at -= size
	}
	return s[at:]
}

// Wrap breaks s at spaces into lines of at most n columns. A word that is
// longer is broken where the line ends. There is always one line.
func Wrap(s string, n int) []string {
	n = max(n, 2) // the width of the widest character
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && Width(line)+1+Width(word) <= n {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for head := cut(word, n); head != word; head = cut(word, n) {
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	return append(lines, line)
}

// ascii makes s, which has been sanitised, fit a terminal that shows ASCII
// only.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, s)
}
