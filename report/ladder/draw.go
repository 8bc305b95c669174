package ladder

import (
	"strings"
	"time"

	"github.com/lastack/lastack/report"
	"github.com/lastack/lastack/report/term"
	"github.com/lastack/lastack/report/words"
)

func (d *drawing) item(it item) {
	switch it.kind {
	case segment:
		d.segment(it)
	case folded:
		d.folded(it)
	case idle:
		d.idle(it)
	case silent:
		d.silent(it)
	}
}

// segment draws an arrow, the states it changed, and below it what there was
// no room for.
func (d *drawing) segment(it item) {
	s := &d.Segments[it.from]
	left, right := d.states(client, it), d.states(server, it)
	arrow, rest := d.arrow(it.from, s.Lost || d.refuted[it.from])
	d.line(d.frames(it), d.time(it), d.take(client, &left), arrow, d.take(server, &right))
	var notes []string
	if rest != "" {
		notes = append(notes, rest)
	}
	if s.Lost {
		notes = append(notes, s.LostWhy)
	}
	notes = append(append(notes, s.Note), d.notes[it.from]...)
	d.below(left, right, s.From, notes)
}

// below prints notes between the margins, and states that share a row.
func (d *drawing) below(left, right []change, from report.Side, notes []string) {
	const inset = 5
	var lines []string
	for _, n := range notes {
		if n = d.opt.Clean(n); n != "" {
			lines = append(lines, term.Wrap(n, d.arrowCol-inset)...)
		}
	}
	for i := 0; i < len(lines) || len(left) > 0 || len(right) > 0; i++ {
		text := ""
		if i < len(lines) {
			text = lines[i]
		}
		l, r := d.take(client, &left), d.take(server, &right)
		d.line("", "", l, space(inset)+d.paint.Quiet(term.Pad(text, d.arrowCol-inset)), r)
	}
}

// states are the changes that an item shows in a margin.
func (d *drawing) states(side int, it item) []change {
	var list []change
	for row := it.from; row < it.to; row++ {
		list = append(list, d.margins[side].rows[row]...)
	}
	if it.kind == folded && len(list) > 1 {
		list = list[len(list)-1:]
	}
	return list
}

// take draws the next change of a margin or, without one, the line of the
// state that goes on.
func (d *drawing) take(side int, changes *[]change) string {
	if len(*changes) > 0 {
		d.now[side], d.drawn[side] = (*changes)[0], true
		*changes = (*changes)[1:]
		return d.state(d.now[side])
	}
	return d.life(side)
}

// life is the line of the state that goes on; an end that is closed, or not
// yet there, has none.
func (d *drawing) life(side int) string {
	now := d.now[side]
	if !d.drawn[side] || now.state == "CLOSED" {
		return space(d.stateCol)
	}
	line := d.glyphs.life
	if now.assumed || now.state == report.Unknown {
		line = d.glyphs.doubt
	}
	return d.paint.State(now.state, now.assumed, line) + space(d.stateCol-1)
}

func (d *drawing) state(c change) string {
	name := term.Fit(d.opt.StateName(c.state, c.assumed), d.stateCol)
	return d.paint.State(c.state, c.assumed, name) + space(d.stateCol-term.Width(name))
}

const shaft = 3 // dashes before the label

// arrow draws the segment of a row and returns what of its label did not fit.
func (d *drawing) arrow(row int, lost bool) (drawn, rest string) {
	s, l := &d.Segments[row], d.label(row)
	room := d.arrowCol - shaft - len(" ") - len(" ") - 2 // one more dash, and the head
	if lost {
		room -= d.arrowCol / 6 // it ends before the margin
	}
	for _, v := range l.variants() {
		if drawn, rest = v[0], v[1]; term.Width(drawn) <= room {
			break
		}
	}
	return d.shaft(s, drawn, lost), rest
}

// shaft draws the arrow itself, from its sender's margin to the other's.
func (d *drawing) shaft(s *report.Segment, text string, lost bool) string {
	g := d.glyphs
	if s.From != report.Client && s.From != report.Server {
		return d.paint.Quiet(term.Pad(term.Fit(text, d.arrowCol), d.arrowCol))
	}
	length, head := d.arrowCol, g.right
	if s.From == report.Server {
		head = g.left
	}
	if lost {
		length, head = d.arrowCol-d.arrowCol/6, g.lost
	}
	if text != "" {
		text = " " + text + " "
	}
	near := strings.Repeat(g.line, shaft)
	far := strings.Repeat(g.line, max(length-shaft-1-term.Width(text), 0))
	line, tone := d.colours(s, lost)
	if s.From == report.Server {
		return space(d.arrowCol-length) + line(head+far) + tone(text) + line(near)
	}
	return line(near) + tone(text) + line(far+head) + space(d.arrowCol-length)
}

