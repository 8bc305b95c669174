package main

import (
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/capture"
)

const analyzeLong = `Reads captures (pcap, pcapng, snoop and ERF, plain or compressed with gzip, zstd, xz, lz4 or bzip2),
from files, directories or standard input (-), merged by time into one, and reports on every TCP
connection in them.`

const analyzeExample = `  lastack analyze capture.pcap
  lastack analyze -r /var/log/captures --format ndjson -o connections.ndjson
  lastack analyze a.pcap b.pcap.gz --stack 10.0.0.0/8=windows --fail-on warning
  lastack analyze --follow '/var/log/captures/web-*.pcap' --format ndjson
  tcpdump -c 10000 -w - tcp | lastack analyze -`

// analyzeGroups are the flags of analyze, and of the root for short.
func (s *settings) analyzeGroups() []flagGroup {
	return []flagGroup{s.inputFlags(), s.analysisFlags(), s.reportFlags(), s.ladderFlags(), s.lookFlags(), s.profileFlags()}
}

func analyzeCommand(a *app) *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:     "analyze FILE|DIRECTORY|-...",
		Short:   "Report on the TCP connections of captures",
		Long:    analyzeLong + "\n\n" + exitHelp,
		Example: analyzeExample,
		Args:    withArgs(cobra.MinimumNArgs(1), "a capture: a file, a directory, or - for standard input"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.analyze(s, args) },
	}
	addGroups(cmd, s.analyzeGroups()...)
	return cmd
}

func showCommand(a *app) *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:   "show CAPTURE... --conn N",
		Short: "Draw one connection segment by segment",
		Long: `Draws a connection of the captures: every segment, what it was, and the states of both ends beside
it. N is the number that the report prints after #. The same as lastack analyze --conn N.`,
		Example: `  lastack show capture.pcap --conn 17`,
		Args:    withArgs(cobra.MinimumNArgs(1), "a capture: a file, a directory, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.conn == 0 {
				return usagef("%s needs --conn N, the number that the report prints after #", cmd.CommandPath())
			}
			return a.analyze(s, args)
		},
	}
	addGroups(cmd, s.ladderFlags(), s.inputFlags(), s.analysisFlags(),
		s.reportFlags().only("format", "output"), s.lookFlags())
	return cmd
}

// analyze reads the captures that paths name and writes the report.
func (a *app) analyze(s *settings, paths []string) error {
	if s.quiet && (s.format.value != formatText || s.conn != 0) {
		return usagef("--quiet is one line of text for the capture: it goes with neither --conn nor another --format")
	}
	if s.followIdle > 0 && !s.follow {
		return usagef("--follow-idle says when --follow ends: it needs that")
	}
	if stdin, ok := a.in.(*os.File); ok && slices.Contains(paths, "-") && isTerminal(stdin) {
		return usagef("standard input is a terminal: pipe a capture into it")
	}
	stop := watchSignals()
	defer stop.release()
	set, pipe, err := a.open(s, paths, stop)
	if err != nil {
		return stop.instead(err)
	}
	defer set.Close()
	if !s.follow && !s.keepClocks {
		a.agree(s, set)
	}
	j, err := a.newJob(s, set, stop)
	if err != nil {
		return err
	}
	pipe.wait = j.flush
	return s.profiled(j.toTheEnd)
}

// open opens the captures. The stream is the pipe among them: standard input,
// or the one that is named if nothing else is. (Of several named ones a first
// signal has to wait for the packets to come.)
func (a *app) open(s *settings, paths []string, stop *stopper) (*capture.Set, *stream, error) {
	if len(paths) == 1 && isPipe(paths[0]) && !s.follow {
		pipe := &stream{in: &lateFile{path: paths[0]}, stop: stop.requested}
		set, err := capture.OpenReader(paths[0], pipe)
		return set, pipe, err
	}
	pipe := &stream{in: a.in, stop: stop.requested}
	if s.follow {
		set, err := capture.Open(paths, capture.Options{Recursive: s.recursive, Follow: &capture.Follow{
			Stop: stop.requested, Idle: time.Duration(s.followIdle), Waiting: pipe.waits}})
		return set, pipe, err
	}
	set, err := capture.Open(paths, capture.Options{Recursive: s.recursive, Stdin: pipe})
	return set, pipe, err
}

// isPipe reports whether path is something that is read as it comes.
func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// lateFile opens a file when it is first read: the opening of a named pipe
// waits for its writer.
type lateFile struct {
	path string
	file *os.File
}

// Read implements io.Reader.
func (f *lateFile) Read(p []byte) (n int, err error) {
	if f.file == nil {
		if f.file, err = os.Open(f.path); err != nil {
			return 0, err
		}
	}
	return f.file.Read(p)
}
