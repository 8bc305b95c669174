package digest

import (
	"cmp"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// The facts below are plain sentences. They quote file names and other
// strings of the records as they are: whoever prints them makes them safe.

// Input is a file of the capture, from the records that tell of it.
type Input struct {
	report.FileSummary
	Format string
	Read   bool // the summary tells of it
}

// Inputs are the capture's files.
func (d *Digest) Inputs() []Input {
	var list []Input
	if d.Capture != nil {
		for _, f := range d.Capture.Files {
			list = append(list, Input{FileSummary: report.FileSummary{Name: f.Name}, Format: f.Format})
		}
	}
	if d.Summary != nil {
		for i, f := range d.Summary.Files {
			if i >= len(list) {
				list = append(list, Input{})
			}
			list[i].FileSummary, list[i].Read = f, true
		}
	}
	return list
}

// What says what a file is and how much of it was read.
func (f *Input) What() []string {
	var what []string
	if f.Format != "" {
		what = append(what, f.Format)
	}
	for _, l := range f.LinkTypes {
		what = append(what, words.LinkType(l))
	}
	if f.Read {
		what = append(what, words.Plural(f.Packets, "packet"), words.Bytes(f.Bytes))
	}
	if f.ClockOffset != nil {
		way := "ahead"
		if *f.ClockOffset < 0 {
			way = "behind"
		}
		what = append(what, "clock "+words.Seconds(math.Abs(*f.ClockOffset))+" "+way+", corrected")
	}
	return what
}

// Span is the time from the first packet of the files to the last; zero if
// none has a packet.
func Span(files ...report.FileSummary) (first time.Time, seconds float64) {
	var last time.Time
	for _, f := range files {
		if f.First != nil && (first.IsZero() || f.First.Before(first)) {
			first = *f.First
		}
		if f.Last != nil && f.Last.After(last) {
			last = *f.Last
		}
	}
	return first, max(last.Sub(first).Seconds(), 0)
}

// Total is the number of connections.
func (d *Digest) Total() uint64 {
	if d.Summary != nil {
		return d.Summary.Connections
	}
	return d.Connections
}

// Calm reports whether nothing worse than a remark was found.
func (d *Digest) Calm() bool {
	for _, g := range d.groups {
		if report.SeverityRank(g.Severity) > 0 {
			return false
		}
	}
	return true
}

// Scope says how much was analysed, what was not, where the tap was and what
// was assumed.
func (d *Digest) Scope() []string {
	if d.Total() == 0 {
		none := "no TCP connection in it"
		if d.Summary != nil && d.Summary.TCPSegments > 0 {
			none += ", " + words.Plural(d.Summary.TCPSegments, "segment") + " of none"
		}
		return append([]string{none}, d.lost()...)
	}
	parts := append([]string{words.Plural(d.Total(), "connection")}, d.lost()...)
	if near := d.near(); near != "" {
		parts = append(parts, near)
	}
	if c := d.Capture; c != nil && c.Assumptions.MSL > 0 {
		msl := strconv.FormatFloat(2*c.Assumptions.MSL, 'f', -1, 64)
		stacks := c.Assumptions.Stack
		for _, net := range slices.Sorted(maps.Keys(c.Assumptions.Networks)) {
			stacks += ", " + net + " " + c.Assumptions.Networks[net]
		}
		parts = append(parts, "2MSL "+msl+" s assumed ("+stacks+")")
	}
	return parts
}

// lost says which packets are not in the report.
func (d *Digest) lost() (parts []string) {
	s := d.Summary
	if s == nil {
		return nil
	}
	var skipped []string
	for _, c := range [...]struct {
		n    uint64
		what string
	}{
		{s.Skipped.NotIP, "not IP"}, {s.Skipped.NotTCP, "not TCP"}, {s.Skipped.Malformed, "malformed or cut short"},
		{s.Skipped.Fragment, "further IP fragments"}, {s.Skipped.LinkType, linkTypes(s.Skipped.LinkTypes)}, {s.Skipped.Checksum, "with a wrong checksum"},
		{s.Skipped.TooDeep, "in more than eight encapsulations"},
	} {
		if c.n > 0 {
			skipped = append(skipped, words.Count(c.n)+" "+c.what)
		}
	}
	if len(skipped) == 0 {
		parts = append(parts, "nothing skipped")
	} else {
		parts = append(parts, "skipped: "+strings.Join(skipped, ", "))
	}
	if n := s.CaptureDuplicates; n > 0 {
		parts = append(parts, words.Plural(n, "packet")+" captured twice")
	}
	if n := s.DroppedByCapture; n != nil && *n > 0 {
		parts = append(parts, words.Plural(*n, "packet")+" dropped by the capture itself")
	}
	if n := s.TimeWentBack; n > 0 {
		parts = append(parts, "time went back "+words.Times(n))
	}
	return parts
}

// maxLinkTypes is how many link types are named.
const maxLinkTypes = 4

// linkTypes names the link types without a decoder, what there was most of first.
func linkTypes(of map[string]uint64) string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b))
	})
	switch {
	case len(names) == 0:
		return "of an unknown link type"
	case len(names) == 1:
		return "of link type " + names[0]
	}
	list := make([]string, 0, maxLinkTypes)
	for _, name := range names[:min(len(names), maxLinkTypes)] {
		list = append(list, words.Count(of[name])+" "+name)
	}
	if more := len(names) - len(list); more > 0 {
		list = append(list, words.Count(more)+" more")
	}
	return "of link types without a decoder (" + strings.Join(list, ", ") + ")"
}

