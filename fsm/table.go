package fsm

import "math/bits"

// Effect says what a symbol does to a state.
type Effect uint8

// Effects.
const (
	Change Effect = iota // the state becomes Row.To
	Stay                 // nothing changes, for the reason that Row.Why gives
	Never                // the symbol cannot happen there; a member of a set leaves it
)

// Row is a row of the transition table: in every state of From, On has Effect.
type Row struct {
	From   Set
	On     Symbol
	Effect Effect
	To     State  // for Change
	Rule   string // the section of RFC 9293 that decides, unless another source is named
	Why    string // for Stay and Never; for Change where it needs a word
	Figure int    // number of the arc of RFC 9293 figure 5, from 1, in the figure's order; 0: not drawn there
	Silent bool   // leaves no segment: no capture shows it
}

// The sets of states that rows share.
var (
	none    = Of(Closed, Listen)       // no connection
	opening = Of(SynSent, SynReceived) // one or no sequence number agreed
	exists  = All &^ none              // there is a TCB for this connection
	gotFIN  = Of(CloseWait, Closing, LastAck, TimeWait)
	live    = Synchronized &^ Of(TimeWait) // the program or the kernel still waits for the peer
)

// Table is the whole machine: every pair of a state and a symbol stands in
// exactly one row.
//
// The first block is RFC 9293 figure 5, arc by arc. Arc 6 is drawn as
// SYN-RECEIVED -> LISTEN after a passive OPEN (note 1); here it goes to CLOSED:
// the listener lives on, but what this machine follows is the connection, and
// its TCB is deleted. Note 2's arc, FIN-WAIT-1 -> TIME-WAIT on a FIN that also
// acknowledges ours, is the pair rcv.ACK-of-FIN, rcv.FIN in one segment
// [3.10.7.4 takes the ACK before the FIN]. Note 3 (the sender of a RST goes to
// TIME-WAIT) is not followed: 3.10.5 and every kernel go to CLOSED.
var Table = []Row{
	// RFC 9293 figure 5.
	{Of(Closed), OpenPassive, Change, Listen, "3.10.1", "", 1, true},
	{Of(Closed), SndSYN, Change, SynSent, "3.10.1", "", 2, false},
	{Of(Listen), Close, Change, Closed, "3.10.4", "", 3, true},
	{Of(Listen), RcvSYN, Change, SynReceived, "3.10.7.2", "", 4, false},
	{Of(Listen), SndSYN, Change, SynSent, "3.10.2", "", 5, false},
	{Of(SynReceived), RcvRST, Change, Closed, "3.10.7.4", "note 1: the connection ends, the listener stays", 6, false},
	{Of(SynSent), RcvSYN, Change, SynReceived, "3.10.7.3", "", 7, false},
	{Of(SynSent), Close, Change, Closed, "3.10.4", "", 8, true},
	{Of(SynReceived), RcvACKOfSYN, Change, Established, "3.10.7.4", "", 9, false},
	{Of(SynSent), RcvSYNACK, Change, Established, "3.10.7.3", "", 10, false},
	{Of(SynReceived), SndFIN, Change, FinWait1, "3.10.4", "", 11, false},
	{Of(Established), SndFIN, Change, FinWait1, "3.10.4", "", 12, false},
	{Of(Established), RcvFIN, Change, CloseWait, "3.10.7.4", "", 13, false},
	{Of(FinWait1), RcvACKOfFIN, Change, FinWait2, "3.10.7.4", "", 14, false},
	{Of(FinWait1), RcvFIN, Change, Closing, "3.10.7.4", "", 15, false},
	{Of(CloseWait), SndFIN, Change, LastAck, "3.10.4", "", 16, false},
	{Of(FinWait2), RcvFIN, Change, TimeWait, "3.10.7.4", "", 17, false},
	{Of(Closing), RcvACKOfFIN, Change, TimeWait, "3.10.7.4", "", 18, false},
	{Of(LastAck), RcvACKOfFIN, Change, Closed, "3.10.7.4", "", 19, false},
	{Of(TimeWait), Timeout2MSL, Change, Closed, "3.10.8", "", 20, false},

	// Arcs that the figure leaves out.
	{Of(SynReceived), RcvSYNACK, Change, Established, "3.10.7.4", "figure 7: the SYN,ACK of a simultaneous open", 0, false},
	{Of(SynReceived), RcvFIN, Change, CloseWait, "3.10.7.4", "eighth step", 0, false},
	{Of(SynSent), SndACK, Change, Established, "3.10.7.3", "only a SYN,ACK that was not captured lets it send this", 0, false},
	{Of(SynSent), RcvRST, Change, Closed, "3.10.7.3", "second step", 0, false},
	{Synchronized, RcvRST, Change, Closed, "3.10.7.4", "second step", 0, false},
	{exists, SndRST, Change, Closed, "3.10.5", "", 0, false},
	{opening, RcvICMP, Change, Closed, "3.9.2.2", "", 0, false},
	{opening, TimeoutSYN, Change, Closed, "3.10.8", "", 0, false},
	{live, TimeoutUser, Change, Closed, "3.10.8", "", 0, false},
	{Of(FinWait2), TimeoutFinWait2, Change, Closed, "Linux tcp_fin_timeout", "an orphan's limit; the RFC has none", 0, false},
	{exists, Superseded, Change, Closed, "3.10.7.4", "a new incarnation; TIME-WAIT: RFC 6191", 0, false},

	// The observer's own.
	{Of(Closed), RcvSYN, Change, SynReceived, "3.10.7.2", "its SYN,ACK proves that it was in LISTEN", 0, false},

	// Nothing changes.
	{opening, SndSYN, Stay, 0, "3.10.8", "retransmission", 0, false},
	{exists &^ Of(SynSent), SndACK, Stay, 0, "3.10.7.4", "an ACK of its own says nothing new", 0, false},
	{Of(SynReceived, Established, CloseWait), SndData, Stay, 0, "3.10.2", "data is sent here", 0, false},
	{Of(FinWait1, Closing, LastAck), SndFIN, Stay, 0, "3.10.8", "retransmission", 0, false},
	{none, SndRST, Stay, 0, "3.10.7.1", "answers a segment of no connection", 0, false},
	{Of(SynReceived), RcvSYN, Stay, 0, "3.10.7.4", "the SYN again; its SYN,ACK goes out again", 0, false},
	{Synchronized, RcvSYN, Stay, 0, "3.10.7.4", "challenge ACK (RFC 5961 section 4)", 0, false},
	{none, RcvSYNACK, Stay, 0, "3.10.7.1", "answered by a RST", 0, false},
	{Synchronized, RcvSYNACK, Stay, 0, "3.10.7.4", "the SYN,ACK again; acknowledged again", 0, false},
	{none, RcvACKOfSYN, Stay, 0, "3.10.7.2", "answered by a RST", 0, false},
	{Of(SynSent), RcvACKOfSYN, Stay, 0, "3.10.7.3", "fifth step: an ACK without SYN is dropped", 0, false},
	{Synchronized, RcvACKOfSYN, Stay, 0, "3.10.7.4", "acknowledged before", 0, false},
	{Of(SynReceived, Established, FinWait1, FinWait2), RcvData, Stay, 0, "3.10.7.4", "data is received here", 0, false},
	{none, RcvACKOfFIN, Stay, 0, "3.10.7.1", "late", 0, false},
	{Of(FinWait2, TimeWait), RcvACKOfFIN, Stay, 0, "3.10.7.4", "acknowledged before", 0, false},
	{none | Of(SynSent), RcvFIN, Stay, 0, "3.10.7.4", "eighth step: SEG.SEQ cannot be validated", 0, false},
	{gotFIN, RcvFIN, Stay, 0, "3.10.7.4", "the FIN again; TIME-WAIT starts anew", 0, false},
	{none, RcvRST, Stay, 0, "3.10.7.1", "discarded", 0, false},
	{none, RcvICMP, Stay, 0, "3.9.2.2", "no opening to end", 0, false},
	{Synchronized, RcvICMP, Stay, 0, "3.9.2.2", "a soft error (RFC 5927)", 0, false},
	{none, Superseded, Stay, 0, "3.10.7.1", "nothing to take over", 0, false},

	// What cannot happen.
	{Synchronized, SndSYN, Never, 0, "3.10.1", "its SYN with a new ISS is a new incarnation", 0, false},
	{none, SndACK, Never, 0, "3.10.7.1", "without a connection only a RST is sent", 0, false},
	{none | Of(SynSent), SndData, Never, 0, "3.10.2", "nothing may be sent yet but on the SYN", 0, false},
	{Of(FinWait1, FinWait2, Closing, LastAck, TimeWait), SndData, Never, 0, "3.10.2", "no new data after its FIN", 0, false},
	{none | Of(SynSent), SndFIN, Never, 0, "3.10.4", "no connection to close", 0, false},
	{Of(FinWait2, TimeWait), SndFIN, Never, 0, "3.10.8", "its FIN is acknowledged", 0, false},
	{none | Of(SynSent), RcvData, Never, 0, "3.10.7.1", "nothing is received yet", 0, false},
	{gotFIN, RcvData, Never, 0, "3.10.7.4", "nothing follows the peer's FIN", 0, false},
	{opening | Of(Established, CloseWait), RcvACKOfFIN, Never, 0, "3.10.7.4", "it has sent no FIN", 0, false},
	{All &^ Of(TimeWait), Timeout2MSL, Never, 0, "3.10.8", "TIME-WAIT's timer", 0, false},
	{All &^ opening, TimeoutSYN, Never, 0, "3.10.8", "an opening's timer", 0, false},
	{All &^ live, TimeoutUser, Never, 0, "3.10.8", "nothing is waited for", 0, false},
	{All &^ Of(FinWait2), TimeoutFinWait2, Never, 0, "Linux tcp_fin_timeout", "FIN-WAIT-2's timer", 0, false},
	{All &^ Of(Closed), OpenPassive, Never, 0, "3.10.1", "the connection exists", 0, false},
	{All &^ Of(Listen, SynSent), Close, Never, 0, "3.10.4", "its FIN shows it, or there is nothing to close", 0, false},
}

