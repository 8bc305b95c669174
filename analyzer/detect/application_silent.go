package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: clients are served by nobody, and the network is in order. A notice while
// it may be a slow answer.
var applicationSilent = over(Detector{
	ID:    "application-silent",
	Title: "The program behind a listener says nothing",
	Means: "The handshake is complete and the server's kernel acknowledges what the client sends, but the program never sends a byte: it hangs, or it has not even " +
		"called accept() and the connections wait in the queue, for instance because no descriptor is left.",
	Severity: warning,
	Disproof: "A protocol in which only the client speaks: then the program reads, and its sockets in CLOSE-WAIT are a leak. Answers that the capture missed.",
	Advice: "Look at the program, not at the network: its threads' stacks, its descriptors against the limit (EMFILE in accept()), its event loop. " +
		"In ss -ltn, Recv-Q of the listener is how many connections nobody has accepted.",
	Check: []string{"ss -ltn", "ss -tanp", "ls /proc/PID/fd | wc -l", "grep 'open files' /proc/PID/limits"},
	Refs:  []string{"accept(2)", "RFC 9293 3.10.1", "inet_csk_accept()"},
}, findApplicationSilent)

const (
	silentYoung = time.Second      // nobody calls a program silent sooner
	silentSoon  = silentYoung / 4  // unless its client did not wait any longer
	silentFew   = 5                // that wait, while nobody that came later was served
	silentMany  = 3                // connections, without any that gave up
	silentLong  = 30 * time.Second // for which they have waited
)

// neverAnswers reports whether the server completed the handshake and never said a
// word, though the client has asked, and its data was acknowledged, or has closed.
func (in *Input) neverAnswers() bool {
	c := in.Conn
	server := &c.Endpoints.Server
	asked := c.Endpoints.Client.UniqueBytes > 0 && in.Taken[0] || in.FINAcked[0].Frame != 0
	return (c.Open.Kind == "three-way" || c.Open.Kind == "fast-open") && server.UniqueBytes == 0 && asked &&
		in.FIN[1].Frame == 0 && !in.blind() && !in.gappy() && c.FinalBy != "evicted" &&
		(in.abortedUnheard() || len(c.Resets) == 0 && (server.State == "CLOSE-WAIT" || server.State == "ESTABLISHED" && c.FinalBy == "end-of-input")) && in.longSilent()
}

// abortedUnheard reports whether the client has given up with a RST.
func (in *Input) abortedUnheard() bool {
	r := in.Conn.Close.Reset
	return r != nil && r.By == report.Client && r.Cause == "abort" && len(in.Conn.Resets) == 1 && in.FIN[0].Frame == 0
}

// longSilent reports whether the client has waited for long enough to say so; one that
// gave up for as long as it waited, and for what an answer to its FIN takes.
func (in *Input) longSilent() bool {
	if in.abortedUnheard() {
		return in.Conn.End.Sub(in.Conn.Start) >= silentYoung
	}
	if in.FIN[0].Frame == 0 {
		return in.Now.Sub(in.silentSince()) >= silentYoung
	}
	waits := in.Now.Sub(in.FIN[0].Time)
	rtt := 10 * time.Millisecond
	if r := in.Conn.Endpoints.Server.RTTMin; r != nil {
		rtt = max(rtt, seconds(*r))
	}
	return waits >= 2*rtt && in.Now.Sub(in.Conn.Start) >= silentSoon
}

// silentSince is since when the client waits: since its last data, or its FIN; of one that
// has aborted, since the handshake.
func (in *Input) silentSince() time.Time {
	switch {
	case in.FIN[0].Frame != 0 && in.LeftUnanswered[0]:
		return in.FIN[0].Time.Add(-in.Pauses[0][1])
	case in.FIN[0].Frame != 0:
		return in.FIN[0].Time
	case in.abortedUnheard():
		return in.Conn.Start
	}
	return in.Last[0].Time
}

func (in *Input) silentProof() proof {
	return places(in.SYNACK.first(), in.FIN[0].first(), in.Last[1])
}

func findApplicationSilent(s *Survey) (out []overall) {
	s.listeners.Each(func(a report.Addr, l *listener) {
		if l.silent != nil {
			out = s.silence(out, a, l)
		} else if l.hung != nil {
			out = s.hangs(out, a, l)
		}
	})
	return out
}

