package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// outcomes are lastack's words for frames, by the summary's names of what it skips.
var outcomes = [...]string{
	wire.OutcomeTCP: "tcp", wire.OutcomeICMP: "icmp", wire.OutcomeNotIP: "not_ip", wire.OutcomeNotTCP: "not_tcp",
	wire.OutcomeMalformed: "malformed", wire.OutcomeFragment: "fragment", wire.OutcomeLink: "link_type", wire.OutcomeChecksum: "checksum",
	wire.OutcomeTooDeep: "too_deep",
}

// remarks are the kinds of a ladder's segments that say the same as tshark's marks.
var remarks = map[string]marks{
	"retransmission": retransmission, "partial retransmission": retransmission,
	"keepalive probe": keepalive,
}

// ours is a capture as lastack sees it, in the making.
type ours struct {
	view
	file    string
	decoder wire.Decoder
	keys    map[wire.FourTuple]int32
	key     []int32 // of each frame, of what it carries or quotes; none if it has none
	last    time.Time
}

// analyzed returns what lastack makes of a capture.
func analyzed(file string) (*view, error) {
	o := &ours{file: file, keys: map[wire.FourTuple]int32{}}
	a := analyzer.New(analyzer.Options{})
	err := o.each(func(p *capture.Packet) error {
		a.AddPacket(p)
		return o.decode(p)
	})
	if err != nil {
		return nil, err
	}
	a.Close()
	var list []*report.Connection
	for r := range a.Records() {
		if c, ok := r.(*report.Connection); ok {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(c, d *report.Connection) int { return cmp.Compare(c.FirstFrame, d.FirstFrame) })
	for some := range slices.Chunk(list, watchers) {
		if err := o.watch(some); err != nil {
			return nil, err
		}
	}
	return &o.view, nil
}

// each gives f every packet of the capture. What ends it early is broken input, not an
// error.
func (o *ours) each(f func(p *capture.Packet) error) error {
	o.broken = ""
	set, err := capture.Open([]string{o.file}, capture.Options{})
	if err != nil {
		o.broken = err.Error()
		return nil
	}
	defer set.Close()
	var p capture.Packet
	for {
		err := set.Next(&p)
		var fault *capture.Error
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &fault):
			o.broken = fault.Error()
			continue
		case err != nil:
			return err
		}
		if err := f(&p); err != nil {
			return err
		}
	}
}

// decode notes what is in a packet. Blocks of pcapng that hold no packet have numbers, too,
// as Wireshark shows them; they are not delivered.
func (o *ours) decode(p *capture.Packet) error {
	for n := uint64(len(o.frames) + 1); n < p.Frame; n++ {
		o.key = append(o.key, none)
		if err := o.add(n, frame{protocol: "no packet", stream: none}); err != nil {
			return err
		}
	}
	var s wire.Segment
	outcome := o.decoder.Decode(uint32(p.Link), p.Data, p.OrigLen, &s)
	f, key := frame{protocol: outcomes[outcome], stream: none}, int32(none)
	switch outcome {
	case wire.OutcomeTCP:
		f.marks, key = isTCP, o.keyOf(&s.Tuple)
	case wire.OutcomeICMP:
		key = o.keyOf(&o.decoder.ICMP.Tuple)
	case wire.OutcomeFragment:
		key = anyKey
	}
	if t := time.Unix(0, p.Time); t.After(o.last) {
		o.last = t
	}
	o.key = append(o.key, key)
	return o.add(p.Frame, f)
}

// keyOf numbers the four-tuples.
func (o *ours) keyOf(t *wire.FourTuple) int32 {
	n, ok := o.keys[*t]
	if !ok {
		n = int32(len(o.keys))
		o.keys[*t] = n
	}
	return n
}

// anyKey is the key of a fragment: any may be its segment's.
const anyKey = int32(none) - 1

// watchers is how many connections are watched while the capture is read once.
const watchers = 100

// watcher follows one connection among all of its four-tuple. What has other four-tuples
// does not touch it: a part of a Pool does not see them either.
type watcher struct {
	of  *report.Connection
	key int32
	a   *analyzer.Analyzer
}

// watch reads the capture for the segments of some connections.
func (o *ours) watch(list []*report.Connection) error {
	byKey := map[int32][]*watcher{}
	all := make([]*watcher, len(list))
	for i, c := range list {
		w := &watcher{of: c, key: o.key[c.FirstFrame-1], a: analyzer.New(analyzer.Options{Watch: c.ID})}
		all[i], byKey[w.key] = w, append(byKey[w.key], w)
	}
	var now time.Time
	err := o.each(func(p *capture.Packet) error {
		watching := byKey[o.key[p.Frame-1]]
		if o.key[p.Frame-1] == anyKey {
			watching = all
		}
		for _, w := range watching {
			if !now.IsZero() {
				w.a.Advance(now)
			}
			w.a.AddPacket(p)
		}
		if t := time.Unix(0, p.Time); t.After(now) {
			now = t
		}
		return nil
	})
	for _, w := range all {
		if err == nil {
			w.a.Advance(o.last)
			err = o.take(w)
		}
	}
	return err
}

// take puts what a watcher has seen into the view.
func (o *ours) take(w *watcher) error {
	w.a.Close()
	l := w.a.Ladder()
	if l == nil || l.Dropped > 0 || l.Connection.LastFrame != w.of.LastFrame ||
		*l.Connection.Compat.WiresharkCompleteness != *w.of.Compat.WiresharkCompleteness {
		return fmt.Errorf("connection %d is another one when it is watched", w.of.ID)
	}
	o.streams = append(o.streams, stream{name: fmt.Sprintf("connection %d", w.of.ID), first: w.of.FirstFrame,
		completeness: *w.of.Compat.WiresharkCompleteness})
	for i := range l.Segments {
		s := &l.Segments[i]
		more := remarks[s.Kind]
		if s.Frame == w.of.FirstFrame && w.of.Previous != nil {
			more |= reuse
		}
		if err := o.put(s.Frame, len(o.streams)-1, s.Kind, more); err != nil {
			return err
		}
	}
	return nil
}
