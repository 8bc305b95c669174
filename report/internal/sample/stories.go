package sample

import (
	"net/netip"
	"strings"

	"github.com/lastack/lastack/report"
)

const (
	clientISN = 1_000_000
	serverISN = 9_000_000
)

// story builds a ladder a segment at a time.
type story struct {
	*report.Ladder
	frame uint64
}

func begin(id uint64) *story {
	c := &report.Connection{
		Type: "connection", ID: id, Incarnation: 1, CommunityID: "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
		VLAN: []uint16{}, Tunnel: []string{},
		Client:    report.Addr{IP: netip.MustParseAddr("192.0.2.6"), Port: 40001},
		Server:    report.Addr{IP: netip.MustParseAddr("198.51.100.6"), Port: 5000},
		RoleBasis: "syn", FirstFrame: id, Start: At(0), FinalBy: "end-of-input",
		Open:       report.Open{Kind: "three-way", RTT: ptr(0.0207)},
		Close:      report.Close{Kind: "none", FirstCloser: report.SideUnknown, EndedBy: "none"},
		Confidence: "high", Findings: []string{}, WiresharkFilter: "tcp.stream eq 0",
		Vantage: report.Vantage{Near: report.Client, Basis: "rtt", RTT: &report.SideSeconds{Client: ptr(0.0001), Server: ptr(0.0206)}},
		Refuted: []report.Refuted{}, Resets: []report.Reset{},
	}
	for i, e := range []*report.Endpoint{&c.Endpoints.Client, &c.Endpoints.Server} {
		*e = report.Endpoint{
			ISN: ptr(uint32([]int{clientISN, serverISN}[i])), MSS: ptr(uint16(1460)), WindowScale: ptr(uint8(7)),
			SACK: ptr(true), Timestamps: ptr(true), Possible: []string{}, Pending: []report.Pending{}, RTTMin: ptr(0.0206),
		}
	}
	return &story{Ladder: &report.Ladder{Connection: c}, frame: id - 1}
}

// seg adds a segment; seq and ack are relative.
func (s *story) seg(at float64, from report.Side, flags string, seq, ack, length uint32) *report.Segment {
	s.frame++
	own, other := uint32(clientISN), uint32(serverISN)
	e := &s.Connection.Endpoints.Client
	if from == report.Server {
		own, other = other, own
		e = &s.Connection.Endpoints.Server
	}
	e.Packets++
	e.PayloadBytes += uint64(length)
	e.UniqueBytes = e.PayloadBytes
	s.Segments = append(s.Segments, report.Segment{
		Frame: s.frame, Time: At(at), From: from, Flags: flags, Seq: own + seq, Len: length,
		Window: 64512, ScaleKnown: true, HasAck: strings.Contains(flags, "."),
	})
	g := &s.Segments[len(s.Segments)-1]
	if g.HasAck {
		g.Ack = other + ack
	}
	s.Connection.End, s.Connection.LastFrame = g.Time, g.Frame
	s.Connection.Duration = at
	return g
}

// moves adds a transition at the frame just added; confirmed is the frame
// that proves it, 0 for none.
func (s *story) moves(side report.Side, from, to, on, basis string, confirmed uint64) *report.Transition {
	last := s.Segments[len(s.Segments)-1]
	s.Connection.Transitions = append(s.Connection.Transitions, report.Transition{
		Side: side, From: from, To: to, On: on, T: ptr(last.Time), Frame: ptr(last.Frame), Basis: basis, Rule: "3.10.7.4",
	})
	t := &s.Connection.Transitions[len(s.Connection.Transitions)-1]
	if confirmed > 0 {
		t.ConfirmedFrame = ptr(confirmed)
	}
	s.state(side, to, basis == "assumed")
	return t
}

func (s *story) state(side report.Side, to string, assumed bool) {
	e := &s.Connection.Endpoints.Client
	if side == report.Server {
		e = &s.Connection.Endpoints.Server
	}
	e.State = to
	if !assumed {
		e.ConfirmedState = to
	}
}

const (
	client = report.Client
	server = report.Server
)

