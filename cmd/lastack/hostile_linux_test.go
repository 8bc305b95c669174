package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// What an attacker makes takes no more memory than it was allowed, and 64 MiB: measured as
// the kernel does, of the program as it is built for use.

var update = flag.Bool("update", false, "write testdata/hostile.txt anew")

const (
	allowed  = 64 << 20 // by --max-memory
	overhead = 64 << 20
)

// hostile is an input that was made to harm.
type hostile struct {
	name  string
	write func(w io.Writer)
	want  string // a pattern in the report or the error
}

// capturer writes frames as pcap.
type capturer struct {
	w    io.Writer
	time uint64 // in microseconds
	buf  []byte
}

func newCapturer(w io.Writer, link uint32) *capturer {
	h := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	h = append(h, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0)
	w.Write(binary.LittleEndian.AppendUint32(h, link))
	return &capturer{w: w, time: 1_700_000_000_000_000}
}

// add writes a frame, us microseconds after the last.
func (c *capturer) add(us uint64, data []byte) {
	c.time += us
	b := c.buf[:0]
	for _, v := range []uint32{uint32(c.time / 1e6), uint32(c.time % 1e6), uint32(len(data)), uint32(len(data))} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	c.buf = append(b, data...)
	c.w.Write(c.buf)
}

// tcp writes a segment.
func (c *capturer) tcp(us uint64, p *packet.TCP) { c.add(us, p.Append(nil, packet.Raw)) }

func address(net string, i uint32) netip.AddrPort {
	a := netip.MustParseAddr(net).As4()
	binary.BigEndian.PutUint16(a[2:], uint16(i>>16))
	return netip.AddrPortFrom(netip.AddrFrom4(a), uint16(i))
}

const million = 1_000_000

var hostiles = []hostile{
	{"a SYN flood of ten million tuples", func(w io.Writer) {
		c := newCapturer(w, 101)
		for i := range uint32(10 * million) {
			p := packet.TCP{Src: address("198.18.0.0", i), Dst: netip.MustParseAddrPort("192.0.2.1:80"), Seq: wire.Seq(i), Flags: wire.SYN, Window: 1024}
			c.tcp(1, &p)
		}
	}, `SYNs to 192.0.2.1:80 in 10 s`},
	{"a connection with a million holes", func(w io.Writer) {
		c := newCapturer(w, 101)
		a, b := address("192.0.2.0", 1), address("198.51.100.0", 80)
		opt := packet.WindowScale(nil, 14)
		c.tcp(1, &packet.TCP{Src: a, Dst: b, Seq: 0, Flags: wire.SYN, Window: 65535, Options: opt})
		c.tcp(1, &packet.TCP{Src: b, Dst: a, Seq: 0, Ack: 1, Flags: wire.SYN | wire.ACK, Window: 65535, Options: opt})
		c.tcp(1, &packet.TCP{Src: a, Dst: b, Seq: 1, Ack: 1, Flags: wire.ACK, Window: 65535})
		for i := range uint32(million) {
			c.tcp(1, &packet.TCP{Src: a, Dst: b, Seq: wire.Seq(3 + 2*i), Ack: 1, Flags: wire.ACK, Window: 65535, Payload: []byte{1}})
		}
	}, `1 connection`},
	{"a million fragments that never complete", func(w io.Writer) {
		c := newCapturer(w, 101)
		for i := range uint32(million) {
			p := packet.TCP{Src: address("198.18.0.0", i), Dst: address("192.0.2.0", 80), Seq: 1, Flags: wire.ACK, Window: 1, Payload: make([]byte, 100)}
			p.IPFlags, p.IPID = packet.MoreFragments, uint16(i)
			if i%2 == 1 {
				p.IPFlags |= 20
			}
			c.tcp(1, &p)
		}
	}, `500,000 further IP fragments`},
	{"a million incarnations of one tuple", func(w io.Writer) {
		c := newCapturer(w, 101)
		a, b := address("192.0.2.0", 1), address("198.51.100.0", 80)
		for i := range uint32(million) {
			iss := wire.Seq(i * 100_000)
			c.tcp(1000, &packet.TCP{Src: a, Dst: b, Seq: iss, Flags: wire.SYN, Window: 65535})
			c.tcp(1000, &packet.TCP{Src: b, Dst: a, Seq: 0, Ack: iss + 1, Flags: wire.RST | wire.ACK})
		}
	}, `connections`},
	{"a pcapng file with a million interfaces", func(w io.Writer) {
		w.Write(section())
		idb := ngBlock(1, []byte{1, 0, 0, 0, 0, 0, 4, 0})
		for range million {
			w.Write(idb)
		}
		c := packet.TCP{Src: address("192.0.2.0", 1), Dst: address("198.51.100.0", 80), Seq: 1, Flags: wire.SYN}
		data := c.Append(nil, packet.Ethernet)
		body := binary.LittleEndian.AppendUint32(nil, million-1)
		body = append(body, 0, 0, 0, 0, 0, 0, 0, 0)
		body = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(body, uint32(len(data))), uint32(len(data)))
		w.Write(ngBlock(6, append(body, append(data, make([]byte, -len(data)&3)...)...)))
	}, `1 connection|interfaces`},
	{"a decompression bomb", func(w io.Writer) {
		z := gzip.NewWriter(w)
		c := newCapturer(z, 101)
		data := make([]byte, 256<<10)
		for range 4 << 10 {
			c.add(1, data)
		}
		z.Close()
	}, `4,096 not IP`},
	{"a pcap record of 4 GB", func(w io.Writer) {
		newCapturer(w, 101)
		w.Write(bytes.Repeat([]byte{0xff}, 1000))
	}, `captured length 4294967295`},
	{"a pcapng block of 4 GB", func(w io.Writer) {
		w.Write(section())
		w.Write([]byte{6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff})
		w.Write(make([]byte, 900))
	}, `block length`},
}

