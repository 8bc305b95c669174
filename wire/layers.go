package wire

import (
	"errors"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// This file is the generic path: gopacket's layers take off the headers that
// we have no decoder of our own for, one at a time, until something of ours
// begins. From there on our own decoding takes over again, because it keeps
// what gopacket's would lose of cut frames and broken options.

// genericLinks are the link types that gopacket decodes and IP is found in.
var genericLinks = [...]struct {
	link    uint32
	decoder gopacket.Decoder
}{
	{10, layers.LayerTypeFDDI},
	{117, layers.LayerTypePFLog},
}

// genericLink takes off a link header that gopacket knows.
func (d *Decoder) genericLink(s *Segment, link uint32, p []byte, cut uint32) Outcome {
	for i := range genericLinks {
		g := &genericLinks[i]
		if g.link == link {
			return d.generic(s, g.decoder, p, cut)
		}
	}
	d.undecodable(link)
	return OutcomeLink
}

// maxUndecoded bounds how many link types are counted apart: headers inside a frame name
// them, too.
const maxUndecoded = 64

// undecodable counts a frame of a link type without a decoder.
func (d *Decoder) undecodable(link uint32) {
	if d.undecoded == nil {
		d.undecoded = map[uint32]uint64{}
	}
	if _, known := d.undecoded[link]; known || len(d.undecoded) < maxUndecoded {
		d.undecoded[link]++
	}
}

// Undecoded counts the frames of OutcomeLink by their link types, of which it tells 64 apart.
// The map is the decoder's own.
func (d *Decoder) Undecoded() map[uint32]uint64 { return d.undecoded }

// generic decodes p with gopacket, beginning with next. It allocates.
func (d *Decoder) generic(s *Segment, next gopacket.Decoder, p []byte, cut uint32) Outcome {
	const most = 16 // headers that are gopacket's: none of them need be longer than nothing
	b := &d.builder
	defer b.reset()
	for range most {
		if etherType := leadsTo(next, p); etherType != etherNone {
			return d.network(s, etherType, p, cut)
		}
		b.reset()
		if next == nil || b.decode(next, p) != nil {
			return OutcomeNotIP
		}
		next, p = b.next, b.layer.LayerPayload()
	}
	return OutcomeMalformed
}

// leadsTo returns the EtherType of what next would decode, if that is ours to
// decode, and otherwise etherNone.
func leadsTo(next gopacket.Decoder, p []byte) uint16 {
	switch t := next.(type) {
	case gopacket.LayerType:
		return layerEtherType(t)
	case layers.EthernetType:
		return layerEtherType(t.LayerType())
	case layers.ProtocolFamily:
		return familyEtherType(uint32(t))
	}
	return etherNone
}

func layerEtherType(t gopacket.LayerType) uint16 {
	switch t {
	case layers.LayerTypeIPv4:
		return etherIPv4
	case layers.LayerTypeIPv6:
		return etherIPv6
	case layers.LayerTypeEthernet:
		return etherBridged
	case layers.LayerTypeDot1Q:
		return etherDot1Q
	case layers.LayerTypePPPoE:
		return etherPPPoE
	case layers.LayerTypeMPLS:
		return etherMPLS
	}
	return etherNone
}

// layerBuilder is a gopacket.PacketBuilder that stops after one layer.
type layerBuilder struct {
	layer   gopacket.Layer
	next    gopacket.Decoder
	options gopacket.DecodeOptions
}

var errNoLayer = errors.New("no layer decoded")

// decode lets one of gopacket's decoders take off its header. They trust the
// lengths they read, so a panic is an ordinary way for them to fail. That p has
// no capacity beyond its length keeps them from appending to it.
func (b *layerBuilder) decode(dec gopacket.Decoder, p []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errNoLayer
		}
	}()
	if err = dec.Decode(p[:len(p):len(p)], b); err == nil && b.layer == nil {
		err = errNoLayer
	}
	return err
}

func (b *layerBuilder) reset() { *b = layerBuilder{} }

// AddLayer keeps the last layer that a decoder adds.
func (b *layerBuilder) AddLayer(l gopacket.Layer) { b.layer = l }

// NextDecoder keeps what would come next, instead of going on to it.
func (b *layerBuilder) NextDecoder(next gopacket.Decoder) error {
	b.next = next
	return nil
}

// DecodeOptions implements gopacket.PacketBuilder, as do the rest.
func (b *layerBuilder) DecodeOptions() *gopacket.DecodeOptions { return &b.options }

func (*layerBuilder) SetTruncated()                                 {}
func (*layerBuilder) SetLinkLayer(gopacket.LinkLayer)               {}
func (*layerBuilder) SetNetworkLayer(gopacket.NetworkLayer)         {}
func (*layerBuilder) SetTransportLayer(gopacket.TransportLayer)     {}
func (*layerBuilder) SetApplicationLayer(gopacket.ApplicationLayer) {}
func (*layerBuilder) SetErrorLayer(gopacket.ErrorLayer)             {}
func (*layerBuilder) DumpPacketData()                               {}
