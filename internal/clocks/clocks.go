package clocks

import (
	"cmp"
	"slices"
	"time"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/wire"
)

// Difference is what the clock of one file is ahead of another's.
type Difference struct {
	File, Reference int           // indexes into the files
	Ahead           time.Duration // of File's clock; negative: it is behind
	// Segments is how many of the segments that both have say so: of one direction and of
	// the other. None: With is another file of the same capture.
	Segments [2]int
	With     int // the file that has them, too: the reference, or one that was compared with it
	// Sure is false where they were seen in one direction only: then the time that the
	// segments took is in it, and nothing is to be corrected by it.
	Sure bool
}

// Limits of what is believed.
const (
	// least is the smallest difference that is corrected. Below it the order in which the
	// two copies of a segment come is no matter: they are one, whichever comes first.
	least = 5 * time.Millisecond
	// early is how long before it was sent a segment must have been seen at the other tap:
	// cards and drivers stamp some of them late.
	early = time.Millisecond
	// enough is how many segments have to agree in each direction. One is a coincidence
	// already: they have the same sequence and acknowledgement numbers. But what is sent
	// again, in the next file of a capture, is no copy, and comes at any time.
	enough = 3
	// enoughAlone is how many where one direction is all there is.
	enoughAlone = 8
	// leastAlone is the difference that is told then: no way takes so long.
	leastAlone = time.Second
	// spread is how much half of them may differ, at most.
	spread = time.Second
	// repeat is how soon after a segment another one like it is a copy by the same tap.
	repeat = int64(5 * time.Millisecond)
)

// Compare reads samples of the files, those that are regular, and returns the files whose
// clocks differ from an earlier one's, in the order of the files. ports is what
// wire.Decoder.Ports takes.
func Compare(files []capture.FileInfo, ports map[uint16]wire.Encapsulation) []Difference {
	n := min(len(files), maxSampled)
	if n < 2 {
		return nil
	}
	share := extent{octets: allOctets / n, frames: allFrames / n}
	head := extent{octets: min(headOctets, share.octets), frames: min(headFrames, allHeads/n)}
	all := readAll(files[:n], head, ports)
	pairs := match(all.list)
	if all.more && n <= maxAgain && all.alone(pairs) {
		all = readAll(files[:n], share, ports)
		pairs = match(all.list)
	}
	return settle(pairs, parts(files[:n], all.span), n)
}

// samples are those of all files.
type samples struct {
	list []sighting
	some []bool // of this file there are any
	more bool   // there is more to read
	span []span // of each file
}

// readAll takes the samples of all files, one after the other.
func readAll(files []capture.FileInfo, most extent, ports map[uint16]wire.Encapsulation) (all samples) {
	keep := min(maxKept, maxAllKept/len(files))
	for i := range files {
		s := read(&files[i], i, keep, most, ports)
		all.list = append(all.list, s.list...)
		all.some = append(all.some, len(s.list) > 0)
		all.more = all.more || s.more
		all.span = append(all.span, span{file: i, packets: s.packets, first: s.first, last: s.last})
	}
	return all
}

// pair is two files, the first one named first.
type pair struct{ one, other int32 }

// relation is what is known of the two: how much later the other has segments that both have.
type relation struct {
	hosts map[uint64]*[2][]int64 // by the two addresses, and the direction
	tells []int64                // of these, that of segments which have something to tell
}

// match finds the segments that several files have. Of more than two each is compared with
// the first: so many files of the same cost no more than their number.
func match(list []sighting) map[pair]*relation {
	slices.SortFunc(list, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.file, b.file), cmp.Compare(a.time, b.time))
	})
	pairs := map[pair]*relation{}
	var same []sighting // once for each file
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].id == list[0].id {
			n++
		}
		same = once(same[:0], list[:n])
		for i := 1; i < len(same); i++ {
			add(pairs, &same[0], &same[i])
		}
		list = list[n:]
	}
	return pairs
}

// once takes those of list that their file has once: of what it has again much later
// nobody knows which one the other file has. list is in the order of files and times.
func once(out, list []sighting) []sighting {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].file == list[0].file {
			n++
		}
		if list[n-1].time-list[0].time <= repeat {
			out = append(out, list[0])
		}
		list = list[n:]
	}
	return out
}

func add(pairs map[pair]*relation, a, b *sighting) {
	key := pair{a.file, b.file}
	r := pairs[key]
	if r == nil {
		r = &relation{hosts: map[uint64]*[2][]int64{}}
		pairs[key] = r
	}
	both := r.hosts[a.hosts]
	if both == nil {
		both = &[2][]int64{}
		r.hosts[a.hosts] = both
	}
	x := 0
	if a.reverse {
		x = 1
	}
	both[x] = append(both[x], b.time-a.time)
	if a.telling {
		r.tells = append(r.tells, b.time-a.time)
	}
}

// alone reports whether a file is in no pair whose clocks can be compared.
func (all *samples) alone(pairs map[pair]*relation) bool {
	left := slices.Clone(all.some)
	for p, r := range pairs {
		if _, ok := r.estimate(); ok {
			left[p.one], left[p.other] = false, false
		}
	}
	return slices.Contains(left, true)
}
