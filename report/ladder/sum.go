package ladder

import (
	"strings"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// tally counts what a fold holds.
type tally struct {
	bytes    [2]uint64 // new ones, by sender
	segments int       // with new data
	acks     int       // pure ones
	kinds    map[string]int
	order    []string // of kinds
	pauses   int
	longest  time.Duration
}

func (d *drawing) tally(it item) tally {
	t := tally{kinds: map[string]int{}}
	for row := it.from; row < it.to; row++ {
		s := &d.Segments[row]
		switch {
		case s.Kind != "":
			if t.kinds[s.Kind] == 0 {
				t.order = append(t.order, s.Kind)
			}
			t.kinds[s.Kind]++
		case s.Len > 0:
			t.segments++
			if s.From == report.Server {
				t.bytes[server] += uint64(s.Len)
			} else {
				t.bytes[client] += uint64(s.Len)
			}
		default:
			t.acks++
		}
		if row > it.from {
			if pause := s.Time.Sub(d.Segments[row-1].Time); pause >= splitPause {
				t.pauses++
				t.longest = max(t.longest, pause)
			}
		}
	}
	return t
}

// sum says what a fold holds: 24 bytes in 2 segments, 2 ACKs.
func (d *drawing) sum(it item) string {
	t := d.tally(it)
	if n := t.kinds["keepalive probe"]; n > 0 && t.segments == 0 {
		return d.probed(it, &t, n)
	}
	var parts []string
	if t.segments > 0 {
		parts = append(parts, t.data())
	}
	if t.acks > 0 {
		parts = append(parts, words.Plural(t.acks, "ACK"))
	}
	for _, k := range t.order {
		parts = append(parts, ofKind(t.kinds[k], k))
	}
	text := strings.Join(parts, ", ")
	if t.pauses > 0 {
		text += "; " + words.Plural(t.pauses, "pause") + " of up to " + words.Seconds(t.longest.Seconds())
	}
	return text
}

func (t *tally) data() string {
	text := words.Bytes(t.bytes[client]+t.bytes[server]) + " in " + words.Plural(t.segments, "segment")
	switch {
	case t.bytes[server] == 0:
		return text + " from the client"
	case t.bytes[client] == 0:
		return text + " from the server"
	}
	return text
}

// probed describes a row of keepalive probes: how many, how far apart, and
// whether they were answered.
func (d *drawing) probed(it item, t *tally, n int) string {
	var first, last time.Time
	ends := map[report.Side]bool{}
	for row := it.from; row < it.to; row++ {
		if s := &d.Segments[row]; s.Kind == "keepalive probe" {
			if first.IsZero() {
				first = s.Time
			}
			last, ends[s.From] = s.Time, true
		}
	}
	text := words.Plural(n, "keepalive probe")
	if len(ends) > 1 {
		text += " of both ends"
	} else if n > 1 {
		text += ", every " + words.Seconds(last.Sub(first).Seconds()/float64(n-1))
	}
	switch answers := t.kinds["keepalive reply"] + t.acks; {
	case answers == 0:
		return text + ", none answered"
	case answers >= n:
		return text + ", each answered"
	default:
		return text + ", " + words.Count(answers) + " answered"
	}
}

// phrases are kinds that are no nouns to which a number can be put.
var phrases = map[string]string{
	"out of order": "out of order", "outside every window": "outside every window", "gap before it": "with a gap before",
	"copy by the network": "copied by the network", "second tap": "of the second tap",
}

// ofKind says how many segments are of a kind.
func ofKind(n int, kind string) string {
	if phrase := phrases[kind]; phrase != "" {
		return words.Count(n) + " " + phrase
	}
	return words.Plural(n, kind)
}
