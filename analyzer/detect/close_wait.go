package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// A notice with its age: one such connection is never a leak by itself, for a
// half-close may last as long as it likes. In its first second it is info:
// every capture that ends while connections close has some.
var closeWait = define(Detector{
	ID:    "close-wait",
	Title: "In CLOSE-WAIT when the capture ends",
	Means: "An end acknowledged the other's FIN and sent neither FIN nor RST until the capture ends: its kernel knows of the close, " +
		"its program has not closed its own side yet.",
	Severity: notice,
	Disproof: "A FIN or RST of this end, in this capture or after it.",
	Advice: "Nothing to do for a single one. If it stays or they grow in number, the program has to call close() when read() returns 0, and its event loop " +
		"has to watch the descriptor for that; no sysctl ends CLOSE-WAIT.",
	Check: []string{"ss -tanp state close-wait"},
	Refs:  []string{"RFC 9293 3.6", "RFC 9293 3.10.4", "tcp_fin()"},
}, leftClosing, findCloseWait)

func findCloseWait(in *Input) []claim {
	out := in.claims()
	for _, side := range sides {
		e := in.Conn.Endpoint(side)
		if e.State == "CLOSE-WAIT" && e.ConfirmedState == "CLOSE-WAIT" && in.FINAcked[index(side.Peer())].Frame != 0 {
			out = append(out, in.closeWait(side))
		}
	}
	return out
}

func (in *Input) closeWait(side report.Side) claim {
	fin, acked := &in.FIN[index(side.Peer())], &in.FINAcked[index(side.Peer())]
	c := claim{side: side, at: acked.Time, proof: in.marks(fin.first(), acked.first(), in.HalfClose.last()), tell: tellCloseWait}
	if in.age(side) < time.Second {
		c.severity = info
	}
	return c
}

func tellCloseWait(in *Input, c *claim) {
	side, peer := c.side, c.side.Peer()
	fin, acked := &in.FIN[index(peer)], &in.FINAcked[index(peer)]
	age := in.age(side)
	e := in.Conn.Endpoint(side)
	var sent uint64
	if h := in.Conn.HalfClose; h != nil && h.By == peer {
		sent = h.Bytes
	}
	c.title = "The " + string(side) + " has been in CLOSE-WAIT for " + dur(age) + " when the capture ends"
	c.explanation = say("The "+string(peer)+" closed ("+in.frame(fin.first())+"), the "+string(side)+"'s kernel acknowledged it ("+in.frame(acked.first())+
		"), and no FIN or RST of the "+string(side)+" was captured since: its program has not closed its side.",
		when(sent > 0, "It sent "+words.Plural(sent, "byte")+" meanwhile, so it is using the half that is open."),
		when(e.UniqueBytes == 0 && in.Conn.Open.Kind != "mid-stream", "It never sent a byte: the program may not even have accepted the connection."),
		either(c.severity == info, "The capture ends too soon to make anything of it.",
			"Whether it is slow, busy or has forgotten the socket, the capture does not tell."))
	c.saw = both(side, "read() = 0, if it reads", "nothing: its close() or shutdown() had returned")
	c.values = in.values(report.Float("close_wait_s", age.Seconds()))
}
