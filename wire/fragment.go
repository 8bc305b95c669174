package wire

import (
	"cmp"
	"net/netip"
	"slices"
	"unsafe"
)

// IP fragments are put together (RFC 791 section 3.2, RFC 8200 section 4.5). A segment of
// which the first fragment has the header counts at once, as far as that fragment reaches:
// its sender has sent it, whatever becomes of the rest. The last fragment to come brings the
// rest, as if the sender had cut the segment in two: its octets, and its FIN, which comes
// after them. What comes in another order counts when it is whole.
//
// Of a datagram its beginning is kept, where the headers are, and which parts have come.

// Bounds of what is remembered.
const (
	maxDatagrams  = 1 << 12
	maxPieces     = 1 << 10 // of a datagram: of 64 octets each they are the largest that there is
	maxAttackers  = 1 << 8  // pairs of addresses
	prefixOctets  = 512     // of a datagram: Geneve with all options, and what it carries
	fragmentUnit  = 8       // octets in which offsets are counted
	maxDatagram   = 0xffff
	fragmentTime4 = int64(30e9) // ip_frag_time: after that the kernel gives a datagram up
	fragmentTime6 = int64(60e9)
	maxDistance   = 64         // ipfrag_max_dist: after so many others between two addresses it gives one up, too
	idAgain       = int64(1e9) // after that what comes again is another datagram with the id (RFC 4963)
)

// piece is a fragment.
type piece struct {
	proto uint8 // of the datagram
	more  bool  // it is not the last
	off   uint32
	n     uint32 // octets by the IP length
	id    uint32
	body  []byte // captured, n octets at most
	ends  addrs
}

// datagramKey says which fragments belong together. The kernel does not look at the protocol
// in IPv6, nor does a sender choose an id for each.
type datagramKey struct {
	ends   addrs
	id     uint32
	tunnel uint32
	vlan   [2]uint16
	proto  uint8
	v6     bool
}

// span is a part [from, to) of a datagram.
type span struct{ from, to uint32 }

// datagram is what has come of one.
type datagram struct {
	key    datagramKey
	born   int64  // the time of the fragment that came first
	count  uint32 // fragments between its two addresses when the last of its own came
	parts  []span // in order, none touching another one that is not its neighbour's copy
	total  uint32 // octets, when the last fragment has come
	sent   uint32 // octets of payload that have counted
	began  bool   // the first fragment has counted
	over   bool   // whole, or given up: whatever comes is a copy
	prefix [prefixOctets]byte
	filled uint64 // bits: which units of the prefix were captured
	sum    uint64 // of the octets that have come, as checksums add them up
	cut    bool   // not all of them were captured
}

// fragments are the datagrams of which fragments have come.
type fragments struct {
	held    map[datagramKey]*datagram
	sent    map[addrs]uint32 // how many, between two addresses
	queue   []*datagram      // by when their first fragment came; nil where it is held no more
	attacks map[attackKey]*FragmentAttack
	more    uint64 // fragments of attacks for which there was no room
}

// Trick is what an attack with fragments does.
type Trick uint8

// The tricks.
const (
	Overlap   Trick = iota // a fragment brings octets that another one has brought (teardrop; RFC 5722)
	Tiny                   // the TCP header is cut in two, so that filters do not see the flags (RFC 1858)
	Oversized              // a datagram of more than 65,535 octets (ping of death)
)

// String is the name that findings give it.
func (t Trick) String() string { return [...]string{"overlap", "tiny", "oversized"}[t] }

// FragmentAttack is what was seen of a trick between two addresses.
type FragmentAttack struct {
	Src, Dst netip.Addr
	Trick    Trick
	N        uint64      // fragments
	First    [2]FrameRef // the first two of them
	Time     int64       // of the first, nanoseconds since the epoch
	Last     int64
}

type attackKey struct {
	src, dst netip.Addr
	trick    Trick
}

// FragmentAttacks returns what was seen of attacks with fragments, in the order of time,
// and how many fragments more there were, of other hosts: there is room for 256 pairs.
func (d *Decoder) FragmentAttacks() (list []FragmentAttack, more uint64) {
	for _, a := range d.fragments.attacks {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b FragmentAttack) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.Src.Compare(b.Src), a.Dst.Compare(b.Dst), cmp.Compare(a.Trick, b.Trick))
	})
	return list, d.fragments.more
}

// piece takes a fragment.
func (d *Decoder) piece(s *Segment, q *piece) Outcome {
	if d.partial { // within a first fragment: the rest may be needed to tell what this is
		return OutcomeFragment
	}
	if q.more {
		q.n -= q.n % fragmentUnit // as Linux does in IPv4
	}
	if q.n == 0 {
		return OutcomeMalformed
	}
	q.body = q.body[:min(uint32(len(q.body)), q.n)]
	if tiny(q) {
		d.attack(s, q, Tiny)
	}
	g := d.datagramOf(s, q)
	if g.over && q.off == 0 && !g.again(q) || s.Time-g.born > idAgain && g.has(q) {
		d.forget(g) // the id is used anew
		g = d.datagramOf(s, q)
	}
	if g.over {
		return OutcomeFragment
	}
	if q.off+q.n > maxDatagram {
		d.attack(s, q, Oversized)
		g.over = true
		return OutcomeFragment
	}
	switch g.add(q) {
	case pieceAgain:
		return OutcomeFragment
	case pieceOverlaps:
		d.attack(s, q, Overlap)
		g.over = true // as Linux does: none of it is delivered
		return OutcomeFragment
	}
	switch {
	case g.whole():
		return d.assembled(s, q, g)
	case q.off == 0 && !(d.Verify && q.proto == protoTCP): // the checksum is that of all
		return d.beginning(s, q, g)
	}
	return OutcomeFragment
}

