package analyzer_test

import (
	"bytes"
	"net/netip"
	"os"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// checkRecord holds what must be so of every record, whatever the packets were.
func checkRecord(t *testing.T, c *report.Connection) {
	t.Helper()
	if len(c.Transitions) > 200 || len(c.Refuted) > 200 || len(c.Resets) > 200 {
		t.Fatalf("#%d: %d transitions, %d refuted, %d resets", c.ID, len(c.Transitions), len(c.Refuted), len(c.Resets))
	}
	for _, side := range []report.Side{report.Client, report.Server} {
		state, at := "", c.Start
		for _, tr := range c.Transitions {
			if tr.Side != side {
				continue
			}
			if state != "" && tr.From != state {
				t.Fatalf("#%d %s: from %s, but it was in %s", c.ID, side, tr.From, state)
			}
			either := tr.To == "UNKNOWN" && (tr.From == "ESTABLISHED" && tr.On == "snd.FIN" ||
				(tr.From == "ESTABLISHED" || tr.From == "FIN-WAIT-1") && tr.On == "rcv.FIN") // R13, one way
			if _, ok := fsm.Parse(tr.To); !ok && !either {
				t.Fatalf("#%d %s: state %q: %s", c.ID, side, tr.To, report.Append(nil, c))
			}
			when := tr.T
			if when == nil {
				when = tr.NotAfter
				if tr.NotBefore == nil || tr.NotBefore.After(*when) {
					t.Fatalf("#%d %s: bounds %v %v", c.ID, side, tr.NotBefore, tr.NotAfter)
				}
			}
			if state != "" && when.Before(at) {
				t.Fatalf("#%d %s: time went back to %v from %v", c.ID, side, when, at)
			}
			state, at = tr.To, *when
		}
		if end := c.Endpoint(side); state != "" && end.State != state && end.State != "UNKNOWN" {
			t.Fatalf("#%d %s: in %s after a transition to %s", c.ID, side, end.State, state)
		}
	}
	if _, err := report.Decode(report.Append(nil, c)); err != nil {
		t.Fatal(err)
	}
}

// FuzzSegments runs the analyzer on arbitrary segments of a few connections:
// states stay legal and in order, memory stays bounded, nothing panics.
func FuzzSegments(f *testing.F) {
	f.Add([]byte("\x02\x00\x01\x00\x00\x00\x12\x01\x01\x01\x01\x00\x10\x00\x01\x01\x01\x00\x11\x00\x01\x01\x01\x00"))
	f.Add(bytes.Repeat([]byte{2, 0, 1, 0, 4, 1, 1, 9}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		a := analyzer.New(analyzer.Options{MaxConnections: 64})
		now := int64(1e18)
		for n := uint64(1); len(data) >= 8; n++ {
			b := data[:8]
			data = data[8:]
			now += int64(b[1]) * int64(b[1]) * 5e6
			src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 1000+uint16(b[7]>>6))
			dst := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 1}), 5000)
			if b[7]&32 != 0 {
				src, dst = dst, src
			}
			s := wire.Segment{Packet: n, Ref: wire.MakeFrameRef(0, n), Time: now, Flags: wire.Flags(b[0]) & 0x3f,
				Seq: wire.Seq(b[2]) + wire.Seq(b[3])<<28, Ack: wire.Seq(b[4]) + wire.Seq(b[5])<<28,
				Len: uint32(b[6] & 15), Window: uint16(b[6]) << 8, TTL: 64 + b[7]&1, IPID: uint16(n), HasIPID: b[7]&2 != 0}
			s.Tuple, s.Dir = wire.NewTuple(src, dst)
			if b[7]&4 != 0 {
				s.Options.Has |= wire.OptTimestamps
				s.Options.TSVal, s.Options.TSEcr = uint32(b[2]), uint32(b[4])
			}
			if b[7]&8 != 0 {
				packet.SetSACK(&s, wire.SACKBlock{Left: s.Ack + 1, Right: s.Ack + wire.Seq(b[6])})
			}
			a.Add(&s)
		}
		for _, c := range a.Snapshot() {
			checkRecord(t, c)
		}
		a.Close()
		for r := range a.Records() {
			if c, ok := r.(*report.Connection); ok {
				checkRecord(t, c)
			}
		}
	})
}

// FuzzCapture runs the whole path, from the octets of a file to the records.
func FuzzCapture(f *testing.F) {
	for _, name := range []string{"lost-final-ack", "reuse-refused", "simultaneous-close"} {
		data, err := os.ReadFile("../testdata/pcaps/" + name + "/A.pcap")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		src, err := capture.OpenReader("fuzz", bytes.NewReader(data))
		if err != nil {
			return
		}
		a := analyzer.New(analyzer.Options{Watch: 1})
		var p capture.Packet
		for src.Next(&p) == nil {
			a.AddPacket(&p)
		}
		a.Close()
		for r := range a.Records() {
			if c, ok := r.(*report.Connection); ok {
				checkRecord(t, c)
			}
		}
		a.Ladder()
	})
}
