package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/wire"
)

// source is where the packets of a run come from: a capture.Set or a live
// capture.
type source interface {
	capture.Source
	Files() []capture.FileInfo
}

// job takes one source through one analyzer into one report.
type job struct {
	app  *app
	set  *settings
	src  source
	stop *stopper
	an   engine
	out  *output
	// idle, if not nil, is told of an error of the source that is none: a live
	// capture waits for packets. It reports whether err was that.
	idle func(err error) bool

	pool *analyzer.Pool     // an is this,
	one  *analyzer.Analyzer // or this

	progress *progress
	packets  uint64
	finished atomic.Uint64

	faults      []string    // the first maxFaults, one line each
	unlisted    int         // the others
	unwritten   error       // the first of the output
	alarmed     atomic.Bool // --fail-on is met
	interrupted bool
}

// engine is an analyzer.Analyzer, or an analyzer.Pool.
type engine interface {
	AddPackets([]capture.Packet)
	Close()
	Summary() *report.Summary
}

// maxFaults is how many faults of the input a summary lists.
const maxFaults = 1000

// newJob makes the analyzer and opens the output.
func (a *app) newJob(s *settings, src source, stop *stopper) (*job, error) {
	files := src.Files()
	j := &job{app: a, set: s, src: src, stop: stop, progress: a.newProgress(s)}
	out, err := a.newOutput(s, files, func() *report.Ladder { return j.one.Ladder() })
	if err != nil {
		return nil, err
	}
	j.out = out
	limitMemory(s.memory())
	inputs := len(files)
	if s.follow {
		inputs = max(2, inputs) // there may be more
	}
	opt := s.analyzerOptions(inputs)
	switch {
	case opt.Watch != 0: // its record is kept, and others are only lent
		j.one = analyzer.New(opt)
		j.an = j.one
	case s.live:
		opt.OnRecord, opt.OnOver = j.record, j.over
		j.one = analyzer.New(opt)
		j.an = j.one
	default:
		opt.OnRecord = j.record
		if s.streams() {
			opt.Encode, opt.OnEncoded = j.encoder, j.encoded
		}
		if j.out.sieve != nil {
			opt.Sift = j.sift
		}
		j.pool = analyzer.NewPool(opt, cmp.Or(s.workers.value, runtime.GOMAXPROCS(0)))
		j.an = j.pool
	}
	return j, nil
}

// sift returns what a worker asks whether a connection is shown, or only counted; nil if
// all are shown.
func (j *job) sift() analyzer.Sieve {
	if sieve := j.out.sieve(); sieve != nil {
		return &sifter{job: j, sieve: sieve}
	}
	return nil
}

// sifter notes what the records say of the run that are not made.
type sifter struct {
	job   *job
	sieve *digest.Sieve
}

func (s *sifter) Wants(c *report.Connection, found []report.Finding) bool {
	if s.sieve.Wants(c, found) {
		return true
	}
	s.note(found, 1)
	return false
}

func (s *sifter) Enough() bool { return s.sieve.Enough() }

func (s *sifter) More(c *report.Connection, found []report.Finding, n int) {
	s.sieve.More(c, found, n)
	s.note(found, n)
}

// note notes n connections with such findings.
func (s *sifter) note(found []report.Finding, n int) {
	s.job.finished.Add(uint64(n))
	for i := range found {
		if s.job.set.failOn.met(&found[i]) {
			s.job.alarmed.Store(true)
		}
	}
}

// encoder returns a function with which a worker writes records. What they say
// of the run is noted.
func (j *job) encoder() func([]byte, report.Record) []byte {
	write := report.NewAppender()
	return func(b []byte, rec report.Record) []byte {
		switch r := rec.(type) {
		case *report.Connection:
			j.finished.Add(1)
		case *report.Finding:
			if j.set.failOn.met(r) {
				j.alarmed.Store(true)
			}
		}
		return append(write(b, rec), '\n')
	}
}

// encoded hands on what workers have written.
func (j *job) encoded(lines []byte) {
	if j.unwritten == nil {
		j.unwritten = j.out.lines(lines)
	}
}

// flush lets everything be seen that is known so far.
func (j *job) flush() error {
	if j.pool != nil {
		j.pool.Flush()
	}
	return firstOf(j.unwritten, j.out.flush())
}

// toTheEnd reads the source to its end, or until the run is stopped, and
// writes the report.
func (j *job) toTheEnd() error {
	err := j.out.begin(j.set.captureRecord(j.src.Files()))
	if err == nil {
		err = j.read()
	}
	var sum *report.Summary
	if err == nil {
		sum, err = j.finish()
	}
	if err = firstOf(err, j.out.end()); err != nil {
		return err
	}
	return j.verdict(sum)
}

