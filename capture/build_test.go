package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/lastack/lastack/capture"
)

// This file builds captures from their octets, without the writers of this
// repository, so that a reader and a writer cannot agree on an error.

var (
	little binary.AppendByteOrder = binary.LittleEndian
	big    binary.AppendByteOrder = binary.BigEndian
)

// fields appends numbers of the size of their type, and octets as they are.
func fields(o binary.AppendByteOrder, values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch v := v.(type) {
		case uint8:
			b = append(b, v)
		case uint16:
			b = o.AppendUint16(b, v)
		case uint32:
			b = o.AppendUint32(b, v)
		case uint64:
			b = o.AppendUint64(b, v)
		case []byte:
			b = append(b, v...)
		case string:
			b = append(b, v...)
		default:
			panic(fmt.Sprintf("field of type %T", v))
		}
	}
	return b
}

// join puts pieces one after the other.
func join(pieces ...[]byte) []byte { return bytes.Join(pieces, nil) }

// pcapFile is a pcap file header.
func pcapFile(o binary.AppendByteOrder, magic uint32, snaplen, network uint32) []byte {
	return fields(o, magic, uint16(2), uint16(4), uint32(0), uint32(0), snaplen, network)
}

const (
	micro    uint32 = 0xa1b2c3d4
	nano     uint32 = 0xa1b23c4d
	modified uint32 = 0xa1b2cd34
)

// record is a pcap record.
func record(o binary.AppendByteOrder, sec, frac, orig uint32, data string) []byte {
	return fields(o, sec, frac, uint32(len(data)), orig, data)
}

// block is a pcapng block around a body, padded.
func block(o binary.AppendByteOrder, kind uint32, body ...any) []byte {
	b := fields(o, body...)
	b = append(b, make([]byte, -len(b)&3)...)
	n := uint32(len(b) + 12)
	return fields(o, kind, n, b, n)
}

func section(o binary.AppendByteOrder) []byte {
	return block(o, 0x0a0d0d0a, uint32(0x1a2b3c4d), uint16(1), uint16(0), ^uint64(0))
}

func iface(o binary.AppendByteOrder, link uint16, snaplen uint32, options ...[]byte) []byte {
	return block(o, 1, link, uint16(0), snaplen, join(options...))
}

// option is a pcapng option, padded.
func option(o binary.AppendByteOrder, code uint16, value ...any) []byte {
	v := fields(o, value...)
	return fields(o, code, uint16(len(v)), v, make([]byte, -len(v)&3))
}

func enhanced(o binary.AppendByteOrder, id uint32, ticks uint64, orig uint32, data string, options ...[]byte) []byte {
	return block(o, 6, id, uint32(ticks>>32), uint32(ticks), uint32(len(data)), orig,
		data, make([]byte, -len(data)&3), join(options...))
}

// snoopFile is a snoop file header.
func snoopFile(version, datalink uint32) []byte {
	return fields(big, "snoop\x00\x00\x00", version, datalink)
}

// snoopPacket is a snoop record, padded.
func snoopPacket(sec, usec, drops, orig uint32, data string) []byte {
	pad := make([]byte, -len(data)&3)
	return fields(big, orig, uint32(len(data)), uint32(24+len(data)+len(pad)), drops, sec, usec, data, pad)
}

// erfPacket is an ERF record, padded to eight octets; its time is in 2^-32 seconds, and
// data has what the type puts before the packet.
func erfPacket(kind uint8, ticks uint64, lost, wire uint16, data string) []byte {
	pad := make([]byte, -len(data)&7)
	return join(fields(little, ticks, kind, uint8(4)), fields(big, uint16(16+len(data)+len(pad)), lost, wire, data, pad))
}

// erfTicks is a time in nanoseconds as ERF has it.
func erfTicks(ns int64) uint64 {
	return uint64(ns/1e9)<<32 + (uint64(ns%1e9)<<32)/1e9
}

// erfOf and snoopOf are captures of n frames.
func erfOf(n, length int) (file []byte) {
	for i := range n {
		file = append(file, erfPacket(2, erfTicks(1.7e18+int64(i)*1000), 0, uint16(length), "\x00\x00"+string(make([]byte, length)))...)
	}
	return file
}

func snoopOf(n, length int) []byte {
	file := snoopFile(2, 4)
	for i := range n {
		file = append(file, snoopPacket(1.7e9, uint32(i), 0, uint32(length), string(make([]byte, length)))...)
	}
	return file
}

// result is everything that a Source gave.
type result struct {
	packets []capture.Packet // Data copied
	errs    []string
}

func readAll(t testing.TB, s capture.Source) (r result) {
	t.Helper()
	var p capture.Packet
	for range 1 << 24 {
		switch err := s.Next(&p); {
		case err == nil:
			kept := p
			kept.Data = bytes.Clone(p.Data)
			r.packets = append(r.packets, kept)
		case err == io.EOF:
			return r
		default:
			if _, ok := errors.AsType[*capture.Error](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			r.errs = append(r.errs, err.Error())
		}
	}
	t.Fatal("no end")
	return r
}

// readBytes reads one capture, called f.
func readBytes(t testing.TB, data []byte) (r result, info capture.FileInfo) {
	t.Helper()
	s, err := capture.OpenReader("f", bytes.NewReader(data))
	if err != nil {
		return result{errs: []string{err.Error()}}, info
	}
	defer s.Close()
	r = readAll(t, s)
	return r, s.Files()[0]
}

// brief is a packet on one line, for tables.
func brief(p capture.Packet) string {
	return fmt.Sprintf("%d %d %v %d %d %q", p.Frame, p.Time, p.Link, p.OrigLen, p.Direction, p.Data)
}
