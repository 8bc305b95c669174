package detect

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/report"
)

// TestExamples runs each detector on its own stories and on those in which it
// has to be silent.
func TestExamples(t *testing.T) {
	for id, list := range examples() {
		if _, ok := Lookup(id); !ok {
			t.Errorf("no detector %s", id)
		}
		for _, e := range list {
			t.Run(id+"/"+e.name, func(t *testing.T) {
				got := slices.DeleteFunc(Run(e.in, nil), func(f report.Finding) bool { return f.ID != id })
				if e.want == nil {
					if len(got) > 0 {
						t.Fatalf("fired: %s", got[0].Title)
					}
					return
				}
				if len(got) != 1 {
					t.Fatalf("%d findings", len(got))
				}
				check(t, &got[0], e.want)
			})
		}
	}
}

func check(t *testing.T, f *report.Finding, want *expect) {
	t.Helper()
	if f.Severity != want.severity || f.Confidence != want.confidence || f.Side != want.side {
		t.Errorf("%s, %s, %q; want %s, %s, %q", f.Severity, f.Confidence, f.Side, want.severity, want.confidence, want.side)
	}
	if !slices.Equal(f.Frames, want.frames) {
		t.Errorf("frames %v, want %v", f.Frames, want.frames)
	}
	for key, v := range want.values {
		if got := f.Values.Get(key); !equal(got, v) {
			t.Errorf("values[%q] = %v (%T), want %v (%T)", key, got, got, v, v)
		}
	}
}

// equal compares values, numbers to a nanosecond.
func equal(a, b any) bool {
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if ok1 && ok2 {
		return math.Abs(x-y) < 1e-9
	}
	if n, ok := a.(uint64); ok { // whole numbers come in one type
		return fmt.Sprint(n) == fmt.Sprint(b)
	}
	return reflect.DeepEqual(a, b)
}

// TestEveryDetectorHasExamples: one story at least in which it fires, and two
// look-alikes.
func TestEveryDetectorHasExamples(t *testing.T) {
	all := examples()
	for i := range All {
		var fires, silent int
		for _, e := range all[All[i].ID] {
			if e.want != nil {
				fires++
			} else {
				silent++
			}
		}
		for _, e := range surveys()[All[i].ID] {
			if e.want != "" {
				fires++
			} else {
				silent++
			}
		}
		if fires < 1 || silent < 2 {
			t.Errorf("%s: fires in %d stories, silent in %d", All[i].ID, fires, silent)
		}
	}
}

// TestDetectors: what every detector has to say of itself.
func TestDetectors(t *testing.T) {
	ids := report.FindingIDs()
	last := -1
	for i := range All {
		d := &All[i]
		at := slices.Index(ids, d.ID)
		if at < 0 {
			t.Errorf("%s is no id of package report", d.ID)
		}
		if at <= last {
			t.Errorf("%s stands out of the order of report.FindingIDs", d.ID)
		}
		last = at
		for name, text := range map[string]string{"Title": d.Title, "Means": d.Means, "Disproof": d.Disproof, "Advice": d.Advice} {
			if text == "" {
				t.Errorf("%s: no %s", d.ID, name)
			}
		}
		if len(d.Refs) == 0 || report.SeverityRank(d.Severity) < 0 {
			t.Errorf("%s: refs %v, severity %q", d.ID, d.Refs, d.Severity)
		}
		if got, ok := Lookup(d.ID); !ok || got.ID != d.ID {
			t.Errorf("Lookup(%q) = %v, %v", d.ID, got, ok)
		}
	}
	if _, ok := Lookup("no-such-finding"); ok {
		t.Error("Lookup finds what is not there")
	}
}

// TestFindingsAreComplete runs all detectors over all stories, in one file and
// in several.
func TestFindingsAreComplete(t *testing.T) {
	for id, list := range examples() {
		for _, e := range list {
			for _, multi := range []bool{false, true} {
				e.in.Multi = multi
				for _, f := range Run(e.in, nil) {
					if err := complete(&f, multi); err != nil {
						t.Errorf("story %s/%s: %s: %v", id, e.name, f.ID, err)
					}
				}
			}
		}
	}
}

