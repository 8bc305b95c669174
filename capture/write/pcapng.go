package write

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/lastack/lastack/capture"
)

// Section says what made a pcapng file; empty fields are left out.
type Section struct {
	Hardware, OS, Application string
	Comment                   string
}

// Interface describes where packets were captured; empty fields are left out.
type Interface struct {
	Link              capture.LinkType // up to 65,535
	Snaplen           uint32           // 0: no limit
	Name, Description string
	Comment           string
}

// Note is what is said of a packet besides itself. The zero value says
// nothing.
type Note struct {
	Comment string // up to 65,535 octets
	Drops   uint64 // packets lost between this and the one before on its interface
	Flags   uint32 // epb_flags; the direction in it comes from the packet
}

// Stats are the counts of an interface since the start of the capture.
type Stats struct {
	Time     int64  // of counting, nanoseconds since the Unix epoch
	Received uint64 // packets
	Dropped  uint64 // packets lost by the interface or the capturing program
}

// Block types, options and values of pcapng.
const (
	blockSection    = 0x0a0d0d0a
	blockInterface  = 1
	blockStatistics = 5
	blockEnhanced   = 6

	optionComment  = 1
	shbHardware    = 2
	shbOS          = 3
	shbApplication = 4
	ifName         = 2
	ifDescription  = 3
	ifTsresol      = 9
	epbFlags       = 2
	epbDropcount   = 4
	isbIfrecv      = 4
	isbIfdrop      = 5

	byteOrder     = 0x1a2b3c4d
	unknownLength = math.MaxUint64
	nanoseconds   = 9 // if_tsresol: 10^-9 s
	directionBits = 3
)

// Pcapng writes a pcapng file of one section, little-endian, with times in
// nanoseconds. After an error of the underlying writer every call returns it.
type Pcapng struct {
	out        io.Writer
	buf        []byte
	interfaces []capture.LinkType
	err        error
}

// NewPcapng begins a file with a section header.
func NewPcapng(w io.Writer, s Section) (*Pcapng, error) {
	p := &Pcapng{out: w, buf: make([]byte, 0, bufferSize)}
	b := p.begin(blockSection)
	b = binary.LittleEndian.AppendUint32(b, byteOrder)
	b = binary.LittleEndian.AppendUint32(b, 1) // version 1.0
	b = binary.LittleEndian.AppendUint64(b, unknownLength)
	b, err := appendTexts(b, []text{
		{optionComment, s.Comment}, {shbHardware, s.Hardware}, {shbOS, s.OS}, {shbApplication, s.Application},
	})
	if err != nil {
		return nil, err
	}
	return p, p.end(appendEnd(b))
}

// AddInterface describes the next interface and returns its number, from 0.
func (w *Pcapng) AddInterface(i Interface) (int, error) {
	if i.Link > math.MaxUint16 {
		return 0, fmt.Errorf("link type %d does not fit into pcapng", i.Link)
	}
	b := w.begin(blockInterface)
	b = binary.LittleEndian.AppendUint32(b, uint32(i.Link)) // two octets, two reserved
	b = binary.LittleEndian.AppendUint32(b, i.Snaplen)
	b, err := appendTexts(b, []text{
		{optionComment, i.Comment}, {ifName, i.Name}, {ifDescription, i.Description}, {ifTsresol, string(rune(nanoseconds))},
	})
	if err != nil {
		return 0, err
	}
	w.interfaces = append(w.interfaces, i.Link)
	return len(w.interfaces) - 1, w.end(appendEnd(b))
}

// Write writes one packet of an interface, which must have the packet's link
// type: its Time (not before 1970), OrigLen (raised to the length of Data if
// it is less), Direction and Data.
func (w *Pcapng) Write(iface int, p *capture.Packet, n Note) error {
	if err := w.check(iface, p); err != nil {
		return err
	}
	b := w.begin(blockEnhanced)
	b = binary.LittleEndian.AppendUint32(b, uint32(iface))
	b = appendTime(b, p.Time)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Data)))
	b = binary.LittleEndian.AppendUint32(b, max(p.OrigLen, uint32(len(p.Data))))
	b = pad(append(b, p.Data...), len(p.Data))
	if n == (Note{}) && p.Direction == capture.DirectionUnknown {
		return w.end(b)
	}
	b, err := appendNote(b, p.Direction, n)
	if err != nil {
		return err
	}
	return w.end(appendEnd(b))
}

