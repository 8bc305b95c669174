package story

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/netns"
	"github.com/lastack/lastack/internal/lab/packet"
	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/lab/truth"
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
	Sysctls set           // of both hosts
	OnlyA   set           // of host A
	OnlyB   set           // of host B
	Long    bool          // takes more than 4 s
	Anyhow  bool          // take the result however late the machine was
	ISN     [2]uint32     // shift the captures so that A, B begin here; 0: as recorded
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
	cleanup  []func()
	before   [2]map[string]int64
}

// Result is a played story.
type Result struct {
	Story  Story
	Addrs  [2]netip.Addr
	Record truth.Record
	Log    []path.Event
	Took   time.Duration
	// Late is how late the network was at worst, because the machine stood
	// still or was busy elsewhere; Unseen the longest time in which no sample
	// was taken.
	Late, Unseen time.Duration
}

// failure ends a story from within a method of World.
type failure struct{ error }

// need ends the story if err is not nil.
func need(what string, err error) {
	if err != nil {
		panic(failure{fmt.Errorf("%s: %w", what, err)})
	}
}

// tooLate is how late the network may be before a story is no longer the one
// that its title tells.
const tooLate = 60 * ms

// Play runs a story in a world of its own and takes the world down again. If
// the machine stood still meanwhile, it plays the story again, twice at most.
func Play(s Story, tracer *truth.Tracer) (r Result, err error) {
	for range 3 {
		if r, err = playOnce(s, tracer); err == nil && (s.Anyhow || r.Late <= tooLate) {
			break
		}
	}
	return r, err
}

func playOnce(s Story, tracer *truth.Tracer) (r Result, err error) {
	if s.Delay == 0 {
		s.Delay = 10 * ms
	}
	begin := time.Now()
	w := &World{story: s, tracer: tracer, patience: 30 * time.Second}
	defer w.close()
	if err := w.open(); err != nil {
		return r, fmt.Errorf("%s: %w", s.Name, err)
	}
	if err := w.run(); err != nil {
		return r, fmt.Errorf("%s: %w", s.Name, err)
	}
	r = Result{Story: s, Addrs: [2]netip.Addr{w.A.Addr, w.B.Addr}}
	if err := w.record(&r); err != nil {
		return r, fmt.Errorf("%s: %w", s.Name, err)
	}
	r.Log = w.Path.Log()
	r.Took = time.Since(begin)
	return r, nil
}

