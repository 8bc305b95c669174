package load_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/internal/gen/load"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// The same seed gives the same octets, another one others.
func TestDeterministic(t *testing.T) {
	digest := func(seed uint64) string {
		h := sha256.New()
		if err := generator(t, func(cfg *load.Config) { cfg.Seed = seed }).Save(h, "pcap"); err != nil {
			t.Fatal(err)
		}
		return string(h.Sum(nil))
	}
	if first, second := digest(7), digest(7); first != second {
		t.Error("the same seed gave two captures")
	}
	if digest(7) == digest(8) {
		t.Error("two seeds gave the same capture")
	}
}

// A seed gives the same octets on every machine, whatever the size of an int.
// What changes the generator changes the digest.
func TestSameEverywhere(t *testing.T) {
	const want = "45b95d2bd6310900"
	h := sha256.New()
	slow := func(cfg *load.Config) { cfg.Rate, cfg.Loss = 0.3, 0.02 } // gaps of more than 2^31 ns
	if err := load.Save(h, load.First(20_000, generator(t, slow)), "pcap", 1<<16); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(h.Sum(nil)[:8]); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// Every frame is the one that the slow builder makes of the same fields, so
// headers, lengths, options and checksums are right.
func TestFrames(t *testing.T) {
	for _, mix := range mixtures {
		var d wire.Decoder
		var s wire.Segment
		var want []byte
		kinds := map[wire.Outcome]int{}
		each(t, generator(t, mix.edit), func(p *capture.Packet) {
			kind := d.Decode(uint32(p.Link), p.Data, p.OrigLen, &s)
			kinds[kind]++
			if len(p.Data) < int(p.OrigLen) || kind != wire.OutcomeTCP {
				return
			}
			if want = rebuild(want[:0], p.Data); !bytes.Equal(p.Data, want) {
				t.Fatalf("%s, frame %d:\n%x, the builder makes\n%x", mix.name, p.Number, p.Data, want)
			}
		})
		if kinds[wire.OutcomeTCP] < 40_000 || kinds[wire.OutcomeICMP] == 0 && mix.name != "orderly" || len(kinds) > 2 && mix.name != "cut" {
			t.Errorf("%s: frames by outcome: %v", mix.name, kinds)
		}
	}
}

// rebuild makes a frame again from its fields.
func rebuild(buf, frame []byte) []byte {
	tcp, _ := packet.Parse(frame[14:])
	tcp.Class, tcp.FlowLabel, tcp.IPFlags = 0, 0, packet.DontFragment
	return tcp.Append(buf, packet.Ethernet)
}

// Another implementation finds every checksum good.
func TestTsharkFindsNoFault(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark")
	}
	name := filepath.Join(t.TempDir(), "a.pcapng")
	g := generator(t, func(cfg *load.Config) { cfg.Packets, cfg.Loss = 15_000, 0.03 })
	if err := g.SaveFile(name, "pcapng"); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-n", "-r", name, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "occurrence=f",
		"-e", "ip.version", "-e", "ip.checksum.status", "-e", "icmp.checksum.status", "-e", "icmpv6.checksum.status", "-e", "tcp.checksum.status").Output()
	if err != nil {
		t.Fatal(err)
	}
	frames := map[string]int{}
	for line := range strings.Lines(string(out)) {
		frames[strings.TrimSuffix(line, "\n")]++
	}
	for _, good := range []string{"4\t1\t\t\t1", "6\t\t\t\t1", "4\t1\t1\t\t1", "6\t\t\t1\t1"} { // 1 is good; ICMP quotes TCP
		if frames[good] == 0 {
			t.Errorf("no frame is %q", good)
		}
		delete(frames, good)
	}
	if len(frames) > 0 {
		t.Errorf("not good: %v", frames)
	}
}

