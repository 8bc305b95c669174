package main

import (
	"bytes"
	_ "embed"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/capture"
)

// demoCapture is testdata/pcaps/lost-final-ack/A.pcap.
//
//go:embed demo.pcap
var demoCapture []byte

const (
	demoName       = "(demo)" // no file to name in commands
	demoConnection = 1        // the only one in it
)

func demoCommand(a *app) *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a report and a ladder of a small capture that is built in",
		Long: `Analyses a capture that is part of the program: 13 segments of a connection whose last ACK was lost
once, between two Linux hosts. First comes the report, then the connection itself.`,
		Args: withArgs(cobra.NoArgs, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return a.demo(s) },
	}
	addGroups(cmd, s.analysisFlags().only("stack", "msl"), s.reportFlags().only("format", "output"),
		s.ladderFlags().only("full"), s.lookFlags())
	return cmd
}

func (a *app) demo(s *settings) error {
	set, err := capture.OpenReader(demoName, bytes.NewReader(demoCapture))
	if err != nil {
		return err
	}
	if s.forPeople() {
		s.conn, s.reportToo = demoConnection, true
	}
	stop := watchSignals()
	defer stop.release()
	j, err := a.newJob(s, set, stop)
	if err != nil {
		return err
	}
	return j.toTheEnd()
}
