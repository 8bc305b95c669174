package detect

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/report"
)

// TestWording: sentences depend on what is known. A leading minus is for what
// must not be said.
func TestWording(t *testing.T) {
	probedAbort := func(t float64) *Input {
		return with(probed(3, 3), func(in *Input) { in.aborted(client, "rst-ack", "abort", 14, t, 0, 0) })
	}
	repeatedSYN := with(established(), func(in *Input) {
		in.Conn.Open.SYNACKRetransmits, in.Conn.Open.SYNRetransmits = 1, 1
		in.SYNACK = again(2, 20, 4, 1020, 1)
		in.Notes = []Note{note(SYNAgain, client, 3, 1000), note(SYNACKAgain, server, 4, 1020)}
	})
	crossedSYN := with(established(), func(in *Input) {
		in.Conn.Open.SYNACKRetransmits, in.Conn.Open.SYNRetransmits = 1, 1
		in.SYNACK = again(2, 20, 4, 1020, 1)
		in.Notes = []Note{note(SYNAgain, client, 3, 25), note(SYNACKAgain, server, 4, 1020)}
	})
	assumedOpen := with(overflow(1, client), func(in *Input) { in.step(server, "ESTABLISHED", "rcv.ACK-of-SYN", 5, 1021, "assumed") })
	provedOpen := with(overflow(1, client), func(in *Input) { in.step(server, "ESTABLISHED", "rcv.ACK-of-SYN", 5, 1021, "confirmed") })
	for name, c := range map[string]struct {
		in   *Input
		id   string
		says []string
	}{
		"a close that waited":   {threeSegments(), "three-segment-close", []string{"FIN in frame 8", "21 ms after it received", "TIME-WAIT"}},
		"both in CLOSING":       {crossed(), "simultaneous-close", []string{"Both go through CLOSING", "1 min at the client"}},
		"one in CLOSING":        {withoutClosing(server), "simultaneous-close", []string{"Only the client went through CLOSING", "-Both go through"}},
		"the other in CLOSING":  {withoutClosing(client), "simultaneous-close", []string{"Only the server went through CLOSING"}},
		"TIME-WAIT answers":     {finalACKLost(), "lost-final-ack", []string{"LAST-ACK 230 ms longer", "new ACK (frame 13)", "-RST"}},
		"a RST answers the FIN": {with(finalACKLost(), func(in *Input) { in.reset(client, "rst", "after-close", "closed", 13, 431, 12, 0) }), "lost-final-ack", []string{"drew a RST (frame 13)", "no TIME-WAIT any more"}},
		"no ACK of the last":    {with(finalACKLost(), func(in *Input) { in.FINAcked[1] = once(11, 200) }), "lost-final-ack", []string{"No ACK of the last one was captured"}},

		"the FIN was lost": {finLost(), "fin-retransmitted", []string{"(frame 10) does not acknowledge it", "may not have known"}},
		"its ACK was lost": {with(finLost(), func(in *Input) {
			in.Conn.Refuted = nil
			in.refute(client, "rcv.ACK-of-FIN", "fin-retransmitted", 9, 10)
		}), "fin-retransmitted", []string{"The server had acknowledged it (frame 9)"}},
		"either was lost":       {with(finLost(), func(in *Input) { in.Conn.Refuted = nil }), "fin-retransmitted", []string{"does not tell which"}},
		"a dead path is silent": {with(finLost(), func(in *Input) { in.Conn.Refuted[0].Why = "path-dead" }), "fin-retransmitted", []string{"does not tell which"}},

		"nothing but a SYN,ACK": {with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) { in.Last[1] = in.SYNACK.last() }), "dead-peer", []string{"SYN cookies"}},
		"a server whose own capture has what it sends": {with(repeating(260, 660, 1460, 3060, 6260), func(in *Input) {
			in.Taps = &Taps{Copies: [2]uint32{9, 4}, BothEnds: true, Heard: in.Last}
			in.Last[1] = m(40, 6000)
		}), "dead-peer", []string{"It lives", "frame 40", "The path back is cut", "-if it lives"}},
		"perhaps closed before":      {unheardOf(0, 0), "reset-no-such-connection", []string{"may have closed before"}},
		"not closed before":          {unheardOf(10, 0), "reset-no-such-connection", []string{"-may have closed before"}},
		"another host's, to data":    {inItsPlace(13), "reset-no-such-connection", []string{"Another host answered", "data in that segment is lost"}},
		"another host's, to no data": {inItsPlace(0), "reset-no-such-connection", []string{"Another host answered", "-is lost"}},
		"hears nothing":              {deaf(300, 700, 1500, 3100, 6300), "dead-peer", []string{"The client hears nothing of the server", "sent 540 bytes again 5 times", "The client is alive", "-host that is down"}},
		"small segments come":        {holed(1448, 300), "dead-peer", []string{"Full-sized segments do not reach the server, small ones do", "300 bytes", "black hole", "-host that is down", "-if it lives"}},
		"short ones are lost too":    {holed(1300, 300), "dead-peer", []string{"does not answer", "-black hole"}},
		"as small as a jumbo": {with(holed(1448, 300), func(in *Input) {
			in.Conn.Endpoints.Client.MSS, in.Conn.Endpoints.Server.MSS = ptr(uint16(8960)), ptr(uint16(8960))
		}), "dead-peer", []string{"-black hole"}},
		"no MSS is known":          {with(holed(1160, 300), func(in *Input) { in.Conn.Endpoints.Client.MSS, in.Conn.Endpoints.Server.MSS = nil, nil }), "dead-peer", []string{"black hole"}},
		"it said more after that":  {with(holed(1448, 300), func(in *Input) { in.Last[1] = m(8, 61.5) }), "dead-peer", []string{"-black hole"}},
		"a server that has spoken": {repeating(260, 660, 1460, 3060, 6260), "dead-peer", []string{"-SYN cookies"}},

		"FIN-WAIT-1 to the end": {stuck(closing(), client, 3, 4000), "fin-wait-1-stuck", []string{"sent again 3 times", "silent since frame 6"}},
		"the peer still speaks": {with(stuck(closing(), client, 3, 60_000), func(in *Input) { in.Last[1] = m(40, 5000) }), "fin-wait-1-stuck", []string{"alive, it sent frame 40"}},

		"never sent a byte":        {with(halfClosed().until(9000), func(in *Input) { in.Conn.Endpoints.Server.UniqueBytes = 0 }), "close-wait", []string{"may not even have accepted"}},
		"sent some":                {halfClosed().until(9000), "close-wait", []string{"-accepted", "slow, busy"}},
		"sending still":            {dataAfterFIN().until(9000), "close-wait", []string{"100,000 bytes meanwhile"}},
		"too short":                {halfClosed(), "close-wait", []string{"too soon to make anything of it"}},
		"half-closed for a moment": {with(dataAfterFIN(), func(in *Input) { in.Conn.HalfClose.Duration = 0 }), "half-close", []string{"-later"}},
		"half-closed for a while":  {dataAfterFIN(), "half-close", []string{"500 ms later", "-then closed"}},

		"no FIN-WAIT-2 time-out yet": {dataToClosed(), "half-close-data-lost", []string{"-timed out"}},
		"tickets are no answer":      {with(dataToClosed(), func(in *Input) { in.Resets[0].Unasked = true }), "half-close-data-lost", []string{"TLS session tickets were lost", "No answer is lost", "-not read"}},
		"perhaps a time-out":         {with(dataToClosed(), func(in *Input) { in.Resets[0].Time = ms(65000) }), "half-close-data-lost", []string{"or its FIN-WAIT-2 had timed out"}},
		"more had been sent":         {with(dataToClosed(), func(in *Input) { in.Conn.HalfClose.Bytes, in.Resets[0].Idle = 4000, 0 }), "half-close-data-lost", []string{"The server had sent 4,000 bytes in all"}},

		"SYN,ACK lost":           {repeatedSYN, "syn-ack-retransmitted", []string{"repeated its SYN after it (frame 3)"}},
		"SYN and SYN,ACK cross":  {crossedSYN, "syn-ack-retransmitted", []string{"-repeated its SYN", "Either the SYN,ACK was lost"}},
		"handshake proved":       {provedOpen, "handshake-ack-lost", []string{"completed in the end"}},
		"handshake not proved":   {assumedOpen, "handshake-ack-lost", []string{"Nothing captured proves"}},
		"the queue was full":     {overflow(2, server), "accept-queue-overflow", []string{"accept queue was full", "hardly lost"}},
		"the queue was probably": {overflow(2, client), "accept-queue-overflow", []string{"probably full", "less likely"}},

		"keepalive gave up": {probedAbort(4060), "reset-abort", []string{"one interval after the last of its keepalive probes", "keepalive that gave up"}},
		"not by keepalive":  {probedAbort(3300), "reset-abort", []string{"-keepalive"}},
		"nothing unread": {with(established(), func(in *Input) {
			in.Conn.Endpoints.Client.UniqueBytes = 0
			in.aborted(server, "rst-ack", "abort", 8, 145, 0, 0)
		}), "reset-abort", []string{"-unread", "SO_LINGER"}},
		"never accepted": {with(established(), func(in *Input) {
			in.Conn.Endpoints.Server.UniqueBytes = 0
			in.aborted(server, "rst-ack", "abort", 8, 145, 0, 0)
		}), "reset-abort", []string{"a listener that was closed"}},
		"a client never accepts": {with(established(), func(in *Input) {
			in.Conn.Endpoints.Client.UniqueBytes = 0
			in.aborted(client, "rst-ack", "abort", 8, 145, 0, 0)
		}), "reset-abort", []string{"-listener"}},
		"not out of CLOSE-WAIT": {with(established(), func(in *Input) { in.aborted(client, "rst-ack", "abort", 8, 145, 0, 0) }), "reset-abort", []string{"-CLOSE-WAIT"}},

		"lost for good":     {stalled(0), "zero-window-stall", []string{"-reset the connection", "did not open again"}},
		"the reader resets": {with(stalled(0), func(in *Input) { in.aborted(server, "rst-ack", "abort", 11, 5000, 0, 0) }), "zero-window-stall", []string{"then reset the connection (frame 11)"}},
		"the writer resets": {with(stalled(0), func(in *Input) { in.aborted(client, "rst-ack", "abort", 11, 5000, 0, 0) }), "zero-window-stall", []string{"-reset the connection"}},
		"many probes":       {with(probed(3, 0), func(in *Input) { in.LostNotes = 5 }), "keepalive-unanswered", []string{"at least 3 probes"}},
		"three probes":      {probed(3, 0), "keepalive-unanswered", []string{"-at least", "3 probes so far"}},
		"idle before": {with(established(), func(in *Input) {
			in.aborted(server, "rst", "no-such-connection", 9, 500, 8, 13)
			in.Resets[0].Idle = time.Hour
		}), "reset-no-such-connection", []string{"nothing for 1 h", "data in that segment is lost"}},
		"not idle before": {with(established(), func(in *Input) { in.aborted(server, "rst", "no-such-connection", 9, 500, 8, 0) }), "reset-no-such-connection",
			[]string{"-sent nothing for", "-is lost"}},
		"FIN again twice": {with(finLost(), func(in *Input) { in.FIN[0].Copies = 2 }), "fin-retransmitted", []string{"again twice within 50 ms"}},
		"FIN again once":  {finLost(), "fin-retransmitted", []string{"again after 50 ms"}},

		"closed once": {stalled(2000), "zero-window-stall", []string{"-In all"}},
		"closed twice": {with(stalled(2000), func(in *Input) {
			in.Notes = append(in.Notes, note(ZeroWindow, server, 12, 3000), note(WindowOpened, server, 13, 3500))
		}), "zero-window-stall", []string{"closed for 2 s", "In all the window was closed twice, for 2.5 s"}},
		"one probe and a RST": {with(probed(1, 0), func(in *Input) { in.aborted(client, "rst-ack", "keepalive", 9, 2060, 0, 0) }), "keepalive-unanswered",
			[]string{"after 1 probe without an answer", "-apart"}},
		"three probes and a RST": {with(probed(3, 0), func(in *Input) { in.aborted(client, "rst-ack", "keepalive", 11, 4060, 0, 0) }), "keepalive-unanswered",
			[]string{"1 s apart", "since frame 6"}},
		"all of the data":   {withSYNData("all"), "fast-open", []string{"all of it"}},
		"a part of it":      {withSYNData("part"), "fast-open", []string{"a part of it"}},
		"none of it":        {withSYNData("none"), "fast-open", []string{"did not take it", "-repeated before"}},
		"after a lost SYN":  {with(withSYNData("none"), func(in *Input) { in.SYN[0].Copies = 1 }), "fast-open", []string{"repeated before"}},
		"a SYN at its time": {withSYNAgain(1000), "syn-retransmitted", []string{"lost after the tap", "-sooner"}},
		"a SYN too early":   {withSYNAgain(200), "syn-retransmitted", []string{"sooner than a SYN's first timer"}},
		"lost once":         {finalACKLost(), "lost-final-ack", []string{"that ACK", "-these ACKs", "came again after"}},
		"its RST was not taken": {with(established(), func(in *Input) {
			in.Notes = []Note{note(BadChecksum, server, 7, 90)}
			in.aborted(server, "rst", "no-such-connection", 9, 500, 8, 13)
		}), "reset-no-such-connection", []string{"its checksum was wrong", "is lost"}},
		"a refusal seen": {with(reused("reset"), func(in *Input) {
			in.Challenges = []Challenge{{ACK: m(92, 20), RST: m(93, 20), State: "TIME-WAIT"}}
		}), "incarnation-reuse-refused", []string{"an ACK in the old numbers (frame 92)"}},
		"a refusal not seen": {reused("reset"), "incarnation-reuse-refused", []string{"-old numbers"}},

		"one try":      {withTries(0), "connection-refused", []string{"-tried"}},
		"three tries":  {withTries(2), "connection-refused", []string{"tried 3 times"}},
		"not repeated": {synSent().until(9000), "connection-unanswered", []string{"gave up at once"}},
		"something came back": {with(synSent().until(9000), func(in *Input) { in.Last[1] = m(2, 20) }), "connection-unanswered",
			[]string{"frame 2 is the last", "-Nothing answered"}},

		"the default of Linux": {with(probed(2, 2), func(in *Input) { in.Notes[0].Idle = 2 * time.Hour }), "keepalive-alive", []string{"the default of Linux"}},
		"no default":           {probed(2, 2), "keepalive-alive", []string{"-default", "all answered"}},
		"one lost":             {with(probed(3, 3), func(in *Input) { in.Conn.Endpoints.Server.KeepaliveReplies = 2 }), "keepalive-alive", []string{"2 of them answered", "1 probe or the answer to it was lost"}},

		"a late ACK": {with(finalACKLost(), func(in *Input) {
			in.reset(server, "rst", "time-wait-assassination", "closed", 14, 700, 0, 0)
			in.step(client, "CLOSED", "rcv.RST", 14, 700, "assumed")
		}), "time-wait-assassination", []string{"one of the client's ACKs"}},
		"Linux's own reuse":   {with(reused("holder"), func(in *Input) { in.Conn.Reuse.ISNDelta = 65537 }), "incarnation-reuse", []string{"how Linux does it"}},
		"another's own reuse": {reused("holder"), "incarnation-reuse", []string{"-Linux", "25,555,025 above"}},
		"by its number":       {reused("sequence"), "incarnation-reuse", []string{"25,555,025 above the last"}},
	} {
		says(t, name, c.in, c.id, c.says)
	}
}

