package main

import (
	"time"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
)

// This file fills in what the settings and the files say about a run.

// analyzerOptions are the settings as the analyzer takes them.
func (s *settings) analyzerOptions(files int) analyzer.Options {
	opt := analyzer.Options{
		Stack:               s.stacks.all,
		Networks:            s.stacks.networks,
		MSL:                 time.Duration(s.msl),
		IgnoreEncapsulation: s.ignoreEncapsulation,
		VerifyChecksums:     s.verifyChecksums,
		DecapPorts:          s.decapPorts.ports,
		Limits:              s.thresholds.limits,
		Files:               files,
		MaxConnections:      s.maxConnections.value,
		MaxMemory:           held(s.memory()),
	}
	if s.forPeople() {
		opt.Watch = uint64(s.conn)
	}
	return opt
}

// captureRecord is the first record of the stream.
func (s *settings) captureRecord(files []capture.FileInfo) *report.Capture {
	stack := s.stacks.all
	if stack == nil {
		stack = &analyzer.Stacks[0]
	}
	msl := time.Duration(s.msl)
	if msl == 0 {
		msl = stack.TwoMSL / 2
	}
	rec := &report.Capture{
		Type:        "capture",
		Schema:      report.Schema,
		Version:     version(),
		Files:       []report.File{},
		Options:     s.options(),
		Assumptions: report.Assumptions{MSL: msl.Seconds(), Stack: stack.Name, Networks: map[string]string{}},
	}
	for _, f := range files {
		rec.Files = append(rec.Files, report.File{Name: f.Name, Format: f.Format})
	}
	for _, n := range s.stacks.networks {
		rec.Assumptions.Networks[n.Prefix.String()] = n.Stack.Name
	}
	return rec
}

// options are the settings that change which records there are, as far as
// they are not the default.
func (s *settings) options() map[string]any {
	list := map[string]any{}
	if s.recursive {
		list["recursive"] = true
	}
	if s.follow {
		list["follow"] = true
	}
	if s.keepClocks {
		list["keep_clocks"] = true
	}
	if s.maxConnections.value != 0 {
		list["max_connections"] = s.maxConnections.value
	}
	if s.maxMemory != 0 {
		list["max_memory"] = int64(s.maxMemory)
	}
	if s.ignoreEncapsulation {
		list["ignore_encapsulation"] = true
	}
	if s.verifyChecksums {
		list["verify_checksums"] = true
	}
	if len(s.decapPorts.set) > 0 {
		list["decap_port"] = s.decapPorts.set
	}
	if len(s.thresholds.set) > 0 {
		list["threshold"] = s.thresholds.set
	}
	if s.conn != 0 {
		list["conn"] = uint64(s.conn)
	}
	if s.sort.value != sortFinal {
		list["sort"] = s.sort.value
	}
	return list
}

// fileSummary is what the summary says of one input.
func fileSummary(f *capture.FileInfo) report.FileSummary {
	sum := report.FileSummary{Name: f.Name, LinkTypes: []string{}, Packets: f.Packets, Bytes: f.Bytes}
	if f.Shift != 0 {
		ahead := time.Duration(-f.Shift).Seconds()
		sum.ClockOffset = &ahead
	}
	for _, l := range f.Links {
		sum.LinkTypes = append(sum.LinkTypes, l.String())
	}
	if f.Packets > f.Untimed {
		first, last := time.Unix(0, f.First).UTC(), time.Unix(0, f.Last).UTC()
		sum.First, sum.Last = &first, &last
	}
	offset, broken := f.TruncatedAt()
	if broken && offset >= 0 && !cutShort(f.Err) {
		sum.TruncatedAt = &offset
	}
	return sum
}

// dropped adds up what the captures say they lost; nil if none says anything.
func dropped(files []capture.FileInfo) *uint64 {
	var sum *uint64
	for _, f := range files {
		if !f.DroppedKnown {
			continue
		}
		if sum == nil {
			sum = new(uint64)
		}
		*sum += f.Dropped
	}
	return sum
}
