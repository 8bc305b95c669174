package detect

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/lastack/lastack/report"
)

// Severities and confidences (report.SeverityRank, report.ConfidenceRank).
const (
	info     = "info"
	notice   = "notice"
	warning  = "warning"
	critical = "critical"

	low    = "low"
	medium = "medium"
	high   = "high"
)

// claim is what a detector says of one connection. Its find fills what decides,
// and what it hands to tell; tell writes the rest, and is not called for a
// brief look. Where severity, disproof, advice or check are empty those of the
// detector stand, an empty confidence is high.
type claim struct {
	side                 report.Side
	severity, confidence string
	at                   time.Time // when; zero: the time of the last proof
	proof                []Mark    // in any order; in that of the capture when tell is called

	tell  func(*Input, *claim)
	rst   *rst
	notes []Note

	title, explanation string
	disproof, advice   string
	check              []string
	saw                [2]string // what each program likely saw, by side index
	values             []report.Value
}

// claims returns an empty list, which is good until the next.
func (in *Input) claims() []claim { return in.room().claims[:0] }

// one returns a list of one claim, which is good until the next.
func (in *Input) one(c claim) []claim { return append(in.claims(), c) }

// values returns a list of them that has room for one or two more.
func (in *Input) values(list ...report.Value) []report.Value {
	return append(in.room().takeValues(len(list)+2), list...)
}

// define completes a detector with what it looks for, and where.
func define(d Detector, needs trait, find func(*Input) []claim) Detector {
	d.needs, d.find = needs, find
	return d
}

// Find returns the findings of one connection. It is a pure function. What is found
// over many connections is not found in one.
func (d *Detector) Find(in *Input) []report.Finding {
	in.room().begin()
	return d.add(in, nil)
}

// add is Find that adds to a list.
func (d *Detector) add(in *Input, list []report.Finding) []report.Finding {
	if d.find == nil {
		return list
	}
	claims := d.find(in)
	for i := range claims {
		list = d.finding(in, &claims[i], list)
	}
	if room := in.room(); cap(claims) > cap(room.claims) {
		room.claims = claims
	}
	return list
}

// finding is the only place where findings are made: a claim without frames
// becomes none.
func (d *Detector) finding(in *Input, c *claim, list []report.Finding) []report.Finding {
	if in.Brief {
		return d.brief(in, c, list)
	}
	proof := distinct(c.proof)
	if len(proof) == 0 {
		return list
	}
	if c.at.IsZero() {
		c.at = lastTime(proof, in.Conn.End)
	}
	room := in.room()
	list = append(list, report.Finding{
		Type: "finding", ID: d.ID, Severity: cmp.Or(c.severity, d.Severity), Confidence: cmp.Or(c.confidence, high),
		Connections: room.takeFrames(1), ConnectionsTotal: 1, Side: c.side, T: c.at, Frames: room.takeFrames(len(proof)),
	})
	f := &list[len(list)-1]
	f.Connections[0] = in.Conn.ID
	if in.Multi {
		f.FrameFiles = room.takeFiles(len(proof))
	}
	for i, m := range proof {
		f.Frames[i] = m.Frame
		if in.Multi {
			f.FrameFiles[i] = m.File
		}
	}
	d.tell(in, c, f)
	f.WiresharkFilter = in.filter(proof)
	return list
}

// brief is finding for a brief look. It is made at its place in the list, where most of
// it stays empty.
func (d *Detector) brief(in *Input, c *claim, list []report.Finding) []report.Finding {
	var first *Mark
	for i := range c.proof {
		if m := &c.proof[i]; m.Frame != 0 && (first == nil || before(m, first)) {
			first = m
		}
	}
	if first == nil {
		return list
	}
	n := len(list)
	list = slices.Grow(list, 1)[:n+1]
	f := &list[n]
	*f = report.Finding{}
	f.Type, f.ID, f.Severity, f.Confidence, f.Side = "finding", d.ID, c.severity, c.confidence, c.side
	if f.Severity == "" {
		f.Severity = d.Severity
	}
	if f.Confidence == "" {
		f.Confidence = high
	}
	room := in.room()
	ids := room.takeFrames(2)
	ids[0], ids[1] = in.Conn.ID, first.Frame
	f.Connections, f.ConnectionsTotal, f.Frames = ids[:1:1], 1, ids[1:]
	if in.Multi {
		f.FrameFiles = room.takeFiles(1)
		f.FrameFiles[0] = first.File
	}
	return list
}

// tell writes what a finding says to its readers.
func (d *Detector) tell(in *Input, c *claim, f *report.Finding) {
	if c.tell != nil {
		c.tell(in, c)
	}
	f.Title, f.Explanation = c.title, c.explanation
	f.Disproof, f.Advice = cmp.Or(c.disproof, d.Disproof), cmp.Or(c.advice, d.Advice)
	f.Check, f.Refs, f.Values = d.Check, d.Refs, report.NewValues(c.values...)
	if c.check != nil {
		f.Check = c.check
	}
	if c.saw != [2]string{} {
		f.SeenBy = &report.SeenBy{Client: cmp.Or(c.saw[0], "nothing"), Server: cmp.Or(c.saw[1], "nothing")}
	}
}

// maxProof bounds the frames that a finding cites; the middle ones give way.
const maxProof = 24

// distinct returns the marks that name a frame, each once, by file and frame.
// It puts them in order where they are.
func distinct(marks []Mark) []Mark {
	kept := marks[:0]
	for _, m := range marks { // a handful, mostly in order
		if m.Frame != 0 {
			kept = insert(kept, m)
		}
	}
	if over := len(kept) - maxProof; over > 0 {
		kept = slices.Delete(kept, maxProof/2, maxProof/2+over)
	}
	return kept
}

// insert puts a mark into a list in order, unless its frame is there.
func insert(list []Mark, m Mark) []Mark {
	i := len(list)
	for i > 0 && before(&m, &list[i-1]) {
		i--
	}
	if i > 0 && !before(&list[i-1], &m) {
		return list
	}
	list = append(list, Mark{})
	copy(list[i+1:], list[i:])
	list[i] = m
	return list
}

// before reports whether a stands before b in the capture.
func before(a, b *Mark) bool { return a.File < b.File || a.File == b.File && a.Frame < b.Frame }

// lastTime is the latest time among marks, or other where none has one.
func lastTime(marks []Mark, other time.Time) time.Time {
	var t time.Time
	for _, m := range marks {
		if m.Time.After(t) {
			t = m.Time
		}
	}
	if t.IsZero() {
		return other
	}
	return t
}

// filter is the display filter that shows the frames in Wireshark: a set with
// commas and spaces, which every version reads. A filter is for one file, that
// of the first frame.
func (in *Input) filter(marks []Mark) string {
	const field = "frame.number "
	var room [128]byte
	b := append(room[:0], field...)
	b = append(b, "in {"...)
	n := 0
	for _, m := range marks {
		if m.File != marks[0].File {
			break
		}
		if n++; n > 1 {
			b = append(b, ',', ' ')
		}
		b = strconv.AppendUint(b, m.Frame, 10)
	}
	if n == 1 {
		b = append(append(room[:0], field...), "== "...)
		return in.room().text.Text(strconv.AppendUint(b, marks[0].Frame, 10))
	}
	return in.room().text.Text(append(b, '}'))
}
