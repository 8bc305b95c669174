package load_test

import (
	"testing"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
	"github.com/lastack/lastack/wire"
)

// sent is what an end has shown of itself.
type sent struct {
	known     bool
	next      wire.Seq // after the highest octet
	right     wire.Seq // furthest octet that the other end may send, by its windows
	ack       wire.Seq
	tsval     uint32
	acked     bool
	syn       bool // its SYN is the last thing sent: what answers may still belong to the connection before
	timestamp bool
}

// sound judges segments by the rules that a sound sender keeps, knowing
// nothing of stories. It looks at connections from their SYN on.
type sound struct {
	ends    map[wire.FourTuple]*[2]sent
	octets  [4096]int // what stands at each place of the stream, plus 1
	checked int
}

// fault returns what is wrong with s, or "".
func (k *sound) fault(s *wire.Segment) string {
	if s.VerifyChecksum() != wire.ChecksumGood {
		return "checksum"
	}
	for i, octet := range s.Payload() {
		at := &k.octets[s.DataSeq().Add(uint32(i))%4096]
		if *at != 0 && *at != int(octet)+1 {
			return "another octet at this number"
		}
		*at = int(octet) + 1
	}
	ends := k.ends[s.Tuple]
	if ends == nil {
		ends = &[2]sent{}
		k.ends[s.Tuple] = ends
	}
	x, y := &ends[s.Dir], &ends[1-s.Dir]
	if s.Flags.Has(wire.SYN) && (!x.known || s.End() != x.next) {
		*x = sent{syn: !s.Flags.Has(wire.ACK)}
	}
	old := y.syn && s.Flags&wire.SYN == 0 || x.syn && s.Flags.Has(wire.RST)
	if s.Flags == wire.RST || s.Flags.Has(wire.RST) && s.Seq == 0 || old || s.Flags&wire.SYN == 0 && !x.known {
		return ""
	}
	k.checked++
	defer x.learn(s, y)
	return x.judge(s, y)
}

// judge holds s against what its sender and the other end have shown.
func (x *sent) judge(s *wire.Segment, y *sent) string {
	switch {
	case x.known && x.next.Add(1460).Less(s.Seq):
		return "a hole"
	case s.Flags&wire.SYN == 0 && y.acked && y.right.Less(s.End()):
		return "beyond the window"
	case s.Flags.Has(wire.ACK) && y.known && y.next.Less(s.Ack):
		return "acknowledges what was not sent"
	case x.acked && s.Ack.Less(x.ack):
		return "acknowledges less than before"
	case x.known && x.timestamp != (s.Options.Has&wire.OptTimestamps != 0):
		return "timestamps come or go"
	case x.timestamp && int32(s.Options.TSVal-x.tsval) < 0:
		return "an older timestamp"
	case x.timestamp && s.Flags.Has(wire.ACK) && y.timestamp && int32(s.Options.TSEcr-y.tsval) > 0:
		return "echoes a timestamp that was not sent"
	}
	return ""
}

// learn takes what s shows.
func (x *sent) learn(s *wire.Segment, y *sent) {
	if !x.known || x.next.Less(s.End()) {
		x.next = s.End()
	}
	x.known, x.tsval, x.timestamp = true, s.Options.TSVal, s.Options.Has&wire.OptTimestamps != 0
	if !s.Flags.Has(wire.ACK) {
		return
	}
	x.syn, y.syn = false, false
	right := s.Ack.Add(uint32(s.Window))
	if s.Flags&wire.SYN == 0 {
		right = s.Ack.Add(uint32(s.Window) << 7)
	}
	if !x.acked || x.right.Less(right) {
		x.right = right
	}
	x.ack, x.acked = s.Ack, true
}

// What the generator sends, sound hosts might send.
func TestSound(t *testing.T) {
	for i, mix := range mixtures {
		if mix.name == "cut" {
			continue
		}
		k := sound{ends: map[wire.FourTuple]*[2]sent{}}
		var d wire.Decoder
		var s wire.Segment
		g := generator(t, func(cfg *load.Config) { mix.edit(cfg); cfg.Seed = uint64(i) })
		faults := 0
		each(t, g, func(p *capture.Packet) {
			if d.Decode(uint32(p.Link), p.Data, p.OrigLen, &s) != wire.OutcomeTCP {
				return
			}
			if fault := k.fault(&s); fault != "" && faults < 5 {
				faults++
				t.Errorf("%s, frame %d: %s: %v seq %d ack %d len %d %+v", mix.name, p.Number, fault, s.Flags, s.Seq, s.Ack, s.Len, s.Options)
			}
		})
		if truth := g.Truth(); k.checked < int(truth.Packets)*9/10 {
			t.Errorf("%s: only %d of %d packets were judged", mix.name, k.checked, truth.Packets)
		}
	}
}
