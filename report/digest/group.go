package digest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Group is the findings of one kind.
type Group struct {
	ID         string
	Severity   string // of the worst
	Confidence string // the highest among the worst
	// Findings and Connections count. A connection that several findings name is
	// counted once: by its record, which names the kind, or, where there is none, as
	// long as no more than 1,024 are remembered.
	Findings    int
	Connections int
	// IDs are the first connections named, as many as are shown.
	IDs []uint64
	// FirstFrame is the first frame cited.
	FirstFrame uint64
	// Worst is the finding to show: the first among the worst. Its lists are
	// cut to 64 entries.
	Worst report.Finding
	// Filter shows the frames or streams of the first findings in Wireshark.
	Filter string

	bar     *bar
	seen    map[uint64]bool
	filters []string
}

const (
	maxSeen    = 1024
	maxNamed   = maxIDs + 1
	maxListed  = 64
	maxFilters = 5
)

func (d *Digest) finding(f *report.Finding) {
	g := d.groups[f.ID]
	if g == nil {
		g = &Group{ID: f.ID, bar: d.bar(f.ID), seen: map[uint64]bool{}, Severity: f.Severity, Confidence: f.Confidence}
		g.show(f)
		d.groups[f.ID] = g
	}
	g.Findings++
	g.bar.note(f)
	if f.ConnectionsTotal > 1 {
		d.recall(g)
	}
	g.count(f)
	if len(f.Frames) > 0 && (g.FirstFrame == 0 || f.Frames[0] < g.FirstFrame) {
		g.FirstFrame = f.Frames[0]
	}
	switch worse := cmp.Or(
		cmp.Compare(report.SeverityRank(f.Severity), report.SeverityRank(g.Severity)),
		cmp.Compare(report.ConfidenceRank(f.Confidence), report.ConfidenceRank(g.Confidence)),
	); {
	case worse > 0:
		g.Severity, g.Confidence, g.filters = f.Severity, f.Confidence, nil
		g.show(f)
		fallthrough
	case worse == 0:
		g.filter(f)
	}
}

// show makes f the finding that stands for its kind.
func (g *Group) show(f *report.Finding) {
	g.Worst = *f
	w := &g.Worst
	w.Connections = firstOf(f.Connections)
	w.Frames, w.FrameFiles = firstOf(f.Frames), firstOf(f.FrameFiles)
	w.Check, w.Refs = firstOf(f.Check), firstOf(f.Refs)
	w.Values = nil
}

func firstOf[T any](list []T) []T { return slices.Clone(list[:min(len(list), maxListed)]) }

// count counts the connections that f names and keeps the first of them.
func (g *Group) count(f *report.Finding) {
	known := 0
	for _, id := range f.Connections {
		if g.seen[id] {
			known++
			continue
		}
		if len(g.seen) < maxSeen {
			g.seen[id] = true
		}
		if len(g.IDs) < maxNamed {
			g.IDs = append(g.IDs, id)
		}
	}
	g.Connections += max(f.ConnectionsTotal, len(f.Connections)) - known
}

// Filtered says of how many findings Filter shows the frames, where that is
// not all of them.
func (g *Group) Filtered() string {
	if n := len(g.filters); n > 0 && n < g.Findings {
		return "the first " + words.Count(n) + " of " + words.Count(g.Findings) + " findings"
	}
	return ""
}

// set is a filter that names a set of frames or streams.
var set = regexp.MustCompile(`^(frame\.number|tcp\.stream) (?:in \{([0-9][0-9., ]*)\}|(?:==|eq) ([0-9]+))$`)

// filter adds f's filter to the group's, where one filter can say both: for
// the same field and, since a filter is for one file, the same file.
func (g *Group) filter(f *report.Finding) {
	if len(g.filters) == 0 {
		g.filters, g.Filter = []string{f.WiresharkFilter}, f.WiresharkFilter
		return
	}
	if len(g.filters) >= maxFilters || len(f.FrameFiles) > 0 {
		return
	}
	g.filters = append(g.filters, f.WiresharkFilter)
	field, members := "", []string(nil)
	for _, one := range g.filters {
		m := set.FindStringSubmatch(one)
		if m == nil || field != "" && m[1] != field {
			g.filters = g.filters[:len(g.filters)-1]
			return
		}
		field = m[1]
		for _, n := range strings.FieldsFunc(m[2]+","+m[3], func(r rune) bool { return r == ',' || r == ' ' }) {
			if !slices.Contains(members, n) {
				members = append(members, n)
			}
		}
	}
	g.Filter = field + " in {" + strings.Join(members, ",") + "}"
}
