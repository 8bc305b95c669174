package detect

import (
	"slices"
	"time"

	"github.com/lastack/lastack/report"
)

// sides are both ends, in the order of their index.
var sides = [2]report.Side{report.Client, report.Server}

// first and last are the first and the last transmission.
func (s *Sent) first() Mark { return Mark{s.Frame, s.File, s.Time} }
func (s *Sent) last() Mark  { return Mark{s.LastFrame, s.LastFile, s.LastTime} }

// span is the time from the first transmission to the last.
func (s *Sent) span() time.Duration { return s.LastTime.Sub(s.Time) }

func (n *Note) mark() Mark { return Mark{n.Frame, n.File, n.Time} }

// lapse is the time between two segments, if both were captured.
type lapse struct {
	time.Duration
	known bool
}

func between(from, to time.Time) lapse {
	if from.IsZero() || to.IsZero() {
		return lapse{}
	}
	return lapse{to.Sub(from), true}
}

// say puts the time between two pieces of text; nothing if it is not known.
func (l lapse) say(before, after string) string {
	if !l.known {
		return ""
	}
	return before + dur(l.Duration) + after
}

// put adds the time to a finding's values, if it is known.
func (l lapse) put(values []report.Value, name string) []report.Value {
	if l.known {
		values = append(values, report.Float(name, l.Seconds()))
	}
	return values
}

// at makes a mark of a frame of the record.
func at(frame uint64, file *int) Mark {
	m := Mark{Frame: frame}
	if file != nil {
		m.File = *file
	}
	return m
}

// same reports whether two marks are of the same frame.
func same(a, b Mark) bool { return a.Frame != 0 && a.Frame == b.Frame && a.File == b.File }

// marks returns a list that is good until the connection has been looked at,
// and has room for a few more.
func (in *Input) marks(list ...Mark) []Mark {
	return append(in.room().takeMarks(len(list)), list...)
}

// join puts lists together, as marks does.
func (in *Input) join(lists ...[]Mark) []Mark {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	out := in.room().takeMarks(n)
	for _, list := range lists {
		out = append(out, list...)
	}
	return out
}

// marksOf returns where notes stand, as marks does.
func (in *Input) marksOf(notes []Note) []Mark {
	out := in.room().takeMarks(len(notes))
	for i := range notes {
		out = append(out, notes[i].mark())
	}
	return out
}

// notes returns the notes of a kind of one side's segments.
func (in *Input) notes(kind NoteKind, side report.Side) []Note {
	return in.pick(in.Notes, func(n *Note) bool { return n.Kind == kind && n.Side == side })
}

// pick returns the wanted ones of a list, which is good until the connection
// has been looked at.
func (in *Input) pick(list []Note, wanted func(*Note) bool) []Note {
	room := &in.room().notes
	from := len(*room)
	for i := range list {
		if wanted(&list[i]) {
			*room = append(*room, list[i])
		}
	}
	return slices.Clip((*room)[from:])
}

// refuted returns the struck receipts of a symbol at one side, of any reason
// or of one, as pick does.
func (in *Input) refuted(side report.Side, on, why string) []*report.Refuted {
	room := &in.room().struck
	from := len(*room)
	for i := range in.Conn.Refuted {
		if r := &in.Conn.Refuted[i]; r.Side == side && r.On == on && (why == "" || r.Why == why) {
			*room = append(*room, r)
		}
	}
	return slices.Clip((*room)[from:])
}

// receipts returns where struck receipts stand, as marks does.
func (in *Input) receipts(struck []*report.Refuted) []Mark {
	out := in.room().takeMarks(len(struck))
	for _, r := range struck {
		out = append(out, at(r.Frame, r.File))
	}
	return out
}

// entered returns the first transition of a side to a state.
func (in *Input) entered(side report.Side, state string) *report.Transition {
	if in.Late != nil {
		in.Late()
		in.Late = nil
	}
	for i := range in.Conn.Transitions {
		if t := &in.Conn.Transitions[i]; t.Side == side && t.To == state {
			return t
		}
	}
	return nil
}

