package derive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/internal/lab/judge"
)

// Fault is an endpoint of a derived capture that is contradicted, or that is no
// longer exact though nothing was lost.
type Fault struct {
	Capture Capture
	Row     judge.Row
}

func (f *Fault) String() string { return f.Capture.String() + ": " + f.Row.String() }

// Score counts what became of one kind of derived captures.
type Score struct {
	Captures, Endpoints, Exact, Contradicted int
	Worse                                    int // not exact, though nothing was lost and the original is
}

// String is "40 captures, 80/90 endpoints exact, 0 contradicted, 0 worse".
func (s *Score) String() string {
	return fmt.Sprintf("%d captures, %d/%d endpoints exact, %d contradicted, %d worse than the whole",
		s.Captures, s.Exact, s.Endpoints, s.Contradicted, s.Worse)
}

// Judge derives everything from the captures in a folder that the lab wrote,
// judges it, and adds to the scores of its kinds. Files are written to scratch.
func Judge(dir, scratch string, scores map[string]*Score) (faults []Fault, err error) {
	original, err := judge.Folder(dir)
	if err != nil {
		return nil, err
	}
	endpoints, err := judge.Read(dir)
	if err != nil {
		return nil, err
	}
	exact := make(map[string]bool)
	for i := range original {
		exact[key(&original[i], original[i].Tap)] = original[i].Verdict == judge.Exact
	}
	var taps [2][]Frame
	for i, tap := range []string{"A", "B"} {
		if taps[i], err = Read(filepath.Join(dir, tap+".pcap"), tap); err != nil && (i == 0 || !errors.Is(err, fs.ErrNotExist)) {
			return nil, err
		}
	}
	for c := range All(taps[0], taps[1]) {
		rows, err := c.judge(filepath.Base(dir), scratch, endpoints)
		if err != nil {
			return nil, fmt.Errorf("%s: %v: %w", dir, &c, err)
		}
		if scores[c.Kind] == nil {
			scores[c.Kind] = &Score{}
		}
		score := scores[c.Kind]
		score.Captures++
		for i := range rows {
			r := &rows[i]
			if score.count(r, c.Lossless && exact[key(r, c.Tap)]) {
				faults = append(faults, Fault{c.bare(), *r})
			}
		}
	}
	return faults, nil
}

// key names an endpoint at a tap.
func key(r *judge.Row, tap string) string {
	e := &r.Endpoint
	return fmt.Sprint(e.EP, e.SAddr, e.SPort, e.DAddr, e.DPort, tap)
}

// count takes one row into account and reports whether it is a fault.
func (s *Score) count(r *judge.Row, wasExact bool) bool {
	s.Endpoints++
	switch {
	case r.Verdict == judge.Exact:
		s.Exact++
		return false
	case r.Verdict == judge.Contradicted:
		s.Contradicted++
		return true
	case wasExact:
		s.Worse++
		return true
	}
	return false
}

func (c *Capture) judge(name, scratch string, endpoints []judge.Endpoint) ([]judge.Row, error) {
	var paths []string
	for i, data := range c.Files {
		path := filepath.Join(scratch, fmt.Sprintf("%d.pcap", i))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	list, err := judge.Records(analyzer.Options{}, paths...)
	if err != nil {
		return nil, err
	}
	rows := judge.Rows(name, c.Tap, endpoints, list, nil)
	for i := range rows {
		r := &rows[i]
		if !c.Onward || !r.Own() {
			continue
		}
		if missed := r.Endpoint.RuledOut(list); missed != "" {
			r.Verdict, r.Ours = judge.Contradicted, r.Ours+" "+missed
		}
	}
	return rows, nil
}

// bare is the capture without its files.
func (c Capture) bare() Capture {
	c.Files = nil
	return c
}
