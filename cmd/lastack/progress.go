package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/lastack/lastack/report/words"
)

// progress is the line on a terminal that says how far a long run has come. It
// stands on standard error, and nowhere but on a terminal; what else is written
// there comes after clear.
type progress struct {
	w     io.Writer // nil: nobody looks
	now   func() time.Time
	began time.Time
	next  time.Time // when the line is due
	shown bool
	steps uint
}

const (
	progressAfter = time.Second            // a run that is over by then shows none
	progressEvery = 200 * time.Millisecond // it is written anew
	progressSteps = 64                     // calls of step for a look at the clock
)

// newProgress returns the line for a run whose report does not go to the same
// terminal as it comes.
func (a *app) newProgress(s *settings) *progress {
	streams := !s.forPeople() && s.output == "" && terminalOf(a.out) != nil
	if terminalOf(a.err) == nil || s.live || streams || os.Getenv("TERM") == "dumb" {
		return &progress{}
	}
	return startProgress(a.err, time.Now)
}

func startProgress(w io.Writer, now func() time.Time) *progress {
	began := now()
	return &progress{w: w, now: now, began: began, next: began.Add(progressAfter)}
}

// step writes the line anew if it is due.
func (p *progress) step(text func() string) {
	if p.w == nil {
		return
	}
	if p.steps++; p.steps%progressSteps != 0 {
		return
	}
	if now := p.now(); !now.Before(p.next) {
		p.next, p.shown = now.Add(progressEvery), true
		fmt.Fprint(p.w, "\r\x1b[K", text())
	}
}

// clear takes the line away.
func (p *progress) clear() {
	if p.shown {
		p.shown = false
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// far says how far the run has come, how fast it is and, where the inputs are files,
// how long the rest will take at this pace.
func (j *job) far() string {
	var octets uint64
	for _, f := range j.src.Files() {
		octets += f.CapturedBytes
	}
	spent := j.progress.now().Sub(j.progress.began)
	text := fmt.Sprintf("%s read, %s, %s a second, %s finished", words.Bytes(octets), words.Plural(j.packets, "packet"),
		words.Count(uint64(float64(j.packets)/spent.Seconds())), words.Plural(j.finished.Load(), "connection"))
	set, ok := j.src.(interface{ Progress() (read, total int64) })
	if !ok {
		return text
	}
	if read, total := set.Progress(); read > 0 && total > 0 {
		left := time.Duration(float64(spent) * float64(max(total-read, 0)) / float64(read))
		text += fmt.Sprintf(", %d %%, %s left", 100*read/max(total, read), left.Round(time.Second))
	}
	return text
}
