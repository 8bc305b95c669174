package derive

import (
	"fmt"
	"iter"
	"slices"

	"github.com/lastack/lastack/internal/packet"
)

// Capture is one that was derived from what two taps recorded.
type Capture struct {
	Kind string // "mid-stream"
	Name string // "from frame 7"; "" where there is one of the kind
	Tap  string // "A", "B", or "AB": both

	// Lossless says that it shows all that the original shows, Onward that it does
	// from where it begins.
	Lossless, Onward bool
	Files            [][]byte
}

// String is "mid-stream at A: from frame 7".
func (c *Capture) String() string {
	if c.Name == "" {
		return c.Kind + " at " + c.Tap
	}
	return c.Kind + " at " + c.Tap + ": " + c.Name
}

// most is how many captures of a kind are made of one, at most: a long one is
// cut here and there.
const most = 40

// All yields everything that is derived from a connection's captures at A and at
// B. An empty one, of a host that the story does without, yields nothing.
func All(a, b []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		for _, kind := range []func(string, []Frame) iter.Seq[Capture]{midStream, oneWay, missing, repeated, disordered, laidOut, cutFile} {
			for i, frames := range [][]Frame{a, b} {
				tap := string(rune('A' + i))
				for c := range kind(tap, frames) {
					if c.Tap = tap; len(frames) > 0 && !yield(c) {
						return
					}
				}
			}
		}
		if len(a) > 0 && len(b) > 0 {
			bothTaps(a, b)(yield)
		}
	}
}

// places are at most most of the numbers from 1 to n, evenly spread.
func places(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		k := min(n, most)
		for i := range k {
			if !yield(1 + i*n/k) {
				return
			}
		}
	}
}

// midStream captures begin behind each frame.
func midStream(_ string, frames []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		for n := range places(len(frames) - 1) {
			if !yield(Capture{Kind: "mid-stream", Onward: true, Name: fmt.Sprintf("from frame %d", n+1), Files: files(frames[n:])}) {
				return
			}
		}
	}
}

// oneWay captures show what one of the two ends sent.
func oneWay(_ string, frames []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		for _, sent := range []bool{true, false} {
			name := map[bool]string{true: "what it sent", false: "what it received"}[sent]
			some := slices.DeleteFunc(slices.Clone(frames), func(f Frame) bool { return f.Sent != sent })
			if len(some) > 0 && !yield(Capture{Kind: "one direction", Name: name, Files: files(some)}) {
				return
			}
		}
	}
}

// missing captures lack a frame, or one in seven.
func missing(_ string, frames []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		for n := range places(len(frames)) {
			some := slices.Delete(slices.Clone(frames), n-1, n)
			if !yield(Capture{Kind: "frames missing", Name: fmt.Sprintf("without frame %d", n), Files: files(some)}) {
				return
			}
		}
		for first := range 7 {
			var some []Frame
			for i, f := range frames {
				if i%7 != first {
					some = append(some, f)
				}
			}
			if !yield(Capture{Kind: "frames missing", Name: fmt.Sprintf("without every seventh from frame %d", first+1), Files: files(some)}) {
				return
			}
		}
	}
}

// repeated captures have each frame twice, as a mirror port of both directions
// gives them.
func repeated(_ string, frames []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		var twice []Frame
		for _, f := range frames {
			again := f
			again.Time += 2_000
			twice = append(twice, f, again)
		}
		yield(Capture{Kind: "frames twice", Lossless: true, Files: files(twice)})
	}
}

// disordered captures have neighbours within a millisecond in the wrong order,
// as several receive queues give them: each with its own time. What the order
// would have told is then lost, if no number tells it.
func disordered(_ string, frames []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		for _, odd := range []int{0, 1} {
			own := slices.Clone(frames)
			for i := odd; i+1 < len(own); i += 2 {
				if own[i+1].Time-own[i].Time < 1_000_000 && own[i].Sent != own[i+1].Sent {
					own[i], own[i+1] = own[i+1], own[i]
				}
			}
			name := []string{"pairs from the first frame", "pairs from the second frame"}[odd]
			if !yield(Capture{Kind: "out of order", Name: name, Files: files(own)}) {
				return
			}
		}
	}
}

// layouts are the link headers and formats of one capture.
var layouts = []struct {
	name string
	layout
}{
	{"VLAN", layout{link: packet.Ethernet, vlan: []uint16{7}}},
	{"QinQ", layout{link: packet.Ethernet, vlan: []uint16{30, 7}}},
	{"SLL", layout{link: packet.SLL}},
	{"SLL2", layout{link: packet.SLL2}},
	{"raw", layout{link: packet.Raw}},
	{"NULL", layout{link: packet.Null}},
	{"LOOP", layout{link: packet.Loop}},
	{"microseconds", layout{link: packet.Ethernet, micro: true}},
	{"nanoseconds", ether},
	{"big-endian", layout{link: packet.Ethernet, big: true}},
	{"big-endian microseconds", layout{link: packet.Ethernet, big: true, micro: true}},
	{"pcapng", layout{link: packet.Ethernet, pcapng: true}},
	{"snaplen 64", layout{link: packet.Ethernet, snaplen: 64}},
	{"snaplen 96", layout{link: packet.Ethernet, snaplen: 96}},
	{"snaplen 128", layout{link: packet.Ethernet, snaplen: wholeHeaders}},
}

// wholeHeaders is a length within which all headers lie, also of what an ICMP
// error quotes. In 96 octets there is none of that over IPv6, in 64 there are no
// TCP options, and over IPv6 no control bits either.
const wholeHeaders = 128

// laidOut captures have other link headers, other formats, or cut frames.
func laidOut(_ string, frames []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		for _, l := range layouts {
			whole := l.snaplen == 0 || l.snaplen >= wholeHeaders
			if !yield(Capture{Kind: "layout", Name: l.name, Lossless: whole, Files: [][]byte{l.file(frames)}}) {
				return
			}
		}
	}
}

// cutFile captures end within their last frame.
func cutFile(_ string, frames []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		for _, l := range []layout{ether, {link: packet.Ethernet, pcapng: true}} {
			whole := l.file(frames)
			name := map[bool]string{false: "pcap", true: "pcapng"}[l.pcapng]
			if !yield(Capture{Kind: "file cut", Name: name, Files: [][]byte{whole[:len(whole)-20]}}) {
				return
			}
		}
	}
}

// bothTaps captures have both ends' in one file, or as two.
func bothTaps(a, b []Frame) iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		merged := slices.Concat(a, b)
		slices.SortStableFunc(merged, func(x, y Frame) int { return int(x.Time - y.Time) })
		_ = yield(Capture{Kind: "both taps", Name: "in one file", Tap: "AB", Files: files(merged)}) &&
			yield(Capture{Kind: "both taps", Name: "in two files", Tap: "AB", Files: [][]byte{ether.file(a), ether.file(b)}})
	}
}

// files is one file as the lab itself would write it.
func files(frames []Frame) [][]byte { return [][]byte{ether.file(frames)} }
