package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/lastack/lastack/internal/gen/load"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0, 1 for trouble while writing, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	cfg := load.Default()
	f := flag.NewFlagSet("gen", flag.ContinueOnError)
	f.SetOutput(stderr)
	format := f.String("format", "pcap", "pcap or pcapng")
	out := f.String("o", "-", "write to `FILE`; - is standard output")
	define(f, &cfg)
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	g, err := load.New(cfg)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "gen:", err)
		return 2
	}
	if *out == "-" {
		err = g.Save(stdout, *format)
	} else {
		err = g.SaveFile(*out, *format)
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(stderr, "gen:", err)
		return 1
	}
	truth, err := json.Marshal(g.Truth())
	if err != nil {
		panic(err) // it is made of numbers and strings
	}
	fmt.Fprintf(stderr, "%s\n", truth)
	return 0
}

// define makes the flags that change cfg.
func define(f *flag.FlagSet, cfg *load.Config) {
	f.Uint64Var(&cfg.Seed, "seed", cfg.Seed, "the same seed gives the same capture")
	f.IntVar(&cfg.Packets, "packets", cfg.Packets, "about so many packets")
	f.IntVar(&cfg.Connections, "connections", cfg.Connections, "connections in all")
	f.IntVar(&cfg.Concurrent, "concurrent", cfg.Concurrent, "about so many connections at a time")
	f.Float64Var(&cfg.Rate, "rate", cfg.Rate, "new connections a second of the capture's clock")
	f.IntVar(&cfg.Snaplen, "snaplen", cfg.Snaplen, "octets of a frame at most")
	f.Float64Var(&cfg.V6, "v6", cfg.V6, "share of connections over IPv6, from 0 to 1")
	f.Float64Var(&cfg.Timestamps, "timestamps", cfg.Timestamps, "share of connections with TCP timestamps")
	f.IntVar(&cfg.Payload, "payload", cfg.Payload, "mean octets of an answer")
	f.Float64Var(&cfg.Loss, "loss", cfg.Loss, "share of data segments that are lost")
	f.Float64Var(&cfg.Keepalive, "keepalive", cfg.Keepalive, "share of pauses with keepalive probes")
	f.Float64Var(&cfg.Reuse, "reuse", cfg.Reuse, "share of connections whose four-tuple is used again soon")
	f.BoolVar(&cfg.Orderly, "orderly", cfg.Orderly, "every connection opens, and both its ends close")
	f.BoolVar(&cfg.Even, "even", cfg.Even, "every connection has the same share of -packets")
	f.Float64Var(&cfg.MidStream, "midstream", cfg.MidStream, "share of -concurrent that is open when the capture begins")
}
