package ladder

import (
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// effects says what a reset did, where it did not simply close.
var effects = map[string]string{
	"challenged": "not at the expected number: a challenge ACK answers it",
	"ignored":    "ignored by its receiver",
	"void":       "without effect: its receiver was closed already",
}

// refutations says why something that was sent is known not to have been
// taken, where the segment itself does not say so.
var refutations = map[string]string{
	"fin-retransmitted":     "the FIN came again",
	"syn-ack-retransmitted": "the SYN,ACK came again",
	"syn-retransmitted":     "the SYN came again",
}

// readNotes gathers what is to be said below a segment and stands elsewhere in
// the record: what became of it as a reset, or as a receipt.
func (d *drawing) readNotes() {
	rows := rowsByFrame(d.Segments)
	d.notes, d.refuted = map[int][]string{}, map[int]bool{}
	for i := range d.Connection.Resets {
		r := &d.Connection.Resets[i]
		if row, ok := rows[key(&r.Frame, r.File)]; ok {
			if text := resetNote(r); text != "" && d.Segments[row].Kind != again {
				d.notes[row] = append(d.notes[row], text)
			}
		}
	}
	for i := range d.Connection.Refuted {
		r := &d.Connection.Refuted[i]
		row, ok := rows[key(&r.Frame, r.File)]
		if !ok || d.Segments[row].From == r.Side || d.Segments[row].Lost {
			continue
		}
		d.refuted[row] = true
		d.notes[row] = append(d.notes[row], "did not reach the "+string(r.Side)+": "+refutation(r.Why)+" ("+
			d.frameWord(r.ByFrame, r.ByFile)+")")
	}
}

func resetNote(r *report.Reset) string {
	cause := ""
	if r.Cause != "" && r.Cause != "unknown" {
		cause = words.Cause(r.Cause)
	}
	return join("; ", cause, effects[r.Effect])
}

func refutation(why string) string {
	if text, ok := refutations[why]; ok {
		return text
	}
	return strings.ReplaceAll(why, "-", " ")
}

func (d *drawing) frameWord(frame uint64, file *int) string {
	s := report.Segment{Frame: frame}
	if file != nil {
		s.File = *file
	}
	return "frame " + d.frame(&s)
}
