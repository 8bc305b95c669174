package sample

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/lastack/lastack/report"
)

// Start is when the stories begin.
var Start = time.Date(2026, 11, 20, 4, 44, 10, 123456789, time.UTC)

// At is a moment of a story, in seconds from its start.
func At(seconds float64) time.Time { return Start.Add(time.Duration(seconds * 1e9)) }

func ptr[T any](v T) *T { return &v }

// Capture is the first record of the stories.
func Capture(files ...string) *report.Capture {
	c := &report.Capture{
		Type: "capture", Schema: report.Schema, Version: "0.1.0", Options: map[string]any{},
		Assumptions: report.Assumptions{MSL: 30, Stack: "linux"},
	}
	for _, name := range files {
		c.Files = append(c.Files, report.File{Name: name, Format: "pcap"})
	}
	return c
}

// Connection is the one of LostFinalAck under another id.
func Connection(id uint64) *report.Connection {
	c := LostFinalAck().Connection
	c.ID, c.FirstFrame, c.LastFrame = id, id, id+12
	c.Client.Port = uint16(40000 + id%20000)
	return c
}

// Leaked is a connection whose server never closed it.
func Leaked(id uint64, start, age float64) *report.Connection {
	c := Connection(id)
	c.Start, c.End, c.Duration, c.FinalBy = At(start), At(start+age), age, "end-of-input"
	c.Close = report.Close{Kind: "half-closed", FirstCloser: report.Client, Basis: "only-fin", EndedBy: "none", CloseWait: ptr(age)}
	c.Endpoints.Client.State, c.Endpoints.Client.ConfirmedState = "FIN-WAIT-2", "FIN-WAIT-2"
	c.Endpoints.Server.State, c.Endpoints.Server.ConfirmedState = "CLOSE-WAIT", "CLOSE-WAIT"
	c.Endpoints.Client.TimeWaitUntil = nil
	c.Transitions = c.Transitions[:7]
	c.Refuted, c.Complete = nil, false
	c.Findings = []string{"close-wait-leak"}
	return c
}

// LeakFinding is the finding about leaked connections.
func LeakFinding(ids []uint64) *report.Finding {
	f := &report.Finding{
		Type: "finding", ID: "close-wait-leak", Severity: "critical", Confidence: "high",
		Connections: ids, ConnectionsTotal: len(ids), Side: report.Server, T: At(300),
		Title: fmt.Sprintf("%d sockets at 198.51.100.12:5000 in CLOSE-WAIT, the oldest 4 min 50 s, 60 more a minute", len(ids)),
		Explanation: "The program took the clients' FINs and never called close(); no sysctl ends CLOSE-WAIT. " +
			"At 1,024 descriptors accept() fails in 11 min.",
		Disproof: "a FIN or RST from 198.51.100.12:5000 on one of these connections after the capture's end",
		Advice:   "Call close() when read() returns 0, and make sure that the event loop still watches the descriptor then.",
		Check:    []string{"ss -tanp state close-wait '( sport = :5000 )'", "ls /proc/$(pidof server)/fd | wc -l"},
		SeenBy:   &report.SeenBy{Client: "nothing: its close() succeeded", Server: "read() = 0"},
		Refs:     []string{"RFC 9293 3.6", "RFC 9293 3.10.4"},
		Values:   report.NewValues(report.Float("oldest_s", 290), report.Int("growth_per_minute", 60), report.Any("listener", "198.51.100.12:5000")),
	}
	for i, id := range ids {
		if i == 8 {
			break
		}
		f.Frames = append(f.Frames, id+8, id+9)
	}
	f.WiresharkFilter = filter(f.Frames)
	return f
}

func filter(frames []uint64) string {
	s := "frame.number in {"
	for i, n := range frames {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprint(n)
	}
	return s + "}"
}

