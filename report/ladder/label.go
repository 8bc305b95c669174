package ladder

import (
	"strconv"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// label is what is written on an arrow: what the segment was in its first
// word or two and in full, further words about it, and what it was besides.
type label struct{ brief, rest, more, kind string }

// leading are the kinds that name a segment better than its control bits do.
var leading = map[string]bool{
	"keepalive probe": true, "keepalive reply": true, "window probe": true, "duplicate ACK": true,
	"challenge ACK": true, "old ACK": true, "ICMP": true,
}

func (d *drawing) label(row int) label {
	s := &d.Segments[row]
	what, kind := d.what(s), ""
	if leading[s.Kind] {
		what = d.named(s)
	} else if s.Kind != "" {
		kind = "(" + s.Kind + ")"
	}
	brief, rest, _ := strings.Cut(what, ", ")
	more := strings.Join(d.options(row), ", ")
	return label{d.opt.Clean(brief), d.opt.Clean(rest), d.opt.Clean(more), d.opt.Clean(kind)}
}

// variants are the ways to share a label out between the arrow and the line
// below it, the fullest first.
func (l *label) variants() [][2]string {
	full := join(", ", l.brief, l.rest)
	return [][2]string{
		{join("  ", full, l.more, l.kind), ""},
		{join("  ", full, l.kind), l.more},
		{full, join("  ", l.more, l.kind)},
		{l.brief, join("  ", join(", ", l.rest, l.more), l.kind)},
		{"", join("  ", full, l.more, l.kind)},
	}
}

// what says what a segment is by its control bits, numbers and length.
func (d *drawing) what(s *report.Segment) string {
	syn, fin, rst := strings.Contains(s.Flags, "S"), strings.Contains(s.Flags, "F"), strings.Contains(s.Flags, "R")
	data := ""
	if s.Len > 0 {
		at := s.Seq
		if syn {
			at++
		}
		data = words.Plural(s.Len, "byte") + " at " + d.seq(s.From, at)
	}
	var parts []string
	switch {
	case syn && s.HasAck:
		return join("  ", "SYN,ACK", join(", ", d.seqIf(s), data, "ack "+d.seq(s.From.Peer(), s.Ack)))
	case syn:
		return join("  ", "SYN", join(", ", d.seqIf(s), data))
	case rst:
		parts = append(parts, "RST "+d.seq(s.From, s.Seq), data)
	case fin:
		parts = append(parts, "FIN "+d.seq(s.From, s.Seq+s.Len), data)
	default:
		parts = append(parts, data)
	}
	if s.HasAck {
		parts = append(parts, "ACK "+d.seq(s.From.Peer(), s.Ack))
	}
	if text := join(", ", parts...); text != "" {
		return text
	}
	return "no control bits, at " + d.seq(s.From, s.Seq)
}

// named names a segment by its kind.
func (d *drawing) named(s *report.Segment) string {
	switch s.Kind {
	case "duplicate ACK", "challenge ACK", "old ACK":
		return s.Kind + " " + d.seq(s.From.Peer(), s.Ack)
	case "keepalive reply":
		return s.Kind + ", ACK " + d.seq(s.From.Peer(), s.Ack)
	case "ICMP":
		return s.Kind
	}
	text := s.Kind + " at " + d.seq(s.From, s.Seq)
	if s.Len > 0 {
		text += ", " + words.Plural(s.Len, "byte")
	}
	return text
}

// options are a segment's further words.
func (d *drawing) options(row int) (list []string) {
	s := &d.Segments[row]
	if !strings.Contains(s.Kind, "retransmission") || d.opt.Full {
		list = append(list, s.Options...) // else they were told before
	}
	for _, bit := range [...]struct{ flag, name string }{{"U", "urgent"}, {"E", "ECE"}, {"W", "CWR"}, {"e", "AE"}} {
		if strings.Contains(s.Flags, bit.flag) {
			list = append(list, bit.name)
		}
	}
	if s.Window == 0 && !s.WindowCut && s.HasAck && !strings.ContainsAny(s.Flags, "SR") {
		list = append(list, "window 0")
	} else if word := d.windows[row]; word != "" {
		list = append(list, word)
	}
	return list
}

// seqIf is the sequence number of a SYN where raw ones are asked for; its
// relative one is always 0.
func (d *drawing) seqIf(s *report.Segment) string {
	if !d.opt.AbsoluteSeq {
		return ""
	}
	return "seq " + d.seq(s.From, s.Seq)
}

// seq shows a number of side's sequence space: relative to its first where
// that is known.
func (d *drawing) seq(side report.Side, n uint32) string {
	isn := d.Connection.Endpoint(side).ISN
	if d.opt.AbsoluteSeq || isn == nil {
		return strconv.FormatUint(uint64(n), 10)
	}
	n -= *isn
	if int32(n) < 0 && int32(n) > -1<<16 {
		return strconv.FormatInt(int64(int32(n)), 10) // just before the first
	}
	return strconv.FormatUint(uint64(n), 10)
}

// join puts what is not empty together.
func join(separator string, parts ...string) string {
	text := ""
	for _, p := range parts {
		if p != "" && text != "" {
			text += separator
		}
		text += p
	}
	return text
}
