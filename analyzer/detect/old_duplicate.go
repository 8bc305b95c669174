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
	Check:    []string{"nstat -az TcpExtPAWSEstab TcpExtTCPChallengeACK TcpExtTCPSYNChallenge"},
	Refs:     []string{"RFC 9293 3.4", "RFC 1337 1", "RFC 7323 5", "RFC 5961 4"},
}, synAgain|oldSegments, findOldDuplicate)

func findOldDuplicate(in *Input) []claim {
	var out []claim
	for _, side := range sides {
		if late := in.lateSYNs(side); len(late) > 0 {
			out = append(out, in.lateSYN(side, late))
		}
		old := slices.DeleteFunc(in.notes(OldDuplicate, side), func(n Note) bool {
			return n.Value == 0 // an ACK in old numbers is what an end sends that still has them
		})
		if len(old) > 0 {
			out = append(out, in.oldSegments(side, old))
		}
		for _, n := range in.notes(OldReset, side) {
			out = append(out, in.oldReset(side, n))
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
	var out []Note
	for _, n := range in.notes(SYNAgain, side) {
		if n.Time.After(settled) {
			out = append(out, n)
		}
	}
	return out
}

func (in *Input) lateSYN(side report.Side, late []Note) claim {
	age := late[0].Time.Sub(in.SYN[index(side)].Time)
	return claim{
		side:  side,
		title: "The " + string(side) + "'s SYN came again " + dur(age) + " later, long after the connection was open",
		explanation: "A copy of the SYN (" + in.frame(in.SYN[index(side)].first()) + ") came " + dur(age) + " after it (" + in.frames(in.marksOf(late)...) + "), when the " + string(side) +
			" had been ESTABLISHED and does not repeat it any more: an old duplicate, or a forged one. The " + string(side.Peer()) + " answers with an ACK of its present numbers and stays as it is.",
		saw:    [2]string{"nothing", "nothing"},
		at:     late[0].Time,
		proof:  append(in.marksOf(late), in.SYN[index(side)].first()),
		values: in.values(report.Int("segments", len(late)), report.Float("age_s", age.Seconds())),
	}
}

func (in *Input) oldSegments(side report.Side, old []Note) claim {
	var size uint64
	fits := false
	for _, n := range old {
		size += uint64(n.Value)
		fits = fits || n.Fits
	}
	what := words.Plural(len(old), "segment")
	c := claim{
		side:       side,
		confidence: medium,
		title:      what + " of an earlier connection on these ports came late from the " + string(side),
		saw:        [2]string{"nothing", "nothing"},
		at:         old[0].Time,
		proof:      in.marksOf(old),
		values:     in.values(report.Int("segments", len(old)), report.Int("bytes", size), report.Bool("fits", fits)),
	}
	c.explanation = say(what+" ("+in.frames(in.marksOf(old)...)+", "+words.Plural(size, "byte")+" of data) "+either(len(old) == 1, "has", "have")+
		" the numbers of an earlier connection on these ports, not of this one.",
		either(fits, "Nothing keeps it out of this connection: it lies in the window, and no timestamp tells it apart. Its data may have been taken.",
			"It lies outside the window, or its timestamp is too old, so the "+string(side.Peer())+" drops it and answers with an ACK at most."))
	if fits {
		c.severity = warning
		c.saw = both(side, "nothing", "data that does not belong here, possibly")
	}
	return c
}

// oldReset: RFC 1337, hazard H3, on a connection that lives.
func (in *Input) oldReset(side report.Side, n Note) claim {
	other := side.Peer()
	return claim{
		side:       side,
		severity:   warning,
		confidence: medium,
		title:      "A RST of an earlier connection on these ports came late and fits this one",
		explanation: "The RST (" + in.frame(n.mark()) + ") acknowledges what the " + string(other) + " sent in an earlier connection on these ports, but has exactly the number that the " + string(other) +
			" expects next in this one. No host looks at more than that number: the " + string(other) + " is CLOSED by it, and the " + string(side) + " does not know.",
		advice: "The ports were used again inside the sequence space of the earlier connection before 2MSL had passed. Let the side that opens connections use more ports, and timestamps on both; they keep out old data, but not an old RST.",
		saw:    both(other, "ECONNRESET at the next read(), EPIPE at the write() after it", "nothing, until its next segment draws a RST"),
		at:     n.Time,
		proof:  in.marks(n.mark()),
		values: in.values(report.Bool("fits", true)),
	}
}