// tiny reports whether a fragment hides the TCP header: the first has less than it, or the
// second begins within it. No path has an MTU so small.
func tiny(q *piece) bool {
	return q.proto == protoTCP && (q.off == 0 && q.more && q.n < tcpHeader || q.off > 0 && q.off < tcpHeader)
}

// datagramOf returns the datagram that q belongs to, perhaps a new one. Those that are too
// old, and the oldest of too many, are given up.
func (d *Decoder) datagramOf(s *Segment, q *piece) *datagram {
	f := &d.fragments
	key := datagramKey{ends: q.ends, id: q.id, tunnel: s.Tuple.Tunnel, vlan: s.Tuple.VLAN, proto: q.proto, v6: s.Tuple.V6}
	if key.v6 {
		key.proto = 0
	}
	for len(f.queue) > 0 && (f.queue[0] == nil || len(f.queue) >= maxDatagrams || f.queue[0].old(s.Time)) {
		if g := f.queue[0]; g != nil {
			delete(f.held, g.key)
		}
		f.queue = f.queue[1:]
	}
	count := f.count(q.ends)
	if g := f.held[key]; g != nil {
		if !g.old(s.Time) && (key.v6 || int32(count-g.count) <= maxDistance) {
			g.count = count
			return g
		}
		d.forget(g)
	}
	if f.held == nil {
		f.held = map[datagramKey]*datagram{}
	}
	g := &datagram{key: key, born: s.Time, count: count}
	f.held[key] = g
	f.queue = append(f.queue, g)
	return g
}

// count counts a fragment.
func (f *fragments) count(ends addrs) uint32 {
	if f.sent == nil || len(f.sent) >= maxDatagrams {
		f.sent = map[addrs]uint32{}
	}
	f.sent[ends]++
	return f.sent[ends]
}

// old reports whether the kernel would have given a datagram up by now.
func (g *datagram) old(now int64) bool {
	limit := fragmentTime4
	if g.key.v6 {
		limit = fragmentTime6
	}
	return now-g.born > limit
}

// forget gives a datagram up.
func (d *Decoder) forget(g *datagram) {
	delete(d.fragments.held, g.key)
	if i := slices.Index(d.fragments.queue, g); i >= 0 {
		d.fragments.queue[i] = nil
	}
}

// has reports whether a part of what q brings has come.
func (g *datagram) has(q *piece) bool {
	return slices.ContainsFunc(g.parts, func(x span) bool { return x.from < q.off+q.n && q.off < x.to })
}

// again reports whether a first fragment begins as that of g did.
func (g *datagram) again(q *piece) bool {
	n := min(len(q.body), prefixOctets)
	if len(g.parts) == 0 || g.parts[0] != (span{0, q.n}) {
		return false
	}
	return slices.Equal(q.body[:n], g.prefix[:n])
}

// What becomes of a fragment.
const (
	pieceNew = iota
	pieceAgain
	pieceOverlaps
)

