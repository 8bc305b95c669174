package load

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

var be = binary.BigEndian

// layout names a block of TCP options.
type layout uint8

const (
	bare            layout = iota // none
	stamped                       // timestamps
	synPlain                      // of a SYN
	synStamped                    // ... with timestamps
	fastOpen                      // of a SYN with a cookie
	fastOpenStamped               // ... with timestamps
	sacked                        // a SACK block
	sackedStamped                 // ... with timestamps
)

// block is what the options of a layout look like: the octets, with zeros for
// what differs, their sum, and where the timestamps and the SACK block are,
// 0 for nowhere.
type block struct {
	octets   []byte
	sum      uint64
	ts, sack int
}

var blocks = [...]block{
	bare:            makeBlock(nil, 0, 0),
	stamped:         makeBlock(packet.TimestampOptions(nil, 0, 0), 4, 0),
	synPlain:        makeBlock(synOptions(), 0, 0),
	synStamped:      makeBlock(packet.SYNOptions(nil, 0, 0), 8, 0),
	fastOpen:        makeBlock(cookie(synOptions()), 0, 0),
	fastOpenStamped: makeBlock(cookie(packet.SYNOptions(nil, 0, 0)), 8, 0),
	sacked:          makeBlock(packet.SACK(packet.NOP(nil, 2), wire.SACKBlock{}), 0, 4),
	sackedStamped:   makeBlock(packet.SACK(packet.NOP(packet.TimestampOptions(nil, 0, 0), 2), wire.SACKBlock{}), 4, 16),
}

// synOptions are those of a Windows host.
func synOptions() []byte {
	return packet.SACKPermitted(packet.NOP(packet.WindowScale(packet.NOP(packet.MSS(nil, 1460), 1), scale), 2))
}

func cookie(o []byte) []byte { return packet.FastOpen(packet.NOP(o, 2), []byte("a cookie")) }

func makeBlock(octets []byte, ts, sack int) block {
	return block{octets: octets, sum: packet.Add16(octets), ts: ts, sack: sack}
}

// head is what every frame of one end of a connection begins with: all up to
// the ports, made for a segment without options and data.
type head struct {
	octets  [ethernetHeader + ipv6Header + ports]byte
	n       int
	ip, tcp uint64 // sums of the headers, the TCP one with the pseudo-header
}

const (
	ethernetHeader = 14
	ipv4Header     = 20
	ipv6Header     = 40
	tcpHeader      = 20
	ports          = 4
)

// makeHead makes the head of what src sends to dst.
func makeHead(src, dst netip.AddrPort, ttl uint8) (h head) {
	var room [128]byte
	p := packet.TCP{Envelope: packet.Envelope{TTL: ttl, IPFlags: packet.DontFragment}, Src: src, Dst: dst}
	f := p.Append(room[:0], packet.Ethernet)
	h.n = copy(h.octets[:], f[:len(f)-tcpHeader+ports])
	h.ip = uint64(^be.Uint16(f[ethernetHeader+10:]))
	h.tcp = uint64(^be.Uint16(f[len(f)-4:]))
	return h
}

// frame makes the frame of a segment in buf, as far as it is captured, and
// returns its length on the wire.
func (g *Generator) frame(h *head, s *segment) (length int) {
	block := &blocks[s.layout]
	header := tcpHeader + len(block.octets)
	copy(g.buf[:len(h.octets)], h.octets[:])
	start := h.n - ports
	g.putIP(h, s, header+int(s.len))

	p := g.buf[start:]
	sum := h.tcp + block.sum + uint64(header-tcpHeader) + uint64(s.len)
	be.PutUint32(p[4:], uint32(s.seq))
	be.PutUint32(p[8:], uint32(s.ack))
	bits := uint64(header/4)<<12 | uint64(s.flags)
	be.PutUint16(p[12:], uint16(bits))
	be.PutUint16(p[14:], s.window)
	be.PutUint32(p[16:], 0)
	sum += uint64(s.seq) + uint64(s.ack) + bits - tcpHeader/4<<12 + uint64(s.window)

	copy(p[tcpHeader:], block.octets)
	if at := tcpHeader + block.ts; block.ts != 0 {
		be.PutUint32(p[at:], s.tsval)
		be.PutUint32(p[at+4:], s.tsecr)
		sum += uint64(s.tsval) + uint64(s.tsecr)
	}
	if at := tcpHeader + block.sack; block.sack != 0 {
		be.PutUint32(p[at:], uint32(s.sack[0]))
		be.PutUint32(p[at+4:], uint32(s.sack[1]))
		sum += uint64(s.sack[0]) + uint64(s.sack[1])
	}
	if s.len > 0 {
		sum += g.stream.put(p[header:], s, g.cfg.Snaplen-start-header)
	}
	be.PutUint16(p[16:], ^packet.Fold16(sum))
	return start + header + int(s.len)
}