// section is the header of a pcapng file.
func section() []byte {
	return ngBlock(0x0a0d0d0a, []byte{0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
}

func ngBlock(kind uint32, body []byte) []byte {
	n := uint32(len(body) + 12)
	b := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, kind), n)
	return binary.LittleEndian.AppendUint32(append(b, body...), n)
}

// TestHostileInputs: each stays within its bound, and is told.
func TestHostileInputs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	program := built(t)
	for _, h := range hostiles {
		t.Run(h.name, func(t *testing.T) {
			cmd := exec.Command(program, "-", "--max-memory", fmt.Sprint(allowed))
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				w := bufio.NewWriterSize(in, 1<<20)
				h.write(w)
				w.Flush()
				in.Close()
			}()
			out, peak := measured(t, cmd)
			if peak > allowed+overhead {
				t.Errorf("%d MB resident", peak>>20)
			}
			if !regexp.MustCompile(h.want).MatchString(out) {
				t.Errorf("no %s in the report:\n%s", h.want, out)
			}
		})
	}
}

// built is the program as it is built for use, whatever this test is built for.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "lastack")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// measured runs a command and returns what it wrote, and how much memory it had at most.
func measured(t *testing.T, cmd *exec.Cmd) (out string, peak int64) {
	t.Helper()
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	state := cmd.ProcessState
	if state == nil {
		t.Fatal(err)
	}
	if code := state.ExitCode(); code != 0 && code != int(exitFailed) && code != int(exitDamaged) {
		t.Errorf("exit code %d: %v\n%s", code, err, b.String())
	}
	// To the kernel a process has had, too, what its parent had when it was made: what is not
	// above that (the race detector takes much) cannot be told.
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		t.Fatal(err)
	}
	if peak = int64(state.SysUsage().(*syscall.Rusage).Maxrss) << 10; peak <= int64(own.Maxrss)<<10 {
		peak = 0
	}
	return b.String(), peak
}

// TestSmallHostileInputs: files of a kilobyte, broken in every way there is, take neither
// memory nor time, and what is said of each was reviewed.
func TestSmallHostileInputs(t *testing.T) {
	program := built(t)
	dir := t.TempDir()
	var b strings.Builder
	for _, s := range smallHostiles() {
		file := filepath.Join(dir, s.name)
		if err := os.WriteFile(file, s.data, 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(program, s.name, "-q")
		cmd.Dir = dir
		out, peak := measured(t, cmd)
		if used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); peak > 64<<20 || used.Seconds() > 1 {
			t.Errorf("%s: %d MB, %v", s.name, peak>>20, used)
		}
		fmt.Fprintf(&b, "== %q, %d octets: exit code %d\n%s", s.name, len(s.data), cmd.ProcessState.ExitCode(), out)
	}
	const golden = "testdata/hostile.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("run with -update if that is meant: %s", d)
	}
}

type smallHostile struct {
	name string
	data []byte
}