// add takes a fragment's place, and what of it lies in the prefix.
func (g *datagram) add(q *piece) int {
	x := span{q.off, q.off + q.n}
	if !q.more {
		if g.total != 0 && g.total != x.to {
			return pieceOverlaps
		}
		g.total = x.to
	}
	i, same := slices.BinarySearchFunc(g.parts, x, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	switch {
	case same && g.parts[i] == x:
		return pieceAgain
	case same, i > 0 && g.parts[i-1].to > x.from, i < len(g.parts) && g.parts[i].from < x.to,
		g.total != 0 && x.to > g.total, len(g.parts) >= maxPieces:
		return pieceOverlaps
	}
	g.parts = slices.Insert(g.parts, i, x)
	g.sum += uint64(fold16(sum(q.body)))
	g.cut = g.cut || uint32(len(q.body)) < q.n
	for at := 0; at < len(q.body) && int(q.off)+at < prefixOctets; at += fragmentUnit {
		n := copy(g.prefix[int(q.off)+at:], q.body[at:min(at+fragmentUnit, len(q.body))])
		if n == fragmentUnit || !q.more && uint32(at+n) == q.n { // else the rest of the unit was not captured
			g.filled |= 1 << ((int(q.off) + at) / fragmentUnit)
		}
	}
	return pieceNew
}

// whole reports whether all fragments have come.
func (g *datagram) whole() bool {
	if g.total == 0 {
		return false
	}
	at := uint32(0)
	for _, x := range g.parts {
		if x.from != at {
			return false
		}
		at = x.to
	}
	return at == g.total
}

// known returns a copy of the beginning of a datagram as far as it was captured.
func (g *datagram) known() []byte {
	n := 0
	for n < prefixOctets/fragmentUnit && g.filled>>n&1 != 0 {
		n++
	}
	return slices.Clone(g.prefix[:min(n*fragmentUnit, int(g.total))])
}

// beginning decodes a first fragment alone.
func (d *Decoder) beginning(s *Segment, q *piece, g *datagram) Outcome {
	u := upper{proto: q.proto, body: q.body, n: q.n, ends: q.ends}
	direct := q.proto == protoTCP
	if !direct {
		u.n = maxDatagram // what it carries says itself how long it is
	}
	if direct && q.n < tcpHeader {
		return OutcomeFragment // the rest of the header follows
	}
	outer, depth := s.Tuple, d.depth
	d.partial = true
	out := d.whatFollows(s, &u)
	d.partial = false
	if out == OutcomeICMP {
		g.over = true
	}
	if out != OutcomeTCP {
		if out != OutcomeICMP {
			s.Tuple, d.depth = outer, depth
			out = OutcomeFragment
		}
		return out
	}
	present := s.Len
	if !direct {
		at := uintptr(unsafe.Pointer(unsafe.SliceData(s.TCP))) - uintptr(unsafe.Pointer(unsafe.SliceData(q.body)))
		before := uint32(at) + uint32(s.TCP[12]>>4)*4 // what of the fragment lies before the payload
		present = min(s.Len, q.n-min(q.n, before))
	}
	g.began, g.sent = true, present
	header := int(s.TCP[12]>>4) * 4
	s.TCP = s.TCP[:min(len(s.TCP), header+int(present))]
	s.Len, s.Fragment = present, true
	s.LaterFIN = s.Flags.Has(FIN)
	s.Flags &^= FIN
	return OutcomeTCP
}

// wrong reports whether a whole TCP segment has a wrong checksum, as VerifyChecksum does of one
// that came in one piece.
func (g *datagram) wrong(s *Segment) bool {
	pseudo := s.Tuple.sum() + protoTCP + uint64(g.total)
	return !g.cut && s.Sum != 0 && s.Sum != fold16(pseudo) && fold16(pseudo+g.sum) != 0xffff
}

// assembled decodes a datagram that is whole: all of it, or what has not counted yet.
func (d *Decoder) assembled(s *Segment, q *piece, g *datagram) Outcome {
	g.over = true
	u := upper{proto: q.proto, body: g.known(), n: g.total, ends: q.ends}
	out := d.whatFollows(s, &u)
	if d.Verify && out == OutcomeTCP && q.proto == protoTCP && g.wrong(s) {
		return OutcomeChecksum
	}
	s.Fragment = true
	if out != OutcomeTCP || !g.began {
		return out
	}
	if s.Len <= g.sent && s.Flags&FIN == 0 {
		return OutcomeFragment
	}
	s.Seq, s.Len = s.DataSeq().Add(g.sent), s.Len-min(s.Len, g.sent)
	s.Flags &^= SYN
	s.TCP = s.TCP[:min(len(s.TCP), int(s.TCP[12]>>4)*4)] // its options stay
	s.Sum, s.Rest, s.LaterFIN = 0, true, false
	return OutcomeTCP
}

// whatFollows decodes what an IP header led to, if fragments had not been in the way.
func (d *Decoder) whatFollows(s *Segment, u *upper) Outcome {
	if s.Tuple.V6 {
		if out := u.skipExtensions(); out != OutcomeTCP {
			return out
		}
	}
	return d.transport(s, u)
}

// attack notes a trick.
func (d *Decoder) attack(s *Segment, q *piece, trick Trick) {
	src, dst := q.ends.addrs(s.Tuple.V6)
	key := attackKey{src, dst, trick}
	f := &d.fragments
	a := f.attacks[key]
	if a == nil {
		if len(f.attacks) >= maxAttackers {
			f.more++
			return
		}
		if f.attacks == nil {
			f.attacks = map[attackKey]*FragmentAttack{}
		}
		a = &FragmentAttack{Src: src, Dst: dst, Trick: trick, Time: s.Time}
		f.attacks[key] = a
	}
	if a.N < uint64(len(a.First)) {
		a.First[a.N] = s.Ref
	}
	a.N++
	a.Last = max(a.Last, s.Time)
}

// addrs are the addresses of a packet.
func (e *addrs) addrs(v6 bool) (src, dst netip.Addr) {
	var a, b [16]byte
	be.PutUint64(a[:], e.srcHi)
	be.PutUint64(a[8:], e.srcLo)
	be.PutUint64(b[:], e.dstHi)
	be.PutUint64(b[8:], e.dstLo)
	if v6 {
		return netip.AddrFrom16(a), netip.AddrFrom16(b)
	}
	return netip.AddrFrom4([4]byte(a[:4])), netip.AddrFrom4([4]byte(b[:4]))
}
