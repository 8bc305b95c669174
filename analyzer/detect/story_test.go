package detect

import (
	"net/netip"
	"time"

	"github.com/lastack/lastack/report"
)

// The hand-made Inputs of the tests are stories of one connection: the
// ordinary one, changed step by step.

var began = time.Date(2026, 11, 20, 4, 44, 10, 0, time.UTC)

// ms is a moment of a story, in milliseconds after its first frame.
func ms(n float64) time.Time { return began.Add(time.Duration(n * float64(time.Millisecond))) }

func ptr[T any](v T) *T { return &v }

func m(frame uint64, t float64) Mark { return Mark{Frame: frame, Time: ms(t)} }

// once is a segment sent once, again one sent several times.
func once(frame uint64, t float64) Sent { return again(frame, t, frame, t, 0) }

func again(frame uint64, t float64, last uint64, lastT float64, copies int) Sent {
	return Sent{Frame: frame, Time: ms(t), LastFrame: last, LastTime: ms(lastT), Copies: copies}
}

func note(kind NoteKind, side report.Side, frame uint64, t float64) Note {
	return Note{Kind: kind, Side: side, Frame: frame, Time: ms(t)}
}

// step adds a transition that frame caused; proved names its basis.
func (in *Input) step(side report.Side, to, on string, frame uint64, t float64, basis string) {
	e := in.Conn.Endpoint(side)
	in.Conn.Transitions = append(in.Conn.Transitions, report.Transition{Side: side, From: e.State, To: to, On: on,
		Frame: &frame, T: ptr(ms(t)), Basis: basis})
	e.State, e.Since = to, ptr(ms(t))
	if basis != "assumed" {
		e.ConfirmedState = to
	}
}

// refute adds a struck receipt.
func (in *Input) refute(side report.Side, on, why string, frame, by uint64) {
	in.Conn.Refuted = append(in.Conn.Refuted, report.Refuted{Side: side, On: on, Why: why, Frame: frame, ByFrame: by})
}

// reset adds a RST; the first that has an effect is the one that decided.
func (in *Input) reset(by report.Side, form, cause, effect string, frame uint64, t float64, answers uint64, octets uint32) {
	r := report.Reset{Frame: frame, By: by, Form: form, Cause: cause, Effect: effect}
	if answers != 0 {
		r.AnswersFrame = &answers
	}
	in.Conn.Resets = append(in.Conn.Resets, r)
	in.Resets = append(in.Resets, ResetDetail{Time: ms(t), Octets: octets, Idle: 100 * time.Millisecond})
	if in.Conn.Close.Reset == nil && effect == "closed" {
		in.Conn.Close.Reset = &report.ResetCause{By: by, Cause: cause, Frame: frame}
	}
	in.ends(frame, t)
}

// aborted is reset, with the end of the connection by it.
func (in *Input) aborted(by report.Side, form, cause string, frame uint64, t float64, answers uint64, octets uint32) {
	in.reset(by, form, cause, "closed", frame, t, answers, octets)
	in.Conn.Close.Kind, in.Conn.Close.EndedBy = "reset", "reset"
	for _, side := range sides {
		in.step(side, "CLOSED", "RST", frame, t, "sent")
	}
}

// ends moves the end of the connection and of the capture.
func (in *Input) ends(frame uint64, t float64) {
	in.Conn.LastFrame, in.Conn.End, in.Now = frame, ms(t), ms(t)
}

// until moves the end of the capture.
func (in *Input) until(t float64) *Input {
	in.Now = ms(t)
	return in
}

// nothing is a connection of which nothing was captured yet.
func nothing() *Input {
	c := &report.Connection{Type: "connection", ID: 1, Incarnation: 1, Start: began, End: began, FirstFrame: 1, LastFrame: 1,
		Client: report.Addr{IP: netip.MustParseAddr("192.0.2.1"), Port: 40001},
		Server: report.Addr{IP: netip.MustParseAddr("198.51.100.1"), Port: 5000},
		Open:   report.Open{Kind: "three-way"}, Close: report.Close{Kind: "none", FirstCloser: report.SideUnknown, EndedBy: "none"},
		Vantage: report.Vantage{Near: report.Client, Basis: "rtt"}, FinalBy: "end-of-input", Confidence: "high"}
	for _, side := range sides {
		e := c.Endpoint(side)
		e.State, e.ConfirmedState = "CLOSED", "CLOSED"
	}
	return &Input{Conn: c, Now: began, Stack: "linux", TwoMSL: [2]time.Duration{time.Minute, time.Minute}}
}

