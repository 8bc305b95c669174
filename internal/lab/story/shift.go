package story

import (
	"github.com/lastack/lastack/internal/lab/truth"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// shift changes the captures so that the first connection of every tuple
// begins with these sequence numbers (0: keep), A's first: the same capture,
// as it would be with other initial numbers.
func shift(r *truth.Record, want [2]wire.Seq) {
	add := make(map[truth.Tuple]uint32) // what to add to the numbers of Local
	for side := range r.Hosts {
		for _, f := range r.Hosts[side].Frames {
			k := truth.Tuple{Local: f.Src, Remote: f.Dst}
			if _, known := add[k]; !known && f.Whole && f.Flags.Has(wire.SYN) && want[sideOf(f.Src.Addr())] != 0 {
				add[k] = uint32(want[sideOf(f.Src.Addr())] - f.Seq)
			}
		}
	}
	for side := range r.Hosts {
		for i := range r.Hosts[side].Frames {
			if f := &r.Hosts[side].Frames[i]; f.Whole {
				f.Shift(add[truth.Tuple{Local: f.Src, Remote: f.Dst}], add[truth.Tuple{Local: f.Dst, Remote: f.Src}])
				f.Raw = f.Append(nil, packet.Raw)
			} else if quote, at, ok := truth.Quoted(f.Raw); ok {
				to, from := truth.Tuple{Local: quote.Src, Remote: quote.Dst}, truth.Tuple{Local: quote.Dst, Remote: quote.Src}
				packet.ShiftQuote(f.Raw, at, add[to], add[from])
			}
		}
	}
}
