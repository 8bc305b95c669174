package detect

import (
	"testing"
	"time"
)

// TestTold is TestWording for the ends of openings, and for repetitions and RSTs:
// each sentence stands where it is true, and nowhere else.
func TestTold(t *testing.T) {
	taken := func(basis string) *Input {
		return with(overflow(2, server), func(in *Input) { in.step(server, "ESTABLISHED", "rcv.ACK-of-SYN", 7, 5020, basis) })
	}
	doubled := func(copies uint64) *Input {
		return with(synSent(), func(in *Input) { in.Copies, in.Copied = copies, again(2, 0.1, 3, 0.2, 0) })
	}
	refused := func(answers uint64) *Input {
		return with(synSent(), func(in *Input) {
			in.Conn.Open.Kind = "refused"
			in.SYN[0] = again(1, 0, 5, 3000, 2)
			in.aborted(server, "rst-ack", "refused", 6, 3055, answers, 0)
		})
	}
	openedAfter := func(basis string) *Input {
		return with(answered(), func(in *Input) {
			in.Conn.Open.SYNACKRetransmits = 1
			in.SYNACK = again(2, 20, 3, 1020, 1)
			in.Notes = []Note{note(SYNACKAgain, server, 3, 1020)}
			if basis != "" {
				in.Last[0] = m(4, 1040)
				in.step(server, "ESTABLISHED", "rcv.ACK-of-SYN", 4, 1040, basis)
			}
		})
	}
	for name, c := range map[string]struct {
		in   *Input
		id   string
		says []string
	}{
		"taken in the end":   {taken("confirmed"), "accept-queue-overflow", []string{"took it 5 s after its first SYN,ACK", "-Nothing captured proves"}},
		"perhaps taken":      {taken("assumed"), "accept-queue-overflow", []string{"-took it 5 s", "Nothing captured proves"}},
		"one SYN":            {synSent().until(9000), "connection-unanswered", []string{"did not answer a SYN\n"}},
		"three SYNs":         {with(synSent().until(9000), func(in *Input) { in.SYN[0] = again(1, 0, 5, 3000, 2) }), "connection-unanswered", []string{"did not answer 3 SYNs in 3 s\n"}},
		"the first refused":  {refused(1), "connection-refused", []string{"The SYN (frame 1)"}},
		"some SYN refused":   {refused(0), "connection-refused", []string{"The SYN (frame 5)"}},
		"never acknowledged": {openedAfter(""), "syn-ack-retransmitted", []string{"and never acknowledged\n", "Nothing of the client was captured", "stays in SYN-RECEIVED", "-in the end", "-then came", "a connect() that waits", "never returned it"}},
		"completed":          {openedAfter("confirmed"), "syn-ack-retransmitted", []string{"-never acknowledged", "completed in the end", "-then came", "-SYN-RECEIVED", "taken longer", "returned later", "-Nothing of the client"}},
		"perhaps completed":  {openedAfter("assumed"), "syn-ack-retransmitted", []string{"-never acknowledged", "-in the end", "The client's ACK then came"}},

		"a SYN again":              {withSYNAgain(1000), "syn-retransmitted", []string{"sent again after 1 s\n", "captured (frame 6)."}},
		"no SYN,ACK":               {with(withSYNAgain(1000), func(in *Input) { in.SYNACK = Sent{} }), "syn-retransmitted", []string{"-captured ("}},
		"more than are remembered": {with(withSYNAgain(1000), func(in *Input) { in.SYN[0].Copies = 3 }), "syn-retransmitted", []string{"sent again 3 times: 1 s lost in connect()"}},
		"and once more, later": {with(withSYNAgain(1000), func(in *Input) {
			in.SYN[0] = again(1, 0, 9, 1500, 2)
			in.Notes = append(in.Notes, note(SYNAgain, client, 9, 1500))
		}), "syn-retransmitted", []string{"sent again after 1 s\n"}},

		"one copy":   {doubled(1), "capture-duplicates", []string{"1 segment of this connection was captured", "-first and last"}},
		"two copies": {doubled(2), "capture-duplicates", []string{"2 segments of this connection were captured", "the first and last: frames 2 and 3"}},

		"one end may be anywhere": {midway(), "mid-stream", []string{"The server may be in ESTABLISHED, FIN-WAIT-1.", "-The client may be"}},
		"an end of unknown state": {with(midway(), func(in *Input) { in.Conn.Endpoints.Server.Possible = nil }), "mid-stream", []string{"-may be in"}},

		"the last FIN once":  {lastACK().until(3000), "final-ack-unseen", []string{"-lost at least once"}},
		"the last FIN again": {with(lastACK().until(9000), func(in *Input) { in.FIN[1] = again(10, 200, 20, 1000, 1) }), "final-ack-unseen", []string{"lost at least once"}},

		"one outage":            {healed(6060, 260, 660, 1460, 3060), "outage-recovered", []string{"(frames 9, 10, 11 and 12)", "-longest of"}},
		"nothing is remembered": {with(healed(6060, 260), func(in *Input) { in.Notes = in.Notes[1:] }), "outage-recovered", []string{"no answer, and"}},
		"two outages": {with(healed(6060, 260, 660), func(in *Input) {
			n := note(Answered, server, 30, 20_000)
			n.Value = 2000
			in.Notes = append(in.Notes, n)
		}), "outage-recovered", []string{"It was the longest of"}},
		"still sent again":    {repeating(260, 660, 1460).until(2500), "dead-peer", []string{"By these gaps", "-It has stopped"}},
		"not sent again":      {repeating(260, 660, 1460).until(20_000), "dead-peer", []string{"It has stopped", "-By these gaps"}},
		"at the longest gaps": {repeating(260, 1000, 121_000).until(521_000), "dead-peer", []string{"By these gaps", "-It has stopped"}},

		"out of CLOSE-WAIT": {with(halfClosed(), func(in *Input) { in.aborted(server, "rst-ack", "abort", 10, 296, 0, 0) }), "reset-abort",
			[]string{"It came 196 ms after the client's FIN (frame 8), out of CLOSE-WAIT."}},
		"a FIN behind the RST": {with(established(), func(in *Input) {
			in.aborted(client, "rst-ack", "abort", 8, 145, 0, 0)
			in.FIN[1] = once(9, 150)
		}), "reset-abort", []string{"-out of CLOSE-WAIT"}},

		"the connection taken over": {with(established(), func(in *Input) {
			in.reset(server, "rst-ack", "injected", "closed", 8, 100, 0, 0)
			in.step(client, "CLOSED", "rcv.RST", 8, 100, "assumed")
		}), "reset-injected", []string{"The client is CLOSED by it", "-It did not end", "-went on with", "client: ECONNRESET"}},
		"the connection kept": {with(established(), func(in *Input) {
			in.reset(server, "rst-ack", "injected", "ignored", 8, 100, 0, 0)
			in.refute(server, "snd.RST", "sent-after-its-reset", 8, 9)
		}), "reset-injected", []string{"-is CLOSED by it", "It did not end the client's", "The server went on with frame 9.", "client: nothing"}},

		"one old segment":  {withOld(1), "old-duplicate", []string{"1 segment of an earlier", "of data) has the numbers"}},
		"two old segments": {withOld(2), "old-duplicate", []string{"2 segments of an earlier", "of data) have the numbers"}},
	} {
		says(t, name, c.in, c.id, c.says)
	}
}

