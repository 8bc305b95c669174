package oracle

import (
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// Initial sequence numbers of the hand-made connections; the server's octets
// pass zero.
const (
	clientISN = 1000
	serverISN = 1<<32 - 10
)

var (
	start      = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clientAddr = netip.MustParseAddrPort("192.0.2.1:40001")
	serverAddr = netip.MustParseAddrPort("198.51.100.1:5000")
)

// segments reads a capture: a line a segment, frame numbers from 1, 10 ms
// apart, as
//
//	c SA 0 1 12 w0     side, flags, relative SEG.SEQ and SEG.ACK, SEG.LEN, window
func segments(script string) (list []wire.Segment) {
	tuple, dir := wire.NewTuple(clientAddr, serverAddr)
	for line := range lines(script) {
		var side, flags string
		var seq, ack int64
		var length uint32
		window := uint16(1000)
		fmt.Sscan(line, &side, &flags, &seq, &ack, &length)
		if _, w, ok := strings.Cut(line, "w"); ok {
			fmt.Sscan(w, &window)
		}
		n := len(list) + 1
		s := wire.Segment{
			Tuple: tuple, Packet: uint64(n), Ref: wire.MakeFrameRef(0, uint64(n)),
			Time: frameTime(n).UnixNano(), Dir: dir, Len: length, Window: window,
			Seq: wire.Seq(seq + clientISN), Ack: wire.Seq(ack + serverISN),
			TCP: make([]byte, 20), HasIPID: true, IPID: uint16(n),
		}
		if side == "s" {
			s.Dir, s.Seq, s.Ack = 1-dir, wire.Seq(seq+serverISN), wire.Seq(ack+clientISN)
		}
		for i, c := range "FSRPA" {
			if strings.ContainsRune(flags, c) {
				s.Flags |= 1 << i
			}
		}
		list = append(list, s)
	}
	return list
}

// lines yields the lines of a script that are not empty.
func lines(script string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(script) {
			if strings.TrimSpace(line) != "" && !yield(line) {
				return
			}
		}
	}
}

func frameTime(n int) time.Time { return start.Add(time.Duration(n) * 10 * time.Millisecond) }

// path makes transitions: a line each, as
//
//	c CLOSED SYN-SENT snd.SYN 1 0 sent 3.10.1
//
// side, from, to, symbol, frame, confirming frame, basis, section; a "~" after
// them marks a momentary state. Without a frame (0) the bounds are those of
// the side's transition before and the confirming frame.
func path(script string) (list []report.Transition) {
	last := map[report.Side]time.Time{}
	for line := range lines(script) {
		var side, mark string
		var frame, proof uint64
		var t report.Transition
		fmt.Sscan(line, &side, &t.From, &t.To, &t.On, &frame, &proof, &t.Basis, &t.Rule, &mark)
		t.Side = map[string]report.Side{"c": report.Client, "s": report.Server}[side]
		t.Momentary = mark == "~"
		if proof != 0 {
			t.ConfirmedFrame = &proof
		}
		at := frameTime(int(max(frame, proof)))
		switch {
		case frame != 0:
			at = frameTime(int(frame))
			if at.Before(last[t.Side]) {
				at = last[t.Side] // put behind
			}
			t.Frame, t.T = &frame, &at
		default:
			before := last[t.Side]
			t.NotBefore, t.NotAfter = &before, &at
		}
		last[t.Side] = at
		list = append(list, t)
	}
	return list
}

// story is a hand-made capture and its right record.
type story struct {
	name, capture, path string
	close               report.Close
	open                string
	change              func(*report.Connection)
}

// record makes a story's record: the path, and the rest counted from it.
func (st *story) record() (*report.Connection, []wire.Segment) {
	segs := segments(st.capture)
	c := &report.Connection{
		ID: 1, Incarnation: 1, FirstFrame: 1, LastFrame: uint64(len(segs)),
		Client:      report.Addr{IP: clientAddr.Addr(), Port: clientAddr.Port()},
		Server:      report.Addr{IP: serverAddr.Addr(), Port: serverAddr.Port()},
		Open:        report.Open{Kind: st.open},
		Close:       st.close,
		Transitions: path(st.path),
	}
	if r := st.close.Reset; r != nil {
		own := *r
		c.Close.Reset = &own
	}
	ends := [2]*report.Endpoint{&c.Endpoints.Client, &c.Endpoints.Server}
	for k, isn := range [2]uint32{clientISN, serverISN} {
		if c.Open.Kind != "refused" || k == client {
			ends[k].ISN = &isn
		}
	}
	for k := range ends {
		ends[k].State, ends[k].ConfirmedState = closed, closed
	}
	count1(c, segs, ends)
	settle(c, ends)
	if st.change != nil {
		st.change(c)
	}
	return c, segs
}

