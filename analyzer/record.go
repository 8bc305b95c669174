package analyzer

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/reassembly"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// record builds what is reported of c as of now. It changes nothing in c.
func (a *Analyzer) record(c *connection, why finality, now int64) *report.Connection {
	a.trace(c)
	r := a.outline(c, why, now)
	a.detail(c, r, now)
	return r
}

// detail adds what a record has only to be read, or looked up by, or for few detectors.
func (a *Analyzer) detail(c *connection, r *report.Connection, now int64) {
	a.transitions(c, r, now)
	a.label(c, r)
}

// label adds what a record has only to be read, or looked up by.
func (a *Analyzer) label(c *connection, r *report.Connection) {
	client, server := &r.Endpoints.Client, &r.Endpoints.Server
	a.standing(c, c.client, client)
	if c.flip == 1 {
		a.standing(c, c.peer(c.client), server)
	} else {
		server.Possible, server.Pending = []string{}, []report.Pending{}
	}
	if c.phase == stray {
		client.Pending, server.Pending = []report.Pending{}, []report.Pending{}
	}
	r.CommunityID = a.communityID(&c.tuple)
	r.WiresharkFilter = a.filter(c, r)
	a.fillCompat(c, r)
}

// outline is record but for what detail adds. The courses of c have been traced.
func (a *Analyzer) outline(c *connection, why finality, now int64) *report.Connection {
	b := a.recordRoom(c)
	r := &b.conn
	r.Type, r.ID, r.Incarnation = "connection", c.id, int(c.incarnation)
	r.Client, r.Server, r.RoleBasis = a.addr(c, report.Client), a.addr(c, report.Server), roleNames[c.role]
	r.VLAN, r.Tunnel = vlans(&c.tuple), a.tunnel(&c.tuple)
	r.FirstFrame, r.FirstFile = c.first.Frame(), a.file(c.first)
	last := c.latest()
	r.LastFrame, r.LastFile = last.ref.Frame(), a.file(last.ref)
	r.Start, r.End, r.Duration = stamp(c.start), stamp(last.t), secs(last.t-c.start)
	r.FinalBy = finalityNames[why]
	r.Transitions, r.Refuted, r.Resets, r.Findings = b.transitions[:0], b.refuted[:0], b.resets[:0], b.findings[:0]
	if c.x != nil && c.x.previous != 0 {
		r.Previous = b.num(c.x.previous)
	}
	if c.phase == stray {
		r.Incarnation-- // it is none
	}
	a.fillDetails(c, r)
	a.endpoint(c, c.client, &r.Endpoints.Client)
	if c.flip == 1 {
		a.endpoint(c, c.peer(c.client), &r.Endpoints.Server)
	} else {
		r.Endpoints.Server.State, r.Endpoints.Server.ConfirmedState = fsm.Closed.String(), fsm.Closed.String()
	}
	if c.phase == stray { // it opened nothing
		for _, e := range []*report.Endpoint{&r.Endpoints.Client, &r.Endpoints.Server} {
			e.State, e.ConfirmedState, e.Since = fsm.Closed.String(), fsm.Closed.String(), nil
		}
		for i := range r.Resets {
			r.Resets[i].Effect = effectNames[effectVoid]
		}
	}
	a.vantage(c, &r.Vantage)
	a.opening(c, &r.Open)
	a.closing(c, why, now, &r.Close)
	r.SYNData = c.synData()
	r.HalfClose = a.halfClose(c)
	r.Complete = a.complete(c, r)
	r.Confidence = confidence(c, r)
	return r
}

// recordRoom returns the place for the record of c: a fresh one if it may be
// kept, else the one that is used again for every record.
func (a *Analyzer) recordRoom(c *connection) *recordBuf {
	if a.part != nil {
		a.rec = a.part.room(a.rec)
	} else if a.opt.OnRecord == nil || a.rec == nil || a.rec.kept || c.id == a.opt.Watch {
		a.rec = &recordBuf{kept: c.id == a.opt.Watch, refuted: []report.Refuted{}, resets: []report.Reset{}}
		return a.rec
	}
	b := a.rec
	b.transitions, b.refuted, b.resets = b.conn.Transitions, b.conn.Refuted, b.conn.Resets
	b.conn, b.rtt, b.used = report.Connection{}, report.SideSeconds{}, roomUsed{}
	return b
}

// side names an end.
func (c *connection) side(i uint8) report.Side {
	if i == c.client {
		return report.Client
	}
	return report.Server
}

// index returns the end that a side names.
func (c *connection) index(s report.Side) uint8 {
	if s == report.Client {
		return c.client
	}
	return c.client ^ 1
}

