package capture

import (
	"io"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// FromGopacket makes a Source of any packet source of gopacket: a pcapgo
// reader, an EthernetHandle, a pcap.Handle, or one of the caller's own. link
// is the link type of its packets, unless the source states one for a packet
// (pcapgo.NgReader with WantMixedLinkType). Frames are numbered from 1.
//
// Where src can lend its buffer (gopacket.ZeroCopyPacketDataSource) it does.
// The first error other than io.EOF ends the source, as an *Error: after one,
// gopacket's readers return packets that are none. A source that times out
// must try again by itself.
func FromGopacket(src gopacket.PacketDataSource, link LinkType) Source {
	s := &gopacketSource{read: src.ReadPacketData, link: link}
	if lending, ok := src.(gopacket.ZeroCopyPacketDataSource); ok {
		s.read = lending.ZeroCopyReadPacketData
	}
	return s
}

type gopacketSource struct {
	read  func() ([]byte, gopacket.CaptureInfo, error)
	link  LinkType
	frame uint64
	ended bool
}

func (s *gopacketSource) Next(p *Packet) error {
	if s.ended {
		return io.EOF
	}
	data, ci, err := s.read()
	if err != nil {
		s.ended = true
		if err == io.EOF {
			return err
		}
		return &Error{File: "packet source", Frame: s.frame + 1, Offset: -1, Err: err}
	}
	s.frame++
	*p = Packet{
		Number:  s.frame,
		Frame:   s.frame,
		Time:    ci.Timestamp.UnixNano(),
		Link:    s.linkOf(ci),
		OrigLen: uint32(originalLength(ci, data)),
		Data:    data,
	}
	return nil
}

// originalLength is that of the source, or the captured one if it states none.
func originalLength(ci gopacket.CaptureInfo, data []byte) int {
	if ci.Length <= 0 {
		return len(data)
	}
	return ci.Length
}

func (s *gopacketSource) linkOf(ci gopacket.CaptureInfo) LinkType {
	for _, a := range ci.AncillaryData {
		if l, ok := a.(layers.LinkType); ok {
			return LinkType(l)
		}
	}
	return s.link
}
