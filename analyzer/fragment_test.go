package analyzer_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// cutUp cuts an Ethernet frame with IPv4 and TCP into fragments, of which the first has so
// many octets of TCP; one that is shorter it leaves alone.
func cutUp(p capture.Packet, first int) (list []capture.Packet) {
	const link, ip, unit = 14, 20, 8
	body := p.Data[link+ip:]
	if total := int(binary.BigEndian.Uint16(p.Data[link+2:])); p.Data[link+9] != 6 || total != ip+len(body) || total <= ip+first {
		return []capture.Packet{p}
	}
	for from, to := 0, first; from < len(body); from, to = to, to+2*unit {
		to = min(to, len(body))
		f := p
		f.Data = slices.Concat(p.Data[:link+ip], body[from:to])
		f.OrigLen = uint32(len(f.Data))
		binary.BigEndian.PutUint16(f.Data[link+2:], uint16(ip+to-from))
		more := uint16(0)
		if to < len(body) {
			more = 0x2000
		}
		binary.BigEndian.PutUint16(f.Data[link+6:], uint16(from/unit)|more)
		binary.BigEndian.PutUint16(f.Data[link+4:], uint16(p.Frame)) // sockets that must not be cut may share one
		list = append(list, f)
	}
	return list
}

// outlines are what is said of the connections of packets, but for frames and times.
func outlines(t *testing.T, packets []capture.Packet, workers int) (out []string) {
	t.Helper()
	opt := analyzer.Options{OnRecord: func(r report.Record) {
		switch r := r.(type) {
		case *report.Connection:
			line := fmt.Sprintf("%s > %s: %s, %s by %q (%s)", r.Client, r.Server, r.Open.Kind, r.Close.Kind, r.Close.FirstCloser, r.Close.EndedBy)
			for _, e := range []*report.Endpoint{&r.Endpoints.Client, &r.Endpoints.Server} {
				line += fmt.Sprintf("; %s (%s) %d packets, %d of %d octets, %d again", e.State, e.ConfirmedState, e.Packets, e.UniqueBytes, e.PayloadBytes, e.Retransmits)
			}
			out = append(out, line)
		case *report.Finding:
			out = append(out, "finding "+r.ID)
		}
	}}
	p := analyzer.NewPool(opt, workers)
	for i := range packets {
		packets[i].Number, packets[i].Frame = uint64(i+1), uint64(i+1)
		p.AddPackets(packets[i : i+1])
	}
	p.Close()
	slices.Sort(out)
	return out
}

// TestFragmented: a capture whose segments came in fragments, in order or not, tells the
// same as one whose segments did not.
func TestFragmented(t *testing.T) {
	cut := 0
	for _, file := range captures(t) {
		if strings.Contains(file, "captured-") || strings.Contains(file, "syn-flood") || strings.Contains(file, "fragment-attack") {
			continue
		}
		src, err := capture.Open([]string{file}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var whole, inOrder, backwards []capture.Packet
		var p capture.Packet
		for src.Next(&p) == nil {
			p.Data = slices.Clone(p.Data)
			whole = append(whole, p)
			parts := cutUp(p, 24)
			inOrder = append(inOrder, parts...)
			cut += len(parts) - 1
			parts = slices.Clone(parts)
			slices.Reverse(parts)
			backwards = append(backwards, parts...)
		}
		src.Close()
		want := outlines(t, whole, 1)
		for name, packets := range map[string][]capture.Packet{"in order": inOrder, "backwards": backwards} {
			for _, workers := range []int{1, 2} {
				if d := cmp.Diff(want, outlines(t, packets, workers)); d != "" {
					t.Errorf("%s, fragments %s (-whole +fragments)\n%s", file, name, d)
				}
			}
		}
	}
	if cut < 1000 {
		t.Errorf("only %d fragments", cut)
	}
}

// TestFragmentsWithSACK: the blocks of a segment are those of all that its fragments carry.
func TestFragmentsWithSACK(t *testing.T) {
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("198.51.100.2:80")
	block := packet.SACK(packet.NOP(nil, 2), wire.SACKBlock{Left: 9501, Right: 9601})
	var whole, cut []capture.Packet
	for i, p := range []packet.TCP{
		{Src: client, Dst: server, Seq: 100, Flags: wire.SYN, Options: packet.SYNOptions(nil, 1, 0)},
		{Src: server, Dst: client, Seq: 9000, Ack: 101, Flags: wire.SYN | wire.ACK, Options: packet.SYNOptions(nil, 2, 1)},
		{Src: client, Dst: server, Seq: 101, Ack: 9001, Flags: wire.ACK},
		{Src: server, Dst: client, Seq: 9501, Ack: 101, Flags: wire.ACK, Payload: make([]byte, 100)},
		{Src: client, Dst: server, Seq: 101, Ack: 9001, Flags: wire.ACK, Options: block, Payload: make([]byte, 1000)},
		{Src: client, Dst: server, Seq: 1101, Ack: 9001, Flags: wire.ACK | wire.FIN, Options: block, Payload: make([]byte, 1000)},
		{Src: server, Dst: client, Seq: 9001, Ack: 2102, Flags: wire.ACK, Payload: make([]byte, 500)},
	} {
		p.Window = 1000
		data := p.Append(nil, packet.Ethernet)
		one := capture.Packet{Frame: uint64(i + 1), Time: int64(i) * 1e6, Link: capture.LinkType(packet.Ethernet), Data: data, OrigLen: uint32(len(data))}
		whole, cut = append(whole, one), append(cut, cutUp(one, 504)...)
	}
	for _, workers := range []int{1, 2} {
		if d := cmp.Diff(outlines(t, whole, workers), outlines(t, cut, workers)); d != "" {
			t.Errorf("%d workers (-whole +cut)\n%s", workers, d)
		}
	}
}