func appendNote(b []byte, d capture.Direction, n Note) ([]byte, error) {
	b, err := appendText(b, optionComment, n.Comment)
	if flags := n.Flags&^directionBits | directionFlags[d&directionBits]; flags != 0 {
		b = appendOption(b, epbFlags, 4)
		b = binary.LittleEndian.AppendUint32(b, flags)
	}
	if n.Drops != 0 {
		b = appendOption(b, epbDropcount, 8)
		b = binary.LittleEndian.AppendUint64(b, n.Drops)
	}
	return b, err
}

func (w *Pcapng) check(iface int, p *capture.Packet) error {
	switch {
	case iface < 0 || iface >= len(w.interfaces):
		return fmt.Errorf("interface %d of %d", iface, len(w.interfaces))
	case p.Link != w.interfaces[iface]:
		return fmt.Errorf("packet of link type %v on an interface of %v", p.Link, w.interfaces[iface])
	case p.Time < 0:
		return fmt.Errorf("time %d lies before 1970", p.Time)
	case len(p.Data) > maxData:
		return fmt.Errorf("packet of %d octets (at most %d can be read back)", len(p.Data), maxData)
	}
	return nil
}

// maxData keeps a block, with a comment, under the 16 MiB that readers take.
const maxData = 16<<20 - 128<<10

// directionFlags are the lowest bits of epb_flags.
var directionFlags = [directionBits + 1]uint32{capture.Inbound: 1, capture.Outbound: 2}

// WriteStats writes the counts of an interface, usually once, at the end.
func (w *Pcapng) WriteStats(iface int, s Stats) error {
	if iface < 0 || iface >= len(w.interfaces) {
		return fmt.Errorf("interface %d of %d", iface, len(w.interfaces))
	}
	b := w.begin(blockStatistics)
	b = binary.LittleEndian.AppendUint32(b, uint32(iface))
	b = appendTime(b, s.Time)
	b = appendOption(b, isbIfrecv, 8)
	b = binary.LittleEndian.AppendUint64(b, s.Received)
	b = appendOption(b, isbIfdrop, 8)
	b = binary.LittleEndian.AppendUint64(b, s.Dropped)
	return w.end(appendEnd(b))
}

// Flush hands what was written so far on to the underlying writer.
func (w *Pcapng) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.out.Write(w.buf)
		w.buf = w.buf[:0]
	}
	return w.err
}

// begin appends the head of a block to what is buffered. The result belongs
// to the buffer only when end is called with it.
func (w *Pcapng) begin(kind uint32) []byte {
	b := binary.LittleEndian.AppendUint32(w.buf, kind)
	return binary.LittleEndian.AppendUint32(b, 0) // its length: end knows
}

// end completes the block that begins where the buffer ended.
func (w *Pcapng) end(b []byte) error {
	if w.err != nil {
		return w.err
	}
	start := len(w.buf)
	length := uint32(len(b) - start + 4)
	binary.LittleEndian.PutUint32(b[start+4:], length)
	w.buf = binary.LittleEndian.AppendUint32(b, length)
	if len(w.buf) >= bufferSize/2 {
		return w.Flush()
	}
	return nil
}

// text is an option whose value is a string.
type text struct {
	code  uint16
	value string
}

func appendTexts(b []byte, texts []text) (_ []byte, err error) {
	for _, t := range texts {
		if b, err = appendText(b, t.code, t.value); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendText appends an option, unless it is empty.
func appendText(b []byte, code uint16, value string) ([]byte, error) {
	value = strings.ToValidUTF8(value, "\ufffd")
	if len(value) > math.MaxUint16 {
		return b, fmt.Errorf("text of %d octets in an option (at most %d)", len(value), math.MaxUint16)
	}
	if value == "" {
		return b, nil
	}
	b = appendOption(b, code, len(value))
	return pad(append(b, value...), len(value)), nil
}

// appendEnd appends opt_endofopt, which closes a list of options.
func appendEnd(b []byte) []byte { return appendOption(b, 0, 0) }

func appendOption(b []byte, code uint16, length int) []byte {
	b = binary.LittleEndian.AppendUint16(b, code)
	return binary.LittleEndian.AppendUint16(b, uint16(length))
}

// appendTime appends a time stamp: its upper half first.
func appendTime(b []byte, t int64) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(uint64(t)>>32))
	return binary.LittleEndian.AppendUint32(b, uint32(t))
}

// pad fills up what has n octets to a multiple of four.
func pad(b []byte, n int) []byte {
	return append(b, "\x00\x00\x00"[:-n&3]...)
}
