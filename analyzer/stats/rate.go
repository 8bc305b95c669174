package stats

// Rate counts how often something happened in a time, and how often in a way that is
// of interest.
type Rate struct {
	few       []count // while there are few
	line      *timeline
	all, some uint64
}

// count is how often something happened at a time.
type count struct {
	t       int64
	n, some uint32
}

// Add counts n times at t, of which so many were of interest.
func (r *Rate) Add(t int64, n, some uint32) {
	r.all += uint64(n)
	r.some += uint64(some)
	x := count{t, n, some}
	if r.line == nil {
		if len(r.few) < fewIntervals {
			r.few = append(r.few, x)
			return
		}
		r.spread()
	}
	r.line.count(x)
}

// spread goes over to a timeline.
func (r *Rate) spread() {
	l := r.timeline()
	r.line, r.few = &l, nil
}

// timeline is that of what has happened.
func (r *Rate) timeline() timeline {
	if r.line != nil {
		return *r.line
	}
	l := timeline{width: second}
	for _, x := range r.few {
		l.count(x)
	}
	return l
}

func (l *timeline) count(x count) {
	if x.t < l.from || x.t >= l.until {
		l.enter(x.t)
	}
	l.n[up][l.at] += x.n
	l.n[down][l.at] += x.some
}

// enter makes the bucket of t, by its begin, the one that was counted in last.
func (l *timeline) enter(t int64) {
	i := l.bucket(down, t)
	l.span(i, i)
	i = l.bucket(down, t)
	l.from, l.until, l.at = i*l.width, (i+1)*l.width, i-l.first
}

// Merge adds what o has counted.
func (r *Rate) Merge(o *Rate) {
	r.all += o.all
	r.some += o.some
	switch {
	case r.line == nil && o.line == nil && len(r.few)+len(o.few) <= fewIntervals:
		r.few = append(r.few, o.few...)
		return
	case r.line == nil:
		r.spread()
	}
	other := o.timeline()
	r.line.merge(&other)
}

// N is how often it happened in all, and how often in a way that is of interest.
func (r *Rate) N() (all, some uint64) { return r.all, r.some }

// After is how often it happened after t, or in the rest of the time in which the
// timeline has t.
func (r *Rate) After(t int64) (n uint64) {
	l := r.timeline()
	for i := range l.used {
		if (l.first+int64(i))*l.width > t {
			n += uint64(l.n[up][i])
		}
	}
	return n
}

// Within reports whether it happened from one time to another, or in the same buckets of
// the timeline.
func (r *Rate) Within(from, until int64) bool {
	for _, x := range r.few {
		if x.t >= from && x.t <= until {
			return true
		}
	}
	if r.line == nil {
		return false
	}
	l := r.line
	for i := range l.used {
		if at := (l.first + int64(i)) * l.width; l.n[up][i] > 0 && at+l.width > from && at <= until {
			return true
		}
	}
	return false
}

// Burst is a time in which something went on, from the begin of its first bucket to
// the end of its last.
type Burst struct {
	From, Until int64
	N, Some     uint64
	Most        float64 // a second, in its busiest bucket
}

// Bursts calls fn with the times in which it happened at least so often a second, and
// at least so large a share of them in a way that is of interest.
func (r *Rate) Bursts(perSecond, share float64, fn func(Burst)) {
	l, b := r.timeline(), Burst{}
	width := float64(l.width) / float64(second)
	for i := range l.used {
		n, some := uint64(l.n[up][i]), uint64(l.n[down][i])
		rate := float64(n) / width
		if rate < perSecond || float64(some) < share*float64(n) {
			if b.N > 0 {
				fn(b)
			}
			b = Burst{}
			continue
		}
		t := (l.first + int64(i)) * l.width
		if b.N == 0 {
			b.From = t
		}
		b.Until, b.N, b.Some, b.Most = t+l.width, b.N+n, b.Some+some, max(b.Most, rate)
	}
	if b.N > 0 {
		fn(b)
	}
}
