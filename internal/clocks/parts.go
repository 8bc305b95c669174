package clocks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lastack/lastack/capture"
)

// span is when what was read of a file was captured.
type span struct {
	file, packets int
	first, last   int64
}

// parts finds the captures that have several files, one after the other, as tcpdump -C and
// -G and dumpcap -b write them: their names differ in digits only, and none begins before
// what was read of another has ended. They have one clock: where one of them shares segments
// with another tap's, and the next does not, both are to be corrected, or neither.
func parts(files []capture.FileInfo, spans []span) (captures [][]int) {
	byName := map[string][]span{}
	var names []string // in the order of the files
	for i := range files {
		if spans[i].packets == 0 {
			continue
		}
		name := withoutDigits(files[i].Name)
		if byName[name] == nil {
			names = append(names, name)
		}
		byName[name] = append(byName[name], spans[i])
	}
	for _, name := range names {
		if list := inTurn(byName[name]); len(list) > 1 {
			captures = append(captures, list)
		}
	}
	return captures
}

// inTurn returns the files in the order of their times, or nil if they overlap.
func inTurn(list []span) (files []int) {
	slices.SortStableFunc(list, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	for i, s := range list {
		if i > 0 && s.first < list[i-1].last {
			return nil
		}
		files = append(files, s.file)
	}
	return files
}

func withoutDigits(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name)
}

// oneClock links each file of a capture with the next; none, if two of them share segments.
func oneClock(list []int, linked map[pair]bool) (links []link) {
	in := map[int32]bool{}
	for _, file := range list {
		in[int32(file)] = true
	}
	for p := range linked {
		if in[p.one] && in[p.other] {
			return nil
		}
	}
	for i := 1; i < len(list); i++ {
		one, other := int32(list[i-1]), int32(list[i])
		links = append(links, link{pair{min(one, other), max(one, other)}, verdict{sure: true}})
	}
	return links
}