// The numbers that were asked for are those of the capture.
func TestNumbers(t *testing.T) {
	for _, mix := range mixtures {
		cfg := load.Default()
		cfg.Packets, cfg.Connections, cfg.Concurrent, cfg.Rate = 60_000, 2400, 500, 10
		mix.edit(&cfg)
		g, err := load.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		last := int64(math.MinInt64)
		n := uint64(0)
		each(t, g, func(p *capture.Packet) {
			n++
			if p.Number != n || p.Time < last || len(p.Data) > cfg.Snaplen {
				t.Fatalf("%s: packet %d at %d after %d, %d octets", mix.name, p.Number, p.Time, last, len(p.Data))
			}
			last = p.Time
		})
		truth := g.Truth()
		near := func(what string, got, want, share float64) {
			if math.Abs(got-want) > want*share {
				t.Errorf("%s: %s: %g instead of %g", mix.name, what, got, want)
			}
		}
		near("connections", float64(truth.Connections), float64(cfg.Connections), 0)
		near("packets", float64(truth.Packets), float64(cfg.Packets), 0.05)
		if mix.name != "short" && mix.name != "small" { // where timers last longer than connections should
			near("connections at a time", float64(truth.Peak), float64(cfg.Concurrent), 0.15)
		}
		if seconds := float64(truth.Last-truth.First) / 1e9; seconds < float64(cfg.Connections)/cfg.Rate {
			t.Errorf("%s: %d connections, %g a second, in %g s", mix.name, cfg.Connections, cfg.Rate, seconds)
		}
	}
}

// What Save writes reads back as what Next makes.
func TestSave(t *testing.T) {
	for _, format := range []string{"pcap", "pcapng"} {
		var b bytes.Buffer
		few := func(cfg *load.Config) { cfg.Packets, cfg.Connections = 5000, 200 }
		if err := generator(t, few).Save(&b, format); err != nil {
			t.Fatal(err)
		}
		set, err := capture.OpenReader(format, &b)
		if err != nil {
			t.Fatal(err)
		}
		var got capture.Packet
		each(t, generator(t, few), func(want *capture.Packet) {
			if err := set.Next(&got); err != nil {
				t.Fatal(err)
			}
			if got.Time != want.Time || got.Frame != want.Frame || got.Link != want.Link || got.OrigLen != want.OrigLen || !bytes.Equal(got.Data, want.Data) {
				t.Fatalf("%s: %s", format, cmp.Diff(*want, got))
			}
		})
		if err := set.Next(&got); err != io.EOF {
			t.Errorf("%s: more packets than were made: %v", format, err)
		}
	}
}

var errFull = errors.New("no room")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestSaveFails(t *testing.T) {
	few := func(cfg *load.Config) { cfg.Packets, cfg.Connections = 2000, 100 }
	if err := generator(t, few).Save(fullDisk{}, "pcap"); !errors.Is(err, errFull) {
		t.Errorf("a full disk gives %v", err)
	}
	if err := generator(t, few).Save(io.Discard, "txt"); err == nil {
		t.Error("no error for an unknown format")
	}
	name := filepath.Join(t.TempDir(), "a")
	if err := generator(t, few).SaveFile(name, "txt"); err == nil {
		t.Error("no error for an unknown format")
	}
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
	if err := generator(t, few).SaveFile(filepath.Join(name, "b"), "pcap"); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

func TestWrongConfig(t *testing.T) {
	for i, edit := range []func(*load.Config){
		func(cfg *load.Config) { cfg.Connections = 0 },
		func(cfg *load.Config) { cfg.Connections = math.MaxInt },
		func(cfg *load.Config) { cfg.Packets = 0 },
		func(cfg *load.Config) { cfg.Concurrent = 0 },
		func(cfg *load.Config) { cfg.Rate = 0 },
		func(cfg *load.Config) { cfg.Rate = math.NaN() },
		func(cfg *load.Config) { cfg.Rate = math.Inf(1) },
		func(cfg *load.Config) { cfg.Snaplen = 63 },
		func(cfg *load.Config) { cfg.Payload = -1 },
		func(cfg *load.Config) { cfg.V6 = 1.01 },
		func(cfg *load.Config) { cfg.Loss = -1 },
		func(cfg *load.Config) { cfg.Reuse = math.NaN() },
	} {
		cfg := load.Default()
		edit(&cfg)
		if _, err := load.New(cfg); err == nil {
			t.Errorf("no error for case %d: %+v", i, cfg)
		}
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	var p capture.Packet
	g := generator(t, func(cfg *load.Config) { cfg.Packets, cfg.Connections = 1_000_000, 3000 })
	for range 200_000 { // until the connections at a time have their room
		if err := g.Next(&p); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(10_000, func() { g.Next(&p) }); n > 0.01 {
		t.Errorf("%v allocations a packet", n)
	}
}
