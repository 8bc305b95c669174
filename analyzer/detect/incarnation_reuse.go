package detect

import (
	"strconv"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice: safe by the rule that let it in, but it shows that the ports are
// used up faster than 2MSL frees them.
var incarnationReuse = define(Detector{
	ID:       "incarnation-reuse",
	Title:    "Ports reused inside 2MSL",
	Means:    "A new connection took the addresses and ports of one that was still in TIME-WAIT, and was accepted: by a newer timestamp, a higher number, or because the holder opened it itself.",
	Severity: notice,
	Disproof: "A 2MSL shorter than assumed (--msl, --stack): then TIME-WAIT was over.",
	Advice:   "Nothing to do for a single one. If it is the rule, the client runs short of ports: keep connections open or pool them, let the client close first, or use more addresses or ports.",
	Check:    []string{"ss -tan state time-wait", "sysctl net.ipv4.tcp_tw_reuse net.ipv4.ip_local_port_range", "nstat -az TcpExtTWRecycled"},
	Refs:     []string{"RFC 6191 2", "RFC 1122 4.2.2.13", "RFC 9293 3.6.1", "tcp_timewait_state_process()", "tcp_twsk_unique()"},
}, portsReused, findIncarnationReuse)

func findIncarnationReuse(in *Input) []claim {
	u := in.Conn.Reuse
	if u == nil || in.ReuseUnsafe || in.refusedReuse() {
		return nil
	}
	c := in.reuse(tellIncarnationReuse)
	c.confidence = unless(u.AcceptedBy == "expired")
	return in.one(c)
}

func tellIncarnationReuse(in *Input, c *claim) {
	in.tellReuse(c)
	c.title = "The ports were used again " + dur(seconds(in.Conn.Reuse.Age)) + " after TIME-WAIT began"
	c.explanation = say(in.reuseStory(), in.whyAccepted())
}

// refusedReuse reports whether the SYN was refused at first by an end that
// still had the earlier incarnation.
func (in *Input) refusedReuse() bool {
	u := in.Conn.Reuse
	return len(in.Challenges) > 0 || u != nil && u.AcceptedBy == "reset"
}

// reuse is what all findings about a reuse have in common, tellReuse what all
// of them say.
func (in *Input) reuse(tell func(*Input, *claim)) claim {
	return claim{side: in.ReuseHolder, at: in.SYN[0].Time, proof: in.marks(in.TimeWait, in.SYN[0].first(), in.SYNACK.first()), tell: tell}
}

func (in *Input) tellReuse(c *claim) {
	u := in.Conn.Reuse
	c.values = in.values(report.Float("age_s", u.Age), report.Int("isn_delta", u.ISNDelta), report.Any("accepted_by", u.AcceptedBy), report.Float("two_msl_s", in.holderTwoMSL().Seconds()))
	if in.Conn.Previous != nil {
		c.values = append(c.values, report.Int("previous", *in.Conn.Previous))
	}
	c.saw = [2]string{"connect() succeeded", "accept() returned as usual"}
}

func (in *Input) holderTwoMSL() time.Duration { return in.TwoMSL[index(in.ReuseHolder)] }

// reuseStory says which end held TIME-WAIT, and for how long.
func (in *Input) reuseStory() string {
	since := ""
	if in.TimeWait.Frame != 0 {
		since = " since " + in.frame(in.TimeWait)
	}
	previous := "the earlier connection on these ports"
	if p := in.Conn.Previous; p != nil {
		previous = "connection #" + strconv.FormatUint(*p, 10)
	}
	held := " held "
	if in.Conn.Reuse.AcceptedBy == "expired" {
		held = " should still have held "
	}
	return "The " + string(in.ReuseHolder) + held + previous + " in TIME-WAIT" + since + " when this SYN (" + in.frame(in.SYN[0].first()) + ") came, " +
		dur(seconds(in.Conn.Reuse.Age)) + " into a 2MSL of " + dur(in.holderTwoMSL()) + " (assumed)."
}

// linuxStep is what Linux adds to SND.NXT of the old incarnation for the ISS
// of a new one out of TIME-WAIT.
const linuxStep = 65535 + 2

// whyAccepted says which rule let the SYN in (T2, T4).
func (in *Input) whyAccepted() string {
	u := in.Conn.Reuse
	delta := words.Count(u.ISNDelta)
	switch u.AcceptedBy {
	case "timestamp":
		return "It was accepted because its timestamp is newer than the last of the old connection: no old segment can pass for one of the new (RFC 6191)."
	case "sequence":
		return "It was accepted because its initial number is " + delta + " above the last of the old connection; there is no timestamp to decide by, or it is the same."
	case "holder":
		text := "The " + string(in.ReuseHolder) + " opened it itself out of its own TIME-WAIT"
		if u.ISNDelta == linuxStep {
			return text + ", with an initial number 65,537 above its last one: that is how Linux does it (tcp_tw_reuse)."
		}
		if u.ISNDelta < 0 {
			return text + ", with an initial number " + words.Count(-u.ISNDelta) + " below its last one."
		}
		return text + ", with an initial number " + delta + " above its last one."
	}
	return "Neither its timestamp nor its number would have let it in: the " + string(in.ReuseHolder) +
		"'s TIME-WAIT was over already (another 2MSL than assumed, tcp_max_tw_buckets, a restart)."
}
