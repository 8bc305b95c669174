package detect

import (
	"slices"
	"time"

	"github.com/lastack/lastack/report"
)

// untaken is a handshake whose ACK was captured and did not count: the server
// sent its SYN,ACK again, or refused the ACK with a RST.
type untaken struct {
	acks  []Mark // the client's ACKs that did not count, data included
	again []Note // the SYN,ACKs after the first of them
	data  []Note // the client's data sent again before the last of again
	rst   *rst   // the RST with which the server answered one of acks
	near  bool   // a tap is near the server: what it has of acks arrived there
	delay time.Duration
}

// untaken returns what is known of it, or nil if the handshake went well or
// its ACK was never captured.
func (in *Input) untaken() *untaken {
	if len(in.Conn.Refuted) == 0 || in.SYNACK.Frame == 0 || in.blind() {
		return nil
	}
	return in.room().untaken.get(in.findUntaken)
}

func (in *Input) findUntaken() (u untaken, ok bool) {
	struck := in.refuted(report.Server, "rcv.ACK-of-SYN", "")
	u.near, u.acks = in.Conn.Vantage.Near == report.Server, in.receipts(struck)
	if slices.ContainsFunc(struck, func(r *report.Refuted) bool { return r.Why == "syn-ack-retransmitted" }) {
		u.again = in.timedSYNACKs()
	}
	if r := in.deciding(); r != nil && r.By == report.Server && r.Form == "rst" && r.Cause != "injected" && has(u.acks, r.answers()) {
		u.rst = r
	}
	if len(u.again) == 0 && (u.rst == nil || u.rst.Time.Sub(in.SYNACK.Time) > in.shortly()) {
		return u, false // nothing, or a RST so late that it does not answer the handshake
	}
	if n := len(u.again); n > 0 {
		last := u.again[n-1].Time
		u.delay = last.Sub(in.SYNACK.Time)
		u.data = in.pick(in.Notes, func(d *Note) bool { return d.Kind == DataAgain && d.Side == report.Client && d.Time.Before(last) })
		if came := in.cameBefore(u.acks, last); len(came) > 0 {
			u.near, u.acks = true, came
		}
	}
	return u, true
}

// cameBefore returns those of the client's ACKs that the tap at the server had before t, as
// it has them, if there is one near each end.
func (in *Input) cameBefore(acks []Mark, t time.Time) (came []Mark) {
	if !in.tapAtBothEnds() {
		return nil
	}
	came = in.room().takeMarks(len(in.Taps.ACKs))
	for _, a := range in.Taps.ACKs {
		if has(acks, a[0]) && a[1].Time.Before(t) {
			came = append(came, a[1])
		}
	}
	return came
}

// shortly is the time in which the handshake's ACK, and what it draws, come
// after the SYN,ACK: two round trips, and something for slow hosts.
func (in *Input) shortly() time.Duration {
	const slow = 200 * time.Millisecond
	if rtt := in.Conn.Open.RTT; rtt != nil {
		return slow + 2*seconds(*rtt)
	}
	return slow
}

// timedSYNACKs returns the SYN,ACKs that a timer sent again: each a second or
// more after the one before. Others answer a SYN that came twice.
func (in *Input) timedSYNACKs() []Note {
	before := in.SYNACK.Time
	return in.pick(in.Notes, func(n *Note) bool {
		if n.Kind != SYNACKAgain || n.Side != report.Server {
			return false
		}
		gap := n.Time.Sub(before)
		before = n.Time
		return gap >= initialTimer
	})
}

// overflow decides between a full accept queue and a lost ACK (inference.md
// section 4). The confidence is that of the overflow; empty if the ACK was
// probably lost.
func (u *untaken) overflow() (confidence string) {
	switch {
	case len(u.again) >= 2 && u.near, len(u.data) > 0 && u.near:
		return high // the ACK did arrive, twice or with data, and was not taken
	case len(u.again) >= 2, len(u.data) > 0:
		return medium // all of them lost on the way to the server: less likely
	case u.near, len(u.again) == 0:
		return low // TCP_DEFER_ACCEPT, or a listener that was closed, look the same
	}
	return ""
}

// proof is what shows it.
func (u *untaken) proof(in *Input) []Mark {
	p := in.join(in.marks(in.SYN[0].first(), in.SYNACK.first()), u.acks, in.marksOf(u.again), in.marksOf(u.data))
	if u.rst != nil {
		p = append(p, u.rst.mark())
	}
	return p
}