func (a *Analyzer) addr(c *connection, s report.Side) report.Addr {
	ap := c.tuple.AddrPort(int(c.index(s)))
	return report.Addr{IP: ap.Addr(), Port: ap.Port()}
}

// file returns the file index of a frame, if the capture has several files.
func (a *Analyzer) file(ref wire.FrameRef) *int {
	if a.opt.Files <= 1 {
		return nil
	}
	f := ref.File()
	return &f
}

func stamp(ns int64) time.Time { return time.Unix(0, ns).UTC() }

func secs(ns int64) float64 { return float64(ns) / 1e9 }

// recordBuf is a record together with the values that its optional fields
// point to, so that a record costs few allocations. What does not fit is
// allocated by itself.
type recordBuf struct {
	conn report.Connection
	kept bool // it is not to be used again

	found       []report.Finding    // room for those of the connection, in a Pool
	transitions []report.Transition // room of the record before, as the next two
	refuted     []report.Refuted
	resets      []report.Reset

	nums  [24]uint64
	times [28]time.Time
	secs  [10]float64
	used  roomUsed
	ends  [2]endBuf
	rtt   report.SideSeconds

	compat   compatBuf
	pending  [6]report.Pending
	findings [4]string
}

// roomUsed is how many values of a recordBuf are taken.
type roomUsed struct{ nums, times, secs int }

// endBuf holds the optional fields of one end.
type endBuf struct {
	isn          uint32
	mss          uint16
	scale        uint8
	sack, stamps bool
}

// compatBuf holds a record's compat, with what it points to.
type compatBuf struct {
	report.Compat
	complete, reason int
}

func (b *recordBuf) num(n uint64) (p *uint64) {
	if b.used.nums == len(b.nums) {
		p = new(uint64)
	} else {
		p = &b.nums[b.used.nums]
		b.used.nums++
	}
	*p = n
	return p
}

func (b *recordBuf) time(ns int64) (p *time.Time) {
	if b.used.times == len(b.times) {
		p = new(time.Time)
	} else {
		p = &b.times[b.used.times]
		b.used.times++
	}
	*p = stamp(ns)
	return p
}

func (b *recordBuf) seconds(ns int64) (p *float64) {
	if b.used.secs == len(b.secs) {
		p = new(float64)
	} else {
		p = &b.secs[b.used.secs]
		b.used.secs++
	}
	*p = secs(ns)
	return p
}

// takePending returns the room for what an end has pending.
func (b *recordBuf) takePending(end uint8) []report.Pending {
	const each = len(b.pending) / 2
	return b.pending[int(end)*each : int(end)*each : (int(end)+1)*each]
}

// frame returns the number of a frame, nil for none.
func (b *recordBuf) frame(ref wire.FrameRef) *uint64 {
	if ref == 0 {
		return nil
	}
	return b.num(ref.Frame())
}

func (a *Analyzer) filePtr(ref wire.FrameRef) *int {
	if ref == 0 {
		return nil
	}
	return a.file(ref)
}

// transitions fills r.Transitions, if that is not done: those of both ends, by time. A
// stray SYN has none.
func (a *Analyzer) transitions(c *connection, r *report.Connection, now int64) {
	if c.phase == stray || len(r.Transitions) > 0 {
		return
	}
	one, two := a.courses[0].list, a.courses[1].list
	if c.flip == 0 {
		two = nil
	}
	if n := len(one) + len(two); cap(r.Transitions) < n {
		r.Transitions = make([]report.Transition, 0, n)
	}
	var last [2]*transition
	var at [2]int
	doubt := [2]bool{c.closedUnseen(0, now), c.closedUnseen(1, now)}
	for len(one)+len(two) > 0 {
		side := uint8(0)
		if len(one) == 0 || len(two) > 0 && earlier(&two[0], &one[0]) {
			side = 1
		}
		next := &one
		if side == 1 {
			next = &two
		}
		tr := &(*next)[0]
		*next = (*next)[1:]
		from, to := tr.from.String(), tr.to.String()
		if from == to { // UNKNOWN, with fewer possible states
			continue
		}
		if prev := last[side]; prev != nil {
			before := &r.Transitions[at[side]]
			switch {
			case prev.t == tr.t && tr.ref != 0 && prev.ref == tr.ref:
				before.Momentary = true
			case c.neverHeld(side, prev, tr):
				before.Basis = inferred.String()
			}
		}
		last[side], at[side] = tr, len(r.Transitions)
		r.Transitions = r.Transitions[:len(r.Transitions)+1]
		out := &r.Transitions[len(r.Transitions)-1]
		*out = report.Transition{}
		out.From, out.To = from, to
		a.transition(c, side, tr, out)
		old := tr.sym == fsm.SndSYN && c.ep[side].has(synMayBeOld)
		if (tr.basis == confirmed || tr.basis == sent) && (old || tr.unsure(doubt[side])) {
			out.Basis = inferred.String()
		}
	}
}

