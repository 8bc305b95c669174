package fsm

// Symbol is what can happen to an endpoint, as far as a capture can tell.
// "snd" is what the endpoint itself sent, "rcv" what it received and was to
// process (RFC 9293 section 3.10.7).
type Symbol uint8

// The symbols.
const (
	SndSYN          Symbol = iota // its SYN without ACK
	SndACK                        // its first ACK beyond its ISS, when the SYN,ACK was not captured
	SndData                       // its new data (narrows a mid-stream set, changes no state)
	SndFIN                        // its FIN, the first
	SndRST                        // its RST, when it gives up its own connection
	RcvSYN                        // a SYN without ACK that it answered
	RcvSYNACK                     // a SYN,ACK that acknowledges its SYN
	RcvACKOfSYN                   // an ACK of its SYN,ACK
	RcvData                       // new data that it acknowledged (narrows a mid-stream set, changes no state)
	RcvACKOfFIN                   // an ACK of its FIN
	RcvFIN                        // a FIN, with every octet before it
	RcvRST                        // an acceptable RST
	RcvICMP                       // an ICMP error that quotes its SYN
	Superseded                    // a new incarnation took the four-tuple
	Timeout2MSL                   // TIME-WAIT ran out
	TimeoutUser                   // it gave up: user timeout, retransmissions or keepalive probes used up, or a crash
	TimeoutSYN                    // it gave up an opening
	TimeoutFinWait2               // an orphan's FIN-WAIT-2 ran out (Linux tcp_fin_timeout; not in the RFC)
	OpenPassive                   // the program's passive OPEN: never on the wire
	Close                         // the program's CLOSE where it sends nothing: never on the wire
	NumSymbols      int    = iota
)

var symbolNames = [NumSymbols]string{
	"snd.SYN", "snd.ACK", "snd.data", "snd.FIN", "snd.RST",
	"rcv.SYN", "rcv.SYN,ACK", "rcv.ACK-of-SYN", "rcv.data", "rcv.ACK-of-FIN", "rcv.FIN", "rcv.RST", "rcv.ICMP",
	"superseded", "timeout.2MSL", "timeout.user", "timeout.SYN", "timeout.FIN-WAIT-2",
	"open.passive", "close",
}

// String returns the symbol's name in the records.
func (s Symbol) String() string { return symbolNames[s] }
