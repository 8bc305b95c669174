package analyzer

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"
	"time"
)

// Stack is what an implementation of TCP does where packets do not tell. The
// values are defaults of the systems named; all are assumptions.
type Stack struct {
	Name string
	// TwoMSL is how long TIME-WAIT lasts.
	TwoMSL time.Duration
	// PortLow and PortHigh bound the ports that connect() chooses.
	PortLow, PortHigh uint16
	// SYN is the schedule of a SYN that nobody answers: the times of its
	// repetitions after the first, and SYNGiveUp when connect() fails.
	SYN       []time.Duration
	SYNGiveUp time.Duration
	// FinWait2 limits FIN-WAIT-2 of a socket that was closed; 0: no limit.
	FinWait2 time.Duration
	// Keepalive is the default of a socket with SO_KEEPALIVE.
	KeepIdle, KeepInterval time.Duration
	KeepCount              int
}

func seconds(list ...float64) []time.Duration {
	out := make([]time.Duration, len(list))
	for i, s := range list {
		out[i] = time.Duration(s * float64(time.Second))
	}
	return out
}

// Stacks is the one table of what is assumed of each system. Sources: Linux
// TCP_TIMEWAIT_LEN and ip-sysctl; FreeBSD net.inet.tcp.msl (30 s) and
// finwait2_timeout; macOS net.inet.tcp.msl (15 s); Windows TcpTimedWaitDelay;
// RFC 9293 section 3.4.2 (MSL 2 minutes), RFC 6335 (dynamic ports), RFC 6298.
var Stacks = []Stack{
	{"linux", 60 * time.Second, 32768, 60999, seconds(1, 3, 7, 15, 31, 63), 127 * time.Second, 60 * time.Second, 2 * time.Hour, 75 * time.Second, 9},
	{"freebsd", 60 * time.Second, 10000, 65535, seconds(1, 2, 3, 4, 5, 7, 11, 19, 35), 75 * time.Second, 60 * time.Second, 2 * time.Hour, 75 * time.Second, 8},
	{"macos", 30 * time.Second, 49152, 65535, seconds(1, 2, 3, 4, 5, 7, 11, 19, 35), 75 * time.Second, 60 * time.Second, 2 * time.Hour, 75 * time.Second, 8},
	{"windows", 120 * time.Second, 49152, 65535, seconds(1, 3, 7, 15), 21 * time.Second, 120 * time.Second, 2 * time.Hour, time.Second, 10},
	{"rfc", 240 * time.Second, 49152, 65535, seconds(1, 3, 7, 15, 31, 63), 180 * time.Second, 0, 2 * time.Hour, 0, 0},
}

// StackNamed returns the row of Stacks with the given name.
func StackNamed(name string) (*Stack, error) {
	var names []string
	for i := range Stacks {
		if Stacks[i].Name == strings.ToLower(name) {
			return &Stacks[i], nil
		}
		names = append(names, Stacks[i].Name)
	}
	return nil, fmt.Errorf("unknown stack %q (known: %s)", name, strings.Join(names, ", "))
}

// NetworkStack says which stack the hosts of a network run.
type NetworkStack struct {
	Prefix netip.Prefix
	Stack  *Stack
}

// stackTable finds the stack of an address, the longest prefix first.
type stackTable struct {
	fallback *Stack
	nets     []NetworkStack
}

func newStackTable(fallback *Stack, nets []NetworkStack) stackTable {
	t := stackTable{fallback: fallback, nets: append([]NetworkStack(nil), nets...)}
	sort.SliceStable(t.nets, func(i, j int) bool { return t.nets[i].Prefix.Bits() > t.nets[j].Prefix.Bits() })
	return t
}

func (t *stackTable) of(a netip.Addr) *Stack {
	for i := range t.nets {
		if t.nets[i].Prefix.Contains(a) {
			return t.nets[i].Stack
		}
	}
	return t.fallback
}
