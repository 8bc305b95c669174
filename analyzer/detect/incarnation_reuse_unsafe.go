package detect

import "github.com/lastack/lastack/report/words"

// Warning: nothing keeps a late segment of the old connection out of the new
// one's data.
var incarnationReuseUnsafe = define(Detector{
	ID:       "incarnation-reuse-unsafe",
	Title:    "Ports reused inside 2MSL, unsafely",
	Means:    "A new connection began inside 2MSL with an initial number inside the sequence space of the old one, and without timestamps: a late segment of the old connection may be taken for one of the new.",
	Severity: warning,
	Disproof: "Timestamps on the new connection; a 2MSL shorter than assumed.",
	Advice:   "Enable timestamps at both ends, and let the stack choose initial numbers (RFC 6528). Do not set SO_LINGER to 0 to get rid of TIME-WAIT.",
	Check:    []string{"sysctl net.ipv4.tcp_timestamps", "ss -tan state time-wait"},
	Refs:     []string{"RFC 9293 3.4.1", "RFC 9293 3.4.3", "RFC 6191 2", "RFC 7323 5"},
}, portsReused, findIncarnationReuseUnsafe)

func findIncarnationReuseUnsafe(in *Input) []claim {
	if in.Conn.Reuse == nil || !in.ReuseUnsafe {
		return nil
	}
	return in.one(in.reuse(tellIncarnationReuseUnsafe))
}

func tellIncarnationReuseUnsafe(in *Input, c *claim) {
	in.tellReuse(c)
	u := in.Conn.Reuse
	c.title = "The ports were used again " + dur(seconds(u.Age)) + " after TIME-WAIT began, with numbers of the old connection"
	c.explanation = say(in.reuseStory(), "Its initial number lies "+words.Count(max(u.ISNDelta, -u.ISNDelta))+
		" below the last one of the old connection, and it has no timestamps: an old segment that is still under way may fall into its window and be taken as data.")
}
