package main

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
)

func commands() []*cobra.Command {
	return documented(newRoot(&app{in: strings.NewReader(""), out: io.Discard, err: io.Discard}))
}

// TestEnvironment: there is a variable for every flag of every command, which
// counts unless the command line sets the flag, and a wrong value in it is a
// usage error that names it.
func TestEnvironment(t *testing.T) {
	samples := map[string]string{
		"bool": "true", "string": "x", "N": "50", "DURATION": "45s", "[PREFIX=]NAME": "rfc", "SEVERITY|ID": "warning",
		"FORMAT": "json", "ORDER": "worst", "MODE": "abs", "SPELLING": "linux", "WHEN": "never", "SIZE": "1.5GiB",
		"NAME=VALUE": "close-wait=90s", "PORT=NAME": "4790=vxlan",
	}
	n := 0
	for _, cmd := range commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" || f.Name == "version" || cmd.HasParent() && cmd.Parent().Name() == "completion" {
				return
			}
			n++
			sample, ok := samples[f.Value.Type()]
			if !ok {
				t.Fatalf("--%s: no sample of a %s", f.Name, f.Value.Type())
			}
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			flags.AddFlag(f)
			before := f.Value.String()
			one := func(value string) func(string) (string, bool) {
				return func(name string) (string, bool) { return value, name == environmentName(f.Name) }
			}
			if err := setFromEnvironment(flags, one("")); err != nil || f.Changed {
				t.Errorf("%s --%s: an empty variable set it (%v)", cmd.Name(), f.Name, err)
			}
			if f.Value.Type() != "string" {
				err := setFromEnvironment(flags, one("\x00wrong"))
				if e, ok := errors.AsType[*exitError](err); !ok || e.code != exitUsage || !strings.Contains(err.Error(), environmentName(f.Name)) {
					t.Errorf("%s --%s: %v", cmd.Name(), f.Name, err)
				}
			}
			if err := setFromEnvironment(flags, one(sample)); err != nil || f.Value.String() == before {
				t.Errorf("%s --%s: %q, %v", cmd.Name(), f.Name, f.Value, err)
			}
			set := f.Value.String()
			if err := setFromEnvironment(flags, one("\x00wrong")); err != nil || f.Value.String() != set {
				t.Errorf("%s --%s: set again: %q, %v", cmd.Name(), f.Name, f.Value, err)
			}
		})
	}
	if n < 50 {
		t.Errorf("only %d flags", n)
	}
}

// TestHelpListsWords: the help of a flag that takes one of a few words names
// them all, and the shell is offered them.
func TestHelpListsWords(t *testing.T) {
	n := 0
	for _, cmd := range commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			v, ok := f.Value.(interface{ words() []string })
			if !ok || f.Name == "fail-on" || f.Name == "threshold" {
				return
			}
			for _, w := range v.words() {
				if !strings.Contains(f.Usage, w) {
					t.Errorf("%s --%s: the help does not name %s", cmd.Name(), f.Name, w)
				}
				n++
			}
		})
	}
	if n < 50 {
		t.Errorf("only %d words", n)
	}
}

// TestUsageFits: the help keeps to 100 columns and says what every flag does.
func TestUsageFits(t *testing.T) {
	for _, cmd := range commands() {
		if cmd.HasParent() && cmd.Parent().Name() == "completion" {
			continue // cobra's
		}
		for line := range strings.SplitSeq(cmd.Long+"\n"+usage(cmd), "\n") {
			if len([]rune(line)) > helpWidth {
				t.Errorf("%s: %s", cmd.Name(), line)
			}
		}
		if cmd.Short == "" {
			t.Errorf("%s: not described", cmd.Name())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s: not described", cmd.Name(), f.Name)
			}
		})
	}
}

func TestSeverities(t *testing.T) {
	for i, s := range severities {
		if report.SeverityRank(s) != i {
			t.Errorf("%s has rank %d", s, report.SeverityRank(s))
		}
	}
	if report.SeverityRank("catastrophic") >= 0 || len(severities) != 4 {
		t.Error("another severity is known to report")
	}
}

