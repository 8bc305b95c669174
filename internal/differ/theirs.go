package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// settings make tshark look at each frame by itself, as lastack does: TCP is in the
// frame that has its header, whatever else its stream or its fragments carry, and a
// checksum that a card had yet to fill in is no reason not to look.
var settings = []string{
	"tcp.desegment_tcp_streams:FALSE", "ip.defragment:FALSE", "ipv6.defragment:FALSE",
	"tcp.check_checksum:FALSE", "ip.check_checksum:FALSE",
}

// The first fields of a line.
const (
	fieldNumber = iota
	fieldProtocols
	fieldStream
	fieldCompleteness
	fieldsBefore // those of analysis come after these
)

var fields = [fieldsBefore]string{"frame.number", "frame.protocols", "tcp.stream", "tcp.completeness"}

// analysis are the fields that say what a segment is: the word for it, and what they are
// compared by.
var analysis = []struct {
	field, word string
	mark        marks
}{
	{"tcp.analysis.retransmission", "retransmission", retransmission},
	{"tcp.analysis.fast_retransmission", "fast", retransmission},
	{"tcp.analysis.spurious_retransmission", "spurious", retransmission},
	{"tcp.analysis.keep_alive", "keepalive", keepalive},
	{"tcp.analysis.reused_ports", "reused ports", reuse},
	{"tcp.analysis.keep_alive_ack", "keepalive ACK", 0},
	{"tcp.analysis.out_of_order", "out of order", 0},
	{"tcp.analysis.lost_segment", "lost segment before", 0},
	{"tcp.analysis.zero_window_probe", "zero window probe", 0},
	{"tcp.analysis.duplicate_ack", "duplicate ACK", 0},
}

// tshark runs tshark.
type tshark struct {
	program string
	home    string // an empty folder: nobody's preferences count
}

// findTshark fails where there is no tshark: without it nothing is compared.
func findTshark() (*tshark, error) {
	program, err := exec.LookPath("tshark")
	if err != nil {
		return nil, fmt.Errorf("tshark is missing (apt-get install tshark): %w", err)
	}
	home, err := os.MkdirTemp("", "differ")
	return &tshark{program, home}, err
}

func (t *tshark) close() { os.RemoveAll(t.home) }

// command is the call for a capture. It reads twice (-2): how complete a conversation is
// it knows at its end.
func (t *tshark) command(file string) *exec.Cmd {
	args := []string{"-2", "-n", "-r", file, "-T", "fields", "-E", "occurrence=f"}
	args = append(args, "-d", "udp.port==8472,vxlan") // Linux's port; tshark knows that of IANA
	for _, s := range settings {
		args = append(args, "-o", s)
	}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	for i := range analysis {
		args = append(args, "-e", analysis[i].field)
	}
	cmd := exec.Command(t.program, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.home, "XDG_CONFIG_HOME="+t.home, "LC_ALL=C.UTF-8")
	return cmd
}

// look returns what tshark makes of a capture.
func (t *tshark) look(file string) (*view, error) {
	cmd := t.command(file)
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	v, wrong := parse(out)
	if wrong != nil {
		cmd.Process.Kill()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case wrong != nil:
		return nil, wrong
	case errors.As(err, &exit) && exit.ExitCode() == unreadable:
		v.broken = trouble.String()
	case err != nil:
		return nil, fmt.Errorf("tshark: %w\n%s", err, trouble.String())
	}
	return v, nil
}

// unreadable is tshark's exit code for a capture that it cannot read, or not to the end.
const unreadable = 2

// theirs is a capture as tshark sees it, in the making.
type theirs struct {
	view
	streams map[int]int32 // by tshark's number: the index
	words   map[string]string
}

// parse reads tshark's lines.
func parse(r io.Reader) (*view, error) {
	t := &theirs{streams: map[int]int32{}, words: map[string]string{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if err := t.line(strings.Split(lines.Text(), "\t")); err != nil {
			return nil, fmt.Errorf("tshark wrote %q: %w", lines.Text(), err)
		}
	}
	return &t.view, lines.Err()
}

func (t *theirs) line(list []string) error {
	if len(list) != fieldsBefore+len(analysis) {
		return fmt.Errorf("%d fields, want %d", len(list), fieldsBefore+len(analysis))
	}
	number, err := strconv.ParseUint(list[fieldNumber], 10, 64)
	if err != nil {
		return err
	}
	f := frame{protocol: t.word(list[fieldProtocols]), stream: none}
	if !carriesTCP(f.protocol) {
		return t.add(number, f)
	}
	f.marks = isTCP
	if f.stream, err = t.streamOf(number, list); err != nil {
		return err
	}
	var said []string
	for i := range analysis {
		if list[fieldsBefore+i] != "" {
			f.marks |= analysis[i].mark
			said = append(said, analysis[i].word)
		}
	}
	f.remark = t.word(strings.Join(said, " "))
	return t.add(number, f)
}

// word returns one string for all that are alike: there are few, and many frames.
func (t *theirs) word(s string) string {
	if w, ok := t.words[s]; ok {
		return w
	}
	s = strings.Clone(s)
	t.words[s] = s
	return s
}

// carriesTCP reports whether a frame with these protocols, from the outside to the
// inside, is a segment: one within an ICMP error is quoted by it, and was sent in another.
func carriesTCP(protocols string) bool {
	for name := range strings.SplitSeq(protocols, ":") {
		switch name {
		case "tcp":
			return true
		case "icmp", "icmpv6":
			return false
		}
	}
	return false
}

// streamOf returns the stream of a segment. One that is cut before its ports has none.
func (t *theirs) streamOf(frame uint64, list []string) (int32, error) {
	if list[fieldStream] == "" {
		return none, nil
	}
	number, err := strconv.Atoi(list[fieldStream])
	if err != nil {
		return none, err
	}
	if i, ok := t.streams[number]; ok {
		return i, nil
	}
	n, err := strconv.Atoi(list[fieldCompleteness])
	if err != nil {
		return none, err
	}
	i := int32(len(t.view.streams))
	t.streams[number] = i
	t.view.streams = append(t.view.streams, stream{name: fmt.Sprintf("stream %d", number), first: frame, completeness: n})
	return i, nil
}