// LostAckFinding is the finding about one lost final ACK.
func LostAckFinding(id uint64) *report.Finding {
	frames := []uint64{id + 9, id + 10, id + 11}
	return &report.Finding{
		Type: "finding", ID: "lost-final-ack", Severity: "notice", Confidence: "high",
		Connections: []uint64{id}, ConnectionsTotal: 1, Side: report.Server, Frames: frames, T: At(0.555),
		Title:           "The ACK of the server's FIN was lost; the FIN came again after 211 ms",
		Explanation:     "The server stayed in LAST-ACK 211 ms longer, and the client's TIME-WAIT began anew.",
		Disproof:        "the ACK of frame 11 captured at the server",
		Advice:          "Nothing to do for a single one; many point to loss on the way to the server.",
		Check:           []string{"nstat -az TcpRetransSegs"},
		Refs:            []string{"RFC 9293 3.10.7.4"},
		WiresharkFilter: filter(frames),
		Values:          report.NewValues(report.Float("gap_s", 0.211)),
	}
}

// ThreeSegmentFinding is a remark that needs no action.
func ThreeSegmentFinding(id uint64) *report.Finding {
	frames := []uint64{id + 7, id + 8, id + 9}
	return &report.Finding{
		Type: "finding", ID: "three-segment-close", Severity: "info", Confidence: "high",
		Connections: []uint64{id}, ConnectionsTotal: 1, Frames: frames, T: At(0.2),
		Title:           "The server's FIN came with the ACK of the client's",
		Explanation:     "This is a normal close: the server closed before its delayed ACK left.",
		Refs:            []string{"RFC 9293 3.10.7.4"},
		WiresharkFilter: filter(frames),
		Values:          report.NewValues(),
	}
}

// Incident is a stream of n leaked connections and, for every one of them,
// two that closed well: one in three segments, one with its last ACK lost.
func Incident(n int) []report.Record {
	records := []report.Record{Capture("incident.pcap")}
	var leaked []uint64
	for i := range n {
		id := uint64(1 + 40*i)
		good := Connection(id)
		good.Close.Kind, good.Findings = "three-segment", []string{"three-segment-close"}
		records = append(records, good, ThreeSegmentFinding(id))
		late := Connection(id + 14)
		late.Findings = []string{"lost-final-ack"}
		records = append(records, late, LostAckFinding(id+14))
		leaked = append(leaked, id+27)
	}
	for i, id := range leaked {
		records = append(records, Leaked(id, float64(i), 290-float64(i)/float64(n)))
	}
	if n > 0 {
		records = append(records, LeakFinding(leaked))
	}
	return append(records, Summary(n))
}

// Summary is the last record of Incident.
func Summary(n int) *report.Summary {
	s := &report.Summary{
		Type: "summary",
		Files: []report.FileSummary{{
			Name: "incident.pcap", LinkTypes: []string{"EN10MB"}, Packets: uint64(40 * n), Bytes: uint64(9000 * n),
		}},
		Packets: uint64(40 * n), TCPSegments: uint64(40 * n), Connections: uint64(3 * n),
		ByOpen: map[string]int{}, ByClose: map[string]int{}, ByFirstCloser: map[string]int{}, ByResetCause: map[string]int{},
		StatesAtEnd: map[string]int{}, Findings: map[string]int{}, Lifetimes: map[string]int{},
	}
	if n == 0 {
		return s
	}
	s.Files[0].First, s.Files[0].Last = ptr(At(0)), ptr(At(312))
	s.ByOpen = map[string]int{"three-way": 3 * n}
	s.ByClose = map[string]int{"three-segment": n, "four-segment": n, "half-closed": n}
	s.ByFirstCloser = map[string]int{"client": 3 * n}
	s.StatesAtEnd = map[string]int{"TIME-WAIT": 2 * n, "CLOSED": 2 * n, "FIN-WAIT-2": n, "CLOSE-WAIT": n}
	s.Findings = map[string]int{"three-segment-close": n, "lost-final-ack": n, "close-wait-leak": 1}
	s.Lifetimes = map[string]int{"under_1s": 2 * n, "under_1h": n}
	return s
}

// V6 gives a connection long addresses.
func V6(c *report.Connection) *report.Connection {
	c.Client = report.Addr{IP: netip.MustParseAddr("2001:db8:1234:5678:9abc:def0:1234:5678"), Port: c.Client.Port}
	c.Server = report.Addr{IP: netip.MustParseAddr("2001:db8:ffff:eeee:dddd:cccc:bbbb:aaaa"), Port: 50443}
	return c
}
