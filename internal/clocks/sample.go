package clocks

import (
	"cmp"
	"os"
	"slices"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/wire"
)

// Bounds of what is read and kept.
const (
	maxSampled = 1024     // files
	maxKept    = 4096     // segments of one file, or twice as many
	maxAllKept = 1 << 18  // of all files
	headOctets = 4 << 20  // of one file, at first,
	headFrames = 2 * 4096 // ... whichever is less,
	allHeads   = 1 << 16  // ... and in all files together
	allOctets  = 64 << 20 // of all files together
	allFrames  = 1 << 17  // ... whichever is less
	maxAgain   = 16       // files of which more than the head may be read
	// packed is how many times as long an octet that has to be decompressed takes.
	packed = 4
)

// sighting is a segment as one file has it.
type sighting struct {
	id      uint64 // all that a copy of it has in common with it
	time    int64
	hosts   uint64 // the two addresses
	file    int32
	reverse bool // from the higher address
	telling bool // it has data, a SYN or a FIN
}

// sample is what is kept of a file.
type sample struct {
	file  int32
	keep  int
	list  []sighting
	limit uint64 // those with as great an id are not kept; 0: all are
	more  bool   // than what was read

	packets     int
	first, last int64 // times of these
}

// extent is how much of each file is read.
type extent struct{ octets, frames int }

// read takes the sample of one capture. What is wrong with it the analysis will tell.
func read(f *capture.FileInfo, file, keep int, most extent, ports map[uint16]wire.Encapsulation) *sample {
	s := &sample{file: int32(file), keep: keep}
	if info, err := os.Stat(f.Name); err != nil || !info.Mode().IsRegular() || f.Name == "-" {
		return s // what can be read only once
	}
	set, err := capture.Open([]string{f.Name}, capture.Options{})
	if err != nil {
		return s
	}
	defer set.Close()
	if f.Compression != "" {
		most.octets /= packed
	}
	d := wire.Decoder{IgnoreIDs: true, Ports: ports}
	s.take(set, &d, most)
	if set.Files()[0].Untimed > 0 {
		s.list = nil // times that are none tell nothing
	}
	return s
}

// take reads packets until there are no more, or there were enough.
func (s *sample) take(src capture.BatchSource, d *wire.Decoder, most extent) {
	batch := make([]capture.Packet, 32)
	var seg wire.Segment
	for most.octets > 0 && most.frames > 0 {
		n, err := src.NextBatch(batch)
		if err != nil {
			return
		}
		for i := range batch[:n] {
			p := &batch[i]
			if d.Decode(uint32(p.Link), p.Data, p.OrigLen, &seg) == wire.OutcomeTCP {
				s.add(&seg, p.Time)
			}
			if s.packets++; s.packets == 1 {
				s.first = p.Time
			}
			s.last = p.Time
			most.octets -= len(p.Data) + 16
		}
		most.frames -= n
	}
	s.more = true
}

// maxTime is the latest time that is compared, in 2096: differences of two fit.
const maxTime = int64(4e18)

// add keeps a segment if its hash is among the lowest.
func (s *sample) add(seg *wire.Segment, t int64) {
	if t < 0 || t > maxTime || seg.Fragment || !seg.WindowKnown() {
		return
	}
	id, hosts := identity(seg)
	if s.limit != 0 && id >= s.limit {
		return
	}
	s.list = append(s.list, sighting{id: id, time: t, hosts: hosts, file: s.file, reverse: seg.Dir != 0,
		telling: seg.Len > 1 || seg.Flags&(wire.SYN|wire.FIN) != 0})
	if len(s.list) >= 2*s.keep {
		slices.SortStableFunc(s.list, func(a, b sighting) int { return cmp.Compare(a.id, b.id) })
		s.limit = s.list[s.keep].id
		s.list = slices.DeleteFunc(s.list, func(x sighting) bool { return x.id >= s.limit })
	}
}

// identity mixes everything that a copy of a segment at another tap has in common with
// it, and separately its two addresses. The checksum is not among it: at the sender it may
// not be filled in yet. The numbers of a keepalive probe come again and again: the IPv4 id
// and the timestamps tell one from the other, where there are any.
func identity(s *wire.Segment) (id, hosts uint64) {
	for i := range s.Tuple.Addr {
		hosts = mix(hosts, le.Uint64(s.Tuple.Addr[i][:8]))
		hosts = mix(hosts, le.Uint64(s.Tuple.Addr[i][8:]))
	}
	id = mix(hosts, uint64(s.Tuple.Port[0])<<32|uint64(s.Tuple.Port[1])<<8|uint64(s.Dir))
	id = mix(id, uint64(s.Seq)<<32|uint64(s.Ack))
	id = mix(id, uint64(s.Window)<<48|uint64(s.Flags)<<32|uint64(s.Len))
	if s.Options.Has&wire.OptTimestamps != 0 {
		id = mix(id, uint64(s.Options.TSVal)<<32|uint64(s.Options.TSEcr))
	}
	for i := range s.Options.NSACK {
		b := s.SACK(i)
		id = mix(id, uint64(b.Left)<<32|uint64(b.Right))
	}
	if s.HasIPID {
		id = mix(id, uint64(s.IPID))
	}
	return id, hosts
}