// synSent is a SYN that is not answered yet.
func synSent() *Input {
	in := nothing()
	in.Conn.Open.Kind = "unanswered"
	in.SYN[0] = once(1, 0)
	in.Last[0] = m(1, 0)
	in.Conn.Endpoints.Client.Packets = 1
	in.step(report.Client, "SYN-SENT", "snd.SYN", 1, 0, "sent")
	return in
}

// answered is a handshake up to the SYN,ACK.
func answered() *Input {
	in := synSent()
	in.Conn.Open.Kind = "incomplete"
	in.SYNACK, in.SYN[1] = once(2, 20), once(2, 20)
	in.Last[1] = m(2, 20)
	in.Conn.Endpoints.Server.Packets = 1
	in.step(report.Server, "SYN-RECEIVED", "rcv.SYN", 1, 0, "confirmed")
	in.ends(2, 20)
	return in
}

// established is a connection that is open and has carried 12 bytes each way.
func established() *Input {
	in := answered()
	c := in.Conn
	c.Open = report.Open{Kind: "three-way", RTT: ptr(0.02)}
	in.step(report.Client, "ESTABLISHED", "rcv.SYN,ACK", 2, 20, "confirmed")
	in.step(report.Server, "ESTABLISHED", "rcv.ACK-of-SYN", 3, 20, "confirmed")
	for side, packets := range map[report.Side]uint64{report.Client: 4, report.Server: 3} {
		e := c.Endpoint(side)
		e.Packets, e.PayloadBytes, e.UniqueBytes = packets, 12, 12
	}
	in.Last = [2]Mark{m(7, 60), m(6, 60)}
	in.ends(7, 60)
	return in
}

// closing is a connection whose client has closed, and the FIN is not
// acknowledged yet.
func closing() *Input {
	in := established()
	in.FIN[0] = once(8, 100)
	in.Last[0] = m(8, 100)
	in.Conn.Close.FirstCloser, in.Conn.Close.Basis = report.Client, "only-fin"
	in.step(report.Client, "FIN-WAIT-1", "snd.FIN", 8, 100, "sent")
	in.ends(8, 100)
	return in
}

// halfClosed is one whose server has acknowledged that.
func halfClosed() *Input {
	in := closing()
	in.Conn.Close.Kind = "half-closed"
	in.step(report.Server, "CLOSE-WAIT", "rcv.FIN", 8, 100, "confirmed")
	in.step(report.Client, "FIN-WAIT-2", "rcv.ACK-of-FIN", 9, 121, "assumed")
	in.FINAcked[0] = once(9, 121)
	in.Last[1] = m(9, 121)
	in.ends(9, 121)
	return in
}

// lastACK is one whose server has closed too.
func lastACK() *Input {
	in := halfClosed()
	c := &in.Conn.Close
	c.Kind, c.Basis, c.FinalAck, c.CloseWait = "four-segment", "ack-order", "unseen", ptr(0.1)
	in.FIN[1] = once(10, 200)
	in.Last[1] = m(10, 200)
	in.step(report.Server, "LAST-ACK", "snd.FIN", 10, 200, "sent")
	in.step(report.Client, "TIME-WAIT", "rcv.FIN", 10, 200, "confirmed")
	in.ends(10, 200)
	return in
}

// ordinary is a whole connection, closed in four segments.
func ordinary() *Input {
	in := lastACK()
	c := &in.Conn.Close
	c.FinalAck, c.EndedBy = "seen", "fin"
	in.FINAcked[1] = once(11, 200)
	in.Last[0] = m(11, 200)
	in.step(report.Server, "CLOSED", "rcv.ACK-of-FIN", 11, 200, "assumed")
	in.Conn.Complete = true
	in.ends(11, 200)
	return in
}

// threeSegments is the same, closed in three.
func threeSegments() *Input {
	in := ordinary()
	in.Conn.Close.Kind = "three-segment"
	in.FINAcked[0] = once(9, 121)
	in.FIN[1] = once(9, 121)
	in.FINAcked[1] = once(10, 121)
	in.Conn.Close.CloseWait = ptr(0.021)
	return in
}

// crossed is a close in which the FINs crossed.
func crossed() *Input {
	in := established()
	c := &in.Conn.Close
	c.Kind, c.FirstCloser, c.Basis, c.EndedBy, c.FinalAck = "simultaneous", report.SideBoth, "ack-order", "fin", "seen"
	in.FIN = [2]Sent{once(8, 100), once(9, 110)}
	in.FINAcked = [2]Sent{once(11, 121), once(10, 110)}
	for i, side := range sides {
		in.step(side, "FIN-WAIT-1", "snd.FIN", uint64(8+i), 100+10*float64(i), "sent")
		in.step(side, "CLOSING", "rcv.FIN", uint64(9-i), 110, "confirmed")
		in.step(side, "TIME-WAIT", "rcv.ACK-of-FIN", uint64(11-i), 121, "assumed")
	}
	in.ends(11, 121)
	return in
}

