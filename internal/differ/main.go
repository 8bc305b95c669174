package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lastack/lastack/internal/lab/judge"
)

// captures are those of the repository that the list is for, and differences the list,
// from the root of the module.
var captures = []string{"testdata", "cmd/lastack/demo.pcap", "analyzer/testdata/kernel/captures.tar.zst"}

const differences = "internal/differ/differences.txt"

// endings tell the captures in a folder by their names. What they hold is found out by
// reading them.
var endings = []string{".pcap", ".cap", ".snoop", ".erf"}

// archived is the ending of an archive of captures.
const archived = ".tar.zst"

// file is a capture: where it is, and what the list calls it.
type file struct{ path, name string }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0, 1 for a difference that is not listed, an entry that does
// not occur, or trouble, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("differ", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: differ [-list] [FOLDER, FILE or ARCHIVE...]")
		f.PrintDefaults()
	}
	held := f.Bool("list", false, "fail on what "+differences+" does not have, and on what only it has")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := hold(f.Args(), *held, stdout); err != nil {
		fmt.Fprintln(stderr, "differ:", err)
		return 1
	}
	return 0
}

// hold compares the captures that paths name, by default the repository's, and writes
// what differs.
func hold(paths []string, held bool, out io.Writer) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	v := verdict{whole: len(paths) == 0}
	if v.whole {
		for _, path := range captures {
			paths = append(paths, filepath.Join(root, path))
		}
	}
	if held {
		if v.listed, err = readList(filepath.Join(root, differences)); err != nil {
			return err
		}
	}
	unpacked, err := os.MkdirTemp("", "differ")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unpacked)
	files, err := find(root, unpacked, paths)
	if err != nil {
		return err
	}
	if v.all, err = compareAll(files); err != nil {
		return err
	}
	v.write(out)
	if held {
		return v.faults()
	}
	return nil
}

// find returns the captures that paths name. An archive is unpacked below a folder.
func find(root, unpacked string, paths []string) (files []file, err error) {
	for i, path := range paths {
		var some []file
		if strings.HasSuffix(path, archived) {
			some, err = findPacked(path, filepath.Join(unpacked, strconv.Itoa(i)))
		} else {
			some, err = findBelow(path, func(file string) string { return nameOf(root, file) })
		}
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			return nil, fmt.Errorf("%s: no captures below it", path)
		}
		files = append(files, some...)
	}
	return files, nil
}

// findBelow returns the captures that a path names: of a folder, all below it with a
// capture's name.
func findBelow(path string, name func(file string) string) (files []file, err error) {
	err = filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (at == path || looksLikeCapture(d.Name())) {
			files = append(files, file{at, name(at)})
		}
		return err
	})
	return files, err
}

// findPacked unpacks an archive into dir. Its captures are named by the folder in which it
// stands and their places in it: kernel/zero-window/A.pcap.
func findPacked(archive, dir string) ([]file, error) {
	full, err := filepath.Abs(archive)
	if err != nil {
		return nil, err
	}
	if err := judge.Unpack(full, dir); err != nil {
		return nil, fmt.Errorf("%s: %w", archive, err)
	}
	return findBelow(dir, func(file string) string {
		return filepath.Base(filepath.Dir(full)) + filepath.ToSlash(strings.TrimPrefix(file, dir))
	})
}

// looksLikeCapture reports whether a file has a capture's name, compressed or not.
func looksLikeCapture(name string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.Contains(name, e) })
}

// compareAll compares all captures, on all processors. The results are in the order of
// the files.
func compareAll(files []file) ([]*compared, error) {
	t, err := findTshark()
	if err != nil {
		return nil, err
	}
	defer t.close()
	all, errs := make([]*compared, len(files)), make([]error, len(files))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				all[i], errs[i] = t.compare(files[i])
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	workers.Wait()
	return all, errors.Join(errs...)
}

// compare compares what both make of a capture.
func (t *tshark) compare(f file) (*compared, error) {
	theirs, err := t.look(f.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	ours, err := analyzed(f.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return compareViews(f.name, ours, theirs), nil
}

// nameOf is what the list calls a capture: by its place in the repository, if it is in it,
// else as it was named.
func nameOf(root, file string) string {
	full, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	name, err := filepath.Rel(root, full)
	if err != nil || !filepath.IsLocal(name) {
		return file
	}
	return filepath.ToSlash(name)
}

// moduleRoot is the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}
