package analyzer

import (
	"math"
	"math/bits"
	"slices"

	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/wire"
)

// What Zeek's conn.log would say of a connection: conn_state and history. Zeek has a
// machine of its own, of the connection's originator and responder, which takes the
// segments as they come and judges by control bits rather than by numbers. Here it is
// followed beside the analysis and changes nothing of it; its rules were read in Zeek's
// source (docs/compat.md says where). It moves in one direction only: what is
// remembered of it is two numbers of each end.

// zeekState is a state of Zeek's for an end of a connection
// (src/analyzer/protocol/tcp/TCP_Endpoint.h).
type zeekState uint8

const (
	zeekInactive    zeekState = iota // nothing was seen of it
	zeekSYNSent                      // the originator has sent a SYN
	zeekSYNACKSent                   // the originator began with a SYN,ACK
	zeekPartial                      // it was seen, without a SYN
	zeekEstablished                  // its SYN was seen, or the peer answered it
	zeekClosed                       // it sent a FIN
	zeekReset                        // it sent a RST
)

// zeekEnd is what Zeek knows of an end, but for its letters: which it has been given
// (the lowest bits), its state and the state before, whether it is the originator, has
// closed, and was the one with whose close the connection was over.
type zeekEnd uint16

const (
	zeekStateShift           = 7
	zeekBeforeShift          = 10
	zeekStateBits    zeekEnd = 7
	zeekOrig         zeekEnd = 1 << 13
	zeekDidClose     zeekEnd = 1 << 14
	zeekEnded        zeekEnd = 1 << 15
	zeekSeen         zeekEnd = 1<<zeekStateShift - 1
	zeekStatesBefore         = zeekStateBits<<zeekStateShift | zeekStateBits<<zeekBeforeShift
)

func (z zeekEnd) state() zeekState  { return zeekState(z >> zeekStateShift & zeekStateBits) }
func (z zeekEnd) before() zeekState { return zeekState(z >> zeekBeforeShift & zeekStateBits) }

// enter moves an end to a state.
func (z *zeekEnd) enter(s zeekState) {
	if was := z.state(); was != s {
		*z = *z&^zeekStatesBefore | zeekEnd(s)<<zeekStateShift | zeekEnd(was)<<zeekBeforeShift
	}
}

// clean reports whether an end is open, or closed without anything unusual. Only
// between two of those Zeek believes that there is a gap.
func (z zeekEnd) clean() bool {
	return z.state() == zeekEstablished || z.state() == zeekClosed && z.before() == zeekEstablished
}

// letter is one of Zeek's history. The first ones are noted once for each end, those
// from letterAgain on at the first, the tenth, the hundredth occasion.
type letter uint8

const (
	letterSYN letter = iota
	letterFIN
	letterRST
	letterOdd // FIN and RST
	letterData
	letterACK
	letterMulti // SYN with FIN or RST
	letterSYNACK
	letterAgain // octets that were sent before
	letterZero  // a window of zero
	letterBad   // a checksum that is wrong
	letterGap   // octets that were acknowledged and not captured
	letterFlip  // the roles were exchanged: of no end
)

// letters are as the originator has them; the responder has small ones.
const (
	letters      = "SFRIDAQHTWCG^"
	smallLetters = "sfridaqhtwcg^"
)

// seen is the bit of a letter that is noted once: a SYN,ACK is a SYN.
func (l letter) seen() zeekEnd {
	if l == letterSYNACK {
		l = letterSYN
	}
	return 1 << l
}

// byControl is the letter of a segment by FIN, SYN and RST, as its control bits have
// them. Without any it is data or an ACK.
var byControl = [...]letter{
	wire.FIN: letterFIN, wire.SYN: letterSYN, wire.RST: letterRST,
	wire.SYN | wire.FIN: letterMulti, wire.SYN | wire.RST: letterMulti,
	wire.FIN | wire.RST: letterOdd, wire.SYN | wire.FIN | wire.RST: letterOdd,
}

