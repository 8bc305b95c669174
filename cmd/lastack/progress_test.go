package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestProgress: nothing before its time, then a line that is written over, and
// nothing left in the end.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(1e9, 0)
	p := startProgress(&b, func() time.Time { return now })
	steps := func(text string) {
		for range progressSteps {
			p.step(func() string { return text })
		}
	}
	steps("early")
	p.clear()
	if b.Len() != 0 {
		t.Errorf("before its time: %q", b.String())
	}
	now = now.Add(progressAfter)
	steps("one")
	steps("too soon")
	now = now.Add(progressEvery)
	steps("two")
	p.clear()
	p.clear()
	if want := "\r\x1b[Kone\r\x1b[Ktwo\r\x1b[K"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestProgressNowhere: what is no terminal never sees it.
func TestProgressNowhere(t *testing.T) {
	var out, errs bytes.Buffer
	p := (&app{out: &out, err: &errs}).newProgress(&settings{})
	for range 10 * progressSteps {
		p.step(func() string { t.Error("asked"); return "" })
	}
	if p.clear(); strings.Contains(errs.String(), "\x1b") || out.Len() > 0 {
		t.Errorf("%q %q", out.String(), errs.String())
	}
}
