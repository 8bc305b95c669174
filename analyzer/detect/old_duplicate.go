package detect

import (
	"slices"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice: it did no harm unless it fits, and then it is a warning.
var oldDuplicate = define(Detector{
	ID:    "old-duplicate",
	Title: "Old duplicate",
	Means: "A segment arrived long after the exchange that it belongs to: it fits an earlier incarnation's numbers, or it is a SYN of a connection that had been opened already. " +
		"TIME-WAIT, timestamps and the window are there to keep such segments out.",
	Severity: notice,
	Disproof: "The segment leaving its sender at that time: then it is no old one.",
	Advice:   "Nothing to do for a single one. Many of them point to a path that holds segments back for very long, to a replayed capture, or to somebody who forges them.",
	Check:    []string{"nstat -az TcpExtPAWSEstab TcpExtPAWSTimewait TcpExtTCPDSACKOldSent TcpExtTCPChallengeACK TcpExtTCPSYNChallenge TcpOutRsts"},
	Refs:     []string{"RFC 9293 3.4", "RFC 1337 1", "RFC 7323 5", "RFC 5961 4"},
}, synAgain|oldSegments, findOldDuplicate)

func findOldDuplicate(in *Input) []claim {
	out := in.claims()
	for _, side := range sides {
		if late := in.lateSYNs(side); len(late) > 0 {
			out = append(out, claim{
				side: side, at: late[0].Time, proof: append(in.marksOf(late), in.SYN[index(side)].first()), notes: late, tell: tellLateSYN})
		}
		old := in.pick(in.Notes, func(n *Note) bool {
			return n.Kind == OldDuplicate && n.Side == side && n.Value != 0 // an ACK in old numbers is what an end sends that still has them
		})
		if len(old) > 0 {
			out = append(out, in.oldSegments(side, old))
		}
		old = in.notes(OldReset, side)
		for i := range old {
			// RFC 1337, hazard H3, on a connection that lives.
			out = append(out, claim{
				side: side, severity: warning, confidence: medium, at: old[i].Time, proof: in.marks(old[i].mark()), notes: old[i:][:1], tell: tellOldReset})
		}
	}
	return out
}

// lateSYNs returns the SYNs of an end that came well after it had been
// ESTABLISHED: no end repeats its SYN then.
func (in *Input) lateSYNs(side report.Side) []Note {
	if in.Conn.Open.SYNRetransmits == 0 || in.SYN[index(side)].Frame == 0 {
		return nil
	}
	open := in.entered(side, "ESTABLISHED")
	if open == nil || open.T == nil || in.blind() {
		return nil
	}
	settled := open.T.Add(200 * time.Millisecond)
	if rtt := in.Conn.Open.RTT; rtt != nil {
		settled = settled.Add(2 * seconds(*rtt))
	}
	return in.pick(in.Notes, func(n *Note) bool { return n.Kind == SYNAgain && n.Side == side && n.Time.After(settled) })
}

func tellLateSYN(in *Input, c *claim) {
	side, late := c.side, c.notes
	syn := &in.SYN[index(side)]
	age := late[0].Time.Sub(syn.Time)
	c.title = "The " + string(side) + "'s SYN came again " + dur(age) + " later, long after the connection was open"
	c.explanation = "A copy of the SYN (" + in.frame(syn.first()) + ") came " + dur(age) + " after it (" + in.frames(in.marksOf(late)...) + "), when the " + string(side) +
		" had been ESTABLISHED and does not repeat it any more: an old duplicate, or a forged one. The " + string(side.Peer()) + " answers with an ACK of its present numbers and stays as it is."
	c.saw = [2]string{"nothing", "nothing"}
	c.values = in.values(report.Int("segments", len(late)), report.Float("age_s", age.Seconds()))
}

// fit reports whether one of old segments is kept out by nothing.
func fit(old []Note) bool {
	return slices.ContainsFunc(old, func(n Note) bool { return n.Fits })
}

func (in *Input) oldSegments(side report.Side, old []Note) claim {
	c := claim{side: side, confidence: medium, at: old[0].Time, proof: in.marksOf(old), notes: old, tell: tellOldSegments}
	if fit(old) {
		c.severity = warning
	}
	return c
}

func tellOldSegments(in *Input, c *claim) {
	side, old, fits := c.side, c.notes, fit(c.notes)
	var size uint64
	for i := range old {
		size += uint64(old[i].Value)
	}
	what := words.Plural(len(old), "segment")
	c.title = what + " of an earlier connection on these ports came late from the " + string(side)
	c.explanation = say(what+" ("+in.frames(in.marksOf(old)...)+", "+words.Plural(size, "byte")+" of data) "+either(len(old) == 1, "has", "have")+
		" the numbers of an earlier connection on these ports, not of this one.",
		either(fits, "Nothing keeps it out of this connection: it lies in the window, and no timestamp tells it apart. Its data may have been taken.",
			"It lies outside the window, or its timestamp is too old, so the "+string(side.Peer())+" drops it and answers with an ACK at most."))
	c.saw = both(side, "nothing", either(fits, "data that does not belong here, possibly", "nothing"))
	c.values = in.values(report.Int("segments", len(old)), report.Int("bytes", size), report.Bool("fits", fits))
}

func tellOldReset(in *Input, c *claim) {
	side, other := c.side, c.side.Peer()
	c.title = "A RST of an earlier connection on these ports came late and fits this one"
	c.explanation = "The RST (" + in.frame(c.notes[0].mark()) + ") acknowledges what the " + string(other) + " sent in an earlier connection on these ports, but has exactly the number that the " + string(other) +
		" expects next in this one. No host looks at more than that number: the " + string(other) + " is CLOSED by it, and the " + string(side) + " does not know."
	c.advice = "The ports were used again inside the sequence space of the earlier connection before 2MSL had passed. Let the side that opens connections use more ports, and timestamps on both; they keep out old data, but not an old RST."
	c.saw = both(other, "ECONNRESET at the next read(), EPIPE at the write() after it", "nothing, until its next segment draws a RST")
	c.values = in.values(report.Bool("fits", true))
}