// putIP fills in what differs in the IP header; n octets follow it.
func (g *Generator) putIP(h *head, s *segment, n int) {
	p := g.buf[ethernetHeader:]
	if h.n == len(h.octets) {
		be.PutUint16(p[4:], uint16(n))
		return
	}
	be.PutUint16(p[2:], uint16(ipv4Header+n))
	be.PutUint16(p[4:], s.id)
	be.PutUint16(p[10:], ^packet.Fold16(h.ip+uint64(n-tcpHeader)+uint64(s.id)))
}

// stream is what all connections transfer: octets that depend on their
// sequence number alone, so that what is sent again is the same.
type stream struct {
	octets [period + maxSegment]byte
	sums   [period + maxSegment + 1]uint64 // of all octets before
}

const (
	period     = 4096
	maxSegment = 1460
)

func newStream() *stream {
	t := &stream{}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range t.octets {
		if t.octets[i] = uint8(rng.Uint32()); i >= period {
			t.octets[i] = t.octets[i-period]
		}
		t.sums[i+1] = t.sums[i] + uint64(t.octets[i])<<(8*(^i&1))
	}
	return t
}

// put writes the payload of s, of which limit octets are captured, and returns
// its sum. Where it begins at an odd place its octets stand the other way
// round in the sum.
func (t *stream) put(p []byte, s *segment, limit int) uint64 {
	from := int((s.seq + wire.Seq(s.flags&wire.SYN>>1)) % period)
	to := from + int(s.len)
	copy(p, t.octets[from:from+max(0, min(int(s.len), limit))])
	return (t.sums[to] - t.sums[from]) << (8 * (from & 1))
}

// reject makes a router's error that quotes s, a segment of from. Where the
// capture cuts the quotation off before the sequence number, nothing tells
// that the opening was rejected.
func (g *Generator) reject(c *conn, from side, s *segment) (captured bool) {
	n := g.frame(&c.heads[from], s)
	quote := g.quote[:copy(g.quote[:], g.buf[ethernetHeader:n])]
	src, _ := addresses(c.number, c.v6)
	e := packet.Unreachable(routers[0], src.Addr(), 1, quote)
	if c.v6 {
		e = packet.Unreachable(routers[1], src.Addr(), 3, quote)
	}
	g.size = len(e.Append(g.buf[:0], packet.Ethernet))
	if g.size-len(quote)+c.heads[from].n-ethernetHeader+ports > g.cfg.Snaplen {
		c.opening, c.outcome.Open = &cutOff, cutOff.kind
	}
	return true
}

// Where hosts are: clients have the lower address of the two in one half of
// the connections, and the higher one in the other.
const (
	clientHosts = 997
	clientPorts = 28232 // Linux's ephemeral range
	servers     = 7
)

var (
	routers     = [2]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8:fe::1")}
	serverPorts = [...]uint16{443, 80, 5432, 6379, 8080, 3306, 22}
)

// addresses returns the ends of connection n.
func addresses(n int, v6 bool) (client, server netip.AddrPort) {
	host, k := uint16(n%clientHosts), n%servers
	port := uint16(32768 + n/clientHosts)
	var from, to netip.Addr
	if v6 {
		f := [16]byte{0x20, 0x01, 0x0d, 0xb8, 0xff * uint8(host&1), 14: uint8(host >> 8), 15: uint8(host)}
		from = netip.AddrFrom16(f)
		to = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0x80, 15: uint8(1 + k)})
	} else {
		from = netip.AddrFrom4([4]byte{10 + 193*uint8(host&1), 0, uint8(host >> 8), uint8(host)})
		to = netip.AddrFrom4([4]byte{198, 51, 100, uint8(1 + k)})
	}
	return netip.AddrPortFrom(from, port), netip.AddrPortFrom(to, serverPorts[k])
}
