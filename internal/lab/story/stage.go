package story

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lastack/lastack/internal/lab/netns"
	"github.com/lastack/lastack/internal/lab/path"
	"github.com/lastack/lastack/internal/lab/truth"
	"github.com/lastack/lastack/wire"
)

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

// tooLate is how late the network may be before a story is no longer the one
// that its title tells.
const tooLate = 60 * ms

// Play runs a story in a world of its own and takes the world down again. If
// the machine stood still meanwhile, it plays the story again, twice at most:
// what came of it, a failure too, is then not what the story is about. A random
// mix is played once.
func Play(s Story, tracer *truth.Tracer) (r Result, err error) {
	for range 3 {
		if r, err = playOnce(s, tracer); s.Anyhow || r.Late <= tooLate {
			return r, err
		}
	}
	return r, errors.Join(fmt.Errorf("%s: the machine was too busy three times, at last %v late", s.Name, r.Late), err)
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
		r.Late = w.Path.Late()
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

func (w *World) open() (err error) {
	if w.claim, err = claimNumber(w.story.Name); err != nil {
		return err
	}
	for side, end := range []*End{&w.A, &w.B} {
		end.side = path.Side(side)
		if end.host, err = netns.Open(); err != nil {
			return err
		}
	}
	if err := w.connect(); err != nil {
		return err
	}
	for _, end := range []*End{&w.A, &w.B} {
		if err := errors.Join(w.sysctls(end), w.observe(end)); err != nil {
			return err
		}
	}
	w.Path = path.New(w.tuns, w.story.Delay)
	w.begin = time.Now().UnixNano()
	return nil
}

// defaults of both hosts: the only congestion control that every kernel has
// and lets a namespace choose; no memory of earlier connections, so that
// stories do not depend on each other; and two limits that would otherwise
// follow from the namespace's small hash table.
var defaults = set{
	"tcp_congestion_control": "reno",
	"tcp_no_metrics_save":    "1",
	"tcp_max_tw_buckets":     "131072",
	"tcp_max_syn_backlog":    "2048",
}

// connect gives the hosts their addresses, and ways to each other: through the
// network, or by a cable; then the network has nothing to carry.
func (w *World) connect() (err error) {
	var ends [2]netns.End
	for side, end := range []*End{&w.A, &w.B} {
		own, to := addresses(end.side, w.claim.number), prefixes[end.side.Other()][:]
		if end.Addr = own[0]; w.story.V6 {
			end.Addr = own[1]
		}
		ends[side] = netns.End{Host: end.host, Own: own, To: to}
		if w.story.Cable {
			own, to = nil, nil
		}
		if w.tuns[side], err = end.host.TUN("tun0", own, to); err != nil {
			return err
		}
	}
	if w.story.Cable {
		return netns.Veth("eth0", ends)
	}
	return nil
}

// observe opens a tap on the device that the story uses, and the rest.
func (w *World) observe(end *End) (err error) {
	device := "tun0"
	switch {
	case w.story.Local:
		device = "lo"
	case w.story.Cable:
		device = "eth0"
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
	for _, action := range w.Path.Unused() {
		errs = errors.Join(errs, fmt.Errorf("the network found nothing to %s", action))
	}
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
		r.Counters[i].Before = w.before[i]
		if r.Counters[i].After, err = w.end(path.Side(i)).host.Counters(); err != nil {
			return err
		}
		grown := r.Counters[i].Grown()
		errs = errors.Join(errs, w.prove(i, grown))
		h.NoTimeWait = grown["TcpExtTCPTimeWaitOverflow"] > 0
		h.Cookies = grown["TcpExtSyncookiesSent"] > 0
		r.Endpoints[i] = truth.Merge(*h)
	}
	if w.story.ISN != [2]wire.Seq{} {
		shift(r, w.story.ISN)
	}
	return errs
}

// prove reports a counter that should have grown and has not: the story did
// not show what its title says.
func (w *World) prove(side int, grown map[string]int64) (err error) {
	for _, name := range w.story.Proof[side] {
		if grown[name] <= 0 {
			err = errors.Join(err, fmt.Errorf("%s at %v has not grown", name, path.Side(side)))
		}
	}
	return err
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
