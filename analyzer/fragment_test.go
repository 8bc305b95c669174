package analyzer_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
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
