package detect

import (
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
	near  bool   // the tap is near the server: what was captured for it arrived there
	delay time.Duration
}

// untaken returns what is known of it, or nil if the handshake went well or
// its ACK was never captured.
func (in *Input) untaken() *untaken {
	if len(in.Conn.Refuted) == 0 || in.SYNACK.Frame == 0 || in.blind() {
		return nil
	}
	u := &untaken{near: in.Conn.Vantage.Near == report.Server, again: in.timedSYNACKs()}
	struck := 0
	for _, r := range in.refuted(report.Server, "rcv.ACK-of-SYN", "") {
		u.acks = append(u.acks, at(r.Frame, r.File))
		if r.Why == "syn-ack-retransmitted" {
			struck++
		}
	}
	if r := in.deciding(); r != nil && r.By == report.Server && r.Form == "rst" && has(u.acks, r.answers()) {
		u.rst = r
	}
	if struck == 0 {
		u.again = nil
	}
	if len(u.again) == 0 && (u.rst == nil || u.rst.Time.Sub(in.SYNACK.Time) > in.shortly()) {
		return nil // nothing, or a RST so late that it does not answer the handshake
	}
	if n := len(u.again); n > 0 {
		last := u.again[n-1].Time
		u.delay = last.Sub(in.SYNACK.Time)
		for _, d := range in.notes(DataAgain, report.Client) {
			if d.Time.Before(last) {
				u.data = append(u.data, d)
			}
		}
	}
	return u
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
	var out []Note
	before := in.SYNACK.Time
	for _, n := range in.notes(SYNACKAgain, report.Server) {
		if n.Time.Sub(before) >= initialTimer {
			out = append(out, n)
		}
		before = n.Time
	}
	return out
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
	p := append(in.marks(in.SYN[0].first(), in.SYNACK.first()), u.acks...)
	p = append(append(p, in.marksOf(u.again)...), in.marksOf(u.data)...)
	if u.rst != nil {
		p = append(p, u.rst.mark())
	}
	return p
}