// count1 fills the counters of a capture in which nothing comes twice but
// FINs, SYNs and what a story says itself.
func count1(c *report.Connection, segs []wire.Segment, ends [2]*report.Endpoint) {
	_, dir := wire.NewTuple(clientAddr, serverAddr)
	seen := map[string]bool{}
	for i := range segs {
		s := &segs[i]
		k := int(s.Dir ^ dir)
		e := ends[k]
		e.Packets++
		e.PayloadBytes += uint64(s.Len)
		key := fmt.Sprint(k, s.Seq, s.SegLen())
		switch {
		case s.Flags.Has(wire.RST):
			c.Resets = append(c.Resets, report.Reset{
				Frame: s.Ref.Frame(), By: [2]report.Side{report.Client, report.Server}[k],
				Form: map[bool]string{true: "rst-ack", false: "rst"}[s.Flags.Has(wire.ACK)], Effect: "closed",
			})
		case s.SegLen() == 0:
		case seen[key] && !s.Flags.Has(wire.SYN):
			e.Retransmits++
		default:
			e.UniqueBytes += uint64(s.Len)
		}
		seen[key] = true
	}
}

// settle sets the endpoints' states by the path.
func settle(c *report.Connection, ends [2]*report.Endpoint) {
	for _, t := range c.Transitions {
		e := ends[0]
		if t.Side == report.Server {
			e = ends[1]
		}
		e.State, e.Since = t.To, nil
		if t.T != nil {
			at := *t.T
			e.Since = &at
		}
		if t.Basis != assumed {
			e.ConfirmedState = t.To
		}
		e.TimeWaitUntil = nil
		if t.To == timeWait && t.T != nil {
			until := t.T.Add(linuxTwoMSL)
			e.TimeWaitUntil = &until
		}
	}
}

const threeWay = `
c CLOSED SYN-SENT snd.SYN 1 0 sent 3.10.1
s LISTEN SYN-RECEIVED rcv.SYN 1 2 confirmed 3.10.7.2
c SYN-SENT ESTABLISHED rcv.SYN,ACK 2 3 confirmed 3.10.7.3
s SYN-RECEIVED ESTABLISHED rcv.ACK-of-SYN 3 5 confirmed 3.10.7.4
`

const dialogue = `
c S 0
s SA 0 1
c A 1 1
c PA 1 1 12
s A 1 13
s PA 1 13 20
c A 13 21
`