// says checks what the one finding with an id says, title, explanation and what the
// programs saw.
func says(t *testing.T, name string, in *Input, id string, wanted []string) {
	t.Helper()
	found := slices.DeleteFunc(Run(in, nil), func(f report.Finding) bool { return f.ID != id })
	if len(found) != 1 {
		t.Errorf("%s: %d findings %s", name, len(found), id)
		return
	}
	text := found[0].Title + "\n" + found[0].Explanation
	if saw := found[0].SeenBy; saw != nil {
		text += "\nclient: " + saw.Client + "\nserver: " + saw.Server
	}
	for _, want := range wanted {
		if without, unwanted := strings.CutPrefix(want, "-"); strings.Contains(text, without) == unwanted {
			t.Errorf("%s: %q in %q: %v", name, without, text, unwanted)
		}
	}
}

// withoutClosing is a crossing close in which one end was not in CLOSING.
func withoutClosing(side report.Side) *Input {
	return with(crossed(), func(in *Input) {
		in.Conn.Transitions = slices.DeleteFunc(in.Conn.Transitions, func(t report.Transition) bool { return t.Side == side && t.To == "CLOSING" })
	})
}

func withSYNData(accepted string) *Input {
	return with(established(), func(in *Input) {
		in.Conn.Open.Kind = "fast-open"
		in.Conn.SYNData = &report.SYNData{Client: &report.SYNDataSide{Bytes: 100, Accepted: accepted}}
	})
}

