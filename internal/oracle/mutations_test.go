package oracle

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// forge changes something about transition i of a record, if it applies.
type forge struct {
	name string
	do   func(c *report.Connection, i int) bool
}

// forges are ways of getting a transition wrong, each of which must be seen
// in every transition of every right record.
var forges = []forge{
	{"another state before", func(c *report.Connection, i int) bool {
		return swap(&c.Transitions[i].From, closeWait, established)
	}},
	{"another state after", func(c *report.Connection, i int) bool {
		return swap(&c.Transitions[i].To, closing, finWait2)
	}},
	{"both states of another transition", func(c *report.Connection, i int) bool {
		j := (i + 1) % len(c.Transitions)
		a, b := &c.Transitions[i], &c.Transitions[j]
		if a.From == b.From && a.To == b.To {
			return false
		}
		a.From, a.To, b.From, b.To = b.From, b.To, a.From, a.To
		return true
	}},
	{"the other side", func(c *report.Connection, i int) bool {
		return swap((*string)(&c.Transitions[i].Side), string(report.Client), string(report.Server))
	}},
	{"left out", func(c *report.Connection, i int) bool {
		c.Transitions = append(c.Transitions[:i:i], c.Transitions[i+1:]...)
		return true
	}},
	{"twice", func(c *report.Connection, i int) bool {
		c.Transitions = append(c.Transitions[:i+1:i+1], c.Transitions[i:]...)
		return true
	}},
	{"the frame after", func(c *report.Connection, i int) bool { return shift(c.Transitions[i].Frame, 1) }},
	{"the frame before", func(c *report.Connection, i int) bool { return shift(c.Transitions[i].Frame, -1) }},
	{"no such frame", func(c *report.Connection, i int) bool { return shift(c.Transitions[i].Frame, 1<<20) }},
	{"without a frame", func(c *report.Connection, i int) bool {
		had := c.Transitions[i].Frame != nil
		c.Transitions[i].Frame = nil
		return had
	}},
	{"without a time", func(c *report.Connection, i int) bool {
		had := c.Transitions[i].T != nil
		c.Transitions[i].T = nil
		return had
	}},
	{"a second earlier", func(c *report.Connection, i int) bool { return delay(c.Transitions[i].T, -time.Second) }},
	{"a second later", func(c *report.Connection, i int) bool { return delay(c.Transitions[i].T, time.Second) }},
	{"another symbol", func(c *report.Connection, i int) bool {
		return swap(&c.Transitions[i].On, "rcv.FIN", "rcv.ACK-of-FIN")
	}},
	{"sent for received", func(c *report.Connection, i int) bool {
		kind, what, ok := strings.Cut(c.Transitions[i].On, ".")
		c.Transitions[i].On = map[string]string{"snd": "rcv.", "rcv": "snd."}[kind] + what
		return ok && kind != "timeout"
	}},
	{"another basis", func(c *report.Connection, i int) bool { return swap(&c.Transitions[i].Basis, sentBasis, assumed) }},
	{"confirmed without proof", func(c *report.Connection, i int) bool {
		t := &c.Transitions[i]
		t.Basis, t.ConfirmedFrame = confirmed, nil
		return true
	}},
	{"proved by itself", func(c *report.Connection, i int) bool {
		t := &c.Transitions[i]
		if t.Basis != confirmed {
			return false
		}
		t.ConfirmedFrame = t.Frame
		return true
	}},
	{"proved by the frame before", func(c *report.Connection, i int) bool { return shift(c.Transitions[i].ConfirmedFrame, -1) }},
	{"another section", func(c *report.Connection, i int) bool {
		t := &c.Transitions[i]
		if t.On == "superseded" || t.On == "timeout.FIN-WAIT-2" || t.On == "snd.RST" && t.From == "TIME-WAIT" {
			return false // no section is about it
		}
		return swap(&c.Transitions[i].Rule, "3.10.7.1", "3.10.6")
	}},
	{"momentary", func(c *report.Connection, i int) bool {
		was := c.Transitions[i].Momentary
		c.Transitions[i].Momentary = true
		return !was && !leftAtOnce(c, i)
	}},
}

// swap sets a field to a, or to b if it is a.
func swap(field *string, a, b string) bool {
	if *field == a {
		a = b
	}
	*field = a
	return true
}

func shift(frame *uint64, by int64) bool {
	if frame == nil {
		return false
	}
	*frame = uint64(int64(*frame) + by)
	return true
}

func delay(t *time.Time, by time.Duration) bool {
	if t == nil {
		return false
	}
	*t = t.Add(by)
	return true
}

// leftAtOnce reports whether a transition's state is left by the same frame,
// so that calling it momentary is right.
func leftAtOnce(c *report.Connection, i int) bool {
	t := &c.Transitions[i]
	for j := i + 1; j < len(c.Transitions); j++ {
		if next := &c.Transitions[j]; next.Side == t.Side {
			return ref(next.Frame, next.File) == ref(t.Frame, t.File)
		}
	}
	return false
}

