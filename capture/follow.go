package capture

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Follow says how a set is read that is still being written: by tcpdump -C or -G, by
// dumpcap -b. The file that was written to last is read on as it grows, until another one
// begins; files that come into the directories and patterns that were named are read when
// their first packet is there.
//
// It is for one writer: of two files that grow at a time the older one ends where it was
// found to.
type Follow struct {
	Stop    <-chan struct{} // ends it when it is closed
	Idle    time.Duration   // ends it when nothing has come for so long; 0: never
	Waiting func() error    // if not nil, is called before the set waits; its error ends it, too
}

// ErrFollowed is the error of a Set that was told to stop: it comes once, and after it io.EOF.
// What was begun of the last packet is then no fault. Where nothing comes any more it is.
var ErrFollowed = errors.New("followed no longer")

const lookAgain = 200 * time.Millisecond

// tail is a Follow at work.
type tail struct {
	Follow
	set     *Set
	paths   []string
	opts    Options
	known   map[string]os.FileInfo // files that are members
	growing *member                // that may still be written
	news    time.Time              // when something came last
	unready map[string]error       // what is wrong with files that have no packet yet
	over    bool
}

// follow makes s the set of what is there and what will be.
func (s *Set) follow(paths []string, opts Options) (*Set, error) {
	s.tail = &tail{Follow: *opts.Follow, set: s, paths: paths, opts: opts, known: map[string]os.FileInfo{}, unready: map[string]error{}, news: time.Now()}
	if s.tail.discover(); len(s.members) == 0 && len(s.pending) > 0 {
		return s.opened()
	}
	return s, nil
}

// discover makes members of files that have come, in the order of their first packets.
// What is wrong with one is told once.
func (t *tail) discover() {
	s, before := t.set, len(t.set.members)
	for _, path := range t.paths {
		files, _, err := find(path, t.opts.Recursive)
		if err != nil && !errors.Is(err, errNoMatch) {
			t.once(path, err)
		}
		for _, f := range files {
			if f.regular {
				t.look(f)
			} else {
				t.once(f.path, errNotFollowed)
			}
		}
	}
	fresh := s.members[before:]
	if len(fresh) == 0 {
		return
	}
	t.news = time.Now()
	s.waiting = append(s.waiting, fresh...)
	slices.SortStableFunc(s.waiting, func(a, b *member) int { return cmp.Compare(a.first, b.first) })
	t.growing = slices.MaxFunc(fresh, func(a, b *member) int {
		return cmp.Or(t.known[a.path].ModTime().Compare(t.known[b.path].ModTime()), cmp.Compare(a.first, b.first))
	})
}

var errNotFollowed = errors.New("only files can be followed, and directories of them")

// once tells of a problem with a path that has none yet.
func (t *tail) once(path string, err error) {
	if _, told := t.known[path]; !told {
		t.known[path] = nil
		t.set.problem(path, err)
	}
}

// look makes f a member if it is a new file that has a packet, or an old one that was
// begun anew.
func (t *tail) look(f found) {
	id, err := os.Stat(f.path)
	if err != nil {
		return // it went away again
	}
	if old, known := t.known[f.path]; known && (old == nil || os.SameFile(old, id) && id.Size() >= old.Size()) {
		if old != nil {
			t.known[f.path] = id
		}
		return
	}
	if t.compressed(f.path) {
		return
	}
	delete(t.unready, f.path)
	m := &member{path: f.path, file: &pooledFile{pool: &t.set.files, path: f.path}}
	switch err := t.set.join(m); {
	case err == nil && m.hasHead && t.renamed(m, id):
		m.close()
		t.known[f.path] = id
		t.set.members = t.set.members[:len(t.set.members)-1]
	case err == nil && m.hasHead:
		m.suspend() // the file may have been compressed, and removed, before its turn comes
		m.tail, t.known[f.path] = t, id
	case err == nil:
		if err := m.readHead(); err != io.EOF {
			t.unready[f.path] = err
		}
		m.close()
		t.set.members = t.set.members[:len(t.set.members)-1] // no packet yet, or none that is whole
	case errors.Is(err, io.ErrUnexpectedEOF):
		t.unready[f.path] = err
	case errors.Is(err, ErrNotCapture) && (f.listed || id.Size() < pcapHeader): // not a capture, or not yet
	default:
		t.once(f.path, err)
	}
}

// compressed reports whether path is a member that was compressed after it was written, as
// by tcpdump -z gzip: its packets have been read, or will be from the file that is open.
func (t *tail) compressed(path string) bool {
	ending := filepath.Ext(path)
	return t.known[strings.TrimSuffix(path, ending)] != nil && slices.ContainsFunc(codecs, func(c codec) bool { return c.ending == ending })
}

// renamed reports whether m is a member under another name, as logrotate leaves it, which is
// read on where it is open. The file alone does not tell: of one that was removed its number
// is given to another.
func (t *tail) renamed(m *member, id os.FileInfo) bool {
	return slices.ContainsFunc(t.set.members, func(o *member) bool {
		return o != m && o.path != m.path && o.first == m.first && o.file != nil && o.file.id != nil && os.SameFile(o.file.id, id)
	})
}

// await waits for a moment, and then looks for files.
func (t *tail) await() error {
	if t.over {
		return io.EOF
	}
	if t.Waiting != nil {
		if err := t.Waiting(); err != nil {
			t.over = true
			return err
		}
	}
	began := time.Now()
	select {
	case <-t.Stop:
		t.over = true
		return ErrFollowed
	case <-time.After(lookAgain):
	}
	if slept := time.Since(began); slept > 10*lookAgain {
		t.news = t.news.Add(slept) // the process, or the machine, was stopped: so was the writer, perhaps
	}
	if t.over = t.Idle > 0 && time.Since(t.news) >= t.Idle; t.over {
		for _, path := range slices.Sorted(maps.Keys(t.unready)) {
			t.set.problem(path, t.unready[path])
		}
		return io.EOF
	}
	t.discover()
	return nil
}

// grower reads a file of a set that is being written.
type grower struct {
	io.Reader
	member *member
}

// Read implements io.Reader: at the end of the file that grows it waits.
func (g grower) Read(p []byte) (n int, err error) {
	for t := g.member.tail; ; {
		last := t.growing != g.member || t.over
		if n, err = g.Reader.Read(p); n > 0 || err != io.EOF || last {
			if n > 0 {
				t.news = time.Now()
				if err == io.EOF {
					err = nil
				}
			}
			return n, err
		}
		if err := t.await(); err != nil {
			return 0, err
		}
	}
}
