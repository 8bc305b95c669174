package main

import (
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	xterm "golang.org/x/term"

	"github.com/lastack/lastack/report/term"
)

// look is how a report for people is to look, by the settings and, where these
// leave it open, by the terminal.
func (s *settings) look(a *app, toFile bool) term.Look {
	l := term.Look{
		Width:       s.width.value,
		Color:       s.color.value == colorAlways,
		ASCII:       s.ascii,
		Location:    time.Local,
		Time:        s.time.value,
		Names:       s.names.value,
		AbsoluteSeq: s.absoluteSeq,
	}
	if s.utc {
		l.Location = time.UTC
	}
	if tty := terminalOf(a.out); tty != nil && !toFile {
		l.Color = l.Color || s.color.value == colorAuto && wantsColor(os.Getenv)
		l.ASCII = l.ASCII || !showsUTF8(os.Getenv)
		if width, _, err := xterm.GetSize(int(tty.Fd())); err == nil && l.Width == 0 {
			l.Width = width
		}
	}
	return l
}

// terminalOf returns w if it is a terminal, else nil.
func terminalOf(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		return f
	}
	return nil
}

func isTerminal(f *os.File) bool { return xterm.IsTerminal(int(f.Fd())) }

// wantsColor: NO_COLOR (no-color.org) and dumb terminals do not, nor does the
// console of Windows before its Terminal.
func wantsColor(env func(string) string) bool {
	old := runtime.GOOS == "windows" && env("WT_SESSION") == "" && env("TERM") == ""
	return env("NO_COLOR") == "" && env("TERM") != "dumb" && !old
}

// showsUTF8 asks the locale. Where none is set, as in many containers, nothing
// is known of the terminal, and most show UTF-8.
func showsUTF8(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := env(name); locale != "" {
			locale = strings.ToUpper(strings.ReplaceAll(locale, "-", ""))
			return strings.Contains(locale, "UTF8")
		}
	}
	return true
}