// finalACKLost is an ordinary close whose last ACK did not arrive.
func finalACKLost() *Input {
	in := ordinary()
	in.Conn.Close.FinalAck = "lost"
	in.Conn.Close.FINRetransmits.Server = 1
	in.FIN[1] = again(10, 200, 12, 430, 1)
	in.FINAcked[1] = again(11, 200, 13, 430, 0)
	in.Notes = []Note{note(FINAgain, report.Server, 12, 430)}
	in.refute(report.Server, "rcv.ACK-of-FIN", "fin-retransmitted", 11, 12)
	in.ends(13, 430)
	return in
}

// finLost is an ordinary close whose first FIN had to be sent again.
func finLost() *Input {
	in := ordinary()
	in.Conn.Close.FINRetransmits.Client = 1
	in.FIN[0] = again(8, 100, 9, 150, 1)
	in.FINAcked[0] = once(10, 171)
	in.Notes = []Note{note(FINAgain, report.Client, 9, 150)}
	in.refute(report.Server, "rcv.FIN", "fin-not-acknowledged", 8, 10)
	return in
}

// dataAfterFIN is a half-closed connection over which the server sends on.
func dataAfterFIN() *Input {
	in := halfClosed()
	in.Conn.HalfClose = &report.HalfClose{By: report.Client, Duration: 0.5, Bytes: 100000}
	in.HalfClose = again(10, 140, 60, 621, 0)
	in.Last[1] = m(60, 621)
	in.ends(60, 621)
	return in
}

// dataToClosed is one whose data drew a RST.
func dataToClosed() *Input {
	in := halfClosed()
	in.Conn.HalfClose = &report.HalfClose{By: report.Client, Duration: 0.05, Bytes: 900}
	in.HalfClose = once(10, 171)
	in.aborted(report.Client, "rst", "after-close", 11, 171, 10, 900)
	return in
}

// overflow is a handshake that the server does not take: n SYN,ACKs again,
// each answered.
func overflow(n int, near report.Side) *Input {
	in := answered()
	in.Conn.Vantage.Near = near
	in.Conn.Open.SYNACKRetransmits = n
	in.step(report.Client, "ESTABLISHED", "rcv.SYN,ACK", 2, 20, "confirmed")
	for i := range n {
		frame, t := uint64(4+2*i), []float64{1020, 3020, 7020}[i]
		in.Notes = append(in.Notes, note(SYNACKAgain, report.Server, frame, t))
		in.refute(report.Server, "rcv.ACK-of-SYN", "syn-ack-retransmitted", frame-1, frame)
		in.SYNACK = again(2, 20, frame, t, i+1)
		in.Last = [2]Mark{m(frame+1, t), m(frame, t)}
		in.ends(frame+1, t)
	}
	return in
}

// probed is an idle connection that the client probes; answers of them are
// answered.
func probed(probes, answers int) *Input {
	in := established()
	client, server := &in.Conn.Endpoints.Client, &in.Conn.Endpoints.Server
	frame := uint64(8)
	for i := range probes {
		t := 1060 + 1000*float64(i)
		n := note(Probe, report.Client, frame, t)
		n.Idle = time.Second
		in.Notes = append(in.Notes, n)
		client.KeepaliveProbes++
		in.Last[0] = m(frame, t)
		frame++
		if i < answers {
			in.Notes = append(in.Notes, note(ProbeReply, report.Server, frame, t+20))
			server.KeepaliveReplies++
			in.Last[1] = m(frame, t+20)
			frame++
		}
		in.ends(frame-1, t+20)
	}
	return in
}

// stalled is a connection whose server closes its window for a time; 0 is for
// good.
func stalled(length float64) *Input {
	in := established()
	in.Conn.Endpoints.Server.ZeroWindows = 1
	in.Conn.Endpoints.Client.WindowProbes = 1
	in.Notes = []Note{note(ZeroWindow, report.Server, 8, 100), note(WindowProbe, report.Client, 9, 300)}
	in.ends(9, 5000)
	if length > 0 {
		in.Notes = append(in.Notes, note(WindowOpened, report.Server, 10, 100+length))
		in.ends(10, 100+length)
	}
	return in
}

