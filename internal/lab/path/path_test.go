package path

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

const delay = 5 * time.Millisecond

var hosts = [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:40001"), netip.MustParseAddrPort("198.51.100.1:5000")}

// bench is a Path between two socket pairs instead of TUN devices.
type bench struct {
	*testing.T
	path *Path
	host [2]*os.File
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t}
	var tun [2]*os.File
	for i := range tun {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		tun[i], b.host[i] = os.NewFile(uintptr(fds[0]), "tun"), os.NewFile(uintptr(fds[1]), "host")
	}
	b.path = New(tun, delay)
	t.Cleanup(b.path.Close)
	return b
}

// send lets a host send a segment of one octet, or none with SYN, FIN, RST.
func (b *bench) send(from Side, seq wire.Seq, flags wire.Flags) {
	b.Helper()
	p := packet.TCP{Src: hosts[from], Dst: hosts[from.Other()], Seq: seq, Flags: flags}
	if flags == wire.ACK|wire.PSH {
		p.Payload = []byte{1}
	}
	if _, err := b.host[from].Write(p.Append(nil, packet.Raw)); err != nil {
		b.Fatal(err)
	}
	for s, _ := b.path.Last(hosts[from]); s.Seq != seq; s, _ = b.path.Last(hosts[from]) {
		time.Sleep(100 * time.Microsecond) // until the network has it
	}
}

// got reads what arrives at a host until nothing comes for a while.
func (b *bench) got(at Side) (seqs []wire.Seq) {
	b.Helper()
	buf := make([]byte, 2000)
	for {
		_ = b.host[at].SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := b.host[at].Read(buf)
		if err != nil {
			return seqs
		}
		p, ok := packet.Parse(buf[:n])
		if !ok {
			seqs = append(seqs, 9999) // no segment
			continue
		}
		seqs = append(seqs, p.Seq)
	}
}

const data = wire.ACK | wire.PSH

func TestRules(t *testing.T) {
	tests := []struct {
		name  string
		rule  Rule
		wantB []wire.Seq // of A's 1 to 4: data, data, FIN, ACK; B's FIN (9) comes before the last
		wantA []wire.Seq
	}{
		{"none", Rule{Match: Not(Any), Do: Drop}, []wire.Seq{1, 2, 3, 4}, []wire.Seq{9}},
		{"all", Rule{Match: Any, Do: Drop}, nil, nil},
		{"first of A", Rule{Match: From(A), Do: Drop, Count: 1}, []wire.Seq{2, 3, 4}, []wire.Seq{9}},
		{"second data", Rule{Match: Data, Do: Drop, Skip: 1, Count: 1}, []wire.Seq{1, 3, 4}, []wire.Seq{9}},
		{"FINs", Rule{Match: FIN, Do: Drop}, []wire.Seq{1, 2, 4}, nil},
		{"ACK of FIN", Rule{Match: AckOfFIN, Do: Drop}, []wire.Seq{1, 2, 3}, []wire.Seq{9}},
		{"later", Rule{Match: Data, Do: Later(150 * time.Millisecond), Count: 1}, []wire.Seq{2, 3, 4, 1}, []wire.Seq{9}},
		{"twice", Rule{Match: FIN, Do: Twice(0)}, []wire.Seq{1, 2, 3, 3, 4}, []wire.Seq{9, 9}},
		{"rewrite", Rule{Match: All(From(A), Data), Do: Rewrite(func(p *packet.TCP) { p.Seq += 40 })}, []wire.Seq{41, 42, 3, 4}, []wire.Seq{9}},
		{"reject", Rule{Match: All(From(A), Data), Do: Reject(1), Count: 1}, []wire.Seq{2, 3, 4}, []wire.Seq{9999, 9}},
		{"fragments", Rule{Match: Data, Do: Fragments(16), Count: 1}, []wire.Seq{9999, 9999, 2, 3, 4}, []wire.Seq{9}},
		{"other port", Rule{Match: Port(77), Do: Drop}, []wire.Seq{1, 2, 3, 4}, []wire.Seq{9}},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.path.Add(x.rule)
			b.send(A, 1, data)
			b.send(A, 2, data)
			b.send(A, 3, wire.FIN|wire.ACK)
			b.send(B, 9, wire.FIN|wire.ACK)
			b.send(A, 4, wire.ACK)
			if got := b.got(B); !slices.Equal(got, x.wantB) {
				t.Errorf("B got %v, want %v", got, x.wantB)
			}
			if got := b.got(A); !slices.Equal(got, x.wantA) {
				t.Errorf("A got %v, want %v", got, x.wantA)
			}
		})
	}
}

