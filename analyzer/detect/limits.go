package detect

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Limit is a threshold of detectors that can be set.
type Limit uint8

// The thresholds.
const (
	CloseWaitAge Limit = iota
	CloseWaitCount
	OpenFiles
	SilentFor
	TimeWaitCount
	PortShare
	SYNRate
	SYNShare
	IdleLost
	Repeats
	StuckFor
	DeadRepeats
	DeadFor
	OutageFor
	WindowClosedFor
	limits
)

// Threshold describes a Limit.
type Threshold struct {
	Name    string  // what --threshold calls it
	Default float64 // in seconds, if it is a time; a share, if it is one
	Unit    Unit
	Used    []string // the findings that it decides
	Why     string   // the reason for the default
}

// Unit is what a threshold is measured in.
type Unit uint8

// The units.
const (
	Number Unit = iota
	Time
	Share
	PerSecond
	Few // 2 and more: of one kind of segment of a connection no more are remembered than Remembered
)

// Remembered is how many segments of one kind a connection's Input has at most: the
// first and the last of them.
const Remembered = 12

// Thresholds are in the order of Limit.
var Thresholds = [limits]Threshold{
	CloseWaitAge: {"close-wait", 60, Time, []string{"close-wait-leak"},
		"A program that has been told of the close answers it within a second, mostly; a minute is what even a slow half-close seldom takes."},
	CloseWaitCount: {"close-wait-count", 3, Number, []string{"close-wait-leak"},
		"One or two sockets can have a reason of their own."},
	OpenFiles: {"ulimit", 1024, Number, []string{"close-wait-leak", "application-silent"},
		"The soft limit of open files that a shell on Linux begins with (ulimit -n)."},
	SilentFor: {"application-silent", 10, Time, []string{"application-silent"},
		"Few protocols let a client wait for longer without a word, and few clients wait for longer."},
	TimeWaitCount: {"time-wait", 1000, Number, []string{"time-wait-pile-up", "time-wait-on-server"},
		"Fewer are no load for any host: 17 new connections a second make as many."},
	PortShare: {"port-share", 0.9, Share, []string{"port-exhaustion"},
		"Linux looks through the whole range for a free port, and does so for long when nine in ten are taken."},
	SYNRate: {"syn-flood", 100, PerSecond, []string{"syn-flood"},
		"A listener's backlog of 128 to 4,096 is full within seconds at this rate, if nothing is completed."},
	SYNShare: {"syn-flood-share", 0.9, Share, []string{"syn-flood"},
		"Of honest clients nearly all complete the handshake; in an attack hardly any does."},
	IdleLost: {"idle", 30, Time, []string{"middlebox-idle-timeout"},
		"No middlebox in use forgets an open connection sooner."},
	Repeats: {"repeats", 3, Few, []string{"final-ack-unseen", "fin-wait-1-stuck", "last-ack-stuck", "middlebox-idle-timeout", "dead-peer"},
		"One or two repetitions in a row are lost by chance; three hardly ever are."},
	StuckFor: {"stuck", 60, Time, []string{"fin-wait-1-stuck", "fin-wait-2-stuck", "last-ack-stuck"},
		"Linux keeps an orphan in FIN-WAIT-2 for as long (tcp_fin_timeout); a close that works takes a round trip."},
	DeadRepeats: {"dead-peer-repeats", 5, Few, []string{"dead-peer"},
		"Fewer are a notice: five take some 6 s by Linux's timers, longer than a route needs to change."},
	DeadFor: {"dead-peer", 10, Time, []string{"dead-peer"},
		"After as long somebody waits for an answer; a shorter silence is a notice."},
	OutageFor: {"outage", 1, Time, []string{"outage-recovered"},
		"A shorter one looks like the loss of a few segments, and is felt as little."},
	WindowClosedFor: {"zero-window", 1, Time, []string{"zero-window-stall"},
		"A shorter stall is flow control at work, which nobody feels."},
}

// Limits are the values of the thresholds, and what is assumed of hosts.
type Limits struct {
	values [limits]float64
	// Ports says which source ports a host chooses from.
	Ports func(netip.Addr) (low, high uint16)
	// TwoMSL says for how long a host holds TIME-WAIT.
	TwoMSL func(netip.Addr) time.Duration
}

// Defaults returns the limits that hold unless others are set.
func Defaults() *Limits {
	l := &Limits{
		Ports:  func(netip.Addr) (low, high uint16) { return 32768, 60999 },
		TwoMSL: func(netip.Addr) time.Duration { return time.Minute },
	}
	for i := range Thresholds {
		l.values[i] = Thresholds[i].Default
	}
	return l
}

// Get returns a threshold; a time is in seconds.
func (l *Limits) Get(k Limit) float64 { return l.values[k] }

// of returns a threshold of l, or the default if l is nil.
func (k Limit) of(l *Limits) float64 {
	if l == nil {
		return Thresholds[k].Default
	}
	return l.values[k]
}

// limit returns a threshold that is a number.
func (in *Input) limit(k Limit) int { return int(k.of(in.Limits)) }

// atLeast returns a threshold that is a time.
func (in *Input) atLeast(k Limit) time.Duration { return seconds(k.of(in.Limits)) }

// Duration returns a threshold that is a time.
func (l *Limits) Duration(k Limit) time.Duration { return seconds(l.values[k]) }

// shortest writes a time without what is 0 of it.
func shortest(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// Set sets the threshold that is called name: a time as 90s, 2m or 90, a share as 90%,
// any other as a number.
func (l *Limits) Set(name, value string) error {
	for i := range Thresholds {
		if t := &Thresholds[i]; t.Name == name {
			v, err := t.parse(value)
			if err != nil {
				return err
			}
			l.values[i] = v
			return nil
		}
	}
	var known []string
	for i := range Thresholds {
		known = append(known, Thresholds[i].Name)
	}
	return fmt.Errorf("there is no threshold %q (known: %s)", name, strings.Join(known, ", "))
}

// parse reads a value of the threshold.
func (t *Threshold) parse(s string) (v float64, err error) {
	switch t.Unit {
	case Time:
		var d time.Duration
		if v, err = strconv.ParseFloat(s, 64); err != nil { // not in seconds
			d, err = time.ParseDuration(s)
			v = d.Seconds()
		}
	case Share:
		text, percent := strings.CutSuffix(s, "%")
		if v, err = strconv.ParseFloat(text, 64); percent {
			v /= 100
		}
		if err == nil && v > 1 {
			return 0, fmt.Errorf("%s is a share, such as 90%%, not %s", t.Name, s)
		}
	case Number, Few:
		var n uint64
		n, err = strconv.ParseUint(s, 10, 32)
		if v = float64(n); err == nil && t.Unit == Few && (n < 2 || n > Remembered) {
			return 0, fmt.Errorf("%s is 2 to %d, not %s: one has no gap, and no more of one kind are remembered of a connection", t.Name, Remembered, s)
		}
	default:
		v, err = strconv.ParseFloat(s, 64)
	}
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%s is %s, such as %s, not %q", t.Name, [...]string{"a whole number", "a time", "a share", "a number a second", "a whole number"}[t.Unit], t.write(t.Default), s)
	}
	return v, nil
}

// Value writes the threshold's value in l.
func (l *Limits) Value(k Limit) string { return Thresholds[k].write(l.values[k]) }

func (t *Threshold) write(v float64) string {
	switch t.Unit {
	case Time:
		return shortest(seconds(v))
	case Share:
		return strconv.FormatFloat(100*v, 'f', -1, 64) + "%"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
