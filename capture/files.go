package capture

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxOpenFiles is how many descriptors a Set holds at once. Files beyond
// that are closed and opened again where they were left.
const maxOpenFiles = 128

// filePool keeps the number of open files within a bound.
//
// Several goroutines may read, each from a file of its own.
type filePool struct {
	mu    sync.Mutex
	max   int
	open  []*pooledFile
	clock uint64
}

// pooledFile reads a regular file from front to back. While others are being
// read its descriptor may be taken away.
type pooledFile struct {
	pool *filePool
	path string
	file *os.File    // nil: taken away, or not opened yet
	id   os.FileInfo // of the first opening
	off  int64
	used uint64
}

func (f *pooledFile) Read(p []byte) (int, error) {
	for {
		file, err := f.descriptor()
		if err != nil {
			return 0, err
		}
		n, err := file.ReadAt(p, f.offset())
		if errors.Is(err, os.ErrClosed) { // it was taken away meanwhile
			if err = nil; n == 0 {
				continue
			}
		}
		f.pool.mu.Lock()
		f.off += int64(n)
		f.pool.mu.Unlock()
		return n, err
	}
}

// descriptor returns the open file.
func (f *pooledFile) descriptor() (*os.File, error) {
	p := f.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.file == nil {
		if err := p.acquire(f); err != nil {
			return nil, err
		}
	}
	p.clock++
	f.used = p.clock
	return f.file, nil
}

// offset is how far the file is read.
func (f *pooledFile) offset() int64 {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	return f.off
}

// rewind goes back to the beginning.
func (f *pooledFile) rewind() {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	f.off = 0
}

// Close gives the descriptor back.
func (f *pooledFile) Close() error {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	return f.release()
}

func (f *pooledFile) release() error {
	if f.file == nil {
		return nil
	}
	for i, o := range f.pool.open {
		if o == f {
			f.pool.open = append(f.pool.open[:i], f.pool.open[i+1:]...)
			break
		}
	}
	err := f.file.Close()
	f.file = nil
	return err
}

var errReplaced = errors.New("the file was replaced while it was read")

// acquire opens f, and closes the file that was not read for longest if there
// are too many.
func (p *filePool) acquire(f *pooledFile) error {
	if len(p.open) >= p.max {
		oldest := p.open[0]
		for _, o := range p.open {
			if o.used < oldest.used {
				oldest = o
			}
		}
		oldest.release()
	}
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	id, err := file.Stat()
	if err == nil && f.id != nil && !os.SameFile(f.id, id) {
		err = &os.PathError{Op: "open", Path: f.path, Err: errReplaced}
	}
	if err != nil {
		file.Close()
		return err
	}
	f.file, f.id = file, id
	p.open = append(p.open, f)
	return nil
}

// plain takes the operation and the path off an error of package os: an
// *Error names the file already.
func plain(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// found is an input before it is opened.
type found struct {
	path    string
	regular bool
	listed  bool // it was found in a directory, not named
}

const stdin = "-"

// find lists the inputs that path names: itself, or, if it is a directory,
// the regular files in it by name, and those below it when recursive.
func find(path string, recursive bool) (files []found, isDir bool, err error) {
	if path == stdin {
		return []found{{path: path}}, false, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) && strings.ContainsAny(path, "*?[") {
		if files, err := matching(path); !errors.Is(err, filepath.ErrBadPattern) {
			return files, false, err
		}
	}
	if err != nil {
		return nil, false, plain(err)
	}
	if info.IsDir() {
		files, err = below(path, recursive)
		return files, true, err
	}
	return []found{{path: path, regular: info.Mode().IsRegular()}}, false, nil
}

// matching lists the regular files of a pattern, by name: as a shell would, which may not
// have done so.
func matching(pattern string) (files []found, err error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			files = append(files, found{path: name, regular: true})
		}
	}
	if len(files) == 0 {
		err = errNoMatch
	}
	return files, err
}

var errNoMatch = errors.New("no file has such a name")

// below follows symbolic links to files, but not to directories. What cannot
// be listed does not hide the rest.
func below(dir string, recursive bool) (files []found, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		err = &Error{File: dir, Offset: -1, Err: plain(err)}
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if recursive {
				more, problem := below(path, recursive)
				files, err = append(files, more...), errors.Join(err, problem)
			}
		} else if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			files = append(files, found{path: path, regular: true, listed: true})
		}
	}
	return files, err
}
