//go:build linux

package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
)

// recipe says how a load is made. The same recipe makes the same load.
type recipe struct {
	Mix   *load.Config      `json:",omitempty"`
	Flood *load.FloodConfig `json:",omitempty"`
	First uint64            `json:",omitempty"` // packets after which it stops; 0: it ends by itself
	Pack  string            `json:",omitempty"` // gz or zst
}

// workload is a row of workloads.
type workload struct {
	name  string
	what  string // one sentence or two
	make  func() recipe
	piped bool     // never on disk: the generator writes into lastack's standard input
	tools []string // that read it
}

var (
	variants = []string{"lastack", "lastack-1", "lastack-2", "lastack-ndjson"}
	others   = []string{"tcpdump", "capinfos", "tcptrace", "argus", "softflowd"}
)

// workloads are all loads. What tcptrace and tshark do with a flood is not
// worth the memory, what tshark needs for the large ones not the time.
var workloads = []workload{
	{"first", "180,000 connections, 50,000 at a time, frames cut to 96 octets.",
		crowd, false, slices.Concat(variants, others)},
	{"tenth", "A tenth of the first load, for tshark.",
		func() recipe { return mix(1_000_000, 18_000, 5000, 15, nil) }, false, slices.Concat(variants, others, []string{"tshark"})},
	{"first.gz", "The first load, compressed by gzip.",
		func() recipe { return packed("gz") }, false, []string{"lastack", "capinfos"}},
	{"first.zst", "The first load, compressed by zstd.",
		func() recipe { return packed("zst") }, false, []string{"lastack", "capinfos"}},
	{"full", "Full frames of 54,000 connections, 15,000 at a time, with longer answers than in the first load: 2.7 GB.",
		func() recipe { return mix(2_820_000, 54_000, 15_000, 45, full) }, false, slices.Concat([]string{"lastack"}, others)},
	{"concurrent", "1,000,000 connections, opened at 20,000 a second and all still open at the end.",
		func() recipe { return first(10_000_000, mix(30_000_000, 1_000_000, 8_000_000, 20_000, lasting)) },
		false, slices.Concat([]string{"lastack"}, others)},
	{"steady-30m", "1,667 connections a second open and close, of which 2MSL (60 s) holds 100,000; through a pipe.",
		func() recipe { return mix(30_000_000, 545_000, 20_000, 1667, orderly) }, true, []string{"lastack-pipe"}},
	{"steady-100m", "The same for longer.",
		func() recipe { return mix(100_000_000, 1_818_000, 20_000, 1667, orderly) }, true, []string{"lastack-pipe"}},
	{"elephant", "One connection.",
		func() recipe { return mix(5_000_000, 1, 1, 0.001, elephant) }, false, slices.Concat([]string{"lastack"}, others)},
	{"flood", "A SYN from each of 10,000,000 spoofed sources, a million a second, none answered.",
		func() recipe {
			return recipe{Flood: &load.FloodConfig{Seed: 1, SYNs: 10_000_000, Rate: 1e6, Snaplen: snaplen}}
		}, false, []string{"lastack", "tcpdump", "capinfos", "argus", "softflowd"}},
}

// snaplen is that of the loads that are cut.
const snaplen = 96

// mix is the default mixture of stories, in other numbers.
func mix(packets, connections, concurrent int, rate float64, edit func(*load.Config)) recipe {
	cfg := load.Default()
	cfg.Packets, cfg.Connections, cfg.Concurrent, cfg.Rate, cfg.Snaplen = packets, connections, concurrent, rate, snaplen
	if edit != nil {
		edit(&cfg)
	}
	return recipe{Mix: &cfg}
}

func full(cfg *load.Config) { cfg.Snaplen, cfg.Payload = load.Default().Snaplen, 20_000 }

func orderly(cfg *load.Config) { cfg.Orderly, cfg.Reuse, cfg.MidStream = true, 0, 0 }

func lasting(cfg *load.Config) {
	orderly(cfg)
	cfg.Even = true
}

func elephant(cfg *load.Config) {
	lasting(cfg)
	cfg.Payload = 16_000_000
}

func crowd() recipe { return mix(10_000_000, 180_000, 50_000, 150, nil) }

func packed(how string) recipe {
	r := crowd()
	r.Pack = how
	return r
}

func first(n uint64, r recipe) recipe {
	r.First = n
	return r
}

// shrink divides what is counted by n, and leaves times as they are.
func (r recipe) shrink(n int) recipe {
	r.First /= uint64(n)
	if m := r.Mix; m != nil {
		m.Packets /= n
		if m.Connections > 1 {
			m.Connections, m.Concurrent, m.Rate = m.Connections/n, m.Concurrent/n, m.Rate/float64(n)
		}
	}
	if f := r.Flood; f != nil {
		f.SYNs, f.Rate = f.SYNs/n, f.Rate/float64(n)
	}
	return r
}

// source is the generator of r.
func (r *recipe) source() (src capture.Source, snaplen int, err error) {
	if r.Flood != nil {
		src, err = load.NewFlood(*r.Flood)
		snaplen = r.Flood.Snaplen
	} else {
		src, err = load.New(*r.Mix)
		snaplen = r.Mix.Snaplen
	}
	if r.First > 0 {
		src = load.First(r.First, src)
	}
	return src, snaplen, err
}

// counted counts the packets of a source.
type counted struct {
	capture.Source
	n uint64
}

func (c *counted) Next(p *capture.Packet) error {
	err := c.Source.Next(p)
	if err == nil {
		c.n++
	}
	return err
}

// write makes the load, packed or not, and returns how many packets it has.
func (r *recipe) write(w io.Writer) (packets uint64, err error) {
	src, snaplen, err := r.source()
	if err != nil {
		return 0, err
	}
	c := &counted{Source: src}
	pack, err := r.packer(w)
	if err == nil {
		err = load.Save(pack, c, "pcap", snaplen)
	}
	if err == nil {
		err = pack.Close()
	}
	return c.n, err
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

func (r *recipe) packer(w io.Writer) (io.WriteCloser, error) {
	switch r.Pack {
	case "":
		return plain{w}, nil
	case "gz":
		return gzip.NewWriterLevel(w, gzip.DefaultCompression)
	case "zst":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("unknown compression %q", r.Pack)
}

// digest tells whether a load is what r makes now: it is that of the recipe
// and of the first packets.
func (r *recipe) digest() (string, error) {
	const head = 20_000
	spelled, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	h.Write(spelled)
	src, snaplen, err := r.source()
	if err == nil {
		err = load.Save(h, load.First(head, src), "pcap", snaplen)
	}
	return hex.EncodeToString(h.Sum(nil)), err
}