// The history is kept in five bits a letter, the first lowest: 1 + twice the letter,
// and one more for the responder. The first six are in the first end, the next six in
// the second, the rest in the details; nearly none has more.
const (
	letterBits  = 5
	lettersFull = 1 << (5 * letterBits) // a number from here on has six
	moreLetters = 64                    // what the details hold of them: Zeek has no bound
)

// code is how a letter of an end is kept.
func (c *connection) code(l letter, x uint8) uint8 {
	n := 1 + 2*uint8(l)
	if l != letterFlip && c.ep[x].zeek&zeekOrig == 0 {
		n++
	}
	return n
}

// addLetter adds a letter of an end to the history.
func (c *connection) addLetter(l letter, x uint8) {
	n := c.code(l, x)
	for i := range c.ep {
		if w := &c.ep[i].letters; *w < lettersFull {
			*w |= uint32(n) << ((bits.Len32(*w) + letterBits - 1) / letterBits * letterBits)
			return
		}
	}
	if d := c.details(); len(d.letters) < moreLetters {
		d.letters = append(d.letters, n)
	}
}

// noteLetter adds a letter of an end that is noted once, and reports whether it had
// been.
func (c *connection) noteLetter(l letter, x uint8) (again bool) {
	z := &c.ep[x].zeek
	if *z&l.seen() != 0 {
		return true
	}
	*z |= l.seen()
	c.addLetter(l, x)
	return false
}

// countLetter adds a letter of an end at its first, tenth, hundredth occasion.
func (c *connection) countLetter(l letter, x uint8) {
	n := &c.more(x).letters[l-letterAgain]
	if *n == math.MaxUint32 {
		return
	}
	*n++
	for k := uint64(1); k <= uint64(*n); k *= 10 {
		if k == uint64(*n) {
			c.addLetter(l, x)
		}
	}
}

// appendHistory appends Zeek's history.
func (c *connection) appendHistory(b []byte) []byte {
	write := func(n uint8) {
		if l := (n - 1) / 2; n%2 == 1 {
			b = append(b, letters[l])
		} else {
			b = append(b, smallLetters[l])
		}
	}
	for i := range c.ep {
		for w := c.ep[i].letters; w != 0; w >>= letterBits {
			write(uint8(w & (1<<letterBits - 1)))
		}
	}
	if c.x != nil {
		for _, n := range c.x.letters {
			write(n)
		}
	}
	return b
}

// zeek follows Zeek's machine with s, or notes no more than that its checksum is wrong:
// then Zeek drops it.
func (c *connection) zeek(s *wire.Segment, bad bool) {
	x, y := s.Dir, c.peer(s.Dir)
	if c.ep[0].letters == 0 {
		c.originate(s)
	}
	switch {
	case c.zeekForgot(s.Time):
		return
	case bad:
		c.countLetter(letterBad, x)
		return
	}
	c.control(s)
	c.zeekCounts(s)
	z, peer := &c.ep[x].zeek, &c.ep[y].zeek
	if c.flip == 0 {
		peer = new(zeekEnd) // to Zeek there is a responder that says nothing
	}
	c.zeekMoves(s, z, peer)
}

// zeekCounts counts windows of zero, and what was sent before: all that Zeek can find in
// data or an ACK once their sender has sent the like.
func (c *connection) zeekCounts(s *wire.Segment) {
	x := s.Dir
	closed := s.Window == 0 && s.WindowKnown() && !s.Flags.Has(wire.RST)
	again := s.Len > 0 && c.zeekKnows(s)
	if !closed && !again || c.zeekForgot(s.Time) {
		return
	}
	if closed && c.ep[c.peer(x)].zeek.state() != zeekClosed && c.ep[x].zeek.state() != zeekReset {
		c.countLetter(letterZero, x)
	}
	if again {
		c.countLetter(letterAgain, x)
	}
}