func (w *World) run() error {
	err := w.guard(func() { w.story.Run(w) })
	w.Sleep(3*w.story.Delay + 20*ms) // what is under way arrives
	return err
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

func (w *World) open() (err error) {
	if w.claim, err = claimNumber(w.story.Name); err != nil {
		return err
	}
	for side, end := range []*End{&w.A, &w.B} {
		end.side = path.Side(side)
		if err := w.openEnd(end); err != nil {
			return err
		}
	}
	w.Path = path.New(w.tuns, w.story.Delay)
	w.begin = time.Now().UnixNano()
	return nil
}

// defaults of both hosts: the only congestion control that every kernel has
// and lets a namespace choose, and no memory of
// earlier connections, so that stories do not depend on each other.
var defaults = set{
	"tcp_congestion_control":       "reno",
	"net.ipv4.tcp_no_metrics_save": "1",
}

func (w *World) openEnd(end *End) (err error) {
	if end.host, err = netns.Open(); err != nil {
		return err
	}
	own, other := addresses(end.side, w.claim.number), prefixes[end.side.Other()]
	end.Addr = own[0]
	if w.story.V6 {
		end.Addr = own[1]
	}
	if w.tuns[end.side], err = end.host.TUN("tun0", own, other[:]); err != nil {
		return err
	}
	if err := w.sysctls(end); err != nil {
		return err
	}
	device := "tun0"
	if w.story.Local {
		device = "lo"
	}
	if w.taps[end.side], err = truth.OpenTap(end.host, device); err != nil {
		return err
	}
	if w.samplers[end.side], err = truth.OpenSampler(end.host); err != nil {
		return err
	}
	w.before[end.side], err = end.host.Counters()
	return err
}

func (w *World) sysctls(end *End) error {
	only := []set{w.story.OnlyA, w.story.OnlyB}[end.side]
	for _, values := range []set{defaults, w.story.Sysctls, only} {
		for key, value := range values {
			if !strings.Contains(key, ".") {
				key = "net.ipv4." + key
			}
			if err := end.host.Sysctl(key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// record stops all recording at one instant and puts it together.
func (w *World) record(result *Result) (err error) {
	r := &result.Record
	result.Late = w.Path.Late()
	end := time.Now().UnixNano()
	events, errs := w.tracer.Take(w.every()...)
	for i := range r.Hosts {
		h := &r.Hosts[i]
		var e1, e2 error
		var gap time.Duration
		h.Frames, e1 = w.taps[i].Close()
		h.Samples, gap, e2 = w.samplers[i].Close()
		result.Unseen = max(result.Unseen, gap)
		w.taps[i], w.samplers[i] = nil, nil
		errs = errors.Join(errs, e1, e2)
		h.Events = w.of(path.Side(i), events)
		h.Cut(end)
		if r.Counters[i], err = w.grown(i); err != nil {
			return err
		}
		h.NoTimeWait = r.Counters[i]["TcpExtTCPTimeWaitOverflow"] > 0
		h.Cookies = r.Counters[i]["TcpExtSyncookiesSent"] > 0
		r.Endpoints[i] = truth.Merge(*h)
	}
	if w.story.ISN != [2]uint32{} {
		shift(r, w.story.ISN)
	}
	return errs
}

// of picks the events of one host's sockets: those whose beginning was seen.
// Orphans of an earlier story with the same addresses can live on for a while.
func (w *World) of(side path.Side, events []truth.Event) (out []truth.Event) {
	born := make(map[uint64]bool)
	for _, e := range events {
		if e.Old == "CLOSE" || e.Old == "LISTEN" {
			born[e.Sock] = true
		}
		known := born[e.Sock] || e.Name != "inet_sock_set_state"
		if known && e.T >= w.begin && slices.Contains(addresses(side, w.claim.number), e.Local.Addr()) {
			out = append(out, e)
		}
	}
	return out
}

// grown returns the counters that changed during the story.
func (w *World) grown(side int) (map[string]int64, error) {
	end := []*End{&w.A, &w.B}[side]
	now, err := end.host.Counters()
	for k, v := range now {
		if now[k] = v - w.before[side][k]; now[k] == 0 {
			delete(now, k)
		}
	}
	return now, err
}

func (w *World) every() []netip.Addr {
	return append(addresses(path.A, w.claim.number), addresses(path.B, w.claim.number)...)
}

// close takes everything down, whatever of it there is.
func (w *World) close() {
	for _, f := range w.cleanup {
		f()
	}
	w.forgetSocks()
	for i := range w.taps {
		if w.taps[i] != nil {
			_, _ = w.taps[i].Close()
		}
		if w.samplers[i] != nil {
			_, _, _ = w.samplers[i].Close()
		}
	}
	if w.Path != nil {
		w.Path.Close()
	}
	for _, end := range []*End{&w.A, &w.B} {
		if end.host != nil {
			end.host.Close()
		}
	}
	_, _ = w.tracer.Take(w.every()...)
	w.claim.release()
}

// forgetSocks closes all sockets without a word; those that a goroutine still
// opens afterwards are closed at once.
func (w *World) forgetSocks() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	for _, s := range w.socks {
		s.forget()
	}
}

// Sleep lets the story's clock run.
func (w *World) Sleep(d time.Duration) { time.Sleep(d) }

// Rule adds a rule to the network.
func (w *World) Rule(match path.Match, do path.Action, count int) *path.Rule {
	return w.Path.Add(path.Rule{Match: match, Do: do, Count: count})
}

// Cut loses everything that matches until the returned function is called.
func (w *World) Cut(match path.Match) (mend func()) {
	r := w.Rule(match, path.Drop, 0)
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
func (w *World) Forge(from netip.AddrPort) packet.Packet {
	s, ok := w.Path.Last(from)
	if !ok {
		need("forge", fmt.Errorf("%v has sent nothing yet", from))
	}
	return packet.Packet{
		Src: s.Src, Dst: s.Dst, Seq: s.Seq + s.Len(), Ack: s.Ack, Flags: packet.ACK, Window: s.Window,
	}
}

// Inject delivers p to the host of its destination at once.
func (w *World) Inject(p packet.Packet) {
	w.Path.Inject(path.Side(sideOf(p.Dst.Addr())), p.Build())
}

// Replay delivers a packet seen before once more.
func (w *World) Replay(s path.Segment) { w.Path.Inject(s.From.Other(), s.Raw) }

// Last is the last segment that the socket address sent.
func (w *World) Last(from netip.AddrPort) path.Segment {
	s, _ := w.Path.Last(from)
	return s
}

// claim is the last octet of a story's addresses, which no other lab that
// runs now uses: trace events do not tell the namespace.
type claim struct{ number, fd int }

func claimNumber(name string) (claim, error) {
	start := uint32(0)
	for _, c := range name {
		start = start*31 + uint32(c)
	}
	for i := range uint32(254) {
		n := int((start+i)%254) + 1
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return claim{}, err
		}
		if unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@lastack-lab-%d", n)}) == nil {
			return claim{n, fd}, nil
		}
		unix.Close(fd)
	}
	return claim{}, errors.New("all 254 addresses are in use by other labs")
}

func (c claim) release() {
	if c.number != 0 {
		unix.Close(c.fd)
	}
}

// prefixes of the two sides, IPv4 and IPv6.
var prefixes = [2][2]netip.Prefix{
	{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8:a::/64")},
	{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:b::/64")},
}

// addresses of a side in the story with that number, IPv4 first.
func addresses(side path.Side, number int) []netip.Addr {
	if number == 0 {
		return nil
	}
	var out []netip.Addr
	for _, p := range prefixes[side] {
		b := p.Addr().AsSlice()
		b[len(b)-1] = byte(number)
		a, _ := netip.AddrFromSlice(b)
		out = append(out, a)
	}
	return out
}
