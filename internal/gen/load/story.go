package load

// The stories: a table for each part of a connection's life. In a table a is
// the end that acts first: in an opening the client, in a closing whoever
// closes, in a pause whoever probes. Weights are shares of a thousand.

// opening is a row of openings.
type opening struct {
	kind   string // open.kind of the record format
	weight int
	dead   *ending // what becomes of it if it leads to no connection
	moves  []move
}

// ending says how a connection ends, in the words of the record format.
type ending struct {
	kind     string // close.kind
	closer   who    // close.first_closer
	cause    string // close.reset.cause, "" for no reset
	finalACK string // close.final_ack, "" unless both ends sent a FIN
}

var (
	refused  = &ending{"reset", second, "refused", ""}
	rejected = &ending{"none", nobody, "", ""}
	// expired ends by the clock alone; if the capture is too short for that,
	// it is still open (inference.md section 8).
	expired = &ending{"timeout", nobody, "", ""}
)

var openings = []opening{
	{"three-way", 880, nil, []move{a.sends(syn), b.answers(synACK), a.answers(ack)}},
	// A SYN is lost behind the tap or before it; the SYN,ACK is; the last ACK.
	{"three-way", 10, nil, []move{a.sends(syn).lost(), a.repeats(retry, 0), b.answers(synACK), a.answers(ack)}},
	{"three-way", 5, nil, []move{a.sends(syn).unseen(), a.repeats(retry, 0), b.answers(synACK), a.answers(ack)}},
	{"three-way", 8, nil, []move{a.sends(syn), b.answers(synACK).lost(), a.repeats(retry, 0).since(2), b.answers(again), a.answers(ack)}},
	{"three-way", 4, nil, []move{a.sends(syn), b.answers(synACK).unseen(), a.repeats(retry, 0).since(2), b.answers(again), a.answers(ack)}},
	{"three-way", 8, nil, []move{a.sends(syn), b.answers(synACK), a.answers(ack).lost(), b.repeats(retry, 0).since(2), a.answers(ack)}},
	{"simultaneous", 10, nil, []move{a.sends(syn), b.crosses(syn), b.answers(synACK).since(2), a.answers(synACK).since(2).unaware()}},
	{"split", 3, nil, []move{a.sends(syn), b.answers(ack), b.sends(syn), a.answers(synACK), b.answers(ack)}},
	{"fast-open", 20, nil, []move{a.sends(synData), b.answers(synACK), a.answers(ack)}},
	{"refused", 20, refused, []move{a.sends(syn), b.answers(refusal)}},
	{"rejected", 4, rejected, []move{a.sends(syn).lost(), b.answers(unreachable)}},
	{"unanswered", 4, expired, []move{a.sends(syn).lost()}},
	{"unanswered", 12, expired, []move{a.sends(syn).lost(), a.repeats(retry, 0).lost(), a.repeats(retry, 1).lost(), a.repeats(retry, 2).lost(), a.repeats(retry, 3).lost()}},
	{"incomplete", 12, expired, []move{a.sends(syn), b.answers(synACK).lost(), b.repeats(retry, 0).lost(), b.repeats(retry, 1).lost(), b.repeats(retry, 2).lost()}},
}

// cutOff is an opening that was rejected, if the capture does not show why.
var cutOff = opening{"unanswered", 0, expired, nil}

// midStream is the opening of what was open before the capture began.
var midStream = opening{"mid-stream", 0, nil, nil}

// closing is a row of closings.
type closing struct {
	ending
	weight int
	open   bool // nothing shows that it ended
	moves  []move
}

// orderly: both ends closed, and both know it.
func (e *ending) orderly() bool { return e.finalACK == "seen" || e.finalACK == "lost" }

