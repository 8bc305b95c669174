package report

import "io"

// Document is the Sink that writes one JSON document with the same objects
// as the NDJSON stream: {"schema","capture","connections":[...],
// "findings":[...],"summary"}. Connections are written as they come; findings
// wait until the last of them, in memory or, when there are many, in a
// temporary file.
type Document struct {
	enc      Encoder
	findings Sorter
	text     []byte // the finding being added
	stage    int    // how many connections are written, -1 before the capture
	summary  []byte
}

// NewDocument returns a Document that writes to w.
func NewDocument(w io.Writer) *Document {
	return &Document{enc: Encoder{w: w}, stage: -1}
}

// Add takes one record.
func (d *Document) Add(rec Record) error {
	switch rec.(type) {
	case *Capture:
		return d.begin(rec)
	case *Connection:
		return d.connection(rec)
	case *Finding:
		d.text = d.enc.app.record(d.text[:0], rec)
		return d.findings.Add(nil, d.text)
	case *Summary:
		d.summary = d.enc.app.record(nil, rec)
	}
	return d.enc.err
}

func (d *Document) begin(capture Record) error {
	if d.stage >= 0 {
		return d.enc.err // a stream has one capture
	}
	d.stage = 0
	d.put(`{"schema":"` + Schema + `","capture":`)
	if capture == nil {
		d.put("null")
	} else {
		d.enc.buf = d.enc.app.record(d.enc.buf, capture)
	}
	return d.put(`,"connections":[`)
}

func (d *Document) connection(rec Record) error {
	d.begin(nil)
	if d.stage++; d.stage > 1 {
		d.put(",")
	}
	d.put("\n")
	d.enc.buf = d.enc.app.record(d.enc.buf, rec)
	return d.put("")
}

// put adds text and writes when enough is gathered.
func (d *Document) put(text string) error {
	d.enc.buf = append(d.enc.buf, text...)
	if len(d.enc.buf) >= flushAt {
		return d.enc.Flush()
	}
	return d.enc.err
}

// Close writes the findings and the summary. A stream that was cut off has
// null for its summary.
func (d *Document) Close() error {
	defer d.findings.Close()
	d.begin(nil)
	d.put("\n],\"findings\":[")
	separator := "\n"
	err := d.findings.Each(func(finding []byte) error {
		d.put(separator)
		separator = ",\n"
		d.enc.buf = append(d.enc.buf, finding...)
		return d.put("")
	})
	if err != nil {
		return err
	}
	d.put("\n],\"summary\":")
	if d.summary == nil {
		d.put("null")
	}
	d.enc.buf = append(d.enc.buf, d.summary...)
	d.put("}\n")
	return d.enc.Flush()
}
