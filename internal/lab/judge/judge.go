package judge

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/report"
)

// Verdict says how a record's states agree with the kernel's.
type Verdict string

// The verdicts. Excepted is an endpoint that is not exact for a reason that is
// known; Missed one without a reason.
const (
	Exact        Verdict = "exact"
	Excepted     Verdict = "excepted"
	Missed       Verdict = "NOT EXACT"
	Contradicted Verdict = "CONTRADICTED"
)

// Row is the judgement of one endpoint at one tap.
type Row struct {
	Capture  string // the folder's name
	Endpoint Endpoint
	Tap      string // "A", "B", or "AB": both
	Verdict  Verdict
	Why      string // of Excepted
	Kernel   string // the kernel's states, @ frame of the tap
	Ours     string // the record's, ? assumed, @ frame
	// Displaced says of an exact one in a random mix, at the other tap, that another
	// packet brought a state about than the record says: most often another copy.
	Displaced bool
	// Unseen says that nothing which the endpoint sent is in the capture, and that the
	// records claim nothing of it.
	Unseen bool
}

// Own reports whether the tap is the endpoint's own.
func (r *Row) Own() bool { return strings.Contains(r.Tap, r.Endpoint.EP) }

// Name is "CAPTURE END at TAP".
func (r *Row) Name() string { return fmt.Sprintf("%s %s at %s", r.Capture, r.Endpoint.EP, r.Tap) }

// Unexplained reports whether the row is not exact and nothing says why. What
// cannot be known of a connection in a random mix is not named one by one. Nothing
// excuses a contradiction.
func (r *Row) Unexplained() bool {
	return r.Verdict == Contradicted || r.Verdict == Missed && !r.random()
}

// random reports whether the row is of a random mix.
func (r *Row) random() bool { return strings.HasPrefix(r.Capture, "random-") }

// String shows both rows of states.
func (r *Row) String() string {
	why := ""
	if r.Why != "" {
		why = ": " + r.Why
	}
	return fmt.Sprintf("%s, port %d to %d, %v%s\n  kernel: %s\n  ours:   %s",
		r.Name(), r.Endpoint.SPort, r.Endpoint.DPort, r.Verdict, why, r.Kernel, r.Ours)
}

// Folder judges both captures of a folder that the lab wrote.
func Folder(dir string) (out []Row, err error) {
	endpoints, err := Read(dir)
	if err != nil {
		return nil, err
	}
	taps, packets := []string{"A", "B"}, make(Packets)
	for i, tap := range taps {
		if _, err := os.Stat(filepath.Join(dir, tap+".pcap")); err != nil {
			taps = slices.Delete(taps, i, i+1) // a story on one host, or that only one has seen
			break
		}
	}
	for _, tap := range taps {
		if err := packets.read(tap, filepath.Join(dir, tap+".pcap")); err != nil {
			return nil, err
		}
	}
	for _, tap := range taps {
		list, err := Records(analyzer.Options{}, filepath.Join(dir, tap+".pcap"))
		if err != nil {
			return nil, err
		}
		out = append(out, Rows(filepath.Base(dir), tap, endpoints, list, packets)...)
	}
	return out, nil
}

// Records returns the records of the connections in one capture of several
// files, by their ids. What is read before a file's end is damaged counts.
func Records(opt analyzer.Options, files ...string) (list []*report.Connection, err error) {
	set, err := capture.Open(files, capture.Options{})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	opt.Files = len(files)
	a := analyzer.New(opt)
	var p capture.Packet
	for {
		err := set.Next(&p)
		if err == io.EOF {
			break
		}
		var damage *capture.Error
		if err != nil && !errors.As(err, &damage) {
			return nil, err
		}
		if err == nil {
			a.AddPacket(&p)
		}
	}
	a.Close()
	for r := range a.Records() {
		if c, ok := r.(*report.Connection); ok {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *report.Connection) int { return int(a.ID) - int(b.ID) })
	return list, nil
}

