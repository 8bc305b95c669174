package detect

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Info: it is how the capture was made.
var twoTaps = over(define(Detector{
	ID:       "two-taps",
	Title:    "One path captured at two places",
	Means:    "The same segments were captured at two places of their path, in both directions. One copy drives the states; the other shows what was lost between the taps. Where a NAT or a tunnel lies between them, the connection is two, of one sequence.",
	Severity: info,
	Disproof: "Hop limits and delays that do not agree from segment to segment: then they are retransmissions.",
	Advice:   "Nothing to do. Where the clocks of two files differ, a message says by how much, and it is corrected; two clocks within one file should agree to a millisecond.",
	Refs:     []string{"RFC 9293 3.8.1"},
}, capturedTwice, findTwoTaps), findTranslated)

func findTwoTaps(in *Input) []claim {
	if !in.twoTaps() {
		return nil
	}
	return in.one(claim{at: in.Conn.Start, proof: in.marks(in.Taps.mark(0), in.Taps.mark(1)), tell: tellTwoTaps})
}

func tellTwoTaps(in *Input, c *claim) {
	t, n, packets := in.Taps, in.tapCopies(), in.packets()
	text := func(i int) string {
		return words.Plural(uint64(t.Copies[i]), "segment") + " of the " + string(sides[i]) + ", " + dur(t.Delay[i].Abs()) + " apart or more (" + in.frame(t.mark(i)) + ")"
	}
	c.title = strconv.FormatUint(n, 10) + " of " + words.Count(packets) + " segments were captured at two places of the path"
	c.explanation = "Seen twice: " + text(0) + ", and " + text(1) + ". The capture was made at two places of one path, or of one host. " +
		"Each segment counts once; a segment seen at one place only may have been lost between them."
	c.values = in.values(report.Int("copies", n), report.Int("packets", packets), report.Float("delay_client_s", t.Delay[0].Seconds()), report.Float("delay_server_s", t.Delay[1].Seconds()))
}

// twoTaps reports whether a second tap saw most segments of either side; a few
// copies are doubled by something else. Where each end has a tap, what came at all says
// so: the path may have lost the rest.
func (in *Input) twoTaps() bool {
	t, e := in.Taps, &in.Conn.Endpoints
	if in.tapAtBothEnds() {
		return true
	}
	return t != nil && t.Copies[0] > 0 && t.Copies[1] > 0 &&
		2*uint64(t.Copies[0]) >= e.Client.Packets && 2*uint64(t.Copies[1]) >= e.Server.Packets
}

// tapAtBothEnds reports whether there is a tap near each end: what the one near the
// receiver does not have did not come to it (D5).
func (in *Input) tapAtBothEnds() bool { return in.Taps != nil && in.Taps.BothEnds }

// heard is the last segment of a side that came to the other, as far as is known.
func (in *Input) heard(side report.Side) Mark {
	if in.tapAtBothEnds() {
		return in.Taps.Heard[index(side)]
	}
	return in.Last[index(side)]
}

// mark is the first copy of a side's segments.
func (t *Taps) mark(i int) Mark { return Mark{Frame: t.Frame[i], File: t.File[i]} }

// A connection that was captured on both sides of a NAT is two: only the sequence numbers
// are the same. Of all connections those are remembered whose numbers have the least hash,
// so that in every part the same are.

// twin is a connection as it is compared with others.
type twin struct {
	hash           uint64 // of both ISNs, different for different ones
	id             uint64
	start          int64
	client, server report.Addr
	wrapped        string // in what VLANs and tunnels, "" for none
	stamp          uint32
	syn            place
}

// maxTwins is how many are remembered in each part, or twice as many.
const maxTwins = 512

// twins are the connections whose hash is below the limit; 0 stands for none.
type twins struct {
	list  []twin
	limit uint64
}

// add takes one whose hash is below the limit.
func (t *twins) add(x *twin) {
	t.list = append(t.list, *x)
	if len(t.list) >= 2*maxTwins {
		var hashes [2 * maxTwins]uint64 // to sort them alone moves far less
		for i := range hashes {
			hashes[i] = t.list[i].hash
		}
		slices.Sort(hashes[:])
		t.cut(hashes[maxTwins])
	}
}

func byHash(a, b *twin) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.id, b.id)) }

// cut lowers the limit.
func (t *twins) cut(limit uint64) {
	t.limit = limit
	t.list = slices.DeleteFunc(t.list, func(x twin) bool { return x.hash >= limit })
}

func (t *twins) merge(o *twins) {
	t.list = append(t.list, o.list...)
	if o.limit != 0 && (t.limit == 0 || o.limit < t.limit) {
		t.limit = o.limit
	}
	if t.limit != 0 {
		t.cut(t.limit)
	}
}

