package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: one program waits for what never comes, and does not know it.
var deadPeer = define(Detector{
	ID:    "dead-peer",
	Title: "Data sent again and again, and no answer",
	Means: "An end repeats its data by its retransmission timer, and nothing comes from the other: that host is down, or the path to it or back is broken. " +
		"Until the sender's kernel gives up its program sees nothing. The other end, if it lives, may never notice.",
	Severity: warning,
	Disproof: "Any later segment of the silent end: then it was an outage. Its answers, captured closer to it: then they were lost on the way back.",
	Advice: "Find out what broke when the first repetition was sent: the host, the path, or a firewall or NAT that forgot the connection. " +
		"To notice sooner give the socket a TCP_USER_TIMEOUT, or the program a timeout of its own; a connection that mostly says nothing needs a keepalive.",
	Check: []string{"ss -tnoi", "nstat -az TcpRetransSegs TcpExtTCPTimeouts TcpExtTCPAbortOnTimeout", "sysctl net.ipv4.tcp_retries2"},
	Refs:  []string{"RFC 9293 3.8.3", "RFC 6298 5", "RFC 5482", "tcp_retransmit_timer()", "retransmits_timed_out()"},
}, dataUnanswered, findDeadPeer)

func findDeadPeer(in *Input) []claim {
	if in.blind() {
		return nil
	}
	out := in.claims()
	for _, side := range sides {
		// A FIN that is not answered is told of by its state.
		if run := in.unanswered(side); len(run) >= in.limit(Repeats) && in.FIN[index(side)].Frame == 0 && !probesOf(run) {
			out = append(out, in.deadPeer(side, run))
		} else if run, asks := in.wayBroken(side); run != nil {
			out = append(out, in.deafPeer(side, run, asks))
		}
	}
	return out
}

// unanswered returns the repetitions of a side's data since the other end was heard of
// last, but for those that the network, or the capture, has made.
func (in *Input) unanswered(side report.Side) []Note {
	last := in.heard(side.Peer()).Time
	return in.pick(in.Notes, func(n *Note) bool {
		return n.Kind == DataAgain && n.Side == side && n.Time.After(last) && !in.tooSoon(n.Idle)
	})
}

// probesOf reports whether what was sent again is one octet at gaps that do not grow: so
// keepalives look in a capture that has nothing of their sender but those.
func probesOf(run []Note) bool {
	n := len(run)
	return run[0].Value == 1 && n > 2 && run[n-1].Time.Sub(run[n-2].Time) < run[1].Time.Sub(run[0].Time)*3/2
}

func (in *Input) deadPeer(side report.Side, run []Note) claim {
	last := in.heard(side.Peer())
	c := claim{
		side:       side.Peer(),
		confidence: unless(in.gappy()),
		at:         run[len(run)-1].Time,
		proof:      append(in.marksOf(run), last),
		notes:      run,
		tell:       tellDeadPeer,
	}
	if len(run) < in.limit(DeadRepeats) && in.Now.Sub(run[0].Time) < in.atLeast(DeadFor) {
		c.severity = notice
	}
	if r := in.deciding(); r != nil && r.By == side && r.Time.After(c.at) {
		c.rst, c.proof = r, append(c.proof, r.mark())
	}
	return c
}

// wayBroken returns what a side sent again while the other end, which is alive, sent again
// what it had acknowledged, and that: had the other got anything of it, it would have
// acknowledged more. Nil, if there is no such thing.
func (in *Input) wayBroken(side report.Side) (run, asks []Note) {
	asks = in.notes(DeafAgain, side.Peer())
	n := len(asks)
	if n < in.limit(Repeats) || in.deciding() != nil || in.FIN[index(side)].Frame != 0 || !same(asks[n-1].mark(), in.heard(side.Peer())) {
		return nil, nil
	}
	for n > 1 && asks[n-2].Value == asks[n-1].Value {
		n--
	}
	asks = asks[n-1:] // since it acknowledged something new
	run = in.pick(in.Notes, func(n *Note) bool {
		return n.Kind == DataAgain && n.Side == side && n.Time.After(asks[0].Time)
	})
	if len(run) < in.limit(Repeats) || len(asks) < in.limit(Repeats) {
		return nil, nil
	}
	return run, asks
}

// deafPeer: the other end is alive and hears nothing.
func (in *Input) deafPeer(side report.Side, run, asks []Note) claim {
	c := claim{
		side:       side.Peer(),
		confidence: unless(in.gappy()),
		at:         run[len(run)-1].Time,
		proof:      in.join(in.marksOf(run), in.marksOf(asks)),
		notes:      run,
		tell:       tellDeafPeer,
	}
	if len(run) < in.limit(DeadRepeats) && in.Now.Sub(run[0].Time) < in.atLeast(DeadFor) {
		c.severity = notice
	}
	return c
}

