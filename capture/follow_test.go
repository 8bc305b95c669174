package capture_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lastack/lastack/capture"
)

// parts is a capture in three, as tcpdump -C writes it.
func parts(t *testing.T) (list [][]byte) {
	t.Helper()
	data, err := os.ReadFile("../testdata/pcaps/peer-rebooted/A.pcap")
	if err != nil {
		t.Fatal(err)
	}
	const header, record = 24, 16
	part := data[:header:header]
	for at := header; at < len(data); {
		end := at + record + int(binary.LittleEndian.Uint32(data[at+8:]))
		part = append(part, data[at:end]...)
		if at = end; len(part) > len(data)/3 || at == len(data) {
			list, part = append(list, part), data[:header:header]
		}
	}
	return list
}

// grow writes files one after the other, a few octets at a time.
func grow(dir string, list [][]byte, step int) error {
	for i, data := range list {
		f, err := os.Create(filepath.Join(dir, "c"+string(rune('0'+i))+".pcap"))
		if err != nil {
			return err
		}
		for ; len(data) > 0; data = data[min(step, len(data)):] {
			if _, err := f.Write(data[:min(step, len(data))]); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// framesOf reads a set to its end, or until there are want packets, when it calls enough.
func framesOf(t *testing.T, set *capture.Set, want int, enough func()) (frames []string, faults []error) {
	t.Helper()
	defer set.Close()
	var p capture.Packet
	for {
		switch err := set.Next(&p); {
		case err == nil:
			frames = append(frames, string(p.Data))
			if len(frames) == want {
				enough()
			}
		case err == io.EOF:
			return frames, faults
		default:
			faults = append(faults, err)
		}
	}
}

func TestFollow(t *testing.T) {
	list := parts(t)
	for name, c := range map[string]struct {
		path string
		step int
	}{"directory": {"", 100}, "pattern": {"c*.pcap", 33}, "at once": {"", 1 << 20}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			whole := t.TempDir()
			if err := grow(whole, list, 1<<20); err != nil {
				t.Fatal(err)
			}
			finished, err := capture.Open([]string{whole}, capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want, _ := framesOf(t, finished, 0, nil)
			stop, written := make(chan struct{}), make(chan error)
			set, err := capture.Open([]string{filepath.Join(dir, c.path)}, capture.Options{Follow: &capture.Follow{Stop: stop}})
			if err != nil {
				t.Fatal(err)
			}
			go func() { written <- grow(dir, list, c.step) }()
			got, faults := framesOf(t, set, len(want), func() { close(stop) })
			if err := <-written; err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, "") != strings.Join(want, "") || len(got) != len(want) {
				t.Errorf("%d frames, want %d", len(got), len(want))
			}
			if len(faults) != 1 || !errors.Is(faults[0], capture.ErrFollowed) {
				t.Errorf("faults %v", faults)
			}
			if files := set.Files(); len(files) != 3 {
				t.Errorf("%d files", len(files))
			}
		})
	}
}

// TestFollowEnds: it ends when nothing comes any more, and then what is incomplete is told. When
// it is stopped that is no fault.
func TestFollowEnds(t *testing.T) {
	data := parts(t)[0]
	for name, c := range map[string]struct{ octets, faults int }{
		"between records": {len(data), 0}, "within one": {len(data) - 5, 1}, "before the first": {30, 1}, "within the header": {7, 1}, "empty": {0, 0},
	} {
		file := filepath.Join(t.TempDir(), "a.pcap")
		if err := os.WriteFile(file, data[:c.octets], 0o644); err != nil {
			t.Fatal(err)
		}
		waited, stop := 0, make(chan struct{})
		close(stop)
		for _, f := range []*capture.Follow{{Idle: time.Millisecond, Waiting: func() error { waited++; return nil }}, {Stop: stop}} {
			set, err := capture.Open([]string{file}, capture.Options{Follow: f})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			switch _, faults := framesOf(t, set, 0, nil); {
			case f.Stop != nil:
				if len(faults) != 1 || !errors.Is(faults[0], capture.ErrFollowed) {
					t.Errorf("%s, stopped: %v", name, faults)
				}
			case len(faults) != c.faults || waited == 0:
				t.Errorf("%s: %v, waited %d times", name, faults, waited)
			case c.faults > 0 && !errors.Is(faults[0], io.ErrUnexpectedEOF):
				t.Errorf("%s: %v", name, faults)
			}
		}
	}
}

// TestFollowOnce: what is wrong with an input is told once; what a directory holds beside
// captures is left alone.
func TestFollowOnce(t *testing.T) {
	dir, broken := t.TempDir(), errors.New("the output is full")
	text, good := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "a.pcap")
	if err := errors.Join(os.WriteFile(text, []byte("this is no capture, and is long enough to be one"), 0o644), os.WriteFile(good, parts(t)[0], 0o644)); err != nil {
		t.Fatal(err)
	}
	waits := 0
	set, err := capture.Open([]string{dir, text, filepath.Join(dir, "missing"), "-"}, capture.Options{Follow: &capture.Follow{Waiting: func() error {
		if waits++; waits > 2 {
			return broken
		}
		return nil
	}}})
	if err != nil {
		t.Fatal(err)
	}
	frames, faults := framesOf(t, set, 0, nil)
	if len(frames) == 0 || len(faults) != 4 || !errors.Is(faults[3], broken) {
		t.Errorf("%d frames, faults %v", len(frames), faults)
	}
	if set, err := capture.Open([]string{filepath.Join(dir, "missing")}, capture.Options{Follow: &capture.Follow{}}); err == nil {
		set.Close()
		t.Error("a file that does not exist is waited for")
	}
}

