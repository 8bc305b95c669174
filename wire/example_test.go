package wire_test

import (
	"fmt"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

func ExampleDecoder_Decode() {
	syn := packet.TCP{Src: client4, Dst: server4, Seq: 1, Flags: wire.SYN, Options: packet.SYNOptions(nil, 1, 0)}
	frame := syn.Append(nil, packet.Ethernet)

	var d wire.Decoder  // one for each goroutine
	var s wire.Segment  // may be used again and again
	const linktype1 = 1 // Ethernet
	switch d.Decode(linktype1, frame, uint32(len(frame)), &s) {
	case wire.OutcomeTCP:
		from, to := s.Tuple.AddrPort(int(s.Dir)), s.Tuple.AddrPort(int(1-s.Dir))
		fmt.Printf("%v > %v: [%v] seq %d, length %d\n", from, to, s.Flags, s.Seq, s.Len)
		if s.Options.Has&wire.OptMSS != 0 {
			fmt.Println("MSS", s.Options.MSS)
		}
	case wire.OutcomeICMP:
		fmt.Println("an error about", d.ICMP.Tuple.AddrPort(int(d.ICMP.Dir)))
	}
	// Output:
	// 192.0.2.1:40000 > 198.51.100.1:5000: [S] seq 1, length 0
	// MSS 1460
}
