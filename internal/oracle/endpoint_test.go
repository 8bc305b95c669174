package oracle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lastack/lastack/wire"
)

// at makes an endpoint with ISS 1000 and IRS 9000, which has sent octets up to
// 1100 (with its FIN, where the state had one, at 1099), acknowledged 9050,
// and advertised a window up to 9550.
func at(state string, passive bool) *endpoint {
	e := &endpoint{
		state: state, passive: passive,
		iss: 1000, hasISS: true, nxt: 1100, hasNXT: true, unseen: 1100,
		irs: 9000, hasIRS: true, acked: 9050, hasACK: true, edge: 9550, hasEdge: true,
		rx: stream{base: 9000, have: []span{{0, 50}}},
	}
	switch state {
	case finWait1, finWait2, closing, lastAck, timeWait:
		e.fin, e.hasFIN = 1099, true
	case synSent, synReceived:
		e.nxt, e.unseen = 1001, 1001
		e.hasACK, e.acked = state == synReceived, 9001
		e.rx.have = nil
	}
	return e
}

// row is what arrives in a state, and what follows.
type row struct {
	state   string
	passive bool
	flags   string
	seq     int64 // relative to RCV.NXT
	ack     int64 // relative to SND.NXT
	length  uint32
	want    string // symbols and states, or the step that stops it
}

// unsure reports whether stacks may differ: about requests that are reset,
// about RSTs after a FIN, and where octets before a FIN are missing.
func (r *row) unsure() bool {
	reset := strings.Contains(r.flags, "R")
	return reset && r.state == synReceived && r.passive && r.seq == 0 ||
		reset && r.state == closeWait && r.seq == -1 ||
		strings.Contains(r.flags, "FA") && r.seq > 0 && r.seq < 500
}

