package load

// Truth is what a Generator meant its capture to show, so far. The maps have
// the keys and the sense of those in the summary record.
type Truth struct {
	Packets         uint64 `json:"packets"`
	Bytes           uint64 `json:"bytes"` // on the wire
	First           int64  `json:"first"` // time of the first packet, nanoseconds since the Unix epoch
	Last            int64  `json:"last"`  // ... of the last
	Connections     int    `json:"connections"`
	Peak            int    `json:"peak"`            // connections under way at a time
	Lost            int    `json:"lost"`            // segments that never arrived
	Unseen          int    `json:"unseen"`          // ... of these, not captured
	Retransmissions int    `json:"retransmissions"` // captured segments that repeat one
	Probes          int    `json:"probes"`          // captured keepalive probes

	ByOpen        map[string]int `json:"by_open"`
	ByClose       map[string]int `json:"by_close"`
	ByFirstCloser map[string]int `json:"by_first_closer"`
	ByResetCause  map[string]int `json:"by_reset_cause"`
	ByFinalACK    map[string]int `json:"by_final_ack"`
}

// Outcome is what became of one connection, in the words of the connection
// record.
type Outcome struct {
	ID          uint64 // number of its first packet
	Open        string
	Close       string
	FirstCloser string
	ResetCause  string // "" for no reset
	FinalACK    string // "" unless both ends sent a FIN

	// Counts by side, client first, of what was captured.
	SYNs, FINs [2]int // without the first
	Probes     [2]int // keepalive probes

	Opening, Closing int // the rows of the story, from 0; -1 for none
}

// silence is an opening that only the clock ends: when it does.
type silence struct {
	Outcome
	final int64
}

// twoMSL is how long an opening without an answer is waited for, at least
// (Linux).
const twoMSL = 60e9

// conclude takes what became of c into the truth.
func (g *Generator) conclude(c *conn, e *ending) {
	out := &c.outcome
	out.Close, out.ResetCause, out.FinalACK = e.kind, e.cause, e.finalACK
	out.FirstCloser = e.closer.name(c.lead)
	for x := range c.ends {
		out.SYNs[x], out.FINs[x] = max(out.SYNs[x]-1, 0), max(out.FINs[x]-1, 0)
	}
	if e == expired {
		final := c.synAt + max(twoMSL, 2*c.synGap+1e9)
		g.silent = append(g.silent, silence{*out, final})
		return
	}
	g.tally(out)
}

// settle concludes what the clock ends, if the capture lasts so long.
func (g *Generator) settle() {
	for i := range g.silent {
		s := &g.silent[i]
		if g.truth.Last < s.final {
			s.Close = "none"
		}
		g.tally(&s.Outcome)
	}
	g.silent = nil
}

func (g *Generator) tally(out *Outcome) {
	t := &g.truth
	t.Connections++
	t.ByOpen[out.Open]++
	t.ByClose[out.Close]++
	t.ByFirstCloser[out.FirstCloser]++
	if out.ResetCause != "" {
		t.ByResetCause[out.ResetCause]++
	}
	if out.FinalACK != "" {
		t.ByFinalACK[out.FinalACK]++
	}
	if g.cfg.Ended != nil {
		g.cfg.Ended(out)
	}
}

// name is the side in the words of the record, if lead was a.
func (w who) name(lead side) string {
	sides := [2]string{"client", "server"}
	switch w {
	case first:
		return sides[lead]
	case second:
		return sides[lead^1]
	case both:
		return "both"
	}
	return "unknown"
}