// originate says who is Zeek's originator: the sender of the first segment, unless that
// is no SYN and comes from a port that a server is likelier to have.
func (c *connection) originate(s *wire.Segment) {
	x := s.Dir
	c.ep[x].zeek |= zeekOrig
	if s.Flags&(wire.SYN|wire.ACK) == wire.SYN || c.flip == 0 || !likelyServer(c.tuple.Port[x]) {
		return
	}
	src, dst := c.tuple.Port[x], c.tuple.Port[x^1]
	if !likelyServer(dst) || !s.Flags.Has(wire.SYN) && src < dst {
		c.exchange()
	}
}

// exchange gives the originator's role to the other end, with what is known of its
// letters, and notes it.
func (c *connection) exchange() {
	const moves = zeekOrig | zeekSeen
	one, two := &c.ep[0].zeek, &c.ep[1].zeek
	*one, *two = *one&^moves|*two&moves, *two&^moves|*one&moves
	c.addLetter(letterFlip, 0)
}

// likelyServer reports whether a port is one of those at which the protocols that Zeek
// knows are served: likely_server_ports, as scripts/base fills it.
func likelyServer(port uint16) bool {
	_, ok := slices.BinarySearch(serverPorts[:], port)
	return ok
}

var serverPorts = [...]uint16{21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587,
	614, 631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223, 5269, 5432, 6379,
	6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000}

// control notes the letter of what s is. A SYN, FIN or RST is noted again if its number
// is not that of the last.
func (c *connection) control(s *wire.Segment) {
	x := s.Dir
	switch l := byControl[s.Flags&(wire.SYN|wire.FIN|wire.RST)]; {
	case s.Flags&(wire.SYN|wire.FIN|wire.RST) == 0:
		c.productive(s)
	case l == letterSYN && s.Flags.Has(wire.ACK):
		c.repeatable(letterSYNACK, s)
	case l == letterSYN || l == letterFIN || l == letterRST:
		c.repeatable(l, s)
	default:
		c.noteLetter(l, x)
	}
}

// productive notes data or an ACK. If nothing was there before but a SYN,ACK, which may
// have been a scan, that was the answer to a SYN after all.
func (c *connection) productive(s *wire.Segment) {
	x := s.Dir
	if s.Len == 0 && !s.Flags.Has(wire.ACK) {
		return
	}
	if first := c.ep[0].letters; first < 1<<letterBits && c.flip == 1 && (first == uint32(c.code(letterSYNACK, 0)) || first == uint32(c.code(letterSYNACK, 1))) && first%2 == 1 {
		c.ep[0].letters = 0
		c.exchange()
		c.addLetter(letterSYNACK, c.responder())
	}
	if s.Len > 0 {
		c.noteLetter(letterData, x)
	} else {
		c.noteLetter(letterACK, x)
	}
}

// responder is the end that is not Zeek's originator.
func (c *connection) responder() uint8 {
	if c.ep[0].zeek&zeekOrig != 0 {
		return c.peer(0)
	}
	return 0
}

// repeatable notes a SYN, FIN or RST.
func (c *connection) repeatable(l letter, s *wire.Segment) {
	if c.noteLetter(l, s.Dir) && c.otherNumber(l, s) {
		c.addLetter(l, s.Dir)
	}
}

// otherNumber reports whether s has another number than the last of its kind that its
// sender sent. Until an end has closed Zeek takes a SYN for the beginning, whatever its
// number is.
func (c *connection) otherNumber(l letter, s *wire.Segment) bool {
	ep := &c.ep[s.Dir]
	switch l {
	case letterFIN:
		return ep.sp.Has(reassembly.KnownFIN) && s.FINSeq() != ep.sp.FIN
	case letterRST:
		last := c.lastReset(s.Dir)
		return last != nil && last.seq != s.Seq
	}
	return ep.zeek.state() >= zeekClosed && ep.sp.Has(reassembly.KnownISS) && s.Seq != ep.sp.ISS
}

// lastReset is the last RST remembered of an end, nil for none.
func (c *connection) lastReset(x uint8) *reset {
	if c.x == nil {
		return nil
	}
	for i := len(c.x.resets) - 1; i >= 0; i-- {
		if r := &c.x.resets[i]; r.side == x && !r.old {
			return r
		}
	}
	return nil
}

