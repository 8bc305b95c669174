package path

import (
	"container/heap"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/lastack/lastack/internal/packet"
	"github.com/lastack/lastack/wire"
)

// Event is a line of the log: what the network did to which packet.
type Event struct {
	At     time.Time
	Action string
	From   Side
	Packet string
}

// String is the line as the READMEs print it.
func (e Event) String() string { return fmt.Sprintf("%s %s (from %v)", e.Action, e.Packet, e.From) }

// flow is one direction of a connection.
type flow struct{ from, to netip.AddrPort }

// Path is the network between two TUN devices.
type Path struct {
	tun   [2]*os.File
	delay time.Duration
	wait  sync.WaitGroup

	mu     sync.Mutex
	rules  []*Rule
	ports  map[uint16][]*Rule          // for connections that use this port
	slow   map[uint16][2]time.Duration // additional delay, by sender
	log    []Event
	last   map[netip.AddrPort]Segment // by sender
	fins   map[flow]int               // of either direction of a connection
	queue  [2]queue                   // by addressee
	serial int
	late   time.Duration
	wake   [2]chan struct{}
	closed chan struct{}
}

// New starts to carry packets between the two devices, each way in delay.
// Packets of one direction keep their order unless a rule changes it.
func New(tun [2]*os.File, delay time.Duration) *Path {
	p := &Path{
		tun: tun, delay: delay,
		last: make(map[netip.AddrPort]Segment), fins: make(map[flow]int),
		ports: make(map[uint16][]*Rule), slow: make(map[uint16][2]time.Duration),
		wake:   [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)},
		closed: make(chan struct{}),
	}
	for side := A; side <= B; side++ {
		p.wait.Add(2)
		go p.read(side)
		go p.write(side)
	}
	p.wait.Add(1)
	go p.watch()
	return p
}

// watch measures how late a goroutine runs that wants to run now and then: so
// late may a packet have been read.
func (p *Path) watch() {
	defer p.wait.Done()
	const often = 5 * time.Millisecond
	for {
		began := time.Now()
		select {
		case <-p.closed:
			return
		case <-time.After(often):
		}
		p.mu.Lock()
		p.late = max(p.late, time.Since(began)-often)
		p.mu.Unlock()
	}
}

// Close closes the devices and waits until nothing is carried any more.
func (p *Path) Close() {
	close(p.closed)
	for side := A; side <= B; side++ {
		p.tun[side].Close()
	}
	p.mu.Lock()
	for side := A; side <= B; side++ {
		p.queue[side] = nil
		close(p.wake[side])
		p.wake[side] = nil
	}
	p.mu.Unlock()
	p.wait.Wait()
}

// Add puts a rule behind the others. The first rule that takes a segment
// decides what becomes of it.
func (p *Path) Add(r Rule) *Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &r)
	return &r
}

// AddTo puts a rule behind the others, for connections that use this port at
// either end.
func (p *Path) AddTo(port uint16, r Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ports[port] = append(p.ports[port], &r)
}

// Slow makes connections that use this port slower by by[A] for what A sends
// and by[B] for what B sends.
func (p *Path) Slow(port uint16, by [2]time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow[port] = by
}

// Unused lists what the rules of Add were to do that have never acted: the network
// did not do what the story is about.
func (p *Path) Unused() (actions []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rules {
		if !r.acted() && !r.Idle {
			actions = append(actions, r.Do.Name)
		}
	}
	return actions
}

// Remove takes a rule away.
func (p *Path) Remove(r *Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, x := range p.rules {
		if x == r {
			p.rules = append(p.rules[:i:i], p.rules[i+1:]...)
			return
		}
	}
}

// Log returns what was done so far.
func (p *Path) Log() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Event(nil), p.log...)
}

// Last returns the last TCP segment that this socket address sent, whatever
// became of it.
func (p *Path) Last(sender netip.AddrPort) (Segment, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.last[sender]
	return s, ok
}

// Inject delivers raw to the host at side now, as if the network had it.
func (p *Path) Inject(to Side, raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("inject", to.Other(), raw)
	p.deliver(to, raw, 0)
}

