package packet_test

import (
	"net/netip"
	"testing"

	"github.com/lastack/lastack/internal/packet"
)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func BenchmarkAppend(b *testing.B) {
	t := packet.TCP{Src: ap("192.0.2.1:40000"), Dst: ap("198.51.100.1:5000"), Flags: 0x10, Options: packet.TimestampOptions(nil, 1, 2)}
	buf := make([]byte, 0, 2000)
	b.ReportAllocs()
	for b.Loop() {
		t.Seq++
		buf = t.Append(buf[:0], packet.Ethernet)
	}
}
