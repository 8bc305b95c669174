package detect

import (
	"strings"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// dur writes a duration as people say it.
func dur(d time.Duration) string { return words.Seconds(d.Seconds()) }

// frame names a frame in a sentence.
func (in *Input) frame(m Mark) string {
	if m.Frame == 0 || in.Multi {
		return in.frames(m)
	}
	b, from := in.room().text.Begin()
	b.WriteString("frame ")
	words.WriteUint(b, m.Frame)
	return b.String()[from:]
}

// frames names frames in a sentence: "frame 8", "frames 8 and 9", "frames 8, 9
// and 3 more". Of several files each has its number.
func (in *Input) frames(list ...Mark) string {
	const most = 6
	var room [2 * most]Mark
	list = distinct(append(room[:0], list...))
	if len(list) == 0 {
		return "not captured"
	}
	rest := len(list) - most
	list = list[:min(len(list), most)]
	b, from := in.room().text.Begin()
	b.WriteString("frame")
	if len(list) > 1 {
		b.WriteByte('s')
	}
	for i, m := range list {
		switch {
		case i > 0 && i == len(list)-1 && rest <= 0:
			b.WriteString(" and")
		case i > 0:
			b.WriteByte(',')
		}
		b.WriteByte(' ')
		words.WriteUint(b, m.Frame)
		if in.Multi && (i == len(list)-1 || list[i+1].File != m.File) {
			b.WriteString(" of file ")
			words.WriteUint(b, uint64(m.File)+1)
		}
	}
	if rest > 0 {
		b.WriteString(" and ")
		words.WriteUint(b, uint64(rest))
		b.WriteString(" more")
	}
	return b.String()[from:]
}

// say joins sentences, leaving out the empty ones.
func say(sentences ...string) string {
	var b strings.Builder
	size := len(sentences)
	for _, s := range sentences {
		size += len(s)
	}
	b.Grow(size)
	for _, s := range sentences {
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}

// when returns text if ok holds.
func when(ok bool, text string) string {
	if ok {
		return text
	}
	return ""
}

// either returns one or the other.
func either(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

// seconds makes a duration of the seconds that records have.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// both orders what the programs saw by side index: one is what the program at
// side saw, other what its peer's did.
func both(side report.Side, one, other string) [2]string {
	if side == report.Server {
		return [2]string{other, one}
	}
	return [2]string{one, other}
}

// times says how often.
func times(n int) string { return words.Times(n) }
