package detect

// Warning: the program was told that close() went well, and neither it nor
// anybody learns whether the data before the FIN arrived.
var finWait1Stuck = define(Detector{
	ID:    "fin-wait-1-stuck",
	Title: "FIN-WAIT-1: the FIN is not acknowledged",
	Means: "The end that closed first repeats its FIN and gets no answer: the peer or the path is gone. On Linux the socket " +
		"belongs to nobody any more and gives up after tcp_orphan_retries.",
	Severity: warning,
	Disproof: "Any later segment of the peer that acknowledges the FIN.",
	Advice: "Find out whether the peer's host went down or the path to it broke at that time. Linux drops the orphan by itself after tcp_orphan_retries " +
		"(0 stands for 8) repetitions; many at once count against tcp_max_orphans.",
	Check: []string{"ss -tano state fin-wait-1", "nstat -az TcpExtTCPTimeouts TcpExtTCPAbortOnTimeout", "sysctl net.ipv4.tcp_orphan_retries"},
	Refs:  []string{"RFC 9293 3.6", "RFC 9293 3.8.3", "tcp_orphan_retries()", "tcp_retransmit_timer()"},
}, leftClosing, findFinWait1Stuck)

func findFinWait1Stuck(in *Input) []claim { return in.allStuck("FIN-WAIT-1") }

// allStuck returns the ends stuck in a state.
func (in *Input) allStuck(state string) []claim {
	out := in.claims()
	for _, side := range sides {
		if in.stuckIn(side, state) {
			out = append(out, in.stuck(side))
		}
	}
	return out
}