// stories are right records; the first ones are figures of the RFC.
var stories = []story{
	{name: "four segments (figure 12)", open: "three-way",
		capture: dialogue + `
			c FA 13 21
			s A 21 14
			s FA 21 14
			c A 14 22`,
		path: threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			s ESTABLISHED CLOSE-WAIT rcv.FIN 8 9 confirmed 3.10.7.4
			c FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 9 0 assumed 3.10.7.4
			c FIN-WAIT-2 TIME-WAIT rcv.FIN 10 11 confirmed 3.10.7.4
			s CLOSE-WAIT LAST-ACK snd.FIN 10 0 sent 3.10.4
			s LAST-ACK CLOSED rcv.ACK-of-FIN 11 0 assumed 3.10.7.4`,
		close: report.Close{Kind: "four-segment", FirstCloser: report.Client, EndedBy: "fin", FinalAck: "seen"}},
	{name: "three segments", open: "three-way",
		capture: dialogue + `
			c FA 13 21
			s FPA 21 14 5
			c A 14 27`,
		path: threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			s ESTABLISHED CLOSE-WAIT rcv.FIN 8 9 confirmed 3.10.7.4
			c FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 9 10 confirmed 3.10.7.4 ~
			c FIN-WAIT-2 TIME-WAIT rcv.FIN 9 10 confirmed 3.10.7.4
			s CLOSE-WAIT LAST-ACK snd.FIN 9 0 sent 3.10.4
			s LAST-ACK CLOSED rcv.ACK-of-FIN 10 0 assumed 3.10.7.4`,
		close: report.Close{Kind: "three-segment", FirstCloser: report.Client, EndedBy: "fin", FinalAck: "seen"}},
	{name: "simultaneous close (figure 13), seen at the client", open: "three-way",
		capture: dialogue + `
			c FA 13 21
			s FA 21 13
			c A 14 22
			s A 22 14`,
		path: threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			s ESTABLISHED FIN-WAIT-1 snd.FIN 9 0 sent 3.10.4
			c FIN-WAIT-1 CLOSING rcv.FIN 9 10 confirmed 3.10.7.4
			s FIN-WAIT-1 CLOSING rcv.FIN 8 11 confirmed 3.10.7.4
			s CLOSING TIME-WAIT rcv.ACK-of-FIN 10 0 assumed 3.10.7.4
			c CLOSING TIME-WAIT rcv.ACK-of-FIN 11 0 assumed 3.10.7.4`,
		close: report.Close{Kind: "simultaneous", FirstCloser: report.SideBoth, EndedBy: "fin", FinalAck: "seen"}},
	{name: "simultaneous open (figure 7), seen at the client", open: "simultaneous",
		capture: `
			c S 0
			s S 0
			c SA 0 1
			s SA 0 1
			c PA 1 1 12
			s PA 1 13 20`,
		path: `
			c CLOSED SYN-SENT snd.SYN 1 0 sent 3.10.1
			s CLOSED SYN-SENT snd.SYN 2 0 sent 3.10.1
			c SYN-SENT SYN-RECEIVED rcv.SYN 2 3 confirmed 3.10.7.3
			s SYN-SENT SYN-RECEIVED rcv.SYN 1 4 confirmed 3.10.7.3
			c SYN-RECEIVED ESTABLISHED rcv.SYN,ACK 4 5 confirmed 3.10.7.4
			s SYN-RECEIVED ESTABLISHED rcv.SYN,ACK 3 6 confirmed 3.10.7.4`,
		close: report.Close{Kind: "none", FirstCloser: report.SideUnknown, EndedBy: "none"}},
	{name: "refused", open: "refused",
		capture: `
			c S 0
			s RA -4294967286 1`,
		path: `
			c CLOSED SYN-SENT snd.SYN 1 0 sent 3.10.1
			c SYN-SENT CLOSED rcv.RST 2 0 assumed 3.10.7.3`,
		close: report.Close{Kind: "reset", FirstCloser: report.Server, EndedBy: "reset",
			Reset: &report.ResetCause{By: report.Server, Cause: "refused", Frame: 2}}},
	{name: "abort", open: "three-way",
		capture: dialogue + `
			c RA 13 21`,
		path: threeWay + `
			c ESTABLISHED CLOSED snd.RST 8 0 sent 3.10.5
			s ESTABLISHED CLOSED rcv.RST 8 0 assumed 3.10.7.4`,
		close: report.Close{Kind: "reset", FirstCloser: report.Client, EndedBy: "reset",
			Reset: &report.ResetCause{By: report.Client, Cause: "abort", Frame: 8}}},
	{name: "gone without a trace (figure 10)", open: "three-way",
		capture: dialogue + `
			c PA 13 21 5
			s R 21`,
		path: threeWay + `
			c ESTABLISHED CLOSED rcv.RST 9 0 assumed 3.10.7.4
			s ESTABLISHED CLOSED snd.RST 0 9 inferred 3.10.5`,
		close: report.Close{Kind: "reset", FirstCloser: report.Server, EndedBy: "reset",
			Reset: &report.ResetCause{By: report.Server, Cause: "no-such-connection", Frame: 9}}},
	{name: "FIN before its data, final ACK lost", open: "three-way",
		capture: dialogue + `
			c FA 23 21
			s A 21 13
			c PA 13 21 10
			s A 21 24
			s FA 21 24
			c A 24 22
			s FA 21 24
			c A 24 22`,
		path: threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			s ESTABLISHED CLOSE-WAIT rcv.FIN 10 11 confirmed 3.10.7.4
			c FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 11 0 assumed 3.10.7.4
			c FIN-WAIT-2 TIME-WAIT rcv.FIN 12 13 confirmed 3.10.7.4
			s CLOSE-WAIT LAST-ACK snd.FIN 12 0 sent 3.10.4
			s LAST-ACK CLOSED rcv.ACK-of-FIN 15 0 assumed 3.10.7.4`,
		close: report.Close{Kind: "four-segment", FirstCloser: report.Client, EndedBy: "fin", FinalAck: "lost",
			FINRetransmits: report.SideCounts{Server: 1}},
		change: func(c *report.Connection) {
			c.Endpoints.Client.Retransmits = 1 // below SND.NXT
			c.Refuted = []report.Refuted{{Side: report.Server, On: "rcv.ACK-of-FIN", Frame: 13, ByFrame: 14, Why: "fin-retransmitted"}}
			until := frameTime(14).Add(linuxTwoMSL)
			c.Endpoints.Client.TimeWaitUntil = &until
		}},
	{name: "TIME-WAIT runs out", open: "three-way",
		capture: dialogue + `
			s FA 21 13
			c FA 13 22
			s A 22 14`,
		path: threeWay + `
			s ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			c ESTABLISHED CLOSE-WAIT rcv.FIN 8 9 confirmed 3.10.7.4
			c CLOSE-WAIT LAST-ACK snd.FIN 9 0 sent 3.10.4
			s FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 9 10 confirmed 3.10.7.4 ~
			s FIN-WAIT-2 TIME-WAIT rcv.FIN 9 10 confirmed 3.10.7.4
			c LAST-ACK CLOSED rcv.ACK-of-FIN 10 0 assumed 3.10.7.4
			s TIME-WAIT CLOSED timeout.2MSL 0 0 timer 3.10.8`,
		close: report.Close{Kind: "three-segment", FirstCloser: report.Server, EndedBy: "fin", FinalAck: "seen"},
		change: func(c *report.Connection) {
			t := &c.Transitions[len(c.Transitions)-1]
			end := frameTime(9).Add(linuxTwoMSL)
			t.T, t.NotBefore, t.NotAfter = &end, nil, nil
			c.Endpoints.Server.Since = &end
			c.Endpoints.Server.TimeWaitUntil = nil
		}},
}

