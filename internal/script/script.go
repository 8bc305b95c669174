package script

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// Script is a parsed script.
type Script struct {
	Comment  string
	Segments []Segment
	Expect   []string
}

// Segment is one line of "segments".
type Segment struct {
	Line           int
	Nanos          int64
	StateA, StateB string // "" when not checked
	FromA          bool
	Flags          wire.Flags
	ICMP           bool
	Type, Code     uint8
	Fields         map[string]string
}

// Parse reads a script.
func Parse(data []byte) (*Script, error) {
	ar := txtar.Parse(data)
	s := &Script{Comment: strings.TrimSpace(string(ar.Comment))}
	for _, f := range ar.Files {
		lines := strings.Split(string(f.Data), "\n")
		for i, line := range lines {
			line, _, _ = strings.Cut(line, " # ")
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "# ") {
				continue
			}
			switch f.Name {
			case "segments":
				seg, err := parseSegment(line)
				if err != nil {
					return nil, fmt.Errorf("segments:%d: %w", i+1, err)
				}
				seg.Line = i + 1
				s.Segments = append(s.Segments, seg)
			case "expect":
				s.Expect = append(s.Expect, line)
			default:
				return nil, fmt.Errorf("unknown section %q", f.Name)
			}
		}
	}
	if len(s.Segments) == 0 {
		return nil, fmt.Errorf("no segments")
	}
	return s, nil
}

func parseSegment(line string) (Segment, error) {
	var seg Segment
	words := strings.Fields(line)
	if len(words) < 5 {
		return seg, fmt.Errorf("too few words: %q", line)
	}
	sec, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		return seg, err
	}
	seg.Nanos = int64(sec*1e6+0.5) * 1000
	seg.StateA, seg.StateB = state(words[1]), state(words[len(words)-1])
	switch words[2] {
	case ">":
		seg.FromA = true
	case "<":
	default:
		return seg, fmt.Errorf("want > or <, have %q", words[2])
	}
	rest := words[4 : len(words)-1]
	if words[3] == "icmp" {
		seg.ICMP = true
		if _, err := fmt.Sscan(words[4]+" "+words[5], &seg.Type, &seg.Code); err != nil {
			return seg, err
		}
		rest = words[6 : len(words)-1]
	} else if seg.Flags, err = flags(words[3]); err != nil {
		return seg, err
	}
	seg.Fields = map[string]string{}
	for _, w := range rest {
		k, v, _ := strings.Cut(w, "=")
		seg.Fields[k] = v
	}
	return seg, nil
}

func state(word string) string {
	if word == "-" {
		return ""
	}
	return word
}

// flagLetters are tcpdump's.
const flagLetters = "FSRP.UEWe"

var flagBits = [...]wire.Flags{wire.FIN, wire.SYN, wire.RST, wire.PSH, wire.ACK, wire.URG, wire.ECE, wire.CWR, wire.AE}

func flags(word string) (f wire.Flags, err error) {
	for _, r := range word {
		i := strings.IndexRune(flagLetters, r)
		if i < 0 {
			return 0, fmt.Errorf("unknown control bit %q in %q", r, word)
		}
		f |= flagBits[i]
	}
	return f, nil
}

// Variant says how a script is compiled.
type Variant struct {
	V6       bool
	AddA     uint32 // added to A's sequence numbers
	AddB     uint32 // added to B's
	Swap     bool   // A has the higher address instead of the lower
	Twice    bool   // every frame twice, a little later
	NewIPIDs bool   // every segment of an end has the next IPv4 id
}

// Start is the time of a script's second 0, in nanoseconds since the epoch.
const Start = int64(1_800_000_000_000_000_000)

// Addrs returns the addresses of A and B.
func Addrs(v Variant) (a, b netip.Addr) {
	a, b = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")
	if v.V6 {
		a, b = netip.MustParseAddr("2001:db8:a::1"), netip.MustParseAddr("2001:db8:b::1")
	}
	if v.Swap {
		a, b = b, a
	}
	return a, b
}

