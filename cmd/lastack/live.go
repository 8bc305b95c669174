package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/live"
)

// liveSettings are those that only a live capture has.
type liveSettings struct {
	*settings
	iface       string
	promiscuous bool
}

// liveConnections bounds the connections held where --max-connections does
// not, since a live capture may run for ever: to some 400 MB.
const liveConnections = 100_000

func liveCommand(a *app) *cobra.Command {
	s := liveSettings{settings: newSettings()}
	cmd := &cobra.Command{
		Use:   "live -i INTERFACE | -",
		Short: "Report as it happens, from an interface or a pipe",
		Long: `Follows the connections of a network interface (Linux; root or CAP_NET_RAW) or of a capture that
arrives on standard input, and prints findings and finished connections as they come: as text when
both ends have closed, and again if what follows changes it; as NDJSON when nothing more can come of
them, 2MSL later. Ctrl-C ends it with the report, and exit status 0.`,
		Example: `  lastack live -i eth0
  tcpdump -i any -U -w - tcp | lastack live - --format ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			fromPipe := len(args) == 1 && args[0] == "-"
			if len(args) > 0 && !fromPipe || fromPipe == (s.iface != "") {
				return usagef("%s needs either -i and an interface, or - for standard input", cmd.CommandPath())
			}
			s.live = true
			if s.maxConnections.value == 0 {
				s.maxConnections.value = liveConnections
			}
			if fromPipe {
				return a.livePipe(s.settings)
			}
			return a.liveInterface(&s)
		},
	}
	input := newGroup("Input")
	input.StringVarP(&s.iface, "interface", "i", "", "capture on this `INTERFACE`")
	input.BoolVar(&s.promiscuous, "promiscuous", false, "capture what is for other hosts, too")
	addGroups(cmd, input, s.analysisFlags(), s.reportFlags().only("format", "output", "top", "all", "quiet"), s.lookFlags())
	return cmd
}

// livePipe reads a capture from standard input as it comes. Its clock is that
// of the packets.
func (a *app) livePipe(s *settings) error {
	err := a.analyze(s, []string{"-"})
	if e, ok := errors.AsType[*exitError](err); ok && e.code == exitInterrupted {
		return nil // before anything came
	}
	return err
}

// liveInterface captures until it is stopped. While no packet comes the wall
// clock stands in for the packets' time.
func (a *app) liveInterface(s *liveSettings) error {
	stop := watchSignals()
	defer stop.release()
	src, err := live.Open(s.iface, live.Options{Promiscuous: s.promiscuous})
	if err != nil {
		if unknown, ok := errors.AsType[*live.UnknownInterfaceError](err); ok {
			return &exitError{exitUsage, unknown}
		}
		return &capture.Error{File: s.iface, Offset: -1, Err: err}
	}
	defer src.Close()
	j, err := a.newJob(s.settings, interfaceSource{src}, stop)
	if err != nil {
		return err
	}
	j.idle = func(err error) bool {
		if err != live.ErrIdle {
			return false
		}
		j.one.Advance(time.Now().Add(-live.DefaultWait))
		return true
	}
	if !s.quiet {
		fmt.Fprintf(a.err, "lastack: listening on %s; Ctrl-C ends it with the report\n", s.iface)
	}
	return j.toTheEnd()
}

// interfaceSource names the interface so that nobody takes it for a file.
type interfaceSource struct{ *live.Source }

// Files describes the capture.
func (s interfaceSource) Files() []capture.FileInfo {
	files := s.Source.Files()
	for i := range files {
		files[i].Name += " (live)"
	}
	return files
}