var (
	faults = regexp.MustCompile(`  | \(\)|%!|\.\.|,,| ,| \.|<nil>|NaN|\?`)
	member = regexp.MustCompile(`[0-9]+`)
)

// complete says what is missing or wrong in a finding.
func complete(f *report.Finding, multi bool) error {
	switch {
	case f.Type != "finding" || !slices.Contains(report.FindingIDs(), f.ID):
		return fmt.Errorf("type %q, id %q", f.Type, f.ID)
	case len(f.Frames) == 0 || slices.Contains(f.Frames, 0) || len(f.Frames) > maxProof:
		return fmt.Errorf("frames %v", f.Frames)
	case multi != (len(f.FrameFiles) == len(f.Frames)) || !multi && f.FrameFiles != nil:
		return fmt.Errorf("frames %v of files %v", f.Frames, f.FrameFiles)
	case !multi && (!slices.IsSorted(f.Frames) || len(slices.Compact(slices.Clone(f.Frames))) != len(f.Frames)):
		return fmt.Errorf("frames %v are not in order, or double", f.Frames)
	case report.SeverityRank(f.Severity) < 0 || report.ConfidenceRank(f.Confidence) < 0:
		return fmt.Errorf("severity %q, confidence %q", f.Severity, f.Confidence)
	case report.SeverityRank(f.Severity) > report.SeverityRank(warning):
		return fmt.Errorf("severity %s of a single connection", f.Severity)
	case len(f.Connections) != 1 || f.ConnectionsTotal != 1:
		return fmt.Errorf("connections %v of %d", f.Connections, f.ConnectionsTotal)
	case f.T.IsZero() || len(f.Refs) == 0:
		return fmt.Errorf("time %v, refs %v", f.T, f.Refs)
	case f.SeenBy != nil && (f.SeenBy.Client == "" || f.SeenBy.Server == ""):
		return fmt.Errorf("seen by %v", *f.SeenBy)
	}
	if err := wording(f); err != nil {
		return err
	}
	return filterAndValues(f, multi)
}

// wording checks the sentences.
func wording(f *report.Finding) error {
	if f.Title == "" || strings.HasSuffix(f.Title, ".") || strings.Contains(f.Title, "\n") {
		return fmt.Errorf("title %q", f.Title)
	}
	for _, text := range []string{f.Explanation, f.Disproof, f.Advice} {
		if !strings.HasSuffix(text, ".") || strings.ContainsAny(text[:min(1, len(text))], "abcdefghijklmnopqrstuvwxyz") {
			return fmt.Errorf("no sentence: %q", text)
		}
	}
	for _, text := range []string{f.Title, f.Explanation, f.Disproof, f.Advice} {
		if bad := faults.FindString(text); bad != "" {
			return fmt.Errorf("%q in %q", bad, text)
		}
	}
	return nil
}

// filterAndValues checks what programs read.
func filterAndValues(f *report.Finding, multi bool) error {
	var named []string
	for _, n := range f.Frames {
		named = append(named, fmt.Sprint(n))
	}
	want := "frame.number in {" + strings.Join(named, ", ") + "}"
	if len(named) == 1 {
		want = "frame.number == " + named[0]
	}
	if !multi && f.WiresharkFilter != want || multi && !member.MatchString(f.WiresharkFilter) {
		return fmt.Errorf("filter %q, want %q", f.WiresharkFilter, want)
	}
	for i := range f.Values {
		key, v := f.Values[i].Name, f.Values[i].Any()
		_, float := v.(float64)
		if float != strings.HasSuffix(key, "_s") {
			return fmt.Errorf("values[%q] is a %T", key, v)
		}
		if x, ok := v.(float64); ok && (x < 0 || math.IsNaN(x) || math.IsInf(x, 0)) && !strings.HasPrefix(key, "delay_") && key != "early_s" {
			return fmt.Errorf("values[%q] = %v", key, x)
		}
	}
	return nil
}