// zeekKnows reports whether s, with payload, brings no number that is new: Zeek counts
// it as a retransmission. So it does with data on a SYN, by whose end it begins.
func (c *connection) zeekKnows(s *wire.Segment) bool {
	ep := &c.ep[s.Dir]
	switch state := ep.zeek.state(); {
	case state == zeekReset:
		return false
	case state == zeekInactive:
		return s.Flags&(wire.SYN|wire.RST) != 0
	case !ep.sp.Has(reassembly.KnownNext):
		return false
	}
	end := s.End()
	if s.Flags.Has(wire.RST) {
		end = s.Seq // its payload is no part of the stream
	}
	return end.LessEq(ep.sp.Captured())
}

// zeekMoves gives z, the sender of s, the state that Zeek has of it then, and the peer's,
// which its answer may move.
func (c *connection) zeekMoves(s *wire.Segment, z, peer *zeekEnd) {
	was, ends := z.state(), s.Flags
	if was == zeekEstablished && s.Flags&(wire.SYN|wire.FIN|wire.RST) == 0 {
		return // what most are
	}
	if ends.Has(wire.RST) && was >= zeekPartial {
		ends &^= wire.FIN
	}
	switch {
	case was == zeekInactive:
		c.zeekBegins(s, z, peer)
	case was == zeekReset, was == zeekClosed && peer.state() == zeekClosed:
		return
	case was == zeekClosed:
		z.leave(ends &^ wire.FIN)
	case was == zeekPartial && peer.state() == zeekInactive && s.Flags&(wire.SYN|wire.ACK) == wire.SYN:
		z.enter(zeekSYNSent)
		fallthrough
	default:
		if s.Flags&(wire.FIN|wire.RST) == wire.FIN && peer.state() == zeekReset && peer.before() == zeekClosed {
			peer.enter(zeekClosed) // its RST came after its own FIN: that was the end
		}
		z.leave(ends)
	}
	z.close(*peer)
}

// leave closes or resets an end that has sent a segment with those control bits.
func (z *zeekEnd) leave(f wire.Flags) {
	if f.Has(wire.FIN) {
		z.enter(zeekClosed)
	}
	if f.Has(wire.RST) {
		z.enter(zeekReset)
	}
}

// close notes that an end has closed, and whether the connection is over by that: by a
// RST, or since the peer has closed or was never seen.
func (z *zeekEnd) close(peer zeekEnd) {
	if z.state() < zeekClosed || *z&zeekDidClose != 0 {
		return
	}
	*z |= zeekDidClose
	if z.state() == zeekReset || peer&zeekDidClose != 0 || peer.state() == zeekInactive {
		*z |= zeekEnded
	}
}

// zeekBegins: s is the first segment of its sender that counts.
func (c *connection) zeekBegins(s *wire.Segment, z, peer *zeekEnd) {
	orig := *z&zeekOrig != 0
	switch syn, ack := s.Flags.Has(wire.SYN), s.Flags.Has(wire.ACK); {
	case syn && orig && ack:
		z.enter(zeekSYNACKSent)
	case syn && orig:
		z.enter(zeekSYNSent)
	case syn:
		c.zeekAnswers(s, z, peer)
	}
	z.leave(s.Flags)
	if z.state() != zeekInactive {
		return
	}
	switch {
	case !orig && s.Len == 0 && peer.state() == zeekSYNSent:
		// Some stacks acknowledge a SYN before they answer it.
	case s.Flags.Has(wire.ACK) && peer.state() == zeekEstablished:
		z.enter(zeekEstablished) // its SYN was missed
	default:
		z.enter(zeekPartial)
	}
}

// zeekAnswers: s is a SYN, with ACK or without, of the responder. If it is without, and
// the SYN,ACK that the originator began with acknowledges it, the two stand in the
// wrong order.
func (c *connection) zeekAnswers(s *wire.Segment, z, peer *zeekEnd) {
	own := &c.ep[s.Dir].sp
	if !s.Flags.Has(wire.ACK) && peer.state() == zeekSYNACKSent && own.Has(reassembly.KnownISS) && own.ISS == s.Seq {
		c.exchange()
		peer.enter(zeekEstablished)
	}
	if peer.state() == zeekSYNSent {
		peer.enter(zeekEstablished)
	}
	z.enter(zeekEstablished)
}

