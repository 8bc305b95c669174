package bench

import (
	"io"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/analyzer/flow"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/wire"
)

// Each layer below takes the source to its end and returns how many packets
// came. It does all that the layer before it does, and its own.

// Read reads packets.
func Read(src capture.Source) (packets uint64, err error) {
	return drain(src, func(*capture.Packet) error { return nil })
}

// Decode reads packets and decodes them.
func Decode(src capture.Source) (packets uint64, err error) {
	var d wire.Decoder
	var s wire.Segment
	return drain(src, func(p *capture.Packet) error {
		d.Decode(uint32(p.Link), p.Data, p.OrigLen, &s)
		return nil
	})
}

// LookUp reads packets, decodes them, and looks up the connection of each,
// entering it if it is new. Connections are never removed.
func LookUp(src capture.Source) (packets uint64, err error) {
	var d wire.Decoder
	var s wire.Segment
	var known []wire.FourTuple
	table := flow.New(1, func(i uint32) *wire.FourTuple { return &known[i] })
	return drain(src, func(p *capture.Packet) error {
		if d.Decode(uint32(p.Link), p.Data, p.OrigLen, &s) != wire.OutcomeTCP {
			return nil
		}
		if _, ok := table.Get(&s.Tuple); !ok {
			known = append(known, s.Tuple)
			table.Put(&s.Tuple, uint32(len(known)-1))
		}
		return nil
	})
}

// Analyze does the whole job as the command does it: every record goes to out
// as soon as it is there.
func Analyze(src capture.Source, out report.Sink) (packets uint64, err error) {
	var failed error
	a := analyzer.New(analyzer.Options{OnRecord: func(r report.Record) {
		if err := out.Add(r); err != nil && failed == nil {
			failed = err
		}
	}})
	batches, batch := capture.Batches(src), make([]capture.Packet, analyzer.BatchSize)
	for err == nil {
		var n int
		if n, err = batches.NextBatch(batch); err == nil {
			a.AddPackets(batch[:n])
			packets, err = packets+uint64(n), failed
		}
	}
	if err != io.EOF {
		return packets, err
	}
	a.Close()
	if failed != nil {
		return packets, failed
	}
	if err := out.Add(a.Summary()); err != nil {
		return packets, err
	}
	return packets, out.Close()
}

// drain gives every packet of src to do.
func drain(src capture.Source, do func(*capture.Packet) error) (packets uint64, err error) {
	var p capture.Packet
	for {
		switch err := src.Next(&p); err {
		case nil:
		case io.EOF:
			return packets, nil
		default:
			return packets, err
		}
		packets++
		if err := do(&p); err != nil {
			return packets, err
		}
	}
}
