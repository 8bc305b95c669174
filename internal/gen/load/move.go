package load

// side is an end of a connection: in a story a or b, in a connection the
// client or the server.
type side uint8

const (
	a, b           side = 0, 1
	client, server side = 0, 1
)

// who names the end that closed first, in a story's terms.
type who uint8

const (
	nobody who = iota
	first      // a
	second     // b
	both
)

// form says what a segment is. Its numbers follow from what its sender has
// sent and received.
type form uint8

const (
	syn         form = iota
	synData          // with data and a Fast Open cookie
	synACK           //
	ack              // pure
	data             // one segment
	fin              // with ACK, as every FIN
	finData          // ... and with data
	again            // the last segment of this end that took sequence space
	probe            // keepalive
	rstACK           // an abort, at SND.NXT
	rst              // bare: answers the other end's last segment without a connection
	refusal          // the RST,ACK that answers a SYN
	challenge        // the ACK by which the connection before answers a SYN
	unwanted         // the bare RST that answers a challenge
	unreachable      // a router's ICMP error, which quotes the other end's SYN
)

// fate says what becomes of a segment.
type fate uint8

const (
	arrives fate = iota
	lost         // behind the tap: captured, never received
	unseen       // before the tap: neither captured nor received
)

// wait says how long a move waits for.
type wait uint8

const (
	atOnce wait = iota // back to back
	reply              // the way from the tap to the sender and back
	cross              // less than that: what went there has not arrived
	app                // the same way, and a program that thinks for a while
	hold               // until the connection has lasted for as long as it should
	rto                // the retransmission timer
	retry              // the timer of SYN and SYN,ACK
	idle               // the keepalive timer
)

// move is one segment of a story, as it passes the tap.
type move struct {
	side  side
	form  form
	wait  wait
	back  uint8 // since which move: 1 is the one before
	n     uint8 // how often the timer has run out before: each time doubles it
	fate  fate
	blind bool // its sender has not yet received the move before
}

// sends is a segment that follows the one before at once.
func (s side) sends(f form) move { return move{side: s, form: f, wait: atOnce, back: 1} }

// answers is a segment that the one before it draws.
func (s side) answers(f form) move { return s.sends(f).after(reply) }

// closes is the first segment of a closing.
func (s side) closes(f form) move { return s.sends(f).after(hold) }

// crosses is a segment sent before the one before it arrived.
func (s side) crosses(f form) move {
	return s.sends(f).after(cross).unaware()
}

// repeats is the last segment that took sequence space once more, when the
// timer w runs out after n times before.
func (s side) repeats(w wait, n uint8) move {
	m := s.sends(again).after(w)
	m.n = n
	return m
}

func (m move) after(w wait) move { m.wait = w; return m }

// since makes m wait from the move so many before it on.
func (m move) since(back uint8) move { m.back = back; return m }

// unaware is a segment sent before the one before it arrived.
func (m move) unaware() move { m.blind = true; return m }

func (m move) lost() move   { m.fate = lost; return m }
func (m move) unseen() move { m.fate = unseen; return m }