// TestQuietStories: what is healthy draws no more than remarks, and the
// ordinary connection nothing at all, at no cost.
func TestQuietStories(t *testing.T) {
	in := ordinary()
	if got := Run(in, nil); got != nil {
		t.Errorf("an ordinary connection: %s", got[0].Title)
	}
	if n := testing.AllocsPerRun(100, func() { Run(in, nil) }); n != 0 {
		t.Errorf("an ordinary connection costs %v allocations", n)
	}
	healthy := map[string]*Input{"three segments": threeSegments(), "crossing FINs": crossed(), "half-close": dataAfterFIN(),
		"keepalive": probed(5, 5), "mid-stream": midway(), "open": established(), "closing": halfClosed()}
	for name, in := range healthy {
		for _, f := range Run(in, nil) {
			if f.Severity != info {
				t.Errorf("%s: %s %s", name, f.Severity, f.ID)
			}
		}
	}
}

// TestMirror: nothing depends on which end is called the client, once the
// connection is open: with the names of the ends swapped every finding has them
// swapped too.
func TestMirror(t *testing.T) {
	swap := strings.NewReplacer("client", "server", "server", "client", "192.0.2.1:40001", "198.51.100.1:5000", "198.51.100.1:5000", "192.0.2.1:40001")
	lists := closings()
	for id, list := range livesAndCaptures() {
		if id != "mid-stream" && id != "two-taps" {
			lists[id] = list
		}
	}
	for id, list := range lists {
		ofOthers := func(f report.Finding) bool { return f.ID != id }
		for _, e := range list {
			want := slices.DeleteFunc(Run(e.in, nil), ofOthers)
			mirror(e.in)
			got := slices.DeleteFunc(Run(e.in, nil), ofOthers)
			if len(got) != len(want) {
				t.Errorf("%s/%s: %d findings, mirrored %d", id, e.name, len(want), len(got))
				continue
			}
			for i := range got {
				g, w := &got[i], &want[i]
				if g.ID != w.ID || g.Severity != w.Severity || g.Confidence != w.Confidence || !slices.Equal(g.Frames, w.Frames) ||
					string(g.Side) != swap.Replace(string(w.Side)) || g.Title != swap.Replace(w.Title) {
					t.Errorf("%s/%s:\n%+v\nmirrored\n%+v", id, e.name, *w, *g)
				}
			}
		}
	}
}

// mirror swaps the names of the ends, but for who opened the connection.
func mirror(in *Input) {
	other := func(s *report.Side) { *s = s.Peer() }
	c := in.Conn
	c.Client, c.Server = c.Server, c.Client
	c.Endpoints.Client, c.Endpoints.Server = c.Endpoints.Server, c.Endpoints.Client
	other(&c.Close.FirstCloser)
	other(&c.Vantage.Near)
	m := &c.Vantage.MissingBytes
	m.Client, m.Server = m.Server, m.Client
	if c.Close.Reset != nil {
		other(&c.Close.Reset.By)
	}
	if c.HalfClose != nil {
		other(&c.HalfClose.By)
	}
	for i := range c.Transitions {
		other(&c.Transitions[i].Side)
	}
	for i := range c.Refuted {
		other(&c.Refuted[i].Side)
	}
	for i := range c.Resets {
		other(&c.Resets[i].By)
	}
	for i := range in.Notes {
		other(&in.Notes[i].Side)
	}
	swap(&in.FIN)
	swap(&in.FINAcked)
	swap(&in.Last)
	swap(&in.Unseen)
	if in.Taps != nil {
		swap(&in.Taps.Copies)
	}
}

func swap[T any](pair *[2]T) { pair[0], pair[1] = pair[1], pair[0] }

