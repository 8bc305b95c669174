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
	"strings"
	"sync"
)

// captures are those of the repository that the list is for, and differences the list,
// from the root of the module.
var captures = []string{"testdata", "cmd/lastack/demo.pcap"}

const differences = "internal/differ/differences.txt"

// endings tell the captures in a folder by their names. What they hold is found out by
// reading them.
var endings = []string{".pcap", ".cap", ".snoop", ".erf"}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0, 1 for a difference that is not listed, an entry that does
// not occur, or trouble, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("differ", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintln(stderr, "usage: differ [-list] [FOLDER or FILE...]")
		f.PrintDefaults()
	}
	held := f.Bool("list", false, "fail on what "+differences+" does not have, and on what only it has")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := judge(f.Args(), *held, stdout); err != nil {
		fmt.Fprintln(stderr, "differ:", err)
		return 1
	}
	return 0
}

// judge compares the captures that paths name, by default the repository's, and writes
// what differs.
func judge(paths []string, held bool, out io.Writer) error {
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
	files, err := find(paths)
	if err != nil {
		return err
	}
	if v.all, err = compareAll(root, files); err != nil {
		return err
	}
	v.write(out)
	if held {
		return v.faults()
	}
	return nil
}

// find returns the files that paths name: of a folder, all below it with a capture's
// name.
func find(paths []string) (files []string, err error) {
	for _, path := range paths {
		before := len(files)
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (file == path || looksLikeCapture(d.Name())) {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: no captures below it", path)
		}
	}
	return files, nil
}

// looksLikeCapture reports whether a file has a capture's name, compressed or not.
func looksLikeCapture(name string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.Contains(name, e) })
}

// compareAll compares all captures, on all processors. The results are in the order of
// the files.
func compareAll(root string, files []string) ([]*compared, error) {
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
				all[i], errs[i] = t.compare(root, files[i])
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
func (t *tshark) compare(root, file string) (*compared, error) {
	theirs, err := t.look(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	ours, err := analyzed(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return compareViews(nameOf(root, file), ours, theirs), nil
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
