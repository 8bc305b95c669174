package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

var samples = map[string]Packet{
	"syn": {Src: addr("192.0.2.1:40001"), Dst: addr("198.51.100.1:5000"), Seq: 0xfffffff0, Flags: SYN, Window: 64240,
		Options: []byte{2, 4, 5, 180, 1, 1, 1, 0}, Payload: []byte{}, TTL: 64},
	"data": {Src: addr("[2001:db8:a::1]:40001"), Dst: addr("[2001:db8:b::1]:5000"), Seq: 7, Ack: 9, Flags: ACK | PSH, Window: 63,
		Options: []byte{1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6}, Payload: []byte("odd"), TTL: 7},
	"sack": {Src: addr("192.0.2.1:40001"), Dst: addr("198.51.100.1:5000"), Seq: 1, Ack: 2, Flags: ACK,
		Options: []byte{1, 1, 5, 10, 0, 0, 0, 3, 0, 0, 0, 9}, Payload: []byte{}, TTL: 64},
	"bare RST": {Src: addr("192.0.2.1:40001"), Dst: addr("198.51.100.1:5000"), Seq: 4, Flags: RST, Options: []byte{}, Payload: []byte{}, TTL: 64},
	"refusal":  {Src: addr("192.0.2.1:40001"), Dst: addr("198.51.100.1:5000"), Ack: 4, Flags: RST | ACK, Options: []byte{}, Payload: []byte{}, TTL: 64},
}

var compareAddr = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

func parsed(t *testing.T, raw []byte) Packet {
	t.Helper()
	p, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBuildParse(t *testing.T) {
	for name, want := range samples {
		raw := want.Build()
		if d := cmp.Diff(want, parsed(t, raw), compareAddr, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if !checks(raw) {
			t.Errorf("%s: bad checksum", name)
		}
	}
}

// checks recomputes both checksums another way: with them in place, the sum
// over header and pseudo-header is all ones.
func checks(raw []byte) bool {
	h, err := parseIP(raw)
	if err != nil {
		return false
	}
	head := raw[:len(raw)-len(h.body)]
	pseudo := bytes.Join([][]byte{h.src.AsSlice(), h.dst.AsSlice(), {0, h.proto}, binary.BigEndian.AppendUint16(nil, uint16(len(h.body))), h.body}, nil)
	if h.proto == protoICMP {
		pseudo = h.body
	}
	return ones(pseudo) == 0xffff && (h.src.Is6() || ones(head) == 0xffff)
}

func ones(b []byte) uint32 {
	var s uint32
	for i, x := range b {
		s += uint32(x) << (8 * uint(1-i%2))
		s = s&0xffff + s>>16
	}
	return s
}

func TestShift(t *testing.T) {
	tests := []struct {
		name     string
		seq, ack uint32 // expected of the sample, shifted by 100 and 1000
		options  []byte
	}{
		{"syn", 0xfffffff0 + 100 - 1<<32, 0, samples["syn"].Options},
		{"data", 107, 1009, samples["data"].Options},
		{"sack", 101, 1002, []byte{1, 1, 5, 10, 0, 0, 3, 235, 0, 0, 3, 241}},
		{"bare RST", 104, 0, nil},
		{"refusal", 0, 1004, nil},
	}
	for _, x := range tests {
		before := samples[x.name].Build()
		raw := bytes.Clone(before)
		Shift(raw, 100, 1000)
		p := parsed(t, raw)
		if p.Seq != x.seq || p.Ack != x.ack || !bytes.Equal(p.Options, x.options) || !checks(raw) {
			t.Errorf("%s: seq %d ack %d options %v, checksum good %v", x.name, p.Seq, p.Ack, p.Options, checks(raw))
		}
		back := ^uint32(100) + 1
		Shift(raw, back, 10*back)
		if !bytes.Equal(raw, before) {
			t.Errorf("%s: shifting back does not give the packet back", x.name)
		}
	}
}

func TestFragment(t *testing.T) {
	p := samples["sack"]
	p.Payload = bytes.Repeat([]byte("0123456789"), 30)
	raw := p.Build()
	got := make([]byte, len(raw)-20)
	parts := Fragment(raw, 100)
	if len(parts) != 4 {
		t.Fatalf("%d fragments of 332 octets by 96, want 4", len(parts))
	}
	for i, f := range parts {
		field := binary.BigEndian.Uint16(f[6:])
		if more := field&0x2000 != 0; more != (i < 3) || ones(f[:20]) != 0xffff {
			t.Errorf("fragment %d: more %v, header sum %x", i, more, ones(f[:20]))
		}
		copy(got[int(field&0x1fff)*8:], f[20:])
		if _, err := Parse(f); err == nil {
			t.Errorf("fragment %d parsed as a segment", i)
		}
	}
	if !bytes.Equal(got, raw[20:]) {
		t.Error("the fragments do not make up the segment")
	}
	if v6 := Fragment(samples["data"].Build(), 8); len(v6) != 1 {
		t.Errorf("IPv6 cut into %d", len(v6))
	}
}

func TestUnreachable(t *testing.T) {
	for _, name := range []string{"syn", "data"} {
		p := samples[name]
		raw := Unreachable(p.Build(), p.Dst.Addr(), 1)
		h, err := parseIP(raw)
		if err != nil || h.src != p.Dst.Addr() || h.dst != p.Src.Addr() || !checks(raw) {
			t.Errorf("%s: %v from %v to %v, checksum good %v", name, err, h.src, h.dst, checks(raw))
		}
		if q := parsed(t, h.body[8:]); q.Seq != p.Seq {
			t.Errorf("%s: quotes seq %d", name, q.Seq)
		}
	}
}

func TestWords(t *testing.T) {
	if got := samples["refusal"].String(); got != "[R.] 40001>5000 seq=0 ack=4 len=0" {
		t.Error(got)
	}
	for name, want := range map[string]uint32{"syn": 1, "data": 3, "sack": 0} {
		if p := samples[name]; p.Len() != want || p.Pure() != (name == "sack") {
			t.Errorf("%s: length %d, pure %v", name, p.Len(), p.Pure())
		}
	}
	if val, ecr, ok := samples["data"].Timestamps(); val != 5 || ecr != 6 || !ok {
		t.Error("time stamps", val, ecr, ok)
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range samples {
		f.Add(p.Build())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Parse(raw)
		if err != nil {
			return
		}
		p.Timestamps()
		Shift(raw, 1, 2)
		q, err := Parse(p.Build())
		if err != nil || q.Seq != p.Seq || !bytes.Equal(q.Payload, p.Payload) {
			t.Errorf("%v became %v, %v", p, q, err)
		}
	})
}
