package write

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/lastack/lastack/capture"
)

// bufferSize is how much is gathered before it is written.
const bufferSize = 256 << 10

// DefaultSnaplen is written when none is given: tcpdump's, 262,144 octets.
const DefaultSnaplen = 256 << 10

// PcapOptions say how a pcap file is written. The zero value means
// nanoseconds and DefaultSnaplen.
type PcapOptions struct {
	Micro   bool   // time stamps in microseconds, rounded down, as tcpdump writes them
	Snaplen uint32 // octets of a packet at most; 0 is DefaultSnaplen
}

// Pcap writes a plain pcap file, little-endian.
type Pcap struct {
	buf     *bufio.Writer
	records *pcapgo.Writer
	link    capture.LinkType
	snaplen uint32
}

// NewPcap writes the file header to w. All packets of a pcap file have one
// link type.
func NewPcap(w io.Writer, link capture.LinkType, opts PcapOptions) (*Pcap, error) {
	if link > math.MaxUint16 {
		return nil, fmt.Errorf("link type %d does not fit into a pcap header", link)
	}
	if opts.Snaplen == 0 {
		opts.Snaplen = DefaultSnaplen
	}
	p := &Pcap{buf: bufio.NewWriterSize(w, bufferSize), link: link, snaplen: opts.Snaplen}
	create := pcapgo.NewWriterNanos
	if opts.Micro {
		create = pcapgo.NewWriter
	}
	// pcapgo's link types end at 255: it writes the header without one.
	var header bytes.Buffer
	if err := create(&header).WriteFileHeader(opts.Snaplen, layers.LinkTypeNull); err != nil {
		return nil, err
	}
	h := binary.LittleEndian.AppendUint32(header.Bytes()[:20], uint32(link))
	p.records = create(p.buf)
	_, err := p.buf.Write(h)
	return p, err
}

// Write writes one packet: its Time (which must lie in 1970 to 2106), OrigLen
// (raised to the length of Data if it is less) and Data.
func (w *Pcap) Write(p *capture.Packet) error {
	switch seconds := p.Time / 1e9; {
	case p.Link != w.link:
		return fmt.Errorf("packet of link type %v in a pcap file of %v", p.Link, w.link)
	case p.Time < 0 || seconds > math.MaxUint32:
		return fmt.Errorf("time %d does not fit into a pcap file", p.Time)
	case uint64(len(p.Data)) > uint64(w.snaplen):
		return fmt.Errorf("packet of %d octets in a pcap file of snaplen %d", len(p.Data), w.snaplen)
	}
	err := w.records.WritePacket(gopacket.CaptureInfo{
		Timestamp:     time.Unix(0, p.Time),
		CaptureLength: len(p.Data),
		Length:        max(int(p.OrigLen), len(p.Data)),
	}, p.Data)
	if err != nil {
		// pcapgo keeps only the text of the underlying writer's error; the
		// buffer keeps the error.
		if cause := w.Flush(); cause != nil {
			return cause
		}
	}
	return err
}

// Flush hands what was written so far on to the underlying writer.
func (w *Pcap) Flush() error { return w.buf.Flush() }
