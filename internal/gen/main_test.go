package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
)

var few = []string{"-packets", "3000", "-connections", "100", "-concurrent", "20", "-seed", "3"}

// The capture goes to the file or to standard output, the truth to standard
// error.
func TestRun(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.pcap")
	for _, format := range []string{"pcap", "pcapng"} {
		var file, pipe, truth, again bytes.Buffer
		if code := run(append(few, "-format", format, "-o", name), &file, &truth); code != 0 || file.Len() != 0 {
			t.Fatalf("exit code %d, %d octets on standard output: %s", code, file.Len(), &truth)
		}
		if code := run(append(few, "-format", format), &pipe, &again); code != 0 {
			t.Fatalf("exit code %d: %s", code, &again)
		}
		written, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(written, pipe.Bytes()) {
			t.Errorf("%s: file and pipe differ: %v", format, err)
		}
		var said load.Truth
		if err := json.Unmarshal(truth.Bytes(), &said); err != nil || !bytes.Equal(truth.Bytes(), again.Bytes()) {
			t.Fatalf("truth: %v, %s", err, &again)
		}
		if n := packets(t, &pipe); n != said.Packets || said.Connections != 100 {
			t.Errorf("%d packets, and the truth says %+v", n, said)
		}
	}
}

func packets(t *testing.T, r io.Reader) (n uint64) {
	t.Helper()
	set, err := capture.OpenReader("standard output", r)
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	for err = set.Next(&p); err == nil; err = set.Next(&p) {
		n++
	}
	if err != io.EOF {
		t.Error(err)
	}
	return n
}

func TestWrongUsage(t *testing.T) {
	for _, args := range []string{"-o x y", "-nonsense", "-rate 0", "-v6 2", "-snaplen 1", "-packets many"} {
		var out, msg bytes.Buffer
		if code := run(strings.Fields(args), &out, &msg); code != 2 || msg.Len() == 0 || out.Len() != 0 {
			t.Errorf("%s: exit code %d, message %q", args, code, &msg)
		}
	}
	if code := run([]string{"-h"}, io.Discard, io.Discard); code != 0 {
		t.Errorf("-h: exit code %d", code)
	}
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }

// A closed pipe ends quietly, any other trouble with a message.
func TestTrouble(t *testing.T) {
	for _, c := range []struct {
		args []string
		err  error
		code int
	}{
		{few, syscall.EPIPE, 0},
		{few, errors.New("no room"), 1},
		{append(few, "-format", "text"), nil, 1},
		{append(few, "-o", filepath.Join(t.TempDir(), "no", "folder")), nil, 1},
	} {
		var msg bytes.Buffer
		code := run(c.args, failing{c.err}, &msg)
		if complains := strings.HasPrefix(msg.String(), "gen: "); code != c.code || complains != (code != 0) {
			t.Errorf("%v, %v: exit code %d, message %q", c.args, c.err, code, &msg)
		}
	}
}
