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
		return &worstFirst{next: next, kinds: digest.New(0, false), numbers: map[string]byte{}}
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

// worstFirst orders findings, and connections by the kind of the worst
// finding that they have; the connections come first.
type worstFirst struct {
	next        report.Sink
	kinds       *digest.Digest
	numbers     map[string]byte // of the kinds of finding, as they came up
	connections report.Sorter   // in the order they came: their rank, then themselves
	findings    report.Sorter
	sum         report.Record
}

// Add takes one record.
func (s *worstFirst) Add(rec report.Record) error {
	switch r := rec.(type) {
	case *report.Connection:
		return s.connections.Add(nil, report.Append(s.rank(r), r))
	case *report.Finding:
		if err := s.kinds.Add(r); err != nil {
			return err
		}
		return s.findings.Add(findingKey(r), report.Append(nil, r))
	case *report.Summary:
		s.sum = r
		return nil
	}
	return s.next.Add(rec)
}

// rank is what the place of a connection depends on, without the order of the
// kinds, which is known only at the end: how many findings it has, their
// numbers, and its id.
func (s *worstFirst) rank(c *report.Connection) []byte {
	n := min(len(c.Findings), maxKinds)
	b := []byte{byte(n)}
	for _, id := range c.Findings[:n] {
		number, ok := s.numbers[id]
		if !ok {
			number = byte(min(len(s.numbers), maxKinds))
			s.numbers[id] = number
		}
		b = append(b, number)
	}
	return binary.BigEndian.AppendUint64(b, c.ID)
}

// maxKinds is more than there are kinds of finding.
const maxKinds = 255

// findingKey: severity, confidence, number of connections, first frame.
func findingKey(f *report.Finding) []byte {
	down := func(n int) uint64 { return math.MaxUint64 - uint64(max(n, 0)) }
	var first uint64
	if len(f.Frames) > 0 {
		first = f.Frames[0]
	}
	return key(down(report.SeverityRank(f.Severity)), down(report.ConfidenceRank(f.Confidence)), down(f.ConnectionsTotal), first)
}

// Close hands everything on, and closes what is below.
func (s *worstFirst) Close() error {
	err := s.handOn()
	return firstOf(err, s.connections.Close(), s.findings.Close(), s.next.Close())
}

// handOn sorts the connections, now that the kinds have their order: by the
// worst finding, then those with more findings, then by first packet.
func (s *worstFirst) handOn() error {
	var places [maxKinds + 1]uint64
	for i := range places {
		places[i] = math.MaxUint64
	}
	for i, g := range s.kinds.Groups() {
		if number, ok := s.numbers[g.ID]; ok {
			places[number] = uint64(i)
		}
	}
	var sorted report.Sorter
	defer sorted.Close()
	err := s.connections.Each(func(row []byte) error {
		n := int(row[0])
		worst := uint64(math.MaxUint64)
		for _, number := range row[1 : 1+n] {
			worst = min(worst, places[number])
		}
		id := row[1+n:]
		return sorted.Add(key(worst, uint64(maxKinds-n), binary.BigEndian.Uint64(id)), id[8:])
	})
	if err != nil {
		return err
	}
	return handOn(s.next, s.sum, &sorted, &s.findings)
}

// key is numbers so that the order of bytes is theirs.
func key(list ...uint64) (b []byte) {
	for _, n := range list {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
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
