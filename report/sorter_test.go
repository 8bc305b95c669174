package report_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/lastack/lastack/report"
)

// TestSorter: whatever the limit, rows come back by key and, with equal keys,
// as they were added; nothing is left in the directory.
func TestSorter(t *testing.T) {
	for _, limit := range []int{0, 1, 100, 5000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			dir := t.TempDir()
			s := report.Sorter{Limit: limit, Dir: dir}
			r := rand.New(rand.NewPCG(1, 2))
			const n = 500
			for i := range n {
				key := binary.BigEndian.AppendUint16(nil, uint16(r.IntN(20)))
				if err := s.Add(key, fmt.Appendf(nil, "%05d %05d", key, i)); err != nil {
					t.Fatal(err)
				}
			}
			last, count := "", 0
			err := s.Each(func(row []byte) error {
				if string(row) <= last {
					t.Fatalf("%s after %s", row, last)
				}
				last = string(row)
				count++
				return nil
			})
			if err != nil || count != n {
				t.Fatal(err, count)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Error("left behind:", left)
			}
		})
	}
}

func TestSorterEmptyAndErrors(t *testing.T) {
	var s report.Sorter
	if err := s.Each(func([]byte) error { return errors.New("called") }); err != nil {
		t.Error(err)
	}
	stop := errors.New("stop")
	for _, limit := range []int{0, 1} {
		s := report.Sorter{Limit: limit, Dir: t.TempDir()}
		s.Add(nil, []byte("a"))
		s.Add(nil, nil)
		if err := s.Each(func([]byte) error { return stop }); err != stop {
			t.Error(err)
		}
		s.Close()
	}
	s = report.Sorter{Limit: 1, Dir: "/does/not/exist"}
	if err := s.Add(nil, []byte("a")); err == nil {
		t.Error("no error without a place for the file")
	}
}
