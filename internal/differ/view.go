package main

import (
	"errors"
	"fmt"
)

// maxFrames bounds what is kept of a capture: some 100 octets of each frame, for both
// programs, and the segments of one connection (report.Ladder).
const maxFrames = 1 << 20

var errTooLong = fmt.Errorf("more than %d frames: cut it (editcap -c)", maxFrames)

// view is what one of the two programs makes of a capture.
type view struct {
	frames  []frame // the frame of number n is frames[n-1]
	streams []stream
	broken  string // why it could not be read to the end; "" if it could
}

// frame is what one frame is to a program.
type frame struct {
	protocol string // what it found in the frame, or why it found no TCP
	remark   string // what the segment is to it; "" for nothing out of the ordinary
	stream   int32  // index into streams, or none
	marks    marks
}

// none is the stream of a frame that belongs to none.
const none = -1

// marks are what the two are compared by, frame by frame.
type marks uint8

const (
	isTCP          marks = 1 << iota // a segment of TCP, and not one that an ICMP error quotes
	retransmission                   // it repeats octets or control bits
	keepalive                        // a keepalive probe
	reuse                            // the first of a connection on ports that another had
)

// stream is what belongs together to a program: a connection of lastack's, a
// conversation of tshark's.
type stream struct {
	name         string // "connection 12", "stream 3"
	first        uint64 // its first frame
	completeness int    // Wireshark's tcp.completeness
}

// add appends a frame, whose number must be the next.
func (v *view) add(number uint64, f frame) error {
	switch {
	case len(v.frames) == maxFrames:
		return errTooLong
	case number != uint64(len(v.frames)+1):
		return fmt.Errorf("frame %d comes after frame %d", number, len(v.frames))
	}
	v.frames = append(v.frames, f)
	return nil
}

// put says that a frame belongs to a stream.
func (v *view) put(number uint64, in int, remark string, more marks) error {
	if number == 0 || number > uint64(len(v.frames)) {
		return fmt.Errorf("frame %d is not in the capture", number)
	}
	f := &v.frames[number-1]
	if f.stream != none {
		return fmt.Errorf("frame %d is in %s and in %s", number, v.streams[f.stream].name, v.streams[in].name)
	}
	if f.marks&isTCP == 0 {
		return errors.New(v.streams[in].name + " has a frame that is not TCP: " + f.protocol)
	}
	f.stream, f.remark = int32(in), remark
	f.marks |= more
	return nil
}
