package words_test

import (
	"math"
	"strings"
	"testing"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/words"
)

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		words.Count(0): "0", words.Count(999): "999", words.Count(1000): "1,000", words.Count(uint64(41200)): "41,200",
		words.Count(uint64(math.MaxUint64)): "18,446,744,073,709,551,615", words.Count(-1204): "-1,204",
		words.Plural(1, "connection"): "1 connection", words.Plural(0, "byte"): "0 bytes", words.Plural(1204, "retry"): "1,204 retries",
		words.Times(1): "once", words.Times(2): "twice", words.Times(3): "3 times",
		words.Bytes(1): "1 byte", words.Bytes(820): "820 bytes", words.Bytes(1000): "1 kB", words.Bytes(9_100_000): "9.1 MB",
		words.Bytes(999_949): "1 MB", words.Bytes(123_456): "123 kB", words.Bytes(math.MaxUint64): "18.4 EB",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for s, want := range map[float64]string{
		0: "0 s", 1e-9: "under 0.1 us", 0.000046: "46 us", 0.0001: "0.1 ms", 0.0206: "20.6 ms", 0.211: "211 ms", 0.9994: "999 ms",
		0.9996: "1 s", 1.5: "1.5 s", 1.034: "1.03 s", 15: "15 s", 59.94: "59.9 s", 59.96: "1 min", 290: "4 min 50 s",
		3599.4: "59 min 59 s", 3599.6: "1 h", 7380: "2 h 3 min", 86399: "1 d", 439200: "5 d 2 h", -1.5: "-1.5 s",
		math.Inf(1): "?",
	} {
		if got := words.Seconds(s); got != want {
			t.Errorf("%v: %s, want %s", s, got, want)
		}
	}
	if words.Seconds(math.NaN()) != "?" {
		t.Error("NaN")
	}
}

// TestSecondsRounds: no unit overflows into the next one.
func TestSecondsRounds(t *testing.T) {
	for s := 1e-7; s < 1e7; s *= 1.0007 {
		got := words.Seconds(s)
		for _, bad := range []string{"60 s", "60 min", "24 h", "1000 ", "e+", "."} {
			if strings.HasSuffix(got, bad) || strings.Contains(got, " "+bad) {
				t.Fatalf("%v: %s", s, got)
			}
		}
	}
}

func TestStory(t *testing.T) {
	for name, want := range map[string]string{
		"lost-final-ack":     "opened three-way, closed in four segments by the client first, final ACK lost once",
		"simultaneous-close": "opened three-way, closed by both at once",
		"three-segment":      "opened three-way, closed in three segments by the client first",
		"dead-peer":          "opened three-way, given up without an answer, reset afterwards (keepalive probes went unanswered)",
		"mid-stream":         "already open when the capture began, half-closed by the server, the client never closed its side",
		"refused":            "refused",
		"reuse-refused":      "opened three-way, not closed in this capture",
	} {
		if got := words.Story(sample.Ladders()[name].Connection); got != want {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
	}
}

func TestEnded(t *testing.T) {
	for name, want := range map[string]string{
		"lost-final-ack": "four-segment, client", "simultaneous-close": "simultaneous", "refused": "refused",
		"mid-stream": "half-closed, server", "dead-peer": "given up, client", "reuse-refused": "not closed",
	} {
		if got := words.Ended(sample.Ladders()[name].Connection); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	c := sample.LostFinalAck().Connection
	c.Close = report.Close{Kind: "reset", FirstCloser: report.Client, Reset: &report.ResetCause{By: report.Server, Cause: "abort"}}
	if got := words.Ended(c) + "; " + words.Story(c); got != "reset by server; opened three-way, reset by the server (aborted by its sender)" {
		t.Error(got)
	}
}