// Rows judges the records of a capture taken at tap, also those of endpoints that
// the kernels know nothing of. Without packets, at the other tap, only the states
// and their order count.
func Rows(name, tap string, endpoints []Endpoint, list []*report.Connection, packets Packets) (out []Row) {
	for _, e := range slices.Concat(endpoints, phantoms(endpoints, list)) {
		ours := claims(list, &e)
		none := len(e.States) == 0
		if e.SPort == 0 || none && (!slices.ContainsFunc(ours, proved) || strings.HasPrefix(exception(name, e.EP, tap), nobody)) {
			continue
		}
		out = append(out, judge(name, tap, e, ours, packets))
	}
	return out
}

func proved(x claim) bool { return x.proved }

// RuledOut says, of an endpoint whose last state the records of its own tap call
// UNKNOWN, that its kernel's is not among those which they call possible; "" if it
// is, or if no frame brought it about.
func (e *Endpoint) RuledOut(list []*report.Connection) string {
	var last *report.Endpoint
	for _, c := range list {
		if side, ok := e.side(c); ok {
			last = c.Endpoint(side)
		}
	}
	kernel := e.path()
	if last == nil || len(last.Possible) == 0 || len(kernel) == 0 || kernel[len(kernel)-1].frame == nil {
		return ""
	}
	if state := kernel[len(kernel)-1].state.String(); !slices.Contains(last.Possible, state) {
		return fmt.Sprintf("UNKNOWN %v, not %s", last.Possible, state)
	}
	return ""
}

// phantoms are the ends of records that no kernel had a socket for.
func phantoms(endpoints []Endpoint, list []*report.Connection) (out []Endpoint) {
	host, known := map[netip.Addr]string{}, map[[2]netip.AddrPort]bool{}
	for i := range endpoints {
		e := &endpoints[i]
		host[e.SAddr] = e.EP
		known[e.tuple()] = true
		if _, ok := host[e.DAddr]; !ok { // one that perhaps had no socket at all
			host[e.DAddr] = map[string]string{"A": "B", "B": "A"}[e.EP]
		}
	}
	for _, c := range list {
		for _, end := range [][2]report.Addr{{c.Client, c.Server}, {c.Server, c.Client}} {
			e := Endpoint{EP: host[end[0].IP], SAddr: end[0].IP, SPort: end[0].Port, DAddr: end[1].IP, DPort: end[1].Port}
			if e.EP != "" && !known[e.tuple()] {
				known[e.tuple()] = true
				out = append(out, e)
			}
		}
	}
	return out
}

func judge(name, tap string, e Endpoint, ours []claim, packets Packets) Row {
	agree := anyTime
	switch {
	case tap == e.EP:
		agree = sameTime
	case packets != nil:
		agree = packets.atItsHost(e.EP, tap)
	}
	kernel := e.path()
	wire := onWire(kernel)
	r := Row{Capture: name, Endpoint: e, Tap: tap, Verdict: Missed, Unseen: len(ours) == 0 && !packets.from(tap, &e), Kernel: showSteps(kernel, packets.frameOf(e.EP, tap)), Ours: showClaims(ours)}
	why := exception(name, e.EP, tap)
	switch {
	case exact(kernel, ours, agree):
		r.Verdict = Exact
	case r.random() && tap != e.EP && exact(kernel, ours, anyTime):
		r.Verdict, r.Displaced = Exact, true
	case wire != nil && exact(wire, ours, anyTime):
		r.Verdict, r.Why = Excepted, "its FIN left after the peer's had come: what close() decided before is not on the wire"
	case len(kernel) == 0 && why != "":
		r.Verdict, r.Why = Excepted, why
	case len(kernel) == 0 && r.random() && len(ours) == 1 && ours[0].state == fsm.SynSent:
		r.Verdict, r.Why = Excepted, "the mix puts in SYNs in its hosts' names: one that the host never speaks of is like any other"
	case contradicted(kernel, ours) && (wire == nil || contradicted(wire, ours)):
		r.Verdict = Contradicted
	case why != "":
		r.Verdict, r.Why = Excepted, why
	}
	return r
}