// withSYNAgain is a connection whose SYN was sent again at t ms.
func withSYNAgain(t float64) *Input {
	return with(established(), func(in *Input) {
		in.Conn.Open.SYNRetransmits = 1
		in.SYN[0], in.SYNACK = again(1, 0, 5, t, 1), once(6, t+21)
		in.Notes = []Note{note(SYNAgain, client, 5, t)}
	})
}

// TestSeenBy: what the programs saw is said where they saw something.
func TestSeenBy(t *testing.T) {
	f := halfCloseDataLost.Find(dataToClosed())[0]
	if f.SeenBy == nil || !strings.Contains(f.SeenBy.Server, "ECONNRESET") || strings.Contains(f.SeenBy.Client, "ECONNRESET") {
		t.Errorf("%+v", f.SeenBy)
	}
	if f := midStream.Find(midway())[0]; f.SeenBy != nil {
		t.Errorf("%+v", *f.SeenBy)
	}
}

// withTries is a refused connection that was tried again.
func withTries(more int) *Input {
	return with(synSent(), func(in *Input) {
		in.Conn.Open.Kind = "refused"
		in.SYN[0].Copies = more
		in.aborted(server, "rst-ack", "refused", 2, 55, 1, 0)
	})
}

// TestICMPWords: the codes that matter, in both versions of IP.
func TestICMPWords(t *testing.T) {
	for _, c := range []struct {
		v6         bool
		kind, code uint8
		what, saw  string
	}{
		{false, 3, 0, "network unreachable", "ENETUNREACH"}, {false, 3, 3, "port unreachable", "ECONNREFUSED"},
		{false, 3, 13, "administratively prohibited", "EHOSTUNREACH"}, {false, 3, 200, "unreachable", "EHOSTUNREACH"},
		{false, 11, 0, "hop limit exceeded on the way", "EHOSTUNREACH"}, {false, 12, 0, "parameter problem", "EPROTO"},
		{true, 1, 0, "no route to the destination", "ENETUNREACH"}, {true, 1, 1, "administratively prohibited", "EACCES"},
		{true, 1, 4, "port unreachable", "ECONNREFUSED"}, {true, 1, 7, "unreachable", "EHOSTUNREACH"},
		{true, 3, 0, "hop limit exceeded on the way", "EHOSTUNREACH"}, {true, 4, 0, "parameter problem", "EPROTO"},
	} {
		what, saw := icmpWords(c.v6, &report.Rejected{ICMPType: c.kind, ICMPCode: c.code})
		if what != c.what || saw != c.saw {
			t.Errorf("%v %d/%d: %q, %q", c.v6, c.kind, c.code, what, saw)
		}
	}
}

