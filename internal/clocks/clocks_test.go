package clocks_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
	"github.com/lastack/lastack/internal/clocks"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// frame is a segment at one tap.
type frame struct {
	at   time.Duration
	data []byte
}

var (
	client = netip.MustParseAddrPort("192.0.2.1:40000")
	server = netip.MustParseAddrPort("198.51.100.1:80")
)

// segment is the n-th of one direction, without timestamps and IPv4 id.
func segment(back bool, n int) []byte {
	p := packet.TCP{Src: client, Dst: server, Seq: wire.Seq(1000 + 100*n), Ack: wire.Seq(5000 + 100*n), Flags: wire.ACK, Window: 1000, Payload: make([]byte, 100)}
	if back {
		p.Src, p.Dst, p.Seq, p.Ack = server, client, p.Ack, p.Seq.Add(100)
	}
	return p.Append(nil, 1)
}

// path is what two taps see of segments that go back and forth, n each way: the second is
// delay behind the first, and its clock ahead.
func path(n int, delay, ahead time.Duration) (a, b []frame) {
	for i := range n {
		there := time.Hour + time.Duration(i)*100*time.Millisecond
		back := there + 2*delay
		a = append(a, frame{there, segment(false, i)}, frame{back + delay, segment(true, i)})
		b = append(b, frame{there + delay + ahead, segment(false, i)}, frame{back + ahead, segment(true, i)})
	}
	return a, b
}