// TestFollowRing: a file that is begun anew, as tcpdump -W does, is another capture.
func TestFollowRing(t *testing.T) {
	list := parts(t)
	file := filepath.Join(t.TempDir(), "a.pcap")
	if err := os.WriteFile(file, list[0], 0o644); err != nil {
		t.Fatal(err)
	}
	turns := 0
	set, err := capture.Open([]string{file}, capture.Options{Follow: &capture.Follow{Waiting: func() error {
		switch turns++; turns {
		case 1:
			return os.WriteFile(file, list[2], 0o644)
		case 5:
			return io.ErrClosedPipe
		}
		return nil
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, faults := framesOf(t, set, 0, nil); len(faults) != 1 || !errors.Is(faults[0], io.ErrClosedPipe) {
		t.Errorf("faults %v", faults)
	}
	if files := set.Files(); len(files) != 2 || files[0].Packets == 0 || files[1].Packets == 0 {
		t.Errorf("%d files", len(files))
	}
}

// TestPattern: a pattern that no shell has taken stands for the files that it matches.
// TestFollowCompressed: a file that is compressed after it was read (tcpdump -z gzip) is not
// read again; one that nobody has seen before is.
func TestFollowCompressed(t *testing.T) {
	dir, list := t.TempDir(), parts(t)
	gzipped := func(name string, data []byte) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(data)
		w.Close()
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "c0.pcap"), list[0], 0o644); err != nil {
		t.Fatal(err)
	}
	count := func(data []byte) (n int) {
		for at := 24; at < len(data); n++ {
			at += 16 + int(binary.LittleEndian.Uint32(data[at+8:]))
		}
		return n
	}
	set, err := capture.Open([]string{dir}, capture.Options{Follow: &capture.Follow{Idle: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	frames, faults := framesOf(t, set, count(list[0]), func() {
		gzipped("c0.pcap.gz", list[0])
		os.Remove(filepath.Join(dir, "c0.pcap"))
		gzipped("c1.pcap.gz", list[1])
	})
	if want := count(list[0]) + count(list[1]); len(frames) != want || len(faults) > 0 {
		t.Errorf("%d frames, want %d; %v", len(frames), want, faults)
	}
}

// TestFollowRenamed: a file that gets another name is not read again (logrotate), and one that
// is removed while it waits for its turn is not lost (tcpdump -z).
func TestFollowRenamed(t *testing.T) {
	dir, list := t.TempDir(), parts(t)
	name := func(i string) string { return filepath.Join(dir, "c"+i+".pcap") }
	for i, data := range list[:2] {
		if err := os.WriteFile(name(string(rune('0'+i))), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := capture.Open([]string{dir}, capture.Options{Follow: &capture.Follow{Idle: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(name("1"))
	frames, faults := framesOf(t, set, 3, func() {
		os.Rename(name("0"), name("0.1"))
		os.WriteFile(name("0"), list[2], 0o644)
	})
	whole := 0
	for _, data := range list {
		for at := 24; at < len(data); whole++ {
			at += 16 + int(binary.LittleEndian.Uint32(data[at+8:]))
		}
	}
	if len(frames) != whole || len(faults) > 0 {
		t.Errorf("%d frames, want %d; %v", len(frames), whole, faults)
	}
}

func TestPattern(t *testing.T) {
	dir := t.TempDir()
	if err := grow(dir, parts(t), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "c[1].pcap"), parts(t)[0], 0o644); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]int{"c?.pcap": 3, "c[12].pcap": 2, "c[1].pcap": 1, "x*": 0, "[": 0} {
		set, err := capture.Open([]string{filepath.Join(dir, pattern)}, capture.Options{})
		n := 0
		if err == nil {
			n = len(set.Files())
			set.Close()
		}
		if n != want {
			t.Errorf("%s: %d files, %v", pattern, n, err)
		}
	}
}
