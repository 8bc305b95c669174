package stats

import "math"

// Level counts how many of something there were at a time, by when each began and
// ended. It never says more than there were: what lasted for less than a bucket of its
// timeline, a 256th of the time that it spans, may be missing.
type Level struct {
	few  [][2]int64 // while there are few, exactly
	line *timeline
	n    uint64
	open int // of them: what has not ended
}

const fewIntervals = 64

// Open is the end of what has not ended.
const Open = math.MaxInt64

// Add counts what began at from and ended at until, nanoseconds since the epoch.
func (l *Level) Add(from, until int64) {
	if until <= from {
		return
	}
	l.n++
	if until == Open {
		l.open++
	}
	if l.line == nil {
		if len(l.few) < fewIntervals {
			l.few = append(l.few, [2]int64{from, until})
			return
		}
		l.spread()
	}
	l.put(from, until)
}

// spread goes over to a timeline.
func (l *Level) spread() {
	l.line = &timeline{width: 1e6, late: true}
	first, last := int64(math.MaxInt64), int64(0)
	for _, x := range l.few {
		first, last = min(first, x[0]), max(last, x[0])
		if x[1] != Open {
			last = max(last, x[1])
		}
	}
	for l.line.width < (last-first)/(buckets/2) {
		l.line.width *= 2
	}
	for _, x := range l.few {
		l.put(x[0], x[1])
	}
	l.few = nil
}

func (l *Level) put(from, until int64) {
	l.line.add(up, from, 1)
	if until != Open {
		l.line.add(down, until, 1)
	}
}

// Merge adds what o has counted.
func (l *Level) Merge(o *Level) {
	l.n += o.n
	l.open += o.open
	switch {
	case l.line == nil && o.line == nil && len(l.few)+len(o.few) <= fewIntervals:
		l.few = append(l.few, o.few...)
		return
	case l.line == nil:
		l.spread()
	}
	for _, x := range o.few {
		l.put(x[0], x[1])
	}
	if o.line != nil {
		l.line.merge(o.line)
	}
}

// N is how many there were in all.
func (l *Level) N() uint64 { return l.n }

// Peak returns the most that there were at a time, up to end, the end of everything,
// and when that was first.
func (l *Level) Peak(end int64) (most int, at int64) {
	l.each(end, func(t int64, n int) {
		if n > most {
			most, at = n, t
		}
	})
	if l.open > most { // of what began last the timeline does not tell
		return l.open, end
	}
	return most, at
}

// each calls fn with every time, up to end, from which there were n.
func (l *Level) each(end int64, fn func(t int64, n int)) {
	if l.line == nil {
		l.eachOfFew(end, fn)
		return
	}
	n := 0
	for i := range l.line.used {
		t := (l.line.first + int64(i)) * l.line.width
		if t > end {
			return
		}
		n += int(l.line.n[up][i]) - int(l.line.n[down][i])
		fn(t, n)
	}
}

func (l *Level) eachOfFew(end int64, fn func(t int64, n int)) {
	for _, x := range l.few { // the number changes upwards only where one begins
		if x[0] > end {
			continue
		}
		fn(x[0], l.among(x[0]))
	}
	fn(end, l.among(end))
}

func (l *Level) among(t int64) (n int) {
	for _, x := range l.few {
		if x[0] <= t && t < x[1] {
			n++
		}
	}
	return n
}
