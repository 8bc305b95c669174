package oracle

import (
	"cmp"
	"slices"
	"time"

	"github.com/lastack/lastack/report"
)

// continuity checks that each side's transitions make one path through known
// states, that their times do not go back, and that the endpoint's state is
// where the path ends.
func (c *exam) continuity() {
	for k := range c.sides {
		c.path(k)
		c.times(k)
		c.momentary(k)
		c.ends(k)
	}
}

// begins are the states in which the record of an endpoint may begin: those
// of 3.10.1 before and after a passive OPEN, or not known.
var begins = []string{closed, listen, report.Unknown}

func (c *exam) path(k int) {
	at := ""
	for _, i := range c.sides[k].trs {
		t := &c.conn.Transitions[i]
		switch {
		case at == "" && !slices.Contains(begins, t.From):
			c.bad(c.on(i), "3.10.1", "the first transition is from %s", t.From)
		case at != "" && t.From != at:
			c.bad(c.on(i), "records", "from %s, but the side is in %s", t.From, at)
		}
		if !slices.Contains(report.States(), t.To) {
			c.bad(c.on(i), "3.3.2", "no such state: %s", t.To)
		}
		at = t.To
	}
}

// times checks that a side's transitions have a time or bounds, and that no
// one is surely earlier than the one before it.
func (c *exam) times(k int) {
	var last *time.Time
	for _, i := range c.sides[k].trs {
		t := &c.conn.Transitions[i]
		c.hasTime(i, t)
		if at := latest(t); last != nil && at != nil && at.Before(*last) {
			c.bad(c.on(i), "records", "%v before the transition before it", last.Sub(*at))
		}
		if at := earliest(t); at != nil {
			last = at
		}
	}
}

// hasTime checks records.md: t with a frame or a timer, else bounds.
func (c *exam) hasTime(i int, t *report.Transition) {
	timed := t.Frame != nil || t.On == "timeout.2MSL"
	switch {
	case timed && t.T == nil:
		c.bad(c.on(i), "records", "a frame or timer, but no t")
	case !timed && t.T != nil:
		c.bad(c.on(i), "records", "t, but nothing on the wire")
	case !timed && (t.NotBefore == nil || t.NotAfter == nil):
		c.bad(c.on(i), "records", "neither a frame nor both bounds")
	case t.NotBefore != nil && t.NotAfter != nil && t.NotAfter.Before(*t.NotBefore):
		c.bad(c.on(i), "records", "not_after is before not_before")
	}
}

func earliest(t *report.Transition) *time.Time {
	if t.T != nil {
		return t.T
	}
	return t.NotBefore
}

func latest(t *report.Transition) *time.Time {
	if t.T != nil {
		return t.T
	}
	return t.NotAfter
}

// momentary checks that a state said to have no duration was left by the same
// frame (or, where nothing is on the wire, at the same moment) that led to it.
func (c *exam) momentary(k int) {
	trs := c.sides[k].trs
	for n, i := range trs {
		t := &c.conn.Transitions[i]
		if !t.Momentary {
			continue
		}
		if n+1 == len(trs) {
			c.bad(c.on(i), "records", "momentary, but the last state")
			continue
		}
		next := &c.conn.Transitions[trs[n+1]]
		if ref(t.Frame, t.File) != ref(next.Frame, next.File) {
			c.bad(c.on(i), "records", "momentary, but left by another frame")
		}
	}
}

// ends checks the endpoint's states against its path.
func (c *exam) ends(k int) {
	s := &c.sides[k]
	if len(s.trs) == 0 {
		if !slices.Contains(begins, s.end.State) {
			c.bad(c.of(k), "records", "state %s without a transition", s.end.State)
		}
		return
	}
	last := &c.conn.Transitions[s.trs[len(s.trs)-1]]
	if s.end.State != last.To {
		c.bad(c.of(k), "records", "state %s, but the last transition leads to %s", s.end.State, last.To)
	}
	if since := s.end.Since; since != nil && last.T != nil && !since.Equal(*last.T) {
		c.bad(c.of(k), "records", "since %v, but the last transition is at %v", since, last.T)
	}
	c.confirmedState(k)
}

// confirmedState checks that the confirmed state is the shown one or one that
// the side was in before receipts that are only assumed.
func (c *exam) confirmedState(k int) {
	s := &c.sides[k]
	if c.conn.Transitions[s.trs[0]].From == unknown {
		c.unsure(c.of(k), "inference R13", "mid-stream: the confirmed state is one of a set")
		return
	}
	may := []string{s.end.State}
	for n := len(s.trs) - 1; n >= 0; n-- {
		t := &c.conn.Transitions[s.trs[n]]
		if t.Basis != assumed && !t.Momentary {
			break
		}
		may = append(may, t.From)
	}
	may = append(may, c.withoutAssumed(k)...)
	if !slices.Contains(may, s.end.ConfirmedState) {
		c.bad(c.of(k), "inference E2", "confirmed state %s, but the path allows %v", s.end.ConfirmedState, may)
	}
}

// withoutAssumed is where a side's path leads when what is only assumed is
// left out: what then has no arc is taken for proof of all before it, or for
// no proof at all.
func (c *exam) withoutAssumed(k int) []string {
	trs := c.sides[k].trs
	first := c.conn.Transitions[trs[0]].From
	proof, none := first, first
	for _, i := range trs {
		t := &c.conn.Transitions[i]
		if t.Basis == assumed {
			continue
		}
		proof = cmp.Or(follow(proof, t), t.To)
		none = cmp.Or(follow(none, t), none)
	}
	return []string{proof, none}
}

// follow is where a transition's symbol leads from another state; "" for
// nowhere.
func follow(state string, t *report.Transition) string {
	if state == t.From {
		return t.To
	}
	return arcTo(state, t.On)
}
