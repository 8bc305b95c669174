package capture

import (
	"encoding/binary"
	"fmt"
)

// Octets of the parts of an ERF record that come before its packet.
const (
	erfHeader    = 16
	erfExtension = 8
)

// Types of ERF records that hold no packet.
const (
	erfMeta    = 27 // provenance
	erfPadding = 48
)

// erfMore is the bit of a record's type, and of the first octet of an extension
// header, that says that another extension header follows.
const erfMore = 0x80

// erfType is what the type of a record tells.
type erfType struct {
	content erfContent
	header  int  // octets between the extension headers and the packet
	color   bool // a color stands where others count the losses since the record before
}

// erfContent is what a record holds.
type erfContent uint8

const (
	erfOther erfContent = iota // a packet, of a link that is not read
	erfEthernet
	erfHDLC
	erfIPv4
	erfIPv6
	erfNone // no packet
)

// erfTypes are the record types of Endace's "ERF Types" (EDM11-01) that something is
// known of. Those that are not listed hold the packet of some other link.
var erfTypes = [128]erfType{
	1:          {content: erfHDLC},                             // HDLC_POS
	2:          {content: erfEthernet, header: 2},              // ETH
	5:          {content: erfHDLC, header: 4},                  // MC_HDLC
	6:          {header: 4},                                    // MC_RAW
	7:          {header: 4},                                    // MC_ATM
	8:          {header: 4},                                    // MC_RAW_CHANNEL
	9:          {header: 4},                                    // MC_AAL5
	10:         {content: erfHDLC, color: true},                // COLOR_HDLC_POS
	11:         {content: erfEthernet, header: 2, color: true}, // COLOR_ETH
	12:         {header: 4},                                    // MC_AAL2
	13:         {content: erfNone},                             // IP_COUNTER
	14:         {content: erfNone},                             // TCP_FLOW_COUNTER
	15:         {content: erfHDLC, color: true},                // DSM_COLOR_HDLC_POS
	16:         {content: erfEthernet, header: 2, color: true}, // DSM_COLOR_ETH
	17:         {content: erfHDLC, header: 4, color: true},     // COLOR_MC_HDLC_POS
	18:         {header: 4},                                    // AAL2
	19:         {content: erfHDLC, color: true},                // COLOR_HASH_POS
	20:         {content: erfEthernet, header: 2, color: true}, // COLOR_HASH_ETH
	22:         {content: erfIPv4},
	23:         {content: erfIPv6},
	erfMeta:    {content: erfNone},
	erfPadding: {content: erfNone},
}

// erfReader reads ERF, the extensible record format of Endace.
//
// There is no file header. A record: time in 2^-32 seconds (little-endian), type,
// flags, length of the record, losses or color, length on the wire (all big-endian),
// extension headers, a header that the type has, the packet, padding.
type erfReader struct {
	input
	links linkSet
	link  LinkType // of the packet before
	drops uint64
}

func newERFReader(in input) (reader, error) {
	in.header = true
	return &erfReader{input: in}, nil
}

func (r *erfReader) next(p *Packet) error {
	for {
		h, err := r.peek(erfHeader)
		if err != nil {
			return r.fail("packet record", err)
		}
		length := erfLength(h)
		if length < erfHeader {
			return r.faultf("record length %d (at least %d is needed)", length, erfHeader)
		}
		record, err := r.peek(length)
		if err != nil {
			return r.fail("packet record", err)
		}
		start, ok := erfStart(record)
		if !ok {
			return r.fail("", errShortRecord(record, start))
		}
		if erfTypeOf(record).content != erfNone {
			r.take(record, start, p)
			return nil
		}
		r.pass(record)
	}
}

func errShortRecord(record []byte, start int) error {
	return fmt.Errorf("record of type %d with length %d (at least %d is needed)", record[8]&^erfMore, len(record), start)
}

func (r *erfReader) more(b []Packet, before int64) (n int) {
	for ; n < len(b); n++ {
		rest := r.have()
		if len(rest) < erfHeader || erfLength(rest) > len(rest) || erfLength(rest) < erfHeader {
			break
		}
		record := rest[:erfLength(rest)]
		start, ok := erfStart(record)
		if !ok || erfTypeOf(record).content == erfNone || erfTime(record) >= before {
			break
		}
		r.take(record, start, &b[n])
	}
	return n
}

// take fills p with the packet of a whole record, and consumes the record.
func (r *erfReader) take(record []byte, start int, p *Packet) {
	length := int(binary.BigEndian.Uint16(record[14:])) // on the wire
	end := min(start+length, len(record))
	p.Link = erfLink(record, start)
	if p.Link == linkERF { // as libpcap has it: the whole record
		length += start
		start = 0
	}
	if len(r.links.list) == 0 || p.Link != r.link {
		r.link = p.Link
		r.links.add(r.link)
		r.links.use(r.link, Place{Frame: r.frame + 1, Offset: r.offset()})
	}
	if !erfTypeOf(record).color {
		r.drops += uint64(binary.BigEndian.Uint16(record[12:]))
	}
	r.skip(len(record))
	r.frame++
	p.Frame = r.frame
	p.Time = erfTime(record)
	p.OrigLen = uint32(length)
	p.Direction = DirectionUnknown
	p.Data = record[start:end:end]
}

