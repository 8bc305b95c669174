package judge

import (
	"fmt"
	"strings"

	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/report"
)

// claim is one state of an endpoint as a record has it.
type claim struct {
	state    fsm.State
	proved   bool // sent or confirmed
	optional bool // an end that only a clock tells, or a new incarnation
	frame    uint64
	t        float64 // seconds since the epoch; 0 where only bounds are known
	basis    string
}

// claims lists the states of an endpoint over all its incarnations.
func claims(list []*report.Connection, e *Endpoint) (out []claim) {
	for _, c := range list {
		side, ok := e.side(c)
		if !ok {
			continue
		}
		for i := range c.Transitions {
			tr := &c.Transitions[i]
			s, known := fsm.Parse(tr.To)
			if tr.Side != side || !known {
				continue
			}
			x := claim{state: s, proved: tr.Basis == "sent" || tr.Basis == "confirmed", basis: tr.Basis}
			if tr.Frame != nil {
				x.frame = *tr.Frame
			}
			if tr.T != nil {
				x.t = float64(tr.T.UnixNano()) / 1e9
			}
			out = append(out, x)
		}
	}
	for i := range out {
		out[i].optional = out[i].silent(out[:i], out[i+1:])
	}
	return out
}

// silent reports whether x is an end of which there need be no event: 2MSL, an
// opening that nobody completed, or one that a new incarnation implies.
func (x *claim) silent(before, after []claim) bool {
	if x.state != fsm.Closed || len(before) == 0 {
		return false
	}
	opens := len(after) == 0 || after[0].state == fsm.SynSent || after[0].state == fsm.SynReceived
	switch last := before[len(before)-1].state; x.basis {
	case "superseded":
		return opens
	case "timer":
		return opens && (last == fsm.TimeWait || last == fsm.SynSent || last == fsm.SynReceived)
	}
	return false
}

// side is the endpoint's side in a record of its connection.
func (e *Endpoint) side(c *report.Connection) (report.Side, bool) {
	is := func(a, b *report.Addr) bool {
		return a.IP == e.SAddr && a.Port == e.SPort && b.IP == e.DAddr && b.Port == e.DPort
	}
	switch {
	case is(&c.Client, &c.Server):
		return report.Client, true
	case is(&c.Server, &c.Client):
		return report.Server, true
	}
	return "", false
}

// exact reports whether two rows agree but for what may be missing in either: the
// states, and at the endpoint's own tap also their times.
func exact(k []step, o []claim, own bool) bool {
	switch {
	case len(k) > 0 && len(o) > 0 && k[0].state == o[0].state && (!own || k[0].nearTo(&o[0])) && exact(k[1:], o[1:], own):
		return true
	case len(k) > 0 && k[0].optional && exact(k[1:], o, own):
		return true
	case len(o) > 0 && o[0].optional && exact(k, o[1:], own):
		return true
	}
	return len(k) == 0 && len(o) == 0
}

// near is how far, in seconds, the kernel's time of a state may lie from that of
// the frame that goes with it: a virtual machine stands still for so long.
const near = 0.025

func (s *step) nearTo(x *claim) bool {
	return s.t == 0 || x.t == 0 || x.frame == 0 || s.lo-near <= x.t && x.t <= s.t+near
}

// contradicted reports whether a state that is claimed as sent or confirmed is
// not in its place in the kernel's row.
func contradicted(k []step, o []claim) bool {
	i := 0
	for _, s := range o {
		if !s.proved {
			continue
		}
		j := i
		for j < len(k) && k[j].state != s.state {
			j++
		}
		if j < len(k) {
			i = j + 1
		} else if !s.optional {
			return true
		}
	}
	return false
}

func showSteps(k []step) string {
	var b []string
	for _, s := range k {
		b = append(b, s.state.String())
	}
	return strings.Join(b, " ")
}

// showClaims writes FIN-WAIT-2?a@9 for a state assumed at frame 9.
func showClaims(o []claim) string {
	var b []string
	for _, s := range o {
		mark := ""
		if !s.proved {
			mark = "?" + s.basis[:1]
		}
		b = append(b, fmt.Sprintf("%v%s@%d", s.state, mark, s.frame))
	}
	return strings.Join(b, " ")
}
