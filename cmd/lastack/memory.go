package main

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// octets is a number of them: 500000000, 500M, 2GiB.
type octets int64

// leastMemory is the least that --max-memory takes: below it the program itself has no
// room.
const leastMemory = 64 << 20

func (o *octets) Type() string { return "SIZE" }

func (o *octets) String() string {
	if *o == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*o), 10)
}

// units are what a size may end in.
var units = map[string]float64{
	"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40,
}

func (o *octets) Set(s string) error {
	text := strings.TrimSuffix(strings.ToLower(s), "b")
	digits := strings.TrimRight(text, "kmgti")
	n, err := strconv.ParseFloat(digits, 64)
	unit, ok := units[text[len(digits):]]
	if n *= unit; err != nil || !ok || math.IsNaN(n) || n < leastMemory || n > math.MaxInt64/2 {
		return fmt.Errorf("a size from 64MiB is needed, as 500M or 2GiB")
	}
	*o = octets(n)
	return nil
}

// memory is how much memory a run may take: what was asked for, or the smaller of 2 GiB
// and a quarter of the machine.
func (s *settings) memory() int64 {
	if s.maxMemory != 0 {
		return int64(s.maxMemory)
	}
	limit := int64(2 << 30)
	if all := machineMemory(); all > 0 {
		limit = min(limit, all/4)
	}
	return max(limit, leastMemory)
}

// held is the part of the memory that may be taken by what is known of connections. The
// rest is for the program, and for what the garbage collector has not collected yet.
func held(memory int64) int64 { return (memory - leastMemory/2) / 8 * 5 }

// garbage is how much of it there may be, in percent of what is in use. Nearly nothing
// becomes garbage while packets are analysed, so to collect it twice as often as Go
// does by itself takes no time that can be measured.
const garbage = 50

// ballast counts as used, so that what little is in use at first is not collected over and
// over while it grows. Nothing is written to it: it takes no memory.
var ballast []byte

const mostBallast = 32 << 20

// limitMemory makes the garbage collector keep to the memory, unless the environment
// says how it is to work.
func limitMemory(memory int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
		if ballast == nil {
			ballast = make([]byte, min(mostBallast, memory/32))
		}
	}
}
