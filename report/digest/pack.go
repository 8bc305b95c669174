package digest

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// A row that waits for the end is packed: with --all there may be millions,
// and each is unpacked several times.

// append adds r to b.
func (r *Row) append(b []byte) []byte {
	b = binary.AppendUvarint(b, r.ID)
	b = appendText(b, r.Client)
	b = appendText(b, r.Server)
	b = appendText(b, r.Inside)
	b = binary.AppendVarint(b, r.Start.Unix())
	b = binary.AppendVarint(b, int64(r.Start.Nanosecond()))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(r.Duration))
	b = binary.AppendUvarint(b, r.Bytes)
	b = appendText(b, r.Ended)
	b = appendText(b, r.Story)
	for i := range r.States {
		s := &r.States[i]
		b = appendText(b, s.Name)
		assumed := byte(0)
		if s.Assumed {
			assumed = 1
		}
		b = appendTexts(append(b, assumed), s.Possible)
	}
	return appendTexts(b, r.Findings)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

// errPacked says that the temporary file does not hold what was written.
var errPacked = errors.New("the list of connections in the temporary file is damaged")

// unpack reads what append wrote.
func unpack(b []byte) (*Row, error) {
	p := packed{b: b}
	r := &Row{ID: p.uint(), Client: p.text(), Server: p.text(), Inside: p.text()}
	sec := p.int()
	r.Start = time.Unix(sec, p.int()).UTC()
	r.Duration = math.Float64frombits(binary.BigEndian.Uint64(p.take(8)))
	r.Bytes, r.Ended, r.Story = p.uint(), p.text(), p.text()
	for i := range r.States {
		r.States[i] = State{Name: p.text(), Assumed: p.take(1)[0] == 1, Possible: p.texts()}
	}
	r.Findings = p.texts()
	if p.bad || len(p.b) > 0 {
		return nil, errPacked
	}
	return r, nil
}

// packed reads values from the front of b; once something is missing it
// gives zeros.
type packed struct {
	b   []byte
	bad bool
}

func (p *packed) take(n int) []byte {
	if n > len(p.b) {
		p.bad, p.b = true, nil
		return make([]byte, min(n, 8))
	}
	v := p.b[:n]
	p.b = p.b[n:]
	return v
}

func (p *packed) uint() uint64 {
	v, n := binary.Uvarint(p.b)
	p.take(size(n))
	return v
}

func (p *packed) int() int64 {
	v, n := binary.Varint(p.b)
	p.take(size(n))
	return v
}

// size is what a number took; more than there can be if it was cut.
func size(n int) int {
	if n <= 0 {
		return math.MaxInt
	}
	return n
}

func (p *packed) text() string {
	n := p.uint()
	if n > uint64(len(p.b)) {
		p.bad, p.b = true, nil
		return ""
	}
	return string(p.take(int(n)))
}

func (p *packed) texts() (list []string) {
	for n := p.uint(); n > 0 && !p.bad; n-- {
		list = append(list, p.text())
	}
	return list
}
