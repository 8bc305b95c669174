package capture_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/capture/write"
)

// frames is what the benchmarks read and write: n frames of the given length,
// a microsecond apart.
func frames(n, length int, write func(*capture.Packet) error) error {
	p := capture.Packet{Link: capture.LinkEthernet, Time: 1.7e18, Data: make([]byte, length), OrigLen: uint32(length)}
	for range n {
		p.Time += 1000
		if err := write(&p); err != nil {
			return err
		}
	}
	return nil
}

func pcapOf(n, length int) []byte {
	var b bytes.Buffer
	w, err := write.NewPcap(&b, capture.LinkEthernet, write.PcapOptions{})
	if err == nil {
		err = frames(n, length, w.Write)
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func pcapngOf(n, length int) []byte {
	var b bytes.Buffer
	w, err := write.NewPcapng(&b, write.Section{})
	if err == nil {
		_, err = w.AddInterface(write.Interface{Link: capture.LinkEthernet})
	}
	if err == nil {
		err = frames(n, length, func(p *capture.Packet) error { return w.Write(0, p, write.Note{}) })
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func drain(s capture.Source) (n int, err error) {
	var p capture.Packet
	for {
		if err = s.Next(&p); err != nil {
			return n, err
		}
		n++
	}
}

// BenchmarkRead is one packet from a file in the page cache, through a Set.
func BenchmarkRead(b *testing.B) {
	const n = 1 << 20
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"pcap-66", pcapOf(n, 66)},
		{"pcapng-66", pcapngOf(n, 66)},
		{"erf-66", erfOf(n, 66)},
		{"snoop-66", snoopOf(n, 66)},
		{"pcap-1514", pcapOf(n/8, 1514)},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchmarkFiles(b, in(put(b, map[string][]byte{"a": c.data}), "a"))
		})
	}
}

// benchmarkFiles reads b.N packets, beginning anew at the end.
func benchmarkFiles(b *testing.B, paths []string) {
	b.ReportAllocs()
	b.ResetTimer()
	for read := 0; read < b.N; {
		s, err := capture.Open(paths, capture.Options{})
		if err != nil {
			b.Fatal(err)
		}
		var p capture.Packet
		for ; read < b.N && err == nil; read++ {
			err = s.Next(&p)
		}
		if err != nil && err != io.EOF {
			b.Fatal(err)
		}
		s.Close()
	}
}

// BenchmarkReadMerged is one packet of two files that interleave.
func BenchmarkReadMerged(b *testing.B) {
	const n = 1 << 20
	dir := put(b, map[string][]byte{"a": pcapOf(n, 66), "b": pcapngOf(n, 66)})
	benchmarkFiles(b, in(dir, "a", "b"))
}

// BenchmarkReadCompressed is one packet of a compressed file; its data
// compress well, so that this is the least that decompression costs.
func BenchmarkReadCompressed(b *testing.B) {
	data := pcapOf(1<<18, 66)
	for _, codec := range codecs {
		b.Run(codec, func(b *testing.B) {
			benchmarkFiles(b, in(put(b, map[string][]byte{"a": compress(b, codec, data)}), "a"))
		})
	}
}