// TestOneStoryOneExplanation: what one finding explains the others leave
// alone.
func TestOneStoryOneExplanation(t *testing.T) {
	for name, c := range map[string]struct {
		in   *Input
		want []string
	}{
		"lost final ACK":       {finalACKLost(), []string{"lost-final-ack"}},
		"lost FIN":             {finLost(), []string{"fin-retransmitted"}},
		"full accept queue":    {overflow(2, server), []string{"accept-queue-overflow"}},
		"data to a closed end": {dataToClosed(), []string{"half-close-data-lost"}},
		"keepalive gives up":   {with(probed(3, 0), func(in *Input) { in.aborted(client, "rst-ack", "keepalive", 11, 4060, 0, 0) }), []string{"keepalive-unanswered"}},
		"keepalive, then RST":  {with(probed(2, 1), func(in *Input) { in.aborted(server, "rst", "no-such-connection", 11, 2080, 10, 0) }), []string{"keepalive-reset"}},
		"a minute half-closed": {halfClosed().until(61000), []string{"close-wait", "fin-wait-2-stuck"}},
		"reuse":                {reused("timestamp"), []string{"incarnation-reuse"}},
		"a stray SYN":          {with(synSent().until(9000), func(in *Input) { in.Conn.Open.Kind = "stray-syn" }), nil},
		"a stray SYN, doubled": {with(synSent().until(9000), func(in *Input) {
			in.Conn.Open.Kind, in.Copies, in.Copied = "stray-syn", 1, once(2, 0.1)
		}), nil},
	} {
		var got []string
		for _, f := range Run(c.in, nil) {
			got = append(got, f.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestNoFindingWithoutFrames: the constructor refuses it.
func TestNoFindingWithoutFrames(t *testing.T) {
	d := define(Detector{ID: "evicted"}, 0, func(*Input) []claim {
		return []claim{{title: "proof of nothing", proof: []Mark{{}, {File: 3}}}, {title: "proved", proof: []Mark{m(7, 1)}}}
	})
	got := d.Find(ordinary())
	if len(got) != 1 || got[0].Title != "proved" {
		t.Errorf("%v", got)
	}
}

// TestProofIsBounded: the first and the last frames stay.
func TestProofIsBounded(t *testing.T) {
	var list []Mark
	for i := range uint64(100) {
		list = append(list, m(100-i, 0))
	}
	got := distinct(list)
	if len(got) != maxProof || got[0].Frame != 1 || got[maxProof-1].Frame != 100 {
		t.Errorf("%v", got)
	}
}

// TestFilesAreNamed: with several files frames have theirs, sentences too, and
// the filter is for one file.
func TestFilesAreNamed(t *testing.T) {
	in := finalACKLost()
	in.Multi = true
	in.FIN[1].LastFile, in.Notes[0].File = 1, 1
	in.Conn.Refuted[0].ByFile = ptr(1)
	f := lostFinalAck.Find(in)[0]
	if !slices.Equal(f.Frames, []uint64{10, 11, 13, 12}) || !slices.Equal(f.FrameFiles, []int{0, 0, 0, 1}) {
		t.Errorf("frames %v of files %v", f.Frames, f.FrameFiles)
	}
	if f.WiresharkFilter != "frame.number in {10, 11, 13}" || !strings.Contains(f.Explanation, "frame 12 of file 2") {
		t.Errorf("%s; %s", f.WiresharkFilter, f.Explanation)
	}
}

// TestFrames names frames in sentences.
func TestFrames(t *testing.T) {
	for want, list := range map[string][]Mark{
		"not captured":                       nil,
		"frame 8":                            {m(8, 0), m(8, 0)},
		"frames 8 and 9":                     {m(9, 0), m(8, 0)},
		"frames 1, 2, 3, 4, 5, 6 and 2 more": {m(1, 0), m(2, 0), m(3, 0), m(4, 0), m(5, 0), m(6, 0), m(7, 0), m(8, 0)},
		"frames 1, 2, 3, 4, 5 and 6":         {m(1, 0), m(2, 0), m(3, 0), m(4, 0), m(5, 0), m(6, 0)},
	} {
		if got := ordinary().frames(list...); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	several := ordinary()
	several.Multi = true
	for want, list := range map[string][]Mark{
		"frames 8 and 9 of file 1":              {m(8, 0), m(9, 0)},
		"frames 8, 9 of file 1 and 3 of file 2": {m(8, 0), m(9, 0), {File: 1, Frame: 3}},
	} {
		if got := several.frames(list...); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, got := range map[string]string{"not captured": ordinary().frame(Mark{}), "frame 8": ordinary().frame(m(8, 0)), "frame 8 of file 1": several.frame(m(8, 0))} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCloseWaitIsNoLeak: one connection is never called one.
func TestCloseWaitIsNoLeak(t *testing.T) {
	for _, f := range Run(halfClosed().until(3600e3), nil) {
		if strings.Contains(strings.ToLower(f.Title+f.Explanation+f.Advice), "leak") {
			t.Errorf("%s: %s %s %s", f.ID, f.Title, f.Explanation, f.Advice)
		}
	}
}

// TestStrangeInputs: records that no analyzer writes make no detector panic,
// and what is found is still complete but for its wording.
func TestStrangeInputs(t *testing.T) {
	Run(&Input{Conn: &report.Connection{}}, nil)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		in := strange(rnd)
		for _, f := range Run(in, nil) {
			if len(f.Frames) == 0 || f.Title == "" || f.Explanation == "" || len(f.FrameFiles) != 0 != in.Multi {
				t.Fatalf("%+v", f)
			}
			if age := centuries(&f); age != "" {
				t.Fatalf("%s: a time that is not known is used: %s", f.ID, age)
			}
		}
	}
}

// centuries returns what in a finding can only come of the zero time: 292 years
// is as long as a Duration gets.
func centuries(f *report.Finding) string {
	for i := range f.Values {
		if x, ok := f.Values[i].Any().(float64); ok && math.Abs(x) > 9e9 {
			return fmt.Sprintf("%s = %v", f.Values[i].Name, x)
		}
	}
	return regexp.MustCompile(`1067[0-9]{2} d[^.]*`).FindString(f.Title + "; " + f.Explanation)
}

// strange takes a story and puts anything anywhere.
func strange(rnd *rand.Rand) *Input {
	stories := []func() *Input{nothing, synSent, answered, established, closing, halfClosed, lastACK, ordinary, threeSegments, crossed,
		finalACKLost, finLost, dataAfterFIN, dataToClosed, midway}
	in := stories[rnd.IntN(len(stories))]()
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	side := func() report.Side { return report.Side(pick("client", "server", "both", "unknown", "")) }
	sent := func() Sent {
		if rnd.IntN(4) == 0 {
			return Sent{} // not captured
		}
		return again(1+uint64(rnd.IntN(4)), rnd.Float64()*1e5, 1+uint64(rnd.IntN(4)), rnd.Float64()*1e5, rnd.IntN(9)-1)
	}
	c := in.Conn
	for range rnd.IntN(12) {
		switch rnd.IntN(16) {
		case 0:
			c.Open.Kind = pick("three-way", "simultaneous", "fast-open", "split", "refused", "rejected", "unanswered", "incomplete", "mid-stream", "?")
		case 1:
			c.Close.Kind, c.Close.FirstCloser = pick("four-segment", "three-segment", "simultaneous", "reset", "none"), side()
		case 2:
			c.Close.FinalAck, c.Close.EndedBy = pick("seen", "lost", "unseen", ""), pick("fin", "reset", "none")
		case 3:
			in.reset(side(), pick("rst", "rst-ack"), pick("refused", "abort", "after-close", "no-such-connection", "challenge", "injected", "keepalive",
				"time-wait-assassination", "unknown"), pick("closed", "void", "ignored"), uint64(rnd.IntN(20)), rnd.Float64()*1e5, uint64(rnd.IntN(20)), rnd.Uint32())
		case 4:
			in.Resets = nil
		case 5:
			in.Notes = append(in.Notes, note(NoteKind(rnd.IntN(14)), side(), uint64(rnd.IntN(20)), rnd.Float64()*1e5))
		case 6:
			in.FIN[rnd.IntN(2)], in.FINAcked[rnd.IntN(2)] = sent(), sent()
		case 7:
			in.SYN[rnd.IntN(2)], in.SYNACK = sent(), sent()
		case 8:
			c.HalfClose = &report.HalfClose{By: side(), Duration: rnd.NormFloat64(), Bytes: rnd.Uint64()}
			in.HalfClose = sent()
		case 9:
			c.Reuse = &report.Reuse{Age: rnd.NormFloat64(), ISNDelta: rnd.Int64(), AcceptedBy: pick("timestamp", "sequence", "reset", "expired", "holder", "?")}
			in.ReuseHolder, in.ReuseUnsafe = side(), rnd.IntN(2) == 0
		case 10:
			in.refute(side(), pick("rcv.ACK-of-SYN", "rcv.ACK-of-FIN", "rcv.FIN", "snd.RST"), pick("fin-retransmitted", "syn-ack-retransmitted", "x"),
				uint64(rnd.IntN(20)), uint64(rnd.IntN(20)))
		case 11:
			c.Endpoint(side()).State = pick("FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK", "CLOSE-WAIT", "TIME-WAIT", "CLOSED", "UNKNOWN", "")
		case 12:
			e := c.Endpoint(side())
			e.KeepaliveProbes, e.KeepaliveReplies, e.ZeroWindows = rnd.Uint64N(4), rnd.Uint64N(4), rnd.Uint64N(3)
		case 13:
			in.Taps = &Taps{Copies: [2]uint32{rnd.Uint32N(9), rnd.Uint32N(9)}, Frame: [2]uint64{rnd.Uint64N(3), rnd.Uint64N(3)}}
			in.Copies, in.Copied = rnd.Uint64N(20), sent()
		case 14:
			c.Transitions, c.Open.RTT, in.Last = nil, nil, [2]Mark{m(uint64(rnd.IntN(3)), 1e6), {}}
		case 15:
			in.Multi, c.Vantage.OneWay, in.Now = rnd.IntN(2) == 0, rnd.IntN(4) == 0, began.Add(time.Duration(rnd.Int64N(1e17)))
		}
	}
	return in
}

// FuzzRun is TestStrangeInputs with seeds of the fuzzer's choice.
func FuzzRun(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Add(uint64(77), uint64(0))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		for _, found := range Run(strange(rand.New(rand.NewPCG(a, b))), nil) {
			if len(found.Frames) == 0 {
				t.Fatal(found.ID)
			}
		}
	})
}

// BenchmarkRun measures what a finished connection costs.
func BenchmarkRun(b *testing.B) {
	for name, in := range map[string]*Input{"ordinary": ordinary(), "three-segment": threeSegments(), "lost-final-ack": finalACKLost(), "abort": with(established(),
		func(in *Input) { in.aborted(client, "rst-ack", "abort", 8, 145, 0, 0) })} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Run(in, nil)
			}
		})
	}
}

// TestOneOff: without a detector its own tests fail, and no others.
func TestOneOff(t *testing.T) {
	for i := range All {
		on := All[i]
		All[i] = Detector{ID: on.ID}
		failed := map[string]bool{}
		for id, list := range examples() {
			for _, e := range list {
				found := slices.ContainsFunc(Run(e.in, nil), func(f report.Finding) bool { return f.ID == id })
				if found != (e.want != nil) {
					failed[id] = true
				}
			}
		}
		for id, list := range surveys() {
			for _, g := range list {
				if toldOf(surveyed(g.list, 1), id) != g.want {
					failed[id] = true
				}
			}
		}
		if len(failed) != 1 || !failed[on.ID] {
			t.Errorf("without %s the tests of %v fail", on.ID, slices.Sorted(maps.Keys(failed)))
		}
		All[i] = on
	}
}
