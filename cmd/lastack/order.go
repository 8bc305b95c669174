package main

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
)

// sorted returns a sink that hands the records on in another order than that
// in which they become final. All of them wait for the end: in memory, and
// when they are many in a temporary file.
func sorted(order string, next report.Sink) report.Sink {
	switch order {
	case sortFirstFrame:
		return &byFirstFrame{next: next}
	case sortWorst:
		return &worstFirst{next: next, ranks: digest.New(0, false)}
	}
	return next
}

// byFirstFrame orders by connection; a finding follows the last connection
// that it names.
type byFirstFrame struct {
	next report.Sink
	rows report.Sorter
	sum  report.Record
}

// Add takes one record.
func (s *byFirstFrame) Add(rec report.Record) error {
	switch r := rec.(type) {
	case *report.Connection:
		return s.rows.Add(key(r.ID, 0), report.Append(nil, r))
	case *report.Finding:
		return s.rows.Add(key(lastNamed(r), 1), report.Append(nil, r))
	case *report.Summary:
		s.sum = r
		return nil
	}
	return s.next.Add(rec)
}

// lastNamed is the last connection that f names; where not all are listed,
// the last there can be.
func lastNamed(f *report.Finding) uint64 {
	if len(f.Connections) == 0 || f.ConnectionsTotal > len(f.Connections) {
		return math.MaxUint64
	}
	return slices.Max(f.Connections)
}

// Close hands everything on and closes what is below.
func (s *byFirstFrame) Close() error {
	err := handOn(s.next, s.sum, &s.rows)
	return firstOf(err, s.rows.Close(), s.next.Close())
}

// worstFirst orders findings, and connections by the worst finding that they
// have; the connections come first.
type worstFirst struct {
	next        report.Sink
	ranks       *digest.Digest
	connections report.Sorter // in the order they came
	findings    report.Sorter
	sum         report.Record
}

// Add takes one record.
func (s *worstFirst) Add(rec report.Record) error {
	switch r := rec.(type) {
	case *report.Connection:
		return s.connections.Add(nil, report.Append(nil, r))
	case *report.Finding:
		if err := s.ranks.Add(r); err != nil {
			return err
		}
		return s.findings.Add(nil, report.Append(nil, r))
	case *report.Summary:
		s.sum = r
		return nil
	}
	return s.next.Add(rec)
}

// Close hands everything on, and closes what is below.
func (s *worstFirst) Close() error {
	err := s.handOn()
	return firstOf(err, s.connections.Close(), s.findings.Close(), s.next.Close())
}

// handOn sorts: only now the kinds of finding have their order.
func (s *worstFirst) handOn() error {
	rank := map[string]uint64{}
	for i, g := range s.ranks.Groups() {
		rank[g.ID] = uint64(i)
	}
	var connections, findings report.Sorter
	defer connections.Close()
	defer findings.Close()
	err := resort(&s.connections, &connections, func(rec report.Record) []byte {
		return connectionKey(rec.(*report.Connection), rank)
	})
	if err != nil {
		return err
	}
	err = resort(&s.findings, &findings, func(rec report.Record) []byte {
		return findingKey(rec.(*report.Finding), rank)
	})
	if err != nil {
		return err
	}
	return handOn(s.next, s.sum, &connections, &findings)
}

// connectionKey: by the kind of the worst finding, then those with more
// findings, then by first packet.
func connectionKey(c *report.Connection, rank map[string]uint64) []byte {
	worst := uint64(math.MaxUint64)
	for _, id := range c.Findings {
		if r, ok := rank[id]; ok {
			worst = min(worst, r)
		}
	}
	return key(worst, math.MaxUint64-uint64(len(c.Findings)), c.ID)
}

// findingKey: severity, confidence, number of connections, kind, first frame.
func findingKey(f *report.Finding, rank map[string]uint64) []byte {
	down := func(n int) uint64 { return math.MaxUint64 - uint64(max(n, 0)) }
	var first uint64
	if len(f.Frames) > 0 {
		first = f.Frames[0]
	}
	return key(down(report.SeverityRank(f.Severity)), down(report.ConfidenceRank(f.Confidence)),
		down(f.ConnectionsTotal), rank[f.ID], first)
}

// key is numbers so that the order of bytes is theirs.
func key(list ...uint64) (b []byte) {
	for _, n := range list {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}

// resort moves the rows of one sorter into another, with keys.
func resort(from, to *report.Sorter, keyOf func(report.Record) []byte) error {
	return from.Each(func(row []byte) error {
		rec, err := report.Decode(row)
		if err != nil {
			return err
		}
		return to.Add(keyOf(rec), row)
	})
}

// handOn gives next the records of the sorters, then the summary if there is
// one.
func handOn(next report.Sink, sum report.Record, sorters ...*report.Sorter) error {
	for _, s := range sorters {
		err := s.Each(func(row []byte) error {
			rec, err := report.Decode(row)
			if err != nil {
				return err
			}
			return next.Add(rec)
		})
		if err != nil {
			return err
		}
	}
	if sum == nil {
		return nil
	}
	return next.Add(sum)
}
