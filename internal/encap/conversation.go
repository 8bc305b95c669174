package encap

import (
	"net/netip"
	"time"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// Packet is one packet of the conversation that is wrapped.
type Packet struct {
	Time time.Time
	Back bool
	IP   []byte
}

// Conversation is a connection that opens, carries a request and an answer, and is closed
// by the client: of IPv4, or of IPv6.
func Conversation(v6 bool) (list []Packet) {
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("198.51.100.1:443")
	if v6 {
		client, server = netip.MustParseAddrPort("[2001:db8::1]:40000"), netip.MustParseAddrPort("[2001:db8:1::1]:443")
	}
	const iss, irs = 1000, 5000
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, s := range []struct {
		back     bool
		flags    wire.Flags
		seq, ack uint32
		payload  string
	}{
		{false, wire.SYN, 0, 0, ""},
		{true, wire.SYN | wire.ACK, 0, 1, ""},
		{false, wire.ACK, 1, 1, ""},
		{false, wire.PSH | wire.ACK, 1, 1, "GET / HTTP/1.0\r\n\r\n"},
		{true, wire.ACK, 1, 19, ""},
		{true, wire.PSH | wire.ACK, 1, 19, "HTTP/1.0 200 OK\r\n\r\n"},
		{false, wire.ACK, 19, 20, ""},
		{false, wire.FIN | wire.ACK, 19, 20, ""},
		{true, wire.FIN | wire.ACK, 20, 20, ""},
		{false, wire.ACK, 20, 21, ""},
	} {
		p := packet.TCP{Src: client, Dst: server, Seq: iss, Ack: irs, Flags: s.flags, Window: 64240, Payload: []byte(s.payload)}
		p.IPID, p.IPFlags = uint16(i+1), packet.DontFragment
		if s.back {
			p.Src, p.Dst, p.Seq, p.Ack, p.IPID = server, client, irs, iss, uint16(i+101)
		}
		p.Seq, p.Ack = p.Seq.Add(s.seq), p.Ack.Add(s.ack)
		if s.flags&wire.ACK == 0 {
			p.Ack = 0
		}
		if s.flags&wire.SYN != 0 {
			p.Options = packet.SYNOptions(nil, uint32(i), 0)
		}
		list = append(list, Packet{t.Add(time.Duration(i) * 10 * time.Millisecond), s.back, p.Append(nil, packet.Raw)})
	}
	return list
}

// Frames are those of the conversation as c wraps it.
func (c *Case) Frames() (times []time.Time, frames [][]byte) {
	for _, p := range Conversation(c.V6) {
		times = append(times, p.Time)
		frames = append(frames, c.Wrap(p.IP, p.Back))
	}
	return times, frames
}
