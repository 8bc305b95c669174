package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/report/term"
)

func findingsCommand(a *app) *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "List what can be found, how severe it is, and the thresholds that decide",
		Long: `Lists every finding with the severity of its ordinary case, and the thresholds that decide some of
them, with their values and reasons. What a finding means, lastack explain ID tells.`,
		Example: `  lastack findings
  lastack findings --threshold close-wait=5m
  lastack capture.pcap --threshold close-wait=5m --threshold syn-flood=1000`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.listFindings(s) },
	}
	addGroups(cmd, s.analysisFlags().only("threshold", "ulimit"), s.lookFlags().only("color", "width"))
	return cmd
}

// listFindings prints the detectors, then the thresholds.
func (a *app) listFindings(s *settings) error {
	look := s.look(a, false)
	w := &lines{w: a.out, look: look}
	w.line(look.Paint().Bold(fmt.Sprintf("%d findings, in the order of a connection's life", len(detect.All))))
	for i := range detect.All {
		d := &detect.All[i]
		w.entry(term.Pad(d.ID, idWidth)+look.Paint().Severity(d.Severity, term.Pad(d.Severity, severityWidth)), idWidth+severityWidth, d.Title+across(d))
	}
	w.line("")
	w.line(look.Paint().Bold("thresholds, set with --threshold NAME=VALUE"))
	for i := range detect.Thresholds {
		t := &detect.Thresholds[i]
		w.entry(term.Pad(t.Name, idWidth)+term.Pad(s.thresholds.limits.Value(detect.Limit(i)), severityWidth), idWidth+severityWidth,
			t.Why+" Decides "+strings.Join(t.Used, ", ")+".")
	}
	return w.err
}

const (
	idWidth       = 28
	severityWidth = 10
)

// across says that a finding is one of many connections.
func across(d *detect.Detector) string {
	if d.Overall() {
		return " (over many connections)"
	}
	return ""
}

// lines writes lines until one fails.
type lines struct {
	w    io.Writer
	look term.Look
	err  error
}

func (l *lines) line(s string) {
	if l.err == nil {
		_, l.err = fmt.Fprintln(l.w, s)
	}
}

// entry writes a head of so many columns, and text beside it.
func (l *lines) entry(head string, width int, text string) {
	for i, part := range term.Wrap(text, max(l.look.Columns()-width-2, 20)) {
		if i > 0 {
			head = term.Pad("", width)
		}
		l.line("  " + head + part)
	}
}
