package capture

import (
	"fmt"
	"math"
	"math/bits"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng section 4 and its registry).
const (
	blockSection      = 0x0a0d0d0a
	blockInterface    = 1
	blockPacket       = 2 // obsolete
	blockSimplePacket = 3
	blockStatistics   = 5
	blockEnhanced     = 6
	blockJournal      = 9
	blockCustom       = 0x00000bad
	blockCustomNoCopy = 0x40000bad
)

const (
	minBlock   = 12 // type, length, and the length again at the end
	minSection = minBlock + 16
	byteOrder  = 0x1a2b3c4d
	// maxInterfaces bounds what a section of nothing but interfaces takes
	// (about 5 MB).
	maxInterfaces = 1 << 16
)

// Options of pcapng blocks that are used.
const (
	optionEnd      = 0
	ifTsresol      = 9
	ifTsoffset     = 14
	packetFlags    = 2
	epbDropcount   = 4
	isbIfdrop      = 5
	isbOsdrop      = 7
	obsoleteNoDrop = 0xffff // drop count of an obsolete packet block: not known
)

// pcapngInterface is what an interface description block says, and what the
// statistics of that interface came to.
type pcapngInterface struct {
	used    bool // a packet of it was read
	link    LinkType
	snaplen uint32 // 0: no limit
	clock   clock
	drops   drops
}

// drops counts packets that the capture lost. Statistics blocks tell the sum
// since the start, packets the number since the packet before.
type drops struct {
	total   uint64
	between uint64
	known   bool
}

// pcapngReader reads pcapng.
//
// A block: type, total length, body, total length again; all numbers in the
// byte order of its section. Blocks that nothing here needs are skipped.
type pcapngReader struct {
	input
	order      order
	interfaces []pcapngInterface // of the current section
	links      linkSet
	drops      drops // of the sections before
	last       int64 // time of the packet before
	untimed    uint64
}

func newPcapngReader(in input) (reader, error) {
	r := &pcapngReader{input: in}
	block, err := r.block()
	if err != nil {
		return nil, err
	}
	if err := r.section(block); err != nil {
		return nil, r.fail("", err)
	}
	r.skip(len(block))
	r.header = true
	return r, nil
}

func (r *pcapngReader) next(p *Packet) error {
	for {
		var err error
		isPacket, block := true, r.enhancedAhead()
		if block != nil {
			err = r.enhanced(block[8:len(block)-4], p)
		} else if block, err = r.block(); err != nil {
			return err
		} else {
			isPacket, err = r.use(block, p)
		}
		if err != nil {
			return r.fail("", err)
		}
		r.skip(len(block))
		if isPacket {
			r.frame++
			p.Frame = r.frame
			return nil
		}
	}
}

// enhancedAhead returns the next block if it is what nearly all are: a sound
// enhanced packet block that lies whole in the window. Else block finds out.
func (r *pcapngReader) enhancedAhead() []byte {
	const least = minBlock + 20
	b := r.have()
	if len(b) < least || r.order.u32(b) != blockEnhanced {
		return nil
	}
	n := r.order.u32(b[4:])
	if n < least || n%4 != 0 || uint64(n) > uint64(len(b)) || r.order.u32(b[n-4:]) != n {
		return nil
	}
	return b[:n]
}

func (r *pcapngReader) more(b []Packet, before int64) (n int) {
	for ; n < len(b); n++ {
		block := r.enhancedAhead()
		if block == nil || before < math.MaxInt64 && !r.earlier(block, before) {
			break
		}
		if err := r.enhanced(block[8:len(block)-4], &b[n]); err != nil {
			break // next says so
		}
		r.skip(len(block))
		r.frame++
		b[n].Frame = r.frame
	}
	return n
}

// earlier reports whether the packet of an enhanced packet block is before a
// time.
func (r *pcapngReader) earlier(block []byte, before int64) bool {
	i, err := r.byID(r.order.u32(block[8:]))
	return err == nil && i.time(r.order, block[8:]) < before
}

// block returns the whole next block.
func (r *pcapngReader) block() ([]byte, error) {
	h, err := r.peek(minBlock)
	if err != nil {
		return nil, r.fail("block", err)
	}
	o := r.order
	if o.u32(h) == blockSection { // the same in both orders
		o, err = sectionOrder(h[8:])
		if err != nil {
			return nil, r.fail("", err)
		}
		r.order = o
	}
	n := o.u32(h[4:])
	if n < minBlock || n%4 != 0 || n > maxBlock {
		return nil, r.fail("", badLength(n))
	}
	block, err := r.peek(int(n))
	if err != nil {
		return nil, r.fail("block", err)
	}
	if end := o.u32(block[n-4:]); end != n {
		return nil, r.faultf("block length %d at its start, %d at its end", n, end)
	}
	return block, nil
}

