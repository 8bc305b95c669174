package detect_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
)

const pcaps = "../../testdata/pcaps"

// captures has, for every capture of testdata/pcaps, what is to be found at
// either end: A is the client's tap, B the server's. What happened is in the
// README of each.
var captures = map[string][2]string{
	"abort-linger-0":                  {"reset-abort", "reset-abort"},
	"accept-queue-overflow":           {"accept-queue-overflow", "accept-queue-overflow"},
	"close-wait":                      {"close-wait", "close-wait"},
	"data-after-close":                {"half-close-data-lost", "half-close-data-lost"},
	"final-ack-always-lost":           {"lost-final-ack", "last-ack-stuck"},
	"four-segment-close":              {"", ""},
	"four-segment-close-by-server":    {"", ""},
	"half-close":                      {"half-close", "half-close"},
	"half-open-data-reset":            {"reset-no-such-connection", "reset-no-such-connection"},
	"handshake-ack-lost":              {"handshake-ack-lost", "syn-ack-retransmitted"},
	"keepalive-answered":              {"keepalive-alive", "keepalive-alive"},
	"keepalive-reset":                 {"keepalive-reset", "keepalive-reset"},
	"keepalive-unanswered":            {"keepalive-unanswered", ""},
	"lost-final-ack":                  {"lost-final-ack", "fin-retransmitted"},
	"refused":                         {"connection-refused", "connection-refused"},
	"reuse-accepted-by-timestamp":     {"incarnation-reuse", "incarnation-reuse"},
	"reuse-by-time-wait-holder":       {"incarnation-reuse", "incarnation-reuse"},
	"reuse-refused":                   {"incarnation-reuse-refused", "incarnation-reuse-refused"},
	"simultaneous-close":              {"simultaneous-close", "simultaneous-close"},
	"three-segment-close":             {"three-segment-close", "three-segment-close"},
	"time-wait-assassination":         {"time-wait-assassination", ""}, // forged on the way: B never saw it
	"dead-peer":                       {"dead-peer", ""},
	"descriptors-used-up":             {"half-close-data-lost three-segment-close", "half-close-data-lost three-segment-close"},
	"fast-open":                       {"fast-open", "fast-open"},
	"fin-lost-peer-closes":            {"fin-retransmitted simultaneous-close", "simultaneous-close"}, // A's first FIN never reached B
	"half-open-syn":                   {"reset-no-such-connection", "reset-no-such-connection"},
	"idle-cut":                        {"", ""},
	"middlebox-rst-both":              {"reset-abort", "reset-abort"},                                        // one RST alone, in the right form, looks like its alleged sender's
	"reuse-unsafe":                    {"reset-abort reset-no-such-connection", "old-duplicate reset-abort"}, // B alone sees the old RST
	"simultaneous-open":               {"simultaneous-open", "simultaneous-open"},
	"syn-cookies":                     {"", ""},
	"ack-of-fin-lost":                 {"fin-retransmitted", "fin-retransmitted"},
	"fin-wait-2-orphan-timeout":       {"reset-after-close", "reset-after-close"},
	"process-killed":                  {"", ""},
	"process-killed-unread":           {"reset-abort", "reset-abort"},
	"silence":                         {"connection-unanswered"}, // nothing reached B
	"syn-ack-lost":                    {"syn-retransmitted", "syn-ack-retransmitted"},
	"syn-lost":                        {"syn-retransmitted", ""},
	"accept-never-called":             {"application-silent close-wait", "application-silent close-wait"},
	"close-wait-leak":                 {"close-wait three-segment-close", "close-wait three-segment-close"}, // too young, by the default thresholds
	"middlebox-idle-timeout":          {"dead-peer", ""},                                                    // the idle time of the story is below the default threshold
	"middlebox-rst-one":               {"reset-injected", "reset-no-such-connection"},
	"outage":                          {"outage-recovered", "outage-recovered"},
	"peer-rebooted":                   {"peer-rebooted reset-no-such-connection", "peer-rebooted reset-no-such-connection"},
	"ports-used-up":                   {"port-exhaustion three-segment-close", "port-exhaustion three-segment-close"},
	"syn-flood":                       {"", "syn-ack-retransmitted syn-flood"}, // A has sent none of them
	"rejected-by-icmp":                {"connection-rejected", ""},
	"time-wait-bucket-limit-shutdown": {"lost-final-ack reset-after-close time-wait-missing", "fin-retransmitted reset-after-close"},
	"fin-wait-1-gives-up":             {"fin-wait-1-stuck", ""},
	"captured-at-a-nat":               {"three-segment-close two-taps"},
	"captured-mid-stream":             {"mid-stream"},
	"encapsulated":                    {""},
	"fragment-attack":                 {"connection-unanswered fragment-attack three-segment-close"},
	"captured-one-way":                {"one-way-capture"},
	"captured-twice":                  {"capture-duplicates"},
	"captured-with-loss":              {"capture-loss half-close"},
	"captured-without-final-ack":      {"final-ack-unseen incarnation-reuse"},
	"zero-window":                     {"three-segment-close zero-window-stall", "three-segment-close zero-window-stall"},
}

// TestCaptures runs the analyzer with its detectors over captures of real
// kernels.
func TestCaptures(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(pcaps, "*", "README.md"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no captures in %s: %v", pcaps, err)
	}
	for _, readme := range dirs {
		name := filepath.Base(filepath.Dir(readme))
		want, ok := captures[name]
		if !ok {
			t.Errorf("%s: nobody has said what is to be found in it", name)
			continue
		}
		for i, tap := range []string{"A.pcap", "B.pcap"} {
			path := filepath.Join(pcaps, name, tap)
			if _, err := os.Stat(path); err != nil {
				continue
			}
			if got := strings.Join(findings(t, path), " "); got != want[i] {
				t.Errorf("%s/%s: found %q, want %q", name, tap, got, want[i])
			}
		}
	}
}

// findings returns the ids of all findings of a capture, each once, sorted.
func findings(t *testing.T, path string) []string {
	t.Helper()
	set, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	a := analyzer.New(analyzer.Options{})
	var p capture.Packet
	for {
		if err = set.Next(&p); err != nil {
			break
		}
		a.AddPacket(&p)
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	a.Close()
	var ids []string
	for r := range a.Records() {
		if f, ok := r.(*report.Finding); ok {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
