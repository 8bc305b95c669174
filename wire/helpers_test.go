package wire_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var (
	client4 = netip.MustParseAddrPort("192.0.2.1:40000")
	server4 = netip.MustParseAddrPort("198.51.100.1:5000")
	client6 = netip.MustParseAddrPort("[2001:db8::1]:40000")
	server6 = netip.MustParseAddrPort("[2001:db8::2]:5000")
)

// frame is one frame of a capture.
type frame struct {
	link uint32
	data []byte
	orig uint32
}

// whole is a frame that was captured to its end.
func whole(link uint32, data []byte) frame { return frame{link, data, uint32(len(data))} }

// decode decodes into a Segment that is full of leftovers.
func (f frame) decode() (wire.Segment, wire.Outcome) {
	var d wire.Decoder
	s := leftovers()
	out := d.Decode(f.link, f.data, f.orig, &s)
	return s, out
}

// shortCut says how out and s, which Decode has made of f, differ from what it makes without
// its short cut.
func (f frame) shortCut(out wire.Outcome, s wire.Segment) string {
	var d wire.Decoder
	want := leftovers()
	wantOut := wire.DecodeAtLength(&d, f.link, f.data, f.orig, &want)
	if out == wantOut && diff(want, s) == "" {
		return ""
	}
	return fmt.Sprintf("outcome %d, and %d at length of %x (-at length +short cut)\n%s", out, wantOut, f.data, diff(want, s))
}

// leftovers is a Segment in which no field is zero but those that Decode
// leaves alone.
func leftovers() wire.Segment {
	s := wire.Segment{
		Seq: 1, Ack: 2, Len: 3, Window: 4, Flags: wire.FIN, Dir: 1, TTL: 5, IPID: 6, HasIPID: true,
		Arrow: wire.Outbound, Sum: 7, Offload: true, Fragment: true, Rest: true, LaterFIN: true, TCP: []byte{8},
		Options: wire.Options{Has: 0x3ff, WindowScale: 1, NSACK: 2, MSS: 3, TSVal: 4, TSEcr: 5, MPTCP: 6, SACKAt: 7},
	}
	s.Tuple = wire.FourTuple{Port: [2]uint16{1, 2}, VLAN: [2]uint16{3, 4}, Tunnel: 5, V6: true}
	for i := range 16 {
		s.Tuple.Addr[0][i], s.Tuple.Addr[1][i] = 1, 2
	}
	return s
}

// diff compares two segments; nil and empty slices are the same.
func diff(want, got wire.Segment) string {
	if bytes.Equal(want.TCP, got.TCP) {
		got.TCP = want.TCP
		if reflect.DeepEqual(want, got) { // as nearly always, and far cheaper
			return ""
		}
	}
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

// capturedFrames returns every frame of every plain pcap in testdata/pcaps but for
// ICMP over Ethernet, and for what internal/encap has wrapped or cut.
// It is fatal if there are none.
func capturedFrames(t testing.TB) []frame {
	t.Helper()
	var frames []frame
	err := filepath.WalkDir("../testdata/pcaps", func(path string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() && (e.Name() == "encapsulated" || e.Name() == "fragment-attack") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".pcap") {
			frames = append(frames, readPcap(t, path)...)
		}
		return err
	})
	if err != nil || len(frames) < 100 {
		t.Fatalf("%d frames in testdata/pcaps: %v", len(frames), err)
	}
	return frames
}

func readPcap(t testing.TB, path string) (frames []frame) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if magic := order.Uint32(b); magic != 0xa1b2c3d4 && magic != 0xa1b23c4d {
		order = binary.BigEndian
	}
	link := order.Uint32(b[20:])
	for b = b[24:]; len(b) > 0; {
		n := order.Uint32(b[8:])
		const protocol, icmp = 14 + 9, 1
		if data := b[16 : 16+n : 16+n]; data[protocol] != icmp {
			frames = append(frames, frame{link, data, order.Uint32(b[12:])})
		}
		b = b[16+n:]
	}
	return frames
}

// unhex reads octets, with blanks between them as one likes.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// segment is a plain segment to vary.
func segment() packet.TCP {
	return packet.TCP{Src: client4, Dst: server4, Seq: 1000, Ack: 2000, Flags: wire.PSH | wire.ACK, Window: 500, Payload: []byte("hello")}
}

// onIPv6 moves a segment to IPv6.
func onIPv6(p packet.TCP) packet.TCP {
	p.Src, p.Dst = client6, server6
	return p
}

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// linuxOrder is what timestamps add to options if they come after SACK-permitted, and
// before window scale.
func linuxOrder(o *wire.Options) wire.OptionSet {
	if o.Has&wire.OptSACKPermitted != 0 && o.Has&wire.OptWindowScale == 0 {
		return wire.OptLinuxOrder
	}
	return 0
}
