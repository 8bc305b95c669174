package capture

import "encoding/binary"

const (
	snoopMagic  = "snoop\x00\x00\x00"
	snoopHeader = 16 // octets of the file header
	snoopRecord = 24 // octets of a record's header
)

// snoopLinks are the link types by the datalink type of the file header: those of
// RFC 1761 section 2 and of IANA's list that have an equal in libpcap.
var snoopLinks = map[uint32]LinkType{
	0:          LinkEthernet, // IEEE 802.3
	2:          linkTokenRing,
	4:          LinkEthernet,
	8:          linkFDDI,
	9:          LinkNull,     // other, which was a loopback wherever it was met
	14:         LinkNull,     // loopback
	16:         linkIPOverFC, // Fibre Channel
	18:         linkSunATM,   // classical IP over ATM
	25:         LinkEthernet, // 100BaseT
	0x80000005: linkIPNET,    // of Solaris
}

// snoopReader reads snoop version 2 (RFC 1761).
//
// A record: original length, included length, length of the record, drops so far,
// seconds, microseconds, each four octets in network order, then the data, then
// padding.
type snoopReader struct {
	input
	link  LinkType
	drops uint32
}

func newSnoopReader(in input) (reader, error) {
	h, err := in.peek(snoopHeader)
	if err != nil {
		return nil, in.fail("file header", err)
	}
	version, datalink := binary.BigEndian.Uint32(h[8:]), binary.BigEndian.Uint32(h[12:])
	if version != 2 { // those of Shomiti's Surveyor are higher
		return nil, in.faultf("unknown snoop version %d", version)
	}
	link, ok := snoopLinks[datalink]
	if !ok {
		return nil, in.faultf("snoop datalink type %d is not known", datalink)
	}
	in.skip(snoopHeader)
	in.header = true
	return &snoopReader{input: in, link: link}, nil
}

func (r *snoopReader) next(p *Packet) error {
	h, err := r.peek(snoopRecord)
	if err != nil {
		return r.fail("packet record", err)
	}
	captured, length := binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:])
	switch {
	case string(h[:len(snoopMagic)]) == snoopMagic:
		return r.faultf("a second snoop header: files joined by cat? Give them one by one")
	case captured > tcpdumpSnaplen:
		return r.faultf("captured length %d (at most %d is possible here)", captured, tcpdumpSnaplen)
	case length < snoopRecord+captured:
		return r.faultf("captured length %d in a record of %d octets", captured, length)
	case length > maxBlock:
		return r.faultf("record length %d (at most %d is believed)", length, maxBlock)
	}
	record, err := r.peek(int(length))
	if err != nil {
		return r.fail("packet record", err)
	}
	r.take(record, p)
	return nil
}

func (r *snoopReader) more(b []Packet, before int64) (n int) {
	for ; n < len(b); n++ {
		record := r.whole()
		if record == nil || snoopTime(record) >= before {
			break
		}
		r.take(record, &b[n])
	}
	return n
}

// whole returns the next record if it is sound and lies whole in the window. Else next
// finds out.
func (r *snoopReader) whole() []byte {
	b := r.have()
	if len(b) < snoopRecord {
		return nil
	}
	captured, length := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if captured > tcpdumpSnaplen || length < snoopRecord+captured || uint64(length) > uint64(len(b)) || length > maxBlock {
		return nil
	}
	return b[:length]
}

// take fills p with the packet of a whole record, and consumes the record.
func (r *snoopReader) take(record []byte, p *Packet) {
	end := snoopRecord + int(binary.BigEndian.Uint32(record[4:]))
	r.skip(len(record))
	r.frame++
	r.drops = max(r.drops, binary.BigEndian.Uint32(record[12:]))
	p.Frame = r.frame
	p.Time = snoopTime(record)
	p.Link = r.link
	p.OrigLen = binary.BigEndian.Uint32(record)
	p.Direction = DirectionUnknown
	p.Data = record[snoopRecord:end:end]
}

// snoopTime is that of a record. RFC 1761 has signed seconds: as unsigned ones they
// last until 2106, and no packet is older than 1970.
func snoopTime(record []byte) int64 {
	return int64(binary.BigEndian.Uint32(record[16:]))*1e9 + int64(binary.BigEndian.Uint32(record[20:]))*1e3
}

// describe: a writer that cannot count drops sets them to zero, so that only other
// values tell anything.
func (r *snoopReader) describe(f *FileInfo) {
	f.Format = "snoop"
	f.Links, f.Used = []LinkType{r.link}, make([]Place, 1)
	if r.frame > 0 {
		f.Used[0] = Place{Frame: 1, Offset: snoopHeader}
	}
	f.Dropped, f.DroppedKnown = uint64(r.drops), r.drops > 0
}