// colours are those of an arrow's line and of its label: resets and losses
// are red, what opens and closes is bold.
func (d *drawing) colours(s *report.Segment, lost bool) (line, tone func(string) string) {
	switch {
	case lost || strings.Contains(s.Flags, "R"):
		return d.paint.Reset, d.paint.Reset
	case strings.ContainsAny(s.Flags, "SF"):
		return d.paint.Quiet, d.paint.Bold
	}
	return d.paint.Quiet, func(text string) string { return text }
}

// folded says in one line what several segments were.
func (d *drawing) folded(it item) {
	left, right := d.states(client, it), d.states(server, it)
	lines := term.Wrap(d.opt.Clean(d.sum(it)), d.arrowCol-4)
	for i, text := range lines {
		frame, at := "", ""
		if i == 0 {
			frame, at = d.frames(it), d.time(it)
		}
		d.line(frame, at, d.take(client, &left), space(4)+d.paint.Quiet(term.Pad(text, d.arrowCol-4)), d.take(server, &right))
	}
}

// idle draws time that passed.
func (d *drawing) idle(it item) {
	var none []change
	text := d.glyphs.gap + " " + words.Seconds(it.pause.Seconds()) + " later"
	d.line("", "", d.take(client, &none), d.paint.Quiet(term.Pad(text, d.arrowCol)), d.take(server, &none))
}

// unseen says what moved an end where no segment shows it.
var unseen = map[string]string{
	"timeout.2MSL":       "2MSL is over",
	"timeout.user":       "gave up, or vanished: no packet tells",
	"timeout.SYN":        "gave up connecting",
	"timeout.FIN-WAIT-2": "nobody waits for the other FIN any more (Linux)",
	"superseded":         "a new connection took the place of this one",
	"rcv.ICMP":           "rejected by an ICMP error",
	"snd.SYN":            "its SYN was not captured",
	"snd.FIN":            "its FIN was not captured",
	"rcv.FIN":            "took a FIN that was not captured",
	"snd.RST":            "had lost the connection by then, as its RST shows",
	"rcv.RST":            "took a RST that was not captured",
	"rcv.SYN":            "took a SYN that was not captured",
	"rcv.SYN,ACK":        "took a SYN,ACK that was not captured",
	"rcv.ACK-of-SYN":     "took the ACK of its SYN,ACK, which was not captured",
	"rcv.ACK-of-FIN":     "took the ACK of its FIN, which was not captured",
	"snd.data":           "there by then, as what it sent shows",
	"rcv.data":           "there by then, as what it acknowledged shows",
	"snd.ACK":            "there by then, as its ACK shows",
}

// silent draws a change of state that no segment shows.
func (d *drawing) silent(it item) {
	t := it.transition
	text, ok := unseen[t.On]
	if !ok {
		text = t.On + " was not captured"
	}
	if t.T == nil {
		text = join(", ", text, d.bounds(t.NotBefore, t.NotAfter))
	}
	if t.Basis == "inferred" {
		text += " (inferred from what came later)"
	}
	changes := [2][]change{}
	changes[it.side] = []change{{state: t.To, assumed: t.Basis == "assumed"}}
	for i, l := range term.Wrap(d.opt.Clean(text), d.arrowCol-4) {
		frame, at := "", ""
		if i == 0 {
			frame, at = d.frames(it), d.time(it)
		}
		left := d.take(client, &changes[client])
		d.line(frame, at, left, space(4)+d.paint.Quiet(term.Pad(l, d.arrowCol-4)), d.take(server, &changes[server]))
	}
}

func (d *drawing) bounds(from, to *time.Time) string {
	show := func(t *time.Time) string { return d.opt.Moment(*t, d.opt.Start) }
	switch {
	case from != nil && to != nil && show(from) == show(to):
		return "at " + show(to) + d.opt.MomentUnit()
	case from != nil && to != nil:
		return "between " + show(from) + " and " + show(to) + d.opt.MomentUnit()
	case to != nil:
		return "before " + show(to) + d.opt.MomentUnit()
	case from != nil:
		return "after " + show(from) + d.opt.MomentUnit()
	}
	return ""
}