// TestStories: right records have nothing wrong.
func TestStories(t *testing.T) {
	for i := range stories {
		c, segs := stories[i].record()
		for _, v := range Check(c, segs) {
			t.Errorf("%s: %v", stories[i].name, v)
		}
	}
}

// impossible are records that hang together but cannot be, by what the sides
// sent. Each is a story's path, changed as a whole.
var impossible = []struct {
	name, capture, path string
	close               report.Close
	rule, text          string
}{
	{"a FIN acknowledged in ESTABLISHED", dialogue + `
			c FA 13 21
			s A 21 14`,
		threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			c FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 9 0 assumed 3.10.7.4`,
		report.Close{Kind: "half-closed", FirstCloser: report.Client}, "3.10.7.4", "it acknowledges the peer's FIN"},
	{"a FIN received and not acknowledged", dialogue + strings.Repeat("\nc A 13 21", 20) + `
			s FA 21 13` + strings.Repeat("\ns A 22 13", 20) + `
			c A 13 21`,
		threeWay + `
			s ESTABLISHED FIN-WAIT-1 snd.FIN 28 0 sent 3.10.4
			c ESTABLISHED CLOSE-WAIT rcv.FIN 28 0 assumed 3.10.7.4`,
		report.Close{Kind: "none"}, "3.10.7.4", "it does not acknowledge the peer's FIN"},
	{"a FIN proved by an ACK of less", dialogue + `
			c FA 13 21
			s A 21 13
			s A 21 14`,
		threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			s ESTABLISHED CLOSE-WAIT rcv.FIN 8 9 confirmed 3.10.7.4
			c FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 10 0 assumed 3.10.7.4`,
		report.Close{Kind: "half-closed", FirstCloser: report.Client}, "inference E2", "does not acknowledge the FIN"},
	{"a FIN sent that is not told", dialogue + `
			c FA 13 21`,
		threeWay, report.Close{Kind: "none"}, "3.10.4", "a FIN is sent in"},
	{"data after the FIN", dialogue + `
			c FA 13 21
			c PA 14 21 5`,
		threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4`,
		report.Close{Kind: "none"}, "3.10.2", "octets after the FIN"},
	{"life after CLOSED", dialogue + `
			s FA 21 13
			c FA 13 22
			s A 22 14` + strings.Repeat("\ns A 22 14", 30) + `
			c A 14 22`,
		threeWay + `
			s ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			c ESTABLISHED CLOSE-WAIT rcv.FIN 8 9 confirmed 3.10.7.4
			c CLOSE-WAIT LAST-ACK snd.FIN 9 0 sent 3.10.4
			s FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 9 10 confirmed 3.10.7.4 ~
			s FIN-WAIT-2 TIME-WAIT rcv.FIN 9 10 confirmed 3.10.7.4
			c LAST-ACK CLOSED rcv.ACK-of-FIN 10 0 assumed 3.10.7.4`,
		report.Close{Kind: "three-segment", FirstCloser: report.Server, FinalAck: "seen"}, "3.10.7.1", "CLOSED sends nothing but RSTs"},
	{"ESTABLISHED, and the SYN,ACK again", `
			c S 0
			s SA 0 1
			c A 1 1` + strings.Repeat("\nc A 1 1", 30) + `
			s SA 0 1`,
		`
			c CLOSED SYN-SENT snd.SYN 1 0 sent 3.10.1
			s LISTEN SYN-RECEIVED rcv.SYN 1 2 confirmed 3.10.7.2
			c SYN-SENT ESTABLISHED rcv.SYN,ACK 2 3 confirmed 3.10.7.3
			s SYN-RECEIVED ESTABLISHED rcv.ACK-of-SYN 3 0 assumed 3.10.7.4`,
		report.Close{Kind: "none"}, "3.10.7.2", "a SYN,ACK is sent in SYN-RECEIVED only"},
	{"a RST below the window", dialogue + `
			s PA 21 13 5
			c A 13 26
			s R 21`,
		threeWay + `
			c ESTABLISHED CLOSED rcv.RST 10 0 assumed 3.10.7.4
			s ESTABLISHED CLOSED snd.RST 10 0 sent 3.10.5`,
		report.Close{Kind: "reset", FirstCloser: report.Server, Reset: &report.ResetCause{By: report.Server, Frame: 10}},
		"3.10.7.4", "not acceptable by table 6"},
	{"FIN-WAIT-2 by an ACK of data", dialogue + `
			c PA 13 21 5
			c FA 18 21
			s A 21 18`,
		threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 9 0 sent 3.10.4
			c FIN-WAIT-1 FIN-WAIT-2 rcv.ACK-of-FIN 10 0 assumed 3.10.7.4`,
		report.Close{Kind: "none"}, "3.10.7.4", "neither FIN nor text"},
	{"CLOSING by a merged FIN,ACK", dialogue + `
			c FA 13 21
			s FA 21 14
			c A 14 22`,
		threeWay + `
			c ESTABLISHED FIN-WAIT-1 snd.FIN 8 0 sent 3.10.4
			s ESTABLISHED CLOSE-WAIT rcv.FIN 8 9 confirmed 3.10.7.4
			c FIN-WAIT-1 CLOSING rcv.FIN 9 10 confirmed 3.10.7.4
			s CLOSE-WAIT LAST-ACK snd.FIN 9 0 sent 3.10.4
			s LAST-ACK CLOSED rcv.ACK-of-FIN 10 0 assumed 3.10.7.4`,
		report.Close{Kind: "three-segment", FirstCloser: report.Client, FinalAck: "seen"},
		"3.10.7", "this frame is rcv.ACK-of-FIN to FIN-WAIT-2"},
	{"SYN-SENT reset without an ACK", `
			c S 0
			s R 0`,
		`
			c CLOSED SYN-SENT snd.SYN 1 0 sent 3.10.1
			c SYN-SENT CLOSED rcv.RST 2 0 assumed 3.10.7.3`,
		report.Close{Kind: "reset", Reset: &report.ResetCause{By: report.Server, Frame: 2}},
		"3.10.7.3", "a RST without ACK is dropped"},
}

// TestImpossible: each is found.
func TestImpossible(t *testing.T) {
	for _, row := range impossible {
		st := story{name: row.name, capture: row.capture, path: row.path, close: row.close}
		c, segs := st.record()
		found := false
		for _, v := range Check(c, segs) {
			if v.Rule == row.rule && strings.Contains(v.Text, row.text) {
				found = true
			} else {
				t.Logf("%s: also %v", row.name, v)
			}
		}
		if !found {
			t.Errorf("%s: went unseen", row.name)
		}
	}
}