func TestAlarm(t *testing.T) {
	for _, c := range []struct {
		set          []string
		id, severity string
		met          bool
		printed      string
	}{
		{nil, "lost-final-ack", "critical", false, ""},
		{[]string{"notice"}, "lost-final-ack", "info", false, "notice"},
		{[]string{"notice"}, "lost-final-ack", "notice", true, "notice"},
		{[]string{"notice"}, "lost-final-ack", "critical", true, "notice"},
		{[]string{"critical", "notice"}, "x", "notice", true, "notice"},
		{[]string{"notice", "critical"}, "x", "notice", true, "notice"},
		{[]string{"half-close"}, "half-close", "info", true, "half-close"},
		{[]string{"half-close"}, "dead-peer", "critical", false, "half-close"},
		{[]string{" Critical , half-close"}, "half-close", "info", true, "critical,half-close"},
	} {
		var a alarm
		for _, s := range c.set {
			if err := a.Set(s); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
		if got := a.met(&report.Finding{ID: c.id, Severity: c.severity}); got != c.met || a.String() != c.printed {
			t.Errorf("%q: %v for %s (%s), prints %q", c.set, got, c.id, c.severity, a.String())
		}
	}
}

// TestPrecedence: of any codes together, the first of 2, 1, 130, 4, 3, 0.
func TestPrecedence(t *testing.T) {
	order := []exitCode{2, 1, 130, 4, 3, 0}
	for i, first := range order {
		rest := slices.Clone(order[i:])
		slices.Reverse(rest)
		if got := worst(rest...); got != first {
			t.Errorf("of %v: %d", rest, got)
		}
	}
	if worst() != exitOK {
		t.Error("nothing is not 0")
	}
}

// TestComplaints: an error is a line each, and none of them can do harm on a
// terminal.
func TestComplaints(t *testing.T) {
	for _, c := range []struct {
		err  error
		code exitCode
		said string
	}{
		{nil, 0, ""},
		{errors.New("a\x1b[31m\nb"), 1, "lastack: a\\x1b[31m b\n"},
		{errors.Join(errors.New("a"), errors.Join(errors.New("b"), errors.New("c"))), 1, "lastack: a\nlastack: b\nlastack: c\n"},
		{&exitError{code: exitDamaged}, 3, ""},
		{&exitError{exitFindings, errors.New("a")}, 4, "lastack: a\n"},
		{usagef("x %s", "y"), 2, "lastack: x y\nTry 'lastack --help'.\n"},
		{syscall.EPIPE, 0, ""},
		{errors.Join(errors.New("a"), syscall.EPIPE), 0, ""},
		{io.ErrClosedPipe, 0, ""},
	} {
		var said bytes.Buffer
		code := (&app{err: &said}).exit(&cobra.Command{Use: "lastack"}, c.err)
		if code != c.code || said.String() != c.said {
			t.Errorf("%v: code %d, %q", c.err, code, said.String())
		}
	}
}

func TestTerminal(t *testing.T) {
	env := func(list ...string) func(string) string {
		return func(name string) string {
			for _, v := range list {
				if k, v, _ := strings.Cut(v, "="); k == name {
					return v
				}
			}
			return ""
		}
	}
	for _, c := range []struct {
		env   []string
		utf8  bool
		color bool
	}{
		{[]string{"TERM=xterm"}, true, true},
		{[]string{"TERM=xterm", "NO_COLOR=0"}, true, false},
		{[]string{"TERM=dumb"}, true, false},
		{[]string{"TERM=xterm", "LANG=de_DE.UTF-8"}, true, true},
		{[]string{"TERM=xterm", "LANG=de_DE.utf8"}, true, true},
		{[]string{"TERM=xterm", "LANG=de_DE.ISO-8859-1"}, false, true},
		{[]string{"TERM=xterm", "LANG=de_DE.UTF-8", "LC_ALL=C"}, false, true},
		{[]string{"TERM=xterm", "LANG=C", "LC_CTYPE=C.UTF-8"}, true, true},
		{[]string{"TERM=xterm", "LANG=C", "LC_CTYPE=C.UTF-8", "LC_ALL=POSIX"}, false, true},
	} {
		if got := showsUTF8(env(c.env...)); got != c.utf8 {
			t.Errorf("%v: UTF-8 %v", c.env, got)
		}
		if got := wantsColor(env(c.env...)); got != c.color {
			t.Errorf("%v: colour %v", c.env, got)
		}
	}
}

// TestDecodable: a link type is known to have a decoder or not without any
// packet of it.
func TestDecodable(t *testing.T) {
	n := 0
	for l := range capture.LinkType(400) {
		if decodable(l) {
			n++
		}
	}
	if n < 40 || n > 60 {
		t.Errorf("%d link types have a decoder", n)
	}
	for link, want := range map[capture.LinkType]bool{
		capture.LinkEthernet: true, capture.LinkRaw: true, capture.LinkSLL2: true, 105: true, 127: true, 220: false, 9999: false,
	} {
		if decodable(link) != want {
			t.Errorf("%v: %v", link, !want)
		}
	}
	for link, want := range map[capture.LinkType]string{
		220:  "link type 220 (USB_LINUX_MMAPPED) has no decoder: its packets are skipped",
		9999: "link type 9999 has no decoder: its packets are skipped",
	} {
		if got := noDecoder(link).Error(); got != want {
			t.Error(got)
		}
	}
}
