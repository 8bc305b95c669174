package encap_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
	"github.com/lastack/lastack/internal/encap"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

var update = flag.Bool("update", false, "write the captures anew")

const folder = "../../testdata/pcaps/encapsulated"

// TestCaptures: the captures are what the cases make, and there are no others.
func TestCaptures(t *testing.T) {
	captures := 0
	for i := range encap.Cases {
		c := &encap.Cases[i]
		if c.Alone {
			continue
		}
		captures++
		times, frames := c.Frames()
		check(t, filepath.Join(folder, c.Group, c.Name+".pcap"), c.Link, times, frames)
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*", "*.pcap"))
	if len(files) != captures {
		t.Errorf("%d captures, %d cases with one", len(files), captures)
	}
	times, frames := encap.Attacks()
	check(t, "../../testdata/pcaps/fragment-attack/A.pcap", 1, times, frames)
	times, frames = encap.Translated()
	check(t, "../../testdata/pcaps/captured-at-a-nat/A.pcap", 1, times, frames)
}

// check holds a capture to what it is made of.
func check(t *testing.T, file string, link uint32, times []time.Time, frames [][]byte) {
	t.Helper()
	var b bytes.Buffer
	w, err := write.NewPcap(&b, capture.LinkType(link), write.PcapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for k, data := range frames {
		p := capture.Packet{Time: times[k].UnixNano(), Data: data, OrigLen: uint32(len(data)), Link: capture.LinkType(link)}
		if err := w.Write(&p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if *update {
		os.MkdirAll(filepath.Dir(file), 0o755)
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, b.Bytes()) {
		t.Errorf("%s is not what it is made of (%v): go test ./internal/encap -update", file, err)
	}
}

// TestDecode: in whatever it is wrapped, and however much of the frame is captured, the
// segment is the same, and both directions have the same key.
func TestDecode(t *testing.T) {
	for i := range encap.Cases {
		c := &encap.Cases[i]
		t.Run(c.Group+"/"+c.Name, func(t *testing.T) {
			var key *wire.FourTuple
			for _, p := range encap.Conversation(c.V6) {
				want, _ := decode(t, 101, p.IP, len(p.IP))
				data := c.Wrap(p.IP, p.Back)
				got, path := decode(t, c.Link, data, len(data))
				if got.Seq != want.Seq || got.Ack != want.Ack || got.Flags != want.Flags || got.Len != want.Len || got.Tuple.Addr != want.Tuple.Addr || got.Tuple.Port != want.Tuple.Port {
					t.Fatalf("%+v\nwant %+v", got, want)
				}
				if key == nil {
					key = &got.Tuple
				}
				if got.Tuple != *key {
					t.Errorf("key %+v there, %+v back", *key, got.Tuple)
				}
				if path != c.Path {
					t.Errorf("path %q, want %q", path, c.Path)
				}
				if vlan := vlans(got.Tuple.VLAN); vlan != c.VLAN {
					t.Errorf("VLAN %q, want %q", vlan, c.VLAN)
				}
				cutEverywhere(t, c, data, got)
			}
		})
	}
}

func vlans(ids [2]uint16) string {
	switch {
	case ids[0] == 0:
		return ""
	case ids[1] == 0:
		return fmt.Sprint(ids[:1])
	}
	return fmt.Sprint(ids)
}

func decode(t *testing.T, link uint32, data []byte, orig int) (wire.Segment, string) {
	t.Helper()
	var d wire.Decoder
	var s wire.Segment
	if out := d.Decode(link, data, uint32(orig), &s); out != wire.OutcomeTCP {
		t.Fatalf("%d of %d octets: outcome %d", len(data), orig, out)
	}
	path := fmt.Sprint(d.TunnelPath(s.Tuple.Tunnel))
	if path == "[]" {
		path = ""
	}
	return s, path
}

// cutEverywhere decodes what a shorter capture would have of a frame: the same as far as the
// TCP header reaches to the control bits, else no segment.
func cutEverywhere(t *testing.T, c *encap.Case, data []byte, want wire.Segment) {
	t.Helper()
	tcp := bytes.Index(data, want.TCP[:14])
	for n := range data {
		var d wire.Decoder
		var s wire.Segment
		out := d.Decode(c.Link, data[:n:n], uint32(len(data)), &s)
		if (out == wire.OutcomeTCP) != (n >= tcp+14) {
			t.Fatalf("cut to %d octets of %d (TCP begins at %d): outcome %d", n, len(data), tcp, out)
		}
		if out == wire.OutcomeTCP && (s.Len != want.Len && !s.Offload || s.Seq != want.Seq || s.Tuple != want.Tuple) {
			t.Fatalf("cut to %d octets: %+v\nwant %+v", n, s, want)
		}
	}
}

// TestFilters: the display filter of a connection that has ids in its key finds its frames in
// tshark.
func TestFilters(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("needs tshark")
	}
	for i := range encap.Cases {
		c := &encap.Cases[i]
		if c.Alone || c.VLAN == "" && !strings.Contains(c.Path, ":") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var filter string
			a := analyzer.New(analyzer.Options{OnRecord: func(r report.Record) {
				if conn, ok := r.(*report.Connection); ok {
					filter = conn.WiresharkFilter
				}
			}})
			times, frames := c.Frames()
			for k, data := range frames {
				a.AddPacket(&capture.Packet{Time: times[k].UnixNano(), Number: uint64(k + 1), Frame: uint64(k + 1), Data: data,
					OrigLen: uint32(len(data)), Link: capture.LinkType(c.Link)})
			}
			a.Close()
			file := filepath.Join(folder, c.Group, c.Name+".pcap")
			out, err := exec.Command("tshark", "-n", "-d", "udp.port==8472,vxlan", "-r", file, "-Y", filter).Output()
			if n := bytes.Count(out, []byte("\n")); err != nil || n != len(frames) {
				t.Errorf("%d frames of %d, %v: %s", n, len(frames), err, filter)
			}
		})
	}
}
