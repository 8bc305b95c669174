package doctest

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const lifecycle = root + "/docs/tcp-lifecycle.md"

// cited is a capture that the page names, and the frames after it, if any.
var cited = regexp.MustCompile("`?([a-z0-9-]+/[AB])\\.pcap`?(?:, frames? ([0-9, and]+(?: to [0-9]+)?))?")

var number = regexp.MustCompile(`[0-9]+`)

// TestLifecycleCitations: what the page cites is there: the capture, and as many
// frames in it.
func TestLifecycleCitations(t *testing.T) {
	page, err := os.ReadFile(lifecycle)
	if err != nil {
		t.Fatal(err)
	}
	citations := cited.FindAllStringSubmatch(strings.Join(strings.Fields(string(page)), " "), -1)
	if len(citations) < 50 {
		t.Fatalf("%d citations found", len(citations))
	}
	for _, c := range citations {
		summary := records(t, c[1], "summary")
		frames := int(summary[0]["packets"].(float64))
		for _, n := range number.FindAllString(c[2], -1) {
			if f, _ := strconv.Atoi(n); f > frames {
				t.Errorf("%s has %d frames, no frame %d", c[1], frames, f)
			}
		}
	}
}

// TestLifecycleClaims holds what the page says of frames to the records: which
// state an end entered at which frame, by what; and what no end ever entered.
func TestLifecycleClaims(t *testing.T) {
	for _, c := range []struct {
		capture, side, state string
		frame                int // -1: never; 0: without a frame
		on                   string
	}{
		{"four-segment-close/A", "client", "FIN-WAIT-2", 9, "rcv.ACK-of-FIN"},
		{"four-segment-close/A", "client", "TIME-WAIT", 10, "rcv.FIN"},
		{"four-segment-close/A", "server", "TIME-WAIT", -1, ""},
		{"four-segment-close-by-server/A", "server", "TIME-WAIT", 10, "rcv.FIN"},
		{"four-segment-close-by-server/A", "client", "TIME-WAIT", -1, ""},
		{"three-segment-close/A", "client", "FIN-WAIT-2", 9, "rcv.ACK-of-FIN"},
		{"three-segment-close/A", "client", "TIME-WAIT", 9, "rcv.FIN"},
		{"simultaneous-close/A", "client", "CLOSING", 9, "rcv.FIN"},
		{"simultaneous-close/A", "server", "TIME-WAIT", 10, "rcv.ACK-of-FIN"},
		{"fin-lost-peer-closes/A", "client", "CLOSING", 9, "rcv.FIN"},
		{"fin-lost-peer-closes/A", "server", "CLOSING", -1, ""},
		{"ack-of-fin-lost/A", "client", "CLOSING", -1, ""},
		{"ack-of-fin-lost/B", "client", "CLOSING", -1, ""},
		{"ack-of-fin-lost/B", "client", "FIN-WAIT-2", 11, "rcv.ACK-of-FIN"},
		{"ack-of-fin-lost/B", "server", "CLOSE-WAIT", 8, "rcv.FIN"},
		{"close-wait/B", "server", "CLOSE-WAIT", 8, "rcv.FIN"},
		{"fin-wait-2-orphan-timeout/A", "client", "CLOSED", 0, "timeout.FIN-WAIT-2"},
		{"fin-wait-2-orphan-timeout/A", "client", "TIME-WAIT", -1, ""},
		{"process-killed/A", "client", "FIN-WAIT-1", 8, "snd.FIN"},
		{"process-killed-unread/A", "client", "CLOSED", 10, "snd.RST"},
		{"process-killed-unread/A", "client", "FIN-WAIT-1", -1, ""},
		{"keepalive-unanswered/A", "client", "CLOSED", 11, "snd.RST"},
		{"keepalive-unanswered/B", "server", "CLOSED", -1, ""},
		{"idle-cut/A", "client", "CLOSED", -1, ""},
		{"idle-cut/B", "server", "CLOSED", -1, ""},
		{"data-after-close/A", "client", "CLOSED", 11, "snd.RST"},
		{"half-open-data-reset/A", "client", "CLOSED", 9, "rcv.RST"},
		{"handshake-ack-lost/A", "server", "ESTABLISHED", 5, "rcv.ACK-of-SYN"},
		{"refused/A", "client", "CLOSED", 2, "rcv.RST"},
		{"syn-lost/A", "server", "SYN-RECEIVED", 2, "rcv.SYN"},
		{"syn-lost/B", "server", "SYN-RECEIVED", 1, "rcv.SYN"},
		{"syn-ack-lost/B", "client", "ESTABLISHED", 3, "rcv.SYN,ACK"},
		{"silence/A", "client", "SYN-SENT", 1, "snd.SYN"},
		{"reuse-by-time-wait-holder/A", "client", "SYN-SENT", 12, "snd.SYN"},
		{"reuse-accepted-by-timestamp/A", "server", "SYN-RECEIVED", 12, "rcv.SYN"},
		{"reuse-refused/A", "client", "ESTABLISHED", 16, "rcv.SYN,ACK"},
		{"reuse-refused/A", "server", "CLOSED", 14, "rcv.RST"},
		{"reuse-unsafe/B", "server", "CLOSED", 19, "rcv.RST"},
		{"time-wait-assassination/A", "client", "CLOSED", 12, "rcv.RST"},
		{"half-open-syn/A", "server", "CLOSED", 10, "rcv.RST"},
		{"abort-linger-0/A", "client", "CLOSED", 8, "snd.RST"},
		{"middlebox-rst-both/A", "client", "CLOSED", 8, "rcv.RST"},
		{"middlebox-rst-both/B", "server", "CLOSED", 8, "rcv.RST"},
	} {
		if got := entered(t, c.capture, c.side, c.state, c.frame, c.on); got != (c.frame >= 0) {
			t.Errorf("%s: %s enters %s at frame %d by %q: %t", c.capture, c.side, c.state, c.frame, c.on, got)
		}
	}
}

// entered says whether an end enters a state at a frame by a symbol, or at all
// where the frame is negative.
func entered(t *testing.T, capture, side, state string, frame int, on string) bool {
	for _, c := range records(t, capture, "connection") {
		for _, x := range c["transitions"].([]any) {
			x := x.(map[string]any)
			at, _ := x["frame"].(float64)
			if x["side"] == side && x["to"] == state && (frame < 0 || int(at) == frame && x["on"] == on) {
				return true
			}
		}
	}
	return false
}

// records returns the records of a type of a capture as they were reviewed.
func records(t *testing.T, capture, kind string) (list []map[string]any) {
	t.Helper()
	data, err := os.ReadFile(root + "/testdata/pcaps/" + capture + ".ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var r map[string]any
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r["type"] == kind {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s: no %s", capture, kind)
	}
	return list
}
