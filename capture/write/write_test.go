package write

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket/pcapgo"

	"github.com/lastack/lastack/capture"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readBack reads what was written with the reader of this repository.
func readBack(t testing.TB, data []byte) ([]capture.Packet, capture.FileInfo) {
	t.Helper()
	s, err := capture.OpenReader("f", bytes.NewReader(data))
	must(t, err)
	var packets []capture.Packet
	for {
		var p capture.Packet
		switch err := s.Next(&p); err {
		case nil:
			p.Data = bytes.Clone(p.Data)
			packets = append(packets, p)
		case io.EOF:
			return packets, s.Files()[0]
		default:
			t.Fatal(err)
		}
	}
}

func TestPcapReadBack(t *testing.T) {
	for _, link := range []capture.LinkType{capture.LinkEthernet, capture.LinkSLL2, 65535} {
		for _, opts := range []PcapOptions{{}, {Micro: true}, {Snaplen: 4}} {
			var b bytes.Buffer
			w, err := NewPcap(&b, link, opts)
			must(t, err)
			want := []capture.Packet{
				{Time: 0, OrigLen: 9, Data: []byte("abcd")},
				{Time: 1700000000123456000, OrigLen: 3, Data: []byte("efg")},
				{Time: (1<<32-1)*1e9 + 999999000, OrigLen: 5, Data: []byte{}},
			}
			for i := range want {
				want[i].Number, want[i].Frame, want[i].Link = uint64(i+1), uint64(i+1), link
				must(t, w.Write(&want[i]))
			}
			must(t, w.Flush())
			got, _ := readBack(t, b.Bytes())
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%v, %+v:\n%s", link, opts, d)
			}
		}
	}
}

// TestPcapRounds: microseconds are rounded down, and a length on the wire
// below the captured one is raised.
func TestPcapRounds(t *testing.T) {
	var b bytes.Buffer
	w, err := NewPcap(&b, 1, PcapOptions{Micro: true})
	must(t, err)
	must(t, w.Write(&capture.Packet{Link: 1, Time: 1999, OrigLen: 1, Data: []byte("abc")}))
	must(t, w.Flush())
	got, _ := readBack(t, b.Bytes())
	if got[0].Time != 1000 || got[0].OrigLen != 3 {
		t.Errorf("%+v", got[0])
	}
}

