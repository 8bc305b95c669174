package explain_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/explain"
	"github.com/lastack/lastack/report/internal/golden"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/term"
)

func TestEveryFindingAndStateIsExplained(t *testing.T) {
	for _, id := range report.FindingIDs() {
		if e, ok := explain.Lookup(id); !ok || e.Name != id || e.Kind != explain.Finding {
			t.Errorf("%s: %s %s", id, e.Kind, e.Name)
		}
	}
	for _, s := range report.States() {
		for _, n := range []report.Names{report.NamesRFC, report.NamesLinux, report.NamesNetstat} {
			if e, ok := explain.Lookup(n.State(s)); !ok || e.Name != s || e.Kind != explain.State {
				t.Errorf("%s: %s %s", n.State(s), e.Kind, e.Name)
			}
		}
	}
}

func TestLookup(t *testing.T) {
	for in, want := range map[string]string{
		"FIN_WAIT1": "FIN-WAIT-1", "FIN_WAIT_2": "FIN-WAIT-2", "fin-wait-2": "FIN-WAIT-2", "SYN_RCVD": "SYN-RECEIVED",
		"SYN_RECV": "SYN-RECEIVED", "ESTAB": "ESTABLISHED", "TIME_WAIT": "TIME-WAIT", "last_ack": "LAST-ACK", " CLOSE_WAIT ": "CLOSE-WAIT",
		"2msl": "2MSL", "MSL": "2MSL", "TIME-WAIT assassination": "time-wait-assassination", "challenge ack": "challenge ACK",
		"incarnation": "incarnation", "paws": "PAWS", "keepalive": "keepalive", "SO_KEEPALIVE": "keepalive",
		"net.ipv4.tcp_fin_timeout": "tcp_fin_timeout", "tcp-tw-reuse": "tcp_tw_reuse", "tcp_tw_recycle": "tcp_tw_recycle",
		"tcp_max_tw_buckets": "tcp_max_tw_buckets", "tcp_orphan_retries": "tcp_orphan_retries", "tcp_retries2": "tcp_retries2",
		"tcp_keepalive_time": "tcp_keepalive_time", "tcp_keepalive_intvl": "tcp_keepalive_intvl",
		"tcp_keepalive_probes": "tcp_keepalive_probes", "tcp_syn_retries": "tcp_syn_retries",
		"tcp_synack_retries": "tcp_synack_retries", "tcp_abort_on_overflow": "tcp_abort_on_overflow",
		"net.core.somaxconn": "somaxconn", "so_linger": "SO_LINGER", "SO_REUSEADDR": "SO_REUSEADDR",
		"TCP_USER_TIMEOUT": "TCP_USER_TIMEOUT", "TCP_DEFER_ACCEPT": "TCP_DEFER_ACCEPT", "tcp_rfc1337": "tcp_rfc1337",
		"tcp_syncookies": "tcp_syncookies", "SYN cookies": "tcp_syncookies", "ip_local_port_range": "ip_local_port_range",
		"close-wait-leak": "close-wait-leak", "close_wait": "CLOSE-WAIT", "half-close": "half-close", "ECONNREFUSED": "connection-refused",
	} {
		if e, ok := explain.Lookup(in); !ok || e.Name != want {
			t.Errorf("%q: %q, want %q", in, e.Name, want)
		}
	}
	for _, in := range []string{"", "nonsense", "FIN-WAIT", "tcp_", "-"} {
		if e, ok := explain.Lookup(in); ok {
			t.Errorf("%q: %q", in, e.Name)
		}
	}
}

// TestNamesAreUnique: no name or alias finds two entries.
func TestNamesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, e := range explain.List() {
		for _, n := range append([]string{e.Name}, e.Aliases...) {
			got, ok := explain.Lookup(n)
			if !ok || got.Name != e.Name {
				t.Errorf("%q of %q finds %q", n, e.Name, got.Name)
			}
			if other := seen[n]; other != "" {
				t.Errorf("%q is a name of %q and %q", n, other, e.Name)
			}
			seen[n] = e.Name
		}
	}
}

