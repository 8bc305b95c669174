package detect

import "github.com/lastack/lastack/report"

// Notice: the analysis, not the connection, stopped here.
var evicted = define(Detector{
	ID:       "evicted",
	Title:    "Given up for want of memory",
	Means:    "More connections were open at a time than the analysis may hold, and this one was given up before its end was known. What came of it later counts as another connection, open before the capture.",
	Severity: notice,
	Disproof: "The same capture analysed with a higher limit.",
	Advice:   "Raise the limit of connections held, or filter the capture.",
	Refs:     []string{"RFC 9293 3.3.1"},
}, givenUp, findEvicted)

func findEvicted(in *Input) []claim {
	c := in.Conn
	if c.FinalBy != "evicted" {
		return nil
	}
	return in.one(claim{at: c.End, proof: in.marks(at(c.FirstFrame, c.FirstFile), at(c.LastFrame, c.LastFile)), tell: tellEvicted})
}

func tellEvicted(in *Input, c *claim) {
	conn := in.Conn
	c.title = "This connection was given up to make room for others"
	c.explanation = "The analysis held as many connections as it may. This one was dropped after its last segment (" + in.frame(at(conn.LastFrame, conn.LastFile)) + "), when its ends were in " +
		conn.Endpoints.Client.State + " and " + conn.Endpoints.Server.State + "; how it ended is not known."
	c.values = in.values(report.Float("duration_s", conn.Duration))
}
