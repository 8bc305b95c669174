package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: clients believe to be connected and get no service; somebody has to
// act. With low confidence only a notice, for two harmless causes look alike.
var acceptQueueOverflow = over(define(Detector{
	ID:    "accept-queue-overflow",
	Title: "Accept queue full",
	Means: "The client completed the handshake and the server did not take its ACK: the listener's accept queue was full. The client is " +
		"ESTABLISHED, the server still in SYN-RECEIVED; what the client sends is dropped until the queue has room.",
	Severity: warning,
	Disproof: "TcpExtListenOverflows did not rise on the server at that time; or loss of every one of these ACKs, which a capture at the server would show.",
	Advice: "Find out why the program does not call accept() fast enough (busy, blocked, out of descriptors). A longer queue, listen()'s backlog and " +
		"net.core.somaxconn together, helps only against bursts.",
	Check: []string{"nstat -az TcpExtListenOverflows TcpExtListenDrops TcpExtTCPDeferAcceptDrop TcpOutRsts", "ss -ltn", "sysctl net.core.somaxconn net.ipv4.tcp_abort_on_overflow"},
	Refs:  []string{"RFC 9293 3.5", "tcp_check_req()", "tcp_v4_syn_recv_sock()", "inet_csk_complete_hashdance()"},
}, receiptStruck, findAcceptQueueOverflow), findRefusedACKs)

func findAcceptQueueOverflow(in *Input) []claim {
	u := in.untaken()
	if u == nil || u.overflow() == "" {
		return nil
	}
	c := claim{side: report.Server, confidence: u.overflow(), at: u.acks[0].Time, proof: u.proof(in), tell: tellFullQueue}
	if c.confidence == low {
		c.severity = notice
	}
	switch {
	case len(u.again) == 0:
		c.at, c.tell = u.rst.Time, tellRefusedACK
	case c.confidence == low:
		c.tell = tellOneRepeat
	}
	return in.one(c)
}

// refusedACK returns the RST that answered the ACK of the handshake, nil if none did.
func (in *Input) refusedACK() *rst {
	if u := in.untaken(); u != nil && len(u.again) == 0 {
		return u.rst
	}
	return nil
}

// refusedFew is how many clients the listener refuses so, and goes on, before it is told of
// all of them: it was not closed in between.
const refusedFew = 3

// A listener whose queue is full drops SYNs and never refuses them: where one is refused
// so soon after an ACK was, or crosses it, it was closed, and what comes later found
// another.
const (
	refusedBefore = 200 * time.Millisecond
	refusedAfter  = 5 * time.Second
)

// restarted reports whether the listener was closed when it refused ACKs, but for fewer
// than show a full queue.
func (l *listener) restarted() bool {
	if l.closed == nil {
		return false
	}
	open := 0
	for _, x := range l.refused.oldest.List() {
		if !l.closed.Within(x.t-int64(refusedBefore), x.t+int64(refusedAfter)) {
			open++
		}
	}
	return open < refusedFew
}

// findRefusedACKs tells of listeners whose queue is full with tcp_abort_on_overflow: of a
// single client a listener that was closed just then looks the same.
func findRefusedACKs(s *Survey) (out []overall) {
	s.listeners.Each(func(a report.Addr, l *listener) {
		w := l.refused
		if w == nil || w.ids.N() < refusedFew || l.counts().lastServed < w.oldest.List()[0].t || l.restarted() {
			return
		}
		first := time.Unix(0, w.oldest.List()[0].t).UTC()
		c := w.overall(report.Server, first)
		c.confidence = medium
		c.title = where(a) + " answered the ACK of " + words.Plural(uint64(c.n), "handshake") + " with a RST: its accept queue was probably full"
		c.explanation = say(words.Plural(uint64(c.n), "client")+" got a SYN,ACK of "+where(a)+", acknowledged it, and drew a bare RST, the first at "+first.Format("15:04:05")+
			" UTC: so Linux answers when the accept queue is full and tcp_abort_on_overflow is on.",
			"The listener was not closed, for it refused no SYN at that time and served connections that came later ("+words.Plural(l.all.answered, "connection")+" in all).", w.whose(report.Server))
		c.saw = [2]string{"ECONNRESET at its first read() or write()", "nothing: accept() never returned them"}
		c.values = []report.Value{report.Int("connections", c.n), report.Int("answered", l.all.answered)}
		out = append(out, c)
	})
	return out
}

