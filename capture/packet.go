package capture

import "fmt"

// Direction says whether the capturing host sent or received a packet, where
// the file says so (pcapng epb_flags).
type Direction uint8

// Directions.
const (
	DirectionUnknown Direction = iota
	Inbound
	Outbound
)

// Packet is one captured frame. Data is borrowed: it is valid until the next
// call of Next on the source that filled it.
type Packet struct {
	Number    uint64 // over all inputs in merged order, from 1
	Frame     uint64 // in its file, from 1, as Wireshark numbers it
	File      int    // index into the source's files
	Time      int64  // nanoseconds since the Unix epoch
	Link      LinkType
	OrigLen   uint32 // octets on the wire, as the file states it
	Direction Direction
	Data      []byte // what was captured of it
}

// Source yields packets in order. Next fills p and returns nil, or returns
// io.EOF at the end, or an error. A *Error means one input only: the source
// yields nothing more of that input, and the next call goes on with the
// others (and returns io.EOF when there are none). Any other error means that
// the source as a whole is at its end.
type Source interface {
	Next(p *Packet) error
}

// BatchSource is a Source that yields several packets at once.
type BatchSource interface {
	Source
	// NextBatch fills some of b, at least one, and returns how many; or 0 and
	// what Next would return. It does not wait for more packets than the first.
	// The data of all stay valid until the next call of NextBatch or Next.
	NextBatch(b []Packet) (n int, err error)
}

// Holder is a BatchSource whose packets can outlive the next batch: Hold keeps the
// data of those that NextBatch returned last, until the Block is released.
type Holder interface {
	BatchSource
	Hold() *Block
}

// Batches returns src as a BatchSource; the batches of one that is none have
// one packet each.
func Batches(src Source) BatchSource {
	if b, ok := src.(BatchSource); ok {
		return b
	}
	return singly{src}
}

type singly struct{ Source }

func (s singly) NextBatch(b []Packet) (int, error) {
	if err := s.Next(&b[0]); err != nil {
		return 0, err
	}
	return 1, nil
}

// Error is a fault of one input: where it is and what it is. Frame is the
// number of the frame in which reading failed (from 1; 0 in what comes before
// the first frame), Offset the octet in the (decompressed) input at which the
// faulty structure begins; -1 when it makes no sense. File is the name as it
// was given or found: it may hold any octet, escape sequences included.
type Error struct {
	File   string
	Frame  uint64
	Offset int64
	Err    error
}

// Error formats the fault as "FILE: frame N, offset M: what".
func (e *Error) Error() string {
	switch {
	case e.Frame == 0 && e.Offset < 0:
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	case e.Offset < 0:
		return fmt.Sprintf("%s: frame %d: %v", e.File, e.Frame, e.Err)
	case e.Frame == 0:
		return fmt.Sprintf("%s: offset %d: %v", e.File, e.Offset, e.Err)
	}
	return fmt.Sprintf("%s: frame %d, offset %d: %v", e.File, e.Frame, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
