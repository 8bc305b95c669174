package main

import (
	"cmp"
	"fmt"
	"slices"
)

// difference is one thing on which the two programs differ.
type difference struct {
	capture      string
	frame        uint64
	kind         string
	ours, theirs string // what lastack and tshark make of it
}

// String is the entry of the list that stands for d.
func (d *difference) String() string { return fmt.Sprintf("%s %d %s", d.capture, d.frame, d.what()) }

// what is d without its place.
func (d *difference) what() string {
	return fmt.Sprintf("%s: lastack %s, tshark %s", d.kind, d.ours, d.theirs)
}

// The kinds of differences.
const (
	kindReading        = "reading"        // one cannot read the capture to its end
	kindFrames         = "frames"         // one has more of them
	kindTCP            = "tcp"            // only one finds a segment in the frame
	kindConnection     = "connection"     // that begins with this frame: only one has it
	kindStream         = "stream"         // to which the frame belongs
	kindRetransmission = "retransmission" // the next of the frame, too
	kindKeepalive      = "keepalive"
	kindReuse          = "reuse"
	kindCompleteness   = "completeness" // of the stream that begins with this frame
)

// kinds are all of them, what weighs most first. Of one that may have a rule, many
// differences can have one reason; which frames are TCP, and whose, is judged one by one.
var kinds = []struct {
	name string
	rule bool
}{
	{kindReading, false}, {kindFrames, false}, {kindTCP, false}, {kindConnection, false}, {kindStream, false},
	{kindRetransmission, true}, {kindKeepalive, true}, {kindReuse, true}, {kindCompleteness, true},
}

// comparison compares two views of a capture.
type comparison struct {
	capture      string
	ours, theirs *view
	pairs        map[int32]int32 // of lastack's streams: tshark's of the same segments
	found        []difference
}

// compare returns the differences, by frame.
func compare(capture string, ours, theirs *view) []difference {
	c := &comparison{capture: capture, ours: ours, theirs: theirs}
	c.readings()
	c.pair()
	for i := range max(len(ours.frames), len(theirs.frames)) {
		c.frame(uint64(i+1), ours.at(i), theirs.at(i))
	}
	c.all()
	slices.SortStableFunc(c.found, func(a, b difference) int { return cmp.Compare(a.frame, b.frame) })
	return c.found
}

func (c *comparison) add(frame uint64, kind, ours, theirs string) {
	c.found = append(c.found, difference{c.capture, frame, kind, ours, theirs})
}

// readings compares how far both came. A capture that is broken to both is no difference.
func (c *comparison) readings() {
	n, m := len(c.ours.frames), len(c.theirs.frames)
	at := uint64(min(n, m) + 1)
	if say := map[bool]string{true: "to its end", false: "not to its end"}; (c.ours.broken == "") != (c.theirs.broken == "") {
		c.add(at, kindReading, say[c.ours.broken == ""], say[c.theirs.broken == ""])
	}
	if n != m {
		c.add(at, kindFrames, fmt.Sprint(n), fmt.Sprint(m))
	}
}

// pair finds which streams are the same: those that have most segments in common, each
// with one of the other's at most.
func (c *comparison) pair() {
	type couple struct{ ours, theirs int32 }
	common := map[couple]int{}
	for i := range min(len(c.ours.frames), len(c.theirs.frames)) {
		if k := (couple{c.ours.frames[i].stream, c.theirs.frames[i].stream}); k.ours != none && k.theirs != none {
			common[k]++
		}
	}
	list := make([]couple, 0, len(common))
	for k := range common {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b couple) int {
		return cmp.Or(cmp.Compare(common[b], common[a]), cmp.Compare(a.ours, b.ours), cmp.Compare(a.theirs, b.theirs))
	})
	c.pairs = map[int32]int32{}
	taken := map[int32]bool{}
	for _, k := range list {
		if _, paired := c.pairs[k.ours]; !paired && !taken[k.theirs] {
			c.pairs[k.ours], taken[k.theirs] = k.theirs, true
		}
	}
}

// absent is a frame that only the other program has.
var absent = frame{protocol: "no frame", stream: none}

// at returns a frame by its index.
func (v *view) at(i int) *frame {
	if i < len(v.frames) {
		return &v.frames[i]
	}
	return &absent
}

// byFrame are the marks that are compared.
var byFrame = []struct {
	mark marks
	kind string
}{
	{retransmission, kindRetransmission}, {keepalive, kindKeepalive}, {reuse, kindReuse},
}

// frame compares what a frame is to both.
func (c *comparison) frame(number uint64, ours, theirs *frame) {
	if (ours.marks^theirs.marks)&isTCP != 0 {
		c.add(number, kindTCP, ours.protocol, theirs.protocol)
		return
	}
	if !c.same(ours.stream, theirs.stream) {
		c.add(number, kindStream, c.ours.nameOf(ours.stream), c.theirs.nameOf(theirs.stream))
	}
	for i := range byFrame {
		if (ours.marks^theirs.marks)&byFrame[i].mark != 0 {
			c.add(number, byFrame[i].kind, cmp.Or(ours.remark, "-"), cmp.Or(theirs.remark, "-"))
		}
	}
}

// same reports whether two streams are a pair, or both none.
func (c *comparison) same(ours, theirs int32) bool {
	if other, ok := c.pairs[ours]; ok {
		return other == theirs
	}
	return ours == none && theirs == none
}

func (v *view) nameOf(stream int32) string {
	if stream == none {
		return "none"
	}
	return v.streams[stream].name
}

// all compares the streams as wholes.
func (c *comparison) all() {
	taken := map[int32]bool{}
	for i := range c.ours.streams {
		s := &c.ours.streams[i]
		other, ok := c.pairs[int32(i)]
		if !ok {
			c.add(s.first, kindConnection, s.name, "none")
			continue
		}
		taken[other] = true
		if n, m := s.completeness, c.theirs.streams[other].completeness; n != m {
			c.add(s.first, kindCompleteness, fmt.Sprint(n), fmt.Sprint(m))
		}
	}
	for i := range c.theirs.streams {
		if s := &c.theirs.streams[i]; !taken[int32(i)] {
			c.add(s.first, kindConnection, "none", s.name)
		}
	}
}
