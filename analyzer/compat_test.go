package analyzer_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
	"github.com/lastack/lastack/internal/script"
	"github.com/lastack/lastack/report"
)

// ethernet is LINKTYPE_ETHERNET.
const ethernet = 1

// marked writes the frames of all captures to one, each capture with addresses of its
// own: Wireshark's programs take as long to begin as to read them all. It returns the
// number of the frame before the first of each.
func marked(t *testing.T, files []string) (all string, before []uint64) {
	t.Helper()
	var b bytes.Buffer
	w, err := write.NewPcap(&b, ethernet, write.PcapOptions{})
	must(t, err)
	n := uint64(0)
	for i, file := range files {
		before = append(before, n)
		eachPacket(t, file, func(p *capture.Packet) {
			n++
			out := *p
			out.Data = mark(t, p, byte(i+1))
			must(t, w.Write(&out))
		})
	}
	must(t, w.Flush())
	all = filepath.Join(t.TempDir(), "all.pcap")
	must(t, os.WriteFile(all, b.Bytes(), 0o644))
	return all, before
}

// mark is a frame with both addresses beginning with n.
func mark(t *testing.T, p *capture.Packet, n byte) []byte {
	t.Helper()
	data := bytes.Clone(p.Data)
	if p.Link != ethernet {
		t.Fatalf("link type %d", p.Link)
	}
	switch kind := binary.BigEndian.Uint16(data[12:]); kind {
	case 0x0800:
		data[26], data[30] = n, n
	case 0x86dd:
		data[22], data[38] = n, n
	}
	return data
}

func eachPacket(t *testing.T, file string, f func(p *capture.Packet)) {
	t.Helper()
	src, err := capture.Open([]string{file}, capture.Options{})
	must(t, err)
	defer src.Close()
	var p capture.Packet
	for src.Next(&p) == nil {
		f(&p)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// conversations returns the completeness of Wireshark's conversations of a capture, by
// the number of their first frame.
func conversations(t *testing.T, file string) map[uint64]int {
	t.Helper()
	cmd := exec.Command("tshark", "-2", "-r", file, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields",
		"-e", "frame.number", "-e", "tcp.stream", "-e", "tcp.completeness")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %s: %v\n%s", file, err, stderr.String())
	}
	list, seen := map[uint64]int{}, map[int]bool{}
	for line := range strings.Lines(string(out)) {
		var frame uint64
		var number, n int
		if _, err := fmt.Sscan(line, &frame, &number, &n); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		if !seen[number] {
			seen[number], list[frame] = true, n
		}
	}
	return list
}

// connections returns those of a capture, by their first frames.
func connections(t *testing.T, file string) map[uint64]*report.Connection {
	t.Helper()
	a := analyzer.New(analyzer.Options{})
	eachPacket(t, file, a.AddPacket)
	a.Close()
	list := map[uint64]*report.Connection{}
	for r := range a.Records() {
		if c, ok := r.(*report.Connection); ok {
			list[c.FirstFrame] = c
		}
	}
	return list
}

// The captures in which Wireshark divides the segments otherwise: a SYN on ports that an
// end still had in use was refused, with the numbers of the old connection, and sent
// again. To Wireshark all that follows the SYN is the new conversation's.
var dividedOtherwise = []string{"half-open-syn", "reuse-refused"}

// TestWireshark holds wireshark_completeness against tshark, on every capture of the
// repository.
func TestWireshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed: nothing to compare with")
	}
	files := slices.DeleteFunc(captures(t), func(file string) bool {
		return strings.Contains(file, "fragment-attack") // to Wireshark a packet whose fragments overlap has not come at all
	})
	all, before := marked(t, files)
	theirs := conversations(t, all)
	compared := 0
	for i, file := range files {
		otherwise := slices.Contains(dividedOtherwise, filepath.Base(filepath.Dir(file)))
		differ := false
		for frame, c := range connections(t, file) {
			want, ok := theirs[before[i]+frame]
			compared++
			switch got := *c.Compat.WiresharkCompleteness; {
			case !ok:
				t.Errorf("%s: no conversation of Wireshark's begins with frame %d, and connection %d does", file, frame, c.ID)
			case got != want && otherwise:
				differ = true
			case got != want:
				t.Errorf("%s: connection %d is %d, to Wireshark %d", file, c.ID, got, want)
			}
		}
		if otherwise && !differ {
			t.Errorf("%s: Wireshark agrees: it is no exception", file)
		}
	}
	if compared != len(theirs) {
		t.Errorf("%d connections, %d conversations", compared, len(theirs))
	}
	t.Logf("%d connections of %d captures", compared, len(files))
}

// TestFlowEndReason: each reason of IPFIX that a record can have.
func TestFlowEndReason(t *testing.T) {
	open := "> S seq=100; < S. seq=300 ack=101; > . seq=101 ack=301"
	for _, k := range []struct {
		segments string
		opt      analyzer.Options
		want     int
	}{
		{open + "; > F. seq=101 ack=301; < F. seq=301 ack=102; > . seq=102 ack=302", analyzer.Options{}, 3},
		{open + "; < R. seq=301 ack=101", analyzer.Options{}, 3},
		{"> S seq=100; > +1000 S seq=100 a=40009", analyzer.Options{}, 1},
		{open, analyzer.Options{}, 4},
		{open + "; > F. seq=101 ack=301", analyzer.Options{}, 4},
		{open + "; > S seq=500 a=40009; < S. seq=700 ack=501 a=40009", analyzer.Options{MaxConnections: 1}, 5},
	} {
		c := zeekCase{segments: k.segments}
		if got := analyzeBytes(t, c.compile(t, script.Variant{}), k.opt)[0].Compat.IPFIXFlowEndReason; *got != k.want {
			t.Errorf("%s: %d, want %d", k.segments, *got, k.want)
		}
	}
}
