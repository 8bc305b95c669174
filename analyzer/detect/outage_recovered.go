package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice: TCP did what it is for, and yet everybody waited.
var outageRecovered = define(Detector{
	ID:       "outage-recovered",
	Title:    "An outage that healed",
	Means:    "An end repeated what it sent and drew nothing, several times in a row, then the other answered: the path was broken for a while, or the other host stood still. The connection went on.",
	Severity: notice,
	Disproof: "Answers of the silent end in between, captured closer to it: then only the way back was broken.",
	Advice: "See what else was silent at that time: a link, a router, a failover, a host that was paused or overloaded. " +
		"The retransmission timer doubles, so that after an outage a connection may wait as long again as it lasted.",
	Check: []string{"nstat -az TcpExtTCPTimeouts TcpRetransSegs TcpExtTCPLostRetransmit", "ip -s link"},
	Refs:  []string{"RFC 9293 3.8.1", "RFC 6298 5", "tcp_retransmit_timer()"},
}, silenceBroken, findOutageRecovered)

func findOutageRecovered(in *Input) []claim {
	if in.blind() || in.untaken() != nil { // of a full accept queue there is another finding
		return nil
	}
	out := in.claims()
	for _, side := range sides {
		answers := in.pick(in.Notes, func(n *Note) bool {
			return n.Kind == Answered && n.Side == side && n.silence() >= in.atLeast(OutageFor)
		})
		if len(answers) > 0 {
			out = append(out, in.outageRecovered(side, answers))
		}
	}
	return out
}

// silence is for how long what an Answered segment answers had drawn nothing.
func (n *Note) silence() time.Duration { return time.Duration(n.Value) * time.Millisecond }

func (in *Input) outageRecovered(side report.Side, answers []Note) claim {
	longest := longestSilence(answers)
	run := in.pick(in.Notes, func(n *Note) bool {
		from := longest.Time.Add(-longest.silence())
		return n.Side != side && n.Time.After(from) && n.Time.Before(longest.Time) &&
			(n.Kind == DataAgain || n.Kind == Probe || n.Kind == WindowProbe || n.Kind == FINAgain)
	})
	return claim{
		side:       side,
		confidence: unless(in.gappy()),
		at:         longest.Time,
		proof:      append(in.marksOf(run), longest.mark()),
		notes:      answers,
		tell:       tellOutageRecovered,
	}
}

// longestSilence returns the one of answers whose sender had been silent for longest.
func longestSilence(answers []Note) *Note {
	longest := &answers[0]
	for i := range answers {
		if answers[i].silence() > longest.silence() {
			longest = &answers[i]
		}
	}
	return longest
}

func tellOutageRecovered(in *Input, c *claim) {
	n := len(c.notes)
	longest, peer := longestSilence(c.notes), c.side.Peer()
	c.title = "The " + string(c.side) + " did not answer for " + dur(longest.silence()) + ", then it did"
	again := len(c.proof) - 1
	c.explanation = say("The "+string(peer)+" sent again what drew no answer"+when(again > 0, " ("+in.frames(c.proof[:again]...)+")")+
		", and "+dur(longest.silence())+" after the first time the "+string(c.side)+" answered ("+in.frame(longest.mark())+"): the connection went on.",
		when(n > 1, "It was the longest of "+words.Plural(uint64(n), "such time")+"."),
		"Whether the path was broken or the host stood still the capture does not tell.")
	c.saw = both(c.side, "nothing", "nothing: its data took so much longer")
	c.values = in.values(report.Float("silence_s", longest.silence().Seconds()), report.Int("outages", n))
}
