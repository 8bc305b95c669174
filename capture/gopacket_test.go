package capture_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/lastack/lastack/capture"
)

// TestFromGopacket reads the captures of the repository through pcapgo.
func TestFromGopacket(t *testing.T) {
	for _, name := range sound(t)[:4] {
		data, err := os.ReadFile(name)
		must(t, err)
		theirs, err := pcapgo.NewReader(bytes.NewReader(data))
		must(t, err)
		want, _ := readBytes(t, data)
		got := readAll(t, capture.FromGopacket(theirs, capture.LinkType(theirs.LinkType())))
		if facts(got.packets) != facts(want.packets) {
			t.Errorf("%s differs", name)
		}
		for i, p := range got.packets {
			if p.Number != uint64(i+1) || p.Frame != uint64(i+1) {
				t.Errorf("packet %d is numbered %d, frame %d", i+1, p.Number, p.Frame)
			}
		}
	}
}

// TestFromGopacketMixed: a source may state the link type of each packet.
func TestFromGopacketMixed(t *testing.T) {
	data := join(section(little), iface(little, 1, 0), iface(little, 101, 0), enhanced(little, 0, 1, 3, "abc"), enhanced(little, 1, 2, 3, "def"))
	theirs, err := pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	must(t, err)
	got := readAll(t, capture.FromGopacket(theirs, 7))
	want, _ := readBytes(t, data)
	if facts(got.packets) != facts(want.packets) {
		t.Errorf("%s", facts(got.packets))
	}
}

// script is a source of gopacket's that says what it is told.
type script []func() ([]byte, gopacket.CaptureInfo, error)

func (s *script) ReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	next := (*s)[0]
	*s = (*s)[1:]
	return next()
}

func TestFromGopacketErrors(t *testing.T) {
	broken := errors.New("broken")
	packet := func() ([]byte, gopacket.CaptureInfo, error) {
		return []byte("abc"), gopacket.CaptureInfo{Timestamp: time.Unix(1, 2), CaptureLength: 3, Length: -1}, nil
	}
	fail := func() ([]byte, gopacket.CaptureInfo, error) { return []byte("bogus"), gopacket.CaptureInfo{}, broken }
	src := capture.FromGopacket(&script{packet, fail, packet}, capture.LinkRaw)
	var p capture.Packet
	must(t, src.Next(&p))
	if brief(p) != `1 1000000002 RAW 3 0 "abc"` {
		t.Error(brief(p))
	}
	err := src.Next(&p)
	if !errors.Is(err, broken) || err.Error() != "packet source: frame 2: broken" {
		t.Error(err)
	}
	if err := src.Next(&p); err != io.EOF {
		t.Errorf("after the error: %v", err)
	}
}

// lending has both ways of reading.
type lending struct {
	script
	lent int
}

func (l *lending) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	l.lent++
	return []byte("lent"), gopacket.CaptureInfo{AncillaryData: []any{5, layers.LinkTypeIPv4}}, nil
}

func TestFromGopacketLends(t *testing.T) {
	l := &lending{}
	src := capture.FromGopacket(l, capture.LinkEthernet)
	var p capture.Packet
	must(t, src.Next(&p))
	if l.lent != 1 || p.Link != capture.LinkIPv4 || string(p.Data) != "lent" {
		t.Errorf("%+v", p)
	}
}
