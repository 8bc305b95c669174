package detect

// trait is something about a connection that is not so of an ordinary one.
// Every detector names those of which it needs one at least: it is not asked
// about connections that have none of them, and about an ordinary connection
// none is asked.
type trait uint32

const (
	openedOtherwise trait = 1 << iota // not by a three-way handshake, or by a socket with itself
	synAgain                          // a SYN was sent again
	synACKAgain                       // a SYN,ACK was sent again
	receiptStruck                     // a receipt was refuted
	withRST                           // there are RSTs
	finWithACK                        // the second FIN came with the ACK of the first
	finsCrossed                       // both ends closed before they knew of the other's close
	finAgain                          // a FIN was sent again
	finalACKMissing                   // no ACK of the last FIN was captured
	halfOpenData                      // data came after the peer's FIN
	leftClosing                       // an end is in FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT or LAST-ACK
	portsReused                       // it took the place of another, or was refused it
	oldSegments                       // segments of an earlier one came
	keepaliveSent                     // keepalive probes were sent
	windowClosed                      // a window was closed
	capturedTwice                     // segments were captured twice
	octetsMissing                     // acknowledged octets were not captured
	oneDirection                      // only one direction was captured
	givenUp                           // it was given up to make room
	dataUnanswered                    // data was sent again after the other end was heard of last, or by an end that hears nothing
	silenceBroken                     // an end answered that had not for some time
)

// traits returns all that in has.
func (in *Input) traits() (all trait) {
	c := in.Conn
	client, server := &c.Endpoints.Client, &c.Endpoints.Server
	set := func(t trait, ok bool) {
		if ok {
			all |= t
		}
	}
	set(openedOtherwise, c.Open.Kind != "three-way" || c.Client == c.Server)
	set(synAgain, c.Open.SYNRetransmits != 0)
	set(synACKAgain, c.Open.SYNACKRetransmits != 0)
	set(receiptStruck, len(c.Refuted) > 0)
	set(withRST, len(c.Resets) > 0 || c.Close.Reset != nil)
	set(finWithACK, c.Close.Kind == "three-segment")
	set(finsCrossed, c.Close.Kind == "simultaneous")
	set(finAgain, in.FIN[0].Copies != 0 || in.FIN[1].Copies != 0)
	set(finalACKMissing, c.Close.FinalAck == "unseen")
	set(halfOpenData, c.HalfClose != nil)
	set(leftClosing, isClosing(client.State) || isClosing(server.State))
	set(portsReused, c.Reuse != nil || len(in.Challenges) > 0)
	set(keepaliveSent, client.KeepaliveProbes+server.KeepaliveProbes > 0)
	set(windowClosed, client.ZeroWindows+server.ZeroWindows > 0)
	set(capturedTwice, in.Copies > 0 || in.Taps != nil)
	set(octetsMissing, in.gappy())
	set(oneDirection, in.blind())
	set(givenUp, c.FinalBy == "evicted")
	for i := range in.Notes {
		switch n := &in.Notes[i]; n.Kind {
		case OldDuplicate, OldReset:
			all |= oldSegments
		case DataAgain:
			set(dataUnanswered, n.Time.After(in.heard(n.Side.Peer()).Time))
		case DeafAgain:
			all |= dataUnanswered
		case Answered:
			all |= silenceBroken
		}
	}
	return all
}

// isClosing reports whether a state is one in which an end waits for more of a
// close.
func isClosing(state string) bool {
	switch state {
	case "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "LAST-ACK":
		return true
	}
	return false
}
