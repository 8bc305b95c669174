package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hostile reports whether a terminal, an editor or a browser could take r for
// something else than a character to show: control characters (escape
// sequences begin with one), line and paragraph separators, and the format
// characters that reorder or hide text (bidirectional overrides, zero-width
// ones, tags).
func Hostile(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	return r < 0xa0 || r > 0xa0 && unicode.In(r, unicode.Cf, unicode.Cc, unicode.Co, unicode.Zl, unicode.Zp)
}

// Sanitize makes a string from outside (a file name, an error that quotes
// one, bytes of a packet) safe to print: every hostile character and every
// byte that is not UTF-8 becomes visible, as \x1b or \u202e, and a line break
// becomes a space. Strings of ordinary characters come back as they are.
func Sanitize(s string) string {
	for _, r := range s {
		if Hostile(r) || r == utf8.RuneError {
			return sanitize(s)
		}
	}
	return s
}

func sanitize(s string) string {
	var b strings.Builder
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && n == 1, r < 0x100 && Hostile(r):
			c := byte(r)
			if n == 1 {
				c = s[i]
			}
			b.Write([]byte{'\\', 'x', hex[c>>4], hex[c&15]})
		case Hostile(r):
			b.Write(appendUnicodeEscape(nil, r))
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}