// tellFullQueue: the ACK came twice or more, or with data, and was not taken.
func tellFullQueue(in *Input, c *claim) {
	u := in.tellUntaken(c)
	c.title = "The server did not take the client's handshake: its accept queue was " + when(c.confidence != high, "probably ") + "full"
	c.explanation = say("The client acknowledged the SYN,ACK and was ESTABLISHED ("+in.frames(u.acks...)+"), and the server repeated its SYN,ACK "+
		times(len(u.again))+" all the same ("+in.frames(in.marksOf(u.again)...)+").",
		when(len(u.data) > 0, "The client's data was dropped as well: it had to be sent again ("+in.frames(in.marksOf(u.data)...)+")."),
		either(u.near, "The tap is near the server, so these segments were hardly lost on the way.", "That all of them were lost on the way is less likely."),
		in.howItWent(u))
}

// tellUntaken is what is said of every handshake that was not taken.
func (in *Input) tellUntaken(c *claim) *untaken {
	u := in.untaken()
	c.saw = [2]string{"nothing at first: connect() had returned", "nothing: accept() did not return it"}
	c.values = in.values(report.Int("syn_ack_retransmits", len(u.again)), report.Int("acks_not_taken", len(u.acks)),
		report.Int("data_retransmits", len(u.data)), report.Float("delay_s", u.delay.Seconds()))
	return u
}

// howItWent says how such a handshake ended.
func (in *Input) howItWent(u *untaken) string {
	done := in.entered(report.Server, "ESTABLISHED")
	switch {
	case u.rst != nil:
		return "In the end the request had expired: the client's next segment (" + in.frame(u.rst.answers()) + ") drew a RST (" + in.frame(u.rst.mark()) + ")."
	case done != nil && done.T != nil && done.Basis != "assumed":
		return "The server took it " + dur(done.T.Sub(in.SYNACK.Time)) + " after its first SYN,ACK."
	}
	return "Nothing captured proves that the server ever took it; when it gives up it drops the request without a packet, and the client does not learn of it."
}

// tellOneRepeat: captured near the server, repeated once, no data.
func tellOneRepeat(in *Input, c *claim) {
	u := in.tellUntaken(c)
	c.title = "The server did not take the client's handshake ACK at once: accept queue full, or TCP_DEFER_ACCEPT"
	c.explanation = say("The client's ACK ("+in.frames(u.acks...)+") was captured near the server, which sent its SYN,ACK once more ("+
		in.frames(in.marksOf(u.again)...)+"). A full accept queue does that, and so does TCP_DEFER_ACCEPT when its time is over and no data has come; once is not enough to tell.",
		in.howItWent(u))
	c.disproof = "TCP_DEFER_ACCEPT set on the listener; TcpExtListenOverflows not rising; the ACK lost between the tap and the server."
	c.advice = "Nothing to do if the listener uses TCP_DEFER_ACCEPT (nginx: deferred, Apache: AcceptFilter). Else look at its accept queue."
}

// tellRefusedACK: the handshake's ACK was answered with a bare RST.
func tellRefusedACK(in *Input, c *claim) {
	u := in.tellUntaken(c)
	c.title = "The server refused the client's handshake ACK with a RST"
	c.explanation = "The server sent a SYN,ACK (" + in.frame(in.SYNACK.first()) + ") and answered the client's ACK (" + in.frame(u.rst.answers()) +
		") with a bare RST (" + in.frame(u.rst.mark()) + "): the connection was never ESTABLISHED there. " +
		"Either the accept queue was full and tcp_abort_on_overflow is on, or the listener was closed in between."
	c.disproof = "On the server, tcp_abort_on_overflow off and the listener open all the time: then the request was dropped for another reason, such as a firewall's or load balancer's."
	c.saw = [2]string{"ECONNRESET at its first read() or write()", "nothing: accept() never returned it"}
}
