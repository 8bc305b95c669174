package capture_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
)

// TestUsed: of every link type the first packet is named, of one that is only
// announced none.
func TestUsed(t *testing.T) {
	var file bytes.Buffer
	w, err := write.NewPcapng(&file, write.Section{})
	if err != nil {
		t.Fatal(err)
	}
	var offsets []int64
	for _, link := range []capture.LinkType{capture.LinkEthernet, 220, capture.LinkRaw} {
		if _, err := w.AddInterface(write.Interface{Link: link, Snaplen: 100}); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{0, 0, 2, 0, 2} {
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, int64(file.Len()))
		link := []capture.LinkType{capture.LinkEthernet, 220, capture.LinkRaw}[i]
		if err := w.Write(i, &capture.Packet{Link: link, Data: []byte{1, 2, 3}, OrigLen: 3}, write.Note{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	src, err := capture.OpenReader("x", &file)
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	for err == nil {
		err = src.Next(&p)
	}
	want := []capture.Place{{Frame: 1, Offset: offsets[0]}, {}, {Frame: 3, Offset: offsets[2]}}
	if got := src.Files()[0].Used; err != io.EOF || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}