func TestEntriesAreWhole(t *testing.T) {
	for _, e := range explain.List() {
		if strings.TrimSpace(e.Means) == "" || e.Kind == explain.Finding && (e.Decides == "" || len(e.Refs) == 0) {
			t.Errorf("%s says too little", e.Name)
		}
		for _, text := range []string{e.Means, e.Decides, e.Alike, e.Do} {
			if text != "" && !strings.HasSuffix(strings.TrimRight(text, " )"), ".") {
				t.Errorf("%s: no full stop: %q", e.Name, text[max(0, len(text)-30):])
			}
		}
		for _, s := range e.See {
			if got, ok := explain.Lookup(s); !ok || got.Name == e.Name {
				t.Errorf("%s: see also %q finds nothing else", e.Name, s)
			}
		}
	}
}

func TestNear(t *testing.T) {
	for in, want := range map[string]string{
		"FIN-WAIT": "FIN-WAIT-1", "TIMEWAITS": "TIME-WAIT", "tcp_fin_timeuot": "tcp_fin_timeout", "lost-final-akc": "lost-final-ack",
		"keepalives": "keepalive", "close-wait-leek": "close-wait-leak", "backlogs": "accept-queue-overflow", "so_lingre": "SO_LINGER",
	} {
		if got := explain.Near(in); !slices.Contains(got, want) || len(got) > 5 {
			t.Errorf("%q: %q, want %q among them", in, got, want)
		}
	}
	for _, in := range []string{"", "xyzzyplugh", strings.Repeat("\xff", 5000)} {
		if got := explain.Near(in); len(got) > 0 {
			t.Errorf("%.20q: %q", in, got)
		}
	}
}

// TestOftenToldWrong holds the manual to the facts that are often told wrong.
func TestOftenToldWrong(t *testing.T) {
	for name, facts := range map[string][]string{
		"FIN-WAIT-2":           {"entered on the ACK of its FIN, not on the other's FIN"},
		"tcp_fin_timeout":      {"not the length of TIME-WAIT", "nothing for CLOSE-WAIT"},
		"tcp_keepalive_probes": {"675 s", "more than 11 minutes", "7,875 s"},
		"FIN":                  {"kill -9"},
		"reset-abort":          {"kill -9 by itself does not abort"},
		"CLOSE-WAIT":           {"TCP has no timer for it and no sysctl ends it"},
		"SO_REUSEADDR":         {"does not let a client use a whole tuple again"},
		"tcp_tw_recycle":       {"removed in Linux 4.12"},
		"time-wait-on-server":  {"but no ports"},
		"tcp_tw_reuse":         {"outgoing connections only"},
		"CLOSING":              {"A lost ACK alone cannot"},
	} {
		e, _ := explain.Lookup(name)
		all := strings.Join(strings.Fields(e.Means+" "+e.Decides+" "+e.Alike+" "+e.Do), " ")
		for _, f := range facts {
			if !strings.Contains(all, f) {
				t.Errorf("%s does not say %q", name, f)
			}
		}
	}
}

func render(t interface{ Fatal(...any) }, e explain.Entry, look term.Look) string {
	var out bytes.Buffer
	if err := explain.Render(&out, e, look); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		term string
		look term.Look
	}{
		{"CLOSE-WAIT", term.Look{Names: report.NamesLinux}}, {"lost-final-ack", term.Look{Width: 80}},
		{"tcp_fin_timeout", term.Look{Width: 60}}, {"port-exhaustion", term.Look{Color: true}},
	} {
		e, _ := explain.Lookup(c.term)
		golden.Check(t, c.term+".txt", render(t, e, c.look))
	}
}

func TestEveryEntryFits(t *testing.T) {
	for _, e := range explain.List() {
		for _, width := range []int{40, 80, 100} {
			for _, line := range strings.Split(render(t, e, term.Look{Width: width, ASCII: true}), "\n") {
				if term.Width(line) > width || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("%s: %q", e.Name, line)
				}
			}
		}
	}
}

func TestHostileEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e explain.Entry
		sample.Fill(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), &e)
		out := render(t, e, term.Look{Width: 60})
		if strings.ContainsFunc(strings.ReplaceAll(out, "\n", ""), report.Hostile) {
			t.Fatalf("%q", out)
		}
		explain.Lookup(e.Name)
		explain.Near(e.Name)
	})
}

func ExampleLookup() {
	e, ok := explain.Lookup("FIN_WAIT2")
	fmt.Println(e.Name, e.Kind, ok)
	// Output: FIN-WAIT-2 state true
}
