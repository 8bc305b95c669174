package truth

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// seconds is a time in nanoseconds that JSON shows as seconds, in full.
type seconds int64

func (s seconds) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%09d", int64(s)/1e9, int64(s)%1e9), nil
}

type stateJSON struct {
	T        seconds  `json:"t"`
	Lo       seconds  `json:"t_lo"`
	State    string   `json:"state"`
	Source   string   `json:"source"`
	Diag     *seconds `json:"t_diag,omitempty"`
	Orphan   *seconds `json:"orphan_since,omitempty"`
	Delay    *seconds `json:"wire_delay,omitempty"`
	Frame    *int     `json:"frame"`
	FrameDir string   `json:"frame_dir,omitempty"`
}

type endpointJSON struct {
	Ep     string      `json:"ep"`
	Saddr  netip.Addr  `json:"saddr"`
	Sport  uint16      `json:"sport"`
	Daddr  netip.Addr  `json:"daddr"`
	Dport  uint16      `json:"dport"`
	States []stateJSON `json:"states"`
}

type eventJSON struct {
	T     seconds    `json:"t"`
	Name  string     `json:"event,omitempty"` // absent: inet_sock_set_state
	Saddr netip.Addr `json:"saddr"`
	Sport uint16     `json:"sport"`
	Daddr netip.Addr `json:"daddr"`
	Dport uint16     `json:"dport"`
	Old   string     `json:"old,omitempty"`
	New   string     `json:"new,omitempty"`
	Ep    string     `json:"ep"`
}

// some is nil for the zero that means "not there".
func some(ns int64) *seconds {
	if ns == 0 {
		return nil
	}
	s := seconds(ns)
	return &s
}

func (s State) json() stateJSON {
	j := stateJSON{
		T: seconds(s.T), Lo: seconds(s.Lo), State: s.Name, Source: s.Source,
		Diag: some(s.Diag), Orphan: some(s.Orphan), Delay: some(s.WireDelay), FrameDir: s.FrameDir,
	}
	if s.Frame > 0 {
		j.Frame = &s.Frame
	}
	return j
}

// JSON is the endpoint as truth.json holds it; ep is "A" or "B".
func (e Endpoint) json(ep string) endpointJSON {
	j := endpointJSON{
		Ep: ep, Saddr: e.Local.Addr(), Sport: e.Local.Port(),
		Daddr: e.Remote.Addr(), Dport: e.Remote.Port(),
	}
	for _, s := range e.States {
		j.States = append(j.States, s.json())
	}
	return j
}

// Record is everything known of one run: the two hosts, A first, and the
// endpoints that Merge made of each.
type Record struct {
	Hosts     [2]Host
	Endpoints [2][]Endpoint
	Counters  [2]Counters
}

// Counters are a host's, of /proc/net/netstat and snmp by their nstat names, as
// they stood when the run began and when it ended. Some count nothing, but tell
// a limit (TcpRtoMin) or how many there are now (TcpCurrEstab).
type Counters struct {
	Before map[string]int64 `json:"before"`
	After  map[string]int64 `json:"after"`
}

// Grown returns those that changed, and by how much.
func (c Counters) Grown() map[string]int64 {
	grown := make(map[string]int64)
	for name, after := range c.After {
		if d := after - c.Before[name]; d != 0 {
			grown[name] = d
		}
	}
	return grown
}

// Write puts A.pcap, B.pcap, truth.json, tracepoint.json, kernel.json (the
// other events, and the counters that changed) and counters.json (all of them,
// before and after) into dir.
func (r Record) Write(dir string) error {
	for i, name := range []string{"A.pcap", "B.pcap"} {
		if len(r.Hosts[i].Frames) == 0 && i == 1 {
			continue // a story on one host
		}
		if err := writePcap(filepath.Join(dir, name), r.Hosts[i].Frames, i == 1); err != nil {
			return err
		}
	}
	states, others := r.events()
	kernel := map[string]any{"events": others, "counters": map[string]any{"A": r.Counters[0].Grown(), "B": r.Counters[1].Grown()}}
	counters := map[string]any{"A": r.Counters[0], "B": r.Counters[1]}
	for name, v := range map[string]any{"truth.json": r.endpoints(), "tracepoint.json": states, "kernel.json": kernel, "counters.json": counters} {
		text, err := json.MarshalIndent(v, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Check is the first complaint of any endpoint's Check.
func (r Record) Check() error {
	for _, own := range r.Endpoints {
		for _, e := range own {
			if err := e.Check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// endpoints lists both ends of a connection together, in order of time.
func (r Record) endpoints() []endpointJSON {
	out := []endpointJSON{}
	used := make(map[Tuple]bool)
	add := func(i int, e Endpoint) {
		if !used[e.Tuple] {
			used[e.Tuple] = true
			out = append(out, e.json(string(rune('A'+i))))
		}
	}
	for i, own := range r.Endpoints {
		for _, e := range own {
			add(i, e)
			for _, x := range r.Endpoints[1-i] {
				if x.Local == e.Remote && x.Remote == e.Local {
					add(1-i, x)
				}
			}
		}
	}
	return out
}

func (r Record) events() (states, others []eventJSON) {
	for i, h := range r.Hosts {
		for _, e := range h.Events {
			j := eventJSON{
				T: seconds(e.T), Name: e.Name, Saddr: e.Local.Addr(), Sport: e.Local.Port(),
				Daddr: e.Remote.Addr(), Dport: e.Remote.Port(), Old: e.Old, New: e.New, Ep: string(rune('A' + i)),
			}
			if e.Name == "inet_sock_set_state" {
				j.Name = ""
				states = append(states, j)
			} else {
				others = append(others, j)
			}
		}
	}
	return states, others
}

// The link addresses put before every packet: A's ends in 0a, B's in 0b.
var linkAddr = [2][6]byte{{2, 0, 0, 0, 0, 0x0a}, {2, 0, 0, 0, 0, 0x0b}}

// writePcap writes Ethernet frames with nanosecond time stamps.
func writePcap(name string, frames []Frame, atB bool) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := pcapgo.NewWriterNanos(f)
	if err := w.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		return err
	}
	for _, x := range frames {
		raw := ethernet(x, atB)
		info := gopacket.CaptureInfo{Timestamp: time.Unix(0, x.T), CaptureLength: len(raw), Length: len(raw)}
		if err := w.WritePacket(info, raw); err != nil {
			return err
		}
	}
	return f.Close()
}

func ethernet(x Frame, atB bool) []byte {
	from, to := linkAddr[0], linkAddr[1]
	if x.Sent == atB {
		from, to = to, from
	}
	raw := append(append(make([]byte, 0, 14+len(x.Raw)), to[:]...), from[:]...)
	if x.Raw[0]>>4 == 6 {
		raw = append(raw, 0x86, 0xdd)
	} else {
		raw = append(raw, 0x08, 0x00)
	}
	return append(raw, x.Raw...)
}

// Path is the endpoint's states in a row, momentary ones included.
func (e Endpoint) Path() string {
	var names []string
	for _, s := range e.States {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}
