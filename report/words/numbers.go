package words

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

type integer interface {
	~int | ~int64 | ~uint16 | ~uint32 | ~uint64
}

// Count writes a number with commas: 41,200.
func Count[T integer](n T) string {
	s := strconv.FormatUint(uint64(n), 10)
	sign := ""
	if n < 0 {
		sign, s = "-", strconv.FormatUint(-uint64(n), 10)
	}
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return sign + s
}

// Plural writes a number with its noun: 1 connection, 1,204 connections.
func Plural[T integer](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + plural(noun)
}

// plural covers the nouns in use.
func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "try"):
		return strings.TrimSuffix(noun, "y") + "ies"
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "x"):
		return noun + "es"
	}
	return noun + "s"
}

// Times says how often: once, twice, 3 times.
func Times[T integer](n T) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return Count(n) + " times"
}

// Bytes writes a size in decimal units: 820 bytes, 9.1 MB.
func Bytes(n uint64) string {
	if n < 1000 {
		return Plural(n, "byte")
	}
	v, unit := float64(n), 0
	for v >= 999.5 && unit < len(sizes) {
		v /= 1000
		unit++
	}
	return measure(v, threeDigits(v), " ", sizes[unit-1])
}

var sizes = [...]string{"kB", "MB", "GB", "TB", "PB", "EB"}

// threeDigits is how many decimals v < 1000 has when it is written with three
// digits or so: at most one, and none from 100 on.
func threeDigits(v float64) int {
	if v >= 99.95 {
		return 0
	}
	return 1
}

// measure writes v, rounded to n decimals without a trailing fraction of zeros,
// and its unit.
func measure(v float64, n int, unit ...string) string {
	var room [32]byte
	b := strconv.AppendFloat(room[:0], v, 'f', n, 64)
	if n > 0 {
		b = bytes.TrimSuffix(bytes.TrimRight(b, "0"), []byte{'.'})
	}
	for _, u := range unit {
		b = append(b, u...)
	}
	return string(b)
}

// Seconds writes a duration as people say it, to about three digits: 46 us,
// 20.6 ms, 211 ms, 1.5 s, 4 min 50 s, 2 h 3 min, 5 d 2 h. What is no number
// is "?".
func Seconds(s float64) string {
	switch {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return "?"
	case s < 0:
		return "-" + Seconds(-s)
	case s == 0:
		return "0 s"
	case s < 1e-7:
		return "under 0.1 us"
	case s < 99.5e-6:
		return measure(s*1e6, 1, " us")
	case s < 0.9995:
		return measure(s*1e3, threeDigits(s*1e3), " ms")
	case s < 9.995:
		return measure(s, 2, " s")
	case s < 59.95:
		return measure(s, 1, " s")
	}
	return long(s)
}

// long writes a minute and more in the two largest units.
func long(s float64) string {
	for _, u := range [...]struct {
		below, of, part float64
		name, rest      string
	}{
		{3600, 60, 1, " min", " s"},
		{86400, 3600, 60, " h", " min"},
		{math.Inf(1), 86400, 3600, " d", " h"},
	} {
		parts := math.Round(s / u.part)
		if parts*u.part >= u.below {
			continue
		}
		whole := math.Floor(parts * u.part / u.of)
		text := strconv.FormatFloat(whole, 'f', 0, 64) + u.name
		if rest := parts - whole*u.of/u.part; rest > 0 {
			text += " " + strconv.FormatFloat(rest, 'f', 0, 64) + u.rest
		}
		return text
	}
	return "?"
}

// Or joins words as a sentence does: A, B or C.
func Or(list []string) string {
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
	return strings.Join(list, "")
}

// And joins words as a sentence does: A, B and C.
func And(list []string) string {
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}
