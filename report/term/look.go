package term

import (
	"strconv"
	"time"

	"github.com/lastack/lastack/report"
)

// Look is how a report is to look; its zero value is 100 columns of UTF-8
// without colour, times relative and in UTC, states as RFC 9293 spells them.
type Look struct {
	Width    int // columns; 0 stands for 100, and less than 40 for 40
	Color    bool
	ASCII    bool           // nothing but ASCII, where the locale is not UTF-8
	Location *time.Location // of absolute times; nil is UTC
	Time     TimeMode
	Names    report.Names
	// AbsoluteSeq shows sequence numbers as they are in the segments, not
	// relative to the first of their side.
	AbsoluteSeq bool
}

// The width that is meant by 0, and the least that any layout bears.
const (
	DefaultWidth = 100
	MinWidth     = 40
)

// Columns is the width to keep to.
func (l *Look) Columns() int {
	if l.Width <= 0 {
		return DefaultWidth
	}
	return max(l.Width, MinWidth)
}

// Paint is the colours to use.
func (l *Look) Paint() Paint { return Paint(l.Color) }

// Clean makes a string from outside safe to print.
func (l *Look) Clean(s string) string {
	s = report.Sanitize(s)
	if l.ASCII {
		return ascii(s)
	}
	return s
}

// State is a state's name, with " ?" where it is only assumed, in its colour.
func (l *Look) State(name string, assumed bool) string {
	return l.Paint().State(name, assumed, l.StateName(name, assumed))
}

// StateName is the same without colour.
func (l *Look) StateName(name string, assumed bool) string {
	text := l.Clean(l.Names.State(name))
	if assumed {
		text += " ?"
	}
	return text
}

// TimeMode says how moments are shown.
type TimeMode uint8

// The ways to show a moment: relative to the start; by the clock on the
// wall; relative to what stands before it, which only a ladder has (elsewhere
// it is the same as relative); in seconds since 1970.
const (
	Relative TimeMode = iota
	Absolute
	Delta
	Epoch
)

// ParseTimeMode reads the value of --time.
func ParseTimeMode(s string) (TimeMode, bool) {
	for i, name := range [...]string{"rel", "abs", "delta", "epoch"} {
		if s == name {
			return TimeMode(i), true
		}
	}
	return 0, false
}

// Moment shows a time: relative ones in seconds from start.
func (l *Look) Moment(t, start time.Time) string {
	switch l.Time {
	case Absolute:
		return l.local(t).Format("15:04:05.000")
	case Epoch:
		return strconv.FormatInt(t.Unix(), 10) + t.Format(".000000")
	}
	return strconv.FormatFloat(t.Sub(start).Seconds(), 'f', 3, 64)
}

// MomentUnit is what to put after a Moment in a sentence.
func (l *Look) MomentUnit() string {
	if l.Time == Absolute {
		return ""
	}
	return " s"
}

// Date shows a time in full, with its zone: what the relative ones are
// relative to.
func (l *Look) Date(t time.Time) string { return l.date(t, "2006-01-02 15:04:05") }

// Instant is Date to the microsecond, where there are any.
func (l *Look) Instant(t time.Time) string {
	if t.Nanosecond() == 0 {
		return l.Date(t)
	}
	return l.date(t, "2006-01-02 15:04:05.000000")
}

func (l *Look) date(t time.Time, layout string) string {
	t = l.local(t)
	zone := t.Format(" -07:00")
	if _, offset := t.Zone(); offset == 0 {
		zone = " UTC"
	}
	return t.Format(layout) + zone
}

func (l *Look) local(t time.Time) time.Time {
	if l.Location == nil {
		return t.UTC()
	}
	return t.In(l.Location)
}
