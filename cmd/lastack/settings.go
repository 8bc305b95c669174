package main

import (
	"math"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lastack/lastack/analyzer/detect"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/wire"
)

// settings are what the flags of all commands that analyse set.
type settings struct {
	recursive           bool
	follow              bool
	followIdle          lifetime
	keepClocks          bool
	ignoreEncapsulation bool
	decapPorts          decapPorts
	verifyChecksums     bool

	stacks         stacks
	msl            lifetime
	maxConnections number
	maxMemory      octets
	workers        number
	cpuProfile     string
	memProfile     string
	failOn         alarm
	thresholds     thresholds

	format choice[string]
	output string
	conn   connectionID
	full   bool
	top    number
	all    bool
	quiet  bool
	sort   choice[string]

	utc         bool
	time        choice[term.TimeMode]
	names       choice[report.Names]
	absoluteSeq bool
	numeric     bool
	color       choice[string]
	ascii       bool
	width       number

	// Not flags: what a command chooses.
	live      bool // show every record at once
	reportToo bool // with the ladder of conn, the report as well
}

const (
	formatText     = "text"
	formatMarkdown = "markdown"
	formatNDJSON   = "ndjson"
	formatJSON     = "json"

	sortFinal      = "final"
	sortFirstFrame = "first-frame"
	sortWorst      = "worst"

	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

func newSettings() *settings {
	return &settings{
		thresholds:     thresholds{limits: detect.Defaults()},
		workers:        number{low: 1, high: 1 << 10, unit: "N"},
		maxConnections: number{low: 1, high: 1 << 30, unit: "N"},
		format:         oneOf("FORMAT", formatText, formatMarkdown, formatNDJSON, formatJSON),
		top:            number{value: 20, low: 0, high: math.MaxInt32, unit: "N"},
		sort:           oneOf("ORDER", sortFinal, sortFirstFrame, sortWorst),
		time:           choice[term.TimeMode]{unit: "MODE", word: "rel", known: []string{"rel", "abs", "delta", "epoch"}, parse: term.ParseTimeMode},
		names:          choice[report.Names]{unit: "SPELLING", word: "rfc", known: []string{"rfc", "linux", "netstat"}, parse: report.ParseNames},
		color:          oneOf("WHEN", colorAuto, colorAlways, colorNever),
		width:          number{low: term.MinWidth, high: 1000, unit: "N"},
	}
}

// flagGroup is flags that the help shows together.
type flagGroup struct {
	title string
	*pflag.FlagSet
}

func newGroup(title string) flagGroup {
	g := flagGroup{title, pflag.NewFlagSet(title, pflag.ContinueOnError)}
	g.SortFlags = false
	return g
}

// only returns the group with no flags but those named.
func (g flagGroup) only(names ...string) flagGroup {
	few := newGroup(g.title)
	for _, name := range names {
		few.AddFlag(g.Lookup(name))
	}
	return few
}

func (s *settings) inputFlags() flagGroup {
	g := newGroup("Input")
	g.BoolVarP(&s.recursive, "recursive", "r", false, "read the captures below a directory too, not only those in it")
	g.BoolVar(&s.follow, "follow", false, "read on as the captures are written, until SIGINT, which then ends it with the report and exit status 0: the file that grows, and those that come into the directories and 'patterns*' that are named")
	g.Var(&s.followIdle, "follow-idle", "with --follow: end when nothing has come for so long")
	g.BoolVar(&s.keepClocks, "keep-clocks", false, "take the times of several files as they are, even where segments that they share show that their clocks differ")
	return g
}

func (s *settings) analysisFlags() flagGroup {
	g := newGroup("Analysis")
	g.Var(&s.stacks, "stack", "which TCP to assume: linux (the default), freebsd, macos, windows or rfc; for the hosts of a network 10.0.0.0/8=windows; can be repeated")
	g.Var(&s.msl, "msl", "assume this maximum segment lifetime in place of the stack's; TIME-WAIT lasts twice as long")
	g.BoolVar(&s.ignoreEncapsulation, "ignore-encapsulation", false, "put segments together whatever VLANs and tunnels they came through, for taps where each direction has its own")
	g.Var(&s.decapPorts, "decap-port", "look on this UDP port for an encapsulation, as 4790=vxlan ("+strings.Join(wire.EncapsulationNames(), ", ")+"); can be repeated")
	g.BoolVar(&s.verifyChecksums, "verify-checksums", false, "leave out what has a wrong checksum, as the stack does that it reaches (an end whose card fills them in is no matter)")
	g.Var(&s.maxConnections, "max-connections", "hold at most N connections at a time; beyond it the one that tells least is given up")
	g.Var(&s.maxMemory, "max-memory", "take at most this much memory, as 500M or 4GiB (default the smaller of 2GiB and a quarter of the machine's); beyond it the connection that tells least is given up")
	g.Var(&s.workers, "workers", "analyse with N workers (default one for each processor); the report does not depend on it")
	g.Var(&s.thresholds, "threshold", "decide findings by another threshold, as close-wait=5m (lastack findings lists them); can be repeated")
	g.Var(&openFiles{number{low: 1, high: math.MaxInt32, unit: "N"}, &s.thresholds}, "ulimit", "how many files the programs may have open (default 1024): when a leak uses them up")
	g.Var(&s.failOn, "fail-on", "exit with 4 if there is a finding of this id, or this severe (info, notice, warning, critical) or worse; can be repeated")
	return g
}

func (s *settings) reportFlags() flagGroup {
	g := newGroup("Report")
	g.Var(&s.format, "format", "what to write: text, markdown, ndjson (a record a line, as they become final) or json")
	g.StringVarP(&s.output, "output", "o", "", "write to `FILE` in place of standard output")
	g.Var(&s.top, "top", "list the N worst connections")
	g.BoolVar(&s.all, "all", false, "list all connections")
	g.BoolVarP(&s.quiet, "quiet", "q", false, "one line for the capture")
	g.Var(&s.sort, "sort", "order of ndjson and json records: final (as they become it), first-frame or worst")
	return g
}

func (s *settings) profileFlags() flagGroup {
	g := newGroup("Profiles of lastack itself, for go tool pprof")
	g.StringVar(&s.cpuProfile, "cpuprofile", "", "write where processor time goes to `FILE`")
	g.StringVar(&s.memProfile, "memprofile", "", "write what was allocated to `FILE`")
	return g
}

func (s *settings) ladderFlags() flagGroup {
	g := newGroup("One connection")
	g.Var(&s.conn, "conn", "draw connection N segment by segment, both ends' states beside it (markdown: within the report; ndjson and json: its records only)")
	g.BoolVar(&s.full, "full", false, "draw every segment, folding neither bulk data nor probes")
	return g
}

func (s *settings) lookFlags() flagGroup {
	g := newGroup("Look of text and markdown")
	g.BoolVar(&s.utc, "utc", false, "times in UTC in place of the local zone")
	g.Var(&s.time, "time", "show times as rel (since the start), abs (of the day), delta (since the segment before) or epoch (since 1970)")
	g.Var(&s.names, "names", "spell states as rfc (FIN-WAIT-1), linux (FIN_WAIT1) or netstat (FIN_WAIT_1) does")
	g.BoolVar(&s.absoluteSeq, "absolute-seq", false, "sequence numbers as they are in the segments, not from 0")
	g.BoolVarP(&s.numeric, "numeric", "n", false, "accepted and without effect: names are never looked up")
	g.Var(&s.color, "color", "colours: auto (on a terminal, unless NO_COLOR is set), always or never")
	g.BoolVar(&s.ascii, "ascii", false, "draw with ASCII only")
	g.Var(&s.width, "width", "fill N columns (default the terminal's, or 100)")
	return g
}

// streams reports whether the records are written as they become final, each for
// itself.
func (s *settings) streams() bool {
	return s.format.value == formatNDJSON && s.sort.value == sortFinal && s.conn == 0
}

// forPeople reports whether the report is one to read, and not records.
func (s *settings) forPeople() bool {
	return s.format.value == formatText || s.format.value == formatMarkdown
}
