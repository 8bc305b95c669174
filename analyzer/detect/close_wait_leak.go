package detect

import (
	"math"
	"time"

	"github.com/lastack/lastack/analyzer/stats"
	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Warning: descriptors that nobody gives back run out in the end. Critical when that
// is near.
var closeWaitLeak = over(Detector{
	ID:    "close-wait-leak",
	Title: "Sockets that a program does not close",
	Means: "A program does not close its sockets: their peers have closed, its kernel has acknowledged that, and they pile up in CLOSE-WAIT, each holding a descriptor. " +
		"When there are none left accept() and open() fail with EMFILE. The network is not at fault.",
	Severity: warning,
	Disproof: "FINs of these sockets after the end of the capture; a protocol in which this end may go on sending for so long after the other has closed.",
	Advice: "The program has to call close() when read() returns 0, on every error path too, and its event loop has to go on watching sockets that have nothing to say. " +
		"Restarting it frees them, a higher limit buys time; no sysctl ends CLOSE-WAIT.",
	Check: []string{"ss -tanp state close-wait", "ls /proc/PID/fd | wc -l", "grep 'open files' /proc/PID/limits"},
	Refs:  []string{"RFC 9293 3.6", "RFC 9293 3.10.4", "tcp_fin()"},
}, findCloseWaitLeak)

const (
	leakYoung   = time.Second // a program that has work to do may take as long
	leakOthers  = 20          // so many others say what closing takes
	leakFew     = 5           // and so many that do not close then are no chance
	leakTenth   = 10          // if they have waited for as many times as long
	leakUsual   = 0.95        // as so large a share of the others took
	leakSixth   = 6           // and for so large a part of what is long anyway
	leakSoon    = 10 * time.Minute
	leakLately  = time.Minute
	leakGrowing = 10 * time.Second // a growth is measured over this at least
)

// staysInCloseWait reports whether side was told of the close, has not closed, and has
// not used the half that is open for a while.
func (in *Input) staysInCloseWait(side report.Side) bool {
	e := in.Conn.Endpoint(side)
	return e.State == "CLOSE-WAIT" && e.ConfirmedState == "CLOSE-WAIT" && in.Conn.FinalBy == "end-of-input" &&
		in.FINAcked[index(side.Peer())].Frame != 0 && in.Now.Sub(in.closeWaitSince(side)) >= leakYoung
}

// closeWaitSince is since when side has done nothing in CLOSE-WAIT.
func (in *Input) closeWaitSince(side report.Side) time.Time {
	since := in.since(side)
	if h := in.Conn.HalfClose; h != nil && h.By == side.Peer() && in.HalfClose.LastTime.After(since) {
		return in.HalfClose.LastTime
	}
	return since
}

// leftCloseWait is for how long the server was in CLOSE-WAIT, in nanoseconds, if it left
// it: by a FIN, or by a RST, as when it writes to a client that has closed both ways.
func (in *Input) leftCloseWait() int64 {
	c := &in.Conn.Close
	if c.FirstCloser != report.Client || c.CloseWait == nil {
		return 0
	}
	return max(int64(*c.CloseWait*1e9), 1)
}

// endedInCloseWait reports whether a RST took the server out of CLOSE-WAIT: to a socket
// that nobody closes it comes when its data, or a keepalive, find no socket at the client.
func (in *Input) endedInCloseWait() bool {
	c := &in.Conn.Close
	return c.FirstCloser == report.Client && c.Reset != nil && in.FINAcked[0].Frame != 0 && in.FIN[1].Frame == 0
}

func (in *Input) closeWaitProof(side report.Side) proof {
	return places(in.FIN[index(side.Peer())].first(), in.FINAcked[index(side.Peer())].first())
}

func findCloseWaitLeak(s *Survey) (out []overall) {
	s.listeners.Each(func(a report.Addr, l *listener) {
		if l.closeWait != nil {
			out = s.leak(out, report.Server, "at "+where(a), l.closeWait, l)
		}
	})
	s.pairs.Each(func(p pair, c *connector) {
		if c.closeWait != nil {
			out = s.leak(out, report.Client, "at "+p.client.String()+", of connections to "+where(p.service)+",", c.closeWait, nil)
		}
	})
	return out
}

// leak tells of the sockets of w, if they are a leak: older than the threshold, or, at
// a listener that closes the others at once, many times older than those became.
func (s *Survey) leak(out []overall, side report.Side, place string, w *waiting, l *listener) []overall {
	n := w.old(s.now, s.limits.Duration(CloseWaitAge))
	c := w.overall(side, s.now)
	usual := ""
	switch {
	case float64(n) >= s.limits.Get(CloseWaitCount):
		c.confidence = high
	case l != nil && l.counts().closed.N() >= leakOthers:
		p95 := time.Duration(l.all.closed.Within(leakUsual))
		if n = w.old(s.now, max(leakTenth*p95, s.limits.Duration(CloseWaitAge)/leakSixth)); n < leakFew {
			return out
		}
		c.confidence = medium
		usual = "Of the other " + words.Count(l.all.closed.N()) + " that this program had to close, 95 in 100 took at most " + dur(p95) + "."
	default:
		return out
	}
	oldest := time.Duration(w.longest)
	minute := w.growth(s.now)
	open, full := s.limits.Get(OpenFiles), ""
	left := time.Duration(0)
	if minute > 0 {
		left = time.Duration(max(open-float64(c.n-int(w.aborted)), 0) / minute * float64(time.Minute))
		full = "At this rate a limit of " + words.Count(uint64(open)) + " descriptors is reached in " + dur(left.Round(time.Second)) +
			" after the end of the capture, or sooner: what was open before is not counted."
		if left <= leakSoon {
			c.severity = critical
		}
	}
	if lately := s.now.Add(-leakLately); minute == 0 && w.since.After(lately.UnixNano()) == 0 && oldest > leakLately+leakLately/2 {
		full = "No more came in the last minute."
	}
	if float64(c.n-int(w.aborted)) >= open {
		c.severity, full = critical, "That is more than the usual limit of "+words.Count(uint64(open))+" descriptors, so the program has a higher one, or has run out."
	}
	c.title = words.Plural(uint64(c.n), "socket") + " " + place + either(int(w.aborted) == c.n, " stayed in CLOSE-WAIT until a RST ended them, for up to ", " in CLOSE-WAIT, the oldest ") + dur(oldest) +
		when(minute >= 1, ", "+words.Count(uint64(math.Round(minute)))+" more a minute")
	many := words.Plural(uint64(c.n), "connection")
	c.explanation = say("Of "+many+" the "+string(side.Peer())+" has closed, the "+string(side)+"'s kernel has acknowledged that, and its program has not closed its own side for up to "+
		dur(oldest)+".", when(w.aborted > 0, words.Count(w.aborted)+either(w.aborted == 1, " of these was", " of these were")+" ended by a RST in the end: data, or a keepalive, found no socket at the "+string(side.Peer())+" any more."), usual, w.whose(side), full)
	c.saw = both(side, "read() = 0, if it reads; EMFILE when no descriptor is left", "nothing: its close() had returned")
	c.values = []report.Value{report.Int("sockets", c.n), report.Int("old", n), report.Float("oldest_s", oldest.Seconds()), report.Float("per_minute", minute)}
	if minute > 0 {
		c.values = append(c.values, report.Float("full_in_s", left.Seconds()))
	}
	return append(out, c)
}

// old is how many have waited for d, or a few less: w knows ages in steps only.
func (w *waiting) old(now time.Time, d time.Duration) (n int) {
	for _, x := range w.oldest.List() {
		if now.Sub(time.Unix(0, x.t)) >= d {
			n++
		}
	}
	return max(n, int(w.ages.Over(int64(d))))
}

// growth is how many more there were in the last minute, or, where the first is not
// much older, a minute since then; 0 if that cannot be told.
func (w *waiting) growth(now time.Time) float64 {
	first := w.oldest.List()[0].t
	passed := now.Sub(time.Unix(0, first))
	if passed < leakGrowing || w.ids.N() < 3 {
		return 0
	}
	if passed > leakLately+leakLately/2 {
		return float64(w.since.After(now.Add(-leakLately).UnixNano())) / leakLately.Minutes()
	}
	all := 0
	w.since.Bursts(0, 0, func(b stats.Burst) { all = max(all, int((b.Until-b.From)/int64(time.Second))) })
	if time.Duration(all)*time.Second < passed/4 {
		return 0 // they came at once, and no more since
	}
	return float64(w.ids.N()-1) / passed.Minutes()
}

// whose says which peers the connections had.
func (w *waiting) whose(side report.Side) string {
	peers, all := w.clients.Keys()
	most, n := w.clients.Most(3)
	if len(most) == 0 || side == report.Client {
		return ""
	}
	if peers == 1 && all {
		return either(n == 1, "Its client is ", "All of them are of ") + most[0].String() + "."
	}
	var names []string
	for _, a := range most {
		names = append(names, a.String())
	}
	return "They are of " + when(!all, "more than ") + words.Plural(uint64(peers), "client") + either(n > 1, ", most of "+words.And(names)+" ("+words.Count(n)+" of the first).", ", such as "+words.And(names)+".")
}
