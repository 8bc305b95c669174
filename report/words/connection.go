package words

import (
	"strconv"
	"strings"

	"github.com/lastack/lastack/report"
)

// open has, for each kind of opening, how a table and how a sentence says it.
var open = map[string][2]string{
	"three-way":    {"three-way", "opened three-way"},
	"simultaneous": {"simultaneous", "opened by both at once"},
	"fast-open":    {"fast open", "opened with TCP Fast Open"},
	"split":        {"split", "opened by a split handshake"},
	"refused":      {"refused", "refused"},
	"rejected":     {"rejected", "rejected by an ICMP error"},
	"unanswered":   {"no answer", "never answered"},
	"incomplete":   {"not completed", "opened half: the handshake was never completed"},
	"stray-syn":    {"stray SYN", "a stray SYN that opened nothing"},
	"mid-stream":   {"before the capture", "already open when the capture began"},
}

// Inside names the VLANs and tunnels that a connection was in, the outermost first, "" for none.
func Inside(c *report.Connection) string {
	if len(c.VLAN) == 0 && len(c.Tunnel) == 0 {
		return ""
	}
	var parts []string
	for _, id := range c.VLAN {
		parts = append(parts, "VLAN "+strconv.Itoa(int(id)))
	}
	return "in " + strings.Join(append(parts, c.Tunnel...), ", ")
}

// Opened names how a connection opened, in a word or two.
func Opened(kind string) string { return short(open, kind) }

// cause has, for each cause of a reset, the same in words.
var cause = map[string]string{
	"refused":                 "refused: nothing listens there",
	"no-such-connection":      "its sender knew of no such connection",
	"abort":                   "aborted by its sender",
	"after-close":             "its sender had closed before",
	"keepalive":               "keepalive probes went unanswered",
	"retransmission":          "retransmissions went unanswered",
	"time-wait-assassination": "TIME-WAIT assassination",
	"challenge":               "answer to a challenge ACK",
	"injected":                "probably injected by a third party",
	"unknown":                 "cause unknown",
}

// Cause says why a reset was sent.
func Cause(id string) string {
	if w, ok := cause[id]; ok {
		return w
	}
	return id
}

// ended has, for each kind of close, how a table and how a sentence says it;
// what the sentence says of the first closer is added.
var ended = map[string][2]string{
	"four-segment":  {"four-segment", "closed in four segments"},
	"three-segment": {"three-segment", "closed in three segments"},
	"simultaneous":  {"simultaneous", "closed by both at once"},
	"half-closed":   {"half-closed", "half-closed"},
	"reset":         {"reset", "reset"},
	"timeout":       {"given up", "given up without an answer"},
	"superseded":    {"superseded", "ended when a new incarnation took its place"},
	"evicted":       {"evicted", "dropped by lastack for want of memory, its end unknown"},
	"none":          {"not closed", "not closed in this capture"},
}

// Closed names how connections of that kind closed, in a word or two.
func Closed(kind string) string { return short(ended, kind) }

// neverOpen are the kinds of opening that left nothing to close.
var neverOpen = map[string]bool{"refused": true, "rejected": true, "unanswered": true, "incomplete": true, "stray-syn": true}

// Ended says in a word or two how the connection ended and by whom: what
// stands in a table.
func Ended(c *report.Connection) string {
	if neverOpen[c.Open.Kind] {
		return Opened(c.Open.Kind)
	}
	text := Closed(c.Close.Kind)
	if c.Close.Kind == "reset" && c.Close.Reset != nil && known(c.Close.Reset.By) {
		return text + " by " + string(c.Close.Reset.By)
	}
	if known(c.Close.FirstCloser) && c.Close.Kind != "none" {
		text += ", " + string(c.Close.FirstCloser)
	}
	return text
}

func known(s report.Side) bool { return s == report.Client || s == report.Server }

// Story says in one sentence how the connection opened and how it ended.
func Story(c *report.Connection) string {
	parts := []string{sentence(open, c.Open.Kind)}
	if !neverOpen[c.Open.Kind] {
		parts = append(parts, closing(c))
	}
	switch {
	case c.Close.FinalAck == "lost":
		parts = append(parts, "final ACK lost"+repeats(c))
	case c.Close.FinalAck == "unseen" && c.Close.EndedBy == "fin":
		parts = append(parts, "final ACK not captured")
	}
	if r := c.Close.Reset; r != nil && c.Close.Kind != "reset" && !neverOpen[c.Open.Kind] {
		parts = append(parts, "reset afterwards ("+Cause(r.Cause)+")")
	}
	return strings.Join(parts, ", ")
}

// repeats says how often the passive closer's FIN came again, where that is
// one number.
func repeats(c *report.Connection) string {
	n := c.Close.FINRetransmits.Server
	if c.Close.FirstCloser == report.Server {
		n = c.Close.FINRetransmits.Client
	}
	if n == 1 || n == 2 {
		return " " + Times(n)
	}
	return ""
}

func closing(c *report.Connection) string {
	text := sentence(ended, c.Close.Kind)
	first := c.Close.FirstCloser
	switch c.Close.Kind {
	case "four-segment", "three-segment":
		if known(first) {
			text += " by the " + string(first) + " first"
		}
	case "half-closed":
		if known(first) {
			text += " by the " + string(first) + ", the " + string(first.Peer()) + " never closed its side"
		}
	case "reset":
		if r := c.Close.Reset; r != nil {
			if known(r.By) {
				text += " by the " + string(r.By)
			}
			text += " (" + Cause(r.Cause) + ")"
		}
	}
	return text
}

func short(table map[string][2]string, kind string) string {
	if w, ok := table[kind]; ok {
		return w[0]
	}
	return kind
}

func sentence(table map[string][2]string, kind string) string {
	if w, ok := table[kind]; ok {
		return w[1]
	}
	return kind
}

// linkTypes are those whose name in a capture says little.
var linkTypes = map[string]string{
	"EN10MB": "Ethernet", "LINUX_SLL": "Linux cooked", "LINUX_SLL2": "Linux cooked v2", "RAW": "raw IP",
	"IPV4": "raw IPv4", "IPV6": "raw IPv6", "NULL": "BSD loopback", "LOOP": "OpenBSD loopback",
}

// LinkType names a link-layer header type.
func LinkType(name string) string {
	if w, ok := linkTypes[name]; ok {
		return w
	}
	return name
}

// Near says where in the path the tap was.
func Near(s report.Side) string {
	switch s {
	case report.Client, report.Server:
		return "near the " + string(s)
	case "middle":
		return "in the middle of the path"
	}
	return "at an unknown place"
}
