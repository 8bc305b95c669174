package report_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/sample"
)

func TestSanitize(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"a.pcap":                     "a.pcap",
		"日本語 ünï":                    "日本語 ünï",
		"\x1b[31mred":                `\x1b[31mred`,
		"a\r\nb\tc":                  "a  b c",
		"\u009b31m":                  `\x9b31m`,
		"\x00\x7f":                   `\x00\x7f`,
		"\xff\xc3":                   `\xff\xc3`,
		"abc\u202edef":               `abc\u202edef`,
		"\u200b\ufeff\u2028\u2069":   `\u200b\ufeff\u2028\u2069`,
		"\U000e0041":                 `\udb40\udc41`,
		"real replacement \ufffd ok": "real replacement \ufffd ok",
	} {
		if got := report.Sanitize(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzSanitize(f *testing.F) {
	for _, s := range sample.Strings() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Sanitize(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, report.Hostile) {
			t.Errorf("%q from %q", got, s)
		}
		if again := report.Sanitize(got); again != got {
			t.Errorf("%q from %q", again, got)
		}
	})
}

func TestStates(t *testing.T) {
	for in, want := range map[string]string{
		"FIN-WAIT-1": "FIN-WAIT-1", "FIN_WAIT1": "FIN-WAIT-1", "fin_wait_2": "FIN-WAIT-2", "fin-wait-2": "FIN-WAIT-2",
		"SYN_RCVD": "SYN-RECEIVED", "SYN_RECV": "SYN-RECEIVED", "SYN-RECV": "SYN-RECEIVED", "SYN_RECEIVED": "SYN-RECEIVED",
		"ESTAB": "ESTABLISHED", "LAST_ACK": "LAST-ACK", "TCP_CLOSE_WAIT": "CLOSE-WAIT", "CLOSE": "CLOSED", "timewait": "TIME-WAIT",
		"LISTENING": "LISTEN", "unknown": "UNKNOWN",
	} {
		if got, ok := report.ParseState(in); !ok || got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	for _, in := range []string{"", "FIN-WAIT", "FIN-WAIT-3", "SYN"} {
		if got, ok := report.ParseState(in); ok {
			t.Errorf("%q is read as %s", in, got)
		}
	}
	for _, name := range []string{"rfc", "linux", "netstat"} {
		names, ok := report.ParseNames(name)
		if !ok {
			t.Fatal(name)
		}
		for _, s := range report.States() {
			if back, ok := report.ParseState(names.State(s)); !ok || back != s {
				t.Errorf("%s: %s is spelt %s and read as %s", name, s, names.State(s), back)
			}
		}
	}
	if s := report.NamesLinux.State("FIN-WAIT-1") + report.NamesNetstat.State("FIN-WAIT-1"); s != "FIN_WAIT1FIN_WAIT_1" {
		t.Error(s)
	}
	if s := report.NamesLinux.State("ODD"); s != "ODD" {
		t.Error(s)
	}
}
