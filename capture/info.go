package capture

// FileInfo is what is known of one input so far: its format as soon as the
// Set is open, the link types as soon as the file has told them (pcap: at
// once; a regular pcapng file: those before its first packet; erf: with their
// first packets), the rest as it is read.
type FileInfo struct {
	Name          string     // as given or found, "-" for standard input; may hold any octet
	Format        string     // "pcap", "pcapng", "snoop" or "erf"
	Compression   string     // "gzip", "zstd", "xz", "lz4", "bzip2", or "" for none
	Links         []LinkType // the file's link types, in order of appearance
	Used          []Place    // of each of these, the first packet; the zero Place if there was none
	Packets       uint64     // delivered
	Bytes         uint64     // octets of these on the wire
	CapturedBytes uint64     // octets of these in the file
	Shift         int64      // nanoseconds that Set.Shift adds to its times
	First, Last   int64      // earliest and latest time of these, nanoseconds since the epoch
	Untimed       uint64     // of these, without a time stamp of their own (simple packet blocks)
	Dropped       uint64     // packets that the capture lost, as far as it says
	DroppedKnown  bool       // the file says something about drops
	Err           *Error     // why reading ended early; nil if it did not
}

// Place is where a packet stands in a file: its frame, and the offset of its
// record or block in the (decompressed) input.
type Place struct {
	Frame  uint64
	Offset int64
}

// TruncatedAt returns the offset in the (decompressed) input where reading
// broke off, and whether it did.
func (f *FileInfo) TruncatedAt() (offset int64, broken bool) {
	if f.Err == nil {
		return 0, false
	}
	return f.Err.Offset, true
}

// count takes in n delivered packets of so many octets, with their earliest and latest time.
func (f *FileInfo) count(n int, octets, captured uint64, first, last int64) {
	if f.Packets == 0 {
		f.First, f.Last = first, last
	}
	f.Packets += uint64(n)
	f.Bytes += octets
	f.CapturedBytes += captured
	f.First, f.Last = min(f.First, first), max(f.Last, last)
}
