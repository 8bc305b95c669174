package detect

import (
	"slices"
	"time"

	"github.com/lastack/lastack/report"
)

// probing is what is known of one side's keepalive probes.
type probing struct {
	side     report.Side
	probes   []Note
	replies  []Note // of the peer
	trailing []Note // the last probes, which drew nothing
	gaveUp   *rst   // the RST,ACK by which the prober gave up
	refused  *rst   // the RST that answers a probe
}

// probing returns what is known of a side's probes, nil if it sent none.
func (in *Input) probing(side report.Side) *probing {
	if in.Conn.Endpoint(side).KeepaliveProbes == 0 {
		return nil
	}
	return in.room().probing[index(side)].get(func() (probing, bool) { return in.findProbing(side), true })
}

func (in *Input) findProbing(side report.Side) probing {
	p := probing{side: side, probes: in.notes(Probe, side), replies: in.notes(ProbeReply, side.Peer())}
	heard := in.heard(side.Peer()).Time
	if n := len(p.replies); n > 0 && p.replies[n-1].Time.After(heard) {
		heard = p.replies[n-1].Time
	}
	p.trailing = in.pick(p.probes, func(n *Note) bool { return n.Time.After(heard) })
	if r := in.deciding(); r != nil {
		switch {
		case r.By == side && r.Cause == "keepalive":
			p.gaveUp = r
		case in.answersProbe(r) && r.By == side.Peer():
			p.refused, p.trailing = r, nil
		}
	}
	return p
}

// answersProbe reports whether the RST answers a keepalive probe.
func (in *Input) answersProbe(r *rst) bool {
	answers, prober := r.answers(), r.By.Peer()
	return r.Form == "rst" && slices.ContainsFunc(in.Notes, func(n Note) bool {
		return n.Kind == Probe && n.Side == prober && same(n.mark(), answers)
	})
}

// gap is the usual time between the probes: the median. 0 of a single probe.
func (p *probing) gap() time.Duration { return medianGap(p.probes) }

// medianGap is the median time between notes, of which the middle ones may be
// missing.
func medianGap(list []Note) time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(list); i++ {
		gaps = append(gaps, list[i].Time.Sub(list[i-1].Time))
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// defaults are the idle times before the first probe that systems and
// languages choose unless they are told otherwise (K3).
var defaults = []struct {
	idle time.Duration
	who  string
}{
	{2 * time.Hour, "the default of Linux, Windows, macOS and FreeBSD"},
	{15 * time.Second, "the default of Go's net package"},
}

// whose names the system whose default an idle time is, within a twentieth.
func whose(idle time.Duration) string {
	for _, d := range defaults {
		if (idle - d.idle).Abs() <= d.idle/20 {
			return d.who
		}
	}
	return ""
}
