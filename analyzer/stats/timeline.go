package stats

// buckets is how many a timeline has at most: where the time that it spans needs more
// they become twice as wide, and so on.
const buckets = 512

const second = int64(1e9)

// timeline counts events of two kinds in buckets of time.
type timeline struct {
	width int64
	first int64 // the number of the first bucket: its time is first*width
	used  int   // as many have been reached
	late  bool  // what is up belongs to the first bucket that begins then or later
	n     [kinds][buckets]uint32

	// The bucket that a Rate counted in last, and its time: mostly the next belongs there
	// too. There is none if from is until.
	from, until, at int64
}

// bucket is the number of the one for an event of a kind at t.
func (l *timeline) bucket(kind int, t int64) int64 {
	n := t / l.width
	switch over := t % l.width; {
	case over < 0 && !(l.late && kind == up):
		return n - 1
	case over > 0 && l.late && kind == up:
		return n + 1
	}
	return n
}

// add counts n events of a kind at t.
func (l *timeline) add(kind int, t int64, n uint32) {
	i := l.bucket(kind, t)
	l.span(i, i)
	l.n[kind][l.bucket(kind, t)-l.first] += n
}

// span makes room for the buckets from low to high, numbers of the present width.
func (l *timeline) span(low, high int64) {
	if l.used == 0 {
		l.first = low
	}
	low, high = min(low, l.first), max(high, l.first+int64(max(l.used, 1))-1)
	for high-low >= buckets {
		l.double()
		low, high = low>>1, (high+1)>>1
	}
	if by := l.first - low; by > 0 {
		for k := range l.n {
			copy(l.n[k][by:], l.n[k][:buckets-by])
			clear(l.n[k][:by])
		}
		l.first, l.from, l.until = low, 0, 0
	}
	l.used = int(high - l.first + 1)
}

// double makes the buckets twice as wide.
func (l *timeline) double() {
	old := *l
	*l = timeline{width: 2 * old.width, first: old.first >> 1, used: old.used/2 + 1, late: old.late}
	later := int64(0)
	if l.late {
		later = 1
	}
	for i := range old.used {
		n := old.first + int64(i)
		l.n[up][((n+later)>>1)-l.first] += old.n[up][i]
		l.n[down][(n>>1)-l.first] += old.n[down][i]
	}
}

// The kinds of event: what begins and what ends; or all, and some of them.
const (
	up = iota
	down
	kinds
)

// merge adds what o has counted.
func (l *timeline) merge(o *timeline) {
	if o.used == 0 {
		return
	}
	other := *o
	for l.width < other.width {
		l.double()
	}
	for other.width < l.width {
		other.double()
	}
	l.span(other.first, other.first+int64(other.used)-1)
	for l.width > other.width {
		other.double()
	}
	for k := range other.n {
		for i := range other.used {
			if n := other.n[k][i]; n > 0 {
				l.n[k][other.first+int64(i)-l.first] += n
			}
		}
	}
}
