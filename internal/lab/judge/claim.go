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
	t, lo    float64 // when, seconds since the epoch: between lo and t; 0: not said
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
			switch {
			case tr.T != nil:
				x.t = float64(tr.T.UnixNano()) / 1e9
				x.lo = x.t
			case tr.NotBefore != nil && tr.NotAfter != nil:
				x.lo, x.t = float64(tr.NotBefore.UnixNano())/1e9, float64(tr.NotAfter.UnixNano())/1e9
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
// states, and for each of them what agree holds them to.
func exact(k []step, o []claim, agree func(*step, *claim) bool) bool {
	switch {
	case len(k) > 0 && len(o) > 0 && k[0].state == o[0].state && agree(&k[0], &o[0]) && exact(k[1:], o[1:], agree):
		return true
	case len(k) > 0 && k[0].optional && exact(k[1:], o, agree):
		return true
	case len(o) > 0 && o[0].optional && exact(k, o[1:], agree):
		return true
	}
	return len(k) == 0 && len(o) == 0
}

// near is how far, in seconds, the kernel's time of a state may lie from that of
// the frame that goes with it: a virtual machine stands still for so long.
const near = 0.025

// sameTime reports whether a claim about the tap's own host lies where the kernel
// has the state: at the same time, or with it between its bounds.
func sameTime(s *step, x *claim) bool {
	return s.t == 0 || x.t == 0 || s.lo-near <= x.t && x.lo <= s.t+near
}

// anyTime is what claims of captures are held to whose frames are not the kernel's.
func anyTime(*step, *claim) bool { return true }

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

// showSteps writes LAST-ACK@10 for a state that goes with frame 10 of the tap.
func showSteps(k []step, at func(*step) uint64) string {
	var b []string
	for i := range k {
		text := k[i].state.String()
		if frame := at(&k[i]); frame != 0 {
			text += fmt.Sprintf("@%d", frame)
		}
		b = append(b, text)
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
