package main

import (
	"io"
	"os"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/digest"
	"github.com/lastack/lastack/report/ladder"
	"github.com/lastack/lastack/report/markdown"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/text"
)

// output is where the records of a run go: through the sinks that the
// settings ask for, to standard output or a file.
type output struct {
	sink    report.Sink
	flusher interface{ Flush() error } // of the encoder; nil where there is nothing to flush
	file    *os.File                   // of --output; nil is standard output
	live    bool                       // show every record at once
	over    func(report.Record) error  // shows what is over and not final; nil: nothing does
	sieve   func() *digest.Sieve       // of a report that counts most connections; nil: of none
}

// newOutput opens the output. Inputs are never written over.
func (a *app) newOutput(s *settings, inputs []capture.FileInfo, segments func() *report.Ladder) (*output, error) {
	o := &output{live: s.live}
	w := a.out
	if s.output != "" && s.output != "-" {
		if err := a.refuseInput(s.output, inputs); err != nil {
			return nil, err
		}
		file, err := os.Create(s.output)
		if err != nil {
			return nil, err
		}
		o.file, w = file, file
	}
	o.sink = o.sinks(s, w, segments, s.look(a, o.file != nil))
	return o, nil
}

// refuseInput makes writing over an input an error.
func (a *app) refuseInput(path string, inputs []capture.FileInfo) error {
	target, err := os.Stat(path)
	if err != nil || !target.Mode().IsRegular() {
		return nil
	}
	for _, f := range inputs {
		source, err := os.Stat(f.Name)
		if stdin, ok := a.in.(*os.File); ok && f.Name == "-" {
			source, err = stdin.Stat()
		}
		if err == nil && os.SameFile(source, target) {
			return usagef("%s: this is an input; the report does not go there", path)
		}
	}
	return nil
}

// sinks makes what the records go through.
func (o *output) sinks(s *settings, w io.Writer, segments func() *report.Ladder, look term.Look) report.Sink {
	if s.forPeople() {
		sink := s.forReading(w, segments, look)
		if d, ok := sink.(interface{ Sieve() *digest.Sieve }); ok {
			o.sieve = d.Sieve
		}
		if t, ok := sink.(*text.Text); ok && s.live && !s.quiet {
			o.over = t.Over
		}
		return sink
	}
	var sink report.Sink = report.NewDocument(w)
	if s.format.value == formatNDJSON {
		enc := report.NewEncoder(w)
		sink, o.flusher = enc, enc
	}
	sink = sorted(s.sort.value, sink)
	if s.conn != 0 {
		return &oneConnection{id: uint64(s.conn), next: sink, alone: true}
	}
	return sink
}

// forReading makes the sink of text or Markdown.
func (s *settings) forReading(w io.Writer, segments func() *report.Ladder, look term.Look) report.Sink {
	top := s.top.value
	if top == 0 {
		top = -1 // none; 0 would be the default
	}
	one := oneConnection{id: uint64(s.conn), segments: segments}
	var whole report.Sink
	if s.format.value == formatMarkdown {
		m := markdown.New(w, markdown.Options{Look: look, Top: top, All: s.all})
		whole, one.next, one.draw = m, m, m.AddLadder
	} else {
		whole = text.New(w, text.Options{Look: look, Top: top, All: s.all, Quiet: s.quiet, Live: s.live && !s.quiet})
		one.last = func(l *report.Ladder) error { return ladder.Render(w, l, ladder.Options{Look: look, Full: s.full}) }
		if s.reportToo {
			one.next = whole
		}
	}
	if s.conn == 0 {
		return whole
	}
	return &one
}

// begin writes the first record, and lets it be seen before the first packet.
func (o *output) begin(rec *report.Capture) error {
	if err := o.sink.Add(rec); err != nil {
		return err
	}
	return o.flush()
}

func (o *output) add(rec report.Record) error {
	if err := o.sink.Add(rec); err != nil || !o.live {
		return err
	}
	return o.flush()
}

// lines writes records that are encoded.
func (o *output) lines(b []byte) error { return o.sink.(*report.Encoder).AddLines(b) }

// flush lets what is written so far be seen.
func (o *output) flush() error {
	if o.flusher == nil {
		return nil
	}
	return o.flusher.Flush()
}

// end writes what is left and closes the file.
func (o *output) end() error {
	err := o.sink.Close()
	if o.file == nil {
		return err
	}
	return firstOf(err, o.file.Close())
}
