package detect

import (
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Legal and often meant: rsh, HTTP/1.0 bodies, proxies.
var halfClose = define(Detector{
	ID:    "half-close",
	Title: "Half-close in use",
	Means: "One end closed its direction and the other went on sending: a half-close. The first end is in FIN-WAIT-2 and receives, " +
		"the other is in CLOSE-WAIT and sends.",
	Severity: info,
	Disproof: "A RST that answers this data: then nobody read it.",
	Advice:   "Nothing to do: a half-close is legal. It takes shutdown(SHUT_WR); a program that called close() would have answered the data with a RST.",
	Check:    []string{"ss -tan state fin-wait-2", "ss -tan state close-wait"},
	Refs:     []string{"RFC 9293 3.6.1", "RFC 1122 4.2.2.13"},
}, halfOpenData, findHalfClose)

func findHalfClose(in *Input) []claim {
	h := in.Conn.HalfClose
	if h == nil || h.Bytes == 0 || in.lostToClosed() != nil {
		return nil
	}
	sender := h.By.Peer()
	i, k := index(h.By), index(sender)
	if same(in.HalfClose.first(), in.FIN[k].first()) {
		return nil // all of it came with the FIN: no half was left open
	}
	return in.one(claim{
		side:       sender,
		confidence: unless(in.FIN[i].Frame == 0),
		at:         in.HalfClose.Time,
		proof:      in.marks(in.FIN[i].first(), in.FINAcked[i].first(), in.HalfClose.first(), in.HalfClose.last(), in.FIN[k].first()),
		tell:       tellHalfClose,
	})
}

func tellHalfClose(in *Input, c *claim) {
	h := in.Conn.HalfClose
	closed, sender := h.By, c.side
	i, k := index(closed), index(sender)
	c.title = "The " + string(sender) + " sent " + words.Bytes(h.Bytes) + " after it had acknowledged the " + string(closed) + "'s FIN"
	c.explanation = say("The "+string(closed)+" closed its direction ("+in.frame(in.FIN[i].first())+"), the "+string(sender)+
		" acknowledged that ("+in.frame(in.FINAcked[i].first())+") and sent "+words.Plural(h.Bytes, "byte")+" more"+
		when(h.Duration > 0, ", the last of them "+dur(seconds(h.Duration))+" later")+".",
		"Meanwhile the "+string(closed)+" was in FIN-WAIT-2 and received, the "+string(sender)+" in CLOSE-WAIT, where it may send for as long as it likes.",
		when(in.FIN[k].Frame != 0, "The "+string(sender)+" then closed its direction too ("+in.frame(in.FIN[k].first())+")."))
	c.saw = both(closed, "data after its shutdown(), then read() = 0", "read() = 0, its writes succeed")
	c.values = in.values(report.Int("bytes", h.Bytes), report.Float("duration_s", h.Duration))
}