func TestRemoveAndLog(t *testing.T) {
	b := newBench(t)
	r := b.path.Add(Rule{Match: Any, Do: Drop})
	b.send(A, 1, data)
	b.path.Remove(r)
	b.send(A, 2, data)
	if got := b.got(B); !slices.Equal(got, []wire.Seq{2}) {
		t.Errorf("B got %v", got)
	}
	log := b.path.Log()
	if len(log) != 1 || log[0].String() != "drop [P.] 40001>5000 seq=1 ack=0 len=1 (from A)" {
		t.Errorf("log %v", log)
	}
	if s, ok := b.path.Last(hosts[A]); !ok || s.Seq != 2 {
		t.Errorf("last %v, %v", s, ok)
	}
}

func TestPortsAndDelay(t *testing.T) {
	b := newBench(t)
	b.path.AddTo(40001, Rule{Match: Any, Do: Drop, Count: 1})
	b.path.Slow(5000, [2]time.Duration{30 * time.Millisecond, 0})
	b.send(A, 1, data)
	b.send(A, 2, data)
	begin := time.Now()
	buf := make([]byte, 2000)
	n, err := b.host[B].Read(buf)
	if took := time.Since(begin); err != nil || took < 30*time.Millisecond || took > 5*time.Second {
		t.Errorf("arrived after %v, %v; want 35 ms", took, err)
	}
	if p, _ := packet.Parse(buf[:n]); p.Seq != 2 {
		t.Errorf("arrived: %v, want seq 2", p)
	}
}

func TestInject(t *testing.T) {
	b := newBench(t)
	b.path.Add(Rule{Match: Any, Do: Drop})
	b.path.Inject(B, (&packet.TCP{Src: hosts[A], Dst: hosts[B], Seq: 8}).Append(nil, packet.Raw))
	if got := b.got(B); !slices.Equal(got, []wire.Seq{8}) {
		t.Errorf("B got %v", got)
	}
}

func TestChanceDependsOnSeed(t *testing.T) {
	row := func(seed uint64) (out []bool) {
		m := Chance(0.5, seed)
		for range 64 {
			out = append(out, m(Segment{}))
		}
		return out
	}
	if !slices.Equal(row(1), row(1)) || slices.Equal(row(1), row(2)) {
		t.Error("the same seed must give the same row, another seed another")
	}
}

// segment is one of 303 octets from A to B.
func segment() Segment {
	p := packet.TCP{Src: hosts[A], Dst: hosts[B], Flags: data, Options: []byte{1, 1, 1, 1}, Payload: bytes.Repeat([]byte("abc"), 101)}
	return Segment{TCP: p, Raw: p.Append(nil, packet.Raw)}
}

func TestBadChecksum(t *testing.T) {
	s := segment()
	bad := BadChecksum.Do(s)[0].Raw
	p, _ := packet.Parse(bad)
	if slices.Equal(bad, s.Raw) || !slices.Equal(p.Append(nil, packet.Raw), s.Raw) {
		t.Error("the checksum, and nothing else, must be changed")
	}
}

func TestFragments(t *testing.T) {
	s := segment()
	parts := Fragments(96).Do(s)
	if len(parts) != 4 {
		t.Fatalf("%d fragments of 327 octets by 96, want 4", len(parts))
	}
	got := make([]byte, len(s.Raw)-20)
	for i, d := range parts {
		field := binary.BigEndian.Uint16(d.Raw[6:])
		if more := field&packet.MoreFragments != 0; more != (i < 3) || packet.Fold16(packet.Add16(d.Raw[:20])) != 0xffff {
			t.Errorf("fragment %d: %x", i, d.Raw[:20])
		}
		copy(got[int(field&0x1fff)*8:], d.Raw[20:])
	}
	if !bytes.Equal(got, s.Raw[20:]) {
		t.Error("the fragments do not make up the segment")
	}
	s.Src = netip.MustParseAddrPort("[2001:db8::1]:40001")
	if parts := Fragments(96).Do(s); len(parts) != 1 {
		t.Errorf("IPv6 cut into %d", len(parts))
	}
}

// What is rejected is quoted, but no more of it than an error may hold.
func TestReject(t *testing.T) {
	s := segment()
	s.Raw = append(s.Raw, make([]byte, 300)...)
	d := Reject(3).Do(s)
	want := packet.Unreachable(hosts[B].Addr(), hosts[A].Addr(), 3, s.Raw[:500])
	want.IPFlags = packet.DontFragment
	if len(d) != 1 || !d[0].Back || !bytes.Equal(d[0].Raw, want.Append(nil, packet.Raw)) {
		t.Errorf("%+v", d)
	}
}
