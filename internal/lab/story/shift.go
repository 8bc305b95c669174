package story

import (
	"github.com/lastack/lastack/internal/lab/packet"
	"github.com/lastack/lastack/internal/lab/truth"
)

// shift changes the captures so that the first connection of every tuple
// begins with these sequence numbers (0: keep), A's first: the same capture,
// as it would be with other initial numbers.
func shift(r *truth.Record, want [2]uint32) {
	add := make(map[truth.Tuple]uint32) // what to add to the numbers of Local
	for side := range r.Hosts {
		for _, f := range r.Hosts[side].Frames {
			k := truth.Tuple{Local: f.Src, Remote: f.Dst}
			if _, known := add[k]; !known && f.TCP && f.Flags.Has(packet.SYN) && want[sideOf(f.Src.Addr())] != 0 {
				add[k] = want[sideOf(f.Src.Addr())] - f.Seq
			}
		}
	}
	for side := range r.Hosts {
		for i := range r.Hosts[side].Frames {
			f := &r.Hosts[side].Frames[i]
			packet.Shift(f.Raw, add[truth.Tuple{Local: f.Src, Remote: f.Dst}], add[truth.Tuple{Local: f.Dst, Remote: f.Src}])
			if p, err := packet.Parse(f.Raw); err == nil {
				f.Packet = p
			}
		}
	}
}