func tellDeafPeer(in *Input, c *claim) {
	peer, side, run := c.side, c.side.Peer(), c.notes
	_, asks := in.wayBroken(side)
	n, lasted := len(run), run[len(run)-1].Time.Sub(run[0].Time)
	many := when(in.LostNotes > 0, "at least ") + times(n)
	c.title = "The " + string(peer) + " hears nothing of the " + string(side) + ", whose data was sent again " + many + " in " + dur(lasted)
	c.explanation = "The " + string(side) + " sent " + words.Plural(uint64(run[0].Value), "byte") + " again " + many + " (" + in.frames(in.marksOf(run)...) +
		"). The " + string(peer) + " is alive: it sent again what the " + string(side) + " had acknowledged, " + times(len(asks)) + " (" + in.frames(in.marksOf(asks)...) +
		"), and acknowledged nothing new in it. So neither the data nor an ACK of the " + string(side) + " reached it in this time: the way from the " + string(peer) + " works, the way back to it does not."
	c.disproof = "These segments in a capture at the " + string(peer) + "."
	c.advice = "Look at the way from the " + string(side) + " to the " + string(peer) + ": its route back, a firewall or NAT that sees or lets pass one direction only, a link that fails in one direction."
	c.saw = both(side, "nothing; ETIMEDOUT when its kernel gives up", "nothing; ETIMEDOUT when its kernel gives up")
	silence := in.Now.Sub(asks[0].Time)
	c.values = append(in.values(report.Int("repeats", n), report.Float("silence_s", silence.Seconds())), report.Float("repeating_s", lasted.Seconds()))
}

// mtuHole returns the last segment of the silent end, if by it that end has got something
// short that was sent behind what is sent again, and all that is sent again are full
// segments: so it looks where a router drops what is too long for its link, and the ICMP
// error by which it says so does not come back (RFC 2923 section 2.1).
func (in *Input) mtuHole(side report.Side, run []Note) *Note {
	const options, least = 40, 1200 // octets of TCP's options; what such a link lets pass always
	full := uint32(least - options)
	if a, b := in.Conn.Endpoints.Client.MSS, in.Conn.Endpoints.Server.MSS; a != nil && b != nil {
		full = max(least, uint32(min(*a, *b))) - options
	}
	for i := range run {
		if run[i].Value < full {
			return nil
		}
	}
	came := in.notes(SmallCame, side.Peer())
	if n := len(came); n > 0 && same(came[n-1].mark(), in.heard(side.Peer())) && came[n-1].Value < run[0].Value {
		return &came[n-1]
	}
	return nil
}

// whyUnanswered says what the silence may come from; small is what came all the same, nil
// if nothing did.
func (in *Input) whyUnanswered(peer report.Side, small *Note, run []Note) string {
	switch {
	case small != nil:
		return "The host is there: " + words.Plural(uint64(small.Value), "byte") + " that were sent behind these came, as " + in.frame(small.mark()) +
			" says by SACK. So it looks when a router drops what is longer than its next link takes, and its ICMP error (fragmentation needed) does not come back: a black hole of path MTU discovery."
	case in.sentSince(peer, run):
		return "It lives: the capture at its own end has what it has sent since, " + in.frame(in.Last[index(peer)]) +
			" as the last, and nothing of that came to the " + string(peer.Peer()) + "'s. The path back is cut."
	case in.neverSpoke(peer):
		return "It had said nothing since its SYN,ACK: a host that is down or cannot be reached, a path on which only small segments arrive, and a full accept queue under SYN cookies, where the SYN,ACK is not repeated, look the same."
	}
	return "A host that is down and one that cannot be reached look the same."
}

// tellMTUHole: small segments arrive, long ones do not.
func (in *Input) tellMTUHole(c *claim) {
	peer, side, run := c.side, c.side.Peer(), c.notes
	c.title = "Full-sized segments do not reach the " + string(peer) + ", small ones do: the " + string(side) + "'s data was sent again " +
		when(in.LostNotes > 0, "at least ") + times(len(run)) + " in " + dur(run[len(run)-1].Time.Sub(run[0].Time))
	c.disproof = "These segments in a capture near the " + string(peer) + "; shorter repetitions of them that are not answered either."
	c.advice = "Find the link with the smaller MTU, often a tunnel or VPN; let the ICMP error pass there (IPv4: type 3, code 4; IPv6: type 2), or clamp the MSS of SYNs to its MTU. " +
		"With tcp_mtu_probing=1 Linux finds the size by itself."
	c.check = []string{"ip route get ADDRESS", "tracepath -n ADDRESS", "sysctl net.ipv4.tcp_mtu_probing", "nstat -az TcpRetransSegs TcpExtTCPTimeouts"}
}

