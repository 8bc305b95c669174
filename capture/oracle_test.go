package capture_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
)

// sound lists the captures of the repository.
func sound(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("../testdata/pcaps/*/*.pcap*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	return names
}

// nanoseconds says whether a capture's times are that fine.
func nanoseconds(name string) bool {
	data, err := os.ReadFile(name)
	return err == nil && bytes.HasPrefix(data, []byte{0x4d, 0x3c, 0xb2, 0xa1})
}

// tool returns the path of a program of Wireshark's, or skips the test.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: nothing to compare with", name)
	}
	return path
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, stderr.String())
	}
	return string(out)
}

func readFiles(t testing.TB, paths ...string) (r result, infos []capture.FileInfo) {
	t.Helper()
	s, err := capture.Open(paths, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r = readAll(t, s)
	checkBatches(t, r, s.Files(), paths)
	return r, s.Files()
}

// facts are what every reader must agree on, a packet a line.
func facts(packets []capture.Packet) string {
	var b strings.Builder
	for _, p := range packets {
		fmt.Fprintf(&b, "%d %d %d %s\n", p.Time, p.OrigLen, p.Link, hex.EncodeToString(p.Data))
	}
	return b.String()
}

func gopacketFacts(t testing.TB, src gopacket.PacketDataSource, link layers.LinkType) string {
	t.Helper()
	var b strings.Builder
	for {
		data, ci, err := src.ReadPacketData()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%d %d %d %s\n", ci.Timestamp.UnixNano(), ci.Length, link, hex.EncodeToString(data))
	}
}

// coarse returns the packets with the times that microseconds leave of theirs.
func coarse(packets []capture.Packet) []capture.Packet {
	out := slices.Clone(packets)
	for i := range out {
		out[i].Time -= out[i].Time % 1000
	}
	return out
}

// TestAgainstPcapgo reads every capture of the repository as it is, and as
// written anew in pcap and pcapng, with our readers and with gopacket's.
func TestAgainstPcapgo(t *testing.T) {
	for _, name := range sound(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := pcapgo.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		want := gopacketFacts(t, theirs, theirs.LinkType())
		ours, infos := readFiles(t, name)
		if facts(ours.packets) != want || len(ours.errs) > 0 || want == "" {
			t.Errorf("%s: differs from pcapgo: %v", name, ours.errs)
		}
		if infos[0].Format != "pcap" || infos[0].Packets != uint64(strings.Count(want, "\n")) {
			t.Errorf("%s: %+v", name, infos[0])
		}

		again := rewritten(t, ours.packets)
		wants := map[string]string{"micro": facts(coarse(ours.packets)), "nano": want, "pcapng": want}
		for format, data := range again {
			r, _ := readBytes(t, data)
			if facts(r.packets) != wants[format] || len(r.errs) > 0 {
				t.Errorf("%s written as %s and read by us: differs: %v", name, format, r.errs)
			}
		}
		for _, format := range []string{"micro", "nano"} {
			theirs, err := pcapgo.NewReader(bytes.NewReader(again[format]))
			if err != nil || gopacketFacts(t, theirs, theirs.LinkType()) != wants[format] {
				t.Errorf("%s written as %s and read by pcapgo: differs: %v", name, format, err)
			}
		}
		ng, err := pcapgo.NewNgReader(bytes.NewReader(again["pcapng"]), pcapgo.DefaultNgReaderOptions)
		if err != nil || gopacketFacts(t, ng, ng.LinkType()) != want {
			t.Errorf("%s written as pcapng and read by pcapgo: differs: %v", name, err)
		}
	}
}

// rewritten are packets of microseconds and of one link type in the formats
// that we write.
func rewritten(t testing.TB, packets []capture.Packet) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	link := packets[0].Link
	for name, opts := range map[string]write.PcapOptions{"micro": {Micro: true}, "nano": {}} {
		var b bytes.Buffer
		w, err := write.NewPcap(&b, link, opts)
		must(t, err)
		for i := range packets {
			must(t, w.Write(&packets[i]))
		}
		must(t, w.Flush())
		out[name] = b.Bytes()
	}
	var b bytes.Buffer
	w, err := write.NewPcapng(&b, write.Section{})
	must(t, err)
	_, err = w.AddInterface(write.Interface{Link: link})
	must(t, err)
	for i := range packets {
		must(t, w.Write(0, &packets[i], write.Note{}))
	}
	must(t, w.Flush())
	out["pcapng"] = b.Bytes()
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAgainstWireshark reads what editcap and mergecap make of our captures.
func TestAgainstWireshark(t *testing.T) {
	tool(t, "editcap")
	dir := t.TempDir()
	names := slices.DeleteFunc(sound(t), nanoseconds)[:6] // modpcap holds microseconds
	for _, name := range names {
		ours, _ := readFiles(t, name)
		for _, format := range []string{"nsecpcap", "pcapng", "modpcap", "snoop"} {
			converted := filepath.Join(dir, format)
			run(t, "editcap", "-F", format, name, converted)
			r, _ := readFiles(t, converted)
			if facts(r.packets) != facts(ours.packets) || len(r.errs) > 0 {
				t.Errorf("%s as %s differs: %v", name, format, r.errs)
			}
		}
	}
	merged := filepath.Join(dir, "merged")
	run(t, "mergecap", append([]string{"-F", "pcapng", "-w", merged}, names...)...)
	theirs, _ := readFiles(t, merged)
	ours, _ := readFiles(t, names...)
	if facts(ours.packets) != facts(theirs.packets) {
		t.Error("merging differs from mergecap's")
	}
	compareTshark(t, merged)
}

// compareTshark compares what tshark says of a file with what we read.
func compareTshark(t testing.TB, path string) {
	t.Helper()
	out := run(t, "tshark", "-n", "-r", path, "-T", "fields",
		"-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.cap_len", "-e", "frame.len", "-e", "frame.interface_id")
	r, _ := readFiles(t, path)
	var b strings.Builder
	for _, p := range r.packets {
		fmt.Fprintf(&b, "%d\t%d.%09d\t%d\t%d\n", p.Frame, p.Time/1e9, p.Time%1e9, len(p.Data), p.OrigLen)
	}
	var theirs []string
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		theirs = append(theirs, strings.Join(f[:4], "\t")+"\n")
	}
	if got, want := b.String(), strings.Join(theirs, ""); got != want {
		t.Errorf("%s: we read\n%stshark reads\n%s", path, got, want)
	}
}

