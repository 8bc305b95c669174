package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/report"
)

// inNamespace gives the test, and what it starts, a network of its own, with
// nothing but loopback.
func inNamespace(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a network namespace")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip (iproute2), to make interfaces")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with its namespace
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace to be had here: %v", err)
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// startIn is start, with the standard error as a stream whose first line is
// awaited: lastack, or what it reads from, is then capturing.
func startIn(t *testing.T, ready string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	lines := bufio.NewReader(said)
	for line := ""; !strings.Contains(line, ready); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatalf("%v; it said %s", err, line)
		}
	}
	go io.Copy(&p.errors, lines)
	return p
}

// talk opens a connection over loopback, sends a few octets and closes it,
// the client first.
func talk(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Write([]byte("hello"))
	c.Close()
	io.Copy(io.Discard, s)
	s.Close()
}

// TestLiveInterface: a connection on an interface is reported when its
// TIME-WAIT is over by the wall clock, although no packet follows; Ctrl-C
// ends the capture with the summary and 0.
func TestLiveInterface(t *testing.T) {
	inNamespace(t)
	p := startIn(t, "listening on lo", "lastack", "live", "-i", "lo", "--format", "ndjson", "--msl", "100ms")
	if rec, ok := p.record().(*report.Capture); !ok || rec.Files[0].Format != "live" {
		t.Errorf("begins with %+v", rec)
	}
	talk(t)
	c, ok := p.record().(*report.Connection)
	if !ok || c.Open.Kind != "three-way" || c.Close.FirstCloser != report.Client || c.FinalBy != "time" ||
		c.Endpoints.Client.PayloadBytes != 5 {
		t.Errorf("%+v", c)
	}
	p.signal(syscall.SIGINT)
	s := p.summary()
	if s.Interrupted || s.DroppedByCapture == nil || *s.DroppedByCapture != 0 || s.TimeWentBack != 0 ||
		s.CaptureDuplicates != 0 || s.Files[0].Name != "lo (live)" || s.Files[0].Packets != s.Packets || s.Connections != 1 {
		t.Errorf("%+v", s)
	}
	p.ends(exitOK)
}

// TestLiveTcpdump: a refused connection through tcpdump and a pipe. When
// tcpdump ends, so does lastack.
func TestLiveTcpdump(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("needs tcpdump")
	}
	inNamespace(t)
	p := startIn(t, "listening on lo", "sh", "-c",
		"tcpdump -Z root -i lo -c 2 -U -w - tcp | lastack live - --format ndjson")
	if c, err := net.Dial("tcp", "127.0.0.1:9"); err == nil {
		c.Close()
		t.Error("a connection was accepted where nobody listens")
	}
	s := p.summary()
	if s.Packets != 2 || s.Connections != 1 || s.ByOpen["refused"] != 1 || s.Interrupted || len(s.Errors) > 0 {
		t.Errorf("%+v", s)
	}
	p.ends(exitOK)
}
