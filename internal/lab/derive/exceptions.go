package derive

import "github.com/lastack/lastack/internal/lab/judge"

// misled are the stories of which something derived is contradicted, and why
// nothing in it tells better.
var misled = map[string]string{
	"blind-data-bad-ack":              "where the capture begins with the forged segment, nothing goes before it that it would not fit",
	"blind-fin-bad-ack":               "where the capture begins with the forged segment, nothing goes before it that it would not fit",
	"blind-syn":                       "without B's challenge ACK, or what A sent afterwards, the forged SYN is like any other",
	"old-duplicate-syn-no-timestamps": "where the connection's SYN was not captured and has no timestamp, a late copy of it is like a new one",
	"old-syn-to-listener":             "where the RST or the SYN,ACK that it answers is missing, and at A's tap, too, the old SYN is like any other",
	"syn-other-isn":                   "without the frames between the two SYNs the forged one is like any other",
	"time-wait-bucket-limit-shutdown": "without the RST that shows it, A's missing TIME-WAIT is like any other",
}

// Why is the reason for a fault that is known, "" for one that is not.
func (f *Fault) Why() string {
	if f.Row.Verdict != judge.Contradicted {
		return ""
	}
	return misled[judge.Base(f.Row.Capture)]
}
