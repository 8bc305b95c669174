package fsm

import (
	"math/bits"
	"strings"
)

// State is a connection state of RFC 9293 section 3.3.2.
type State uint8

// The states. CLOSED is the state of an endpoint that does not exist.
const (
	Closed State = iota
	Listen
	SynSent
	SynReceived
	Established
	FinWait1
	FinWait2
	CloseWait
	Closing
	LastAck
	TimeWait
	NumStates int = iota
)

// Unknown is how a Set of several states is called.
const Unknown = "UNKNOWN"

var stateNames = [NumStates]string{
	"CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
	"FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT",
}

// String returns the RFC's spelling.
func (s State) String() string { return stateNames[s] }

// Set is a set of states: what an endpoint may be in. An endpoint whose
// beginning was captured has a set of one.
type Set uint16

// Of returns the set of the given states.
func Of(states ...State) Set {
	var set Set
	for _, s := range states {
		set |= 1 << s
	}
	return set
}

// Sets that occur in rules.
var (
	// All is every state.
	All = Set(1<<NumStates - 1)
	// Synchronized are the states in which both sequence numbers are agreed
	// (RFC 9293 section 3.5.2, group 3): what an endpoint may be in when the
	// capture starts in mid-stream.
	Synchronized = Of(Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait)
)

// Has reports whether s is in the set.
func (set Set) Has(s State) bool { return set>>s&1 != 0 }

// Intersects reports whether the sets have a state in common.
func (set Set) Intersects(other Set) bool { return set&other != 0 }

// One returns the state of a set of one.
func (set Set) One() (State, bool) {
	if set&(set-1) != 0 || set == 0 {
		return Closed, false
	}
	return State(bits.TrailingZeros16(uint16(set))), true
}

// Is reports whether the set is exactly s.
func (set Set) Is(s State) bool { return set == 1<<s }

// States lists the members in the order of their declaration.
func (set Set) States() []State {
	var list []State
	for s := range State(NumStates) {
		if set.Has(s) {
			list = append(list, s)
		}
	}
	return list
}

// String returns the state's name, or UNKNOWN for a set of several.
func (set Set) String() string {
	if s, ok := set.One(); ok {
		return s.String()
	}
	return Unknown
}

// Parse returns the state with the given name in any usual spelling: the
// RFC's, Linux's, netstat's (FIN-WAIT-1, FIN_WAIT1, FIN_WAIT_1, SYN_RCVD,
// SYN_RECV, ESTAB, CLOSE).
func Parse(name string) (State, bool) {
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToUpper(name))
	for s, n := range stateNames {
		if strings.ReplaceAll(n, "-", "") == plain {
			return State(s), true
		}
	}
	s, ok := map[string]State{"SYNRCVD": SynReceived, "SYNRECV": SynReceived,
		"NEWSYNRECV": SynReceived, "ESTAB": Established, "CLOSE": Closed}[plain]
	return s, ok
}