func tellDeadPeer(in *Input, c *claim) {
	peer, side, run := c.side, c.side.Peer(), c.notes
	n := len(run)
	first, end := run[0].Time, run[n-1].Time
	small, gaps := in.mtuHole(side, run), ""
	many := when(in.LostNotes > 0, "at least ") + times(n)
	last := in.heard(peer)
	since := "since " + in.frame(last)
	if last.Frame == 0 {
		last.Time, since = in.Conn.Start, "at all in this capture"
	}
	silence, until := in.Now.Sub(last.Time), " before the capture ends"
	switch {
	case c.rst != nil:
		silence, until = c.rst.Time.Sub(last.Time), " before the "+string(side)+" gave up with a RST ("+in.frame(c.rst.mark())+")"
	case in.Conn.FinalBy != "end-of-input": // what is known of it ends sooner
		silence, until = end.Sub(last.Time), " before the last of them"
	}
	c.title = "The " + string(peer) + " does not answer: the " + string(side) + "'s data was sent again " + many + " in " + dur(end.Sub(first))
	if short, long := run[1].Time.Sub(first), end.Sub(run[n-2].Time); long > short {
		gaps = ", at gaps that grew from " + dur(short) + " to " + dur(long)
	}
	c.explanation = say("The "+string(side)+" sent "+words.Plural(uint64(run[0].Value), "byte")+" again "+many+" ("+in.frames(in.marksOf(run)...)+")"+gaps+
		", and nothing came from the "+string(peer)+" "+since+", "+dur(silence)+until+".",
		in.whyUnanswered(peer, small, run),
		when(c.rst == nil && in.Conn.FinalBy == "end-of-input", in.givesUp(run)),
		when(small == nil && !in.sentSince(peer, run), "The "+string(peer)+", if it lives"+when(c.rst != nil, " and the RST did not reach it")+
			", has nothing to send: it keeps the connection until data of its own, or a keepalive, draw no answer (Linux's default keepalive, where it is on: 2 h 11 min)."))
	c.saw = both(side, either(c.rst != nil, "an error of its own", "nothing; ETIMEDOUT when its kernel gives up"), "nothing")
	c.values = append(in.values(report.Int("repeats", n), report.Float("silence_s", silence.Seconds())),
		report.Float("repeating_s", end.Sub(first).Seconds()))
	if small != nil {
		in.tellMTUHole(c)
	}
}

// sentSince reports whether the peer has sent something since the first repetition, as the
// tap at its end shows.
func (in *Input) sentSince(peer report.Side, run []Note) bool {
	return in.tapAtBothEnds() && in.Last[index(peer)].Time.After(run[0].Time)
}

// neverSpoke reports whether the server has sent nothing but its SYN,ACK.
func (in *Input) neverSpoke(side report.Side) bool {
	return side == report.Server && in.SYNACK.Frame != 0 && same(in.Last[1], in.SYNACK.last())
}

// givesUp says when the kernel of the sender of run gives up, by its gaps.
func (in *Input) givesUp(run []Note) string {
	n := len(run)
	if in.Stack != "linux" {
		return "" // each stack has its own schedule
	}
	gap := run[n-1].Time.Sub(run[n-2].Time)
	after := linuxGivesUp(run[n-1].Time.Sub(run[0].Time), gap)
	if in.Now.Sub(run[n-1].Time) > 3*gap+time.Second && gap < 100*time.Second || in.Now.Sub(run[0].Time) > after {
		return "It has stopped sending it again: it has given up, without a packet, or has closed in a way that the capture does not show."
	}
	return "By these gaps, and Linux's default (tcp_retries2 = 15), its kernel gives up some " + dur(after.Round(time.Second)) +
		" after the first repetition; only then does the program see ETIMEDOUT."
}

// linuxGivesUp is how long after its first repetition a segment is given up by Linux's
// defaults, when it has been sent again for as long as passed and the last gap was gap:
// at the first timer after 924.6 s (retransmits_timed_out(): 15 doublings from
// TCP_RTO_MIN, none above TCP_RTO_MAX).
func linuxGivesUp(passed, gap time.Duration) time.Duration {
	const most, enough = 120 * time.Second, 924600 * time.Millisecond
	for gap = max(gap, 200*time.Millisecond); passed < enough; {
		gap = min(2*gap, most)
		passed += gap
	}
	return passed
}
