package truth

import (
	"fmt"
	"slices"
	"strings"
)

// follows lists the states that the kernel can enter after each: a new
// incarnation can come where the old one has ended, or is in TIME_WAIT.
var follows = map[string]string{
	"":            "SYN_SENT SYN_RECV",
	"CLOSED":      "SYN_SENT SYN_RECV",
	"SYN_SENT":    "SYN_RECV ESTABLISHED CLOSED",
	"SYN_RECV":    "ESTABLISHED FIN_WAIT1 CLOSED",
	"ESTABLISHED": "FIN_WAIT1 CLOSE_WAIT CLOSED",
	"FIN_WAIT1":   "FIN_WAIT2 CLOSING CLOSED",
	"FIN_WAIT2":   "TIME_WAIT CLOSED SYN_SENT SYN_RECV",
	"CLOSING":     "TIME_WAIT CLOSED",
	"CLOSE_WAIT":  "LAST_ACK CLOSED",
	"LAST_ACK":    "CLOSED",
	"TIME_WAIT":   "CLOSED SYN_SENT SYN_RECV",
}

// silent are the states that can be entered without a frame at the tap.
var silent = map[string]bool{"CLOSED": true, "FIN_WAIT1": true, "LAST_ACK": true}

// Check reports what cannot be: a sequence of states that the kernel does not
// go through, or a state without the segment that brings it about. Then the
// lab has overlooked something, not the kernel.
func (e Endpoint) Check() error {
	before := State{}
	for _, s := range e.States {
		switch {
		case !slices.Contains(strings.Fields(follows[before.Name]), s.Name):
			return fmt.Errorf("%v: %s after %q (%s)", e.Tuple, s.Name, before.Name, s.Source)
		case s.Frame == 0 && !silent[s.Name]:
			return fmt.Errorf("%v: %s without a frame (%s)", e.Tuple, s.Name, s.Source)
		}
		before = s
	}
	return nil
}
