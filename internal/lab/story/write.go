package story

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lastack/lastack/internal/lab/truth"
	"github.com/lastack/lastack/wire"
)

// Write puts the captures, the truth, the network's log and a README into
// dir/NAME.
func (r Result) Write(dir string) error {
	dir = filepath.Join(dir, r.Story.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := r.Record.Write(dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "network.log"), []byte(r.network()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), []byte(r.readme()), 0o644)
}

// network is everything the network did to packets, a line each: seconds
// since the epoch, what, which packet, from where. The numbers are the
// kernels' own, also when the captures were shifted.
func (r Result) network() string {
	var b strings.Builder
	for _, e := range r.Log {
		fmt.Fprintf(&b, "%d.%06d %v\n", e.At.Unix(), e.At.Nanosecond()/1000, e)
	}
	return b.String()
}

func (r Result) readme() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", r.Story.Title)
	fmt.Fprintf(&b, "Made on Linux %s, %s\n", release(), r.place())
	if r.Story.ISN != [2]wire.Seq{} {
		fmt.Fprintf(&b, "\nThe captures were shifted afterwards: the first connection of every tuple begins at %d for A and %d for B, as if the kernels had chosen so.\n",
			r.Story.ISN[0], r.Story.ISN[1])
	}
	r.faults(&b)
	b.WriteByte('\n')
	for side, endpoints := range r.Record.Endpoints {
		for i, e := range endpoints {
			if i == linesShown {
				fmt.Fprintf(&b, "- ... %d more\n", len(endpoints)-i)
				break
			}
			fmt.Fprintf(&b, "- kernel, %c: %s\n", 'A'+side, e.Path())
		}
	}
	b.WriteByte('\n')
	for side, verdict := range r.Story.Verdict {
		if verdict != "" {
			fmt.Fprintf(&b, "- right verdict, %c: %s\n", 'A'+side, verdict)
		}
	}
	if r.Story.Mind != "" {
		fmt.Fprintf(&b, "\nMind: %s\n", r.Story.Mind)
	}
	for side, h := range r.Record.Hosts {
		if len(h.Frames) > 0 {
			listing(&b, side, h.Frames)
		}
	}
	return b.String()
}

// place says where the story was played, and what its captures show.
func (r Result) place() string {
	a, b := r.Addrs[0], r.Addrs[1]
	switch {
	case r.Story.Local:
		return fmt.Sprintf("one network namespace, on its loopback device. A = %v. `A.pcap` is what passes that device.", a)
	case r.Story.Cable:
		return fmt.Sprintf("two network namespaces joined by a pair of cards without delay, which leave segmentation to each other. A = %v, B = %v. `A.pcap` and `B.pcap` are the same traffic captured at either end.", a, b)
	}
	return fmt.Sprintf("two network namespaces, one-way delay %v. A = %v, B = %v. `A.pcap` and `B.pcap` are the same traffic captured at either end.", r.Story.Delay, a, b)
}

// linesShown is how many endpoints, faults or frames a README lists at most.
const linesShown = 60

func (r Result) faults(b *strings.Builder) {
	if len(r.Log) == 0 {
		return
	}
	var lines []string
	for _, e := range r.Log[:min(len(r.Log), linesShown)] {
		lines = append(lines, e.String())
	}
	if n := len(r.Log) - linesShown; n > 0 {
		lines = append(lines, fmt.Sprintf("%d more in network.log", n))
	}
	if r.Story.ISN != [2]wire.Seq{} {
		lines = append(lines, "(the numbers here are from before the captures were shifted)")
	}
	fmt.Fprintf(b, "\nWhat was done to the network: %s\n", strings.Join(lines, "; "))
}

// release is the kernel's "6.18".
func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "?"
	}
	parts := strings.SplitN(unix.ByteSliceToString(u.Release[:]), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// listing prints the frames with relative sequence numbers.
func listing(b *strings.Builder, side int, frames []truth.Frame) {
	fmt.Fprintf(b, "\nSeen at %c:\n```\n", 'A'+side)
	base := make(map[truth.Tuple]wire.Seq)
	for i, f := range frames {
		line := frameLine(f, base)
		if i >= linesShown && i < len(frames)-linesShown/2 {
			continue
		}
		if i == len(frames)-linesShown/2 && i > linesShown {
			fmt.Fprintf(b, "   ... %d packets omitted ...\n", i-linesShown)
		}
		fmt.Fprintf(b, "%3d %8.3f %s\n", i+1, float64(f.T-frames[0].T)/1e9, line)
	}
	b.WriteString("```\n")
}

func frameLine(f truth.Frame, base map[truth.Tuple]wire.Seq) string {
	if !f.Whole {
		return fmt.Sprintf("-   %d octets, no whole segment", len(f.Raw))
	}
	own, other := truth.Tuple{Local: f.Src, Remote: f.Dst}, truth.Tuple{Local: f.Dst, Remote: f.Src}
	if _, known := base[own]; !known || f.Flags.Has(wire.SYN) {
		base[own] = f.Seq
		if !f.Flags.Has(wire.SYN) {
			base[own]--
		}
	}
	from := sideOf(f.Src.Addr())
	acks := ""
	if f.Flags.Has(wire.ACK) {
		acks = fmt.Sprintf(" a=%d", f.Ack-base[other])
	}
	return fmt.Sprintf("%c>%c %d>%d %-5s s=%d%s len=%d win=%d",
		'A'+from, 'A'+sideOf(f.Dst.Addr()), f.Src.Port(), f.Dst.Port(), "["+f.Flags.String()+"]", f.Seq-base[own], acks, len(f.Payload), f.Window)
}
