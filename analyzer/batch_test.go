package analyzer

import (
	"bytes"
	"io"
	"net/netip"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// TestShortWays: neither batches, nor the short way of segments that are
// expected, nor records that are handed on at once, in the same room, change
// anything of what is reported.
func TestShortWays(t *testing.T) {
	files, err := filepath.Glob("../testdata/pcaps/*/*.pcap*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for i, file := range files {
		sameEitherWay(t, file)
		sameEitherWay(t, file, files[(i+1)%len(files)])
	}
}

// TestShortWaysOfLoad is TestShortWays for a load that has loss, disorder and
// windows that close.
func TestShortWaysOfLoad(t *testing.T) {
	file := SmallLoad(t, 40_000)
	if short := sameEitherWay(t, file); short < 0.5 {
		t.Errorf("%.2f of the segments took the short way: it is there for most of them", short)
	}
}

// sameEitherWay analyses captures as the command does, and again packet by
// packet without the short way. It returns the share of the segments that took
// it.
func sameEitherWay(t *testing.T, files ...string) (short float64) {
	t.Helper()
	var handed []byte
	quick := New(Options{Files: len(files), OnRecord: func(r report.Record) { handed = append(report.Append(handed, r), '\n') }})
	slow := New(Options{Files: len(files)})
	slow.unpredicted = true
	src, batch := open(t, files), make([]capture.Packet, BatchSize)
	for {
		n, err := src.NextBatch(batch)
		if err == io.EOF {
			break
		}
		quick.AddPackets(batch[:n])
	}
	src = open(t, files)
	for {
		err := src.Next(&batch[0])
		if err == io.EOF {
			break
		}
		if err == nil {
			slow.AddPacket(&batch[0])
		}
	}
	last := everything(quick)
	if one, two := append(handed, last...), everything(slow); !bytes.Equal(one, two) {
		t.Errorf("%v: in batches\n%s\nthe long way\n%s", files, one, two)
	}
	if slow.short != 0 {
		t.Fatal("the long way is the short one")
	}
	return float64(quick.short) / float64(max(quick.sum.segments, 1))
}

func open(t *testing.T, files []string) *capture.Set {
	t.Helper()
	s, err := capture.Open(files, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// everything is all that is reported, as NDJSON.
func everything(a *Analyzer) []byte {
	a.Close()
	var b []byte
	for r := range a.Records() {
		b = append(report.Append(b, r), '\n')
	}
	return report.Append(b, a.Summary())
}

// FuzzShortWay sends segments that are nearly what is expected through an
// established connection: with and without the short way the reports are the
// same. Each octet is a segment of one of the ends.
func FuzzShortWay(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x10\x11\x12\x13\x00\x80\x40\x20\x21\x22\x31\x32\x33"))
	f.Add(bytes.Repeat([]byte{0, 1, 0x40, 0x81, 2, 0x53}, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		quick, slow := New(Options{}), New(Options{})
		slow.unpredicted = true
		tuple, client := wire.NewTuple(netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("198.51.100.1:80"))
		n, now := uint64(0), int64(1e18)
		send := func(s wire.Segment) {
			n++
			s.Tuple, s.Packet, s.Ref, s.Time, s.IPID, s.HasIPID, s.TTL = tuple, n, wire.MakeFrameRef(0, n), now, uint16(n), true, 64
			quick.Add(&s)
			slow.Add(&s)
		}
		next := [2]wire.Seq{0xffffff00, 7000}
		send(wire.Segment{Dir: client, Flags: wire.SYN, Seq: next[client] - 1, Window: 500})
		send(wire.Segment{Dir: client ^ 1, Flags: wire.SYN | wire.ACK, Seq: next[client^1] - 1, Ack: next[client], Window: 500})
		send(wire.Segment{Dir: client, Flags: wire.ACK, Seq: next[client], Ack: next[client^1], Window: 500})
		for _, b := range data[:min(len(data), 400)] {
			x := b & 1
			s := wire.Segment{Dir: x, Flags: wire.ACK, Seq: next[x], Ack: next[x^1], Window: 400, Len: uint32(b>>1&1) * 100}
			now += 3e6
			switch b >> 2 {
			case 1:
				s.Seq -= 100
			case 2:
				s.Seq += 100
			case 3:
				s.Ack -= 100
			case 4:
				s.Ack += 100
			case 5:
				s.Window = 0
			case 6:
				s.Len = 1
			case 7:
				s.Seq--
			case 8:
				now += 2e9
			case 9:
				s.Flags |= wire.FIN
			case 10:
				s.Flags |= wire.RST
			case 11:
				s.Seq += 1 << 20
			case 12:
				s.Ack++
			case 13:
				s.Options.Has, s.Options.TSVal, s.Options.TSEcr = wire.OptTimestamps, uint32(now/1e6), uint32(b)
			case 14:
				s.Flags |= wire.PSH
			}
			if next[x].Less(s.End()) {
				next[x] = s.End()
			}
			send(s)
		}
		if one, two := everything(quick), everything(slow); !bytes.Equal(one, two) {
			t.Errorf("the short way\n%s\nthe long way\n%s", one, two)
		}
	})
}

// TestLayout holds the layout of a connection to cache lines: it is a whole
// number of them, and so are its ends, which begin with one.
func TestLayout(t *testing.T) {
	const line = 64
	var c connection
	for name, n := range map[string]uintptr{
		"a connection": unsafe.Sizeof(c), "an end": unsafe.Sizeof(c.ep[0]), "what is before the ends": unsafe.Offsetof(c.ep),
	} {
		if unsafe.Sizeof(n) == 8 && n%line != 0 {
			t.Errorf("%s takes %d octets, no multiple of %d", name, n, line)
		}
	}
}

// TestAlone: a connection found by the hash alone is the one that a segment
// belongs to only if it has the segment's key, and no other has it.
func TestAlone(t *testing.T) {
	tuple := func(port uint16) wire.FourTuple {
		t, _ := wire.NewTuple(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port), netip.MustParseAddrPort("198.51.100.1:80"))
		return t
	}
	for _, c := range []struct {
		name  string
		flags connFlags
		older int32
		port  uint16
		want  bool
	}{
		{"it is", inTable, -1, 1000, true},
		{"given up", 0, -1, 1000, false},
		{"another one is older", inTable, 0, 1000, false},
		{"another key", inTable, -1, 1001, false},
	} {
		conn := connection{tuple: tuple(1000), flags: c.flags, older: c.older}
		if got := conn.alone(&wire.Segment{Tuple: tuple(c.port)}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestDirection: what the capture says of a packet's direction says where the
// tap is, and what it does not say leaves what the link header says.
func TestDirection(t *testing.T) {
	src := open(t, []string{"../testdata/pcaps/three-segment-close/A.pcap"})
	one, none := New(Options{}), New(Options{})
	for {
		var p capture.Packet
		if src.Next(&p) == io.EOF {
			break
		}
		none.AddPacket(&p)
		p.Direction = capture.Inbound
		if p.Data[26] == 192 { // IPv4 from 192.0.2.0/24: the client
			p.Direction = capture.Outbound
		}
		one.AddPacket(&p)
	}
	for a, want := range map[*Analyzer]string{one: "direction", none: "rtt"} {
		list := a.Snapshot()
		if len(list) != 1 || list[0].Vantage.Basis != want || list[0].Vantage.Near != report.Client {
			t.Errorf("%+v, want %s", list[0].Vantage, want)
		}
	}
}
