package detect

import (
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/words"
)

// Notice: flow control at work, and yet the answer to "why is it slow": one
// program does not read.
var zeroWindowStall = define(Detector{
	ID:       "zero-window-stall",
	Title:    "Stalled by a closed window",
	Means:    "An end advertised a window of 0: its program did not read, its receive buffer was full, and the other end had to stop. This is flow control, not loss.",
	Severity: notice,
	Disproof: "The window opened again by a segment that the capture missed.",
	Advice:   "Look at the program that did not read (busy, blocked, paused on purpose); the network and the sender are not to blame. A larger receive buffer only puts it off.",
	Check:    []string{"ss -tmi", "nstat -az TcpExtTCPToZeroWindowAdv TcpExtTCPFromZeroWindowAdv TcpExtTCPWinProbe"},
	Refs:     []string{"RFC 9293 3.8.6.1", "RFC 1122 4.2.2.17", "tcp_send_probe0()", "tcp_select_window()"},
}, windowClosed, findZeroWindowStall)

// stall is a time for which a window was closed.
type stall struct {
	from, to Mark // to: Frame 0 if it never opened
	length   time.Duration
}

func findZeroWindowStall(in *Input) []claim {
	if in.blind() || in.Conn.Endpoints.Client.ZeroWindows+in.Conn.Endpoints.Server.ZeroWindows == 0 {
		return nil
	}
	out := in.claims()
	for _, reader := range sides {
		if list := in.stalls(reader); longest(list).length >= in.atLeast(WindowClosedFor) {
			out = append(out, in.zeroWindowStall(reader, list))
		}
	}
	return out
}

// stalls pairs the closings and openings of a reader's window. The list is good
// until the connection has been looked at.
func (in *Input) stalls(reader report.Side) []stall {
	list := in.room().stalls
	from, open := len(list), -1
	for i := range in.Notes {
		n := &in.Notes[i]
		switch {
		case n.Side != reader:
		case n.Kind == ZeroWindow && open < 0:
			open = len(list)
			list = append(list, stall{from: n.mark()})
		case n.Kind == WindowOpened && open >= 0:
			list[open].to, list[open].length = n.mark(), n.Time.Sub(list[open].from.Time)
			open = -1
		}
	}
	if open >= 0 {
		end := in.Now
		if in.Conn.Close.Kind == "reset" {
			end = in.Conn.End
		}
		list[open].length = end.Sub(list[open].from.Time)
	}
	in.room().stalls = list
	return list[from:]
}

// longest returns the longest of the stalls.
func longest(list []stall) (s stall) {
	for _, one := range list {
		if one.length > s.length {
			s = one
		}
	}
	return s
}

func (in *Input) zeroWindowStall(reader report.Side, list []stall) claim {
	s := longest(list)
	proof := in.marks(s.from, s.to)
	if r := in.resetStalled(reader, s); r != nil {
		proof = append(proof, r.mark())
	}
	c := claim{
		side:       reader,
		confidence: unless(in.gappy() || in.LostNotes > 0),
		at:         s.from.Time,
		proof:      in.join(proof, in.marksOf(in.notes(WindowProbe, reader.Peer()))),
		tell:       tellZeroWindowStall,
	}
	if in.stalledAndGone(reader, s) {
		c.severity = warning
	}
	return c
}

// stalledAndGone reports whether a reader whose window never opened does not answer the
// probes any more: as long as it lives its kernel does.
func (in *Input) stalledAndGone(reader report.Side, s stall) bool {
	silent := 0
	for _, n := range in.notes(WindowProbe, reader.Peer()) {
		if n.Time.After(in.Last[index(reader)].Time) {
			silent++
		}
	}
	return s.to.Frame == 0 && silent >= in.limit(Repeats) && in.resetStalled(reader, s) == nil
}

// resetStalled returns the RST by which the reader ended a connection that
// never moved again, or nil.
func (in *Input) resetStalled(reader report.Side, s stall) *rst {
	if r := in.deciding(); s.to.Frame == 0 && r != nil && r.By == reader {
		return r
	}
	return nil
}

func tellZeroWindowStall(in *Input, c *claim) {
	reader, writer := c.side, c.side.Peer()
	list := in.stalls(reader)
	s := longest(list)
	var total time.Duration
	for _, one := range list {
		total += one.length
	}
	probes := in.notes(WindowProbe, writer)
	never := s.to.Frame == 0
	end := "It opened again after " + dur(s.length) + " (" + in.frame(s.to) + ")."
	if never {
		end = "It did not open again until the connection or the capture ended, " + dur(s.length) + " later."
	}
	if r := in.resetStalled(reader, s); r != nil {
		end += " The " + string(reader) + " then reset the connection (" + in.frame(r.mark()) + ")."
	}
	c.title = "The " + string(reader) + "'s window was closed for " + dur(s.length) + either(never, " and did not open again", "")
	c.explanation = say("The "+string(reader)+" advertised a window of 0 ("+in.frame(s.from)+"): its program did not read and its buffer was full, so the "+string(writer)+" had to stop.",
		end, when(len(probes) > 0, "Meanwhile the "+string(writer)+" asked with "+in.probesWord(writer)+" ("+in.frames(in.marksOf(probes)...)+")."),
		when(in.stalledAndGone(reader, s), "The last of these drew no answer. As long as the "+string(reader)+" lives its kernel answers them, so it is gone, or cannot be reached."),
		when(len(list) > 1, "In all the window was closed "+times(len(list))+", for "+dur(total)+"."))
	c.saw = both(reader, "data that it did not read", "write() waited, or EAGAIN")
	c.values = in.values(report.Int("stalls", len(list)), report.Float("longest_s", s.length.Seconds()), report.Float("total_s", total.Seconds()), report.Bool("opened", !never),
		report.Int("window_probes", in.Conn.Endpoint(writer).WindowProbes))
}

func (in *Input) probesWord(writer report.Side) string {
	return words.Plural(in.Conn.Endpoint(writer).WindowProbes, "window probe")
}