// prose is section 3.10.7, step by step: what arrives in which state, and the
// states that follow. SEG.SEQ is RCV.NXT (9050, or 9001 in SYN-RECEIVED) and
// SEG.ACK is SND.NXT where the row does not say otherwise.
var prose = []row{
	{closed, false, "S", 0, 0, 0, "3.10.7.1"},
	{closed, false, "A", 0, 0, 0, "3.10.7.1"},
	{closed, false, "R", 0, 0, 0, "3.10.7.1"},
	{listen, false, "R", 0, 0, 0, "3.10.7.2"},
	{listen, false, "A", 0, 0, 0, "3.10.7.2"},
	{listen, false, "SA", 0, 0, 0, "3.10.7.2"},
	{listen, false, "F", 0, 0, 0, "3.10.7.2"},
	{listen, false, "S", 0, 0, 0, "rcv.SYN SYN-RECEIVED"},
	{listen, false, "S", 0, 0, 10, "rcv.SYN SYN-RECEIVED"},
	{synSent, false, "SA", 0, 0, 0, "rcv.SYN,ACK ESTABLISHED"},
	{synSent, false, "SFA", 0, 0, 0, "rcv.SYN,ACK ESTABLISHED rcv.FIN CLOSE-WAIT"},
	{synSent, false, "SA", 0, -1, 0, "first"},
	{synSent, false, "SA", 0, 1, 0, "first"},
	{synSent, false, "S", 0, 0, 0, "rcv.SYN SYN-RECEIVED"},
	{synSent, false, "SF", 0, 0, 0, "rcv.SYN SYN-RECEIVED"},
	{synSent, false, "RA", 0, 0, 0, "rcv.RST CLOSED"},
	{synSent, false, "RA", 500, 0, 0, "rcv.RST CLOSED"}, // SEQ is not looked at
	{synSent, false, "RA", 0, -1, 0, "first"},
	{synSent, false, "R", 0, 0, 0, "second"},
	{synSent, false, "A", 0, 0, 0, "fifth"},
	{synSent, false, "FA", 0, 0, 0, "fifth"},
	{synReceived, true, "A", 0, 0, 0, "rcv.ACK-of-SYN ESTABLISHED"},
	{synReceived, true, "PA", 0, 0, 10, "rcv.ACK-of-SYN ESTABLISHED"},
	{synReceived, true, "FA", 0, 0, 10, "rcv.ACK-of-SYN ESTABLISHED rcv.FIN CLOSE-WAIT"},
	{synReceived, true, "FA", 10, 0, 0, "rcv.ACK-of-SYN ESTABLISHED"}, // octets before it are missing
	{synReceived, true, "A", 0, -1, 0, "fifth"},
	{synReceived, true, "A", 0, 1, 0, "fifth"},
	{synReceived, true, "F", 0, 0, 0, "fifth"},
	{synReceived, true, "R", 0, 0, 0, "rcv.RST LISTEN"},
	{synReceived, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{synReceived, true, "R", -1, 0, 0, "first"},
	{synReceived, true, "S", 0, 0, 0, "rcv.SYN LISTEN"},
	{synReceived, true, "S", -1, 0, 0, "first"},                     // the SYN again
	{synReceived, false, "SA", -1, 0, 0, "rcv.SYN,ACK ESTABLISHED"}, // figure 7
	{synReceived, false, "SA", -1, -1, 0, "fifth"},
	{synReceived, false, "S", 0, 0, 0, "fourth"},
	{established, false, "FA", 0, 0, 0, "rcv.FIN CLOSE-WAIT"},
	{established, false, "FA", -50, 0, 60, "rcv.FIN CLOSE-WAIT"}, // trimmed
	{established, false, "FA", 1, 0, 0, "eighth"},
	{established, false, "FA", -1, 0, 0, "first"},
	{established, false, "FA", 0, 1, 0, "fifth"},
	{established, false, "FA", 0, -50, 0, "rcv.FIN CLOSE-WAIT"}, // a duplicate ACK
	{established, false, "F", 0, 0, 0, "fifth"},
	{established, false, "FA", 0, 0, 500, "first"}, // beyond the window
	{established, false, "FA", 500, 0, 0, "first"},
	{established, false, "A", 0, 0, 0, "neither"},
	{established, false, "PA", 0, 0, 10, "eighth"},
	{established, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{established, false, "RA", 0, 7, 3, "rcv.RST CLOSED"}, // neither ACK nor text matter
	{established, false, "R", -1, 0, 0, "first"},
	{established, false, "R", 500, 0, 0, "first"},
	{established, false, "S", 0, 0, 0, "fourth"},
	{established, false, "SA", 0, 0, 0, "fourth"},
	{finWait1, false, "A", 0, 0, 0, "rcv.ACK-of-FIN FIN-WAIT-2"},
	{finWait1, false, "A", 0, -1, 0, "neither"}, // an ACK of older octets
	{finWait1, false, "A", 0, 1, 0, "fifth"},
	{finWait1, false, "A", -1, 0, 0, "first"},
	{finWait1, false, "FA", 0, 0, 0, "rcv.ACK-of-FIN FIN-WAIT-2 rcv.FIN TIME-WAIT"},
	{finWait1, false, "FA", 0, -1, 0, "rcv.FIN CLOSING"},
	{finWait1, false, "FA", 5, 0, 0, "rcv.ACK-of-FIN FIN-WAIT-2"},
	{finWait1, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{finWait2, false, "FA", 0, 0, 0, "rcv.FIN TIME-WAIT"},
	{finWait2, false, "FA", 5, 0, 0, "eighth"},
	{finWait2, false, "A", 0, 0, 0, "neither"},
	{finWait2, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{closeWait, false, "FA", -1, 0, 0, "first"}, // the FIN again
	{closeWait, false, "A", 0, 0, 0, "no FIN"},
	{closeWait, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{closeWait, false, "R", -1, 0, 0, "rcv.RST CLOSED"}, // Linux
	{closing, false, "A", 0, 0, 0, "rcv.ACK-of-FIN TIME-WAIT"},
	{closing, false, "A", 0, -1, 0, "no FIN"},
	{closing, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{lastAck, false, "A", 0, 0, 0, "rcv.ACK-of-FIN CLOSED"},
	{lastAck, false, "A", 0, -1, 0, "no FIN"},
	{lastAck, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{timeWait, false, "FA", -1, 0, 0, "first"}, // restarts 2MSL
	{timeWait, false, "A", 0, 0, 0, "no FIN"},
	{timeWait, false, "S", 500, 0, 0, "first"},
	{timeWait, false, "R", 0, 0, 0, "rcv.RST CLOSED"},
	{timeWait, false, "R", -1, 0, 0, "first"}, // RFC 1337
}

func TestProse(t *testing.T) {
	for _, row := range prose {
		e := at(row.state, row.passive)
		next := wire.Seq(9050)
		if row.state == synSent || row.state == synReceived {
			next = 9001
		}
		s := wire.Segment{Seq: next + wire.Seq(row.seq), Ack: e.nxt + wire.Seq(row.ack), Len: row.length}
		for i, c := range "FSRPA" {
			if strings.ContainsRune(row.flags, c) {
				s.Flags |= 1 << i
			}
		}
		e.rx.add(&s)
		o := e.arrive(&s)
		var got []string
		for _, st := range o.steps {
			got = append(got, st.on, st.to)
		}
		switch steps := strings.Join(got, " "); {
		case strings.Contains(row.want, " ") && row.want != "no FIN" && steps != row.want,
			(!strings.Contains(row.want, " ") || row.want == "no FIN") &&
				(steps != "" || !strings.Contains(o.rule+" "+o.why, row.want)):
			t.Errorf("%+v: %q, %s %s", row, steps, o.rule, o.why)
		case (o.unsure != "") != row.unsure():
			t.Errorf("%+v: unsure %q", row, o.unsure)
		}
	}
}

// TestProseWraps: the same with every number moved, across zero.
func TestProseWraps(t *testing.T) {
	for _, by := range []wire.Seq{1<<32 - 1050, 1<<32 - 9025, 1 << 31} {
		e := at(finWait1, false)
		for _, n := range []*wire.Seq{&e.iss, &e.nxt, &e.unseen, &e.fin, &e.irs, &e.acked, &e.edge, &e.rx.base} {
			*n += by
		}
		s := wire.Segment{Seq: 9050 + by, Ack: 1100 + by, Flags: wire.FIN | wire.ACK, Len: 20}
		e.rx.add(&s)
		if o := e.arrive(&s); fmt.Sprint(o.steps) != "[{rcv.ACK-of-FIN FIN-WAIT-2} {rcv.FIN TIME-WAIT}]" {
			t.Errorf("by %d: %+v", by, o)
		}
	}
}

// TestHoleBeforeFIN: text that fills the last hole before a FIN that came
// first is that FIN's receipt.
func TestHoleBeforeFIN(t *testing.T) {
	e := at(established, false)
	fin := wire.Segment{Seq: 9060, Ack: 1100, Flags: wire.FIN | wire.ACK}
	e.rx.add(&fin)
	if o := e.arrive(&fin); len(o.steps) != 0 {
		t.Errorf("before the hole is filled: %+v", o)
	}
	for _, text := range []wire.Segment{
		{Seq: 9050, Ack: 1100, Flags: wire.ACK, Len: 10},
		{Seq: 9040, Ack: 1100, Flags: wire.ACK, Len: 20},
	} {
		e := *e
		e.rx.have = []span{{0, 50}, {60, 61}}
		e.rx.add(&text)
		if o := e.arrive(&text); fmt.Sprint(o.steps) != "[{rcv.FIN CLOSE-WAIT}]" {
			t.Errorf("%+v: %+v", text, o)
		}
	}
}

// TestStream holds the spans against a bitmap.
func TestStream(t *testing.T) {
	st := stream{base: 1<<32 - 20}
	var bits [64]bool
	for n := range 400 {
		lo := (n*37 + n*n*11) % 50
		size := (n * 7) % 9
		s := wire.Segment{Seq: st.base.Add(uint32(lo)), Len: uint32(size)}
		fresh := int64(0)
		for i := lo; i < lo+size; i++ {
			if !bits[i] {
				bits[i] = true
				fresh++
			}
		}
		if n%100 == 0 {
			st.have, bits = nil, [64]bool{}
			continue
		}
		if got := st.add(&s); got != fresh {
			t.Fatalf("step %d: %d new, want %d: %v", n, got, fresh, st.have)
		}
		end := lo
		for bits[end] {
			end++
		}
		if got := st.reach(s.Seq); got != st.base.Add(uint32(end)) {
			t.Fatalf("step %d: reach %d, want %d: %v", n, got-st.base, end, st.have)
		}
	}
}