func (p *Path) read(from Side) {
	defer p.wait.Done()
	buf := make([]byte, 1<<16)
	for {
		n, err := p.tun[from].Read(buf)
		if err != nil {
			return // the device was closed
		}
		p.carry(from, append([]byte(nil), buf[:n]...))
	}
}

// carry decides what becomes of a packet that came out of a device.
func (p *Path) carry(from Side, raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := packet.Parse(raw)
	if !ok {
		return // nothing but TCP crosses this network
	}
	s := Segment{TCP: t, From: from, Raw: raw}
	s.Fins[from], s.Fins[from.Other()] = p.fins[flow{s.Src, s.Dst}], p.fins[flow{s.Dst, s.Src}]
	p.remember(s)
	r := p.ruleFor(s)
	if r.Do.Name != Pass.Name {
		p.note(r.Do.Name, from, raw)
	}
	base := p.delay + p.slow[s.Src.Port()][from] + p.slow[s.Dst.Port()][from]
	for _, d := range r.Do.Do(s) {
		to := from.Other()
		if d.Back {
			to = from
		}
		p.deliver(to, d.Raw, base+d.Later)
	}
}

// ruleFor is the first rule that takes s, or one that lets it pass.
func (p *Path) ruleFor(s Segment) *Rule {
	for _, rules := range [][]*Rule{p.rules, p.ports[s.Src.Port()], p.ports[s.Dst.Port()]} {
		for _, r := range rules {
			if r.take(s) {
				return r
			}
		}
	}
	return &Rule{Do: Pass}
}

func (p *Path) remember(s Segment) {
	p.last[s.Src] = s
	switch {
	case s.Flags.Has(wire.SYN):
		p.fins[flow{s.Src, s.Dst}] = 0
	case s.Flags.Has(wire.FIN):
		p.fins[flow{s.Src, s.Dst}]++
	}
}

func (p *Path) note(action string, from Side, raw []byte) {
	text := fmt.Sprintf("packet of %d octets", len(raw))
	if t, ok := packet.Parse(raw); ok {
		text = fmt.Sprintf("[%v] %d>%d seq=%d ack=%d len=%d", t.Flags, t.Src.Port(), t.Dst.Port(), t.Seq, t.Ack, len(t.Payload))
	}
	p.log = append(p.log, Event{time.Now(), action, from, text})
}

func (p *Path) deliver(to Side, raw []byte, after time.Duration) {
	if p.wake[to] == nil {
		return // closed
	}
	p.serial++
	heap.Push(&p.queue[to], item{time.Now().Add(after), p.serial, raw})
	select {
	case p.wake[to] <- struct{}{}:
	default:
	}
}

// write hands packets to a host when they are due.
func (p *Path) write(to Side) {
	defer p.wait.Done()
	p.mu.Lock()
	wake := p.wake[to]
	p.mu.Unlock()
	timer := time.NewTimer(time.Hour)
	for {
		raw, due := p.next(to)
		if raw != nil {
			_, _ = p.tun[to].Write(raw) // a host that refuses a packet is part of the story
			continue
		}
		timer.Reset(due)
		select {
		case _, open := <-wake:
			if !open {
				return
			}
		case <-timer.C:
		}
	}
}

// next takes the first packet that is due, or says how long until one is.
func (p *Path) next(to Side) ([]byte, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.queue[to]
	if len(*q) == 0 {
		return nil, time.Hour
	}
	if due := time.Until((*q)[0].at); due > 0 {
		return nil, due
	}
	first := heap.Pop(q).(item)
	p.late = max(p.late, time.Since(first.at))
	return first.raw, 0
}

// Late is how much later than due a packet was delivered, or may have been read,
// at worst: how long the machine had no time for the network.
func (p *Path) Late() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.late
}

type item struct {
	at     time.Time
	serial int
	raw    []byte
}

// queue is a heap of packets by due time, then by order of arrival.
type queue []item

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].serial < q[j].serial
	}
	return q[i].at.Before(q[j].at)
}
func (q *queue) Push(x any) { *q = append(*q, x.(item)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