func (s *Survey) silence(out []overall, a report.Addr, l *listener) []overall {
	w := l.silent
	first, answered := w.oldest.List()[0], l.counts().answered
	longest := time.Duration(w.longest)
	c := w.overall(report.Server, s.now)
	enough := s.limits.Duration(SilentFor)
	others := l.all.lastServed >= first.t
	long, late := longest >= enough, w.longest > l.all.slowest+l.all.slowest/2
	gaveUp := w.gaveUp
	if l.all.halfClosed > 0 && !late {
		gaveUp = w.aborted // who half-closes and is answered in the end has not given up by its FIN
	}
	quiet := s.now.Sub(time.Unix(0, l.all.lastAnswer)) >= enough
	nobody := quiet && !others && s.now.Sub(time.Unix(0, first.t)) >= enough // was answered since
	stopped := nobody && late
	switch {
	case gaveUp > w.aborted && long, w.aborted >= silentMany && nobody:
		c.confidence = either(!others && (w.gaveUp >= silentMany || answered > 0), high, medium)
	case c.n >= silentFew && long && stopped:
		c.confidence = medium
	case gaveUp > 0:
		c.severity, c.confidence = notice, either(longest >= silentYoung || w.gaveUp >= silentMany, medium, low)
	case quiet && c.n >= silentMany && longest >= max(silentLong, enough) && 2*uint64(c.n) > answered:
		c.severity, c.confidence = notice, low
	default:
		return out
	}
	c.title = "The program at " + where(a) + " " + either(others, "left "+words.Plural(uint64(c.n), "connection")+" unanswered, which its kernel had accepted, and answered others",
		either(answered > 0, "answers nothing any more", "answers nothing")+": "+words.Plural(uint64(c.n), "connection")+" accepted by its kernel, not a byte from it")
	c.explanation = say("The kernel of "+where(a)+" completed the handshake of "+words.Plural(uint64(c.n), "connection")+" and acknowledged what came; the program sent neither data nor FIN nor RST, for up to "+
		dur(longest)+".",
		when(w.gaveUp > w.aborted, words.Plural(w.gaveUp-w.aborted, "client")+" gave up and closed; the server's "+either(w.gaveUp-w.aborted == 1, "end stays", "ends stay")+" in CLOSE-WAIT, in its accept queue or in the program."),
		when(w.aborted > 0, words.Plural(w.aborted, "client")+" gave up with a RST."),
		either(answered > 0, "The same listener did answer "+words.Plural(answered, "other connection")+" in this capture"+when(!others, ", none that came after the first of these")+".", "It answered nobody in this capture."),
		w.whose(report.Server),
		when(float64(c.n) >= s.limits.Get(OpenFiles), "They are more than the usual limit of "+words.Count(uint64(s.limits.Get(OpenFiles)))+" descriptors."))
	c.saw = [2]string{"connect() and write() succeed, read() waits for ever, or until its own time limit", "nothing yet, or EMFILE in accept()"}
	c.values = []report.Value{report.Int("connections", c.n), report.Int("gave_up", w.gaveUp), report.Float("longest_s", longest.Seconds()), report.Int("answered", answered)}
	return append(out, c)
}

// hangs tells of a listener whose program stopped answering connections that it had
// served before, when nobody came whom it did not answer at all.
func (s *Survey) hangs(out []overall, a report.Addr, l *listener) []overall {
	w := l.hung
	first, answered := w.oldest.List()[0], l.counts().answered
	longest, enough := time.Duration(w.longest), s.limits.Duration(SilentFor)
	if w.ids.N() < silentMany || longest < enough || l.all.lastServed >= first.t || s.now.Sub(time.Unix(0, l.all.lastAnswer)) < enough {
		return out
	}
	c := w.overall(report.Server, s.now)
	c.confidence = medium
	many := words.Plural(uint64(c.n), "connection")
	c.title = "The program at " + where(a) + " answers nothing any more: " + many + " that it had served got an ACK of its kernel, and not a byte from it"
	c.explanation = say("On "+many+" the client had been answered before. What it sent last was acknowledged by the kernel of "+where(a)+
		", and drew no answer; the client gave up and closed, and the program has not closed either. The first has waited for "+dur(longest)+".",
		"It answered nobody else in that time: its event loop is blocked, or its threads wait for something.",
		when(answered > 0, "The same listener did answer "+words.Plural(answered, "other connection")+" before."), w.whose(report.Server))
	c.saw = [2]string{"write() succeeds, read() waits until its own time limit", "nothing yet; read() = 0 when it goes on"}
	c.values = []report.Value{report.Int("connections", c.n), report.Int("gave_up", w.gaveUp), report.Float("longest_s", longest.Seconds()), report.Int("answered", answered)}
	return append(out, c)
}