// neverHeld reports whether an end may not have been in the state that it seems to
// have entered by tr: the first thing known of it afterwards, gone, is that it had
// no connection. A kernel at its limit of TIME-WAIT sockets makes none (C4), and a
// SYN whose host refuses the answer may be an old one, or another's.
func (c *connection) neverHeld(side uint8, tr, gone *transition) bool {
	switch {
	case gone.basis != inferred || gone.ref != 0:
		return false
	case tr.to.Is(fsm.TimeWait):
		return gone.sym == fsm.SndRST && c.notBefore(side, gone) <= tr.t+c.guard(side)
	}
	r := c.resetOf(gone.by)
	return tr.to.Is(fsm.SynSent) && gone.sym == fsm.TimeoutSYN && r != nil && r.answers != 0 && r.lag > ownTap
}

// earlier orders the transitions of both ends: by time, then by event.
func earlier(x, y *transition) bool { return x.t < y.t || x.t == y.t && x.index < y.index }

// transition fills in one transition as it is reported. What no packet shows has
// bounds instead of a time, unless a timer gives it.
func (a *Analyzer) transition(c *connection, side uint8, tr *transition, out *report.Transition) {
	out.Side, out.On, out.Basis = c.side(side), tr.sym.String(), tr.basis.String()
	out.Rule = changingRow(tr.from, tr.sym).Rule
	out.Frame, out.File = a.rec.frame(tr.ref), a.filePtr(tr.ref)
	out.ConfirmedFrame, out.ConfirmedFile = a.rec.frame(tr.by), a.filePtr(tr.by)
	if tr.ref != 0 || tr.sym == fsm.Timeout2MSL {
		out.T = a.rec.time(tr.t)
		return
	}
	out.NotBefore, out.NotAfter = a.rec.time(c.notBefore(side, tr)), a.rec.time(tr.t)
}

// notBefore bounds an unseen transition from below: the last thing its end is
// known to have done before it.
func (c *connection) notBefore(side uint8, tr *transition) int64 {
	t := c.start
	for i := range c.events {
		if e := &c.events[i]; e.side == side && e.t < tr.t && e.ref != 0 {
			t = max(t, e.t)
		}
	}
	if c.x != nil {
		for _, m := range c.x.since {
			if m.ref == tr.by {
				t = max(t, m.t)
			}
		}
	}
	return min(t, tr.t)
}

// fillDetails fills what the side table holds.
func (a *Analyzer) fillDetails(c *connection, r *report.Connection) {
	if c.x == nil {
		return
	}
	for i := range c.x.refuted {
		f := &c.x.refuted[i]
		r.Refuted = append(r.Refuted, report.Refuted{Side: c.side(f.side), On: f.sym.String(),
			Frame: f.ref.Frame(), File: a.filePtr(f.ref), ByFrame: f.by.Frame(), ByFile: a.filePtr(f.by), Why: f.why})
	}
	for i := range c.x.resets {
		r.Resets = append(r.Resets, a.resetRecord(c, &c.x.resets[i]))
	}
	if e := c.x.rejected; e != nil {
		r.Rejected = &report.Rejected{ICMPType: e.Type, ICMPCode: e.Code, Frame: e.Ref.Frame(), File: a.filePtr(e.Ref)}
	}
	if u := c.x.reuse; u != nil {
		r.Reuse = &report.Reuse{Age: secs(u.age), ISNDelta: u.delta, AcceptedBy: u.by}
		if u.delay > 0 {
			r.Reuse.Delay = a.rec.seconds(u.delay)
		}
	}
}

// endpoint fills in one end as it is reported.
func (a *Analyzer) endpoint(c *connection, side uint8, e *report.Endpoint) {
	ep, sp, more := &c.ep[side], &c.ep[side].sp, c.look(side)
	e.State, e.ConfirmedState = ep.shown.String(), ep.proved.String()
	e.Packets, e.PayloadBytes, e.UniqueBytes = ep.packets, ep.payload, c.unique(side)
	e.Retransmits, e.OutOfOrder, e.DuplicateAcks = uint64(more.retransmits), uint64(more.outOfOrder), uint64(more.duplicateACK)
	e.ZeroWindows, e.WindowProbes = uint64(more.zeroWindows), uint64(more.wprobes)
	e.KeepaliveProbes, e.KeepaliveReplies = uint64(more.probes), uint64(more.replies)
	if t := a.courses[side].since(0); t != 0 {
		e.Since = a.rec.time(t)
	}
	if sp.Has(reassembly.KnownISS) {
		a.rec.ends[side].isn = uint32(sp.ISS)
		e.ISN = &a.rec.ends[side].isn
	}
	if rtt, ok := c.ep[c.peer(side)].sp.RTT(); ok {
		e.RTTMin = a.rec.seconds(rtt)
	}
	ep.options(e, &a.rec.ends[side])
}

