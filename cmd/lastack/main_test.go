package main

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The race detector lets every process sleep for a second at its end.
const raceOptions, noSleep = "GORACE", "atexit_sleep_ms=0"

// TestMain makes this binary lastack itself when it is called by that name.
func TestMain(m *testing.M) {
	os.Setenv(raceOptions, noSleep)
	testscript.Main(m, map[string]func(){"lastack": main})
}

// TestScript runs testdata/script: one file for each part of the command line.
//
// Beside testscript's own there are these commands:
//
//	status CODE COMMAND...   run it; it ends with this exit code
//	head N FROM TO           the first N octets of a file
//	patch FILE OFFSET HEX    write over octets of a file
//	hex FILE HEX...          make a file of these octets
//	gz FROM TO               compress a file
//	shift DURATION FROM TO   a capture by another clock
//
// the condition [exists:PATH],
// and $PCAPS is the folder of the captures with the kernel's truth.
func TestScript(t *testing.T) {
	pcaps, err := filepath.Abs("../../testdata/pcaps")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "head": head, "patch": patch, "hex": makeHex, "gz": gz, "shift": shift,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("PCAPS", pcaps)
			e.Setenv(raceOptions, noSleep)
			e.Setenv("TZ", "UTC")
			e.Setenv("ESC", "\x1b")
			return nil
		},
		Condition:          condition,
		RequireUniqueNames: true,
	})
}

// condition knows [exists:PATH].
func condition(cond string) (bool, error) {
	path, ok := strings.CutPrefix(cond, "exists:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	_, err := os.Stat(path)
	return err == nil, nil
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func head(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	data := ts.ReadFile(args[1])
	if n > len(data) {
		ts.Fatalf("%s has %d octets only", args[1], len(data))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(data[:n]), 0o666))
}

func patch(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	octets, err := hex.DecodeString(args[2])
	ts.Check(err)
	copy(data[at:], octets)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

func makeHex(ts *testscript.TestScript, _ bool, args []string) {
	octets, err := hex.DecodeString(strings.Join(args[1:], ""))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), octets, 0o666))
}

func gz(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o666))
}

// TestDemoCapture: the built-in capture is one of those with the truth.
func TestDemoCapture(t *testing.T) {
	original, err := os.ReadFile("../../testdata/pcaps/lost-final-ack/A.pcap")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(original, demoCapture) {
		t.Error("demo.pcap is another than testdata/pcaps/lost-final-ack/A.pcap: copy it again")
	}
}