// clone copies a record deeply.
func clone(t testing.TB, c *report.Connection) *report.Connection {
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var out report.Connection
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

// forgeAll applies every forge to every transition of a right record.
func forgeAll(t *testing.T, name string, c *report.Connection, segs []wire.Segment) (forged, seen int) {
	for i := range c.Transitions {
		for _, f := range forges {
			bad := clone(t, c)
			if !f.do(bad, i) {
				continue
			}
			forged++
			if len(Check(bad, segs)) > 0 {
				seen++
			} else {
				tr := &c.Transitions[i]
				t.Errorf("%s: transition %d (%s %s to %s on %s): %q went unseen", name, i, tr.Side, tr.From, tr.To, tr.On, f.name)
			}
		}
	}
	return forged, seen
}

// TestForgedStories: no forgery of a hand-made record goes unseen.
func TestForgedStories(t *testing.T) {
	for i := range stories {
		c, segs := stories[i].record()
		forgeAll(t, stories[i].name, c, segs)
	}
}

// TestForgedCaptures: nor one of a record made from a real capture.
func TestForgedCaptures(t *testing.T) {
	forged, seen := 0, 0
	for _, f := range testdata(t) {
		if strings.Contains(f, "captured-") {
			continue // where less is known, more is possible
		}
		r := analyze(t, f, nil)
		for _, c := range r.records {
			if len(Check(c, r.of(c))) > 0 {
				continue // TestCaptures tells
			}
			n, k := forgeAll(t, f, c, r.of(c))
			forged, seen = forged+n, seen+k
		}
	}
	if forged == 0 {
		t.Error("nothing to forge")
	}
	t.Logf("%d of %d forgeries seen", seen, forged)
}

// TestForgedFrames moves transitions to a neighbouring frame together with
// their time. A receipt may as well have been by a later segment that says
// the same; nothing that was sent may.
func TestForgedFrames(t *testing.T) {
	forged, seen := 0, 0
	for n := range stories {
		c, segs := stories[n].record()
		for i := range c.Transitions {
			for _, by := range []int64{-1, 1} {
				bad := clone(t, c)
				tr := &bad.Transitions[i]
				if !shift(tr.Frame, by) || *tr.Frame < 1 || int(*tr.Frame) > len(segs) {
					continue
				}
				*tr.T = frameTime(int(*tr.Frame))
				forged++
				if len(Check(bad, segs)) > 0 {
					seen++
				} else if sent(tr.On) {
					t.Errorf("%s: transition %d (%s) at frame %d went unseen", stories[n].name, i, tr.On, *tr.Frame)
				}
			}
		}
	}
	if seen*10 < forged*9 {
		t.Errorf("only %d of %d seen", seen, forged)
	}
}

// whole-record forgeries: what is changed in which story, and the section
// and words of the violation that must be among those found.
var wholeForgeries = []struct {
	name, story string
	do          func(*report.Connection)
	rule, text  string
}{
	{"kind", "four segments", func(c *report.Connection) { c.Close.Kind = "three-segment" }, "inference C2", "makes it four-segment"},
	{"kind", "three segments", func(c *report.Connection) { c.Close.Kind = "four-segment" }, "inference C2", "makes it three-segment"},
	{"kind", "four segments", func(c *report.Connection) { c.Close.Kind = "half-closed" }, "3.6.1", "not by one FIN"},
	{"kind", "four segments", func(c *report.Connection) { c.Close.Kind = "none" }, "records", "both sides sent a FIN"},
	{"kind", "abort", func(c *report.Connection) { c.Close.Kind = "simultaneous" }, "3.6", "not both sides sent a FIN"},
	{"kind", "simultaneous close", func(c *report.Connection) { c.Close.Kind = "four-segment" }, "3.6", "the first closer is both"},
	{"kind without a reset", "four segments", func(c *report.Connection) { c.Close.Kind = "reset" }, "records", "by none"},
	{"reset after the close", "four segments", func(c *report.Connection) {
		c.Close.Kind, c.Close.Reset = "reset", &report.ResetCause{By: report.Client, Frame: 11}
	}, "records", "is no RST"},
	{"reset by", "abort", func(c *report.Connection) { c.Close.Reset.By = report.Server }, "records", "not by the server"},
	{"first closer", "four segments", func(c *report.Connection) { c.Close.FirstCloser = report.Server }, "inference C1", "it is client"},
	{"first closer", "three segments", func(c *report.Connection) { c.Close.FirstCloser = report.SideBoth }, "3.6", "it is client"},
	{"first closer", "simultaneous close", func(c *report.Connection) { c.Close.FirstCloser = report.Client }, "inference C1", "it is both"},
	{"final ACK", "four segments", func(c *report.Connection) { c.Close.FinalAck = "unseen" }, "inference C4", "both FINs are acknowledged"},
	{"final ACK", "four segments", func(c *report.Connection) { c.Close.FinalAck = "lost" }, "inference C4", "no FIN came again"},
	{"FIN retransmits", "final ACK lost", func(c *report.Connection) { c.Close.FINRetransmits.Server = 2 }, "records", "captured are 1 to 1"},
	{"close_wait_s", "four segments", func(c *report.Connection) { s := 5.0; c.Close.CloseWait = &s }, "records", "CLOSE-WAIT lasted"},
	{"2MSL", "four segments", func(c *report.Connection) { delay(c.Endpoints.Client.TimeWaitUntil, time.Second) }, "3.10.7.4", "nothing restarts it"},
	{"2MSL without TIME-WAIT", "four segments", func(c *report.Connection) { c.Endpoints.Server.TimeWaitUntil = &start }, "records", "time_wait_until in CLOSED"},
	{"TIME-WAIT without 2MSL", "four segments", func(c *report.Connection) { c.Endpoints.Client.TimeWaitUntil = nil }, "records", "without an end"},
	{"2MSL of a timeout", "TIME-WAIT runs out", func(c *report.Connection) {
		t := &c.Transitions[len(c.Transitions)-1]
		delay(t.T, time.Minute)
	}, "3.10.7.4", "nothing restarts it"},
	{"state", "four segments", func(c *report.Connection) { c.Endpoints.Client.State = finWait2 }, "records", "the last transition leads to TIME-WAIT"},
	{"confirmed state", "four segments", func(c *report.Connection) { c.Endpoints.Server.ConfirmedState = established }, "inference E2", "confirmed state ESTABLISHED"},
	{"since", "four segments", func(c *report.Connection) { delay(c.Endpoints.Server.Since, time.Second) }, "records", "since"},
	{"packets", "four segments", func(c *report.Connection) { c.Endpoints.Client.Packets++ }, "records", "packets 7, captured are 6 to 6"},
	{"payload", "four segments", func(c *report.Connection) { c.Endpoints.Client.PayloadBytes-- }, "records", "payload_bytes 11"},
	{"unique", "four segments", func(c *report.Connection) { c.Endpoints.Server.UniqueBytes-- }, "records", "unique_bytes 19"},
	{"retransmits", "final ACK lost", func(c *report.Connection) { c.Endpoints.Server.Retransmits = 0 }, "records", "retransmits 0"},
	{"zero windows", "four segments", func(c *report.Connection) { c.Endpoints.Server.ZeroWindows = 1 }, "records", "zero_windows 1"},
	{"pending", "four segments", func(c *report.Connection) {
		c.Endpoints.Server.Pending = []report.Pending{{On: "rcv.ACK-of-FIN", Frame: 10}}
	}, "inference E2", "pending rcv.ACK-of-FIN"},
	{"form", "abort", func(c *report.Connection) { c.Resets[0].Form = "rst" }, "3.10.7", "it is rst-ack"},
	{"answered frame", "gone without a trace", func(c *report.Connection) { n := uint64(5); c.Resets[0].AnswersFrame = &n }, "3.5.2", ""},
	{"reset not listed", "abort", func(c *report.Connection) { c.Resets = nil }, "records", "missing in resets"},
	{"effect", "abort", func(c *report.Connection) { c.Resets[0].Effect = "ignored" }, "records", `"ignored"`},
	{"refuted side", "final ACK lost", func(c *report.Connection) { c.Refuted[0].Side = report.Client }, "records", "of the other side"},
	{"refuted by", "final ACK lost", func(c *report.Connection) { c.Refuted[0].ByFrame = 12 }, "inference E2", "not later"},
	{"refuted by what does not", "final ACK lost", func(c *report.Connection) { c.Refuted[0].ByFrame = 15 }, "inference E2", "is not refuted"},
	{"refuted, though it acknowledges no FIN", "final ACK lost", func(c *report.Connection) { c.Refuted[0].Frame = 10 }, "inference E2", "is not refuted"},
	{"refuted and kept", "final ACK lost", func(c *report.Connection) {
		c.Refuted[0].Frame, c.Refuted[0].ByFrame = 15, 16
	}, "records", ""},
}

func TestForgedWhole(t *testing.T) {
	for _, f := range wholeForgeries {
		st := findStory(t, f.story)
		c, segs := st.record()
		f.do(c)
		found := Check(c, segs)
		ok := false
		for _, v := range found {
			ok = ok || (f.text == "" || v.Rule == f.rule) && strings.Contains(v.Text, f.text)
		}
		if !ok {
			t.Errorf("%s of %q: want [%s] %s, found %v", f.name, st.name, f.rule, f.text, found)
		}
	}
}

func findStory(t *testing.T, name string) *story {
	for i := range stories {
		if strings.Contains(stories[i].name, name) {
			return &stories[i]
		}
	}
	t.Fatalf("no story %q", name)
	return nil
}