// withOld is a connection to which n segments of an earlier one come.
func withOld(n int) *Input {
	return with(reused("timestamp"), func(in *Input) {
		for i := range n {
			old := note(OldDuplicate, client, uint64(17+i), 300)
			old.Value = 300
			in.Notes = append(in.Notes, old)
		}
	})
}

// TestResetAfterCloseTold: what the RST answers makes the difference.
func TestResetAfterCloseTold(t *testing.T) {
	answering := func(in *Input, answers uint64, at float64) *Input {
		in.aborted(client, "rst", "after-close", 12, at, answers, 0)
		return in
	}
	over := func(answers uint64) *Input {
		return with(ordinary(), func(in *Input) { in.reset(server, "rst", "after-close", "closed", 12, 400, answers, 0) })
	}
	const allOver, atOnce, timedOut = "No data is lost by it", "It keeps no TIME-WAIT", "Its FIN-WAIT-2 had timed out"
	for name, c := range map[string]struct {
		in   *Input
		says []string
	}{
		"all was over":              {over(11), []string{allOver, "in answer to frame 11", "client: nothing\nserver: nothing"}},
		"all was over, and nothing": {over(0), []string{allOver, "-in answer to", "client: nothing\nserver: nothing"}},
		"the FIN, at once":          {answering(lastACK(), 10, 200), []string{"in answer to the server's FIN (frame 10)", atOnce, "-timed out", "-" + allOver, "server: nothing: it had closed too"}},
		"the FIN, later":            {answering(lastACK(), 10, 1100), []string{"in answer to the server's FIN (frame 10)", timedOut, "-It keeps"}},
		"another segment":           {answering(halfClosed(), 9, 285), []string{"in answer to a segment of the server (frame 9)", "-FIN (frame 9)", "server: ECONNRESET"}},
		"nothing":                   {answering(halfClosed(), 0, 285), []string{"in answer to nothing", "may be lost", "server: ECONNRESET"}},
	} {
		says(t, name, c.in, "reset-after-close", c.says)
	}
}

// TestLastTime: the latest that is known, the other where none is.
func TestLastTime(t *testing.T) {
	other := ms(1)
	for _, c := range []struct {
		marks []Mark
		want  time.Time
	}{
		{nil, other},
		{[]Mark{{Frame: 1}}, other},
		{[]Mark{m(1, 7), m(2, 9), m(3, 8), {Frame: 4}}, ms(9)},
	} {
		if got := lastTime(c.marks, other); !got.Equal(c.want) {
			t.Errorf("%v: %v, want %v", c.marks, got, c.want)
		}
	}
}
