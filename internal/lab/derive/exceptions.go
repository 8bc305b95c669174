package derive

import "github.com/lastack/lastack/internal/lab/judge"

// misled are the endpoints that something derived contradicts, by story, end and
// tap, and why nothing in it tells better.
var misled = map[[3]string]string{
	{"blind-syn", "A", "B"}:                                      "without B's challenge ACK and what A sent afterwards the forged SYN is like any other",
	{"fast-open-syn-ack-lost", "A", "A"}:                         "the answer to a SYN that was not captured comes before the SYN's repetition, as from an older connection",
	{"rst-with-data-half-closed", "B", "A"}:                      "where the options of headers are cut off, its payload alone speaks against a forged RST",
	{"old-syn-to-listener", "A", "B"}:                            "where the RST or the SYN,ACK that it answers is missing the old SYN is like any other",
	{"old-syn-to-listener", "A", "AB"}:                           "at A's tap the RST comes as soon as from a host that gave its own SYN up",
	{"simultaneous-open-close-syn-lost", "A", "B"}:               "without B's SYN,ACK its SYN, lost behind this tap, is all that A can have answered",
	{"simultaneous-open-close-syn-lost", "B", "A"}:               "B's SYN was lost, and without the round trip or the FIN itself nothing tells that it left too soon for a listener's",
	{"simultaneous-open-close-syn-lost-no-timestamps", "A", "B"}: "without B's SYN,ACK its SYN, lost behind this tap, is all that A can have answered",
	{"simultaneous-open-close-syn-lost-no-timestamps", "B", "A"}: "B's SYN was lost, and without the round trip or the FIN itself nothing tells that it left too soon for a listener's",
	{"syn-other-isn", "A", "B"}:                                  "without the SYN,ACKs between them the forged SYN is like any other, and ends the attempt before it",
	{"time-wait-bucket-limit-shutdown", "A", "A"}:                "without the RST that shows it, A's missing TIME-WAIT is like any other",
}

// Why is the reason for a fault that is known, "" for one that is not.
func (f *Fault) Why() string {
	if f.Row.Verdict != judge.Contradicted {
		return ""
	}
	return misled[f.key()]
}

func (f *Fault) key() [3]string {
	return [3]string{judge.Base(f.Row.Capture), f.Row.Endpoint.EP, f.Row.Tap}
}