// read is the loop. Its error is one of the output: those of the input are
// faults.
func (j *job) read() error {
	defer j.progress.clear()
	src, batch := capture.Batches(j.src), make([]capture.Packet, analyzer.BatchSize)
	held, _ := src.(capture.Holder)
	if j.pool == nil {
		held = nil
	}
	for !j.stop.is() {
		n, err := src.NextBatch(batch)
		switch {
		case err == nil:
			if held != nil {
				j.pool.AddHeld(batch[:n], held.Hold())
			} else {
				j.an.AddPackets(batch[:n])
			}
			j.packets += uint64(n)
			j.progress.step(j.far)
		case err == io.EOF:
			return nil
		case j.idle != nil && j.idle(err):
		case cutShort(err):
		default:
			if w, ok := errors.AsType[*writeError](err); ok {
				return w.err
			}
			if j.fault(err); !ofOneInput(err) {
				return nil
			}
		}
		if j.drain(); j.unwritten != nil {
			return j.unwritten
		}
	}
	j.interrupted = !j.set.live && !j.set.follow // there it is the way to end
	return nil
}

// ofOneInput reports whether the source goes on after err.
func ofOneInput(err error) bool {
	_, ok := errors.AsType[*capture.Error](err)
	return ok
}

// drain hands on the records that the analyzer keeps until they are asked for.
func (j *job) drain() {
	if j.one == nil {
		return
	}
	for rec := range j.one.Records() {
		j.record(rec)
	}
}

// record hands a record that became final to the output.
func (j *job) record(rec report.Record) {
	if _, ok := rec.(*report.Connection); ok {
		j.finished.Add(1)
	}
	if f, ok := rec.(*report.Finding); ok && j.set.failOn.met(f) {
		j.alarmed.Store(true)
	}
	if j.unwritten == nil {
		j.unwritten = j.out.add(rec)
	}
}

// over hands a record of a connection that is over and not final to the
// output.
func (j *job) over(rec report.Record) {
	if j.out.over != nil && j.unwritten == nil {
		j.unwritten = j.out.over(rec)
	}
}

// fault tells of a fault of the input and keeps it for the summary.
func (j *job) fault(err error) {
	j.progress.clear()
	j.app.complain(err)
	if len(j.faults) == maxFaults {
		j.unlisted++
		return
	}
	j.faults = append(j.faults, report.Sanitize(err.Error()))
}

// finish ends the analysis and adds the summary.
func (j *job) finish() (*report.Summary, error) {
	j.an.Close()
	if j.drain(); j.unwritten != nil {
		return nil, j.unwritten
	}
	sum := j.an.Summary()
	files := j.src.Files()
	if sum.Skipped.LinkType > 0 {
		j.undecoded(files)
	}
	for i := range files {
		sum.Files = append(sum.Files, fileSummary(&files[i]))
	}
	sum.DroppedByCapture = dropped(files)
	sum.Interrupted = j.interrupted
	sum.Errors = j.faults
	if j.unlisted > 0 {
		sum.Errors = append(sum.Errors, fmt.Sprintf("and %d more", j.unlisted))
	}
	return sum, j.out.add(sum)
}

// undecoded names the link types that there is no decoder for, as a fault of
// each file that has one.
func (j *job) undecoded(files []capture.FileInfo) {
	for _, f := range files {
		for i, l := range f.Links {
			first := capture.Place{Offset: -1} // of an interface
			if i < len(f.Used) {
				if first = f.Used[i]; first.Frame == 0 {
					continue // it was announced, and no packet of it came
				}
			}
			if decodable(l) {
				continue
			}
			err := noDecoder(l)
			if f.Format == "erf" {
				err = errERFOther
			}
			j.fault(&capture.Error{File: f.Name, Frame: first.Frame, Offset: first.Offset, Err: err})
		}
	}
}

// decodable reports whether frames of a link type can be decoded.
func decodable(l capture.LinkType) bool {
	var d wire.Decoder
	var s wire.Segment
	return d.Decode(uint32(l), nil, 0, &s) != wire.OutcomeLink
}

// errERFOther is for records whose types are ERF's own.
var errERFOther = errors.New("this ERF record holds no Ethernet, HDLC or IP: such records are skipped")

func noDecoder(l capture.LinkType) error {
	name := fmt.Sprintf("link type %d", uint32(l))
	if l.String() != fmt.Sprint(uint32(l)) {
		name += " (" + l.String() + ")"
	}
	return fmt.Errorf("%s has no decoder: its packets are skipped", name)
}

// verdict chooses the exit code.
func (j *job) verdict(sum *report.Summary) error {
	codes := []exitCode{exitOK}
	damaged := len(j.faults) > 0
	for _, c := range [...]struct {
		applies bool
		code    exitCode
	}{
		{damaged && sum.Packets == sum.Skipped.LinkType, exitFailed},
		{damaged, exitDamaged},
		{j.alarmed.Load(), exitFindings},
		{j.interrupted, exitInterrupted},
	} {
		if c.applies {
			codes = append(codes, c.code)
		}
	}
	if code := worst(codes...); code != exitOK {
		return &exitError{code: code}
	}
	return nil
}