// pass consumes a record without a packet. Wireshark numbers it, but for padding.
func (r *erfReader) pass(record []byte) {
	if record[8]&^erfMore != erfPadding {
		r.frame++
	}
	r.skip(len(record))
}

// describe: many a writer leaves the loss counter at zero, so that only other values
// tell anything.
func (r *erfReader) describe(f *FileInfo) {
	f.Format = "erf"
	f.Links, f.Used = r.links.list, r.links.used
	f.Dropped, f.DroppedKnown = r.drops, r.drops > 0
}

// The following take a record, or the header of one.

func erfLength(h []byte) int { return int(binary.BigEndian.Uint16(h[10:])) }

func erfTypeOf(h []byte) *erfType { return &erfTypes[h[8]&^erfMore] }

// erfTime rounds to the nanosecond, as Wireshark does.
func erfTime(h []byte) int64 {
	fraction, seconds := binary.LittleEndian.Uint32(h), binary.LittleEndian.Uint32(h[4:])
	return int64(seconds)*1e9 + int64((uint64(fraction)*1e9+1<<31)>>32)
}

// erfStart returns where the packet of a record begins, and whether the record is that
// long.
func erfStart(record []byte) (start int, ok bool) {
	start = erfHeader
	for more := record[8]; more&erfMore != 0; start += erfExtension {
		if start+erfExtension > len(record) {
			return start + erfExtension, false
		}
		more = record[start]
	}
	start += erfTypeOf(record).header
	return start, start <= len(record)
}

// erfLink is the link type of the packet that begins at start.
func erfLink(record []byte, start int) LinkType {
	switch erfTypeOf(record).content {
	case erfEthernet:
		return LinkEthernet
	case erfHDLC:
		return hdlcLink(record[start:])
	case erfIPv4:
		return LinkIPv4
	case erfIPv6:
		return LinkIPv6
	}
	return linkERF
}

// hdlcLink tells PPP in HDLC framing (RFC 1662) from Cisco's HDLC by its address and
// control octets: the record says HDLC only.
func hdlcLink(frame []byte) LinkType {
	if len(frame) >= 2 && frame[0] == 0xff && frame[1] == 0x03 {
		return linkPPPSerial
	}
	return linkCiscoHDLC
}

// erfChain is after how many records in a row nothing else is thought of than ERF.
const erfChain = 4

// isERF tries whether the input begins with a chain of records, each leading to the
// next, since ERF has no magic. One record will do if the input ends with it, or in the
// header of the second; two if it ends in the second. A file that ends in its first
// record may be anything. err is what ended the input, if it ended too early to tell.
func isERF(in *input) (ok bool, err error) {
	var last int64
	for n, at := 0, 0; n < erfChain; n++ {
		begin, err := in.peek(at + erfHeader)
		if err != nil {
			whole := len(in.have()) >= at
			return n > 1 || n == 1 && whole, err
		}
		h := begin[at:]
		if !looksERF(h) || !erfFollows(last, h) {
			return false, nil
		}
		if !erfUntimed(h) {
			last = erfTime(h)
		}
		at += erfLength(h)
	}
	return true, nil
}

// erfFollows reports whether a record may come after one with the time last, if that is
// not 0: its own is up to a second before that (the ports of a card are not in strict
// order), or up to a year later.
func erfFollows(last int64, h []byte) bool {
	const second, year = 1e9, 365 * 24 * 3600 * 1e9
	time := erfTime(h)
	return last == 0 || erfUntimed(h) || time >= last-second && time <= last+year
}

// erfUntimed reports whether the time of a record means nothing: that of padding, and
// of what is written when there is no packet yet.
func erfUntimed(h []byte) bool {
	return h[8]&^erfMore == erfPadding || erfTypeOf(h).content == erfNone && erfTime(h) == 0
}

// looksERF tries the header of a record.
func looksERF(h []byte) bool {
	const year1990, year2100 = 631152000 * 1e9, 4102444800 * 1e9
	const reserved, lastType = 0x80, 31
	if len(h) < erfHeader || h[9]&reserved != 0 {
		return false
	}
	least := erfHeader + erfTypeOf(h).header
	if h[8]&erfMore != 0 {
		least += erfExtension
	}
	kind, time := h[8]&^erfMore, erfTime(h)
	switch {
	case kind == 0 || kind > lastType && kind != erfPadding || erfLength(h) < least:
		return false
	case erfUntimed(h):
		return true
	}
	return year1990 < time && time < year2100 && binary.BigEndian.Uint16(h[14:]) > 0
}
