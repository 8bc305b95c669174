package judge

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/lastack/lastack/fsm"
)

// Endpoint is one end of a connection as its kernel had it, with all its
// incarnations in a row.
type Endpoint struct {
	EP     string     `json:"ep"` // "A" or "B"
	SAddr  netip.Addr `json:"saddr"`
	SPort  uint16     `json:"sport"`
	DAddr  netip.Addr `json:"daddr"`
	DPort  uint16     `json:"dport"`
	States []State    `json:"states"`
}

func (e *Endpoint) tuple() [2]netip.AddrPort {
	return [2]netip.AddrPort{netip.AddrPortFrom(e.SAddr, e.SPort), netip.AddrPortFrom(e.DAddr, e.DPort)}
}

// State is one of its states, under the kernel's name, and the frame of the
// endpoint's own capture that goes with it; nil: none does.
type State struct {
	Name   string   `json:"state"`
	T      float64  `json:"t"`    // seconds since the epoch, at the latest
	Lo     float64  `json:"t_lo"` // at the earliest
	Source string   `json:"source"`
	Frame  *uint64  `json:"frame"`
	Delay  *float64 `json:"wire_delay"` // how many seconds later its FIN left, if not at once
}

// Read returns the endpoints of a capture's folder.
func Read(dir string) (out []Endpoint, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return out, nil
}

// step is one state of the kernel's path. An optional one has no time of its
// own, or no frame: a record need not have it.
type step struct {
	state    fsm.State
	frame    *uint64
	t, lo    float64 // when, between lo and t, seconds since the epoch: as the wire shows it, if it does; 0: not known
	optional bool
}

// path is the endpoint's row of states. Between SYN-RECEIVED and FIN-WAIT-1 the
// wire may show an ESTABLISHED, where the program closed first and the FIN left only
// when the handshake was complete [C8].
func (e *Endpoint) path() (out []step) {
	for i, s := range e.States {
		state, ok := fsm.Parse(s.Name)
		if !ok {
			panic("truth.json has no such state: " + s.Name)
		}
		var next *uint64
		if i+1 < len(e.States) {
			next = e.States[i+1].Frame
		}
		if state == fsm.FinWait1 && s.Delay != nil && i > 0 && out[len(out)-1].state == fsm.SynReceived {
			out = append(out, step{state: fsm.Established, optional: true})
		}
		momentary := s.Frame != nil && next != nil && *s.Frame == *next
		t := s.seen()
		out = append(out, step{state, s.Frame, t, min(s.Lo, t), s.Frame == nil || momentary})
	}
	return out
}

// seen is when the frame of s was captured, about, or when the kernel alone knew of
// it; 0 if the wire shows it at another time: with a SYN cookie the kernel knows
// SYN-RECEIVED only by the ACK, and a FIN can leave long after close(), or never.
func (s *State) seen() float64 {
	switch {
	case s.Frame == nil && s.Name != "CLOSED", s.Source == "tracepoint, no request socket":
		return 0
	case s.Delay != nil:
		return s.T + *s.Delay
	}
	return s.T
}

// onWire is the same row as the wire shows it where a FIN left so long after
// the close() with which the kernel entered FIN-WAIT-1 that the peer's FIN came
// before [C8]: a passive close for everyone but its program. It is nil if there
// is no such FIN.
func onWire(k []step) (out []step) {
	passive := false
	for i := 0; i < len(k); i++ {
		s := k[i]
		if s.state != fsm.FinWait1 || i+1 == len(k) || k[i+1].state != fsm.Closing || !s.overtakenBy(k[i+1]) {
			out = append(out, s)
			continue
		}
		passive = true
		out = append(out, step{state: fsm.CloseWait, frame: k[i+1].frame}, step{state: fsm.LastAck, frame: s.frame, optional: s.frame == nil})
		for i++; i+1 < len(k) && k[i+1].state == fsm.TimeWait; i++ {
			out = append(out, step{state: fsm.Closed, frame: k[i+1].frame})
		}
	}
	if !passive {
		return nil
	}
	return out
}

// overtakenBy reports whether the peer's FIN, which brought about closing, came
// before the own one left, if it ever did.
func (s step) overtakenBy(closing step) bool {
	return closing.frame != nil && (s.frame == nil || *s.frame > *closing.frame)
}
