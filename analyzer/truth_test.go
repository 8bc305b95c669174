package analyzer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/lastack/lastack/analyzer"
	"github.com/lastack/lastack/capture"
	"github.com/lastack/lastack/fsm"
	"github.com/lastack/lastack/report"
)

// truthState is one state of an endpoint as the kernel had it.
type truthState struct {
	State string  `json:"state"`
	T     float64 `json:"t"`
	Frame *uint64 `json:"frame"`
}

// truthEndpoint is the kernel's list of states of one endpoint.
type truthEndpoint struct {
	EP     string       `json:"ep"`
	SAddr  netip.Addr   `json:"saddr"`
	SPort  uint16       `json:"sport"`
	DAddr  netip.Addr   `json:"daddr"`
	DPort  uint16       `json:"dport"`
	States []truthState `json:"states"`
}

// analyzeFile returns all records of a capture.
func analyzeFile(t testing.TB, opt analyzer.Options, paths ...string) ([]*report.Connection, *analyzer.Analyzer) {
	t.Helper()
	set, err := capture.Open(paths, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	opt.Files = len(paths)
	a := analyzer.New(opt)
	var p capture.Packet
	for {
		err := set.Next(&p)
		if err == io.EOF {
			break
		}
		var fault *capture.Error
		if err != nil && !errors.As(err, &fault) {
			t.Fatal(err)
		}
		if err == nil {
			a.AddPacket(&p)
		}
	}
	a.Close()
	var list []*report.Connection
	for r := range a.Records() {
		if c, ok := r.(*report.Connection); ok {
			list = append(list, c)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list, a
}

// ours is one state as the analyzer has it.
type ours struct {
	state    fsm.State
	proved   bool // sent or confirmed
	optional bool
	frame    uint64
	basis    string
}

// path lists the states of the endpoint with the given address, over all its
// incarnations.
func path(list []*report.Connection, ep *truthEndpoint) (out []ours) {
	for _, c := range list {
		var side report.Side
		switch {
		case c.Client.IP == ep.SAddr && c.Client.Port == ep.SPort && c.Server.IP == ep.DAddr && c.Server.Port == ep.DPort:
			side = report.Client
		case c.Server.IP == ep.SAddr && c.Server.Port == ep.SPort && c.Client.IP == ep.DAddr && c.Client.Port == ep.DPort:
			side = report.Server
		default:
			continue
		}
		for _, tr := range c.Transitions {
			if tr.Side != side {
				continue
			}
			s, ok := fsm.Parse(tr.To)
			if !ok {
				continue
			}
			o := ours{state: s, proved: tr.Basis == "sent" || tr.Basis == "confirmed", basis: tr.Basis,
				optional: tr.Momentary || s == fsm.Closed && (tr.Basis == "timer" || tr.Basis == "superseded")}
			if tr.Frame != nil {
				o.frame = *tr.Frame
			}
			out = append(out, o)
		}
	}
	return out
}

// kernel is one state of the truth.
type kernel struct {
	state    fsm.State
	optional bool
}

func kernelPath(ep *truthEndpoint) (out []kernel) {
	for i, s := range ep.States {
		st, ok := fsm.Parse(s.State)
		if !ok {
			panic("unknown state " + s.State)
		}
		momentary := i+1 < len(ep.States) && ep.States[i+1].Frame != nil && s.Frame != nil && *s.Frame == *ep.States[i+1].Frame
		out = append(out, kernel{st, s.Frame == nil || momentary})
	}
	return out
}

// same reports whether two paths agree but for what may be missing in either.
func same(k []kernel, o []ours) bool {
	switch {
	case len(k) > 0 && len(o) > 0 && k[0].state == o[0].state && same(k[1:], o[1:]):
		return true
	case len(k) > 0 && k[0].optional && same(k[1:], o):
		return true
	case len(o) > 0 && o[0].optional && same(k, o[1:]):
		return true
	}
	return len(k) == 0 && len(o) == 0
}

// contradicts returns the first proved state that the kernel's path does not
// have in its place.
func contradicts(k []kernel, o []ours) (fsm.State, bool) {
	i := 0
	for _, s := range o {
		if !s.proved {
			continue
		}
		j := i
		for j < len(k) && k[j].state != s.state {
			j++
		}
		if j == len(k) {
			if s.optional {
				continue
			}
			return s.state, true
		}
		i = j + 1
	}
	return 0, false
}

func showKernel(k []kernel) string {
	var b []string
	for _, s := range k {
		b = append(b, s.state.String())
	}
	return strings.Join(b, " ")
}

func showOurs(o []ours) string {
	var b []string
	for _, s := range o {
		mark := ""
		if !s.proved {
			mark = "?" + s.basis[:1]
		}
		b = append(b, fmt.Sprintf("%s%s@%d", s.state, mark, s.frame))
	}
	return strings.Join(b, " ")
}

// score is the outcome of the comparison at one kind of tap.
type score struct {
	exact, total int
	missed, bad  []string // endpoints that are not exact, that are contradicted
	rows         []string // one for each endpoint, for the table
}

// table lines up the rows of both taps by capture.
func table(rows []string) string {
	sort.Strings(rows)
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CAPTURE\tEND\tTAP\tVERDICT\tSTATES (? assumed, @ frame)")
	for _, r := range rows {
		fmt.Fprintln(w, r)
	}
	_ = w.Flush() // to memory
	return b.String()
}

// compareTruth compares one capture folder at both taps.
func compareTruth(t *testing.T, dir string, own, far *score, verbose bool) {
	raw, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Error(err)
		return
	}
	var truth []truthEndpoint
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	for _, tap := range []string{"A", "B"} {
		file := filepath.Join(dir, tap+".pcap")
		if _, err := os.Stat(file); err != nil {
			t.Log(err)
			continue
		}
		list, _ := analyzeFile(t, analyzer.Options{}, file)
		for i := range truth {
			ep := &truth[i]
			k, o := kernelPath(ep), path(list, ep)
			if ep.SPort == 0 || len(k) == 0 {
				continue
			}
			sc := far
			if ep.EP == tap {
				sc = own
			}
			sc.total++
			ok, name := same(k, o), fmt.Sprintf("%s %s at %s", filepath.Base(dir), ep.EP, tap)
			if ok {
				sc.exact++
			} else {
				sc.missed = append(sc.missed, name)
			}
			st, bad := contradicts(k, o)
			verdict := "exact"
			switch {
			case bad:
				sc.bad = append(sc.bad, name)
				verdict = "contradicted"
			case !ok:
				verdict = "not exact"
			}
			sc.rows = append(sc.rows, fmt.Sprintf("%s\t%s\t%s\t%s\t%s", filepath.Base(dir), ep.EP, tap, verdict, showOurs(o)))
			if verbose && (bad || !ok) {
				note := ""
				if bad {
					note = fmt.Sprintf("  CONTRADICTED %s", st)
				}
				where := "far"
				if ep.EP == tap {
					where = "own"
				}
				t.Logf("%s %s tap %s (%s) port %d/%d%s\n   kernel: %s\n   ours:   %s", filepath.Base(dir), ep.EP, tap, where, ep.SPort, ep.DPort, note, showKernel(k), showOurs(o))
			}
		}
	}
}

// The numbers of TestTruth: they only ever rise. Own is the endpoint's own
// tap, far the other one.
const (
	wantOwn = 47 // of 47
	wantFar = 44 // of 47
)

// unknowable are the endpoints whose states cannot be known at a tap, and why.
var unknowable = map[string]string{
	"final-ack-always-lost A at B":   "the ACKs that A sent from TIME-WAIT never reached B",
	"keepalive-unanswered A at B":    "A's probes and its RST never reached B",
	"time-wait-assassination A at B": "the forged RST was put in beyond B's tap",
}

// TestTruth holds every endpoint of every capture against the kernel's own
// trace. LASTACK_TRUTH names other folders of captures to hold it against.
func TestTruth(t *testing.T) {
	roots := []string{"../testdata/pcaps"}
	more := os.Getenv("LASTACK_TRUTH")
	if more != "" {
		roots = filepath.SplitList(more)
	}
	var own, far score
	n := 0
	for _, root := range roots {
		dirs, _ := filepath.Glob(filepath.Join(root, "*", "truth.json"))
		for _, d := range dirs {
			n++
			compareTruth(t, filepath.Dir(d), &own, &far, true)
		}
	}
	if n == 0 {
		t.Fatal("no captures with truth found")
	}
	if more == "" {
		t.Log("\n" + table(append(own.rows, far.rows...)))
	}
	t.Logf("own tap: %d/%d exact, %d contradicted", own.exact, own.total, len(own.bad))
	t.Logf("far tap: %d/%d exact, %d contradicted", far.exact, far.total, len(far.bad))
	if more != "" {
		return
	}
	if own.exact < wantOwn || far.exact < wantFar || len(own.bad)+len(far.bad) > 0 {
		t.Errorf("own tap %d exact, far tap %d, %d contradicted; want at least %d, %d, and none",
			own.exact, far.exact, len(own.bad)+len(far.bad), wantOwn, wantFar)
	}
	for _, name := range append(own.missed, far.missed...) {
		if unknowable[name] == "" {
			t.Errorf("%s is not exact, and no reason is named", name)
		}
	}
}
