package detect

import (
	"strings"

	"github.com/lastack/lastack/report"
)

// Warning: if it is right, a third party breaks connections. Never more than
// medium confidence: every sign has an innocent cause, two of them less so.
var resetInjected = define(Detector{
	ID:       "reset-injected",
	Title:    "RST probably sent by a third party",
	Means:    "At least two signs, or segments that its alleged sender sent afterwards, say that a RST does not come from the end whose address it bears: a firewall, a censor, an intrusion prevention system or an attacker sent it.",
	Severity: warning,
	Disproof: "The RST in a capture at the host that is named as its sender, leaving it.",
	Advice:   "Capture at both ends at once: a RST that only the receiver's capture has was sent on the way. Then look at firewalls and intrusion prevention between them.",
	Check:    []string{"nstat -az TcpOutRsts TcpEstabResets"},
	Refs:     []string{"RFC 5961 3", "RFC 9293 3.10.7.4", "Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets, NDSS 2009"},
}, withRST, findResetInjected)

func findResetInjected(in *Input) []claim {
	first, _, proof := in.injected()
	if first == nil {
		return nil
	}
	return in.one(claim{
		side:       first.By.Peer(),
		confidence: medium,
		at:         first.Time,
		proof:      append(proof, in.contradiction(first)),
		tell:       tellResetInjected,
	})
}

// injected returns the first RST that a third party probably sent, nil if there
// is none, the signs of all, and where they stand.
func (in *Input) injected() (first *rst, signs Sign, marks []Mark) {
	all := in.resets()
	marks = in.room().takeMarks(len(all))
	for i := range all {
		r := &all[i]
		if r.Cause != "injected" || r.Effect == "void" { // to a closed end it is a late answer, if anything
			continue
		}
		if first == nil {
			first = r
		}
		signs |= r.Signs
		marks = append(marks, r.mark())
	}
	return first, signs, marks
}

func tellResetInjected(in *Input, c *claim) {
	first, signs, marks := in.injected()
	named, target := first.By, c.side
	n, against := len(marks), in.contradiction(first)
	c.title = "A RST in the " + string(named) + "'s name was probably sent by a third party"
	c.explanation = say("The RST ("+in.frames(marks...)+") bears the "+string(named)+"'s address, but "+signs.words()+".",
		when(against.Frame != 0, "The "+string(named)+" went on with "+in.frame(against)+"."),
		either(in.Conn.Endpoint(target).State == "CLOSED", "The "+string(target)+" is CLOSED by it, if it took it.", "It did not end the "+string(target)+"'s connection."))
	if first.answers().Frame != 0 && first.Idle >= in.atLeast(IdleLost) {
		c.explanation = say(c.explanation, "It answers "+in.frame(first.answers())+", which came after "+dur(first.Idle)+" of silence: a NAT, load balancer or firewall that has forgotten an idle connection answers so in the host's name.")
	}
	c.saw = both(target, either(first.Effect == "closed", "ECONNRESET, as if the peer had aborted", "nothing"), "nothing, until its next segment draws a RST")
	if signs&SignNotSent != 0 {
		c.disproof = "Frames that the capture near the " + string(named) + " has lost: then the RST may be among them."
		c.advice = "Look at the firewalls, load balancers and intrusion prevention systems between the two places of capture."
	}
	c.values = in.values(report.Int("resets", n), report.Any("signs", signs.names()))
}

// contradiction returns the segment by which the sender named shows that it
// had not closed.
func (in *Input) contradiction(r *rst) Mark {
	for _, f := range in.refuted(r.By, "snd.RST", "") {
		if same(at(f.Frame, f.File), r.mark()) {
			return at(f.ByFrame, f.ByFile)
		}
	}
	return Mark{}
}

// signWords has, for each sign, a name for programs and words for people.
var signWords = [...]struct {
	sign        Sign
	name, words string
}{
	{SignTTL, "ttl", "its hop limit is not that of the host's other segments"},
	{SignIPID, "ip-id", "its IPv4 id is outside the host's run"},
	{SignNoTimestamp, "no-timestamp", "it lacks the timestamp option that the host's stack sends with such a RST"},
	{SignTooSoon, "too-soon", "it came sooner than an answer of the host can"},
	{SignBehind, "behind", "its number is behind what the host had sent"},
	{SignContradicted, "went-on", "the host went on with the connection"},
	{SignBothEnds, "both-ends", "both ends got a RST within one round trip"},
	{SignNotSent, "not-sent", "the capture near the host does not have it, only the one near its receiver"},
	{SignPayload, "payload", "it carries octets of payload, which the stacks of hosts do not send with a RST"},
}

func (s Sign) words() string {
	var list []string
	for _, w := range signWords {
		if s&w.sign != 0 {
			list = append(list, w.words)
		}
	}
	if len(list) == 0 {
		return "several signs speak against that"
	}
	return strings.Join(list, ", and ")
}

func (s Sign) names() []string {
	list := []string{}
	for _, w := range signWords {
		if s&w.sign != 0 {
			list = append(list, w.name)
		}
	}
	return list
}