// zeekGap: octets of y were acknowledged that the capture does not have.
func (c *connection) zeekGap(y uint8) {
	if c.ep[y].zeek.clean() && c.ep[c.peer(y)].zeek.clean() {
		c.countLetter(letterGap, y)
	}
}

// zeekLinger is for how long Zeek remembers a connection that is over, tcp_close_delay:
// what comes later is another one to it.
const zeekLinger = 5e9

// zeekForgot reports whether Zeek has forgotten the connection by now.
func (c *connection) zeekForgot(now int64) bool {
	if (c.ep[0].zeek|c.ep[1].zeek)&zeekEnded == 0 {
		return false
	}
	end := c.zeekOver()
	return end != 0 && now-end > zeekLinger
}

// zeekOver is when the connection was over to Zeek; 0 if that is not remembered.
func (c *connection) zeekOver() int64 {
	x := uint8(0)
	if c.ep[0].zeek&zeekEnded == 0 {
		x = 1
	}
	if c.ep[x].zeek.state() == zeekReset {
		return c.firstReset(x)
	}
	return c.ep[x].fin.t
}

// firstReset is when an end sent its first RST, 0 if none is remembered.
func (c *connection) firstReset(x uint8) int64 {
	if c.x != nil {
		for i := range c.x.resets {
			if r := &c.x.resets[i]; r.side == x && !r.old {
				return r.t
			}
		}
	}
	return 0
}

// connStates are Zeek's names for the states of the originator, a row each, and of the
// responder at the end (conn_state in scripts/base/protocols/conn/main.zeek).
var connStates = [...][7]string{
	zeekInactive:    {"OTH", "OTH", "OTH", "OTH", "OTH", "SHR", "RSTRH"},
	zeekSYNSent:     {"S0", "OTH", "OTH", "OTH", "OTH", "S3", "REJ"},
	zeekSYNACKSent:  {"OTH", "OTH", "OTH", "OTH", "OTH", "S3", "REJ"},
	zeekPartial:     {"OTH", "OTH", "OTH", "OTH", "OTH", "SHR", "RSTRH"},
	zeekEstablished: {"OTH", "OTH", "OTH", "OTH", "S1", "S3", "RSTR"},
	zeekClosed:      {"SH", "S2", "S2", "SH", "S2", "SF", "RSTR"},
	zeekReset:       {"RSTOS0", "RSTO", "RSTO", "RSTOS0", "RSTO", "RSTO", "RSTR"},
}

// connState is Zeek's conn_state.
func (c *connection) connState(history []byte) string {
	resp := c.responder()
	orig := c.peer(resp)
	of := c.ep[resp].zeek.state()
	if c.flip == 0 {
		orig, of = 0, zeekInactive
	}
	switch name := connStates[c.ep[orig].zeek.state()][of]; {
	case name == "RSTOS0" && !synThenRST(history):
		return "OTH"
	case name == "RSTR" && c.ep[orig].zeek.state() == zeekReset && c.silent(orig) && c.silent(resp):
		return "REJ"
	default:
		return name
	}
}

// synThenRST reports whether a history is that of an originator who sent a SYN, and a
// RST before anything else but data: Zeek asks it by ^?S[^HAFGIQ]*R.
func synThenRST(history []byte) bool {
	if len(history) > 0 && history[0] == '^' {
		history = history[1:]
	}
	for i, l := range history {
		switch {
		case i == 0 && l != 'S', slices.Contains([]byte("HAFGIQ"), l):
			return false
		case l == 'R':
			return true
		}
	}
	return false
}

// silent reports whether an end has sent no octet.
func (c *connection) silent(x uint8) bool { return c.unique(x) == 0 && c.ep[x].sp.Missing() == 0 }