// index[state][symbol] is the position in Table of the pair's row, plus 1.
var index = buildIndex()

func buildIndex() (idx [NumStates][NumSymbols]uint8) {
	for i, row := range Table {
		for s := range State(NumStates) {
			if row.From.Has(s) {
				idx[s][row.On] = uint8(i + 1)
			}
		}
	}
	return idx
}

// stateRoom is a power of two not below NumStates, so that an index needs no
// check of its bounds.
const stateRoom = 16

// next[state][symbol] is the set of the one state after symbol: what Apply does
// to a set of one, which nearly all are.
var next = buildNext()

func buildNext() (n [stateRoom][NumSymbols]Set) {
	for s := range State(NumStates) {
		for sym := range Symbol(NumSymbols) {
			n[s][sym] = 1 << Next(s, sym)
		}
	}
	return n
}

// Lookup returns the row that decides sym in state s.
func Lookup(s State, sym Symbol) *Row { return &Table[index[s][sym]-1] }

// Next returns the state after sym. Where nothing changes, or sym cannot
// happen, it is s.
func Next(s State, sym Symbol) State {
	if row := Lookup(s, sym); row.Effect == Change {
		return row.To
	}
	return s
}

// Apply returns the states that an endpoint may be in after sym, if it was in
// one of set: a member for which sym cannot happen leaves. When none is left,
// sym contradicts all that was known before and the set stays as it was.
func (set Set) Apply(sym Symbol) Set {
	if one := set&(set-1) == 0 && set != 0; one {
		return next[bits.TrailingZeros16(uint16(set))&(stateRoom-1)][sym]
	}
	var after Set
	for s := range State(NumStates) {
		if !set.Has(s) {
			continue
		}
		switch row := Lookup(s, sym); row.Effect {
		case Change:
			after |= 1 << row.To
		case Stay:
			after |= 1 << s
		case Never:
		}
	}
	if after == 0 {
		return set
	}
	return after
}
