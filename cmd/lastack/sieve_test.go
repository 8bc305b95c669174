package main

import (
	"bytes"
	"io"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
	"github.com/lastack/lastack/internal/lab/judge"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/text"
)

// reportText is the text report of a capture, from all records, or only from those that
// the sieves want.
func reportText(t *testing.T, opt analyzer.Options, workers int, sieved bool, src capture.Source) (out string, given int) {
	t.Helper()
	var b bytes.Buffer
	sink := text.New(&b, text.Options{})
	opt.OnRecord = func(r report.Record) {
		given++
		if err := sink.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if sieved {
		opt.Sift = func() analyzer.Sieve { return sink.Sieve() }
	}
	p := analyzer.NewPool(opt, workers)
	batches, batch := capture.Batches(src), make([]capture.Packet, analyzer.BatchSize)
	for {
		n, err := batches.NextBatch(batch)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p.AddPackets(batch[:n])
	}
	p.Close()
	if err := sink.Add(p.Summary()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), given
}

// scan yields SYNs, each from a port of its own, of which every seventh is answered or
// sent again, in some orders.
type scan struct {
	n, left int
	frame   []byte
}

func (s *scan) Next(p *capture.Packet) error {
	if s.n == s.left {
		return io.EOF
	}
	k := s.n
	s.n++
	src, dst := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(k)), netip.MustParseAddrPort("198.51.100.1:443")
	flags, seq, ack := byte(2), uint32(k), uint32(0)
	switch k % 7 {
	case 3: // the last SYN is answered
		src = netip.AddrPortFrom(src.Addr(), uint16(k-1))
		src, dst, flags, seq, ack = dst, src, 0x12, 7, uint32(k)
	case 5: // it comes again
		src, seq = netip.AddrPortFrom(src.Addr(), uint16(k-1)), uint32(k-1)
	case 6: // it is refused
		src = netip.AddrPortFrom(src.Addr(), uint16(k-2))
		src, dst, flags, seq, ack = dst, src, 0x14, 0, uint32(k-1)
	}
	s.frame = tcpFrame(src, dst, flags, seq, ack)
	*p = capture.Packet{Number: uint64(s.n), Frame: uint64(s.n), Time: 1e18 + int64(k)*3e6, Link: 1, OrigLen: uint32(len(s.frame)), Data: s.frame}
	return nil
}

// tcpFrame is an Ethernet frame with a segment that has neither options nor payload.
func tcpFrame(src, dst netip.AddrPort, flags byte, seq, ack uint32) []byte {
	f := make([]byte, 54)
	f[12] = 8
	ip := f[14:]
	ip[0], ip[3], ip[8], ip[9] = 0x45, 40, 64, 6
	copy(ip[12:], src.Addr().AsSlice())
	copy(ip[16:], dst.Addr().AsSlice())
	tcp := ip[20:]
	tcp[0], tcp[1], tcp[2], tcp[3] = byte(src.Port()>>8), byte(src.Port()), byte(dst.Port()>>8), byte(dst.Port())
	for i := range 4 {
		tcp[4+i], tcp[8+i] = byte(seq>>(24-8*i)), byte(ack>>(24-8*i))
	}
	tcp[12], tcp[13], tcp[14] = 0x50, flags, 0xff
	return f
}

// TestSieve: a report of what the sieves want is the same as one of all records, and
// needs far fewer, whatever the workers, also where connections are given up.
func TestSieve(t *testing.T) {
	dir := t.TempDir()
	if err := judge.Unpack("../../analyzer/testdata/kernel/captures.tar.zst", dir); err != nil {
		t.Fatal(err)
	}
	stories, _ := filepath.Glob(filepath.Join(dir, "*", "A.pcap"))
	for _, c := range []struct {
		name string
		opt  analyzer.Options
		most float64 // of the records that are given
		open func() capture.Source
	}{
		{"stories", analyzer.Options{Files: len(stories)}, 1, func() capture.Source { return opened(t, stories...) }},
		{"mix", analyzer.Options{}, 1, func() capture.Source { return opened(t, filepath.Join(dir, "random-7704", "B.pcap")) }},
		{"load", analyzer.Options{}, 0.6, func() capture.Source { return generated(t) }},
		{"load, many given up", analyzer.Options{MaxConnections: 4096}, 0.6, func() capture.Source { return generated(t) }},
		{"scan", analyzer.Options{}, 0.1, func() capture.Source { return &scan{left: 60_000} }},
		{"scan, many given up", analyzer.Options{MaxConnections: 5000}, 0.1, func() capture.Source { return &scan{left: 60_000} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, all := reportText(t, c.opt, 1, false, c.open())
			for _, workers := range []int{1, 2, 8} {
				got, given := reportText(t, c.opt, workers, true, c.open())
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d workers: %s", workers, diff)
				}
				if float64(given) > c.most*float64(all) {
					t.Errorf("%d of %d records were given", given, all)
				}
			}
		})
	}
}

func opened(t *testing.T, files ...string) capture.Source {
	t.Helper()
	set, err := capture.Open(files, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func generated(t *testing.T) capture.Source {
	t.Helper()
	cfg := load.Default()
	cfg.Packets, cfg.Connections, cfg.Concurrent, cfg.Rate, cfg.Snaplen = 300_000, 9000, 2500, 15, 96
	g, err := load.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