// open adds a handshake and one exchange of 12 bytes each way: frames f+1 to
// f+7 of 31 ms.
func (s *story) open() {
	f := s.frame
	s.seg(0, client, "S", 0, 0, 0).Options = []string{"mss 1460", "ws 7", "sack", "ts"}
	s.moves(client, "CLOSED", "SYN-SENT", "snd.SYN", "sent", 0)
	s.moves(server, "LISTEN", "SYN-RECEIVED", "rcv.SYN", "confirmed", f+2)
	s.seg(0.0206, server, "S.", 0, 1, 0).Options = []string{"mss 1460", "ws 7", "sack", "ts"}
	s.moves(client, "SYN-SENT", "ESTABLISHED", "rcv.SYN,ACK", "confirmed", f+3)
	s.seg(0.0207, client, ".", 1, 1, 0)
	s.moves(server, "SYN-RECEIVED", "ESTABLISHED", "rcv.ACK-of-SYN", "confirmed", f+5)
	s.plain(0.031, client, 1, 1, 12)
	s.plain(0.052, server, 1, 13, 0)
	s.plain(0.052, server, 1, 13, 12)
	s.plain(0.052, client, 13, 13, 0)
}

func (s *story) plain(at float64, from report.Side, seq, ack, length uint32) *report.Segment {
	flags := "."
	if length > 0 {
		flags = "P."
	}
	g := s.seg(at, from, flags, seq, ack, length)
	g.Plain = true
	return g
}

// LostFinalAck: the ACK of the server's FIN is lost once.
func LostFinalAck() *report.Ladder {
	s := begin(1)
	s.open()
	s.seg(0.123, client, "F.", 13, 13, 0)
	s.moves(client, "ESTABLISHED", "FIN-WAIT-1", "snd.FIN", "sent", 0)
	s.moves(server, "ESTABLISHED", "CLOSE-WAIT", "rcv.FIN", "confirmed", 9)
	s.seg(0.165, server, ".", 13, 14, 0)
	s.moves(client, "FIN-WAIT-1", "FIN-WAIT-2", "rcv.ACK-of-FIN", "confirmed", 11)
	s.seg(0.344, server, "F.", 13, 14, 0)
	s.moves(server, "CLOSE-WAIT", "LAST-ACK", "snd.FIN", "sent", 0)
	s.moves(client, "FIN-WAIT-2", "TIME-WAIT", "rcv.FIN", "confirmed", 11)
	ack := s.seg(0.344, client, ".", 14, 14, 0)
	ack.Lost, ack.LostWhy = true, "lost beyond the tap: the FIN came again"
	s.seg(0.555, server, "F.", 13, 14, 0).Kind = "retransmission"
	s.seg(0.555, client, ".", 14, 14, 0).Note = "2MSL restarted"
	s.moves(server, "LAST-ACK", "CLOSED", "rcv.ACK-of-FIN", "assumed", 0)
	c := s.Connection
	c.Refuted = []report.Refuted{{Side: server, On: "rcv.ACK-of-FIN", Frame: 11, ByFrame: 12, Why: "fin-retransmitted"}}
	c.Close = report.Close{
		Kind: "four-segment", FirstCloser: client, Basis: "ack-order", EndedBy: "fin", FinalAck: "lost",
		FINRetransmits: report.SideCounts{Server: 1}, CloseWait: ptr(0.179),
	}
	e := &c.Endpoints
	e.Client.Since, e.Client.TimeWaitUntil = ptr(At(0.344)), ptr(At(60.555))
	e.Server.Since, e.Server.Retransmits = ptr(At(0.555)), 1
	e.Server.Pending = []report.Pending{{On: "rcv.ACK-of-FIN", Frame: 13}}
	c.Findings, c.Complete = []string{"lost-final-ack"}, true
	c.Compat = &report.Compat{ZeekConnState: "SF", ZeekHistory: "ShADadFf", WiresharkCompleteness: ptr(31), IPFIXFlowEndReason: ptr(3)}
	return s.Ladder
}

// SimultaneousClose: both FINs cross; at this tap the client's FIN is
// captured first, so the server's receipt of it is postponed behind the
// server's own FIN.
func SimultaneousClose() *report.Ladder {
	s := begin(1)
	s.open()
	s.seg(0.123, client, "F.", 13, 13, 0)
	s.moves(client, "ESTABLISHED", "FIN-WAIT-1", "snd.FIN", "sent", 0)
	s.seg(0.127, server, "F.", 13, 13, 0)
	s.moves(client, "FIN-WAIT-1", "CLOSING", "rcv.FIN", "confirmed", 10)
	s.moves(server, "ESTABLISHED", "FIN-WAIT-1", "snd.FIN", "sent", 0)
	s.moves(server, "FIN-WAIT-1", "CLOSING", "rcv.FIN", "confirmed", 11).Frame = ptr(uint64(8))
	s.seg(0.127, client, ".", 14, 14, 0)
	s.moves(server, "CLOSING", "TIME-WAIT", "rcv.ACK-of-FIN", "assumed", 0)
	s.seg(0.144, server, ".", 14, 14, 0)
	s.moves(client, "CLOSING", "TIME-WAIT", "rcv.ACK-of-FIN", "assumed", 0)
	for _, side := range []report.Side{client, server} {
		t := s.moves(side, "TIME-WAIT", "CLOSED", "timeout.2MSL", "timer", 0)
		t.Frame, t.T = nil, ptr(At(60.144))
	}
	s.Connection.Close = report.Close{Kind: "simultaneous", FirstCloser: report.SideBoth, Basis: "ack-order", EndedBy: "fin", FinalAck: "seen"}
	s.Connection.FinalBy, s.Connection.Complete = "time", true
	s.Connection.Findings = []string{"simultaneous-close"}
	return s.Ladder
}