func sectionOrder(magic []byte) (order, error) {
	for _, o := range []order{false, true} {
		if o.u32(magic) == byteOrder {
			return o, nil
		}
	}
	return false, fmt.Errorf("section header with byte-order magic %#x", magic[:4])
}

func badLength(n uint32) error {
	switch {
	case n > maxBlock:
		return fmt.Errorf("block length %d (at most %d is believed)", n, maxBlock)
	case n >= minBlock:
		return fmt.Errorf("block length %d, no multiple of 4", n)
	}
	return fmt.Errorf("block length %d", n)
}

// use takes in one block and says whether it gave a packet.
func (r *pcapngReader) use(block []byte, p *Packet) (isPacket bool, err error) {
	kind, body := r.order.u32(block), block[8:len(block)-4]
	if kind < uint32(len(bodyLength)) && len(body) < bodyLength[kind] {
		return false, fmt.Errorf("block of type %d with length %d (at least %d is needed)", kind, len(block), bodyLength[kind]+minBlock)
	}
	switch kind {
	case blockEnhanced:
		return true, r.enhanced(body, p)
	case blockPacket:
		return true, r.obsolete(body, p)
	case blockSimplePacket:
		return true, r.simple(body, p)
	case blockSection:
		return false, r.section(block)
	case blockInterface:
		return false, r.describeInterface(body)
	case blockStatistics:
		r.statistics(body)
	case blockJournal, blockCustom, blockCustomNoCopy:
		r.frame++ // no packet, but Wireshark numbers it
	}
	return false, nil
}

// bodyLength is the fixed part of the body, by block type.
var bodyLength = [...]int{
	blockInterface: 8, blockPacket: 20, blockSimplePacket: 4, blockStatistics: 12, blockEnhanced: 20,
}

// section begins a new section: byte order (already taken), version, length
// (not needed); its interfaces are numbered anew.
func (r *pcapngReader) section(block []byte) error {
	if len(block) < minSection {
		return fmt.Errorf("section header with length %d (at least %d is needed)", len(block), minSection)
	}
	if major := r.order.u16(block[12:]); major != 1 {
		return fmt.Errorf("unknown pcapng version %d.%d", major, r.order.u16(block[14:]))
	}
	r.drops = r.allDrops()
	r.interfaces = r.interfaces[:0]
	return nil
}

// describeInterface: link type, reserved, snaplen, options.
func (r *pcapngReader) describeInterface(body []byte) error {
	if len(r.interfaces) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	i := pcapngInterface{
		link:    LinkType(r.order.u16(body)),
		snaplen: r.order.u32(body[4:]),
		clock:   defaultClock,
	}
	var offset int64
	opts := options{order: r.order, rest: body[8:]}
	for opts.next() {
		switch {
		case opts.code == ifTsresol && len(opts.value) == 1:
			i.clock = newClock(opts.value[0])
		case opts.code == ifTsoffset && len(opts.value) == 8:
			offset = int64(r.order.u64(opts.value))
		case opts.code == ifTsresol || opts.code == ifTsoffset:
			return fmt.Errorf("interface option %d with length %d", opts.code, len(opts.value))
		}
	}
	if opts.bad { // the clock may be among what is lost: no times to be had
		return fmt.Errorf("interface options that exceed their block")
	}
	i.clock.setOffset(offset)
	r.interfaces = append(r.interfaces, i)
	r.links.add(i.link)
	return nil
}

// enhanced: interface, time, captured and original length, data, options.
func (r *pcapngReader) enhanced(body []byte, p *Packet) error {
	return r.packet(r.order.u32(body), body, p)
}

// obsolete is enhanced with a drop count in the interface's upper half.
func (r *pcapngReader) obsolete(body []byte, p *Packet) error {
	id := uint32(r.order.u16(body))
	if err := r.packet(id, body, p); err != nil {
		return err
	}
	if n := r.order.u16(body[2:]); n != obsoleteNoDrop {
		r.interfaces[id].drops.add(uint64(n))
	}
	return nil
}

// firstUse notes the packet that begins here if it is the first of an
// interface.
func (r *pcapngReader) firstUse(i *pcapngInterface) {
	if !i.used {
		i.used = true
		r.links.use(i.link, Place{Frame: r.frame + 1, Offset: r.offset()})
	}
}

func (r *pcapngReader) packet(id uint32, body []byte, p *Packet) error {
	i, err := r.byID(id)
	if err != nil {
		return err
	}
	length, data := r.order.u32(body[12:]), body[20:]
	if uint64(length) > uint64(len(data)) {
		return fmt.Errorf("captured length %d in a block of %d octets", length, len(body)+minBlock)
	}
	r.firstUse(i)
	p.Time = i.time(r.order, body)
	p.Link = i.link
	p.OrigLen = r.order.u32(body[16:])
	p.Direction = DirectionUnknown
	p.Data = data[:length:length]
	r.last = p.Time
	if after := (int(length) + 3) &^ 3; after < len(data) {
		r.packetOptions(i, data[after:], p)
	}
	return nil
}

