package story

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/lastack/lastack/internal/lab/netns"
	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/lab/truth"
	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

const ms = time.Millisecond

// Story is one thing that can happen to a connection.
type Story struct {
	Name    string
	Title   string
	Verdict [2]string     // in words: what is right to say of A and of B
	Mind    string        // what is easily read wrong
	Delay   time.Duration // one way; 0: 10 ms
	V6      bool          // over IPv6
	Local   bool          // all on A's loopback device
	Cable   bool          // the hosts' cards are joined directly, with segmentation offload
	Sysctls set           // of both hosts
	OnlyA   set           // of host A
	OnlyB   set           // of host B
	Long    bool          // takes more than 4 s
	Anyhow  bool          // take the result however late the machine was
	Proof   [2][]string   // counters of A, B, by their nstat names, that grow if it really happened
	ISN     [2]wire.Seq   // shift the captures so that A, B begin here; 0: as recorded
	Run     func(*World)
}

// set is a list of sysctls and their values; a name without a dot is one of
// net.ipv4.
type set map[string]string

// End is one host of a running story.
type End struct {
	side path.Side
	host *netns.Host
	Addr netip.Addr // the one the story uses
}

// World is a running story: two hosts, the network between them, and what is
// recorded. Its methods end the story when the kernel refuses something that
// the story needs.
type World struct {
	A, B End
	Path *path.Path

	patience time.Duration // how long the story waits for anything

	story    Story
	tracer   *truth.Tracer
	begin    int64 // nanoseconds since the epoch
	claim    claim
	taps     [2]*truth.Tap
	samplers [2]*truth.Sampler
	tuns     [2]*os.File
	mu       sync.Mutex
	socks    []*Sock
	over     bool
	flooded  uint32 // SYNs that flood has sent
	cleanup  []func()
	before   [2]map[string]int64
}

// failure ends a story from within a method of World.
type failure struct{ error }

// need ends the story if err is not nil.
func need(what string, err error) {
	if err != nil {
		panic(failure{fmt.Errorf("%s: %w", what, err)})
	}
}

// guard turns the failure that ended f into an error.
func (w *World) guard(f func()) (err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case failure:
			err = x.error
		default:
			panic(x)
		}
	}()
	f()
	return nil
}

// Sleep lets the story's clock run.
func (w *World) Sleep(d time.Duration) { time.Sleep(d) }

// Rule adds a rule to the network.
func (w *World) Rule(match path.Match, do path.Action, count int) *path.Rule {
	return w.Path.Add(path.Rule{Match: match, Do: do, Count: count})
}

// Cut loses everything that matches until the returned function is called.
func (w *World) Cut(match path.Match) (mend func()) {
	r := w.Path.Add(path.Rule{Match: match, Do: path.Drop, Idle: true})
	return func() { w.Path.Remove(r) }
}

// Later waits until what was said last has been heard, answered, and the
// answer's delayed ACK has come; then 100 ms more.
func (w *World) Later() { w.Sleep(100*ms + 4*w.story.Delay) }

// Together runs functions side by side and waits for all.
func (w *World) Together(fs ...func()) {
	errs := make(chan error)
	for _, f := range fs {
		go func() { errs <- w.guard(f) }()
	}
	var all error
	for range fs {
		all = errors.Join(all, <-errs)
	}
	need("together", all)
}

// Forge returns a bare segment that continues what `from` really sent last:
// its SND.NXT, its last acknowledgement, no options. A story changes it and
// gives it to Inject.
func (w *World) Forge(from netip.AddrPort) packet.TCP {
	s, ok := w.Path.Last(from)
	if !ok {
		need("forge", fmt.Errorf("%v has sent nothing yet", from))
	}
	sent := wire.Segment{Seq: s.Seq, Len: uint32(len(s.Payload)), Flags: s.Flags}
	return packet.TCP{Src: s.Src, Dst: s.Dst, Seq: sent.End(), Ack: s.Ack, Flags: wire.ACK, Window: s.Window}
}

// Inject delivers p to the host of its destination at once.
func (w *World) Inject(p packet.TCP) {
	if p.IPFlags == 0 {
		p.IPFlags = packet.DontFragment // as Linux sends it
	}
	w.Path.Inject(path.Side(sideOf(p.Dst.Addr())), p.Append(nil, packet.Raw))
}

// Replay delivers a packet seen before once more.
func (w *World) Replay(s path.Segment) { w.Path.Inject(s.From.Other(), s.Raw) }

// Largest is the size of the largest IP packet that the end has sent.
func (w *World) Largest(end *End) int { return w.taps[end.side].Largest() }

// Last is the last segment that the socket address sent.
func (w *World) Last(from netip.AddrPort) path.Segment {
	s, _ := w.Path.Last(from)
	return s
}