// near says where the tap was, if the connections agree.
func (d *Digest) near() string {
	if d.Group("two-taps") != nil {
		return "two taps of one path"
	}
	known := d.Connections - d.Near[report.SideUnknown] - d.Near[""]
	for side, n := range d.Near {
		if side != report.SideUnknown && side != "" && n*10 >= known*9 {
			return "tap " + words.Near(side)
		}
	}
	if known > 0 {
		return "tap near clients of some and servers of others"
	}
	return ""
}

const maxErrors = 8 // faults of the input told one by one

// Trouble says what went wrong with the input.
func (d *Digest) Trouble() (list []string) {
	s := d.Summary
	if s == nil {
		return []string{"the records end before their summary: this is a report of what came"}
	}
	list = append(list, s.Errors[:min(len(s.Errors), maxErrors)]...)
	if n := len(s.Errors) - maxErrors; n > 0 {
		list = append(list, "and "+words.Plural(n, "more fault")+" of the input")
	}
	if len(s.Errors) == 0 {
		list = append(list, cuts(s.Files)...)
	}
	if s.Interrupted {
		list = append(list, "interrupted: this is a report of what was read until then")
	}
	return list
}

// cuts names the files that end within a packet.
func cuts(files []report.FileSummary) (list []string) {
	for _, f := range files {
		if f.TruncatedAt != nil {
			list = append(list, f.Name+": cut off at byte "+words.Count(*f.TruncatedAt)+", after "+
				words.Plural(f.Packets, "packet")+": what comes before is in this report")
		}
	}
	return list
}

// About counts a kind: how many connections, how bad, how sure.
func (g *Group) About() string {
	parts := []string{words.Plural(g.Connections, "connection")}
	if g.Connections == 0 {
		parts = []string{words.Times(g.Findings)}
	}
	if g.Severity != "" {
		parts = append(parts, g.Severity)
	}
	if g.Confidence != "" && g.Confidence != "high" {
		parts = append(parts, g.Confidence+" confidence")
	}
	return strings.Join(parts, ", ")
}

// Title is the sentence of the finding that stands for the kind, with its
// connection where there are several findings.
func (g *Group) Title() string {
	if g.Findings > 1 && len(g.Worst.Connections) > 0 {
		return "#" + strconv.FormatUint(g.Worst.Connections[0], 10) + ": " + g.Worst.Title
	}
	return g.Worst.Title
}

const (
	maxIDs    = 8  // connections named with a finding
	maxFrames = 12 // frames named with a finding
)

// Proof names connections and frames of a kind to look at.
func (d *Digest) Proof(g *Group) string {
	frames := d.frames(&g.Worst)
	if g.Findings == 1 || len(g.Worst.Connections) == 0 {
		return join("; ", IDs(g.IDs, g.Connections), frames)
	}
	// The frames are those of one of several.
	first := g.Worst.Connections[0]
	others := slices.DeleteFunc(slices.Clone(g.IDs), func(id uint64) bool { return id == first })
	text := IDs([]uint64{first}, 1)
	if frames != "" {
		text += ": " + frames
	}
	if len(others) > 0 {
		text += "; also " + IDs(others, g.Connections-1)
	}
	return text
}

// IDs lists the first of the connections, with "..." if total is more.
func IDs(ids []uint64, total int) string {
	var parts []string
	for _, id := range ids[:min(len(ids), maxIDs)] {
		parts = append(parts, "#"+strconv.FormatUint(id, 10))
	}
	if total > len(parts) && len(parts) > 0 {
		parts = append(parts, "...")
	}
	return strings.Join(parts, " ")
}

// join puts what is not empty together.
func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// frames lists the frames of a finding, by file where there are several.
func (d *Digest) frames(f *report.Finding) string {
	if len(f.Frames) == 0 {
		return ""
	}
	shown := f.Frames[:min(len(f.Frames), maxFrames)]
	var text strings.Builder
	text.WriteString("frame")
	if len(f.Frames) > 1 {
		text.WriteString("s")
	}
	for i, n := range shown {
		if i > 0 {
			text.WriteString(",")
		}
		text.WriteString(" " + strconv.FormatUint(n, 10))
		if name := d.fileOf(f, i); name != "" && (i+1 == len(shown) || d.fileOf(f, i+1) != name) {
			text.WriteString(" of " + name)
		}
	}
	if len(shown) < len(f.Frames) {
		text.WriteString(", ...")
	}
	return text.String()
}

// fileOf names the file of a finding's i-th frame by its number, as the
// sentences of findings do, and its name, where the capture has several.
func (d *Digest) fileOf(f *report.Finding, i int) string {
	if i >= len(f.FrameFiles) {
		return ""
	}
	n := f.FrameFiles[i]
	text := "file " + strconv.Itoa(n+1)
	if d.Capture == nil || n < 0 || n >= len(d.Capture.Files) {
		return text
	}
	return text + " (" + d.shortName(n) + ")"
}

// shortName is a file's name without its folders, unless another file has the
// same.
func (d *Digest) shortName(n int) string {
	name := filepath.Base(d.Capture.Files[n].Name)
	for i, f := range d.Capture.Files {
		if i != n && filepath.Base(f.Name) == name {
			return d.Capture.Files[n].Name
		}
	}
	return name
}

// synchronized is how many states a connection in the middle can be in: all
// of them together say nothing.
const synchronized = 7

// Candidates are the states that an end may be in, where its state is neither
// known nor quite open.
func (s *State) Candidates() []string {
	if len(s.Possible) >= synchronized {
		return nil
	}
	return s.Possible
}