// What ends in silence or by a bare RST begins with an exchange: otherwise
// nothing would prove that the other end was ever open (inference.md E2, R8).
var closings = []closing{
	{ending{"four-segment", first, "", "seen"}, 270, false, []move{a.closes(fin), b.answers(ack), b.sends(fin).after(app), a.answers(ack)}},
	{ending{"four-segment", first, "", "seen"}, 40, false, []move{a.closes(finData), b.answers(ack), b.sends(fin).after(app), a.answers(ack)}},
	{ending{"three-segment", first, "", "seen"}, 270, false, []move{a.closes(fin), b.answers(fin), a.answers(ack)}},
	{ending{"three-segment", first, "", "seen"}, 40, false, []move{a.closes(fin), b.answers(finData), a.answers(ack)}},
	{ending{"simultaneous", both, "", "seen"}, 40, false, []move{a.closes(fin), b.crosses(fin), b.answers(ack).since(2), a.answers(ack).since(2).unaware()}},

	// A FIN is lost, behind the tap or before it, or its ACK is.
	{ending{"four-segment", first, "", "seen"}, 12, false, []move{a.closes(fin).lost(), a.repeats(rto, 0), b.answers(ack), b.sends(fin).after(app), a.answers(ack)}},
	{ending{"four-segment", first, "", "seen"}, 8, false, []move{a.closes(fin).unseen(), a.repeats(rto, 0), b.answers(ack), b.sends(fin).after(app), a.answers(ack)}},
	{ending{"four-segment", first, "", "seen"}, 8, false, []move{a.closes(fin), b.answers(ack).lost(), a.repeats(rto, 0).since(2), b.answers(ack), b.sends(fin).after(app), a.answers(ack)}},
	{ending{"three-segment", first, "", "seen"}, 8, false, []move{a.closes(fin), b.answers(fin).lost(), a.repeats(rto, 0).since(2), b.answers(again), a.answers(ack)}},
	// The other end closes by itself while the first FIN is lost.
	{ending{"simultaneous", both, "", "seen"}, 10, false, []move{a.closes(fin).lost(), b.sends(fin).after(app), a.answers(ack), a.repeats(rto, 0).since(3), b.answers(ack)}},

	// The last ACK is lost, behind the tap, before it, or for good.
	{ending{"four-segment", first, "", "lost"}, 15, false, []move{a.closes(fin), b.answers(ack), b.sends(fin).after(app), a.answers(ack).lost(), b.repeats(rto, 0).since(2), a.answers(ack)}},
	{ending{"three-segment", first, "", "lost"}, 15, false, []move{a.closes(fin), b.answers(fin), a.answers(ack).lost(), b.repeats(rto, 0).since(2), a.answers(ack)}},
	{ending{"three-segment", first, "", "seen"}, 10, false, []move{a.closes(fin), b.answers(fin), a.answers(ack).unseen(), b.repeats(rto, 0).since(2), a.answers(ack)}},
	{ending{"four-segment", first, "", "unseen"}, 10, false, []move{a.closes(fin), b.answers(ack), b.sends(fin).after(app).lost(), b.repeats(rto, 0).lost(), b.repeats(rto, 1).lost()}},

	// Half-closed for a while; for good; and the FIN that nobody answers.
	{ending{"four-segment", first, "", "seen"}, 30, false, []move{a.closes(fin), b.answers(ack), b.sends(data).after(app), a.answers(ack), b.sends(data).after(app), a.answers(ack), b.sends(fin).after(app), a.answers(ack)}},
	{ending{"half-closed", first, "", ""}, 10, false, []move{a.closes(fin), b.answers(ack)}},
	{ending{"half-closed", first, "", ""}, 10, false, []move{a.closes(fin), b.answers(ack), b.sends(data).after(app), a.answers(ack)}},
	{ending{"none", first, "", ""}, 10, false, []move{b.closes(data), a.answers(ack), a.sends(fin).after(app).lost(), a.repeats(rto, 0).lost(), a.repeats(rto, 1).lost(), a.repeats(rto, 2).lost(), a.repeats(rto, 3).lost()}},

	// Resets: by a program, by a host without the connection, after the close,
	// after keepalive probes and repetitions that drew nothing.
	{ending{"reset", first, "abort", ""}, 90, false, []move{a.closes(rstACK)}},
	{ending{"reset", first, "no-such-connection", ""}, 20, false, []move{b.closes(data), a.answers(ack), b.sends(data).after(app), a.answers(rst)}},
	{ending{"reset", first, "after-close", ""}, 20, false, []move{a.closes(fin), b.answers(ack), b.sends(data).after(app), a.answers(rst)}},
	{ending{"reset", first, "keepalive", ""}, 15, false, []move{b.closes(data), a.answers(ack), a.sends(probe).after(idle).lost(), a.sends(probe).after(idle).lost(), a.sends(probe).after(idle).lost(), a.sends(rstACK).after(idle)}},
	{ending{"reset", first, "retransmission", ""}, 5, false, []move{b.closes(data), a.answers(ack), a.sends(data).after(app).lost(), a.repeats(rto, 0).lost(), a.repeats(rto, 1).lost(), a.repeats(rto, 2).lost(), a.sends(rstACK).after(rto)}},

	// Nothing: left open, or the path is gone.
	{ending{"none", nobody, "", ""}, 24, true, nil},
	{ending{"none", nobody, "", ""}, 10, false, []move{b.closes(data), a.answers(ack), a.sends(data).after(app).lost(), a.repeats(rto, 0).lost(), a.repeats(rto, 1).lost(), a.repeats(rto, 2).lost(), a.repeats(rto, 3).lost(), a.repeats(rto, 4).lost()}},
}

// The pauses between exchanges in which something happens.
var (
	keepalives = [][]move{
		{a.sends(probe).after(idle), b.answers(ack)},
		{a.sends(probe).after(idle), b.answers(ack), a.sends(probe).after(idle), b.answers(ack), a.sends(probe).after(idle), b.answers(ack)},
		{a.sends(probe).after(idle).lost(), a.sends(probe).after(idle), b.answers(ack)},
	}
	// repairs follow a flight whose last ACK is still to be sent.
	repairs = [][]move{
		{b.answers(ack).lost(), a.repeats(rto, 0), b.answers(ack)},
		{b.answers(ack).unseen(), a.repeats(rto, 0), b.answers(ack)},
	}
)

// reuse is a row of reuses: a four-tuple is used again inside 2MSL.
type reuse struct {
	weight int
	fits   func(*conn) bool // judges the connection before
	change ending           // what it changes of the end of the connection before: what is not empty
	older  bool             // the new client's timestamps and numbers are older
	moves  []move
}

var reuses = []reuse{
	{700, (*conn).closed, ending{}, false, openings[0].moves},
	{300, (*conn).heldByServer, ending{cause: "challenge"}, true, defended},
	// Over a connection that is still there: only the client has forgotten it,
	// or both ends have.
	{700, (*conn).forgotten, ending{"reset", first, "challenge", ""}, true, defended},
	{300, (*conn).forgotten, ending{kind: "superseded"}, false, openings[0].moves},
}

// defended: the holder of the old connection answers the SYN with its old
// numbers, the RST that this draws kills it, and the SYN again is taken.
var defended = []move{a.sends(syn), b.answers(challenge), a.answers(unwanted), a.repeats(retry, 0), b.answers(synACK), a.answers(ack)}