// TestFrameNumbers: what Wireshark counts as a frame, we count.
func TestFrameNumbers(t *testing.T) {
	tool(t, "tshark")
	le := little
	eth := strings.Repeat("\x00", 60)
	packet := enhanced(le, 0, 1700000000e6, 60, eth)
	path := filepath.Join(t.TempDir(), "frames.pcapng")
	data := join(section(le), iface(le, 1, 0),
		packet, block(le, 9, "__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=x\n"),
		packet, block(le, 0xbad, uint32(32473), "abcd"),
		packet, block(le, 0x40000bad, uint32(32473), "abcd"),
		packet, block(le, 4, uint32(0)), block(le, 77, "abcd"), block(le, 5, uint32(0), uint64(0)),
		packet, section(big), iface(big, 1, 0), enhanced(big, 0, 1700000000e6, 60, eth))
	must(t, os.WriteFile(path, data, 0o600))
	out := run(t, "tshark", "-n", "-r", path, "-Y", "eth", "-T", "fields", "-e", "frame.number")
	r, _ := readFiles(t, path)
	var got []string
	for _, p := range r.packets {
		got = append(got, fmt.Sprint(p.Frame))
	}
	if want := strings.Fields(out); !slices.Equal(got, want) {
		t.Errorf("frames %v, tshark numbers them %v", got, want)
	}
}

// TestForeignFormats: what editcap writes in other formats is named, not read.
func TestForeignFormats(t *testing.T) {
	tool(t, "editcap")
	for format, want := range map[string]string{
		"netmon1":        "a Network Monitor capture",
		"netmon2":        "a Network Monitor capture",
		"ngwsniffer_2_0": "a NetXRay capture",
		"ngsniffer":      "a Sniffer capture",
	} {
		path := filepath.Join(t.TempDir(), "x")
		run(t, "editcap", "-F", format, sound(t)[0], path)
		_, err := capture.Open([]string{path}, capture.Options{})
		if err == nil || !strings.Contains(err.Error(), "looks like "+want) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