// ThreeSegment: the server's FIN acknowledges the client's; FIN-WAIT-2 has
// no duration.
func ThreeSegment() *report.Ladder {
	s := begin(1)
	s.open()
	s.seg(0.112, client, "F.", 13, 13, 0)
	s.moves(client, "ESTABLISHED", "FIN-WAIT-1", "snd.FIN", "sent", 0)
	s.moves(server, "ESTABLISHED", "CLOSE-WAIT", "rcv.FIN", "confirmed", 9)
	s.seg(0.133, server, "F.", 13, 14, 0)
	s.moves(server, "CLOSE-WAIT", "LAST-ACK", "snd.FIN", "sent", 0)
	s.moves(client, "FIN-WAIT-1", "FIN-WAIT-2", "rcv.ACK-of-FIN", "confirmed", 10).Momentary = true
	s.moves(client, "FIN-WAIT-2", "TIME-WAIT", "rcv.FIN", "confirmed", 10)
	s.seg(0.133, client, ".", 14, 14, 0)
	s.moves(server, "LAST-ACK", "CLOSED", "rcv.ACK-of-FIN", "assumed", 0)
	s.Connection.Endpoints.Client.TimeWaitUntil = ptr(At(60.133))
	s.Connection.Endpoints.Client.Since = ptr(At(0.133))
	s.Connection.Close = report.Close{Kind: "three-segment", FirstCloser: client, Basis: "ack-order", EndedBy: "fin", FinalAck: "seen", CloseWait: ptr(0.021)}
	s.Connection.Complete = true
	s.Connection.Findings = []string{"three-segment-close"}
	return s.Ladder
}

// DeadPeer: bulk data with losses, an idle hour kept alive, then a peer that
// crashed: the moment of it is not on the wire.
func DeadPeer() *report.Ladder {
	s := begin(1)
	s.open()
	at, seq := 0.06, uint32(13)
	for i := range 200 {
		at += 0.001
		s.plain(at, client, seq, 13, 1460)
		if i%40 == 39 {
			s.seg(at, client, ".", seq-1460, 13, 1460).Kind = "retransmission"
			s.seg(at+0.0002, server, ".", 13, seq-1460, 0).Kind = "duplicate ACK"
		}
		seq += 1460
		s.plain(at+0.0004, server, 13, seq, 0)
	}
	for range 12 {
		at += 15
		s.seg(at, client, ".", seq-1, 13, 0).Kind = "keepalive probe"
		s.seg(at+0.0206, server, ".", 13, seq, 0).Kind = "keepalive reply"
	}
	quiet := at
	for range 9 {
		at += 15
		s.seg(at, client, ".", seq-1, 13, 0).Kind = "keepalive probe"
	}
	s.seg(at, client, "R.", seq, 13, 0)
	s.moves(client, "ESTABLISHED", "CLOSED", "snd.RST", "sent", 0)
	t := s.moves(server, "ESTABLISHED", "CLOSED", "timeout.user", "inferred", 0)
	t.T, t.Frame = nil, nil
	t.NotBefore, t.NotAfter = ptr(At(quiet)), ptr(At(at))
	s.Connection.Close = report.Close{
		Kind: "timeout", FirstCloser: client, Basis: "reset", EndedBy: "reset",
		Reset: &report.ResetCause{By: client, Cause: "keepalive", Frame: s.frame},
	}
	s.Connection.Resets = []report.Reset{{Frame: s.frame, By: client, Form: "rst-ack", Effect: "unknown"}}
	s.Connection.Findings = []string{"keepalive-unanswered"}
	return s.Ladder
}