// proved reports whether it is more than assumed that a side was in a state.
func (in *Input) proved(side report.Side, state string) bool {
	t := in.entered(side, state)
	return t != nil && t.Basis != "assumed"
}

// was reports whether a side ever was in a state.
func (in *Input) was(side report.Side, state string) bool { return in.entered(side, state) != nil }

// since is when a side entered the state that it is in at the end.
func (in *Input) since(side report.Side) time.Time {
	if t := in.Conn.Endpoint(side).Since; t != nil {
		return *t
	}
	return in.Conn.Start
}

// age is how long a side has been in its state when the capture ends.
func (in *Input) age(side report.Side) time.Duration { return max(in.Now.Sub(in.since(side)), 0) }

// blind reports whether the capture has only one direction: then nothing can
// be said of what was not answered.
func (in *Input) blind() bool { return in.Conn.Vantage.OneWay }

// gappy reports whether the capture missed octets of the connection, so that
// it may have missed an answer too.
func (in *Input) gappy() bool {
	m := &in.Conn.Vantage.MissingBytes
	return m.Client+m.Server > 0
}

// unless returns high, or medium when something could be otherwise.
func unless(doubt bool) string {
	if doubt {
		return medium
	}
	return high
}

// tooSoon reports whether a repetition came sooner than any retransmission
// timer: within a round trip of the whole path, or 10 ms if that was not
// measured. Then the network, or the capture, has repeated the segment.
func (in *Input) tooSoon(gap time.Duration) bool {
	if rtt := in.Conn.Open.RTT; rtt != nil && *rtt > 0 {
		return gap.Seconds() < *rtt
	}
	return gap < 10*time.Millisecond
}

// closers returns the end that closed first and the other, if that is known.
func (in *Input) closers() (first, second report.Side, ok bool) {
	first = in.Conn.Close.FirstCloser
	return first, first.Peer(), first == report.Client || first == report.Server
}

// rst is one RST with all that is known of it. Of the deciding one the Cause
// is what the record says of the end of the connection.
type rst struct {
	*report.Reset
	ResetDetail
	Cause string
}

func (r *rst) mark() Mark { m := at(r.Frame, r.File); m.Time = r.Time; return m }

// answers is the segment that the RST answers, Frame 0 if none.
func (r *rst) answers() Mark {
	if r.AnswersFrame == nil {
		return Mark{}
	}
	return at(*r.AnswersFrame, r.AnswersFile)
}

// resets returns all RSTs.
func (in *Input) resets() []rst {
	room := in.room()
	for i := len(room.rsts); i < len(in.Conn.Resets); i++ { // once a look
		room.rsts = append(room.rsts, in.rst(i))
	}
	return room.rsts
}

// rst returns the RST with an index.
func (in *Input) rst(i int) rst {
	r := rst{Reset: &in.Conn.Resets[i], Cause: in.Conn.Resets[i].Cause}
	if i < len(in.Resets) {
		r.ResetDetail = in.Resets[i]
	} else {
		r.Time = in.Conn.End
	}
	return r
}

// deciding returns the RST that the record names as the one that ended the
// connection, or nil.
func (in *Input) deciding() *rst { return in.room().deciding.get(in.findDeciding) }

func (in *Input) findDeciding() (r rst, ok bool) {
	c := in.Conn.Close.Reset
	if c == nil {
		return r, false
	}
	for i := range in.Conn.Resets {
		if o := &in.Conn.Resets[i]; same(at(o.Frame, o.File), at(c.Frame, c.File)) {
			r = in.rst(i)
			r.Cause = c.Cause
			return r, true
		}
	}
	return r, false
}

// fins returns all transmissions of a side's FIN that are known.
func (in *Input) fins(side report.Side) []Mark {
	f := &in.FIN[index(side)]
	return append(in.marksOf(in.notes(FINAgain, side)), f.first(), f.last())
}

// has reports whether m is among list.
func has(list []Mark, m Mark) bool {
	for i := range list {
		if same(list[i], m) {
			return true
		}
	}
	return false
}