func TestPcapRefuses(t *testing.T) {
	if _, err := NewPcap(io.Discard, 65536, PcapOptions{}); err == nil {
		t.Error("a link type of 17 bits was taken")
	}
	w, err := NewPcap(io.Discard, 1, PcapOptions{Snaplen: 3})
	must(t, err)
	for want, p := range map[string]capture.Packet{
		"packet of link type LINUX_SLL in a pcap file of EN10MB": {Link: capture.LinkSLL},
		"time -1 does not fit into a pcap file":                  {Link: 1, Time: -1},
		"time 4294967296000000000 does not fit into a pcap file": {Link: 1, Time: 1e9 << 32},
		"packet of 4 octets in a pcap file of snaplen 3":         {Link: 1, Data: []byte("abcd")},
	} {
		if err := w.Write(&p); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// sample is a file with everything that Pcapng writes.
func sample(t testing.TB) ([]byte, []capture.Packet) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewPcapng(&b, Section{Hardware: "hw", OS: "os", Application: "lastack", Comment: "a file"})
	must(t, err)
	eth, err := w.AddInterface(Interface{Link: capture.LinkEthernet, Snaplen: 96, Name: "eth0", Description: "left", Comment: "tap"})
	must(t, err)
	sll, err := w.AddInterface(Interface{Link: capture.LinkSLL2, Name: "any"})
	must(t, err)
	frame := append(make([]byte, 12), 0x88, 0xb5) // a local experimental EtherType
	packets := []capture.Packet{
		{Time: 1700000000123456789, Link: capture.LinkEthernet, OrigLen: 1500, Data: frame},
		{Time: 1700000000123456790, Link: capture.LinkEthernet, OrigLen: 15, Direction: capture.Inbound, Data: append(frame, 1)},
		{Time: 1700000000123456790, Link: capture.LinkSLL2, OrigLen: 22, Direction: capture.Outbound, Data: make([]byte, 22)},
		{Time: 0, Link: capture.LinkEthernet, Data: []byte{}},
	}
	must(t, w.Write(eth, &packets[0], Note{Comment: "final ACK lost"}))
	must(t, w.Write(eth, &packets[1], Note{Drops: 7}))
	must(t, w.Write(sll, &packets[2], Note{Comment: "caf\u00e9 \xff", Flags: 4 << 5}))
	must(t, w.Write(eth, &packets[3], Note{}))
	must(t, w.WriteStats(eth, Stats{Time: 1700000001e9, Received: 100, Dropped: 9}))
	must(t, w.WriteStats(sll, Stats{Time: 1700000001e9, Received: 5}))
	must(t, w.Flush())
	for i := range packets {
		packets[i].Number, packets[i].Frame = uint64(i+1), uint64(i+1)
	}
	return b.Bytes(), packets
}

func TestPcapngReadBack(t *testing.T) {
	data, want := sample(t)
	got, info := readBack(t, data)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if fmt.Sprint(info.Links) != "[EN10MB LINUX_SLL2]" || info.Dropped != 9 || !info.DroppedKnown {
		t.Errorf("%+v", info)
	}
}

func TestPcapngPcapgo(t *testing.T) {
	data, want := sample(t)
	r, err := pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	must(t, err)
	for i, p := range want {
		got, ci, err := r.ReadPacketData()
		must(t, err)
		if ci.Timestamp.UnixNano() != p.Time || ci.Length != int(p.OrigLen) || !bytes.Equal(got, p.Data) {
			t.Errorf("packet %d: %+v", i+1, ci)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Error(err)
	}
	if s := r.SectionInfo(); s.Application != "lastack" || s.Comment != "a file" || s.Hardware != "hw" || s.OS != "os" {
		t.Errorf("%+v", s)
	}
	for i, name := range []string{"eth0", "any"} {
		if in, err := r.Interface(i); err != nil || in.Name != name {
			t.Errorf("interface %d: %+v, %v", i, in, err)
		}
	}
	if in, _ := r.Interface(0); in.Statistics.PacketsReceived != 100 || in.Statistics.PacketsDropped != 9 || in.Description != "left" || in.Comment != "tap" {
		t.Errorf("%+v", in)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed: nothing to compare with", name)
	}
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	return string(out)
}

func TestPcapngTshark(t *testing.T) {
	data, _ := sample(t)
	path := filepath.Join(t.TempDir(), "x.pcapng")
	must(t, os.WriteFile(path, data, 0o600))
	got := run(t, "tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|", "-e", "frame.number", "-e", "frame.time_epoch",
		"-e", "frame.cap_len", "-e", "frame.len", "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "frame.comment")
	want := strings.Join([]string{
		"1|1700000000.123456789|14|1500|eth0||final ACK lost",
		"2|1700000000.123456790|15|15|eth0|1|",
		"3|1700000000.123456790|22|22|any|2|caf\u00e9 \ufffd",
		"4|0.000000000|0|0|eth0||",
	}, "\n") + "\n"
	got = strings.ReplaceAll(got, "0x00000001", "1")
	got = strings.ReplaceAll(got, "0x00000002", "2")
	if got != want {
		t.Errorf("tshark reads\n%swant\n%s", got, want)
	}
	info := run(t, "capinfos", path)
	for _, want := range []string{"nanoseconds (9)", "Capture comment:     a file", "Capture application: lastack", "Number of packets:   4"} {
		if !strings.Contains(info, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, info)
		}
	}
}

func TestPcapTshark(t *testing.T) {
	for _, c := range []struct {
		opts PcapOptions
		want string
	}{
		{PcapOptions{}, "1|1700000000.123456789|22|60|sll"},
		{PcapOptions{Micro: true}, "1|1700000000.123456000|22|60|sll"},
	} {
		var b bytes.Buffer
		w, err := NewPcap(&b, capture.LinkSLL2, c.opts)
		must(t, err)
		must(t, w.Write(&capture.Packet{Link: capture.LinkSLL2, Time: 1700000000123456789, OrigLen: 60, Data: make([]byte, 22)}))
		must(t, w.Flush())
		path := filepath.Join(t.TempDir(), "x.pcap")
		must(t, os.WriteFile(path, b.Bytes(), 0o600))
		got := run(t, "tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|", "-e", "frame.number", "-e", "frame.time_epoch",
			"-e", "frame.cap_len", "-e", "frame.len", "-e", "frame.protocols")
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%+v: tshark reads %q, want %q", c.opts, got, c.want)
		}
	}
}

func TestPcapngRefuses(t *testing.T) {
	long := strings.Repeat("x", 65536)
	var b bytes.Buffer
	if _, err := NewPcapng(&b, Section{Comment: long}); err == nil {
		t.Error("a comment of 65,536 octets was taken")
	}
	w, err := NewPcapng(&b, Section{})
	must(t, err)
	if _, err := w.AddInterface(Interface{Link: 65536}); err == nil {
		t.Error("a link type of 17 bits was taken")
	}
	if _, err := w.AddInterface(Interface{Name: long}); err == nil {
		t.Error("a name of 65,536 octets was taken")
	}
	id, err := w.AddInterface(Interface{Link: 1})
	must(t, err)
	good := capture.Packet{Link: 1, Data: []byte("abc")}
	for name, err := range map[string]error{
		"interface":    w.Write(id+1, &good, Note{}),
		"negative":     w.Write(-1, &good, Note{}),
		"statistics":   w.WriteStats(id+1, Stats{}),
		"link type":    w.Write(id, &capture.Packet{Link: 2}, Note{}),
		"time":         w.Write(id, &capture.Packet{Link: 1, Time: -1}, Note{}),
		"length":       w.Write(id, &capture.Packet{Link: 1, Data: make([]byte, 16<<20)}, Note{}),
		"long comment": w.Write(id, &good, Note{Comment: long}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	// What was refused has left nothing behind.
	must(t, w.Write(id, &good, Note{}))
	must(t, w.Flush())
	got, info := readBack(t, b.Bytes())
	if len(got) != 1 || len(info.Links) != 1 || string(got[0].Data) != "abc" {
		t.Errorf("%v %+v", got, info)
	}
}

// TestLongest: the longest packet with the longest comment can be read back.
func TestLongest(t *testing.T) {
	var b bytes.Buffer
	w, err := NewPcapng(&b, Section{})
	must(t, err)
	id, err := w.AddInterface(Interface{Link: 1})
	must(t, err)
	must(t, w.Write(id, &capture.Packet{Link: 1, Data: make([]byte, maxData)}, Note{Comment: strings.Repeat("x", 65535), Drops: 1, Flags: 4}))
	must(t, w.Write(id, &capture.Packet{Link: 1, Data: []byte("abc")}, Note{}))
	must(t, w.Flush())
	if got, _ := readBack(t, b.Bytes()); len(got) != 2 || len(got[0].Data) != maxData {
		t.Errorf("%d packets", len(got))
	}
}

// TestFlush: what was flushed is all there, before the file ends.
func TestFlush(t *testing.T) {
	var pcap, ng bytes.Buffer
	p, err := NewPcap(&pcap, 1, PcapOptions{})
	must(t, err)
	n, err := NewPcapng(&ng, Section{})
	must(t, err)
	id, err := n.AddInterface(Interface{Link: 1})
	must(t, err)
	for i := range 3 {
		packet := capture.Packet{Link: 1, Data: []byte("abc")}
		must(t, p.Write(&packet))
		must(t, n.Write(id, &packet, Note{}))
		must(t, p.Flush())
		must(t, n.Flush())
		for _, data := range [][]byte{pcap.Bytes(), ng.Bytes()} {
			if got, _ := readBack(t, data); len(got) != i+1 {
				t.Errorf("%d packets after %d were flushed", len(got), i+1)
			}
		}
	}
}

// full is a disk that is full.
type full struct{ room int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	n := min(f.room, len(p))
	f.room -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// TestFullDisk: the error comes, stays, and what follows is not gathered.
func TestFullDisk(t *testing.T) {
	big := capture.Packet{Link: 1, Data: make([]byte, 100<<10)}
	p, err := NewPcap(&full{1 << 20}, 1, PcapOptions{})
	must(t, err)
	n, err := NewPcapng(&full{1 << 20}, Section{})
	must(t, err)
	id, err := n.AddInterface(Interface{Link: 1})
	must(t, err)
	for range 100 {
		p.Write(&big)
		n.Write(id, &big, Note{})
	}
	if err := p.Write(&big); !errors.Is(err, errFull) {
		t.Errorf("pcap: %v", err)
	}
	if err := n.Write(id, &big, Note{}); !errors.Is(err, errFull) || !errors.Is(n.Flush(), errFull) {
		t.Errorf("pcapng: %v", err)
	}
	if _, err := n.AddInterface(Interface{}); !errors.Is(err, errFull) || cap(n.buf) > 1<<20 {
		t.Errorf("pcapng: %v, %d octets gathered", err, cap(n.buf))
	}
}

// writers write a packet each, to nowhere.
func writers(t testing.TB) map[string]func(*capture.Packet) error {
	t.Helper()
	p, err := NewPcap(io.Discard, 1, PcapOptions{})
	must(t, err)
	n, err := NewPcapng(io.Discard, Section{})
	must(t, err)
	id, err := n.AddInterface(Interface{Link: 1})
	must(t, err)
	note := Note{Comment: "retransmission", Flags: 1}
	return map[string]func(*capture.Packet) error{
		"pcap":             p.Write,
		"pcapng":           func(p *capture.Packet) error { return n.Write(id, p, Note{}) },
		"pcapng, comments": func(p *capture.Packet) error { return n.Write(id, p, note) },
	}
}

func TestAllocations(t *testing.T) {
	packet := capture.Packet{Link: 1, Time: 1.7e18, Data: make([]byte, 66)}
	for name, write := range writers(t) {
		if n := testing.AllocsPerRun(10000, func() { write(&packet) }); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	packet := capture.Packet{Link: 1, Time: 1.7e18, Data: make([]byte, 66)}
	for name, write := range writers(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				packet.Time += 1000
				if err := write(&packet); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