// standing adds to an end as it is reported what no count depends on: where it may be,
// what it waits for, and until when.
func (a *Analyzer) standing(c *connection, side uint8, e *report.Endpoint) {
	ep, way := &c.ep[side], &a.courses[side]
	e.Possible, e.Pending = []string{}, a.rec.takePending(side)
	if _, one := ep.shown.One(); !one {
		for _, s := range c.possible(side).States() {
			e.Possible = append(e.Possible, s.String())
		}
	}
	for i := 0; i < len(c.events) && ep.open != 0; i++ {
		if ev := &c.events[i]; ev.side == side && ev.basis == assumed && way.rests(ev.sym) {
			e.Pending = append(e.Pending, report.Pending{On: ev.sym.String(), Frame: ev.ref.Frame(), File: a.filePtr(ev.ref)})
		}
	}
	if end := a.timeWaitOver(c, side); end != 0 {
		e.TimeWaitUntil = a.rec.time(end)
	}
	if limit := a.stackOf(c, side).FinWait2; limit > 0 && ep.shown.Is(fsm.FinWait2) {
		e.GivesUpAt = a.rec.time(way.since(c.start) + int64(limit))
	}
}

// possible are the states that an end may be in. One that was closing when the
// capture began may have been closed by the last ACK that it got, if that is the
// last that is known of it (R13).
func (c *connection) possible(side uint8) fsm.Set {
	ep, peer := &c.ep[side], &c.ep[c.peer(side)]
	set := ep.shown
	if !ep.sp.Has(reassembly.KnownFIN) && set.Intersects(fsm.Of(fsm.LastAck)) && peer.has(acked) && peer.lastTime >= ep.lastTime {
		set |= fsm.Of(fsm.Closed)
	}
	return set
}

// options fills what the end's SYN announced, if it was captured whole.
func (ep *endpoint) options(e *report.Endpoint, b *endBuf) {
	if !ep.has(synSeen) {
		return
	}
	b.mss, b.scale, b.sack, b.stamps = ep.mss, ep.scale, ep.has(sackPermitted), ep.has(timestamps)
	if ep.mss != 0 {
		e.MSS = &b.mss
	}
	if ep.has(scaleOption) {
		e.WindowScale = &b.scale
	}
	e.SACK, e.Timestamps = &b.sack, &b.stamps
}

// synData reports the payload that SYNs carried and what was taken of it.
func (c *connection) synData() *report.SYNData {
	if c.ep[0].syn.data|c.ep[1].syn.data == 0 {
		return nil
	}
	side := func(i uint8) *report.SYNDataSide {
		ep, sp := &c.ep[i], &c.ep[i].sp
		if ep.syn.data == 0 {
			return nil
		}
		d := &report.SYNDataSide{Bytes: ep.syn.data, Accepted: "none"}
		switch taken := c.look(i).synTaken; {
		case !sp.Has(reassembly.KnownUna):
		case taken >= ep.syn.data:
			d.Accepted = "all"
		case taken > 0:
			d.Accepted = "part"
		}
		return d
	}
	d := report.SYNData{Client: side(c.client), Server: side(c.peer(c.client))}
	if d.Client == nil && d.Server == nil {
		return nil
	}
	if c.flip == 0 {
		d.Server = nil
	}
	return &d
}

// halfClose reports the half-close: by the end whose FIN came first, with what
// the other sent after it had acknowledged it.
func (a *Analyzer) halfClose(c *connection) *report.HalfClose {
	if c.x == nil || !c.x.half.seen {
		return nil
	}
	h := &c.x.half
	return &report.HalfClose{By: c.side(c.peer(h.side)), Duration: secs(h.sent.last.t - h.from), Bytes: h.bytes}
}

// complete: the handshake and both ends' close were seen.
func (a *Analyzer) complete(c *connection, r *report.Connection) bool {
	opened := r.Open.Kind != "mid-stream" && c.role == roleSYN
	return opened && (r.Close.EndedBy == "fin" || r.Close.EndedBy == "reset")
}