// Compile makes a pcap of the script.
func (s *Script) Compile(v Variant) ([]byte, error) {
	var buf bytes.Buffer
	w, err := write.NewPcap(&buf, 1, write.PcapOptions{})
	if err != nil {
		return nil, err
	}
	ids := map[bool]uint16{true: 1000, false: 7000}
	for i := range s.Segments {
		seg := &s.Segments[i]
		ids[seg.FromA]++
		frame, err := seg.frame(v, ids[seg.FromA])
		if err != nil {
			return nil, fmt.Errorf("segments:%d: %w", seg.Line, err)
		}
		p := capture.Packet{Time: Start + seg.Nanos, Link: 1, OrigLen: uint32(len(frame)), Data: frame}
		if err := w.Write(&p); err != nil {
			return nil, err
		}
		if v.Twice {
			p.Time += 20_000
			if err := w.Write(&p); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// num returns a numeric field, def if it is not there.
func (seg *Segment) num(key string, def uint64) (uint64, error) {
	v, ok := seg.Fields[key]
	if !ok {
		return def, nil
	}
	return strconv.ParseUint(v, 10, 64)
}

// frame builds the frame of a line.
func (seg *Segment) frame(v Variant, id uint16) ([]byte, error) {
	n := map[string]uint64{}
	defaults := map[string]uint64{"seq": 0, "ack": 0, "len": 0, "win": 60000, "ttl": 64, "a": 40001, "b": 5000, "id": 0}
	for k, def := range defaults {
		val, err := seg.num(k, def)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		n[k] = val
	}
	a, b := Addrs(v)
	src, dst := netip.AddrPortFrom(a, uint16(n["a"])), netip.AddrPortFrom(b, uint16(n["b"]))
	addSeq, addAck := v.AddA, v.AddB
	if !seg.FromA {
		src, dst, addSeq, addAck = dst, src, addAck, addSeq
	}
	t := packet.TCP{Src: src, Dst: dst, Flags: seg.Flags, Window: uint16(n["win"]),
		Seq: wire.Seq(n["seq"]), Payload: bytes.Repeat([]byte{'x'}, int(n["len"]))}
	if seg.Flags.Has(wire.ACK) {
		t.Ack = wire.Seq(n["ack"])
	}
	t.TTL = uint8(n["ttl"])
	t.IPID = uint16(n["id"])
	if err := seg.record(t.Payload); err != nil {
		return nil, err
	}
	if v.NewIPIDs && n["id"] == 0 {
		t.IPID = id
	}
	if _, ok := seg.Fields["badsum"]; ok {
		t.Sum = packet.Bad
	}
	if _, ok := seg.Fields["partsum"]; ok {
		t.Sum = packet.Partial
	}
	var err error
	if t.Options, err = seg.options(); err != nil {
		return nil, err
	}
	if seg.ICMP {
		t.Src, t.Dst, t.Flags = dst, src, wire.SYN
		t.Shift(addAck, addSeq)
		return seg.icmp(v, &t), nil
	}
	t.Shift(addSeq, addAck)
	return t.Append(nil, packet.Ethernet), nil
}

// record makes payload the TLS record that a line asks for.
func (seg *Segment) record(payload []byte) error {
	const header = 5
	kind, err := seg.num("tls", 0)
	if err != nil || kind == 0 {
		return err
	}
	if len(payload) < header {
		return fmt.Errorf("tls: no room for a record in len=%d", len(payload))
	}
	n := len(payload) - header
	copy(payload, []byte{byte(kind), 3, 3, byte(n >> 8), byte(n)})
	return nil
}

// icmp builds the error that quotes t.
func (seg *Segment) icmp(v Variant, t *packet.TCP) []byte {
	m := packet.ICMP{Src: t.Dst.Addr(), Dst: t.Src.Addr(), Type: seg.Type, Code: seg.Code, Quote: t.Append(nil, packet.Raw)}
	if v.V6 { // the ICMPv6 errors that mean the same
		m.Type, m.Code = icmp6(m.Type, m.Code)
	}
	return m.Append(nil, packet.Ethernet)
}

// icmp6 translates the errors that scripts use: port unreachable and
// fragmentation needed.
func icmp6(typ, code uint8) (uint8, uint8) {
	switch [2]uint8{typ, code} {
	case [2]uint8{3, 3}:
		return 1, 4
	case [2]uint8{3, 4}:
		return 2, 0
	}
	return typ, code
}

// options builds the TCP options of a line.
func (seg *Segment) options() (o []byte, err error) {
	if v, ok := seg.Fields["mss"]; ok {
		var n uint16
		if _, err = fmt.Sscan(v, &n); err != nil {
			return nil, err
		}
		o = packet.MSS(o, n)
	}
	if _, ok := seg.Fields["sackok"]; ok {
		o = packet.SACKPermitted(o)
	}
	if v, ok := seg.Fields["ts"]; ok {
		var val, ecr uint32
		if _, err = fmt.Sscanf(v, "%d/%d", &val, &ecr); err != nil {
			return nil, err
		}
		o = packet.Timestamps(o, val, ecr)
	}
	if v, ok := seg.Fields["ws"]; ok {
		var n uint8
		if _, err = fmt.Sscan(v, &n); err != nil {
			return nil, err
		}
		o = packet.WindowScale(o, n)
	}
	if v, ok := seg.Fields["sack"]; ok {
		var b wire.SACKBlock
		if _, err = fmt.Sscanf(v, "%d-%d", &b.Left, &b.Right); err != nil {
			return nil, err
		}
		o = packet.SACK(o, b)
	}
	if _, ok := seg.Fields["fo"]; ok {
		o = packet.FastOpen(o, []byte("cookie12"))
	}
	return o, nil
}