// files writes captures.
func files(t *testing.T, taps ...[]frame) (list []capture.FileInfo) {
	t.Helper()
	dir := t.TempDir()
	for i, tap := range taps {
		name := filepath.Join(dir, fmt.Sprint(i))
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w, err := write.NewPcap(f, 1, write.PcapOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tap {
			if err := w.Write(&capture.Packet{Time: int64(x.at), Link: 1, OrigLen: uint32(len(x.data)), Data: x.data}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		list = append(list, capture.FileInfo{Name: name})
	}
	return list
}

// one checks that there is one difference, of the second file.
func one(t *testing.T, got []clocks.Difference, ahead time.Duration, sure bool) {
	t.Helper()
	if len(got) != 1 || got[0].File != 1 || got[0].Reference != 0 || got[0].Ahead != ahead || got[0].Sure != sure {
		t.Errorf("%+v, want file 1 ahead by %v, sure %t", got, ahead, sure)
	}
}

func none(t *testing.T, got []clocks.Difference) {
	t.Helper()
	if len(got) != 0 {
		t.Errorf("%+v, want nothing", got)
	}
}

func TestDifference(t *testing.T) {
	for _, ahead := range []time.Duration{6 * time.Millisecond, -8 * time.Millisecond, 500 * time.Millisecond, -500 * time.Millisecond, 3 * time.Second, time.Hour, -time.Hour / 2} {
		a, b := path(8, 4*time.Millisecond, ahead)
		one(t, clocks.Compare(files(t, a, b), nil), ahead, true)
	}
}

// TestAgreeing: clocks that agree, or differ by less than the segments take.
func TestAgreeing(t *testing.T) {
	for _, ahead := range []time.Duration{0, 4 * time.Millisecond, -4 * time.Millisecond, 19 * time.Millisecond, -19 * time.Millisecond} {
		a, b := path(8, 20*time.Millisecond, ahead)
		none(t, clocks.Compare(files(t, a, b), nil))
	}
	a, b := path(8, 0, 4*time.Millisecond)
	none(t, clocks.Compare(files(t, a, b), nil))
	none(t, clocks.Compare(files(t, a, a), nil))
	none(t, clocks.Compare(files(t, a), nil))
	none(t, clocks.Compare(files(t, nil, nil), nil))
	none(t, clocks.Compare([]capture.FileInfo{{Name: "-"}, {Name: "none"}}, nil))
}

// TestNothingInCommon: consecutive files of one capture, with a few segments that are sent
// again in the second.
func TestNothingInCommon(t *testing.T) {
	a, _ := path(40, time.Millisecond, 0)
	again := []frame{{a[38].at + 200*time.Millisecond, a[38].data}, {a[39].at + 400*time.Millisecond, a[39].data}}
	none(t, clocks.Compare(files(t, a[:40], append(again, a[40:]...)), nil))
}

// TestProbes: keepalive probes and their answers are the same in every file.
func TestProbes(t *testing.T) {
	var taps [4][]frame
	for i := range taps {
		for n := range 20 { // connections, each of which probes once in a file
			src := netip.AddrPortFrom(client.Addr(), uint16(40000+n))
			probe := packet.TCP{Src: src, Dst: server, Seq: 1000, Ack: 5000, Flags: wire.ACK, Window: 1000}
			answer := packet.TCP{Src: server, Dst: src, Seq: 5000, Ack: 1001, Flags: wire.ACK, Window: 1000}
			at := time.Hour + time.Duration(i)*75*time.Second + time.Duration(n)*time.Second
			taps[i] = append(taps[i], frame{at, probe.Append(nil, 1)}, frame{at + time.Millisecond, answer.Append(nil, 1)})
		}
	}
	none(t, clocks.Compare(files(t, taps[:]...), nil))
	a, _ := path(20, time.Millisecond, 0) // and some segments that are sent again
	taps[0], taps[1] = append(taps[0], a...), append(taps[1], frame{a[38].at + time.Second, a[38].data}, frame{a[37].at + time.Second, a[37].data}, frame{a[36].at + time.Second, a[36].data})
	none(t, clocks.Compare(files(t, taps[:]...), nil))
}

// TestOneDirection: the difference is told, if it is more than any way takes.
func TestOneDirection(t *testing.T) {
	const delay = 10 * time.Millisecond
	oneWay := func(list []frame, at int) (out []frame) {
		for i := at; i < len(list); i += 2 {
			out = append(out, list[i])
		}
		return out
	}
	a, b := path(10, delay, 3*time.Second)
	one(t, clocks.Compare(files(t, a, oneWay(b, 0)), nil), 3*time.Second+delay, false)
	one(t, clocks.Compare(files(t, oneWay(a, 1), b), nil), 3*time.Second-delay, false)
	a, b = path(10, delay, 900*time.Millisecond)
	none(t, clocks.Compare(files(t, a, oneWay(b, 0)), nil))
	a, b = path(7, delay, 3*time.Second)
	none(t, clocks.Compare(files(t, a, oneWay(b, 0)), nil))
}

// TestRetransmissions: each third segment is lost before the second tap, and sent again;
// some come through queues.
func TestRetransmissions(t *testing.T) {
	const ahead = -700 * time.Millisecond
	a, b := path(60, 5*time.Millisecond, ahead)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		if i%3 == 0 {
			a = append(a, frame{a[i].at + 300*time.Millisecond, a[i].data})
			b[i].at += 300 * time.Millisecond
		}
		if i%2 == 0 {
			b[i].at += time.Duration(r.Int64N(int64(2 * time.Millisecond)))
		}
	}
	got := clocks.Compare(files(t, a, b), nil)
	if len(got) != 1 || !got[0].Sure || (got[0].Ahead-ahead).Abs() > time.Millisecond {
		t.Errorf("%+v, want %v", got, ahead)
	}
}

// TestThreeFiles: the third has nothing in common with the first, but with the second.
func TestThreeFiles(t *testing.T) {
	a, b := path(40, 5*time.Millisecond, 2*time.Second)
	_, c := path(40, 10*time.Millisecond, -time.Second)
	got := clocks.Compare(files(t, a[:40], b, c[40:]), nil)
	if len(got) != 2 || got[0].File != 1 || got[1].File != 2 || got[1].Reference != 0 || got[1].With != 1 || (got[1].Ahead+time.Second).Abs() > 10*time.Millisecond {
		t.Errorf("%+v", got)
	}
}

// TestParts: two taps that began a new file each after their own count, so that some files
// share no segments of both directions.
func TestParts(t *testing.T) {
	a, b := path(60, 5*time.Millisecond, 3*time.Second)
	taps := [][]frame{a[:40], a[40:42], a[42:], b[:10], b[10:30], b[30:120]}
	list := files(t, taps...)
	for i := range list {
		name := fmt.Sprintf("%s-%c%d", list[i].Name[:len(list[i].Name)-1], "ab"[i/3], i)
		if err := os.Rename(list[i].Name, name); err != nil {
			t.Fatal(err)
		}
		list[i].Name = name
	}
	for range 2 {
		got := clocks.Compare(list, nil)
		if len(got) != 3 {
			t.Errorf("%+v", got)
		}
		for i, d := range got {
			if d.File != 3+i || !d.Sure || d.Ahead.Abs() != 3*time.Second {
				t.Errorf("%+v", d)
			}
		}
		list = append(list[3:], list[:3]...) // the other tap's first
	}
}

// TestLater: the head of the second file is in the first one's middle.
func TestLater(t *testing.T) {
	a, b := path(12000, time.Millisecond, 2*time.Second)
	one(t, clocks.Compare(files(t, a, b[20000:]), nil), 2*time.Second, true)
}

// TestHostile: segments that are all the same, in files of any number, and times that are
// the earliest and the latest there are.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("writes some 20 MB")
	}
	same := make([]frame, 200_000)
	for i := range same {
		same[i] = frame{time.Duration(i) * time.Second, segment(i%2 == 1, 0)}
	}
	none(t, clocks.Compare(files(t, same, same), nil))
	a, _ := path(100, time.Millisecond, 0)
	var many [][]frame
	for i := range 200 {
		shifted := make([]frame, len(a))
		for j, f := range a {
			shifted[j] = frame{f.at + time.Duration(i%2)*1000*time.Hour, f.data}
		}
		many = append(many, shifted)
	}
	if got := clocks.Compare(files(t, many...), nil); len(got) != 100 || got[0].Ahead != 1000*time.Hour {
		t.Errorf("%d differences", len(got))
	}
}