// time is that of a packet block of the interface.
func (i *pcapngInterface) time(o order, body []byte) int64 {
	return i.clock.nanoseconds(uint64(o.u32(body[4:]))<<32 | uint64(o.u32(body[8:])))
}

// packetOptions takes direction and drop count. Options that are broken are
// let go: the packet before them is whole.
func (r *pcapngReader) packetOptions(i *pcapngInterface, data []byte, p *Packet) {
	opts := options{order: r.order, rest: data}
	for opts.next() {
		switch {
		case opts.code == packetFlags && len(opts.value) == 4:
			p.Direction = directions[r.order.u32(opts.value)&3]
		case opts.code == epbDropcount && len(opts.value) == 8:
			i.drops.add(r.order.u64(opts.value))
		}
	}
}

// directions are the two lowest bits of epb_flags.
var directions = [4]Direction{1: Inbound, 2: Outbound}

// simple: original length, data; of interface 0, cut at its snaplen, without
// a time: it gets that of the packet before (the epoch if there is none).
func (r *pcapngReader) simple(body []byte, p *Packet) error {
	i, err := r.byID(0)
	if err != nil {
		return err
	}
	original, data := r.order.u32(body), body[4:]
	length := original
	if i.snaplen != 0 {
		length = min(length, i.snaplen)
	}
	if uint64(length) > uint64(len(data)) {
		return fmt.Errorf("simple packet of %d octets in a block of %d", length, len(body)+minBlock)
	}
	r.firstUse(i)
	r.untimed++
	p.Time = r.last
	p.Link = i.link
	p.OrigLen = original
	p.Direction = DirectionUnknown
	p.Data = data[:length:length]
	return nil
}

// statistics: interface, time, options; the last of an interface counts.
func (r *pcapngReader) statistics(body []byte) {
	i, err := r.byID(r.order.u32(body))
	if err != nil {
		return // statistics of nothing: no packet is lost with them
	}
	var total uint64
	opts := options{order: r.order, rest: body[12:]}
	for opts.next() {
		if (opts.code == isbIfdrop || opts.code == isbOsdrop) && len(opts.value) == 8 {
			total = sum(total, r.order.u64(opts.value))
			i.drops.known = true
		}
	}
	i.drops.total = max(i.drops.total, total)
}

func (r *pcapngReader) byID(id uint32) (*pcapngInterface, error) {
	if uint64(id) >= uint64(len(r.interfaces)) {
		return nil, fmt.Errorf("interface %d, but the section has described %d", id, len(r.interfaces))
	}
	return &r.interfaces[id], nil
}

func (d *drops) add(n uint64) {
	d.between = sum(d.between, n)
	d.known = true
}

// sum adds without wrapping.
func sum(a, b uint64) uint64 {
	s, carry := bits.Add64(a, b, 0)
	return s | -carry
}

// allDrops is the sum over the interfaces of this section and all before.
func (r *pcapngReader) allDrops() drops {
	all := r.drops
	for i := range r.interfaces {
		d := &r.interfaces[i].drops
		all.total = sum(all.total, max(d.total, d.between))
		all.known = all.known || d.known
	}
	return all
}

func (r *pcapngReader) describe(f *FileInfo) {
	d := r.allDrops()
	f.Format = "pcapng"
	f.Links, f.Used = r.links.list, r.links.used
	f.Untimed = r.untimed
	f.Dropped, f.DroppedKnown = d.total, d.known
}

// options walks over the options of a block: code, length, value, padding to
// four octets.
type options struct {
	order order
	rest  []byte
	code  uint16
	value []byte
	bad   bool // an option exceeds the block
}

func (o *options) next() bool {
	if len(o.rest) < 4 {
		o.bad = len(o.rest) > 0
		return false
	}
	o.code = o.order.u16(o.rest)
	n := int(o.order.u16(o.rest[2:]))
	if o.code == optionEnd {
		return false
	}
	if n > len(o.rest)-4 {
		o.bad = true
		return false
	}
	o.value = o.rest[4 : 4+n]
	o.rest = o.rest[min(4+(n+3)&^3, len(o.rest)):]
	return true
}

// linkSet is the link types seen, in the order of their appearance.
type linkSet struct {
	list []LinkType
	used []Place // the first packet of each
	at   map[LinkType]int
}

func (s *linkSet) add(l LinkType) {
	if _, seen := s.at[l]; seen {
		return
	}
	if s.at == nil {
		s.at = map[LinkType]int{}
	}
	s.at[l] = len(s.list)
	s.list, s.used = append(s.list, l), append(s.used, Place{})
}

// use notes the first packet of a link type.
func (s *linkSet) use(l LinkType, at Place) {
	if first := &s.used[s.at[l]]; first.Frame == 0 {
		*first = at
	}
}
