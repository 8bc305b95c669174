package analyzer

import (
	"testing"

	"github.com/lastack/lastack/wire"
)

// TestCopiesWithoutIDs: what tells a copy from a repetition where no IPv4 id does
// (D1, D2): the timestamp, a SYN, which no host repeats so soon, and then the
// delay and the hop limit that the copies before it had.
func TestCopiesWithoutIDs(t *testing.T) {
	const us, ms = 1000, 1_000_000
	known := &taps{copies: [2]uint32{1, 1}, min: [2]int64{30 * ms, 30 * ms}, max: [2]int64{32 * ms, 32 * ms}, ttl: [2]int{-3, -3}}
	for _, c := range []struct {
		name   string
		flags  wire.Flags
		file   int
		ttl    uint8
		stamps bool
		gap    int64
		taps   *taps
		want   copyKind
	}{
		{"at once", wire.ACK, 0, 64, false, 20 * us, nil, captureCopy},
		{"at once, a router further", wire.ACK, 0, 63, false, 20 * us, nil, secondTap},
		{"later", wire.ACK, 0, 64, false, 20 * ms, nil, original},
		{"later, a router further", wire.ACK, 0, 63, false, 34 * ms, nil, original},
		{"another file, at once", wire.ACK, 1, 64, false, lanGap, nil, secondTap},
		{"another file, later", wire.ACK, 1, 64, false, lanGap + 1*us, nil, original},
		{"another file and hop limit, later", wire.ACK, 1, 61, false, 70 * ms, nil, original},
		{"another file, the same timestamp", wire.ACK, 1, 64, true, pathGap, nil, secondTap},
		{"another file, the same timestamp, beyond any path", wire.ACK, 1, 64, true, pathGap + 1*ms, nil, original},
		{"a SYN in another file", wire.SYN, 1, 64, false, synGap, nil, secondTap},
		{"a SYN in another file, after a timer", wire.SYN, 1, 64, false, synGap + 1*ms, nil, original},
		{"a SYN, a router further", wire.SYN, 0, 63, false, synGap, nil, secondTap},
		{"a SYN, the same hop limit", wire.SYN, 0, 64, false, 20 * ms, nil, original},
		{"as the copies before it", wire.ACK, 1, 61, false, 31 * ms, known, secondTap},
		{"as the copies before it, in one file", wire.ACK, 0, 61, false, 31 * ms, known, secondTap},
		{"sooner than the copies before it", wire.ACK, 1, 61, false, 24 * ms, known, original},
		{"later than the copies before it", wire.ACK, 1, 61, false, 38 * ms, known, original},
		{"the hop limit of its sender's tap", wire.ACK, 0, 64, false, 31 * ms, known, original},
	} {
		con := &connection{flip: 1, trail: newTrail()}
		if c.taps != nil {
			con.details().taps = c.taps
		}
		first := &wire.Segment{Flags: c.flags, Len: 100, TTL: 64, Time: 1e18, Ref: wire.MakeFrameRef(0, 7)}
		again := *first
		again.TTL, again.Time, again.Ref = c.ttl, first.Time+c.gap, wire.MakeFrameRef(c.file, 9)
		if c.stamps {
			again.Options.Has = wire.OptTimestamps
		}
		var old recent
		old.fill(first, 1)
		if got := con.copyOf(&old, &again); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
