package analyzer

import (
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
)

// reuse says how an incarnation took over a four-tuple inside 2MSL (T2 to T5).
type reuse struct {
	age   int64  // since the holder entered TIME-WAIT
	delta int64  // the new ISS less the old SND.NXT of the opener
	delay int64  // from the first SYN to its SYN,ACK
	by    string // the rule that let it in
	// unsafe: the new numbers lie inside the old ones, and no timestamps tell
	// them apart.
	unsafe bool
	holder uint8
	wait   moment // what took the holder into TIME-WAIT
}

// measureReuse compares c, whose SYN opener sent, with old, the incarnation
// that it follows. Without a TIME-WAIT there is nothing to measure.
func (a *Analyzer) measureReuse(old, c *connection, opener uint8) {
	other := c.peer(opener)
	syn := &c.ep[opener].syn
	wait := fsm.Of(fsm.TimeWait)
	own, theirs := old.ep[opener].shown == wait, old.ep[other].shown == wait
	killed := old.x != nil && old.x.challenged != 0 && old.enteredTimeWait(other).ref != 0
	if syn.ref == 0 || !own && !theirs && !killed {
		return
	}
	u := &reuse{delta: int64(c.ep[opener].sp.ISS.Diff(old.ep[opener].sp.Next)), delay: a.now - syn.t, holder: other}
	switch {
	case killed:
		u.by = "reset"
	case theirs:
		u.by = a.acceptedBy(old, c, opener)
	default:
		u.by, u.holder = "holder", opener
	}
	u.wait = old.enteredTimeWait(u.holder)
	u.age = syn.t - u.wait.t
	oldSpace := &old.ep[opener].sp
	u.unsafe = !c.ep[opener].has(timestamps) && oldSpace.Has(reassembly.KnownISS) &&
		c.ep[opener].sp.ISS.In(oldSpace.ISS, oldSpace.Next)
	c.details().reuse = u
}

// acceptedBy names the rule by which the holder of TIME-WAIT let a SYN in:
// a newer timestamp; without one, a number beyond all that it had received
// (RFC 6191, RFC 1122 section 4.2.2.13, tcp_timewait_state_process). When
// neither holds, its TIME-WAIT was gone.
func (a *Analyzer) acceptedBy(old, c *connection, opener uint8) string {
	space := &old.ep[opener].sp
	_, tsval := c.lastSYN(opener)
	if c.ep[opener].has(timestamps) && space.Has(reassembly.KnownTS) {
		switch d := int32(tsval - space.TSNewest); {
		case d > 0:
			return "timestamp"
		case d < 0:
			return "expired"
		}
	}
	if space.Next.LessEq(c.ep[opener].sp.ISS) {
		return "sequence"
	}
	return "expired"
}

// enteredTimeWait returns when, and by what, an end entered TIME-WAIT.
func (c *connection) enteredTimeWait(side uint8) moment {
	m := moment{t: c.latest().t}
	c.fold(side, func(tr transition) {
		if tr.to.Is(fsm.TimeWait) {
			m = moment{tr.ref, tr.t}
		}
	})
	return m
}
