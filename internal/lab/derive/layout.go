package derive

import (
	"bytes"
	"encoding/binary"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// layout is how frames are written into a file. The zero value is a
// little-endian pcap file of nanoseconds without link headers.
type layout struct {
	link    uint32
	vlan    []uint16
	big     bool // big-endian
	micro   bool // microseconds
	pcapng  bool
	snaplen int // 0: everything
}

// ether is the layout that the lab itself writes.
var ether = layout{link: packet.Ethernet}

// frame is f under the layout's link header, uncut.
func (l *layout) frame(f *Frame) []byte {
	e := packet.Envelope{VLAN: l.vlan, Direction: wire.Inbound}
	if f.Sent {
		e.Direction = wire.Outbound
	}
	return e.Wrap(nil, l.link, f.IP)
}

// cut is what of a frame is captured.
func (l *layout) cut(raw []byte) []byte {
	if l.snaplen > 0 && len(raw) > l.snaplen {
		return raw[:l.snaplen]
	}
	return raw
}

// file is a file of these frames.
func (l *layout) file(frames []Frame) []byte {
	if l.pcapng {
		return l.pcapngFile(frames)
	}
	return l.pcapFile(frames)
}

// The magic numbers of pcap, for either resolution.
const (
	magicMicros = 0xa1b2c3d4
	magicNanos  = 0xa1b23c4d
)

// pcapFile writes what capture/write does not: either byte order, either
// resolution.
func (l *layout) pcapFile(frames []Frame) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if l.big {
		order = binary.BigEndian
	}
	magic, unit := uint32(magicNanos), int64(1)
	if l.micro {
		magic, unit = magicMicros, 1000
	}
	snaplen := uint32(262144)
	if l.snaplen > 0 {
		snaplen = uint32(l.snaplen)
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(order.AppendUint16(b, 2), 4) // the version
	for _, v := range []uint32{0, 0, snaplen, l.link} {
		b = order.AppendUint32(b, v)
	}
	for i := range frames {
		f := &frames[i]
		raw := l.frame(f)
		part := l.cut(raw)
		for _, v := range []int64{f.Time / 1e9, f.Time % 1e9 / unit, int64(len(part)), int64(len(raw))} {
			b = order.AppendUint32(b, uint32(v))
		}
		b = append(b, part...)
	}
	return b
}

func (l *layout) pcapngFile(frames []Frame) []byte {
	var b bytes.Buffer
	w, err := write.NewPcapng(&b, write.Section{})
	must(err)
	link := capture.LinkType(l.link)
	_, err = w.AddInterface(write.Interface{Link: link})
	must(err)
	for i := range frames {
		raw := l.frame(&frames[i])
		must(w.Write(0, &capture.Packet{Time: frames[i].Time, Link: link, Data: l.cut(raw), OrigLen: uint32(len(raw))}, write.Note{}))
	}
	must(w.Flush())
	return b.Bytes()
}

// must panics on what only a mistake here can bring about: a buffer takes
// everything.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
