package analyzer

import (
	"testing"

	"github.com/lastack/lastack/wire"
)

// TestCopiesWithoutIDs: what tells a copy from a retransmission where no IPv4 id
// does (D1, D2): the file, the hop limit, the timestamp, and the time between
// them, which no retransmission timer falls below.
func TestCopiesWithoutIDs(t *testing.T) {
	const us, ms = 1000, 1_000_000
	for _, c := range []struct {
		name   string
		file   int
		ttl    uint8
		stamps bool
		gap    int64
		want   copyKind
	}{
		{"at once", 0, 64, false, 20 * us, captureCopy},
		{"a router further", 0, 63, false, 20 * us, secondTap},
		{"a router further, later", 0, 63, false, 20 * ms, secondTap},
		{"a router further, after a timer", 0, 63, false, 200 * ms, original},
		{"the same hop limit, later", 0, 64, false, 20 * ms, original},
		{"another file", 1, 64, false, 20 * ms, secondTap},
		{"another file, sooner than any timer", 1, 64, false, timerGap, secondTap},
		{"another file, after a timer", 1, 64, false, timerGap + 1*ms, original},
		{"another file and hop limit, after a timer", 1, 61, false, 1500 * ms, secondTap},
		{"another file and hop limit, beyond any path", 1, 61, false, 2001 * ms, original},
		{"another file, the same timestamp", 1, 64, true, 1500 * ms, secondTap},
		{"another file, the same timestamp, beyond any path", 1, 64, true, 2001 * ms, original},
	} {
		con := &connection{flip: 1}
		first := &wire.Segment{Flags: wire.ACK, Len: 100, TTL: 64, Time: 1e18, Ref: wire.MakeFrameRef(0, 7)}
		again := *first
		again.TTL, again.Time, again.Ref = c.ttl, first.Time+c.gap, wire.MakeFrameRef(c.file, 9)
		if c.stamps {
			again.Options.Has = wire.OptTimestamps
		}
		old := remember(first, 1)
		if got := con.copyOf(&old, &again); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
