//go:build unix

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// process is a lastack that runs beside the test. What it waits for is only
// ever output, and the test's own time limit.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer
}

// start runs lastack, as main_test.go puts it on the PATH.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command("lastack", args...)}
	p.cmd.Stderr = &p.errors
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

func (p *process) write(b []byte) {
	p.t.Helper()
	if _, err := p.in.Write(b); err != nil {
		p.t.Fatalf("%v; lastack said %s", err, p.errors.String())
	}
}

// record reads the next line of NDJSON.
func (p *process) record() report.Record {
	p.t.Helper()
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		p.t.Fatalf("%v; lastack said %s", err, p.errors.String())
	}
	rec, err := report.Decode(line)
	if err != nil {
		p.t.Fatalf("%v: %s", err, line)
	}
	return rec
}

// summary reads up to the last record.
func (p *process) summary() *report.Summary {
	p.t.Helper()
	for {
		if s, ok := p.record().(*report.Summary); ok {
			return s
		}
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// ends waits for the end of the output and checks the exit code.
func (p *process) ends(want exitCode) (rest string) {
	p.t.Helper()
	out, _ := io.ReadAll(p.out)
	_ = p.cmd.Wait() // the exit code tells
	if got := p.cmd.ProcessState.ExitCode(); got != int(want) {
		p.t.Errorf("exit code %d, want %d; lastack said %s", got, want, p.errors.String())
	}
	return string(out)
}

// refusals is a capture of n connections that are refused at once, a
// millisecond apart.
func refusals(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := write.NewPcap(&b, capture.LinkEthernet, write.PcapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client, server := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddrPort("198.51.100.1:80")
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixNano()
	put := func(s packet.TCP) {
		data := s.Append(nil, packet.Ethernet)
		at += int64(time.Millisecond)
		if err := w.Write(&capture.Packet{Time: at, Link: capture.LinkEthernet, OrigLen: uint32(len(data)), Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		port := netip.AddrPortFrom(client, uint16(1024+i%60000))
		put(packet.TCP{Src: port, Dst: server, Seq: 1000, Flags: wire.SYN})
		put(packet.TCP{Src: server, Dst: port, Ack: 1001, Flags: wire.RST | wire.ACK})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const pcapHeader = 24

// TestStreaming: the first line is there before the first packet, and a
// connection's line as soon as it is final, while the input waits.
func TestStreaming(t *testing.T) {
	late := refusals(t, 1)
	all := append(late, laterBy(refusals(t, 1)[pcapHeader:], 1)...)
	for _, args := range [][]string{{"-", "--format", "ndjson"}, {"live", "-", "--format", "ndjson"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			p := start(t, args...)
			p.write(all[:pcapHeader])
			if rec, ok := p.record().(*report.Capture); !ok || rec.Files[0].Format != "pcap" {
				t.Fatalf("begins with %+v", rec)
			}
			p.write(all[pcapHeader:])
			if c, ok := p.record().(*report.Connection); !ok || c.ID != 1 || c.FinalBy != "time" {
				t.Fatalf("%+v", c)
			}
			p.in.Close()
			if s := p.summary(); s.Packets != 4 || s.Interrupted || len(s.Errors) > 0 {
				t.Errorf("%+v", s)
			}
			p.ends(exitOK)
		})
	}
}

// laterBy moves the records of a little-endian pcap file by n times 256
// seconds.
func laterBy(records []byte, n byte) []byte {
	for at := 0; at < len(records); at += 16 + int(records[at+8]) {
		records[at+1] += n
	}
	return records
}

// TestLiveText: a finished connection is a line of its own at once.
func TestLiveText(t *testing.T) {
	p := start(t, "live", "-")
	p.write(append(refusals(t, 1), laterBy(refusals(t, 1)[pcapHeader:], 1)...))
	line, err := p.out.ReadString('\n')
	if err != nil || !strings.Contains(line, "#1 192.0.2.1:1024 > 198.51.100.1:80") {
		t.Errorf("%q, %v", line, err)
	}
	p.signal(syscall.SIGINT)
	if rest := p.ends(exitOK); !strings.Contains(rest, "2 connections") || strings.Contains(rest, "interrupted") {
		t.Errorf("ends with %s", rest)
	}
}

// TestInterruptedWhileItWaits: a signal ends the wait for a pipe; the report
// is marked, and it is no fault of the input.
func TestInterruptedWhileItWaits(t *testing.T) {
	input := append(refusals(t, 1), laterBy(refusals(t, 1)[pcapHeader:], 1)...)
	input = input[:len(input)-10] // cut in the last frame
	for _, c := range []struct {
		sig   syscall.Signal
		input []byte
	}{{syscall.SIGINT, input}, {syscall.SIGTERM, input}, {syscall.SIGINT, gzipped(t, input)}} {
		sig := c.sig
		p := start(t, "-", "--format", "ndjson")
		p.write(c.input)
		p.record()
		p.record() // the first connection: all but the last frame is read
		p.signal(sig)
		s := p.summary()
		if !s.Interrupted || s.Packets != 3 || len(s.Errors) > 0 || s.Files[0].TruncatedAt != nil {
			t.Errorf("%v: %+v", sig, s)
		}
		p.ends(exitInterrupted)
		if p.errors.Len() > 0 {
			t.Errorf("%v: it said %s", sig, p.errors.String())
		}
	}
}

// gzipped is the beginning of a gzip file with all of data in it.
func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestInterruptedBeforeAnything: also the wait for the file header ends.
func TestInterruptedBeforeAnything(t *testing.T) {
	interruptEarly(t, exitInterrupted, "analyze", "-")
	interruptEarly(t, exitOK, "live", "-")
}

// interruptEarly interrupts a lastack that has written nothing yet. One that
// was not ready for the signal is dead; then another gets more time.
func interruptEarly(t *testing.T, want exitCode, args ...string) {
	t.Helper()
	for wait := 20 * time.Millisecond; ; wait *= 2 {
		p := start(t, args...)
		time.Sleep(wait)
		p.signal(syscall.SIGINT)
		out, _ := io.ReadAll(p.out)
		_ = p.cmd.Wait() // the status tells
		status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
		if status.Signaled() {
			continue
		}
		if code := status.ExitStatus(); code != int(want) || len(out) > 0 || p.errors.Len() > 0 {
			t.Errorf("%v: exit code %d; %s%s", args, code, out, p.errors.String())
		}
		return
	}
}

// TestNamedPipe: like standard input; the wait for its writer ends, too.
func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	interruptEarly(t, exitInterrupted, path)

	p := start(t, path, "--format", "ndjson")
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Write(refusals(t, 1))
	if rec, ok := p.record().(*report.Capture); !ok || rec.Files[0].Name != path {
		t.Errorf("begins with %+v", rec)
	}
	w.Write(laterBy(refusals(t, 1)[pcapHeader:], 1))
	if c, ok := p.record().(*report.Connection); !ok || c.ID != 1 {
		t.Errorf("%+v", c)
	}
	p.signal(syscall.SIGINT)
	if s := p.summary(); !s.Interrupted {
		t.Errorf("%+v", s)
	}
	p.ends(exitInterrupted)
}

// busy starts lastack on a file whose report is far larger than a pipe holds,
// and returns when it has written of the first connection: it cannot end
// before it is read.
func busy(t *testing.T, args ...string) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "big.pcap")
	if err := os.WriteFile(file, refusals(t, 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, append(args, file)...)
	p.record()
	p.record()
	return p
}

// TestInterruptedInAFile: the report covers what was read until then.
func TestInterruptedInAFile(t *testing.T) {
	// Evictions make connections final, and written, all along the file.
	p := busy(t, "--format", "ndjson", "--max-connections", "10")
	p.signal(syscall.SIGINT)
	s := p.summary()
	if !s.Interrupted || s.Packets == 0 || s.Packets >= 4000 {
		t.Errorf("%+v", s)
	}
	p.ends(exitInterrupted)
}

// TestSecondInterrupt ends at once, even while the output is not read.
func TestSecondInterrupt(t *testing.T) {
	p := busy(t, "--format", "ndjson", "--max-connections", "10")
	ended := make(chan struct{})
	go func() {
		_ = p.cmd.Wait()
		close(ended)
	}()
	for done := false; !done; {
		p.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-ended:
			done = true
		case <-time.After(20 * time.Millisecond):
		}
	}
	if code := p.cmd.ProcessState.ExitCode(); code != int(exitInterrupted) {
		t.Errorf("exit code %d", code)
	}
}

// TestClosedOutput: a reader that goes away ends lastack although its input
// goes on.
func TestClosedOutput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("lastack", "live", "-", "--format", "ndjson")
	cmd.Stdout = w
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	in.Write(refusals(t, 1))
	bufio.NewReader(r).ReadBytes('\n')
	r.Close()
	records := refusals(t, 1)[pcapHeader:]
	for i := byte(1); i < 200; i++ {
		if _, err := in.Write(laterBy(bytes.Clone(records), i)); err != nil {
			break // it has ended
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestRecordsAreWhole: NDJSON of everything in testdata reads back, and ends
// with the summary.
func TestRecordsAreWhole(t *testing.T) {
	for _, order := range []string{sortFinal, sortFirstFrame, sortWorst} {
		p := start(t, "-r", "../../testdata/pcaps", "--format", "ndjson", "--sort", order)
		var last report.Record
		seen := map[uint64]bool{}
		lines := report.NewReader(p.out)
		for {
			rec, err := lines.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if problem := inOrder(order, last, rec, seen); problem != "" {
				t.Errorf("%s: %s", order, problem)
			}
			last = rec
		}
		if _, ok := last.(*report.Summary); !ok || len(seen) < 20 {
			t.Errorf("%s: ends with %T after %d connections", order, last, len(seen))
		}
		p.ends(exitOK)
	}
}

// inOrder checks a record against the one before it.
func inOrder(order string, last, rec report.Record, seen map[uint64]bool) string {
	switch r := rec.(type) {
	case *report.Connection:
		seen[r.ID] = true
		if before, ok := last.(*report.Connection); ok && order == sortFirstFrame && before.ID > r.ID {
			return fmt.Sprintf("#%d after #%d", r.ID, before.ID)
		}
		if _, ok := last.(*report.Finding); ok && order == sortWorst {
			return fmt.Sprintf("#%d after a finding", r.ID)
		}
	case *report.Finding:
		before, ok := last.(*report.Finding)
		if ok && order == sortWorst && report.SeverityRank(before.Severity) < report.SeverityRank(r.Severity) {
			return fmt.Sprintf("%s (%s) after %s (%s)", r.ID, r.Severity, before.ID, before.Severity)
		}
		for _, id := range r.Connections {
			if !seen[id] {
				return fmt.Sprintf("%s before #%d", r.ID, id)
			}
		}
	}
	return ""
}

// TestJSONDocument: one document, also of nothing.
func TestJSONDocument(t *testing.T) {
	for _, input := range [][]byte{refusals(t, 3), refusals(t, 0)} {
		p := start(t, "-", "--format", "json")
		p.write(input)
		p.in.Close()
		var doc struct {
			Schema      string
			Capture     *report.Capture
			Connections []report.Connection
			Summary     *report.Summary
		}
		if err := json.NewDecoder(p.out).Decode(&doc); err != nil {
			t.Fatal(err)
		}
		if doc.Capture == nil || doc.Summary == nil || uint64(len(doc.Connections)) != doc.Summary.Connections {
			t.Errorf("%+v", doc)
		}
		p.ends(exitOK)
	}
}