// TestSigns: every sign has its words.
func TestSigns(t *testing.T) {
	for i := range len(signWords) {
		if s := Sign(1 << i); len(s.names()) != 1 || strings.Contains(s.words(), "several") {
			t.Errorf("sign %d: %v, %q", i, s.names(), s.words())
		}
	}
	if got := (SignTTL | SignContradicted).words(); !strings.Contains(got, "hop limit") || !strings.Contains(got, "went on") {
		t.Error(got)
	}
}

// TestForgotten: of a RST that answers what came after a long silence it is said that a
// middlebox may have forgotten the connection.
func TestForgotten(t *testing.T) {
	for _, c := range []struct {
		answers uint64
		idle    time.Duration
		want    bool
	}{{8, time.Minute, true}, {8, seconds(Thresholds[IdleLost].Default), true}, {8, 29 * time.Second, false}, {0, time.Minute, false}} {
		in := with(denies(60_000), func(in *Input) {
			in.Conn.Resets[0].Cause, in.Conn.Close.Reset.Cause = "injected", "injected"
			in.Conn.Resets[0].AnswersFrame = nil
			if c.answers != 0 {
				in.Conn.Resets[0].AnswersFrame = &c.answers
			}
			in.Resets[0].Idle = c.idle
		})
		f := resetInjected.Find(in)
		if len(f) != 1 || strings.Contains(f[0].Explanation, "has forgotten") != c.want {
			t.Errorf("answers %d after %v: %v", c.answers, c.idle, f)
		}
	}
}

// TestTooSoon: by the round trip, or 10 ms where none was measured.
func TestTooSoon(t *testing.T) {
	in := established() // 20 ms
	none := with(established(), func(in *Input) { in.Conn.Open.RTT = nil })
	zero := with(established(), func(in *Input) { in.Conn.Open.RTT = ptr(0.0) })
	for _, c := range []struct {
		in   *Input
		gap  time.Duration
		want bool
	}{
		{in, 19 * time.Millisecond, true}, {in, 20 * time.Millisecond, false},
		{none, 9 * time.Millisecond, true}, {none, 10 * time.Millisecond, false}, {zero, 9 * time.Millisecond, true},
	} {
		if got := c.in.tooSoon(c.gap); got != c.want {
			t.Errorf("%v: %v", c.gap, got)
		}
	}
}
