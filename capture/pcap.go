package capture

import (
	"encoding/binary"
	"math/bits"
)

const (
	pcapHeader = 24 // octets of the file header
	// tcpdumpSnaplen is the longest packet that libpcap writes and that
	// Wireshark takes, whatever the header says.
	tcpdumpSnaplen = 256 << 10
)

// pcapFormat is what the magic number tells.
type pcapFormat struct {
	order  order
	scale  int64 // nanoseconds in a unit of the time stamp's fraction
	record int   // octets of a record's header
}

// pcapMagics are the magic numbers as they stand in the file. 0xa1b2cd34 is
// Kuznetsov's variant: eight more octets (interface, protocol, packet type)
// in each record's header.
var pcapMagics = map[[4]byte]pcapFormat{
	{0xd4, 0xc3, 0xb2, 0xa1}: {false, 1000, 16},
	{0xa1, 0xb2, 0xc3, 0xd4}: {true, 1000, 16},
	{0x4d, 0x3c, 0xb2, 0xa1}: {false, 1, 16},
	{0xa1, 0xb2, 0x3c, 0x4d}: {true, 1, 16},
	{0x34, 0xcd, 0xb2, 0xa1}: {false, 1000, 24},
	{0xa1, 0xb2, 0xcd, 0x34}: {true, 1000, 24},
}

// pcapReader reads pcap.
//
// A record: seconds, fraction, captured length, original length, each four
// octets in the file's byte order, then the data.
type pcapReader struct {
	input
	pcapFormat
	magic [8]byte // magic number and version, to know a second header by
	link  LinkType
	limit uint32 // longest captured length that is believed
	early bool   // before version 2.4: the two lengths may be exchanged
}

func newPcapReader(in input, f pcapFormat) (reader, error) {
	h, err := in.peek(pcapHeader)
	if err != nil {
		return nil, in.fail("file header", err)
	}
	r := &pcapReader{input: in, pcapFormat: f, magic: [8]byte(h)}
	major, minor := f.order.u16(h[4:]), f.order.u16(h[6:])
	// 543.0 is DG/UX tcpdump's. Other versions were never written.
	if (major != 2 || minor > 4) && (major != 543 || minor != 0) {
		return nil, in.faultf("unknown pcap version %d.%d", major, minor)
	}
	// Files before 2.3 have the lengths in the other order, those of 2.3 in
	// either. The captured length is never the greater one.
	r.early = major == 543 || minor < 4
	// A larger snaplen than tcpdump's is believed so far as maxBlock allows,
	// a smaller one not at all: some writers exceed what they state, and 0
	// means no limit.
	r.limit = min(max(f.order.u32(h[16:]), tcpdumpSnaplen), maxBlock-uint32(f.record))
	// The upper half is the FCS length, its flag and reserved bits.
	r.link = LinkType(f.order.u32(h[20:]) & 0xffff)
	r.skip(pcapHeader)
	r.header = true
	return r, nil
}

func (r *pcapReader) next(p *Packet) error {
	h, err := r.peek(r.record)
	if err != nil {
		return r.fail("packet record", err)
	}
	seconds, fraction := r.order.u32(h), r.order.u32(h[4:])
	length, original := r.order.u32(h[8:]), r.order.u32(h[12:])
	if r.early && length > original {
		length, original = original, length
	}
	if length > r.limit {
		return r.faultf("captured length %d (at most %d is possible here)", length, r.limit)
	}
	if length == 0 && [8]byte(h) == r.magic {
		return r.faultf("a second pcap header: files joined by cat? Give them one by one")
	}
	rec, err := r.peek(r.record + int(length))
	if err != nil {
		return r.fail("packet record", err)
	}
	r.skip(len(rec))
	r.frame++
	p.Frame = r.frame
	p.Time = int64(seconds)*1e9 + int64(fraction)*r.scale
	p.Link = r.link
	p.OrigLen = original
	p.Direction = DirectionUnknown
	p.Data = rec[r.record:len(rec):len(rec)]
	return nil
}

func (r *pcapReader) more(b []Packet, before int64) (n int) {
	if r.early {
		return 0
	}
	rest, record, frame := r.have(), uint(r.record), r.frame
	rest = rest[:len(rest):len(rest)] // so that there is one length to carry, not two
	for i := range b {
		if len(rest) < 16 {
			break
		}
		h := (*[16]byte)(rest)
		stamp, lengths := binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])
		if r.order {
			stamp, lengths = turned(stamp), turned(lengths)
		}
		t := int64(uint32(stamp))*1e9 + int64(stamp>>32)*r.scale
		length := uint32(lengths)
		end := record + uint(length)
		if length-1 >= r.limit || end > uint(len(rest)) || t >= before { // a length of 0 is beyond the limit, too
			break
		}
		frame++
		p := &b[i]
		p.Frame, p.Time, p.Link, p.Direction = frame, t, r.link, DirectionUnknown
		p.OrigLen = uint32(lengths >> 32)
		p.Data = rest[record:end:end]
		rest = rest[end:]
	}
	n = int(frame - r.frame)
	r.frame = frame
	r.skip(len(r.have()) - len(rest))
	return n
}

// turned is what two numbers of four octets, read as one of eight, are in the other byte order.
func turned(both uint64) uint64 { return bits.RotateLeft64(bits.ReverseBytes64(both), 32) }

func (r *pcapReader) describe(f *FileInfo) {
	f.Format = "pcap"
	f.Links, f.Used = []LinkType{r.link}, make([]Place, 1)
	if r.frame > 0 {
		f.Used[0] = Place{Frame: 1, Offset: pcapHeader}
	}
}
