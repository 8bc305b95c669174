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
	info    = "info"
	notice  = "notice"
	warning = "warning"

	low    = "low"
	medium = "medium"
	high   = "high"
)

// claim is what a detector says of one connection. Where severity, disproof,
// advice or check are empty those of the detector stand, an empty confidence
// is high.
type claim struct {
	side                 report.Side
	severity, confidence string
	title, explanation   string
	disproof, advice     string
	check                []string
	saw                  [2]string // what each program likely saw, by side index
	at                   time.Time // when; zero: the time of the last proof
	proof                []Mark
	values               []report.Value
}

// one returns a list of one claim, which is good until the next.
func (in *Input) one(c claim) []claim {
	in.room.claims[0] = c
	return in.room.claims[:]
}

// values returns a list of them that has room for one or two more.
func (in *Input) values(list ...report.Value) []report.Value {
	return append(in.room.takeValues(len(list)+2), list...)
}

// define completes a detector with what it looks for, and where.
func define(d Detector, needs trait, find func(*Input) []claim) Detector {
	d.needs, d.find = needs, find
	return d
}

// Find returns the findings of one connection. It is a pure function.
func (d *Detector) Find(in *Input) []report.Finding { return d.add(in, nil) }

// add is Find that adds to a list.
func (d *Detector) add(in *Input, list []report.Finding) []report.Finding {
	claims := d.find(in)
	for i := range claims {
		list = d.finding(in, &claims[i], list)
	}
	return list
}

// finding is the only place where findings are made: a claim without frames
// becomes none.
func (d *Detector) finding(in *Input, c *claim, list []report.Finding) []report.Finding {
	proof := distinct(c.proof)
	if len(proof) == 0 {
		return list
	}
	if c.at.IsZero() {
		c.at = lastTime(proof, in.Conn.End)
	}
	list = append(list, report.Finding{
		Type: "finding", ID: d.ID, Severity: cmp.Or(c.severity, d.Severity), Confidence: cmp.Or(c.confidence, high),
		Connections: in.room.takeFrames(1), ConnectionsTotal: 1, Side: c.side, T: c.at,
		Title: c.title, Explanation: c.explanation,
		Disproof: cmp.Or(c.disproof, d.Disproof), Advice: cmp.Or(c.advice, d.Advice),
		Check: d.Check, Refs: d.Refs, Values: report.NewValues(c.values...),
		Frames: in.room.takeFrames(len(proof)), WiresharkFilter: in.filter(proof),
	})
	f := &list[len(list)-1]
	f.Connections[0] = in.Conn.ID
	if c.check != nil {
		f.Check = c.check
	}
	if c.saw != [2]string{} {
		f.SeenBy = &report.SeenBy{Client: cmp.Or(c.saw[0], "nothing"), Server: cmp.Or(c.saw[1], "nothing")}
	}
	if in.Multi {
		f.FrameFiles = make([]int, len(proof))
	}
	for i, m := range proof {
		f.Frames[i] = m.Frame
		if in.Multi {
			f.FrameFiles[i] = m.File
		}
	}
	return list
}

// maxProof bounds the frames that a finding cites; the middle ones give way.
const maxProof = 24

// distinct returns the marks that name a frame, each once, by file and frame.
func distinct(marks []Mark) []Mark {
	marks = slices.DeleteFunc(marks, func(m Mark) bool { return m.Frame == 0 })
	slices.SortStableFunc(marks, compare)
	marks = slices.CompactFunc(marks, func(a, b Mark) bool { return compare(a, b) == 0 })
	if over := len(marks) - maxProof; over > 0 {
		marks = slices.Delete(marks, maxProof/2, maxProof/2+over)
	}
	return marks
}

func compare(a, b Mark) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Frame, b.Frame))
}

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
		return in.room.text.Text(strconv.AppendUint(b, marks[0].Frame, 10))
	}
	return in.room.text.Text(append(b, '}'))
}