// smallHostiles are broken captures: what each has of a good one is in its name.
func smallHostiles() (list []smallHostile) {
	add := func(name string, data []byte) { list = append(list, smallHostile{name, data}) }
	var good bytes.Buffer
	c := newCapturer(&good, 101)
	for i := range uint32(3) {
		c.tcp(1000, &packet.TCP{Src: address("192.0.2.0", 40000), Dst: address("198.51.100.0", 80), Seq: wire.Seq(i), Ack: wire.Seq(i), Flags: []wire.Flags{wire.SYN, wire.ACK, wire.RST}[i]})
	}
	pcap := good.Bytes()
	with := func(data []byte, at int, octets ...byte) []byte {
		data = bytes.Clone(data)
		copy(data[at:], octets)
		return data
	}
	ff := []byte{0xff, 0xff, 0xff, 0xff}
	add("empty", nil)
	add("one-octet", []byte{0xd4})
	add("name-\x1b[31mof-escapes\x07\xff", pcap[:30])
	add("text", []byte("GET / HTTP/1.0\r\n\r\nthis is no capture, whatever its name says"))
	add("pcap-magic-only", pcap[:4])
	add("pcap-header-cut", pcap[:20])
	add("pcap-header-only", pcap[:24])
	add("pcap-record-header-cut", pcap[:30])
	add("pcap-record-cut", pcap[:len(pcap)-3])
	add("pcap-version-9", with(pcap, 4, 9))
	add("pcap-length-4GB", with(pcap, 32, ff...))
	add("pcap-length-16MB", with(pcap, 32, 0, 0, 0, 1))
	add("pcap-original-length-4GB", with(pcap, 36, ff...))
	add("pcap-time-ffffffff", with(pcap, 24, append(ff, ff...)...))
	add("pcap-snaplen-0", with(pcap, 16, 0, 0, 0, 0))
	add("pcap-link-type-65535", with(pcap, 20, 0xff, 0xff))
	add("pcap-twice", append(bytes.Clone(pcap), pcap...))
	add("pcap-and-zeros", append(bytes.Clone(pcap), make([]byte, 500)...))
	add("ip-length-0", with(pcap, 24+16+2, 0, 0))
	add("ip-length-65535", with(pcap, 24+16+2, 0xff, 0xff))
	add("ip-header-length-0", with(pcap, 24+16, 0x40))
	add("tcp-header-length-0", with(pcap, 24+16+32, 0))
	add("tcp-header-length-60", with(pcap, 24+16+32, 0xf0))
	idb := ngBlock(1, []byte{101, 0, 0, 0, 0, 0, 4, 0})
	ng := append(section(), idb...)
	add("pcapng-section-only", section())
	add("pcapng-section-cut", section()[:20])
	add("pcapng-byte-order-magic-0", with(section(), 8, 0, 0, 0, 0))
	add("pcapng-version-9", with(section(), 12, 9))
	add("pcapng-block-length-0", append(bytes.Clone(ng), 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	add("pcapng-block-length-11", append(bytes.Clone(ng), 6, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0))
	add("pcapng-block-length-4GB", append(bytes.Clone(ng), 6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0))
	add("pcapng-block-lengths-differ", append(bytes.Clone(ng), with(ngBlock(6, make([]byte, 20)), 28, 36)...))
	add("pcapng-packet-without-interface", append(section(), ngBlock(6, make([]byte, 20))...))
	add("pcapng-interface-7", append(bytes.Clone(ng), ngBlock(6, with(make([]byte, 20), 0, 7))...))
	add("pcapng-packet-longer-than-its-block", append(bytes.Clone(ng), ngBlock(6, with(make([]byte, 20), 12, 0xff, 0xff))...))
	add("pcapng-option-longer-than-its-block", append(section(), ngBlock(1, []byte{101, 0, 0, 0, 0, 0, 4, 0, 2, 0, 0xff, 0xff, 'e', 't', 'h', 0})...))
	add("pcapng-resolution-255", append(section(), ngBlock(1, []byte{101, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 0xff, 0, 0, 0})...))
	escapes := append([]byte{1, 0, 24, 0}, "\x1b]0;owned\x07\x1b[2J\xff\xfe  text \r\n"...)
	add("pcapng-comment-of-escapes", append(section(), ngBlock(1, append([]byte{101, 0, 0, 0, 0, 0, 4, 0}, escapes[:28]...))...))
	add("gzip-header-only", []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3})
	add("gzip-damaged", with(zipped(pcap), 20, 0xff, 0xff, 0xff))
	add("gzip-cut", zipped(pcap)[:60])
	add("zstd-window-4GB", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0, 0, 0, 0})
	add("xz-cut", []byte{0xfd, '7', 'z', 'X', 'Z', 0, 0, 4})
	add("lz4-block-4GB", append([]byte{0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7}, ff...))
	add("bzip2-cut", []byte("BZh91AY&SY"))
	add("snoop-record-4GB", append([]byte("snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04"), bytes.Repeat(ff, 8)...))
	return list
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}
