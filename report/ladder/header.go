package ladder

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

const indent = 4

// header says which connection it is, how it opened and closed, and how to
// read the rest.
func (d *drawing) header() {
	c := d.Connection
	head := "#" + strconv.FormatUint(c.ID, 10) + "  "
	d.wrapped(d.paint.Bold(head), len(head), c.Client.String()+" > "+c.Server.String())
	for _, line := range []string{words.Inside(c), words.Story(c), d.incarnation(), d.tap(), d.start()} {
		d.say(line)
	}
	for _, f := range d.found() {
		d.say(f)
	}
	if d.doubts() {
		d.say("? = assumed: sent, not proved to have arrived")
	}
	d.text("")
}

func (d *drawing) say(text string) {
	if text != "" {
		d.wrapped(space(indent), indent, text)
	}
}

// start says what the times and the frames are.
func (d *drawing) start() string {
	text := d.opt.Instant(d.opt.Start)
	switch d.opt.Time {
	case term.Relative:
		text = "time 0 is " + text
	case term.Delta:
		text = "starts " + text + ", times are since the segment before"
	default:
		text = "starts " + text
	}
	if len(d.Files) < 2 {
		return text
	}
	names := make([]string, len(d.Files))
	for i, name := range d.Files {
		names[i] = strconv.Itoa(i+1) + " is " + name
	}
	return text + "; frames are file:frame, where " + strings.Join(names, ", ")
}

// incarnation says which use of the four-tuple this is, and how it took over.
func (d *drawing) incarnation() string {
	c := d.Connection
	text := ""
	if c.Incarnation > 1 {
		text = "incarnation " + words.Count(c.Incarnation) + " of this address and port pair"
		if c.Previous != nil {
			text += ", the one before is #" + strconv.FormatUint(*c.Previous, 10)
		}
	}
	if r := c.Reuse; r != nil {
		text = join("; ", text, "took over "+words.Seconds(r.Age)+" after the close, inside 2MSL, let in by "+accepted(r.AcceptedBy))
	}
	return text
}

func accepted(by string) string {
	switch by {
	case "timestamp":
		return "its newer timestamp"
	case "sequence":
		return "its higher sequence number"
	case "reset":
		return "a RST that ended TIME-WAIT"
	case "expired":
		return "TIME-WAIT having ended"
	case "holder":
		return "the end itself that held TIME-WAIT"
	}
	return by
}

// tap says where the capture was taken and what shows it.
func (d *drawing) tap() string {
	v := &d.Connection.Vantage
	text := ""
	if v.Near != report.SideUnknown && v.Near != "" {
		text = "tap " + words.Near(v.Near)
		if why := evidence(v, d.Connection.Open.RTT != nil); why != "" {
			text += " (" + why + ")"
		}
	}
	if v.OneWay {
		text = join(", ", text, "one direction only was captured")
	}
	for _, m := range [...]struct {
		side  report.Side
		bytes uint64
	}{{report.Client, v.MissingBytes.Client}, {report.Server, v.MissingBytes.Server}} {
		if m.bytes > 0 {
			text = join(", ", text, words.Plural(m.bytes, "byte")+" of the "+string(m.side)+" are missing from the capture")
		}
	}
	return text
}

func evidence(v *report.Vantage, opened bool) string {
	switch v.Basis {
	case "direction":
		return "the capture says which packets this host sent"
	case "checksum":
		return "its checksums were not filled in yet"
	case "ttl":
		return "its hop count is still whole"
	}
	if r := v.RTT; r != nil && r.Server != nil && r.Client != nil {
		if opened {
			return "SYN,ACK after " + words.Seconds(*r.Server) + ", ACK " + words.Seconds(*r.Client) + " later"
		}
		return "answers of the server after " + words.Seconds(*r.Server) + ", of the client after " + words.Seconds(*r.Client)
	}
	return ""
}

// found names what was found in the connection.
func (d *drawing) found() (list []string) {
	for _, f := range d.Findings {
		list = append(list, f.Severity+" "+f.ID+": "+f.Title)
	}
	if len(list) == 0 && len(d.Connection.Findings) > 0 {
		list = append(list, "found: "+strings.Join(d.Connection.Findings, ", "))
	}
	return list
}

// doubts reports whether anything drawn is only assumed.
func (d *drawing) doubts() bool {
	for _, m := range d.margins {
		for _, changes := range m.rows {
			for _, c := range changes {
				if c.assumed {
					return true
				}
			}
		}
	}
	return false
}

// footer says how it stood at the end.
func (d *drawing) footer() {
	var list []string
	if d.copies > 0 {
		list = append(list, words.Plural(d.copies, "segment")+" left out that the capture has twice")
	}
	if d.Dropped > 0 {
		list = append(list, words.Plural(d.Dropped, "more segment")+" left out: the connection has more than were asked for")
	}
	for _, side := range []report.Side{report.Client, report.Server} {
		for _, text := range d.end(side) {
			list = append(list, string(side)+": "+text)
		}
	}
	if len(list) > 0 {
		d.text("")
	}
	for _, text := range list {
		d.say(text)
	}
}

// pending names the frames that an assumed state rests on: of receipts of one
// kind the first.
func (d *drawing) pending(e *report.Endpoint) (frames []string) {
	seen := map[string]bool{}
	for _, p := range e.Pending {
		if !seen[p.On] {
			seen[p.On] = true
			if f := d.frameWord(p.Frame, p.File); !slices.Contains(frames, f) {
				frames = append(frames, f)
			}
		}
	}
	return frames
}

// end says what is left to know of an end.
func (d *drawing) end(side report.Side) (list []string) {
	e := d.Connection.Endpoint(side)
	state := d.opt.StateName(e.State, false)
	switch {
	case e.State == report.Unknown && len(e.Possible) > 0:
		names := make([]string, len(e.Possible))
		for i, p := range e.Possible {
			names[i] = d.opt.StateName(p, false)
		}
		list = append(list, state+", one of "+strings.Join(names, ", "))
	case e.State != e.ConfirmedState && len(e.Pending) > 0:
		proved := d.opt.StateName(e.ConfirmedState, false)
		if frames := d.pending(e); len(frames) == 1 {
			came := " arrived"
			if e.Pending[0].On == "snd.RST" { // it may be another host's
				came = " is its own"
			}
			list = append(list, state+" if "+frames[0]+came+", else still "+proved)
		} else {
			list = append(list, state+" if "+strings.Join(frames, " and ")+" arrived; proved is "+proved)
		}
	}
	if e.TimeWaitUntil != nil && e.State == "TIME-WAIT" {
		text := state + " until " + d.opt.Moment(*e.TimeWaitUntil, d.opt.Start) + d.opt.MomentUnit()
		if a := d.Assumptions; a != nil && a.MSL > 0 && len(a.Networks) == 0 { // else it may be another stack's
			text += " (2MSL " + strconv.FormatFloat(2*a.MSL, 'f', -1, 64) + " s, assumed: " + a.Stack + ")"
		} else {
			text += " (2MSL, assumed)"
		}
		list = append(list, text)
	}
	if e.GivesUpAt != nil {
		list = append(list, "gives up at "+d.opt.Moment(*e.GivesUpAt, d.opt.Start)+d.opt.MomentUnit()+" if no program holds it any more")
	}
	return list
}
