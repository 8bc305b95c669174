package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/internal/script"
	"github.com/lastack/lastack/report"
)

// Case is where a finding occurs; the zero Case of one that occurs nowhere.
type Case struct {
	Files   []string // in testdata/pcaps, from the root of the repository
	Title   string   // of the first one's story
	Flags   string   // under which it is found
	Story   string   // of the lab, if no file shows it
	Script  string   // if no story does
	Finding *report.Finding
}

// lowered are thresholds for findings of which every case is short, or small.
var lowered = map[string][2]string{
	"close-wait-leak":        {"close-wait", "6s"},
	"time-wait-pile-up":      {"time-wait", "20"},
	"time-wait-on-server":    {"time-wait", "1"},
	"fin-wait-2-stuck":       {"stuck", "1s"},
	"middlebox-idle-timeout": {"idle", "1s"},
}

const (
	pcaps   = "testdata/pcaps/"
	archive = "analyzer/testdata/kernel/captures.tar.zst"
	scripts = "analyzer/testdata/scripts"
)

// search looks through captures.
type search struct {
	root, tmp string
}

// capture is one, and what is found in it under the default thresholds.
type capture struct {
	file    string
	packets uint64
	found   map[string]*report.Finding // the first of each kind
}

// findCases finds a case of every finding that is reported, if there is one.
func findCases(root, tmp string) (map[string]Case, error) {
	s := &search{root, tmp}
	stories := filepath.Join(tmp, "stories")
	if err := judge.Unpack(filepath.Join(root, archive), stories); err != nil {
		return nil, err
	}
	if err := s.compile(); err != nil {
		return nil, err
	}
	var sources [][]capture
	for _, files := range []string{filepath.Join(root, pcaps, "*"), filepath.Join(stories, "*"), filepath.Join(tmp, "scripts")} {
		list, err := s.list(files)
		if err != nil {
			return nil, err
		}
		sources = append(sources, list)
	}
	cases := map[string]Case{}
	for i := range detect.All {
		id := detect.All[i].ID
		c, err := s.special(id)
		for _, list := range sources {
			if err == nil && c.Finding == nil {
				c, err = s.first(id, list)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		cases[id] = c
	}
	return cases, nil
}

// variant is a story that is another one's under other circumstances, or a mix.
var variant = regexp.MustCompile(`-(slow|v6|wrap)$|^random-`)

// list lists captures: those of the client's tap first, then those in which the fewest
// kinds of finding occur, then the shortest.
func (s *search) list(folders string) (list []capture, err error) {
	files, _ := filepath.Glob(filepath.Join(folders, "*.pcap"))
	for _, file := range files {
		if variant.MatchString(filepath.Base(filepath.Dir(file))) {
			continue
		}
		c := capture{file: file}
		if c.found, c.packets, err = s.found(analyzer.Options{}, [2]string{}, file); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no captures in %s", folders)
	}
	slices.SortFunc(list, func(a, b capture) int {
		return cmp.Or(cmp.Compare(filepath.Base(a.file), filepath.Base(b.file)), cmp.Compare(len(a.found), len(b.found)),
			cmp.Compare(a.packets, b.packets), cmp.Compare(a.file, b.file))
	})
	return list, nil
}

// first returns the case of a finding in the first capture in which it occurs.
func (s *search) first(id string, list []capture) (Case, error) {
	low, isLow := lowered[id]
	for _, c := range list {
		found := c.found
		if isLow {
			var err error
			if found, _, err = s.found(analyzer.Options{}, low, c.file); err != nil {
				return Case{}, err
			}
		}
		if found[id] != nil {
			return s.at(c.file, id, found[id]), nil
		}
	}
	return Case{}, nil
}

// at is the case that a file has.
func (s *search) at(file, id string, f *report.Finding) Case {
	c := Case{Finding: f}
	if low, ok := lowered[id]; ok {
		c.Flags = " --threshold " + low[0] + "=" + low[1]
	}
	name := filepath.Base(filepath.Dir(file))
	switch rel, _ := filepath.Rel(s.root, file); {
	case strings.HasPrefix(rel, filepath.FromSlash(pcaps)):
		c.Files, c.Title = []string{filepath.ToSlash(rel)}, title(file)
	case name == "scripts":
		c.Script = strings.TrimSuffix(filepath.Base(file), ".pcap")
	default:
		c.Story = name
	}
	return c
}

// title is that of a capture's README.
func title(file string) string {
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "README.md"))
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(first, "# ")
}

// special are findings that a capture shows in a way of its own.
func (s *search) special(id string) (Case, error) {
	var c Case
	opt := analyzer.Options{}
	switch id {
	case "two-taps":
		c.Files = []string{pcaps + "half-close/A.pcap", pcaps + "half-close/B.pcap"}
	case "evicted":
		c.Files, c.Flags = []string{pcaps + "accept-queue-overflow/A.pcap"}, " --max-connections 1"
		opt.MaxConnections = 1
	default:
		return c, nil
	}
	var files []string
	for _, f := range c.Files {
		files = append(files, filepath.Join(s.root, f))
	}
	found, _, err := s.found(opt, [2]string{}, files...)
	c.Finding, c.Title = found[id], title(files[0])
	return c, err
}

// found returns the first finding of each kind in captures that are one, and how many
// packets of connections they have.
func (s *search) found(opt analyzer.Options, threshold [2]string, files ...string) (map[string]*report.Finding, uint64, error) {
	opt.Limits = detect.Defaults()
	if threshold[0] != "" {
		if err := opt.Limits.Set(threshold[0], threshold[1]); err != nil {
			return nil, 0, err
		}
	}
	found, packets := map[string]*report.Finding{}, uint64(0)
	opt.OnRecord = func(r report.Record) {
		switch r := r.(type) {
		case *report.Finding:
			if found[r.ID] == nil {
				f := *r // which is used again
				found[r.ID] = &f
			}
		case *report.Connection:
			packets += r.Endpoints.Client.Packets + r.Endpoints.Server.Packets
		}
	}
	_, err := judge.Records(opt, files...)
	return found, packets, err
}

// compile makes captures of the scripts.
func (s *search) compile() error {
	list, _ := filepath.Glob(filepath.Join(s.root, scripts, "*.txtar"))
	dir := filepath.Join(s.tmp, "scripts")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range list {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		sc, err := script.Parse(data)
		if err != nil {
			return err
		}
		if data, err = sc.Compile(script.Variant{}); err != nil {
			return err
		}
		file := filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), ".txtar")+".pcap")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
