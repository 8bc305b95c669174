package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: a program wrote data that nobody read.
var halfCloseDataLost = define(Detector{
	ID:    "half-close-data-lost",
	Title: "Data sent to a closed end was lost",
	Means: "Data came to an end that had closed both directions, or whose FIN-WAIT-2 had timed out, and was answered with a RST: " +
		"the data was not read, and its sender gets an error at some later call.",
	Severity: warning,
	Disproof: "An ACK of this data from the end that sent the RST.",
	Advice: "The end that closed first should read until read() returns 0 before it calls close(), or shut down only its own direction. " +
		"If it waited long, its FIN-WAIT-2 limit (Linux: tcp_fin_timeout) may have passed.",
	Check: []string{"nstat -az TcpExtTCPAbortOnData TcpOutRsts", "sysctl net.ipv4.tcp_fin_timeout"},
	Refs:  []string{"RFC 9293 3.6.1", "RFC 1122 4.2.2.13", "RFC 9293 3.5.2", "tcp_rcv_state_process()", "tcp_fin_time()"},
}, withRST, findHalfCloseDataLost)

// lostToClosed returns the RST with which an end that had sent a FIN answered
// data, or nil.
func (in *Input) lostToClosed() *rst {
	r := in.deciding()
	if r == nil || r.Cause != "after-close" || r.Form != "rst" || r.answers().Frame == 0 || r.Octets == 0 && in.unread(r) == 0 {
		return nil
	}
	return r
}

// unread is how many bytes came to an end after its FIN and drew nothing from
// it but its RST.
func (in *Input) unread(r *rst) uint64 {
	h := in.Conn.HalfClose
	if h == nil || h.By != r.By || r.Idle == 0 || in.HalfClose.Time.Before(r.Time.Add(-r.Idle)) {
		return 0
	}
	return h.Bytes
}

// lostData is how many bytes the RST says were lost, and where they stand.
func (in *Input) lostData(r *rst) (lost uint64, data Mark) {
	if n := in.unread(r); n > uint64(r.Octets) {
		return n, in.HalfClose.first()
	}
	return uint64(r.Octets), r.answers()
}

func findHalfCloseDataLost(in *Input) []claim {
	r := in.lostToClosed()
	if r == nil {
		return nil
	}
	fin, acked := &in.FIN[index(r.By)], &in.FINAcked[index(r.By)]
	_, data := in.lostData(r)
	c := claim{
		side:  r.By.Peer(),
		at:    r.Time,
		proof: in.marks(fin.first(), acked.first(), data, in.HalfClose.last(), r.answers(), r.mark()),
		rst:   r,
		tell:  tellHalfCloseDataLost,
	}
	if in.onlyAlertLost(r) || in.ticketsLost(r) || in.farewellLost(r) {
		c.severity = notice
	}
	return in.one(c)
}

// onlyAlertLost reports whether what nobody read is a TLS alert: an end that answers the
// other's close says goodbye so, and nothing of any program is lost.
func (in *Input) onlyAlertLost(r *rst) bool {
	lost, _ := in.lostData(r)
	h := in.Conn.HalfClose
	return in.OnlyAlert && h != nil && h.By == r.By && lost <= h.Bytes
}

// ticketsLost reports whether what nobody read are the session tickets of a TLS 1.3
// server, which follow the handshake: its client closed before it asked anything, and
// they are few.
func (in *Input) ticketsLost(r *rst) bool {
	const most = 4 << 10
	lost, _ := in.lostData(r)
	return r.Unasked && lost <= most
}

// farewellLost reports whether what nobody read are a few octets that came at once after
// the close, as the last word of many protocols does ("221 Bye").
func (in *Input) farewellLost(r *rst) bool {
	const few, slow = 128, 100 * time.Millisecond
	lost, _ := in.lostData(r)
	rtt := slow
	if o := in.Conn.Open.RTT; o != nil {
		rtt += 2 * seconds(*o)
	}
	waited := between(in.FIN[index(r.By)].Time, r.Time)
	return lost <= few && waited.known && waited.Duration <= rtt
}

func tellHalfCloseDataLost(in *Input, c *claim) {
	r, closed, sender := c.rst, c.rst.By, c.side
	fin := &in.FIN[index(closed)]
	waited := between(fin.Time, r.Time)
	lost, data := in.lostData(r)
	c.values = waited.put(in.values(report.Int("answered_bytes", lost)), "after_fin_s")
	var sent string
	if h := in.Conn.HalfClose; h != nil && h.Bytes > lost {
		c.values = append(c.values, report.Int("bytes", h.Bytes))
		sent = "The " + string(sender) + " had sent " + words.Plural(h.Bytes, "byte") + " in all since it acknowledged that FIN; how much of it the " + string(closed) + "'s program read, the capture does not tell."
	}
	alert := in.onlyAlertLost(r)
	tickets := !alert && in.ticketsLost(r)
	c.title = "The " + string(sender) + "'s " + either(alert, "TLS alert", either(tickets, "TLS session tickets", "data")) + " " + either(tickets, "were lost: a RST answered them", "was lost: a RST answered it") + waited.say(", ", " after the "+string(closed)+"'s FIN")
	c.explanation = say("The "+string(closed)+" sent its FIN ("+in.frame(fin.first())+"). "+words.Plural(lost, "byte")+" that the "+
		string(sender)+" sent afterwards or meanwhile ("+in.frame(data)+") drew a RST ("+in.frame(r.mark())+"): the "+string(closed)+
		" had closed both directions"+when(waited.Duration >= time.Second, ", or its FIN-WAIT-2 had timed out")+".", sent,
		either(alert, "It is a TLS alert, by which the "+string(sender)+" says that it closes too: no data of the program is lost.",
			either(tickets, "The client had sent nothing but its part of the handshake, by its length: what came then are session tickets of TLS 1.3, or what the server says unasked. No answer is lost.",
				"Both ends are CLOSED; the data was not read.")))
	if alert || tickets {
		c.advice = either(alert, "Nothing to do: so end many connections of HTTPS whose client closes first.",
			"Nothing to do: so end health checks that close after the TLS handshake.")
	}
	c.saw = both(sender, "its write() succeeded, then ECONNRESET or EPIPE", "nothing: it had closed")
}
