package wire_test

import (
	"testing"

	"github.com/lastack/lastack/wire"
)

func TestFlagsString(t *testing.T) {
	for want, f := range map[string]wire.Flags{
		"none":      0,
		"S":         wire.SYN,
		"S.":        wire.SYN | wire.ACK,
		".":         wire.ACK,
		"P.":        wire.PSH | wire.ACK,
		"F.":        wire.FIN | wire.ACK,
		"FP.":       wire.FIN | wire.PSH | wire.ACK,
		"R":         wire.RST,
		"R.":        wire.RST | wire.ACK,
		"SEW":       wire.SYN | wire.ECE | wire.CWR,
		"S.E":       wire.SYN | wire.ACK | wire.ECE,
		".U":        wire.ACK | wire.URG,
		"SEWe":      wire.SYN | wire.ECE | wire.CWR | wire.AE,
		"FSRP.UEWe": 0x1ff,
	} {
		if got := f.String(); got != want {
			t.Errorf("%#x: %q, want %q", uint16(f), got, want)
		}
	}
}

func TestFlagsHas(t *testing.T) {
	f := wire.SYN | wire.ACK | wire.ECE
	for want, has := range map[wire.Flags]bool{
		wire.SYN: true, wire.SYN | wire.ACK: true, wire.ECE: true, 0: true,
		wire.FIN: false, wire.SYN | wire.RST: false,
	} {
		if f.Has(want) != has {
			t.Errorf("%v.Has(%v) = %v", f, want, !has)
		}
	}
}
