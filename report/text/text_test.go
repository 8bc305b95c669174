package text_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/internal/golden"
	"github.com/lastack/lastack/report/internal/sample"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/text"
)

func render(t interface{ Fatal(...any) }, opt text.Options, records []report.Record) string {
	var out bytes.Buffer
	r := text.New(&out, opt)
	for _, rec := range records {
		if err := r.Add(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func look(width int) text.Options { return text.Options{Look: term.Look{Width: width}} }

// v6 gives all connections long addresses.
func v6(records []report.Record) []report.Record {
	for _, rec := range records {
		if c, ok := rec.(*report.Connection); ok {
			sample.V6(c)
		}
	}
	return records
}

func ptr[T any](v T) *T { return &v }

// damaged is a capture that was cut, with faults and skipped packets.
func damaged() []report.Record {
	records := sample.Incident(1)[:3]
	s := sample.Summary(1)
	s.Connections, s.StatesAtEnd = 1, map[string]int{"TIME-WAIT": 1, "CLOSED": 1}
	s.Files[0].TruncatedAt = ptr(int64(8_123_456))
	s.Errors = []string{"incident.pcap: frame 41: byte 8123456: the packet is cut off: 60 of 1,514 bytes are there"}
	s.Skipped = report.Skipped{NotIP: 12, NotTCP: 3, Malformed: 1, TooDeep: 2, LinkType: 1234, LinkTypes: map[string]uint64{"DOCSIS": 1203, "USER\x1b[0": 31}}
	s.CaptureDuplicates, s.TimeWentBack, s.DroppedByCapture = 2, 1, ptr(uint64(7))
	return append(records, s)
}

// cut is one without a line about it, and interrupted.
func cut() []report.Record {
	records := damaged()
	s := records[len(records)-1].(*report.Summary)
	s.Errors, s.Interrupted = nil, true
	return records
}

// twoTaps is one path seen twice, in two files.
func twoTaps() []report.Record {
	f := &report.Finding{
		ID: "two-taps", Severity: "info", Confidence: "high", ConnectionsTotal: 1, Connections: []uint64{1},
		Frames: []uint64{1, 2, 1, 2}, FrameFiles: []int{0, 0, 1, 1}, T: sample.At(0),
		Title:           "A.pcap and B.pcap show the same path; B.pcap is 10.2 ms nearer to the server",
		WiresharkFilter: "frame.number in {1,2}",
	}
	lost := sample.LostAckFinding(1)
	lost.FrameFiles = []int{0, 0, 1}
	s := sample.Summary(1)
	first, last := sample.At(0), sample.At(0.6)
	s.Files = []report.FileSummary{
		{Name: "taps/A.pcap", LinkTypes: []string{"EN10MB"}, Packets: 13, Bytes: 1100, First: &first, Last: &last},
		{Name: "taps/B.pcap", LinkTypes: []string{"LINUX_SLL2"}, Packets: 12, Bytes: 1000, First: &last, Last: &last},
	}
	s.Packets, s.Connections = 25, 1
	return []report.Record{sample.Capture("taps/A.pcap", "taps/B.pcap"), sample.Connection(1), f, lost, s}
}

// stories is every ladder's connection with an id of its own, and resets.
func stories() []report.Record {
	records := []report.Record{sample.Capture("stories.pcapng")}
	for i, name := range []string{"lost-final-ack", "simultaneous-close", "three-segment", "dead-peer", "mid-stream", "reuse-refused", "refused"} {
		c := sample.Ladders()[name].Connection
		c.ID = uint64(i*20 + 1)
		if i%2 == 1 {
			c.Server.Port = 443
		}
		records = append(records, c)
	}
	s := sample.Summary(2)
	s.Connections = 7
	s.ByOpen = map[string]int{"three-way": 5, "refused": 1, "mid-stream": 1}
	s.ByResetCause = map[string]int{"refused": 1, "keepalive": 1}
	return append(records, s)
}

// inside is a connection in a VLAN and a tunnel, n times; of all but the first the tunnel
// differs, if apart.
func inside(n int, apart bool) []report.Record {
	records := []report.Record{sample.Capture("trunk.pcap")}
	for i := range n {
		c := sample.ThreeSegment().Connection
		c.ID, c.VLAN, c.Tunnel = uint64(i+1), []uint16{7, 1003}, []string{"gre:5", "vxlan:42"}
		if apart && i > 0 {
			c.VLAN, c.Tunnel = nil, []string{"\x1b[1mgeneve:42"}
		}
		records = append(records, c)
	}
	s := sample.Summary(n)
	s.Connections = uint64(n)
	return append(records, s)
}

// calm has remarks only.
func calm() []report.Record {
	s := sample.Summary(1)
	s.Connections = 1
	return []report.Record{sample.Capture("calm.pcap"), sample.ThreeSegment().Connection, sample.ThreeSegmentFinding(1), s}
}

func TestGolden(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	for _, c := range []struct {
		name    string
		opt     text.Options
		records []report.Record
	}{
		{"incident-100", look(0), sample.Incident(4)},
		{"incident-80", look(80), sample.Incident(4)},
		{"incident-140", look(140), sample.Incident(4)},
		{"incident-colour", text.Options{Look: term.Look{Color: true}}, sample.Incident(1)},
		{"incident-linux-abs", text.Options{Look: term.Look{Names: report.NamesLinux, Time: term.Absolute, Location: berlin}, Top: 3}, sample.Incident(4)},
		{"incident-epoch", text.Options{Look: term.Look{Time: term.Epoch, Width: 120}, All: true}, sample.Incident(1)},
		{"ipv6-80", look(80), v6(sample.Incident(2))},
		{"ipv6-100", look(100), v6(sample.Incident(2))},
		{"quiet", text.Options{Quiet: true}, sample.Incident(4)},
		{"quiet-calm", text.Options{Quiet: true}, calm()},
		{"live", text.Options{Live: true, Top: -1}, sample.Incident(1)},
		{"calm", look(100), calm()},
		{"nothing", look(100), sample.Incident(0)},
		{"damaged", look(100), damaged()},
		{"cut", look(80), cut()},
		{"two-taps", look(100), twoTaps()},
		{"stories-100", look(100), stories()},
		{"stories-80", look(80), stories()},
		{"inside", look(100), inside(1, false)},
		{"inside-all", look(100), inside(2, false)},
		{"inside-apart", look(100), inside(3, true)},
		{"inside-apart-60", look(60), inside(3, true)},
		{"no-summary", look(80), sample.Incident(1)[:4]},
	} {
		t.Run(c.name, func(t *testing.T) { golden.Check(t, c.name+".txt", render(t, c.opt, c.records)) })
	}
}

var colours = regexp.MustCompile(`\x1b\[[0-9;]+m`)

// visible is a line without colours.
func visible(line string) string { return strings.TrimRight(colours.ReplaceAllString(line, ""), " ") }

// TestHostileRecords: whatever strings the records hold, no line has a
// character that a terminal could obey, and none is wider than asked for but
// a filter.
func TestHostileRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		opt := text.Options{
			Look: term.Look{
				Width: 40 + r.IntN(120), Color: r.IntN(2) == 0, ASCII: r.IntN(2) == 0,
				Time: term.TimeMode(r.IntN(4)), Names: report.Names(r.IntN(3)),
			},
			All: r.IntN(2) == 0, Quiet: r.IntN(8) == 0, Live: r.IntN(3) == 0,
		}
		var records []report.Record
		for range 1 + r.IntN(12) {
			records = append(records, sample.Record(r))
		}
		out := render(t, opt, records)
		for _, line := range strings.Split(out, "\n") {
			if opt.Color {
				line = colours.ReplaceAllString(line, "")
			}
			if strings.ContainsFunc(line, report.Hostile) || !utf8.ValidString(line) {
				t.Fatalf("hostile: %q", line)
			}
			if w := term.Width(line); w > opt.Width && !strings.HasPrefix(line, "    filter  ") {
				t.Fatalf("%d columns of %d: %q", w, opt.Width, line)
			}
			if opt.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
				t.Fatalf("not ASCII: %q", line)
			}
		}
	})
}

