package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// maxLine bounds one line of NDJSON: a finding with 1,000 connections and a
// connection with a long history stay far below it.
const maxLine = 16 << 20

// Reader reads back what an Encoder wrote.
type Reader struct {
	lines *bufio.Scanner
	line  int
}

// NewReader returns a Reader of the NDJSON stream r.
func NewReader(r io.Reader) *Reader {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	return &Reader{lines: lines}
}

// Next returns the next record, io.EOF after the last. Keys and types of
// record that it does not know are skipped: a later version may add some.
func (r *Reader) Next() (Record, error) {
	for r.lines.Scan() {
		r.line++
		rec, err := Decode(r.lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", r.line, err)
		}
		if rec != nil {
			return rec, nil
		}
	}
	if err := r.lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", r.line+1, err)
	}
	return nil, io.EOF
}

// Decode reads one record; nil without an error is a record of a type that
// this version does not know. Numbers in Finding.Values and
// Capture.Options come as json.Number.
func Decode(line []byte) (Record, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, err
	}
	var rec Record
	switch head.Type {
	case "capture":
		rec = new(Capture)
	case "connection":
		rec = new(Connection)
	case "finding":
		rec = new(Finding)
	case "summary":
		rec = new(Summary)
	default:
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(rec); err != nil {
		return nil, err
	}
	return rec, nil
}