// reused is a connection on ports whose server held TIME-WAIT.
func reused(by string) *Input {
	in := established()
	in.Conn.Incarnation, in.Conn.Previous = 2, ptr(uint64(77))
	in.Conn.Reuse = &report.Reuse{Age: 1.5, ISNDelta: 25555025, AcceptedBy: by}
	in.ReuseHolder = report.Server
	in.TimeWait = Mark{Frame: 90, Time: ms(-1500)}
	in.Conn.ID, in.SYN[0], in.SYNACK = 91, once(91, 0), once(92, 20)
	return in
}

// midway is a connection whose beginning was not captured.
func midway() *Input {
	in := nothing()
	c := in.Conn
	c.Open.Kind, c.RoleBasis, c.FirstFrame = "mid-stream", "guess", 1
	c.Endpoints.Client.PayloadBytes, c.Endpoints.Client.Packets = 100, 3
	c.Endpoints.Server.State, c.Endpoints.Server.Possible = report.Unknown, []string{"ESTABLISHED", "FIN-WAIT-1"}
	in.ends(5, 100)
	return in
}

// with changes a story.
// repeating is established, and the client's 50 octets are sent again from frame 9 on, at
// those times; nothing answers.
func repeating(at ...float64) *Input {
	return with(established(), func(in *Input) {
		last := 62.0
		for i, t := range at {
			n := note(DataAgain, client, uint64(9+i), t)
			n.Value, n.Idle = 50, time.Duration((t-last)*float64(time.Millisecond))
			in.Notes, last = append(in.Notes, n), t
		}
		in.Conn.Endpoints.Client.Retransmits = uint64(len(at))
		in.Last[0] = m(uint64(8+len(at)), last)
		in.ends(uint64(8+len(at)), last)
	})
}

// unheardOf is a connection that was open when the capture began, and that the server,
// which has sent so much since, does not know any more.
func unheardOf(octets, probes uint64) *Input {
	return with(established(), func(in *Input) {
		in.aborted(server, "rst", "no-such-connection", 9, 491, 8, 13)
		in.Conn.Open.Kind = "mid-stream"
		in.Conn.Endpoints.Server.PayloadBytes, in.Conn.Endpoints.Server.KeepaliveProbes = octets, probes
	})
}

// inItsPlace is a RST of a nearer host, in answer to that many octets.
func inItsPlace(octets uint32) *Input {
	return with(established(), func(in *Input) {
		in.aborted(server, "rst", "no-such-connection", 9, 491, 8, octets)
		in.Resets[0].Elsewhere = true
	})
}

// tapped has a tap near each end, of which that of the server has these ACKs, too.
func tapped(in *Input, acks ...[2]Mark) *Input {
	return with(in, func(in *Input) { in.Taps = &Taps{BothEnds: true, ACKs: acks} })
}

// deaf is a server that repeats its answer at these times, 5 ms after each of which the
// client asks again.
func deaf(at ...float64) *Input {
	return with(established(), func(in *Input) {
		for i, t := range at {
			asks, again, answer := note(DataAgain, client, uint64(9+2*i), t), note(DeafAgain, client, uint64(9+2*i), t), note(DataAgain, server, uint64(10+2*i), t+5)
			again.Value, answer.Value = 301, 540
			in.Notes = append(in.Notes, asks, again, answer)
		}
		n, last := len(at), at[len(at)-1]
		in.Last = [2]Mark{m(uint64(7+2*n), last), m(uint64(8+2*n), last+5)}
		in.ends(uint64(8+2*n), last+5)
	})
}

// holed is the same of segments so long, when the server's last word was that something
// shorter behind them came.
func holed(long, short uint32) *Input {
	return with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) {
		for i := range in.Notes {
			in.Notes[i].Value = long
		}
		in.Conn.Endpoints.Client.MSS, in.Conn.Endpoints.Server.MSS = ptr(uint16(1460)), ptr(uint16(1460))
		n := note(SmallCame, server, 7, 61)
		n.Value = short
		in.Notes, in.Last[1] = append([]Note{n}, in.Notes...), m(7, 61)
	})
}

// healed is repeating after the server has answered at t.
func healed(t float64, at ...float64) *Input {
	return with(repeating(at...), func(in *Input) {
		frame := uint64(9 + len(at))
		n := note(Answered, server, frame, t)
		n.Value = uint32(t - 60)
		in.Notes = append(in.Notes, n)
		in.Last[1] = m(frame, t)
		in.ends(frame, t)
	})
}

func with(in *Input, change func(*Input)) *Input {
	change(in)
	return in
}
