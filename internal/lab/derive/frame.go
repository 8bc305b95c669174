package derive

import (
	"fmt"
	"io"

	"github.com/lastack/lastack/capture"
)

// Frame is an IP packet of a capture that the lab wrote.
type Frame struct {
	Time int64 // nanoseconds since the epoch
	IP   []byte
	Sent bool // by the host of the tap
}

// etherLen is the length of the header that the lab puts before each packet. Its
// source address ends in hostA or hostB.
const (
	etherLen = 14
	hostA    = 0x0a
	hostB    = 0x0b
)

// Read returns the frames of a capture that was taken at tap, "A" or "B".
func Read(file, tap string) (out []Frame, err error) {
	set, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	own := map[string]byte{"A": hostA, "B": hostB}[tap]
	var p capture.Packet
	for {
		err := set.Next(&p)
		if err == io.EOF {
			return out, nil
		}
		if err == nil && (p.Link != 1 || len(p.Data) <= etherLen) {
			err = fmt.Errorf("%s: frame %d is none of the lab's", file, p.Frame)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Frame{p.Time, append([]byte(nil), p.Data[etherLen:]...), p.Data[etherLen-3] == own})
	}
}