// TestManyConnections: 180,000 connections, all listed and not.
func TestManyConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, all := range []bool{false, true} {
		var out lineCounter
		r := text.New(&out, text.Options{All: all})
		r.Add(sample.Capture("big.pcap"))
		c := sample.Connection(1)
		const n = 180_000
		for i := range uint64(n) {
			c.ID = 1 + 13*i
			if err := r.Add(c); err != nil {
				t.Fatal(err)
			}
		}
		s := sample.Summary(60_000)
		r.Add(s)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		want := 20
		if all {
			want = n
		}
		if got := out.lines["192.0.2.6:40001"]; got != want {
			t.Errorf("%d connections listed, want %d", got, want)
		}
		if out.widest > 100 {
			t.Errorf("%d columns", out.widest)
		}
	}
}

// lineCounter counts the lines with a client, and measures them.
type lineCounter struct {
	part   []byte
	lines  map[string]int
	widest int
}

func (l *lineCounter) Write(p []byte) (int, error) {
	if l.lines == nil {
		l.lines = map[string]int{}
	}
	l.part = append(l.part, p...)
	for {
		line, rest, ok := bytes.Cut(l.part, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		for _, word := range strings.Fields(string(line)) {
			l.lines[word]++
		}
		l.widest = max(l.widest, term.Width(string(line)))
		l.part = rest
	}
}

// TestLongTablesLookTheSame: the two ways to render a table agree.
func TestLongTablesLookTheSame(t *testing.T) {
	list := func(n int) []string {
		records := sample.Incident(n)
		out := render(t, text.Options{Look: term.Look{Color: true, Width: 120}, All: true}, records)
		_, rows, _ := strings.Cut(out, "worst first, all")
		if rows == "" {
			_, rows, _ = strings.Cut(out, "worst first")
			_, rows, _ = strings.Cut(rows, "connections, worst first")
		}
		return strings.Split(rows, "\n")
	}
	short, long := list(330), list(340) // 990 and 1,020 rows
	if len(short) < 990 || len(long) < 1020 {
		t.Fatal(len(short), len(long))
	}
	for i := range 100 {
		a, b := visible(short[i+1]), visible(long[i+1])
		if a != b {
			t.Fatalf("row %d:\n%q\n%q", i, a, b)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	r := text.New(io.Discard, text.Options{})
	c := sample.Connection(1)
	b.ReportAllocs()
	for b.Loop() {
		c.ID++
		r.Add(c)
	}
}

func ExampleText() {
	r := text.New(io.Discard, text.Options{})
	for _, rec := range sample.Incident(2) {
		if err := r.Add(rec); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(r.Close())
	// Output: <nil>
}
