package detect

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/report"
)

// TestBriefIsTheSame: a brief look finds what a whole look finds, in every story
// and in whatever no analyzer writes, and writes nothing that is not counted.
func TestBriefIsTheSame(t *testing.T) {
	look := func(name string, in *Input) {
		in.Brief = false
		want := Run(in, nil)
		for i := range want {
			want[i] = counted(&want[i])
		}
		in.Brief = true
		if diff := cmp.Diff(want, Run(in, nil)); diff != "" {
			t.Fatalf("%s:\n%s", name, diff)
		}
	}
	for name, in := range stories() {
		look(name, in)
	}
	look("long lists", longLists())
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		look("strange", strange(rnd))
	}
}

// counted is a finding without what a brief look leaves out.
func counted(f *report.Finding) report.Finding {
	files := f.FrameFiles[:min(1, len(f.FrameFiles))]
	return report.Finding{Type: f.Type, ID: f.ID, Severity: f.Severity, Confidence: f.Confidence, Connections: f.Connections,
		ConnectionsTotal: f.ConnectionsTotal, Side: f.Side, Frames: f.Frames[:1], FrameFiles: files}
}

// TestBriefAllocatesNothing: but for the blocks that frames are cut off, one for
// many findings.
func TestBriefAllocatesNothing(t *testing.T) {
	var list []report.Finding
	look := func(name string, in *Input) {
		in.Brief = true
		list = Run(in, list[:0])
		if n := testing.AllocsPerRun(50, func() { list = Run(in, list[:0]) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	for name, in := range stories() {
		look(name, in)
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 1000 {
		look("strange", strange(rnd))
	}
	look("long lists", longLists())
}

// longLists is a connection that was probed, stalled, closed and reset as often
// as the analyzer remembers.
func longLists() *Input {
	in := finalACKLost()
	for i := range 12 {
		frame, t := uint64(100+10*i), 500+1000*float64(i)
		for kind := range OldReset + 1 {
			for _, side := range sides {
				in.Notes = append(in.Notes, note(kind, side, frame+uint64(kind), t))
			}
		}
		in.refute(server, "rcv.ACK-of-FIN", "fin-retransmitted", frame, frame+1)
		in.refute(server, "rcv.ACK-of-SYN", "syn-ack-retransmitted", frame, frame+1)
		in.reset(client, "rst", "injected", "ignored", frame, t, 0, 0)
		in.Challenges = append(in.Challenges, Challenge{ACK: m(frame, t), RST: m(frame+1, t), State: "TIME-WAIT"})
	}
	for _, side := range sides {
		e := in.Conn.Endpoint(side)
		e.KeepaliveProbes, e.ZeroWindows = 12, 12
	}
	in.Conn.Open.SYNRetransmits, in.Conn.Open.SYNACKRetransmits = 12, 12
	in.aborted(server, "rst", "no-such-connection", 900, 20000, 105, 0)
	return in
}

// stories are the inputs of all examples, of one file and of several.
func stories() map[string]*Input {
	all := map[string]*Input{}
	for id, list := range examples() {
		for _, e := range list {
			all[id+"/"+e.name] = e.in
		}
	}
	for id, list := range examples() {
		for _, e := range list {
			e.in.Multi = true
			all[id+"/"+e.name+", of several files"] = e.in
		}
	}
	return all
}

// BenchmarkStories measures what a story costs in the mean, told and counted.
func BenchmarkStories(b *testing.B) {
	for name, brief := range map[string]bool{"whole": false, "brief": true} {
		b.Run(name, func(b *testing.B) {
			var all []*Input
			for _, in := range stories() {
				in.Brief = brief
				all = append(all, in)
			}
			var list []report.Finding
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				list = Run(all[i%len(all)], list[:0])
			}
		})
	}
}
