//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// stock is a load as it lies in the cache, or comes through a pipe.
type stock struct {
	Digest  string
	Packets uint64 // 0 where it is not known before the load is made
	Size    int64  // of the file, octets
}

// obtain makes the load w in the cache, unless it is there.
func (b *bench) obtain(w *workload) (path string, s stock, err error) {
	maker, said, err := b.maker(w, nil)
	if err != nil {
		return "", s, err
	}
	maker.Args = append(maker.Args, "-digest")
	if err := maker.Run(); err != nil {
		return "", s, fmt.Errorf("making %s: %w: %s", w.name, err, said)
	}
	if s.Digest = said.String(); w.piped {
		return "", s, nil
	}
	path = filepath.Join(b.dir, w.name)
	if old, ok := cached(path); ok && old.Digest == s.Digest {
		return path, old, nil
	}
	fmt.Fprintf(b.out, "making %s\n", path)
	if s.Packets, err = b.makeFile(w, path); err != nil {
		return "", s, fmt.Errorf("making %s: %w", w.name, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", s, err
	}
	s.Size = info.Size()
	note, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(path+".json", note, 0o666)
	}
	return path, s, err
}

// cached returns what the note beside a load says, if the two fit.
func cached(path string) (s stock, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return s, false
	}
	note, err := os.ReadFile(path + ".json")
	if err != nil || json.Unmarshal(note, &s) != nil {
		return s, false
	}
	return s, info.Size() == s.Size
}

// makeFile makes the load in a file.
func (b *bench) makeFile(w *workload, path string) (packets uint64, err error) {
	os.Remove(path + ".json")
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	cmd, said, err := b.maker(w, f)
	if err != nil {
		return 0, err
	}
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, said)
	}
	if packets, err = said.packets(); err != nil {
		return 0, err
	}
	return packets, f.Close()
}

// maker is the command that makes w into f, in another process, for its memory
// is not to count. It says how many packets it made.
func (b *bench) maker(w *workload, f *os.File) (*exec.Cmd, *count, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	said := &count{}
	cmd := exec.Command(self, "-make", w.name, "-quick="+strconv.FormatBool(b.quick))
	cmd.Stderr = said
	if f != nil {
		cmd.Stdout = f
	}
	return cmd, said, nil
}

// count is the number that a maker says, or its complaint.
type count struct{ bytes.Buffer }

func (c *count) packets() (uint64, error) {
	return strconv.ParseUint(strings.TrimSpace(c.String()), 10, 64)
}

// makeOnly is the maker: the load goes to out, its number of packets to said;
// or only its digest.
func (b *bench) makeOnly(name string, out, said io.Writer) error {
	list, err := pick(workloads, []string{name}, func(w *workload) string { return w.name })
	if err != nil {
		return err
	}
	r := b.recipe(&list[0])
	var about any
	if b.onlyDigest {
		about, err = r.digest()
	} else {
		about, err = r.write(out)
	}
	if err == nil {
		_, err = fmt.Fprintln(said, about)
	}
	return err
}

func (b *bench) recipe(w *workload) recipe { return w.make().shrink(b.scale()) }

// scale is what all loads are divided by.
func (b *bench) scale() int {
	if b.quick {
		return 20
	}
	return 1
}
