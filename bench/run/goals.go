//go:build linux

package main

// goal is a row of goals.
type goal struct {
	load  string
	what  string
	limit float64
	least bool // the limit is what is wanted at least, not at most
	unit  string
	found func(r *results, l *loaded) (value float64, ok bool)
}

// verdict is a goal and what became of it.
type verdict struct {
	goal
	Value float64
	Known bool // it was measured
}

// Met says whether the goal was reached.
func (v *verdict) Met() bool {
	if v.least {
		return v.Known && v.Value >= v.limit
	}
	return v.Known && v.Value <= v.limit
}

// goals are what is wanted, on two cores.
var goals = []goal{
	{"first", "time of lastack / tcpdump --count", 1.5, false, "times", times("lastack", "tcpdump")},
	{"first", "time of argus / lastack", 8, true, "times", times("argus", "lastack")},
	{"first", "time of tcptrace / lastack", 10, true, "times", times("tcptrace", "lastack")},
	{"tenth", "time of tshark -z conv,tcp / lastack", 60, true, "times", times("tshark", "lastack")},
	{"first", "peak memory of lastack", 250, false, "MB", peak("lastack")},
	{"full", "time of lastack / tcpdump --count", 1.0, false, "times", times("lastack", "tcpdump")},
	{"elephant", "time of lastack / tcpdump --count", 2, false, "times", times("lastack", "tcpdump")},
	{"concurrent", "peak memory of lastack", 600, false, "MB", peak("lastack")},
	{"steady-100m", "peak memory / that of steady-30m", 1.1, false, "times", growth},
	{"flood", "peak memory / the default of --max-memory", 1, false, "times", bound},
	{"flood", "speed of lastack", 5, true, "M packets/s", speed("lastack")},
	{"first", "time of lastack --format ndjson / text", 1.6, false, "times", times("lastack-ndjson", "lastack")},
	{"first", "time of --workers 1 / --workers 2", 1.5, true, "times", times("lastack-1", "lastack-2")},
	{"first", "different outputs of 1, 2 and 8 workers, text", 1, false, "", outputs("text")},
	{"first", "different outputs of 1, 2 and 8 workers, ndjson", 1, false, "", outputs("ndjson")},
	{"", "places where the garbage collector is switched off", 0, false, "", func(r *results, _ *loaded) (float64, bool) { return float64(len(r.GCOff)), true }},
}

// judge holds the results against the goals.
func (r *results) judge() {
	for _, g := range goals {
		v := verdict{goal: g}
		if l := r.load(g.load); l != nil || g.load == "" {
			v.Value, v.Known = g.found(r, l)
		}
		r.Goals = append(r.Goals, v)
	}
}

type finder = func(*results, *loaded) (float64, bool)

// times is how many times longer a took than b.
func times(a, b string) finder {
	return func(_ *results, l *loaded) (float64, bool) {
		x, y := l.tool(a), l.tool(b)
		if x == nil || y == nil {
			return 0, false
		}
		return ratio(x, y), true
	}
}

// peak is the highest of all rounds, in MB.
func peak(name string) finder {
	return func(_ *results, l *loaded) (most float64, ok bool) {
		t := l.tool(name)
		if t == nil {
			return 0, false
		}
		for _, mb := range t.each(memory) {
			most = max(most, mb)
		}
		return most, true
	}
}

// speed is in millions of packets a second.
func speed(name string) finder {
	return func(_ *results, l *loaded) (float64, bool) {
		t := l.tool(name)
		if t == nil {
			return 0, false
		}
		return float64(l.Packets) / 1e6 / median(t.each(wall)), true
	}
}

func growth(r *results, long *loaded) (float64, bool) {
	short := r.load("steady-30m")
	if short == nil || short.tool("lastack-pipe") == nil || long.tool("lastack-pipe") == nil {
		return 0, false
	}
	return median(long.tool("lastack-pipe").each(memory)) / median(short.tool("lastack-pipe").each(memory)), true
}

// bound: --max-memory is by default 2 GiB or a quarter of the machine.
func bound(r *results, l *loaded) (float64, bool) {
	most, ok := peak("lastack")(r, l)
	return most * 1e6 / float64(min(2<<30, totalMemory()/4)), ok
}

func outputs(format string) finder {
	return func(r *results, _ *loaded) (float64, bool) {
		n, ok := r.Outputs[format]
		return float64(n), ok
	}
}