// addTwin takes a connection both of whose ISNs are known.
func (s *Survey) addTwin(in *Input) {
	c := in.Conn
	a, b := c.Endpoints.Client.ISN, c.Endpoints.Server.ISN
	if a == nil || b == nil || in.SYN[0].Frame == 0 {
		return
	}
	hash := mix(uint64(*a)<<32 | uint64(*b))
	if s.twins.limit != 0 && hash >= s.twins.limit {
		return
	}
	s.twins.add(&twin{hash: hash, id: c.ID, start: c.Start.UnixNano(), client: c.Client, server: c.Server, wrapped: words.Inside(c), stamp: in.SYNStamp, syn: in.SYN[0].first().place()})
}

// translation is how long a NAT may hold a SYN.
const translation = int64(2 * time.Second)

// is reports whether b may be a on the other side of something. No NAT changes time stamps, nor
// nothing but the port of a client: that is its next connection, with the same numbers by force.
func (a *twin) is(b *twin) bool {
	if a.stamp != b.stamp || max(b.start-a.start, a.start-b.start) > translation {
		return false
	}
	if a.client.IP == b.client.IP && a.server == b.server {
		return a.client.Port == b.client.Port && a.wrapped != b.wrapped
	}
	return true
}

// twinPair is one connection, seen twice.
type twinPair struct{ one, other *twin }

// pairs returns the connections that were seen twice under different keys.
func (t *twins) pairs() (out []twinPair) {
	list := make([]*twin, len(t.list))
	for i := range t.list {
		list[i] = &t.list[i]
	}
	slices.SortFunc(list, byHash)
	for i := range list {
		if i == 0 || list[i].hash != list[i-1].hash {
			continue
		}
		if a, b := list[i-1], list[i]; a.is(b) {
			out = append(out, twinPair{a, b})
		}
	}
	slices.SortFunc(out, func(a, b twinPair) int { return cmp.Compare(a.one.id, b.one.id) })
	return out
}

// findTranslated is what two-taps says of all connections: those that were captured before
// and after a NAT, or in two encapsulations.
func findTranslated(s *Survey) (out []overall) {
	var kinds [2][]twinPair
	for _, p := range s.twins.pairs() {
		kind := 0
		if p.one.client == p.other.client && p.one.server == p.other.server {
			kind = 1
		}
		kinds[kind] = append(kinds[kind], p)
	}
	for kind, list := range kinds {
		if len(list) > 0 {
			out = append(out, s.translated(list, kind == 1))
		}
	}
	return out
}

func (s *Survey) translated(list []twinPair, tunnel bool) overall {
	one, other := list[0].one, list[0].other
	c := overall{ids: make([]uint64, 0, 2*len(list))}
	for i := range list {
		c.ids = append(c.ids, list[i].one.id, list[i].other.id)
	}
	slices.Sort(c.ids)
	c.ids = slices.Compact(c.ids) // one may be seen a third time
	n, about := uint64(len(list)), ""
	c.n = len(c.ids)
	c.ids = c.ids[:min(len(c.ids), 1000)]
	if s.twins.limit != 0 {
		sampled := float64(math.MaxUint64) / float64(s.twins.limit)
		n, c.n, about = uint64(float64(n)*sampled), int(float64(c.n)*sampled), "about "
	}
	c.at = time.Unix(0, one.start).UTC()
	c.proof = []Mark{one.syn.mark(), other.syn.mark()}
	seen := about + words.Plural(n, "connection")
	name := func(x *twin) string { return where(x.client) + " > " + where(x.server) }
	c.disproof = "Other sequence numbers, or other data, in the two."
	c.saw = [2]string{"nothing", "nothing"}
	c.values = []report.Value{report.Int("connections", n)}
	if tunnel {
		c.title = seen + " captured in two encapsulations: " + inWhat(one.wrapped) + " and " + inWhat(other.wrapped)
		c.explanation = say("They have the same addresses and sequence numbers, and began at the same time: "+name(one)+" is once "+inWhat(one.wrapped)+", once "+inWhat(other.wrapped)+".",
			"Each is reported as a connection of its own, so that what is counted over connections is counted twice.")
		c.check = []string{"ip -d link"}
		c.advice = "With --ignore-encapsulation they are one connection, captured at two places."
		return c
	}
	c.title = seen + " captured before and after a NAT: " + name(one) + " is " + name(other)
	c.explanation = say("They have the same sequence numbers at both ends, and began within "+dur(time.Duration(max(one.start-other.start, other.start-one.start)))+" of each other, under other addresses or ports: on the way a NAT or a load balancer has changed them.",
		"Each is reported as a connection of its own: what it has on one side of that device, what on the other. What is counted over connections is counted twice.")
	c.check = []string{"conntrack -L -p tcp", "nft list ruleset"}
	c.advice = "For counts look at one side alone (a filter by its addresses). What the two show at different times is what the device did."
	return c
}

func inWhat(wrapped string) string { return cmp.Or(wrapped, "as it is") }
