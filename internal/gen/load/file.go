package load

import (
	"fmt"
	"io"
	"os"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
)

// Save writes the rest of what g makes to w, as a capture of the given
// format: pcap (of nanoseconds) or pcapng.
func (g *Generator) Save(w io.Writer, format string) error {
	return Save(w, g, format, g.cfg.Snaplen)
}

// Save writes the rest of src, Ethernet frames of which at most snaplen octets
// are captured, to w, as a capture of the given format: pcap (of nanoseconds)
// or pcapng.
func Save(w io.Writer, src capture.Source, format string, snaplen int) error {
	put, flush, err := writer(w, format, uint32(snaplen))
	if err != nil {
		return err
	}
	var p capture.Packet
	for {
		err := src.Next(&p)
		if err == io.EOF {
			return flush()
		}
		if err == nil {
			err = put(&p)
		}
		if err != nil {
			return err
		}
	}
}

// writer begins a capture in w.
func writer(w io.Writer, format string, snaplen uint32) (put func(*capture.Packet) error, flush func() error, err error) {
	switch format {
	case "pcap":
		f, err := write.NewPcap(w, capture.LinkEthernet, write.PcapOptions{Snaplen: snaplen})
		if err != nil {
			return nil, nil, err
		}
		return f.Write, f.Flush, nil
	case "pcapng":
		f, err := write.NewPcapng(w, write.Section{Application: "lastack gen"})
		if err == nil {
			_, err = f.AddInterface(write.Interface{Link: capture.LinkEthernet, Snaplen: snaplen, Name: "gen0"})
		}
		if err != nil {
			return nil, nil, err
		}
		return func(p *capture.Packet) error { return f.Write(0, p, write.Note{}) }, f.Flush, nil
	}
	return nil, nil, fmt.Errorf("unknown format %q (pcap and pcapng are known)", format)
}

// SaveFile makes the file called name of what g makes, whole or not at all.
func (g *Generator) SaveFile(name, format string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err = g.Save(f, format); err == nil {
		return f.Close()
	}
	f.Close()
	os.Remove(name)
	return err
}