// MidStream: the capture began after the connection, and both ends remain
// uncertain.
func MidStream() *report.Ladder {
	s := begin(1)
	c := s.Connection
	s.frame = 4
	c.Open = report.Open{Kind: "mid-stream"}
	s.plain(0, client, 100, 200, 10)
	s.plain(0.02, server, 200, 110, 300)
	s.plain(0.02, client, 110, 500, 0)
	s.seg(1.5, server, "F.", 500, 110, 0)
	for _, e := range []*report.Endpoint{&c.Endpoints.Client, &c.Endpoints.Server} {
		e.ISN, e.MSS, e.WindowScale, e.SACK, e.Timestamps = nil, nil, nil, nil, nil
		e.State, e.ConfirmedState = report.Unknown, report.Unknown
	}
	c.Endpoints.Client.Possible = []string{"CLOSE-WAIT", "CLOSING", "TIME-WAIT"}
	c.Endpoints.Server.Possible = []string{"FIN-WAIT-1", "LAST-ACK"}
	c.Vantage = report.Vantage{Near: report.SideUnknown}
	c.RoleBasis, c.Confidence = "guess", "low"
	c.Close.FirstCloser, c.Close.Kind = report.Server, "half-closed"
	c.Findings = []string{"mid-stream"}
	return s.Ladder
}

// ReuseRefused: the second SYN on a tuple in TIME-WAIT draws an ACK with the
// old numbers, is reset, and is accepted at the second try.
func ReuseRefused() *report.Ladder {
	s := begin(12)
	c := s.Connection
	s.seg(0, client, "S", 0, 0, 0).Options = []string{"mss 1460", "ws 10", "sack"}
	s.moves(client, "CLOSED", "SYN-SENT", "snd.SYN", "sent", 0)
	g := s.seg(0.0205, server, ".", 1, 4_000_014, 0)
	g.Kind, g.Note = "challenge ACK", "from TIME-WAIT, with the numbers of the incarnation before"
	s.seg(0.0206, client, "R", 4_000_014, 0, 0).Note = "ends the server's TIME-WAIT; the client stays in SYN-SENT"
	s.seg(0.032, client, "S", 0, 0, 0).Kind = "retransmission"
	s.moves(server, "LISTEN", "SYN-RECEIVED", "rcv.SYN", "confirmed", 16)
	s.seg(0.0525, server, "S.", 0, 1, 0)
	s.moves(client, "SYN-SENT", "ESTABLISHED", "rcv.SYN,ACK", "confirmed", 17)
	s.seg(0.0526, client, ".", 1, 1, 0)
	s.moves(server, "SYN-RECEIVED", "ESTABLISHED", "rcv.ACK-of-SYN", "assumed", 0)
	c.Incarnation, c.Previous = 2, ptr(uint64(1))
	c.Reuse = &report.Reuse{Age: 0.6, ISNDelta: -4_000_013, AcceptedBy: "reset", Delay: ptr(0.0525)}
	c.Open.SYNRetransmits = 1
	c.Endpoints.Server.Pending = []report.Pending{{On: "rcv.ACK-of-SYN", Frame: 17}}
	c.Resets = []report.Reset{{Frame: 14, By: client, Form: "rst", AnswersFrame: ptr(uint64(13)), Effect: "closed", Cause: "challenge"}}
	c.Findings = []string{"incarnation-reuse-refused"}
	return s.Ladder
}

// Refused: nothing listens.
func Refused() *report.Ladder {
	s := begin(1)
	c := s.Connection
	s.seg(0, client, "S", 0, 0, 0).Options = []string{"mss 1460", "ws 7", "sack", "ts"}
	s.moves(client, "CLOSED", "SYN-SENT", "snd.SYN", "sent", 0)
	s.seg(0.0206, server, "R.", 0, 1, 0).Seq = 0
	s.moves(client, "SYN-SENT", "CLOSED", "rcv.RST", "assumed", 0)
	c.Endpoints.Server = report.Endpoint{State: "CLOSED", ConfirmedState: "CLOSED"}
	c.Open = report.Open{Kind: "refused"}
	c.Close = report.Close{
		Kind: "reset", FirstCloser: server, Basis: "reset", EndedBy: "reset",
		Reset: &report.ResetCause{By: server, Cause: "refused", Frame: 2},
	}
	c.Findings = []string{"connection-refused"}
	return s.Ladder
}

// Ladders are the stories by name.
func Ladders() map[string]*report.Ladder {
	return map[string]*report.Ladder{
		"lost-final-ack":     LostFinalAck(),
		"simultaneous-close": SimultaneousClose(),
		"three-segment":      ThreeSegment(),
		"dead-peer":          DeadPeer(),
		"mid-stream":         MidStream(),
		"reuse-refused":      ReuseRefused(),
		"refused":            Refused(),
	}
}