// confidence says how far the whole record rests on what is proved.
func confidence(c *connection, r *report.Connection) string {
	missing := r.Vantage.MissingBytes.Client + r.Vantage.MissingBytes.Server
	switch {
	case c.flags&midStream != 0, r.Vantage.OneWay, missing > 0, c.lostEvents > 0:
		return "low"
	case !c.settled(0), !c.settled(1):
		return "medium"
	}
	return "high"
}

// settled reports whether the state shown of an end rests on what is proved,
// and on ACKs of its FIN that nothing contradicts: those nothing can prove.
func (c *connection) settled(side uint8) bool {
	const ackOfFIN = 1 << fsm.RcvACKOfFIN
	lost := c.lostACKOfFIN(side)
	if open := c.ep[side].open; open == 0 || open == ackOfFIN && !lost {
		return true
	}
	set := c.ep[side].initial
	for i := range c.events {
		e := &c.events[i]
		if e.side == side && (e.basis != assumed || e.sym == fsm.RcvACKOfFIN && !lost) {
			set = e.apply(set)
		}
	}
	return set == c.ep[side].shown
}

// filter is a Wireshark display filter for the connection.
func (a *Analyzer) filter(c *connection, r *report.Connection) string {
	proto := "ip.addr eq "
	if c.tuple.V6 {
		proto = "ipv6.addr eq "
	}
	var room [240]byte
	b := room[:0]
	for _, end := range [...]*report.Addr{&r.Client, &r.Server} {
		if len(b) > 0 {
			b = append(b, " and "...)
		}
		b = end.IP.AppendTo(append(b, proto...))
		b = strconv.AppendUint(append(b, " and tcp.port eq "...), uint64(end.Port), 10)
	}
	b = appendEncapsulation(b, r)
	if c.incarnation > 1 || c.flags&supersededFlag != 0 {
		b = strconv.AppendUint(append(b, " and frame.number ge "...), r.FirstFrame, 10)
		b = strconv.AppendUint(append(b, " and frame.number le "...), r.LastFrame, 10)
	}
	return a.text.Text(b)
}

// idFields are Wireshark's names for the ids of tunnels, by ours.
var idFields = map[string]string{
	"pppoe": "pppoe.session_id", "gre": "gre.key", "vxlan": "vxlan.vni", "geneve": "geneve.vni",
	"erspan": "erspan.spanid", "pbb": "ieee8021ah.isid", "lisp": "lisp-data.iid",
}

// appendEncapsulation adds the ids that a connection has in its key to a display filter.
func appendEncapsulation(b []byte, r *report.Connection) []byte {
	for _, id := range r.VLAN {
		b = appendVLAN(b, strconv.Itoa(int(id)))
	}
	for _, hop := range r.Tunnel {
		kind, id, _ := strings.Cut(hop, ":")
		if kind == "vlan" {
			b = appendVLAN(b, id)
		} else if field := idFields[kind]; field != "" && id != "" {
			b = fmt.Appendf(b, " and %s eq %s", field, id)
		}
	}
	return b
}

// appendVLAN adds a VLAN id, which has two names: the second is that of 802.1ad's own tags.
func appendVLAN(b []byte, id string) []byte {
	return fmt.Appendf(b, " and (vlan.id eq %s or ieee8021ad.id eq %[1]s)", id)
}

// vlans lists the VLAN ids of the key.
func vlans(t *wire.FourTuple) []uint16 {
	list := []uint16{}
	for _, v := range t.VLAN {
		if v != 0 {
			list = append(list, v)
		}
	}
	return list
}

// tunnel names the tunnels of the key.
func (a *Analyzer) tunnel(t *wire.FourTuple) []string {
	if t.Tunnel == 0 {
		return []string{}
	}
	return a.decoder.TunnelPath(t.Tunnel)
}

// communityID is version 1 of the Community ID flow hash, with seed 0: the key
// is in its order already.
func (a *Analyzer) communityID(t *wire.FourTuple) string {
	var b [40]byte
	p := b[:2]
	n := 4
	if t.V6 {
		n = 16
	}
	p = append(p, t.Addr[0][:n]...)
	p = append(p, t.Addr[1][:n]...)
	p = append(p, 6, 0)
	p = binary.BigEndian.AppendUint16(p, t.Port[0])
	p = binary.BigEndian.AppendUint16(p, t.Port[1])
	sum := sha1.Sum(p)
	id := [30]byte{'1', ':'}
	base64.StdEncoding.Encode(id[2:], sum[:])
	return a.text.Text(id[:])
}
