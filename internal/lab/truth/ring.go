package truth

import (
	"encoding/binary"
	"fmt"
)

// The kernel's trace ring buffer, as trace_pipe_raw gives it: pages of a
// header (time stamp, length with flags) and events, each led by 5 bits of
// type and 27 bits of time since the one before. See
// include/linux/ring_buffer.h and /sys/kernel/tracing/events/header_*.
const (
	pageHeader   = 16
	typePadding  = 29
	typeExtend   = 30
	typeStamp    = 31
	commitLength = 1<<20 - 1
	missedEvents = 1 << 31
	longStamp    = 1<<59 - 1 // an absolute stamp has 59 bits, the page's the rest
)

// eachEvent calls f with the time and the record of every event on a page.
func eachEvent(page []byte, f func(t uint64, record []byte)) error {
	if len(page) < pageHeader {
		return nil
	}
	t := binary.NativeEndian.Uint64(page)
	commit := binary.NativeEndian.Uint64(page[8:])
	if commit&missedEvents != 0 {
		return fmt.Errorf("truth: the kernel lost trace events")
	}
	data := page[pageHeader:]
	if n := int(commit & commitLength); n < len(data) {
		data = data[:n]
	}
	for len(data) >= 4 {
		head := binary.NativeEndian.Uint32(data)
		kind, delta := head&31, uint64(head>>5)
		size, body, ok := eventSize(kind, data)
		if !ok {
			return nil // the rest of the page is padding
		}
		switch kind {
		case typeExtend:
			t += delta + uint64(binary.NativeEndian.Uint32(data[4:]))<<27
		case typeStamp:
			t = t&^longStamp | delta | uint64(binary.NativeEndian.Uint32(data[4:]))<<27
		case typePadding:
			t += delta
		default:
			t += delta
			f(t, data[body:size])
		}
		data = data[size:]
	}
	return nil
}

// eventSize returns the octets an event takes and where its record begins.
func eventSize(kind uint32, data []byte) (size, body int, ok bool) {
	long := 0
	if len(data) >= 8 {
		long = int(binary.NativeEndian.Uint32(data[4:]))
	}
	switch {
	case kind == typeExtend || kind == typeStamp:
		size = 8
	case kind == typePadding:
		size = 4 + long
	case kind == 0:
		size, body = 4+long, 8
	default:
		size, body = 4+4*int(kind), 4
	}
	return size, body, size <= len(data) && size > 0 && size >= body
}
